"""Passes through a model that go on from what was computed before."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from alignsurvey.simulators.local.known_layers import innermost

__all__ = ["Computed", "go_on", "shares_starts"]

_PLAIN_LAYERS = ("full_attention", "sliding_attention")


@dataclass(frozen=True)
class Computed:
    """Keys and values of some rows of tokens.

    Parameters
    ----------
    cache : transformers.Cache
    mask : tensor of int, shape (rows, tokens)
        0 where a row is padded.
    lengths : tensor of int, shape (rows,)
        Tokens of each row without padding.
    """

    cache: Any
    mask: Any
    lengths: Any

    def of(self, rows: Sequence[int]) -> Computed:
        """Take rows, each as often as it is named; what was computed stays as it is."""
        import torch

        index = torch.tensor(rows, device=self.mask.device)
        cache = copy.copy(self.cache)
        # Layers are copied and not their tensors: selecting and adding make new tensors.
        cache.layers = [copy.copy(layer) for layer in self.cache.layers]
        cache.batch_select_indices(index)
        return Computed(cache, self.mask[index], self.lengths[index])


def go_on(
    model: Any,
    before: Computed | None,
    rows: Sequence[Sequence[int]],
    *,
    pad: Literal["left", "right"],
    keep: int = 1,
) -> tuple[Any, Computed]:
    """Compute the next tokens of each row.

    Parameters
    ----------
    model : transformers.PreTrainedModel
    before : Computed, optional
        What came before, one row each.
    rows : sequence of sequence of int
        Token ids.
    pad : "left" or "right"
        Where shorter rows are padded; left where logits are wanted, so that all end together.
    keep : int
        At how many of the last places logits are wanted.

    Returns
    -------
    tuple of (tensor of shape (rows, keep, vocabulary), Computed)
    """
    import torch
    from transformers import DynamicCache

    device = model.get_input_embeddings().weight.device
    longest = max(map(len, rows))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for place, row in enumerate(rows):
        span = slice(longest - len(row), None) if pad == "left" else slice(0, len(row))
        ids[place, span] = torch.tensor(row)
        mask[place, span] = 1
    ids, mask = ids.to(device), mask.to(device)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    lengths = mask.sum(1)
    cache = DynamicCache()
    if before is not None:
        cache = before.cache
        positions = positions + before.lengths[:, None]
        lengths = lengths + before.lengths
        mask = torch.cat([before.mask, mask], dim=1)
    with torch.inference_mode():
        out = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=keep,
        )
    return out.logits[:, -keep:], Computed(out.past_key_values, mask, lengths)


def shares_starts(model: Any, longest: int) -> bool:
    """Whether rows of a model may go on from one start, padded, with nothing changed by it.

    A window of attention that is shorter than the rows counts padding, and a recurrent state
    takes it in: such models are asked one prompt at a time.
    """
    config = model.config.get_text_config()
    layers = getattr(config, "layer_types", None) or ()
    if any(one not in _PLAIN_LAYERS for one in layers):
        return False
    taken = inspect.signature(innermost(model).forward).parameters
    if not {"position_ids", "past_key_values", "logits_to_keep"} <= taken.keys():
        return False
    window = getattr(config, "sliding_window", None)
    slides = "sliding_attention" in layers or (not layers and window is not None)
    return not (slides and window is not None and longest > window)
