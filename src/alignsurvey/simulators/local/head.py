"""A head on the last hidden state: scores of any question's options, by their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from alignsurvey.randomness import generator

__all__ = ["HIDDEN", "new_head", "option_scores", "option_vectors"]

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


def option_vectors(model: Any, tokenizer: Any, texts: Sequence[str]) -> Any:
    """Give each option's text a vector: the mean of its tokens' embeddings, scaled to length 1.

    Embeddings are standardized by the vocabulary's mean and spread first, so that options differ
    by what is their own.

    Returns
    -------
    tensor, shape (K, embedding size)
    """
    import torch

    table = model.get_input_embeddings().weight.detach().float()
    mean, spread = table.mean(dim=0), table.std(dim=0).clamp_min(1e-6)
    rows = []
    for text in texts:
        ids = tokenizer(f" {text}", add_special_tokens=False)["input_ids"]
        rows.append(((table[ids] - mean) / spread).mean(dim=0))
    return torch.nn.functional.normalize(torch.stack(rows), dim=1)


def option_scores(head: Mapping[str, Any], states: Any, options: Any) -> Any:
    """Score options against questions: a two-layer network of the state, times the option's layer.

    Parameters
    ----------
    head : mapping of str to tensor
    states : tensor, shape (E, state size)
        Last hidden state where the answer would start; it has seen profile and question.
    options : tensor, shape (E, K, embedding size)
        From `option_vectors`; rows of 0 for options that are not there.

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
