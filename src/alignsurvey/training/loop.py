"""The training loop: updates, schedule, checkpoints, resuming, stopping early."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from alignsurvey.errors import InputError
from alignsurvey.randomness import hash_ids, stable_hash, uniforms
from alignsurvey.simulators.local.budget import is_out_of_memory
from alignsurvey.training.checkpoint import load_weights
from alignsurvey.training.encoding import Example
from alignsurvey.training.losses import Loss
from alignsurvey.training.packing import answer_logits
from alignsurvey.training.schedule import Encoded, Schedule, Source, encoded_packs
from alignsurvey.training.settings import Settings
from alignsurvey.training.under_way import Forward, UnderWay
from alignsurvey.training.world import ALONE, World


@dataclass(frozen=True)
class Progress:
    """Where a stage stands.

    Parameters
    ----------
    step, steps : int
    loss : float
        Of the last update, in the loss's unit.
    tokens_per_second, seconds_left : float
    """

    step: int
    steps: int
    loss: float
    tokens_per_second: float
    seconds_left: float


@dataclass(frozen=True)
class Trained:
    """How training went.

    Parameters
    ----------
    steps : int
        Updates made.
    losses : tuple of float
        Of each update.
    validation : tuple of float
        After each epoch, with early stopping.
    examples, tokens : int
        That were computed since the start or the last resume, padding included.
    seconds : float
        Likewise.
    resumed_at : int
        Update from which it went on; 0 for a run from the start.
    """

    steps: int
    losses: tuple[float, ...]
    validation: tuple[float, ...] = ()
    examples: int = 0
    tokens: int = 0
    seconds: float = 0.0
    resumed_at: int = 0


def train(
    model: Any,
    examples: Source | Sequence[Example],
    settings: Settings,
    loss: Loss,
    *,
    pad_id: int = 0,
    folder: Path | None = None,
    key: str = "",
    forward: Forward = answer_logits,
    tell: Callable[[Progress], None] | None = None,
    world: World = ALONE,
) -> Trained:
    """Train what of a model is trainable; the model is changed in place.

    With a folder a checkpoint is kept there, and training again goes on from it to the same
    weights: which examples make an update depends on seed, ids and epoch alone.

    Parameters
    ----------
    model : a transformers causal language model, or a module around one
    examples : Source, or sequence of Example
    settings : Settings
    loss : Loss
    pad_id : int
    folder : Path, optional
        Of the checkpoint.
    key : str
        Of data and settings; a checkpoint of another key is refused.
    forward : callable
        What the loss is computed from: `answer_logits`, or hidden states for a head.
    tell : callable, optional
        Called after each update.
    world : World
        Devices that share the work.

    Returns
    -------
    Trained

    Raises
    ------
    InputError
        There is nothing to train on, the loss is no number (the last good weights are kept), or
        memory runs out.
    """
    source: Source = Encoded(examples) if isinstance(examples, Sequence) else examples
    if not len(source):
        raise InputError("there is nothing to train on; the data give no example")
    settings.accumulation(world.size)
    run = UnderWay(model, source, settings, loss, forward, world, pad_id, key, folder)
    learning, held = _sides(run.source.respondents, settings)
    schedule = Schedule(run.source.respondents, run.source.sizes, learning, settings)
    run.resume()
    resumed_at = len(run.losses)
    started = time.monotonic()
    was_training = model.training
    model.train()
    try:
        _updates(run, schedule, held, tell)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise InputError(
            f"too little memory on {run.device}: lower tokens_at_once (now "
            f"{settings.tokens_at_once:,}) or use bfloat16; the last checkpoint is kept"
        ) from error
    finally:
        model.train(was_training)
    if run.best:
        load_weights(run.named, run.best)
    return Trained(
        len(run.losses), tuple(run.losses), tuple(run.validation), run.examples, run.tokens,
        time.monotonic() - started, resumed_at,
    )  # fmt: skip


def _updates(
    run: UnderWay, schedule: Schedule, held: Sequence[int], tell: Callable[[Progress], None] | None
) -> None:
    started, begun = time.monotonic(), len(run.losses)
    for epoch in range(begun // schedule.per_epoch, run.settings.epochs):
        if len(run.losses) >= schedule.steps or _is_enough(run):
            break
        steps = schedule.epoch(epoch)
        for step in steps[len(run.losses) - epoch * schedule.per_epoch :]:
            if len(run.losses) >= schedule.steps:
                break
            _update(run, schedule, encoded_packs(run.source, step, epoch))
            if tell is not None:
                tell(_progress(run, schedule.steps, begun, time.monotonic() - started))
            if len(run.losses) % run.settings.save_every == 0:
                run.save()
        if held and len(run.losses) == (epoch + 1) * schedule.per_epoch:
            _validate(run, held)
    run.save()


def _update(run: UnderWay, schedule: Schedule, packs: Sequence[Sequence[Example]]) -> None:
    step = len(run.losses)
    for group in run.optimizer.param_groups:
        group["lr"] = run.settings.rate(step, schedule.steps)
    run.optimizer.zero_grad(set_to_none=True)
    with _derived_dropout(run, step):
        loss = run.mean_loss(packs, learn=True)
    run.world.add_gradients(run.named.values())
    norm = float(torch.nn.utils.clip_grad_norm_(run.named.values(), run.settings.max_gradient))
    if not (math.isfinite(loss) and math.isfinite(norm)):
        run.save()
        kept = f" in {run.folder}" if run.folder else ""
        who = packs[0][0]
        raise InputError(
            f"update {step + 1}: the loss is {loss} and the gradient {norm}; the weights before "
            f"it are kept{kept}; lower the learning rate, or look at the rows of this update "
            f"(first: respondent {who.respondent!r}, '{who.item}')"
        )
    run.optimizer.step()
    run.losses.append(loss)


def _validate(run: UnderWay, held: Sequence[int]) -> None:
    """Compute the loss on people kept out; remember the best weights."""
    run.model.eval()
    with torch.no_grad():
        packs = encoded_packs(run.source, [(place,) for place in held], 0)
        loss = run.mean_loss(packs, learn=False)
    run.model.train()
    if not run.validation or loss < min(run.validation):
        run.best = {name: one.detach().clone() for name, one in run.named.items()}
    run.validation.append(loss)


def _is_enough(run: UnderWay) -> bool:
    if not run.validation:
        return False
    best = run.validation.index(min(run.validation))
    return len(run.validation) - 1 - best >= run.settings.patience


def _sides(respondents: Sequence[Hashable], settings: Settings) -> tuple[list[int], list[int]]:
    """Keep whole respondents out for validation."""
    everyone = list(range(len(respondents)))
    if not settings.validation_share:
        return everyone, []
    people = list(dict.fromkeys(respondents))
    n = round(settings.validation_share * len(people))
    if not 0 < n < len(people):
        raise InputError(
            f"validation_share={settings.validation_share} of {len(people)} respondents leaves "
            "nobody on one side; change it"
        )
    lots = uniforms(hash_ids(people), settings.seed, "validation")
    held = {people[place] for place in lots.argsort(kind="stable")[:n]}
    return (
        [place for place in everyone if respondents[place] not in held],
        [place for place in everyone if respondents[place] in held],
    )


@contextmanager
def _derived_dropout(run: UnderWay, step: int) -> Iterator[None]:
    """Draw dropout from the seed and the step, so that a resumed run draws the same."""
    if not run.has_dropout:
        yield
        return
    with torch.random.fork_rng(devices=[run.device] if run.device.type == "cuda" else []):
        torch.manual_seed(stable_hash(run.settings.seed, "dropout", step, run.world.rank) % 2**63)
        yield


def _progress(run: UnderWay, steps: int, begun: int, seconds: float) -> Progress:
    done = len(run.losses)
    left = seconds / max(1, done - begun) * (steps - done)
    return Progress(done, steps, run.losses[-1], run.tokens / max(seconds, 1e-9), left)


__all__ = ["Forward", "Progress", "Trained", "train"]
