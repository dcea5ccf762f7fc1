"""How long prediction files take to score: strict with intervals, against a loop over rows."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import jieba
import released_style
from prediction_rows import Row, make_rows

from alignsurvey.benchmark.rows import Task
from alignsurvey.benchmark.scoring import Mode, read_rows, score_rows
from alignsurvey.benchmark.segmentation import tokenizer

TASKS = {
    "response": Task.RESPONSE,
    "stance": Task.STANCE,
    "role": Task.ROLE,
    "groups": Task.RESPONSE_GROUP,
}
TEST_ROWS = {"response": 12_047, "stance": 3_338, "role": 2_880, "groups": 8_674 + 36}
"""Rows of the published test sets (arXiv 2511.07871); interviews are scored by judges."""
LOOPS: dict[str, Callable[[list[Row]], dict[str, float]]] = {
    "response": released_style.response,
    "stance": released_style.stance,
    "role": released_style.role,
    "groups": released_style.groups,
}
REPLICATES = 1000


def strictly(path: Path, kind: str) -> None:
    """Read and score a file with intervals of 1,000 replicates, as `alignsurvey score` does."""
    score_rows(read_rows(path, TASKS[kind]), TASKS[kind], Mode.STRICT, workers=os.cpu_count() or 1)


def by_loop(path: Path, kind: str) -> None:
    """Read and score a file row by row, without intervals."""
    LOOPS[kind](released_style.read_lines(path))


def forget() -> None:
    """Empty what the strict readers remember, so that a repetition starts as the first did."""
    for name, module in list(sys.modules.items()):
        if name.startswith("alignsurvey."):
            for held in list(vars(module).values()):
                if callable(getattr(held, "cache_clear", None)) and held is not tokenizer:
                    held.cache_clear()


def seconds(score: Callable[[Path, str], None], path: Path, kind: str) -> float:
    """Time one scoring by the clock, nothing remembered from the one before."""
    forget()
    start = time.perf_counter()
    score(path, kind)
    return time.perf_counter() - start


def compare(kind: str, n: int, repeats: int, folder: Path, loop_repeats: int) -> dict[str, Any]:
    """Time both ways on `n` rows of one kind, in turn."""
    rows = make_rows(kind, n)
    path = folder / f"{kind}_{n}.jsonl"
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines), encoding="utf-8")
    strict, loop = [], []
    for turn in range(repeats):
        strict.append(seconds(strictly, path, kind))
        if turn < loop_repeats:
            loop.append(seconds(by_loop, path, kind))
    return {
        "n": n,
        "mb": path.stat().st_size / 1e6,
        "distinct_prompts": len({row["prompt"] for row in rows}) / n,
        "distinct_replies": len({row["predict"] for row in rows}) / n,
        "strict_seconds": strict,
        "loop_seconds": loop,
        "ratio": median(loop) / median(strict),
    }


def mix(n: int) -> dict[str, int]:
    """Share `n` rows out over the tasks as the published test sets do."""
    total = sum(TEST_ROWS.values())
    parts = {kind: round(n * rows / total) for kind, rows in TEST_ROWS.items()}
    return parts | {"response": parts["response"] + n - sum(parts.values())}


def measured(n: int, repeats: int, loop_repeats: int) -> dict[str, Any]:
    """Compare each kind of task at `n` rows, and a mix of them with `n` rows in all."""
    tokenizer().initialize()  # both sides load jieba's dictionary before the clock starts
    jieba.initialize()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds = {kind: compare(kind, n, repeats, folder, loop_repeats) for kind in TASKS}
        parts = {
            kind: compare(kind, rows, repeats, folder, repeats) for kind, rows in mix(n).items()
        }
    strict, loop = (
        sum(median(part[side]) for part in parts.values())
        for side in ("strict_seconds", "loop_seconds")
    )
    total = {"n": n, "strict_seconds": strict, "loop_seconds": loop, "ratio": loop / strict}
    return {"replicates": REPLICATES, "kinds": kinds, "mix": parts, "mix_total": total}


def table(found: dict[str, Any]) -> str:
    """Write the comparison as text."""
    lines = [
        f"strict with {found['replicates']:,} bootstrap replicates, against a loop without any; "
        "seconds by the clock, medians; strict uses all cores, the loop one",
        f"{'rows':<18}{'n':>9}{'distinct replies':>18}{'strict':>9}{'loop':>9}{'ratio':>8}",
    ]
    named = [(kind, one) for kind, one in found["kinds"].items()]
    named += [(f"mix: {kind}", one) for kind, one in found["mix"].items()]
    for name, one in named:
        lines.append(
            f"{name:<18}{one['n']:>9,}{one['distinct_replies']:>18.0%}"
            f"{median(one['strict_seconds']):>9.2f}{median(one['loop_seconds']):>9.2f}"
            f"{one['ratio']:>8.1f}"
        )
    total = found["mix_total"]
    lines.append(
        f"{'mix: all':<18}{total['n']:>9,}{'':>18}{total['strict_seconds']:>9.2f}"
        f"{total['loop_seconds']:>9.2f}{total['ratio']:>8.1f}"
    )
    return "\n".join(lines)


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="prediction rows (100,000)")
    parser.add_argument("--repeats", type=int, default=5, help="repetitions (5)")
    parser.add_argument(
        "--loop-repeats", type=int, default=1, help="of the loop over one kind of task (1)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    found = measured(arguments.rows, arguments.repeats, arguments.loop_repeats)
    print(json.dumps(found, indent=1) if arguments.json else table(found))


if __name__ == "__main__":
    main()
