"""The table of a benchmark run on a terminal: a block a model, as wide as the window allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from alignsurvey.report.benchmark_rows import (
    TASKS,
    ScoreRow,
    benchmark_rows,
    differences_in_words,
)
from alignsurvey.report.numbers import NONE, count, interval, number, percent

if TYPE_CHECKING:
    from alignsurvey.benchmark.bench import BenchResult
    from alignsurvey.benchmark.rows import Problem

MOST_PROBLEMS = 8
SMALLEST_NAME = 18
"""Columns below which a name says too little; then intervals go, and the floor."""

_COLUMNS = ("Strict", "", "Paper", "Majority", "Marginal", "Floor", "n", "Parsed")
_INTERVAL, _MARGINAL, _FLOOR = 1, 4, 5
_OPTIONAL = (_MARGINAL, _INTERVAL, _FLOOR)


class BenchTable:
    """What `bench_table` returns: fits itself to the console that prints it."""

    def __init__(self, result: BenchResult, problems: Sequence[tuple[str, Problem]]) -> None:
        self._rows = benchmark_rows(result.scores)
        self._models = list(dict.fromkeys(result.scores["model"]))
        self._problems = [*problems, *result.problems]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not self._rows:
            yield Text("No score could be computed.")
        layout = _Layout(self._rows, options.max_width)
        for model in self._models:
            yield layout.table(model, [row for row in self._rows if row.model == model])
        for line in self._legend(_MARGINAL in layout.shown):
            yield Text(line, style="dim")

    def _legend(self, marginal: bool) -> Iterator[str]:
        yield (
            "Strict is right, Paper is what the released scripts give. [low high]: 95% bootstrap "
            "interval over respondents."
        )
        words = "Majority: the most frequent answer of other people."
        if marginal:
            words += " Marginal: one of their answers, by lot."
        if any(row.floor is not None for row in self._rows):
            words += (
                " Floor: the distance of a second sample; n of distances: questions times groups."
            )
        yield words
        for task, words in differences_in_words(self._rows).items():
            yield f"{TASKS[task]}, why the modes differ. {words}"
        yield from _told(self._problems)


def bench_table(result: BenchResult, problems: Sequence[tuple[str, Problem]] = ()) -> BenchTable:
    """Show the strict score of each part, the paper's beside it, baseline and floor.

    Parameters
    ----------
    result : BenchResult
    problems : sequence of (where, Problem)
        From reading the records, shown with those of the run.

    Returns
    -------
    BenchTable
        For `rich.console.Console.print`.
    """
    return BenchTable(result, problems)


class _Layout:
    """Chooses columns so that names fit a width; the same for every model."""

    def __init__(self, rows: Sequence[ScoreRow], width: int) -> None:
        cells = [_cells(row) for row in rows]
        wide = [
            max([cell_len(name), *(cell_len(one[place]) for one in cells)])
            for place, name in enumerate(_COLUMNS)
        ]
        filled = [
            place for place in range(len(_COLUMNS))
            if place not in _OPTIONAL or any(one[place] for one in cells)
        ]  # fmt: skip
        names = max(
            (max(cell_len(name), cell_len(_heading(row.task))) for name, row in _named(rows)),
            default=8,
        )
        least = min(names, SMALLEST_NAME)
        for given_up, self.gap, wanted in (
            ((), 2, names),
            ((), 1, names),
            ((_MARGINAL,), 2, names),
            ((_MARGINAL,), 1, least),
            ((_MARGINAL, _INTERVAL), 1, least),
            (_OPTIONAL, 1, 0),
        ):
            self.shown = [place for place in filled if place not in given_up]
            self.widths = [wide[place] for place in self.shown]
            room = width - sum(self.widths) - self.gap * len(self.shown)
            if room >= wanted:
                break
        self.name_columns = max(8, min(names, room))

    def table(self, model: str, rows: Sequence[ScoreRow]) -> Table:
        """Lay a model's scores out, a heading a task."""
        table = Table(
            box=None, show_edge=False, pad_edge=False, padding=(0, self.gap, 0, 0),
            title=f"\n{model}", title_justify="left", title_style="bold", header_style="dim",
        )  # fmt: skip
        table.add_column("", width=self.name_columns, no_wrap=True, overflow="ellipsis")
        for place, width in zip(self.shown, self.widths, strict=True):
            table.add_column(_COLUMNS[place], justify="right", width=width, no_wrap=True)
        for task, own in groupby(rows, key=lambda row: row.task):
            table.add_row(Text(_heading(task), style="bold"))
            for name, row in _named(own):
                cells = _cells(row)
                table.add_row(Text(name), *(Text(cells[place]) for place in self.shown))
        return table


def _named(rows: Iterable[ScoreRow]) -> Iterator[tuple[str, ScoreRow]]:
    """Name rows below their heading; a field's further metric stands below the field."""
    above = None
    for row in rows:
        is_further = row.task == "role" and above == row.part
        name = row.name.rpartition(", ")[2] if is_further else row.name
        yield f"   {name}" if is_further else f" {name}", row
        above = row.part


def _heading(task: str) -> str:
    name = TASKS.get(task, task)
    return f"{name}: accuracy" if task == "role" else name


def _cells(row: ScoreRow) -> list[str]:
    return [
        number(row.strict, row.digits, "-"),
        interval(row.low, row.high, row.digits, "-"),
        number(row.paper, row.digits, "-"),
        number(row.majority, row.digits, "-"),
        "" if row.marginal is None else number(row.marginal, row.digits, "-"),
        "" if row.floor is None else number(row.floor, row.digits, "-"),
        count(row.n),
        NONE if row.parse_rate is None else percent(row.parse_rate),
    ]


def _told(problems: Sequence[tuple[str, Problem]]) -> list[str]:
    """Problems in lines, equal ones counted; nothing is dropped without being shown."""
    counts = Counter((where, problem.what) for where, problem in problems)
    lines = [
        f"{where}: {what}" + (f" ({count} times)" if count > 1 else "")
        for (where, what), count in counts.items()
    ]
    if len(lines) > MOST_PROBLEMS:
        more = f"{len(lines) - MOST_PROBLEMS} more kinds of problems, all of them with --json"
        return [*lines[:MOST_PROBLEMS], more]
    return lines
