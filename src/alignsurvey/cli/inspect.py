"""`alignsurvey inspect`: what is in a data file, and what looks wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from alignsurvey.survey.inspection import AnswerCount, Inspection, VariableSummary

_WIDTH = 100
_NAME_CELLS, _MISSING_CELLS, _LEAST_ANSWER_CELLS = 18, 12, 24
_KINDS = {
    "refused": "ref", "dont_know": "dk", "not_asked": "na", "other": "other", "empty": "empty",
}  # fmt: skip
_LEGEND = "* inferred; missing: ref(used), dk (don't know), na (not asked), other, empty"


def inspect(
    file: Annotated[Path, typer.Argument(help="Data file: .sav, .dta, .csv, .tsv, .parquet.")],
    codebook: Annotated[Path | None, typer.Option(help="Codebook (YAML) for the file.")] = None,
    id: Annotated[str | None, typer.Option(help="Column with the respondent id.")] = None,
    weight: Annotated[str | None, typer.Option(help="Column with the survey weight.")] = None,
    strata: Annotated[str | None, typer.Option(help="Column with the sampling stratum.")] = None,
    cluster: Annotated[str | None, typer.Option(help="Column with the sampling unit.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a CSV that is not UTF-8.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Show a survey's variables, missing answers and weights, and what looks wrong.

    Example: alignsurvey inspect gss2024.dta --id ID --weight WTSSNRPS
    """
    from alignsurvey.survey import inspect_survey, read_survey

    survey = read_survey(
        file, codebook=codebook, id=id, weight=weight, strata=strata, cluster=cluster,
        encoding=encoding,
    )  # fmt: skip
    found = inspect_survey(survey)
    if json:
        _print_json(found)
    else:
        _print_tables(found)


def _print_json(found: Inspection) -> None:
    from json import dumps

    typer.echo(dumps(_plain(found.as_dict()), ensure_ascii=False, indent=2))


def _plain(value: object) -> object:
    """JSON has no NaN: a share of nobody is null."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124


def _print_tables(found: Inspection) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    width = min(console.width, _WIDTH) if console.is_terminal else _WIDTH
    console = Console(width=width, highlight=False)
    console.print(Text(found.source, style="bold"))
    about = f"{found.n:,} respondents, {len(found.variables)} variables, id '{found.id}'"
    console.print(about, markup=False)
    if found.weights is not None:
        w = found.weights
        console.print(
            f"weight '{w.column}': {w.low:.3g} to {w.high:.3g}, mean {w.mean:.3g}"
            + (f", {w.zeros:,} are zero" if w.zeros else "")
            + f"; design effect {w.design_effect:.2f}: {found.n:,} respondents count as "
            f"{w.n_effective:,.0f}",
            markup=False,
        )
    console.print(variable_table(found.variables, found.weights is not None, width))
    for title, lines in (
        ("What looks wrong", [oddity.text for oddity in found.warnings]),
        ("Notes", found.notes),
    ):
        if lines:
            console.print(Text(title, style="bold"))
        for line in lines:
            console.print(_item(line))


def _item(line: str) -> Table:
    """Set a line of a list, which wraps under itself and not under its dash."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    grid.add_row("-", Text(line))
    return grid


def variable_table(
    variables: Sequence[VariableSummary], weighted: bool, width: int = _WIDTH
) -> Table:
    """Lay the variables out, one or two lines each; a star marks what was inferred."""
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    heads = ("Variable", "Scale", "n", "Missing")
    rows = [_first_cells(one) for one in variables]
    widths = [max(map(cell_len, column)) for column in zip(heads, *rows, strict=True)]
    widths[3] = min(widths[3], _MISSING_CELLS)
    # Between columns stand a blank of padding and one of the box.
    rest = max(width - sum(widths) - 2 * len(widths), _LEAST_ANSWER_CELLS)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for head, cells in zip(heads, widths, strict=True):
        justify: Literal["left", "right"] = "right" if head == "n" else "left"
        table.add_column(head, width=cells, justify=justify, no_wrap=head != "Missing")
    table.add_column("Question, answers" + " (weighted)" * weighted, width=rest, no_wrap=True)
    for one, row in zip(variables, rows, strict=True):
        question = one.text or (one.name if row[0] != one.name else "")
        lines = [_cut(" ".join(question.split()), rest)] if question else []
        table.add_row(*map(Text, row), Text("\n".join([*lines, condensed(one, rest)])))
    if any(one.inferred or one.missing for one in variables):
        table.caption_justify = "left"
        table.caption = _LEGEND
    return table


def _first_cells(one: VariableSummary) -> tuple[str, str, str, str]:
    return (
        _cut(one.name, _NAME_CELLS),
        one.scale + "*" * ("scale" in one.inferred),
        f"{one.n:,}",
        ", ".join(f"{count:,} {_KINDS[kind]}" for kind, count in one.missing.items()),
    )


def condensed(one: VariableSummary, cells: int) -> str:
    """Write a variable's answers with their shares in one line.

    Labels are cut, then answers left out, until it fits; a Chinese character takes two cells.
    Nominal answers come in order of their shares.
    """
    from rich.cells import cell_len

    star = "*" * ("values" in one.inferred)
    if not one.n:
        return "no answers"
    if not one.answers:
        if one.low is None or one.high is None:
            return f"{one.distinct:,} different {'texts' if one.scale == 'text' else 'answers'}"
        mean = "" if one.mean is None else f", mean {_figure(one.mean)}"
        return f"{_figure(one.low)} to {_figure(one.high)}{mean}"
    answers = list(one.answers)
    if one.scale == "nominal":
        answers.sort(key=lambda answer: -answer.share)
    for longest in (40, 24, 16, 12, 10, 8, 6):
        line = ", ".join(_answer(answer, longest) for answer in answers) + star
        told_apart = len({_cut(answer.label, longest) for answer in answers}) == len(answers)
        if cell_len(line) <= cells and (told_apart or len(answers) == 1):
            return line
    last = "" if one.scale == "nominal" else f" {_answer(answers[-1], 12)}"
    last = f" …{last} ({len(answers)} answers){star}"
    shown = [_answer(answers[0], 12)]
    for answer in answers[1:-1]:
        if cell_len(", ".join([*shown, _answer(answer, 12)]) + last) > cells:
            break
        shown.append(_answer(answer, 12))
    return _cut(", ".join(shown) + last, cells)


def _answer(answer: AnswerCount, longest: int) -> str:
    from alignsurvey.report.numbers import percent

    share = percent(answer.share)
    if not isinstance(answer.code, str) and answer.label in ("", str(answer.code)):
        return f"{answer.code}{'' if answer.declared else '?'}: {share}"
    label = answer.label if answer.declared else f"{answer.label}?"
    return f"{_cut(label, longest)} {share}"


def _cut(text: str, longest: int) -> str:
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= longest:
        return text
    return set_cell_size(text, longest - 1).rstrip() + "…"


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number.is_integer() or abs(number) >= 1000 else f"{number:.3g}"
