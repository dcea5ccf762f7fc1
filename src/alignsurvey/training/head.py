"""A model with a head, as the training loop takes it: adapter and head learn together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from alignsurvey.errors import InputError
from alignsurvey.simulators.local.folders import HEAD
from alignsurvey.simulators.local.head import OptionVectors, new_head, option_scores, read_head
from alignsurvey.training.packing import Batch, answer_states

__all__ = ["WithHead", "head_scores", "headed"]


class WithHead(torch.nn.Module):  # type: ignore[misc]  # torch may be absent where types are checked
    """A language model with a head for all items; arXiv 2606.28963.

    Parameters
    ----------
    model : transformers.PreTrainedModel or peft.PeftModel
    tokenizer : transformers.PreTrainedTokenizerFast
    seed : int
        Of the head's first weights.
    head : mapping of str to tensor, optional
        A trained head to go on from.
    """

    def __init__(
        self, model: Any, tokenizer: Any, seed: int, head: dict[str, torch.Tensor] | None = None
    ) -> None:
        super().__init__()
        size = model.get_input_embeddings().weight.shape[1]
        self.model = model
        self.options = OptionVectors(model, tokenizer)
        weights = new_head(size, seed) if head is None else head
        self.head = torch.nn.ParameterDict(
            {name: torch.nn.Parameter(one.clone()) for name, one in weights.items()}
        )
        self.head.to(model.get_input_embeddings().weight.device)

    def shown(self, batch: Batch) -> torch.Tensor:
        """Option vectors of a batch's examples, shape (E, K, embedding size)."""
        for one in batch.examples:
            if not one.options:
                raise InputError(f"'{one.item}' has no options; a head needs some, use loss: sft")
        parts = [self.options(one.options) for one in batch.examples]
        return torch.nn.utils.rnn.pad_sequence(parts, batch_first=True).to(batch.input_ids.device)


def headed(model: Any, after: Path | None, tokenizer: Any, seed: int) -> WithHead:
    """Put a head on a model: that of the adapter which is continued, else a new one."""
    size = model.get_input_embeddings().weight.shape[1]
    has_one = after is not None and (after / f"{HEAD}.json").exists()
    head = read_head(after, size) if after is not None and has_one else None
    return WithHead(model, tokenizer, seed, head)


def head_scores(model: WithHead, batch: Batch) -> torch.Tensor:
    """Score the options of each example: what a loss with ``from_scores`` takes; shape (E, K)."""
    states = answer_states(model.model, batch)[batch.first]
    scores: torch.Tensor = option_scores(model.head, states, model.shown(batch))
    return scores
