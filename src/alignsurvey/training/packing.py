"""Packing: a respondent's questions behind one profile, with a block mask and own positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from alignsurvey.errors import InputError
from alignsurvey.training.encoding import Example, Ids, share_prefix


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows of tokens, and where in them the answers are.

    A row is one pack: a prefix, and behind it questions with their answers, which see the prefix
    and themselves, and not each other. B rows of T tokens hold E examples with M answer tokens.

    Parameters
    ----------
    examples : tuple of Example, length E
    input_ids : tensor of int64, shape (B, T)
    positions, mask : tensor, shape (B, T) and (B, 1, T, T), or None
        None where each row is one example: causal attention is right then, and padding stands on
        the right, where nobody looks.
    rows, columns : tensor of int64, shape (M,)
        Where the logits of each answer token are: one place before it.
    answers : tensor of int64, shape (M,)
        The answer tokens.
    owner : tensor of int64, shape (M,)
        To which example each belongs.
    first : tensor of int64, shape (E,)
        Place among the M of each example's first answer token, where options are weighed.
    """

    examples: tuple[Example, ...]
    input_ids: torch.Tensor
    positions: torch.Tensor | None
    mask: torch.Tensor | None
    rows: torch.Tensor
    columns: torch.Tensor
    answers: torch.Tensor
    owner: torch.Tensor
    first: torch.Tensor
    weights: torch.Tensor = field(repr=False)

    @property
    def tokens(self) -> int:
        """Tokens that are computed, padding included."""
        return int(self.input_ids.numel())


def make_batch(
    packs: Sequence[Sequence[Example]], pad_id: int, device: str | torch.device = "cpu"
) -> Batch:
    """Lay packs out as the rows of a batch.

    Parameters
    ----------
    packs : sequence of sequence of Example
        The examples of a pack share their prefix (`share_prefix`).
    pad_id : int
        Token for what is left of a row.
    device : str

    Returns
    -------
    Batch

    Raises
    ------
    InputError
        A pack's examples have different prefixes.

    Examples
    --------
    >>> none = np.array([], int)
    >>> two = [Example(none, np.array([1, 2, q]), np.array([9])) for q in (3, 4)]
    >>> batch = make_batch([share_prefix(two)], pad_id=0)
    >>> batch.input_ids.tolist(), batch.positions.tolist()
    ([[1, 2, 3, 9, 4, 9]], [[0, 1, 2, 3, 2, 3]])
    >>> batch.columns.tolist(), batch.answers.tolist()
    ([2, 4], [9, 9])
    """
    rows = [_row(pack) for pack in packs]
    longest = max(len(row.ids) for row in rows)
    ids = np.full((len(rows), longest), pad_id, dtype=np.int64)
    for place, row in enumerate(rows):
        ids[place, : len(row.ids)] = row.ids
    examples = tuple(one for pack in packs for one in pack)
    lengths = np.array([len(one.answer_ids) for one in examples])
    owner = np.repeat(np.arange(len(examples)), lengths)
    counts = [len(row.columns) for row in rows]
    arrays = {
        "input_ids": ids,
        "rows": np.repeat(np.arange(len(rows)), counts),
        "columns": np.concatenate([row.columns for row in rows]),
        "answers": np.concatenate([one.answer_ids for one in examples]),
        "owner": owner,
        "first": np.concatenate([[0], np.cumsum(lengths)[:-1]]),
    }
    tensors = {
        name: torch.from_numpy(np.ascontiguousarray(one, dtype=np.int64)).to(device)
        for name, one in arrays.items()
    }
    weights = torch.tensor([one.weight for one in examples], dtype=torch.float32, device=device)
    positions, mask = _attention(rows, longest, device)
    return Batch(examples=examples, positions=positions, mask=mask, weights=weights, **tensors)


@dataclass(frozen=True, eq=False)
class _Row:
    ids: Ids
    columns: Ids
    segment: Ids
    """0 for the prefix, 1, 2, … for the questions."""
    position: Ids


def _row(pack: Sequence[Example]) -> _Row:
    prefix = pack[0].prefix_ids
    if any(not np.array_equal(one.prefix_ids, prefix) for one in pack[1:]):
        raise InputError("the questions of a pack must share their prefix; use share_prefix")
    parts, segments, positions = [prefix], [np.zeros(len(prefix))], [np.arange(len(prefix))]
    columns = []
    at = len(prefix)
    for number, one in enumerate(pack, 1):
        parts += [one.question_ids, one.answer_ids]
        n = len(one.question_ids) + len(one.answer_ids)
        segments.append(np.full(n, number))
        positions.append(len(prefix) + np.arange(n))
        start = at + len(one.question_ids) - 1
        columns.append(start + np.arange(len(one.answer_ids)))
        at += n
    joined = [np.concatenate(one).astype(np.int64) for one in (parts, columns, segments, positions)]
    return _Row(*joined)


def _attention(
    rows: Sequence[_Row], longest: int, device: str | torch.device
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Positions that start anew behind the prefix, and who sees whom."""
    if all(row.segment.max(initial=0) <= 1 for row in rows):
        return None, None
    positions = np.zeros((len(rows), longest), dtype=np.int64)
    # Padding belongs to a segment of its own and sees itself, so that no row of the mask is empty.
    segments = np.full((len(rows), longest), -1, dtype=np.int64)
    for place, row in enumerate(rows):
        positions[place, : len(row.ids)] = row.position
        segments[place, : len(row.ids)] = row.segment
    segment = torch.from_numpy(segments).to(device)
    same = segment[:, :, None] == segment[:, None, :]
    mask = (same | (segment == 0)[:, None, :]).tril_()
    return torch.from_numpy(positions).to(device), mask[:, None]


def answer_logits(model: Any, batch: Batch) -> torch.Tensor:
    """Compute the logits at answer positions alone.

    The output layer over the whole vocabulary is a large part of the work; it is done for M
    tokens instead of B times T.

    Parameters
    ----------
    model : a transformers causal language model, with or without an adapter
    batch : Batch

    Returns
    -------
    tensor, shape (M, vocabulary)
    """
    head = model.get_output_embeddings()
    logits: torch.Tensor = head(answer_states(model, batch))
    return logits


def answer_states(model: Any, batch: Batch) -> torch.Tensor:
    """Compute the last hidden states from which each answer token is predicted.

    Returns
    -------
    tensor, shape (M, hidden size)
    """
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    states = causal.get_decoder()(
        input_ids=batch.input_ids, attention_mask=batch.mask, position_ids=batch.positions,
        use_cache=False,
    ).last_hidden_state  # fmt: skip
    chosen: torch.Tensor = states[batch.rows, batch.columns]
    return chosen


__all__ = ["Batch", "answer_logits", "answer_states", "make_batch", "share_prefix"]
