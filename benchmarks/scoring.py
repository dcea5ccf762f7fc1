"""How long prediction files take to score: strict with intervals, against a loop over rows."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

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


class Seconds(NamedTuple):
    """What a scoring took: by the clock, and of processors, threads and child processes too."""

    clock: float
    processor: float


def seconds(score: Callable[[Path, str], None], path: Path, kind: str) -> Seconds:
    """Time one scoring, nothing remembered from the one before."""
    forget()
    start, used = time.perf_counter(), _processor_seconds()
    score(path, kind)
    return Seconds(time.perf_counter() - start, _processor_seconds() - used)


def _processor_seconds() -> float:
    return sum(os.times()[:4])


def middle(runs: list[Seconds]) -> Seconds:
    """Return the medians of repetitions."""
    return Seconds(*(median(one) for one in zip(*runs, strict=True)))


def compare(kind: str, n: int, repeats: int, folder: Path, loop_repeats: int) -> dict[str, Any]:
    """Time both ways on `n` rows of one kind, in turn."""
    rows = make_rows(kind, n)
    path = folder / f"{kind}_{n}.jsonl"
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines), encoding="utf-8")
    strict: list[Seconds] = []
    loop: list[Seconds] = []
    for turn in range(repeats):
        strict.append(seconds(strictly, path, kind))
        if turn < loop_repeats:
            loop.append(seconds(by_loop, path, kind))
    return {
        "n": n,
        "mb": path.stat().st_size / 1e6,
        "distinct_prompts": len({row["prompt"] for row in rows}) / n,
        "distinct_replies": len({row["predict"] for row in rows}) / n,
        "distinct_clauses": clauses(row["predict"] for row in rows),
        "strict": [run._asdict() for run in strict],
        "loop": [run._asdict() for run in loop],
    } | ratios(middle(strict), middle(loop))


def clauses(replies: Iterable[str]) -> float:
    """Return which share of the replies' clauses are the first of their kind."""
    found = [clause for reply in replies for clause in re.split("[，。\n]", reply) if clause]
    return len(set(found)) / len(found)


def ratios(strict: Seconds, loop: Seconds) -> dict[str, float]:
    """Lay two times beside each other."""
    return {
        "strict_clock": strict.clock,
        "loop_clock": loop.clock,
        "clock_ratio": loop.clock / strict.clock,
        "strict_processor": strict.processor,
        "loop_processor": loop.processor,
        "processor_ratio": loop.processor / strict.processor,
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
        Seconds(
            *(sum(part[f"{side}_{kind}"] for part in parts.values()) for kind in Seconds._fields)
        )
        for side in ("strict", "loop")
    )
    total = {"n": n} | ratios(strict, loop)
    return {"replicates": REPLICATES, "kinds": kinds, "mix": parts, "mix_total": total}


def table(found: dict[str, Any]) -> str:
    """Write the comparison as text."""
    named = list(found["kinds"].items())
    named += [(f"mix: {kind}", one) for kind, one in found["mix"].items()]
    named.append(("mix: all", found["mix_total"]))
    lines = [
        f"strict with {found['replicates']:,} bootstrap replicates, against a loop without any; "
        "medians of seconds, by the clock and of processors",
        f"{'':<45}{'clock':^24}{'processors':^24}",
        f"{'rows':<17}{'n':>9}{'distinct':>9}{'clauses':>9} "
        + f"{'strict':>8}{'loop':>8}{'ratio':>8}" * 2,
    ]
    for name, one in named:
        shares = [one.get("distinct_replies"), one.get("distinct_clauses")]
        lines.append(
            f"{name:<17}{one['n']:>9,}"
            + "".join(f"{'' if share is None else f'{share:.0%}':>9}" for share in shares)
            + " "
            + "".join(
                f"{one[f'strict_{kind}']:>8.2f}{one[f'loop_{kind}']:>8.2f}"
                f"{one[f'{kind}_ratio']:>8.1f}"
                for kind in Seconds._fields
            )
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
