"""A head on the last hidden state: scores of any question's options, by their texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from alignsurvey.errors import InputError
from alignsurvey.files import writing
from alignsurvey.randomness import generator
from alignsurvey.simulators.local.folders import HEAD

__all__ = ["HIDDEN", "OptionVectors", "new_head", "option_scores", "read_head", "save_head"]

HIDDEN = 64
"""Width of the head's layers."""


def new_head(state_size: int, seed: int, hidden: int = HIDDEN) -> dict[str, Any]:
    """Make an untrained head: all options of a question get nearly the same score.

    Parameters
    ----------
    state_size : int
        Of the model's hidden states and input embeddings.
    seed : int
    hidden : int

    Returns
    -------
    mapping of str to tensor
        "state" and "mix" are the layers on the hidden state, "option" that on the option's text.
    """
    import torch

    lots = generator(seed, "head")
    shapes = {
        "state": (hidden, state_size),
        "mix": (hidden, hidden),
        "option": (hidden, state_size),
    }
    weights = {
        name: torch.from_numpy((lots.normal(size=shape) / np.sqrt(shape[1])).astype(np.float32))
        for name, shape in shapes.items()
    }
    return weights | {"bias": torch.zeros(hidden)}


class OptionVectors:
    """Gives each option's text a vector: the mean of its tokens' embeddings, scaled to length 1.

    Embeddings are standardized by the vocabulary's mean and spread first, so that options differ
    by what is their own. What was asked for once is remembered.

    Parameters
    ----------
    model : transformers.PreTrainedModel or peft.PeftModel
    tokenizer : transformers.PreTrainedTokenizerFast
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._table = model.get_input_embeddings().weight
        self._tokenizer = tokenizer
        self._scale: tuple[Any, Any] | None = None
        self._known: dict[str, Any] = {}

    def __call__(self, texts: Sequence[str]) -> Any:
        """Give a tensor of shape (K, embedding size)."""
        import torch

        return torch.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> Any:
        import torch

        if self._scale is None:
            table = self._table.detach().float()
            self._scale = table.mean(dim=0), table.std(dim=0).clamp_min(1e-6)
        if text not in self._known:
            mean, spread = self._scale
            ids = self._tokenizer(f" {text}", add_special_tokens=False)["input_ids"]
            own = ((self._table.detach()[ids].float() - mean) / spread).mean(dim=0)
            self._known[text] = torch.nn.functional.normalize(own, dim=0)
        return self._known[text]


def option_scores(head: Mapping[str, Any], states: Any, options: Any) -> Any:
    """Score options against questions: a two-layer network of the state, times the option's layer.

    Parameters
    ----------
    head : mapping of str to tensor
    states : tensor, shape (E, state size)
        Last hidden state where the answer would start; it has seen profile and question.
    options : tensor, shape (E, K, embedding size)
        From `OptionVectors`; rows of 0 for options that are not there.

    Returns
    -------
    tensor, shape (E, K)
        A softmax over a question's options gives their shares.
    """
    import torch

    standard = torch.nn.functional.layer_norm(states.float(), states.shape[-1:])
    inner = torch.nn.functional.gelu(standard @ head["state"].T + head["bias"])
    asked = inner @ head["mix"].T
    return torch.einsum("eh,ekh->ek", asked, options @ head["option"].T)


_PARTS = ("bias", "mix", "option", "state")


def save_head(folder: Path, head: Mapping[str, Any], base: str) -> None:
    """Write a head beside its adapter: ``head.safetensors``, and ``head.json`` about it.

    Parameters
    ----------
    folder : Path
    head : mapping of str to tensor
    base : str
        Fingerprint of the base model's weights.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    from safetensors.torch import save_file

    tensors = {name: head[name].detach().float().cpu().contiguous() for name in _PARTS}
    hidden, size = tensors["state"].shape
    about = {"kind": "options by their texts", "hidden": hidden, "state_size": size,
             "base_weights": base}  # fmt: skip
    try:
        with writing(folder / f"{HEAD}.safetensors") as draft:
            save_file(tensors, draft)
        with writing(folder / f"{HEAD}.json") as draft:
            draft.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror or error}") from error


def read_head(folder: Path, state_size: int) -> dict[str, Any]:
    """Read a head that was saved.

    Parameters
    ----------
    folder : Path
    state_size : int
        Of the model's hidden states.

    Returns
    -------
    mapping of str to tensor

    Raises
    ------
    InputError
        There is none, it is no head, or it is one of a model of another size.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = folder / f"{HEAD}.safetensors"
    if not path.exists():
        raise InputError(f"{folder}: no head (head.safetensors); train one with loss: head")
    try:
        head: dict[str, Any] = load_file(path)
        shapes = [tuple(head[name].shape) for name in _PARTS]
    except (OSError, SafetensorError, KeyError) as error:
        raise InputError(f"{path}: no head that can be read; train it anew") from error
    hidden = shapes[0][0]
    if shapes != [(hidden,), (hidden, hidden), (hidden, state_size), (hidden, state_size)]:
        raise InputError(
            f"{path}: does not fit the model, whose hidden states have {state_size} numbers; name "
            "the base that it was trained on"
        )
    return head
