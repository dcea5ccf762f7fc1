"""`alignsurvey fidelity`: how far simulators' answers are from people's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alignsurvey.cli.asking_options import AskingOptions, SentOptions, with_options
from alignsurvey.cli.elicit_options import AS_SENT, AS_STUDY, USUAL_TERMS, ElicitOptions, eliciting

if TYPE_CHECKING:
    from alignsurvey.fidelity.study import Study
    from alignsurvey.report.benchmark_page import TaskRun

WORTH_STARTING = 40
"""Fits and scorings from which on starting worker processes pays."""


@with_options
def fidelity(
    study: Annotated[Path, typer.Argument(help="Study file; `alignsurvey init` writes one.")],
    out: Annotated[
        Path | None, typer.Option(help="Run folder. Without it: runs/NAME, none with --json.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print all scores as JSON.")] = False,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that share the pilots; 0: as suits the study.")
    ] = 0,
    elicit: ElicitOptions = AS_STUDY,
    sent: SentOptions = AS_SENT,
    asking: AskingOptions = USUAL_TERMS,
) -> None:
    """Score simulators against people on three axes: structural, marginal, individual.

    Writes a run folder with report.html, scores.parquet, answers.parquet and manifest.json.
    Language models are asked first, once for everybody; what has been asked is not asked again.

    Example: alignsurvey fidelity study.yaml --out runs/first
    """
    if out is None and not json:
        out = Path("runs") / study.stem
    run_and_show(study, out, json, workers, elicit=elicit, sent=sent, asking=asking)


def run_and_show(
    study_file: Path,
    out: Path | None,
    json: bool,
    workers: int = 0,
    title: str | None = None,
    benchmarks: Sequence[TaskRun] = (),
    *,
    elicit: ElicitOptions = AS_STUDY,
    sent: SentOptions = AS_SENT,
    asking: AskingOptions = USUAL_TERMS,
) -> None:
    """Run a study, fill its folder, and print the table or the JSON."""
    from functools import partial

    from rich.console import Console

    from alignsurvey.cli.progress import progress_on
    from alignsurvey.fidelity.asking import Terms
    from alignsurvey.fidelity.folder import run_in_folder
    from alignsurvey.fidelity.study import Study
    from alignsurvey.report.page import write_report
    from alignsurvey.report.terminal import fidelity_table

    study = eliciting(Study.read(study_file), elicit, sent)
    errors = Console(stderr=True)
    with (
        progress_on(errors) as progress,
        asking.asker(out, progress, json=json) as asker,
    ):
        tell = partial(typer.echo, err=True)
        terms = Terms(asker, asking.limits, asking.base_url, tell=tell, settings=asking.settings)
        report = partial(
            write_report,
            title=title or f"Fidelity of {study_file.stem}",
            benchmarks=benchmarks,
        )
        result = run_in_folder(
            study, out, study_file, report, progress, workers or _suitable_workers(study), terms
        )
    if json:
        typer.echo(result.to_json())
        return
    Console().print(fidelity_table(result))
    if out is not None:
        typer.echo(f"\nReport: {out / 'report.html'}")


def _suitable_workers(study: Study) -> int:
    """Use every core for a study whose work outweighs starting processes, else this one."""
    pilots = study.pilot.replicates if study.pilot else 1
    return (os.cpu_count() or 1) if pilots * len(study.simulators) >= WORTH_STARTING else 1
