"""`alignsurvey train`: fine-tune a model on surveys and interviews, in two stages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from alignsurvey.training.loop import Progress
    from alignsurvey.training.run import Finished


def train(
    config: Annotated[Path, typer.Argument(help="Training file (YAML); see docs/train.md.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the adapter; runs/NAME without.")
    ] = None,
    without: Annotated[
        str | None, typer.Option(help="Leave a stage out: stage1 or stage2.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Train nothing: write it for LLaMA-Factory and TRL.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print how it went as JSON.")] = False,
) -> None:
    """Fine-tune a local model with LoRA: foundation corpora first, then the tasks.

    After an interruption run it again: it goes on from the last checkpoint to the same weights.
    On several GPUs: torchrun --nproc-per-node 4 -m alignsurvey train CONFIG

    Example: alignsurvey train surveylm.yaml --out models/surveylm
    """
    from alignsurvey.training.config import read_training

    file = read_training(config).without(without)
    if export is not None:
        from alignsurvey.training.export import export_training

        for path in export_training(file, export):
            typer.echo(path)
        return
    require_local()
    from alignsurvey.training.run import run_training
    from alignsurvey.training.world import joined_world

    out = out or Path("runs") / config.stem
    with joined_world() as world:
        shown = None if world.rank else _Shown(quiet=json)
        finished = run_training(file, out, shown, world)
        if world.rank == 0:
            _print(finished, json=json)


def require_local() -> None:
    """Make sure that what training needs is installed."""
    from importlib.util import find_spec

    from alignsurvey.errors import InputError

    for name in ("torch", "transformers", "peft"):
        if find_spec(name) is None:
            raise InputError(
                f"training needs {name}; install it with pip install 'alignsurvey[local]'"
            )


class _Shown:
    """A line every few seconds: update, loss, tokens a second, time left."""

    EVERY_SECONDS = 5.0

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._last = 0.0

    def __call__(self, stage: str, progress: Progress) -> None:
        from time import monotonic

        is_last = progress.step == progress.steps
        if self._quiet or not (is_last or monotonic() - self._last >= self.EVERY_SECONDS):
            return
        self._last = monotonic()
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        typer.echo(
            f"{stage}: update {progress.step:,} of {progress.steps:,}, loss {progress.loss:.3f}, "
            f"{progress.tokens_per_second:,.0f} tokens/s, {minutes}:{seconds:02d} left",
            err=True,
        )


def _print(finished: list[Finished], *, json: bool) -> None:
    if json:
        from json import dumps

        typer.echo(dumps([_plain(one) for one in finished], indent=1))
        return
    for one in finished:
        folder = one.planned.folder
        for note in one.notes:
            typer.echo(f"note: {note}", err=True)
        if one.trained is None:
            typer.echo(f"{one.planned.name}: finished before, in {folder}")
            continue
        losses = one.trained.losses
        typer.echo(
            f"{one.planned.name}: {len(losses):,} updates, loss {losses[0]:.3f} -> "
            f"{losses[-1]:.3f}; adapter in {folder}"
        )


def _plain(one: Finished) -> dict[str, Any]:
    trained = one.trained
    return {
        "stage": one.planned.name,
        "folder": str(one.planned.folder),
        "finished_before": trained is None,
        "losses": list(trained.losses) if trained else [],
        "validation": list(trained.validation) if trained else [],
        "resumed_at": trained.resumed_at if trained else None,
        "seconds": round(trained.seconds, 3) if trained else None,
        "tokens": trained.tokens if trained else None,
    }
