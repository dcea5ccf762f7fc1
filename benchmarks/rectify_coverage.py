"""Do rectified intervals cover? Thousands of pilots from real people whose true values are known.

Every pilot of n and its rest (the others, 1,000 at most) are drawn anew, with replacement, from
the people of a survey; ``greg`` draws n of them without replacement, with unequal chances.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from human_worth import learned
from numpy.typing import NDArray
from rectify_populations import SKEWED, Population, populations, predict, ridge
from rectify_tables import COVERAGE, FIGURES, coverage_table, merged, write_section

from alignsurvey import rectify
from alignsurvey.randomness import generator
from alignsurvey.rectify import Estimate
from alignsurvey.rectify.models import logistic_fit, mean_fit, ols_fit

Array = NDArray[np.float64]
Row = tuple[str, str, float, Estimate]
"""Statistic, method, truth, estimate."""

SIZES = (50, 100, 200)
METHODS: tuple[Any, ...] = ("classical", "imputation", "ppi", "ppi++", "multi")
MOST_OTHERS = 1000


def truths(p: Population) -> dict[str, float]:
    """True values: the statistics of everybody."""
    ones = np.column_stack([np.ones(p.size), p.X])
    line, logit = ols_fit(p.y, ones, p.weights).value, logistic_fit(p.yes, ones, p.weights).value
    sub = p.group == 1
    order = np.argsort(p.y)
    share = np.cumsum(p.weights[order]) / p.weights.sum()
    return {
        "mean": float(mean_fit(p.y, ones, p.weights).value[0]),
        "share": float(mean_fit(p.yes, ones, p.weights).value[0]),
        "mean of a group": float(mean_fit(p.y[sub], ones, p.weights[sub]).value[0]),
        "median": float(p.y[order][int(np.argmax(share >= 0.5 - 1e-12))]),
        **{f"linear x{j}": float(line[j]) for j in (1, 2)},
        **{f"logistic x{j}": float(logit[j]) for j in (1, 2)},
    }


def one_pilot(p: Population, truth: dict[str, float], n: int, seed: int) -> Iterator[Row]:
    """Estimate everything from one pilot by all methods that need nothing special."""
    rng = generator(seed, p.name, n)
    L, U = (rng.integers(0, p.size, size) for size in (n, min(p.size - n, MOST_OTHERS)))
    w: dict[str, Any] = {}
    if np.ptp(p.weights) > 0:
        w = {"weights": p.weights[L], "weights_rest": p.weights[U]}
    groups = {"groups": p.group[L], "groups_rest": p.group[U]}
    for method in METHODS:
        k = slice(None) if method == "multi" else 0
        three = (p.y[L], p.proxies[L][:, k], p.proxies[U][:, k])
        yes = (p.yes[L], p.yes_proxies[L][:, k], p.yes_proxies[U][:, k])
        x, use = (p.X[L], p.X[U]), {"method": method, **w}
        yield "mean", method, truth["mean"], rectify.mean(*three, **use)
        yield "share", method, truth["share"], rectify.share(*yes, **use)
        for name, found in (("linear", rectify.ols(*three, *x, **use)),
                            ("logistic", rectify.logistic(*yes, *x, **use))):  # fmt: skip
            for row in found.rows[1:]:
                yield f"{name} {row.name}", method, truth[f"{name} {row.name}"], row
        if method != "multi":
            yield "median", method, truth["median"], rectify.quantile(*three, **use)
        (sub, rest), part = (p.group[x] == 1 for x in (L, U)), dict(use)
        part.update({name: x[rest if name.endswith("rest") else sub] for name, x in w.items()})
        group = rectify.mean(three[0][sub], three[1][sub], three[2][rest], **part)
        yield "mean of a group", method, truth["mean of a group"], group
    three = (p.y[L], p.proxies[L][:, 0], p.proxies[U][:, 0])
    strata = rectify.mean(*three, method="stratified", **groups, **w)
    yield "mean", "stratified", truth["mean"], strata
    skewed = rectify.mean(*three, interval="bootstrap", **w)
    yield "mean", "ppi++, bootstrap-t", truth["mean"], skewed
    yield from learners(p, truth["mean"], L, U, w)


def learners(
    p: Population, truth: float, L: NDArray[np.int64], U: NDArray[np.int64], w: dict[str, Any]
) -> Iterator[Row]:
    """Rectify a ridge regression that learned from the pilot: cross-fitted, and with a leak."""
    own, rest = learned(p, L, U)
    yield "mean", "cross", truth, rectify.mean(p.y[L], own, rest, method="cross", **w)
    # A learner that knows its pilot by heart, as a tuned language model may: nothing to rectify.
    model = ridge(p.profile[L], p.y[L])
    leaked = rectify.mean(p.y[L], p.y[L], predict(model, p.profile[U]), method="ppi", **w)
    yield "mean", "leak (refused)", truth, leaked


def greg(p: Population, n: int, seed: int) -> Row:
    """Draw n from the list with chances by the first predictor, and estimate its plain mean."""
    rng = generator(seed, "greg", p.name, n)
    size = 0.5 + (p.X[:, 0] - p.X[:, 0].min()) / np.ptp(p.X[:, 0])
    chance = n * size / size.sum()
    order = rng.permutation(p.size)
    # Systematic selection from a random order: exactly n people, with these chances.
    reached = np.floor(np.cumsum(chance[order]) + rng.random())
    L = order[np.diff(reached, prepend=0.0) > 0]
    U = np.setdiff1d(order, L)
    found = rectify.mean(
        p.y[L], p.proxies[L, 0], p.proxies[U, 0], method="greg", inclusion=np.minimum(chance[L], 1)
    )
    return "mean", "greg", float(p.y.mean()), found


def cover(p: Population, n: int, pilots: int, seed: int) -> list[dict[str, Any]]:
    """Coverage, width beside the pilot alone, and effective size of each statistic and method."""
    truth = truths(p)
    held: dict[tuple[str, str], list[bool]] = defaultdict(list)
    width: dict[tuple[str, str], list[float]] = defaultdict(list)
    n_eff: dict[tuple[str, str], list[float]] = defaultdict(list)
    for replicate in range(pilots):
        rows = [*one_pilot(p, truth, n, seed + replicate), greg(p, n, seed + replicate)]
        alone = {name: one.width for name, method, _, one in rows if method == "classical"}
        for name, method, true, one in rows:
            held[name, method].append(one.low - 1e-9 <= true <= one.high + 1e-9)
            width[name, method].append(one.width / alone[name] if alone[name] > 0 else np.nan)
            n_eff[name, method].append(one.n_eff)
    return [
        {
            "population": p.name, "n": n, "statistic": name, "method": method,
            "coverage": float(np.mean(values)),
            "width_ratio": _mean(width[name, method]),
            "n_eff": float(np.mean(n_eff[name, method])),
        }
        for (name, method), values in held.items()
        if p.name != SKEWED or name == "mean"
    ]  # fmt: skip


def _mean(values: list[float]) -> float:
    known = [one for one in values if np.isfinite(one)]
    return float(np.mean(known)) if known else float("nan")


def one_cell(task: tuple[str, int, int, int]) -> list[dict[str, Any]]:
    """Cover one survey and pilot size, in a process of its own."""
    name, n, pilots, seed = task
    population = next(p for p in populations() if p.name == name)
    return cover(population, n, pilots, seed)


def main() -> None:
    """Print the table, and write rows and documentation where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pilots", type=int, default=100, help="pilots a row (100)")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--only", help="one population by name")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes (1)")
    parser.add_argument("--out", type=Path, help="JSON file for all rows")
    parser.add_argument(
        "--write", action="store_true",
        help="write rectify_coverage.json and the table of docs/rectify.md",
    )  # fmt: skip
    arguments = parser.parse_args()
    chosen = [p.name for p in populations() if arguments.only in (None, p.name)]
    tasks = [(name, n, arguments.pilots, arguments.seed)
             for name in chosen for n in arguments.sizes]  # fmt: skip
    if arguments.jobs == 1:
        cells = [one_cell(task) for task in tasks]
    else:
        with ProcessPoolExecutor(arguments.jobs, get_context("spawn")) as pool:
            cells = list(pool.map(one_cell, tasks))
    rows = [row for cell in cells for row in cell]
    print(coverage_table(rows))
    if arguments.out:
        arguments.out.write_text(_json({"pilots": arguments.pilots, "coverage": rows}))
    if arguments.write:
        FIGURES.write_text(_json(merged(rows, arguments.pilots)), encoding="utf-8")
        # The page is made of the rounded figures, so that it can be checked against them.
        written = json.loads(FIGURES.read_text(encoding="utf-8"))
        write_section(COVERAGE, coverage_table(written["coverage"]))


def _json(found: dict[str, Any]) -> str:
    """Write a row a line, figures with the digits that they have."""
    lines = [json.dumps({key: _short(value) for key, value in row.items()})
             for row in found["coverage"]]  # fmt: skip
    return f'{{"pilots": {found["pilots"]}, "coverage": [\n' + ",\n".join(lines) + "\n]}\n"


def _short(value: Any) -> Any:
    """Give the digits that a figure has; none (null) where there is no number."""
    if not isinstance(value, float):
        return value
    return round(value, 4) if np.isfinite(value) else None


if __name__ == "__main__":
    main()
