"""`alignsurvey fidelity`: how far simulators' answers are from people's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def fidelity(
    study: Annotated[Path, typer.Argument(help="Study file; `alignsurvey init` writes one.")],
    out: Annotated[
        Path | None, typer.Option(help="Run folder. Without it: runs/NAME, none with --json.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print all scores as JSON.")] = False,
) -> None:
    """Score simulators against people on three axes: structural, marginal, individual.

    Writes a run folder with report.html, scores.parquet, answers.parquet and manifest.json.

    Example: alignsurvey fidelity study.yaml --out runs/first
    """
    if out is None and not json:
        out = Path("runs") / study.stem
    run_and_show(study, out, json)


def run_and_show(study_file: Path, out: Path | None, json: bool, title: str | None = None) -> None:
    """Run a study, fill its folder, and print the table or the JSON."""
    from functools import partial

    from rich.console import Console

    from alignsurvey.cli.progress import progress_on
    from alignsurvey.fidelity.folder import run_in_folder
    from alignsurvey.fidelity.study import Study
    from alignsurvey.report.page import write_report
    from alignsurvey.report.terminal import fidelity_table

    study = Study.read(study_file)
    errors = Console(stderr=True)
    with progress_on(errors) as progress:
        report = partial(write_report, title=title or f"Fidelity of {study_file.stem}")
        result = run_in_folder(study, out, study_file, report, progress)
    if json:
        typer.echo(result.to_json())
        return
    Console().print(fidelity_table(result))
    if out is not None:
        typer.echo(f"\nReport: {out / 'report.html'}")
