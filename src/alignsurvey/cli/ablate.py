"""`alignsurvey ablate`: what each stage of training is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def ablate(
    config: Annotated[Path, typer.Argument(help="Training file with stage1 and stage2.")],
    test: Annotated[Path, typer.Option(help="Records of people who train nothing.")],
    out: Annotated[Path, typer.Option(help="Folder for the trained adapters.")],
    json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Train fully, without stage I and without stage II, and compare on held-out people.

    Accuracy and log loss of the options' likelihoods, with 95% bootstrap intervals over
    respondents; the gain is paired with the full training (Table 5 of AlignSurvey).

    Example: alignsurvey ablate surveylm.yaml --test heldout.json --out runs/ablation
    """
    from dataclasses import asdict
    from importlib.util import find_spec
    from json import dumps

    from alignsurvey.errors import InputError
    from alignsurvey.training.config import read_training

    file = read_training(config)
    for name in ("torch", "transformers", "peft"):
        if find_spec(name) is None:
            raise InputError(
                f"training needs {name}; install it with pip install 'alignsurvey[local]'"
            )
    from alignsurvey.training.ablation import Interval
    from alignsurvey.training.ablation import ablate as run

    lines = run(file, test, out, lambda name: typer.echo(f"training: {name}", err=True))
    if json:
        typer.echo(dumps([asdict(one) for one in lines], indent=1))
        return

    def text(interval: Interval | None) -> str:
        return "" if interval is None else "{:.3f} [{:.3f} {:.3f}]".format(*interval)

    typer.echo(f"{'':15} {'accuracy':22} {'log loss':22} gain on full")
    for one in lines:
        row = f"{one.name:15} {text(one.accuracy):22} {text(one.log_loss):22} {text(one.gain)}"
        typer.echo(row.rstrip())
    typer.echo(f"n: {lines[0].n} answers of {lines[0].people} people")
