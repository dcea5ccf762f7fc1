"""`alignsurvey simulate`: a synthetic sample of a questionnaire, marked as simulated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from alignsurvey.cli.asking_options import AskingOptions, SentOptions, with_options
from alignsurvey.cli.elicit_options import (
    AS_SENT,
    AS_STUDY,
    USUAL_TERMS,
    ElicitOptions,
    eliciting,
)


@with_options
def simulate(
    study: Annotated[Path, typer.Argument(help="Study file; `alignsurvey init` writes one.")],
    simulator: Annotated[str, typer.Option(help="Who answers: provider/model, or a label.")],
    out: Annotated[Path, typer.Option(help="File: .parquet, .csv, .sav or .dta.")],
    n: Annotated[int, typer.Option(min=1, help="Simulated people.")] = 1000,
    margins: Annotated[
        Path | None, typer.Option(help="Margins of the population, YAML; profiles are raked.")
    ] = None,
    independent: Annotated[
        bool, typer.Option("--independent", help="Make profiles from the margins alone.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(help="Of profiles and answers; else the study's.")
    ] = None,
    elicit: ElicitOptions = AS_STUDY,
    sent: SentOptions = AS_SENT,
    asking: AskingOptions = USUAL_TERMS,
    json: Annotated[bool, typer.Option("--json", help="Print how it went as JSON.")] = False,
) -> None:
    """Make a synthetic sample: a simulator fills in the study's items for people that are drawn.

    Profiles are drawn from the study's survey by weight, or raked to margins of the population.
    Every row says that it is simulated, and by whom.

    Example: alignsurvey simulate study.yaml --simulator baseline/logit --n 1000 --out sample.sav
    """
    from functools import partial
    from warnings import catch_warnings, simplefilter

    from rich.console import Console

    from alignsurvey.cli.progress import progress_on
    from alignsurvey.fidelity import sample as samples
    from alignsurvey.fidelity.asking import Terms
    from alignsurvey.fidelity.sources import load_survey
    from alignsurvey.fidelity.study import Study
    from alignsurvey.survey.margins import read_margins

    samples.check_out(out)
    read = eliciting(Study.read(study), elicit, sent)
    survey = load_survey(read)
    wanted = read_margins(margins, survey.codebook) if margins else ()
    with (
        progress_on(Console(stderr=True)) as progress,
        asking.asker(None, progress, json=json) as asker,
    ):
        tell = partial(typer.echo, err=True)
        terms = Terms(asker, asking.limits, asking.base_url, tell=tell, settings=asking.settings)
        sample = samples.simulate(
            read, simulator, n, read.seed if seed is None else seed, wanted,
            independent=independent, terms=terms, survey=survey,
        )  # fmt: skip
    with catch_warnings(record=True) as remarks:
        simplefilter("always")
        samples.write_sample(sample, out)
    for remark in remarks:
        tell(f"note: {remark.message}")
    if json:
        from json import dumps

        typer.echo(dumps(sample.as_dict(), ensure_ascii=False, indent=1, default=str))
        return
    for line in samples.sample_lines(sample, out):
        typer.echo(line)
