"""LoRA adapters on top of a model: each belongs to its base, later ones to what came before."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError

__all__ = ["with_adapters"]


def with_adapters(model: Any, folders: Sequence[Path], *, merge: bool = True) -> Any:
    """Put adapters on a model, in this order.

    Parameters
    ----------
    model : transformers.PreTrainedModel
    folders : sequence of Path
    merge : bool
        Add them to the weights, so that a pass costs what the model alone costs. The weights of a
        quantized model are too coarse for that: its adapters stay beside it.

    Raises
    ------
    InputError
        An adapter does not fit the model, or peft is not installed.
    """
    try:
        from peft import PeftModel
    except ImportError as error:
        raise InputError(
            f"adapters need {error.name}; install it with pip install 'alignsurvey[local]'"
        ) from None
    if merge:
        for folder in folders:
            model = _fitted(folder, PeftModel.from_pretrained, model, folder).merge_and_unload(
                safe_merge=True
            )
        return model
    names = [f"adapter {place}" for place in range(len(folders))]
    model = _fitted(folders[0], PeftModel.from_pretrained, model, folders[0], names[0])
    for name, folder in zip(names[1:], folders[1:], strict=True):
        _fitted(folder, model.load_adapter, folder, name)
    model.base_model.set_adapter(names)
    return model


def _fitted(folder: Path, load: Any, *arguments: Any) -> Any:
    """Load an adapter; what it says of keys that are missing or left over is an error."""
    paths = [str(one) if isinstance(one, Path) else one for one in arguments]
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=".*(missing|unexpected) adapter keys.*")
            return load(*paths)
    except (RuntimeError, ValueError, KeyError, UserWarning) as error:
        raise InputError(
            f"{folder}: the adapter does not fit the model; name the base that it was trained on"
        ) from error
