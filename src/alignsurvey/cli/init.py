"""`alignsurvey init`: a study file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init(
    file: Annotated[Path, typer.Argument(help="Data file: .sav, .dta, .csv, .tsv, .parquet.")],
    out: Annotated[
        Path | None, typer.Option(help="Study file to write. Without it: NAME.study.yaml, here.")
    ] = None,
    id: Annotated[str | None, typer.Option(help="Column with the respondent id.")] = None,
    weight: Annotated[str | None, typer.Option(help="Column with the survey weight.")] = None,
    strata: Annotated[str | None, typer.Option(help="Column with the sampling stratum.")] = None,
    cluster: Annotated[str | None, typer.Option(help="Column with the sampling unit.")] = None,
    codebook: Annotated[Path | None, typer.Option(help="Codebook (YAML) for the file.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a CSV that is not UTF-8.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")] = False,
) -> None:
    """Write a commented study file for a data file, ready to edit and to run.

    For a CSV without a codebook the inferred one is written too, to be corrected.

    Example: alignsurvey init gss2024.dta --id ID --weight WTSSNRPS
    """
    from alignsurvey.fidelity.proposal_file import write_proposal
    from alignsurvey.fidelity.study import SurveySource

    source = SurveySource(
        file=file, id=id, weight=weight, strata=strata, cluster=cluster, codebook=codebook,
        encoding=encoding,
    )  # fmt: skip
    target = out if out is not None else Path(f"{file.stem}.study.yaml")
    for line in write_proposal(source, target, force):
        typer.echo(line)
