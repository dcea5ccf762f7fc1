"""`alignsurvey estimate`: valid estimates from a human pilot and simulated answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alignsurvey.cli.asking_options import AskingOptions, SentOptions, with_options
from alignsurvey.cli.elicit_options import (
    AS_SENT,
    AS_STUDY,
    USUAL_TERMS,
    ElicitOptions,
    eliciting,
)

if TYPE_CHECKING:
    from alignsurvey.fidelity.fielded import Fielded
    from alignsurvey.fidelity.study import Study


@with_options
def estimate(
    study: Annotated[Path, typer.Argument(help="Study file; `alignsurvey init` writes one.")],
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="mean:ITEM, share:ITEM=CODE, quantile:ITEM@.9, ols:ITEM, 'crosstab:ITEM by "
            "VARIABLE', 'difference:ITEM by VARIABLE'; repeat it. All items without."
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(help="Only this one beside the pilot alone, such as ppi++; repeat it."),
    ] = None,
    level: Annotated[float, typer.Option(help="Confidence level.")] = 0.95,
    simultaneous: Annotated[
        bool, typer.Option("--simultaneous", help="Crosstab intervals that hold all together.")
    ] = False,
    format: Annotated[
        str | None,
        typer.Option(help="markdown, latex, csv or json; as --out ends, or markdown."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File: .md, .tex, .csv or .json; printed without.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As --format json.")] = False,
    elicit: ElicitOptions = AS_STUDY,
    sent: SentOptions = AS_SENT,
    asking: AskingOptions = USUAL_TERMS,
) -> None:
    """Estimate shares, means, coefficients and crosstabs from a pilot and simulated answers.

    Every method stands beside the pilot alone, overall and in the study's groups, with a verdict:
    use, use with care, don't use, and why.

    Example: alignsurvey estimate study.yaml --target share:vote=1 --out estimates.tex
    """
    from alignsurvey.fidelity.estimates import estimate_study
    from alignsurvey.fidelity.study import Study
    from alignsurvey.files import writing
    from alignsurvey.report.estimates import write_estimates

    chosen = "json" if json else _format(format, out)
    read = eliciting(Study.read(study), elicit, sent)
    fielded = fielded_on_terms(read, asking, json=json)
    found = estimate_study(
        read, target or (), methods=method or (), level=level, simultaneous=simultaneous,
        fielded=fielded,
    )  # fmt: skip
    text = write_estimates(found, chosen)
    if out is None:
        typer.echo(text, nl=False)
        return
    with writing(out) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")
    typer.echo(f"Written: {out}", err=json)


def fielded_on_terms(study: Study, asking: AskingOptions, *, json: bool) -> Fielded:
    """Let a study's simulators answer for everybody, on the terms of the options."""
    from functools import partial

    from rich.console import Console

    from alignsurvey.cli.progress import progress_on
    from alignsurvey.fidelity.asking import Terms
    from alignsurvey.fidelity.fielded import field_study

    with (
        progress_on(Console(stderr=True)) as progress,
        asking.asker(None, progress, json=json) as asker,
    ):
        tell = partial(typer.echo, err=True)
        terms = Terms(asker, asking.limits, asking.base_url, tell=tell, settings=asking.settings)
        return field_study(study, terms=terms)


def _format(given: str | None, out: Path | None) -> str:
    from alignsurvey.errors import InputError, nearest
    from alignsurvey.report.estimates import FORMATS

    if given is not None and given not in FORMATS:
        raise InputError(f"--format: no format '{given}'; {nearest(given, FORMATS)}")
    if out is None or given is not None:
        return given or "markdown"
    found = next((name for name, ends in FORMATS.items() if out.suffix.lower() in ends), None)
    if found is None:
        raise InputError(f"--out {out}: ends in none of .md, .tex, .csv, .json; add --format")
    return found
