"""Paired tests between models, and subgroups, on a terminal."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from alignsurvey.report.benchmark_rows import TASKS, ScoreRow
from alignsurvey.report.numbers import count, interval, number, percent, probability

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Group
    from rich.table import Table

_TESTS = (
    "Difference: model less reference, [low high] 95% bootstrap interval over respondents. "
    "p: two-sided paired t-test of the respondents' means, ° bootstrap where there is none. "
    "* p < .05, ** p < .01. Holm: p corrected for all comparisons of the task."
)
_SUBGROUPS = (
    "Majority: the most frequent answer of other people, on the same rows. Gap: best less worst "
    "subgroup. ▼ worst subgroup. A subgroup of fewer than 10 people has no score."
)


def comparison_table(comparisons: pl.DataFrame) -> Group | None:
    """Show the strict comparisons of each model with the reference; None where there are none.

    Parameters
    ----------
    comparisons : polars.DataFrame
        `alignsurvey.benchmark.bench.BenchResult.comparisons`.
    """
    from rich.console import Group
    from rich.text import Text

    rows = [row for row in comparisons.iter_rows(named=True) if row["mode"] == "strict"]
    if not rows:
        return None
    tables = []
    for model in dict.fromkeys(row["model"] for row in rows):
        own = [row for row in rows if row["model"] == model]
        table = _table(f"{model} against {own[0]['against']}")
        for name in ("Difference", "", "p", "Holm", "n"):
            table.add_column(name, justify="right", no_wrap=True)
        for task, ones in groupby(own, key=lambda row: row["task"]):
            table.add_row(Text(TASKS.get(task, task), style="bold"))
            for row in ones:
                name = ScoreRow(task, row["part"], row["metric"], model).name
                table.add_row(Text(f" {name}"), *_tested(row))
        tables.append(table)
    return Group(*tables, Text(_TESTS, style="dim"))


def _tested(row: dict[str, Any]) -> tuple[str, ...]:
    t, bootstrap = row["p_t"], row["p_bootstrap"]
    return (
        f"{number(row['difference'], 3, '-')}{row['stars']:<2}",
        interval(row["low"], row["high"], 3, "-"),
        probability(bootstrap) + "°" if t is None else probability(t) + " ",
        probability(row["p_holm"]),
        count(row["n"]),
    )


def subgroup_table(subgroups: pl.DataFrame) -> Group | None:
    """Show the strict accuracy of subgroups; None where there are none.

    Parameters
    ----------
    subgroups : polars.DataFrame
        `alignsurvey.benchmark.bench.BenchResult.subgroups`.
    """
    from rich.console import Group
    from rich.text import Text

    rows = [row for row in subgroups.iter_rows(named=True) if row["mode"] == "strict"]
    if not rows:
        return None
    tables = []
    for model in dict.fromkeys(row["model"] for row in rows):
        table = _table(f"{model}: accuracy by subgroup")
        for name in ("Strict", "", "Majority", "Gap", "n", "people", "Parsed"):
            table.add_column(name, justify="right", no_wrap=True)
        own = [row for row in rows if row["model"] == model]
        for (task, part), ones in groupby(own, key=lambda row: (row["task"], row["part"])):
            head = TASKS.get(task, task)
            table.add_row(Text(f"{head}: {part}" if part else head, style="bold"))
            for attribute, groups in groupby(ones, key=lambda row: row["attribute"]):
                for row in groups:
                    name = (
                        row["group"]
                        if row["group"] == attribute
                        else f"{attribute}: {row['group']}"
                    )
                    mark = " ▼" if row["is_worst"] else ""
                    table.add_row(Text(f" {name}{mark}"), *_scored(row))
        tables.append(table)
    return Group(*tables, Text(_SUBGROUPS, style="dim"))


def _scored(row: dict[str, Any]) -> tuple[str, ...]:
    people = (count(row["n"]), count(row["people"]))
    if row["is_too_small"]:
        return ("too few", "", "", "", *people, "")
    return (
        number(row["value"], 3, "-"),
        interval(row["low"], row["high"], 3, "-"),
        number(row["baseline"], 3, "-"),
        number(row["gap"], 3, "-"),
        *people,
        percent(row["parse_rate"]),
    )


def _table(title: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim",
        title=Text(f"\n{title}"), title_justify="left", title_style="bold",
    )  # fmt: skip
    table.add_column("", overflow="fold")
    return table
