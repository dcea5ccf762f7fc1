"""A model with a head, as the training loop takes it: adapter and head learn together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from alignsurvey.simulators.local.head import new_head, option_scores
from alignsurvey.training.packing import Batch, answer_states

__all__ = ["WithHead", "head_scores"]


class WithHead(torch.nn.Module):  # type: ignore[misc]  # torch may be absent where types are checked
    """A language model with a head for all items; arXiv 2606.28963.

    Parameters
    ----------
    model : transformers.PreTrainedModel or peft.PeftModel
    options : mapping of str to tensor, shape (K, embedding size)
        Vectors of each item's options, from `alignsurvey.simulators.local.head.option_vectors`.
    seed : int
        Of the head's first weights.
    """

    def __init__(self, model: Any, options: Mapping[str, torch.Tensor], seed: int) -> None:
        super().__init__()
        size = model.get_input_embeddings().weight.shape[1]
        self.model = model
        self.options = dict(options)
        self.head = torch.nn.ParameterDict(
            {name: torch.nn.Parameter(one) for name, one in new_head(size, seed).items()}
        )

    def shown(self, batch: Batch) -> torch.Tensor:
        """Option vectors of a batch's examples, shape (E, K, embedding size)."""
        parts = [self.options[one.item] for one in batch.examples]
        return torch.nn.utils.rnn.pad_sequence(parts, batch_first=True).to(batch.input_ids.device)


def head_scores(model: WithHead, batch: Batch) -> torch.Tensor:
    """Score the options of each example: what a loss with ``from_scores`` takes; shape (E, K)."""
    states = answer_states(model.model, batch)[batch.first]
    scores: torch.Tensor = option_scores(model.head, states, model.shown(batch))
    return scores
