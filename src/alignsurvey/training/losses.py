"""Losses: from the logits at answer positions to one number that training makes small."""

from __future__ import annotations

from typing import Literal, Protocol

import torch

from alignsurvey.training.packing import Batch


class Loss(Protocol):
    """Gives the mean loss of a batch.

    A step's batches are put together by `per`: a batch counts by its answer tokens or by the
    weights of its examples, so that how a step was cut into batches makes no difference.
    """

    name: str
    per: Literal["token", "example"]

    def __call__(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Give the mean loss; ``logits`` has shape (M, vocabulary)."""
        ...


class Sft:
    """Cross-entropy of the answer's tokens, the prompt's not counted; the mean over tokens.

    Examples
    --------
    >>> Sft().name
    'sft'
    """

    name = "sft"
    per: Literal["token", "example"] = "token"

    def __call__(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Give the mean over answer tokens, in nats, each by its example's weight."""
        each = torch.nn.functional.cross_entropy(logits.float(), batch.answers, reduction="none")
        weights = batch.weights[batch.owner]
        return (each * weights).sum() / weights.sum()
