"""`alignsurvey records`: what is in files of benchmark rows, and who stands on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from alignsurvey.tasks.records import Overlap, RecordsReport

_WIDTH = 100
_MOST_OPTIONS, _MOST_PEOPLE = 7, 12
_OVERLAP = 2


def records(
    files: Annotated[list[Path], typer.Argument(help="Files of rows: Alpaca JSON or JSON lines.")],
    task: Annotated[
        str | None,
        typer.Option(help="role, interview, stance or response; else that of most rows."),
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="The other side of a split: who is in both?")
    ] = None,
    fail_on_overlap: Annotated[
        bool, typer.Option("--fail-on-overlap", help="Exit with 2 if somebody is on both sides.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Show what is in files of benchmark rows: people, questions, label shares, repairs, problems.

    Example: alignsurvey records train.json --against test.json
    """
    from alignsurvey.errors import InputError
    from alignsurvey.tasks.records import overlap, read_records, report_records

    if fail_on_overlap and against is None:
        raise InputError("--fail-on-overlap needs the other file: --against FILE")
    other = read_records(against) if against else None
    reports: list[RecordsReport] = []
    shared: list[Overlap | None] = []
    for file in files:
        read = read_records(file, task)
        reports.append(report_records(read))
        shared.append(None if other is None else overlap(read, other))
    if json:
        _print_json(reports, shared, str(against) if against else None)
    else:
        console = _console()
        for report, both in zip(reports, shared, strict=True):
            _print_report(console, report)
            if both is not None:
                _print_overlap(console, both, str(against))
    if fail_on_overlap and any(shared):
        raise typer.Exit(_OVERLAP)


def _console() -> Console:
    from rich.console import Console

    console = Console()
    width = min(console.width, _WIDTH) if console.is_terminal else _WIDTH
    return Console(width=width, highlight=False, markup=False, soft_wrap=False)


def _print_json(
    reports: Sequence[RecordsReport], shared: Sequence[Overlap | None], against: str | None
) -> None:
    from json import dumps

    files = []
    for report, both in zip(reports, shared, strict=True):
        about = report.as_dict()
        if both is not None:
            about["overlap"] = {"against": against, **both.as_dict()}
        files.append(about)
    typer.echo(dumps({"files": files}, ensure_ascii=False, indent=2))


def _print_report(console: Console, report: RecordsReport) -> None:
    from rich.text import Text

    console.print(Text(report.source, style="bold"))
    left_out = f", {report.left_out:,} left out" if report.left_out else ""
    people = {
        "id": f"{report.people:,} people",
        "profile": f"{report.people:,} different profiles (no ids for people)",
        "mixed": f"{report.people:,} people, some told apart by profile, some unknown",
        "unknown": "people unknown: neither ids nor profiles",
    }[report.people_by]
    read = f"{report.read:,} of {report.rows:,} rows read{left_out}"
    console.print(f"task {report.task}: {read}; {people}")
    if report.attributes:
        some = {name: n for name, n in report.attributes.items() if n < report.read}
        lacking = ", ".join(f"{name} ({report.read - n:,})" for name, n in some.items())
        console.print(
            f"{len(report.attributes)} profile attributes"
            + (f"; missing in some rows: {lacking}" if some else ", none missing")
        )
    console.print(question_table(report))
    _print_counts(console, "Repaired", report.repairs)
    _print_counts(console, "Problems", report.problems)
    for line in report.examples:
        console.print(_item(f"first: {line}"))


def _print_counts(console: Console, title: str, counts: Mapping[str, int]) -> None:
    if counts:
        listed = "; ".join(f"{n:,} {kind}" for kind, n in counts.items())
        console.print(f"{title}: {listed}")


def _print_overlap(console: Console, both: Overlap, against: str) -> None:
    if not both:
        console.print(f"Nobody is also in {against} ({both.n:,} rows).")
    else:
        parts = []
        if both.people:
            shown = ", ".join(map(str, both.people[:_MOST_PEOPLE]))
            more = ", …" * (len(both.people) > _MOST_PEOPLE)
            parts.append(f"{len(both.people):,} people by id ({shown}{more})")
        if both.profiles:
            parts.append(f"{len(both.profiles):,} profiles of people without a common id")
        console.print(
            f"On both sides, here and in {against}: {' and '.join(parts)}; "
            f"{both.rows:,} of its {both.n:,} rows."
        )
    if both.other_people:
        console.print(
            f"{len(both.other_people):,} ids are in both files with different profiles: "
            "other people with the same number."
        )


def _item(line: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    grid.add_row("-", Text(line))
    return grid


def question_table(report: RecordsReport) -> Table:
    """Lay the questions out, one or two lines each; a Chinese character takes two cells."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    heads = {"role": "Field", "stance": "Theme", "interview": "Segment"}
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(heads.get(report.task, "Question"), ratio=5, overflow="fold")
    table.add_column("n", justify="right", no_wrap=True)
    table.add_column("People", justify="right", no_wrap=True)
    table.add_column("Orders", justify="right", no_wrap=True)
    table.add_column("Labels" if report.task != "interview" else "Answers", ratio=6)
    for one in report.questions:
        if one.mean_length is not None:
            labels = f"free text, {one.mean_length:.0f} characters on average"
        else:
            labels = _labels(one.options, one.shares)
        orders = f"{one.orders:,}" if one.orders else "–"
        table.add_row(Text(one.name), f"{one.n:,}", f"{one.people:,}", orders, Text(labels))
    return table


def _labels(options: Sequence[str], shares: Sequence[float]) -> str:
    from alignsurvey.report.numbers import percent

    shown = [
        f"{text} {percent(share)}"
        for text, share in list(zip(options, shares, strict=True))[:_MOST_OPTIONS]
    ]
    rest = len(options) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
