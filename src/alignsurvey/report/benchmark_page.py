"""The four tasks on a page: tables of both modes, why they differ, the radar."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from markupsafe import Markup

from alignsurvey.errors import InputError
from alignsurvey.report.benchmark_rows import (
    FIELD_MEANS,
    TASKS,
    ScoreRow,
    benchmark_rows,
    differences_in_words,
)
from alignsurvey.report.figures import columns
from alignsurvey.report.html import embedded, render, versions, write_page
from alignsurvey.report.numbers import count
from alignsurvey.report.published import Run
from alignsurvey.report.radar import radar_svg

if TYPE_CHECKING:
    from alignsurvey.benchmark.bench import BenchResult
    from alignsurvey.benchmark.rows import Problem


@dataclass(frozen=True)
class TaskRun:
    """A benchmark run and what a page must say about it.

    Parameters
    ----------
    title : str
        What was benchmarked; "ASE", "CHIP" and "GSS" get the paper's polygons in the radar.
    result : BenchResult
    is_invented : bool
        Whether the interviews were made up, so that scores are evidence of nothing.
    problems : sequence of (where, Problem)
        From reading the records, shown with those of the run.
    """

    title: str
    result: BenchResult
    is_invented: bool = False
    problems: Sequence[tuple[str, Problem]] = ()


def tasks_context(runs: Sequence[TaskRun]) -> dict[str, Any]:
    """Prepare what the section of the four tasks shows."""
    return {"task_runs": [_shown(run, place) for place, run in enumerate(runs)], "tasks": TASKS}


def render_benchmark(runs: Sequence[TaskRun], title: str, command: str | None = None) -> str:
    """Render a page of benchmark runs alone.

    Parameters
    ----------
    runs : sequence of TaskRun
    title : str
    command : str, optional
        The command that made the runs, for readers who want to repeat it.

    Returns
    -------
    str
        A whole page, which loads nothing from anywhere.
    """
    from alignsurvey._version import __version__

    facts = {"title": title, "command": command, "simulators": [], "version": __version__,
             "versions": versions(__version__)}  # fmt: skip
    return render("benchmark.html.j2", facts | tasks_context(runs))


def write_benchmark(
    runs: Sequence[TaskRun],
    path: str | os.PathLike[str],
    title: str,
    command: str | None = None,
) -> Path:
    """Write a page of benchmark runs; see `render_benchmark`.

    Returns
    -------
    Path
        Where it was written; it appears only when it is complete.
    """
    return write_page(render_benchmark(runs, title, command), path)


def _shown(run: TaskRun, place: int) -> dict[str, Any]:
    rows = benchmark_rows(run.result.scores)
    has_means = any(row.part in FIELD_MEANS for row in rows)
    main = [row for row in rows if not (has_means and row.is_field)]
    return {
        "id": f"tasks-{place}",
        "title": run.title,
        "is_invented": run.is_invented,
        "records": _records(run.result.records),
        "blocks": _blocks(main),
        "fields": _blocks([row for row in rows if has_means and row.is_field]),
        "why": differences_in_words(rows),
        "has_floor": any(row.floor is not None for row in rows),
        "has_marginal": any(row.marginal is not None for row in rows),
        "comparisons": _strict(run.result.comparisons),
        "subgroups": _strict(run.result.subgroups),
        "figure": _figure(run),
        "problems": _counted([*run.problems, *run.result.problems]),
    }


def _records(counts: Mapping[str, int]) -> str:
    """Say how many records there are of each task."""
    told = [f"{count(n)} of {TASKS.get(task, task)}" for task, n in counts.items()]
    return f"Records: {'; '.join(told)}." if told else ""


def _blocks(rows: Sequence[ScoreRow]) -> list[dict[str, Any]]:
    """Blocks of a table: a task, its scores, and for each of them a row a model."""
    found = []
    for task, of_task in groupby(rows, key=lambda row: row.task):
        scores = [
            {"name": name, "lang": _language(name), "rows": list(own)}
            for name, own in groupby(of_task, key=lambda row: row.name)
        ]
        found.append(
            {"heading": TASKS.get(task, task), "scores": scores, "is_role": task == "role"}
        )
    return found


def _strict(table: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of strict mode, with the name of their score as in the table of scores."""
    return [
        row | {"heading": TASKS.get(row["task"], row["task"]), "name": _name(row)}
        for row in table.filter(pl.col("mode") == "strict").iter_rows(named=True)
    ]


def _name(row: Mapping[str, Any]) -> str:
    return ScoreRow(row["task"], row["part"] or "", row["metric"], row["model"]).name


def _language(text: str) -> str:
    """Chinese where a text has wide characters, so that the right glyphs are chosen."""
    return "zh" if columns(text) > len(text) else "en"


def _figure(run: TaskRun) -> Markup:
    """The radar, or nothing where there are too few scores for a polygon."""
    try:
        return embedded(radar_svg([Run(run.title, run.title, run.result.scores)]))
    except InputError:
        return Markup("")


def _counted(problems: Sequence[tuple[str, Problem]]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for where, problem in problems:
        line = f"{where}: {problem.what}"
        counts[line] = counts.get(line, 0) + 1
    return list(counts.items())
