"""Checkpoints: weights, optimizer and place in one safetensors file, whole or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from alignsurvey.errors import InputError

NAME = "checkpoint.safetensors"


def trainable(model: Any) -> dict[str, torch.nn.Parameter]:
    """Name the parameters that are trained."""
    return {name: one for name, one in model.named_parameters() if one.requires_grad}


@dataclass(frozen=True)
class Checkpoint:
    """What a stage has reached.

    Parameters
    ----------
    weights, best : mapping of str to tensor
        Of the trained parameters, now and where the validation loss was smallest.
    moments : mapping of str to tensor
        Of AdamW.
    state : mapping
        Plain values: the run's key, the step, the curve.
    """

    weights: Mapping[str, torch.Tensor]
    moments: Mapping[str, torch.Tensor]
    best: Mapping[str, torch.Tensor]
    state: Mapping[str, Any]

    def write(self, folder: Path) -> None:
        """Write it beside the former one, then put it in its place."""
        from safetensors.torch import save_file

        parts = {"weights": self.weights, "moments": self.moments, "best": self.best}
        tensors = {
            f"{part}/{name}": one.detach().contiguous().cpu()
            for part, named in parts.items()
            for name, one in named.items()
        }
        draft = folder / f".{NAME}.{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            save_file(tensors, draft, metadata={"state": json.dumps(self.state)})
            with draft.open("rb+") as file:
                os.fsync(file.fileno())
            draft.replace(folder / NAME)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise InputError(
                f"{folder / NAME}: cannot be written: {error.strerror or error}"
            ) from error

    @classmethod
    def read(cls, folder: Path, key: str) -> Checkpoint | None:
        """Read a stage's checkpoint; None if there is none.

        Raises
        ------
        InputError
            It belongs to other data or settings, or cannot be read.
        """
        from safetensors import SafetensorError, safe_open

        path = folder / NAME
        for left in folder.glob(f".{NAME}.*"):
            left.unlink(missing_ok=True)
        if not path.exists():
            return None
        parts: dict[str, dict[str, torch.Tensor]] = {"weights": {}, "moments": {}, "best": {}}
        try:
            with safe_open(path, framework="pt") as file:
                state = json.loads((file.metadata() or {}).get("state", "{}"))
                for name in file.keys():  # noqa: SIM118 - it is no mapping
                    part, _, rest = name.partition("/")
                    parts[part][rest] = file.get_tensor(name)
        except (OSError, SafetensorError, ValueError, KeyError) as error:
            raise InputError(
                f"{path}: cannot be read ({error}); delete it to start anew"
            ) from error
        if state.get("key") != key:
            raise InputError(
                f"{path}: belongs to a run with other data or settings; name a new folder, or "
                "delete it to start anew"
            )
        return cls(**parts, state=state)


def optimizer_moments(
    optimizer: torch.optim.AdamW, named: Mapping[str, torch.nn.Parameter]
) -> dict[str, torch.Tensor]:
    """Take the optimizer's state by parameter name."""
    return {
        f"{kind}/{name}": torch.as_tensor(value)
        for name, one in named.items()
        for kind, value in optimizer.state.get(one, {}).items()
    }


def restore(
    checkpoint: Checkpoint,
    optimizer: torch.optim.AdamW,
    named: Mapping[str, torch.nn.Parameter],
) -> None:
    """Put weights and optimizer back to where a checkpoint was written."""
    load_weights(named, checkpoint.weights)
    for full, value in checkpoint.moments.items():
        kind, _, name = full.partition("/")
        one = named[name]
        # The count of steps stays on the CPU, as AdamW keeps it.
        there = value if kind == "step" else value.to(one.device)
        optimizer.state[one][kind] = there.clone()


def load_weights(
    named: Mapping[str, torch.nn.Parameter], weights: Mapping[str, torch.Tensor]
) -> None:
    """Set parameters to kept values."""
    if named.keys() != weights.keys():
        raise InputError("the checkpoint has other weights than the model; name a new folder")
    with torch.no_grad():
        for name, one in named.items():
            one.copy_(weights[name])
