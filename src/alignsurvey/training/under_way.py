"""A stage under way: model, optimizer and curve, and the loss of an update batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from alignsurvey.errors import InputError
from alignsurvey.training.checkpoint import Checkpoint, optimizer_moments, restore, trainable
from alignsurvey.training.encoding import Example
from alignsurvey.training.losses import Loss
from alignsurvey.training.packing import Batch, make_batch
from alignsurvey.training.schedule import Source, device_batches
from alignsurvey.training.settings import Settings
from alignsurvey.training.world import World

Forward = Callable[[Any, Batch], torch.Tensor]
"""From model and batch to what the loss takes."""


@dataclass
class UnderWay:
    """What a stage has reached; `alignsurvey.training.loop` moves it on."""

    model: Any
    source: Source
    settings: Settings
    loss: Loss
    forward: Forward
    world: World
    pad_id: int
    key: str
    folder: Path | None
    losses: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    best: dict[str, torch.Tensor] = field(default_factory=dict)
    examples: int = 0
    tokens: int = 0

    def __post_init__(self) -> None:
        """Find what is trained."""
        self.named = trainable(self.model)
        if not self.named:
            raise InputError("the model has nothing to train; give it an adapter first")
        first = next(iter(self.named.values()))
        self.device = first.device
        self.optimizer = torch.optim.AdamW(
            list(self.named.values()),
            lr=self.settings.learning_rate,
            weight_decay=self.settings.weight_decay,
        )
        self.has_dropout = any(
            isinstance(one, torch.nn.Dropout) and one.p > 0 for one in self.model.modules()
        )

    def save(self) -> None:
        """Write a checkpoint, on the first device alone."""
        if self.folder is None or self.world.rank:
            return
        state = {"key": self.key, "losses": self.losses, "validation": self.validation}
        moments = optimizer_moments(self.optimizer, self.named)
        Checkpoint(self.named, moments, self.best, state).write(self.folder)

    def resume(self) -> None:
        """Go back to the last checkpoint, if there is one."""
        kept = Checkpoint.read(self.folder, self.key) if self.folder else None
        if kept is not None:
            restore(kept, self.optimizer, self.named)
            self.losses = [float(one) for one in kept.state["losses"]]
            self.validation = [float(one) for one in kept.state["validation"]]
            self.best = dict(kept.best)

    def mean_loss(self, packs: Sequence[Sequence[Example]], *, learn: bool) -> float:
        """Compute the loss of packs, batch by batch, with or without gradients."""
        batches = device_batches(packs, self.settings)
        size = sum(_size(self.loss, one) for pack in packs for one in pack)
        total = torch.zeros((), device=self.device)
        for number, counts in self.world.turns(len(batches)):
            batch = make_batch(batches[number], self.pad_id, self.device)
            share = sum(_size(self.loss, one) for one in batch.examples) / size * counts
            with frozen_numbers(self.model, self.device):
                loss = self.loss(self.forward(self.model, batch), batch) * share
            if learn:
                loss.backward()
                self.tokens += batch.tokens
                self.examples += len(batch.examples)
            total += loss.detach()
        return self.world.sum(total)


def _size(loss: Loss, example: Example) -> float:
    return example.weight * (len(example.answer_ids) if loss.per == "token" else 1)


def frozen_numbers(model: Any, device: torch.device) -> Any:
    """Compute in bfloat16 where the base has it, while the adapter stays in float32."""
    frozen = next((one.dtype for one in model.parameters() if not one.requires_grad), None)
    if frozen in (torch.bfloat16, torch.float16):
        return torch.autocast(device.type, dtype=frozen)
    return nullcontext()
