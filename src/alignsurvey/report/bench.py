"""The table of a benchmark run on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Group

    from alignsurvey.benchmark.bench import BenchResult
    from alignsurvey.benchmark.rows import Problem

_ORDER = ("role", "interview", "stance", "stance-group", "response", "response-group")
_MEANS = ("basic", "social", "family")
"""Means over the fields of the role task, shown after them."""
MOST_PROBLEMS = 8


def bench_table(result: BenchResult, problems: Sequence[tuple[str, Problem]] = ()) -> Group:
    """Show the strict score of each part, the paper's beside it, baseline and floor.

    Parameters
    ----------
    result : BenchResult
    problems : sequence of (where, Problem)
        From reading the records, shown with those of the run.

    Returns
    -------
    rich.console.Group
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", title="AlignSurvey tasks", title_justify="left")
    table.add_column("Task")  # the only one that gives way where the terminal is narrow
    table.add_column("Metric", no_wrap=True)
    for name in ("Strict", "Paper", "Majority", "Floor", "n", "Parsed"):
        table.add_column(name, justify="right", no_wrap=True)
    paper = {
        _key(row): row["value"] for row in result.scores.filter(mode="paper").iter_rows(named=True)
    }
    rows = sorted(result.scores.filter(mode="strict").iter_rows(named=True), key=_place)
    for model in dict.fromkeys(result.scores["model"]):
        table.add_row(Text(model, style="bold"))
        for row in rows:
            if row["model"] == model:
                table.add_row(*_cells(row, paper.get(_key(row))))
    lines = [
        "Strict is right; Paper is what the released scripts give. Majority: the most frequent "
        "answer of other people. Floor: the distance of a second sample of people.",
        *_told([*problems, *result.problems]),
    ]
    return Group(table, *(Text(line, style="dim") for line in lines))


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return row["task"], row["part"], row["model"], row["metric"]


def _place(row: dict[str, Any]) -> tuple[int, bool]:
    """Tasks in the order of a survey; of the role task the fields, then their means."""
    return _ORDER.index(row["task"]), row["part"] in _MEANS


def _cells(row: dict[str, Any], paper: float | None) -> list[str]:
    strict = _number(row["value"])
    if row["low"] is not None:
        strict += f" [{_number(row['low'])} {_number(row['high'])}]"
    return [
        f"  {row['part'] if row['task'] == 'role' else row['task']}",
        row["metric"],
        strict,
        _number(paper),
        _number(row["baseline"]),
        _number(row["floor"]),
        f"{row['n']:,}",
        "" if row["parse_rate"] is None else f"{row['parse_rate']:.0%}",
    ]


def _told(problems: Sequence[tuple[str, Problem]]) -> list[str]:
    """Problems in lines, equal ones counted; nothing is dropped without being shown."""
    counts = Counter((where, problem.what) for where, problem in problems)
    lines = [
        f"{where}: {what}" + (f" ({count} rows)" if count > 1 else "")
        for (where, what), count in counts.items()
    ]
    if len(lines) > MOST_PROBLEMS:
        more = f"{len(lines) - MOST_PROBLEMS} more kinds of problems, all of them with --json"
        return [*lines[:MOST_PROBLEMS], more]
    return lines


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    text = f"{value:.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text
