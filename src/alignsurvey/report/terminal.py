"""The fidelity table for a terminal: a row a simulator, as wide as the window allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from alignsurvey.report.numbers import NONE, count, interval, number, percent
from alignsurvey.report.rows import (
    ANSWERS,
    Cell,
    Row,
    ScoreRows,
    facts,
    leading_metrics,
    score_rows,
)
from alignsurvey.report.vocabulary import MARKS, PLAIN_MARKS, Metric, Standing, metric_of
from alignsurvey.report.words import intervals_in_words, left_out_in_words, pilot_in_words

if TYPE_CHECKING:
    from alignsurvey.fidelity.result import FidelityResult

NAME_COLUMNS = 24
"""Columns that a name should have; below it, intervals and then whole metrics give way."""

GIVE_WAY = ("sign_agreement", "mae", "accuracy", "ccc_bivariate", "sd_ratio")
"""What is dropped, in this order, where even values alone are too wide."""

PLAIN_HEAD = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
NARROW_AXES = {"structural": "Struct", "marginal": "Marg.", "individual": "Indiv."}
NARROW_VARIANTS = {"expectation": "exp.", "answers": "ans."}
STYLES = {Standing.REACHES: "green", Standing.WORSE: "red"}


class FidelityTable:
    """What `fidelity_table` returns: fits itself to the console that prints it."""

    def __init__(self, result: FidelityResult) -> None:
        self._result = result
        self._rows = score_rows(result)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if any(self._rows.metrics.values()):
            yield _Layout(self._rows, options.max_width, options.ascii_only).table(self._result)
        else:
            yield Text("No score could be computed.")
        for line in self.legend(options.ascii_only):
            yield Text(_ascii(line) if options.ascii_only else line, style="dim")

    def legend(self, plain: bool = False) -> list[str]:
        """Say in a line each what the marks are, and what a reader must know."""
        marks = PLAIN_MARKS if plain else MARKS
        about, rows = self._result.about, self._rows.simulators
        lines = [
            f"{marks[Standing.REACHES]} interval reaches human ceiling, "
            f"{marks[Standing.SAME]} like best trivial baseline, "
            f"{marks[Standing.WORSE]} worse than it"
        ]
        if any(row.variant != ANSWERS for row in rows):
            lines.append(
                "expectation: the mean of a simulator's probabilities; draw: one answer from them"
            )
        if any(row.kind == "constructed" for row in rows):
            lines.append("* constructed: made from people's own answers to show an error; no model")
        lines.append(f"n: {count(about.get('scored_n'))}; {pilot_in_words(about)}")
        lines.append(intervals_in_words(about))
        return lines + left_out_in_words(self._result, at_most=3)


class _Layout:
    """Chooses metrics and intervals so that a table fits a width."""

    def __init__(self, rows: ScoreRows, width: int, plain: bool) -> None:
        self.rows = [*rows.references, *rows.simulators]
        self.shown = leading_metrics(rows)
        self.plain = plain
        self.repairs: dict[str, str] = {}
        self.marks = PLAIN_MARKS if plain else MARKS
        self.wide = self._room(width, wide=True) >= NAME_COLUMNS
        for metric in GIVE_WAY:
            if self.wide or self._room(width) >= NAME_COLUMNS:
                break
            self.shown = [one for one in self.shown if one[1] != metric]
        self.name_columns = max(8, self._room(width, self.wide))

    def table(self, result: FidelityResult) -> Table:
        """Lay the scores out."""
        self.repairs = {
            name: f"  |{fact['repair']}"
            for name, fact in facts(result).items()
            if fact.get("repair")
        }
        table = Table(
            box=PLAIN_HEAD if self.plain else box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=0,
            title=_title(result),
            title_justify="left",
            title_style="bold",
        )
        for place, (heading, width) in enumerate(self._headings(self.wide)):
            table.add_column(
                heading,
                justify="right" if place else "left",
                no_wrap=True,
                overflow="crop" if self.plain else "ellipsis",
                width=width - 1 if width else self.name_columns,
            )
        for row, following in zip(self.rows, [*self.rows[1:], None], strict=True):
            ends = following is not None and row.is_reference and not following.is_reference
            table.add_row(*self._cells(row), end_section=ends)
        return table

    def _room(self, width: int, wide: bool = False) -> int:
        """Columns left for the name."""
        taken = [column for _, column in self._headings(wide) if column]
        return width - sum(taken)

    def _headings(self, wide: bool) -> list[tuple[str, int]]:
        """Heading and width of each column with its gap; 0 for the name, which takes the rest."""
        found = [("\nSimulator" if wide else "\n\nSimulator", 0)]
        if not wide:
            found.append(("", 5))
        for axis, name, first in self.shown:
            short = metric_of(name).short
            axis_name = axis.capitalize() if wide else NARROW_AXES.get(axis, axis[:6])
            lines = [axis_name if first else "", *([short] if wide else _two_lines(short))]
            content = 12 if metric_of(name).digits > 2 else 11
            column = 1 + max(content if wide else 6, *(len(line) for line in lines))
            found.append(("\n".join(lines), column))
        return [*found, ("\nParsed" if wide else "\n\nParsed", 7)]

    def _cells(self, row: Row) -> list[Text]:
        parsed = "" if row.is_reference else percent(row.parse_rate)
        values = [
            self._value(row, row.cells.get(metric, Cell(None)), metric_of(metric))
            for _, metric, _ in self.shown
        ]
        return [*self._names(row), *values, Text(parsed)]

    def _names(self, row: Row) -> list[Text]:
        # A repaired simulator stands below its own, by its repair alone.
        name = self.repairs.get(row.simulator, row.simulator)
        name = f"{name} *" if row.kind == "constructed" else name
        name = _ascii(name) if self.plain else name
        style = "italic" if row.is_reference else ""
        if not self.wide:
            variant = NARROW_VARIANTS.get(row.variant, row.variant[:4])
            return [Text(name, style=style), Text(variant, style="dim")]
        below = ", ".join(part for part in (row.variant, row.tag) if part)
        return [Text.assemble((name, style), (f"\n  {below}" if below else "", "dim"))]

    def _value(self, row: Row, cell: Cell, metric: Metric) -> Text:
        judged = not row.is_reference and row.kind != "trivial"
        mark = self.marks.get(cell.standing, "") if judged else ""
        value = number(cell.value, metric.digits, "-").replace(NONE, "-" if self.plain else NONE)
        text = Text(value + (mark or " "), style=STYLES.get(cell.standing, "") if mark else "")
        if self.wide and not row.is_reference:
            text.append(f"\n{interval(cell.low, cell.high, metric.digits, '-')}", style="dim")
        return text


def fidelity_table(result: FidelityResult) -> FidelityTable:
    """Show a study's scores in a terminal, one row a simulator and variant.

    Parameters
    ----------
    result : FidelityResult

    Returns
    -------
    FidelityTable
        For `rich.print` or `Console.print`. In a wide window intervals stand below the values;
        in a narrower one, and in a file, values stand alone.

    Examples
    --------
    >>> import alignsurvey as als
    >>> study = als.Study.parse({
    ...     "survey": {"example": "anes96"}, "profile": ["PID"], "items": ["vote"],
    ...     "pilot": {"replicates": 1}, "bootstrap": {"replicates": 50},
    ...     "simulators": ["baseline/logit"],
    ... })
    >>> result = als.run_study(study)
    >>> from rich.console import Console
    >>> Console(width=60).print(fidelity_table(result))
    Fidelity: anes96
    ...
    n: 844; pilot: 100 people, drawn once (seed 42), never among
    the judges
    ...
    """
    return FidelityTable(result)


def _title(result: FidelityResult) -> str:
    source = dict(result.about.get("survey", {})).get("source")
    return f"Fidelity: {source}" if source else "Fidelity"


def _two_lines(short: str) -> list[str]:
    first, _, second = short.partition(" ")
    return [first, second] if second else ["", first]


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()
