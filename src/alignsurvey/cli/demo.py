"""`alignsurvey demo`: the whole job on a real survey that comes along."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option(help="Folder for run and report.")] = Path("demo-run"),
    json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")] = False,
) -> None:
    """Run a fidelity study on the American National Election Study 1996.

    Baselines and two planted simulators, built to fail as language models do, answer for 844
    people after a pilot of 100. Needs no key, no GPU and no download.

    Example: alignsurvey demo --out demo-run
    """
    from importlib.resources import as_file, files

    from alignsurvey.cli.fidelity import run_and_show

    with as_file(files("alignsurvey.fidelity") / "studies" / "anes96.yaml") as study_file:
        run_and_show(study_file, out, json, title="ANES 1996: the three axes of fidelity")
