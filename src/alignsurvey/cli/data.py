"""`alignsurvey data build`: training corpora from surveys, dialogues and records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from alignsurvey.tasks.corpora.build import BuildReport

_Sources = Annotated[
    list[Path],
    typer.Argument(help="Survey files; for the other kinds record files (Alpaca JSON)."),
]
_Split = Annotated[
    str | None,
    typer.Option(help="Train and test share no respondent, fingerprint or question."),
]
_Profile = Annotated[
    str, typer.Option(help="Attributes that describe the respondent, with commas.")
]
_Weight = Annotated[
    str | None, typer.Option(help="Column with the survey weight; it is not asked.")
]
_Against = Annotated[
    Path | None, typer.Option(help="A file of rows that must share nobody with this corpus.")
]

data = typer.Typer(help="Make what a model is trained on.", no_args_is_help=True)


@data.callback()
def _data() -> None:
    """Make what a model is trained on."""


@data.command()
def build(
    sources: _Sources,
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    kind: Annotated[str, typer.Option(help="foundation-dialogue, foundation-survey or records.")],
    split: _Split = None,
    share: Annotated[float, typer.Option(help="Share of the test part.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Of the orders of options and of the split.")] = 42,
    items: Annotated[str, typer.Option(help="Survey items to ask, with commas; else all.")] = "",
    profile: _Profile = "",
    id: Annotated[str | None, typer.Option(help="Column with the respondent id.")] = None,
    weight: _Weight = None,
    codebook: Annotated[Path | None, typer.Option(help="Codebook (YAML) for the survey.")] = None,
    language: Annotated[str | None, typer.Option(help="Of the survey: en or zh.")] = None,
    format: Annotated[str, typer.Option(help="alpaca, trl, or both with a comma.")] = "alpaca",
    against: _Against = None,
    name: Annotated[str | None, typer.Option(help="Of the data set; else the kind's.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Build a training corpus; if anybody is on both sides, nothing is written.

    Example: alignsurvey data build gss.dta --kind foundation-survey --out corpus
    """
    from alignsurvey.tasks.corpora.build import Sources, build_corpus

    made = Sources(
        files=sources, kind=kind, items=_listed(items), profile=_listed(profile), id=id,
        weight=weight, codebook=codebook, language=language, seed=seed,
    )  # fmt: skip
    report = build_corpus(made, out, split, share, _listed(format), against, name)
    if json:
        from json import dumps

        typer.echo(dumps(report.as_dict(), ensure_ascii=False, indent=2))
    else:
        _print(report)


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.replace("，", ",").split(",") if one.strip()]


def _print(report: BuildReport) -> None:
    for part in report.parts:
        about = f"{part.rows:,} rows, {part.people:,} people, {part.questions:,} questions"
        typer.echo(f"{part.name}: {about}; {', '.join(part.files)}")
    for reason, n in report.skipped.items():
        typer.echo(f"skipped: {n:,} × {reason}")
    for note in report.notes:
        typer.echo(f"note: {note}")
    typer.echo(f"Written to {report.folder}")
