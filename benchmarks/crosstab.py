"""Ten thousand rectified crosstab cells beside plain Polars group means of the same table."""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np
import polars as pl

from alignsurvey import rectify


def main() -> None:
    """Print seconds and memory, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--people", type=int, default=400_000, help="with simulated answers")
    parser.add_argument("--humans", type=int, default=4_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rng = np.random.default_rng(1)
    groups = rng.integers(0, arguments.groups, arguments.people)
    own = rng.integers(0, arguments.groups, arguments.humans)
    columns = [f"item_{one}" for one in range(arguments.items)]
    f_rest = rng.random((arguments.people, arguments.items), dtype=np.float32)
    f = rng.random((arguments.humans, arguments.items))
    y = f + rng.normal(0, 0.3, f.shape)
    table = pl.DataFrame(f_rest, schema=columns).with_columns(group=pl.Series(groups))
    plain, rectified = [], []
    for _ in range(arguments.repeats):
        start = time.perf_counter()
        table.group_by("group").agg(pl.col(columns).mean())
        plain.append(time.perf_counter() - start)
        start = time.perf_counter()
        cells = rectify.crosstab(y, f, f_rest, own, groups, items=columns)
        rectified.append(time.perf_counter() - start)
    # Linux counts in KiB.
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    found = {
        "cells": cells.height,
        "people": arguments.people,
        "plain_seconds": round(min(plain), 3),
        "rectified_seconds": round(min(rectified), 3),
        "ratio": round(min(rectified) / min(plain), 1),
        "peak_gib": round(peak_gib, 2),
    }
    if arguments.json:
        print(json.dumps(found))
        return
    print(
        f"{found['cells']:,} cells from {arguments.people:,} people: rectified "
        f"{found['rectified_seconds']} s, plain Polars group means {found['plain_seconds']} s "
        f"(ratio {found['ratio']}), peak memory {found['peak_gib']} GiB"
    )


if __name__ == "__main__":
    main()
