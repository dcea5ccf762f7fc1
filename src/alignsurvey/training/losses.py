"""Losses: from the logits at answer positions to one number that training makes small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.training.packing import Batch

__all__ = ["LOSSES", "Loss", "OptionShares", "Sft", "option_log_shares", "score_log_shares"]


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


@dataclass
class OptionShares:
    r"""Distance of the shares that a model gives the options from people's; arXiv 2502.16761.

    The model's shares are a softmax over the options alone. With p the human shares, q the
    model's and F, G their cumulative sums along the scale, an example counts

    - "cross_entropy": ``-sum_k p_k log q_k``;
    - "kl": the same less the entropy of p, so that 0 is a perfect fit; the same gradient;
    - "none": nothing but the terms below.

    `ordinal` adds ``sum_k |F_k - G_k| gap_k`` for items with `positions`: W1 as a share of the
    scale's length. `shift` adds, for each two groups g, h of an item in the batch, the mean over
    options of ``|(p_g - p_h) - (q_g - q_h)|``, so that groups differ as people's do (after arXiv
    2510.21977, which could not be read in full).

    Parameters
    ----------
    kind : "cross_entropy", "kl" or "none"
    ordinal, shift : float
        Weights of the two further terms.
    positions : mapping of str to array, shape (K,)
        Place of each option on its scale; items without are nominal.
    from_scores : bool
        What it is given are a head's scores of the options, not logits of the vocabulary.
    name : str

    Raises
    ------
    InputError
        There is nothing to make small, or a weight is below 0.

    Examples
    --------
    >>> OptionShares(kind="kl").name
    'distribution'
    """

    kind: Literal["cross_entropy", "kl", "none"] = "cross_entropy"
    ordinal: float = 0.0
    shift: float = 0.0
    positions: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    from_scores: bool = False
    name: str = "distribution"
    per: Literal["token", "example"] = "example"

    def __post_init__(self) -> None:
        """Check kind and weights."""
        if self.kind not in ("cross_entropy", "kl", "none"):
            raise InputError(f"loss: kind '{self.kind}' must be cross_entropy, kl or none")
        if min(self.ordinal, self.shift) < 0:
            raise InputError("loss: the weights of ordinal and shift must be 0 or more")
        if self.kind == "none" and not (self.ordinal or self.shift):
            raise InputError("loss: nothing to make small; give 'ordinal' or 'shift' a weight")

    def __call__(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Give the weighted mean over the batch's examples."""
        read = score_log_shares if self.from_scores else option_log_shares
        log_q = read(logits, batch)
        p = _targets(batch, log_q)
        each = torch.zeros_like(batch.weights)
        if self.kind != "none":
            each = -(p * log_q).sum(dim=1)
        if self.kind == "kl":
            each = each + torch.special.xlogy(p, p).sum(dim=1)
        q = log_q.exp() * _real(batch, log_q)
        if self.ordinal:
            each = each + self.ordinal * _distance(q - p, self._gaps(batch, log_q))
        weights = batch.weights
        total: torch.Tensor = (each * weights).sum() / weights.sum()
        return total + self.shift * _shift(q, p, batch) if self.shift else total

    def _gaps(self, batch: Batch, like: torch.Tensor) -> torch.Tensor:
        """For each option the way to the next one along the scale, in scale lengths; (E, K, K).

        Entry (e, j, k) is the gap behind place j if option k lies at or before it.
        """
        gaps = torch.zeros(len(batch.examples), like.shape[1], like.shape[1], device=like.device)
        for place, one in enumerate(batch.examples):
            if one.item in self.positions:
                known = torch.from_numpy(_steps(self.positions[one.item])).to(gaps)
                gaps[place, : known.shape[0], : known.shape[1]] = known
        return gaps


LOSSES = {
    "distribution": OptionShares,
    "kl": partial(OptionShares, kind="kl", name="kl"),
    "shift": partial(OptionShares, shift=1.0, name="shift"),
    # Records do not say which options are ordered, so there is no term along the scale.
    "head": partial(OptionShares, from_scores=True, name="head"),
}
"""Losses by the name that a training file gives them; `Sft` is the other one."""


def option_log_shares(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Log-shares of the options from the logits where answers start; all ways to write one add up.

    Returns
    -------
    tensor, shape (E, K)
        Natural logarithms that sum to 1 as shares; 0 in the places of options that are not there.

    Raises
    ------
    InputError
        An example has no lettered options.
    """
    firsts = logits[batch.first].float()
    ways = [one.label_ids for one in batch.examples]
    for one in batch.examples:
        if not one.label_ids:
            raise InputError(f"'{one.item}' has no lettered options; use loss: sft")
    k, v = max(map(len, ways)), max(len(way) for one in ways for way in one)
    index = torch.zeros(len(ways), k, v, dtype=torch.long)
    there = torch.zeros(len(ways), k, v, dtype=torch.bool)
    for place, options in enumerate(ways):
        for option, tokens in enumerate(options):
            index[place, option, : len(tokens)] = torch.tensor(tokens)
            there[place, option, : len(tokens)] = True
    index, there = index.to(logits.device), there.to(logits.device)
    found = firsts.gather(1, index.flatten(1)).view(index.shape)
    # A large negative number in place of -inf: the gradient of a row of -inf is no number.
    masses = found.masked_fill(~there, -1e30).logsumexp(dim=2)
    return _normalized(masses, there.any(dim=2))


def score_log_shares(scores: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Log-shares from a head's scores of the options, shape (E, K); see `option_log_shares`."""
    return _normalized(scores.float(), _real(batch, scores))


def _normalized(masses: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    return masses.masked_fill(~there, -1e30).log_softmax(dim=1).masked_fill(~there, 0.0)


def _real(batch: Batch, like: torch.Tensor) -> torch.Tensor:
    """Which options are there, shape (E, K)."""
    counts = [len(_target(one)) for one in batch.examples]
    places = torch.arange(like.shape[1], device=like.device)
    return places[None, :] < torch.tensor(counts, device=like.device)[:, None]


def _targets(batch: Batch, like: torch.Tensor) -> torch.Tensor:
    targets = torch.zeros_like(like)
    for place, one in enumerate(batch.examples):
        shares = _target(one)
        targets[place, : len(shares)] = torch.from_numpy(shares).to(like)
    return targets


def _target(example: object) -> NDArray[np.float64]:
    target: NDArray[np.float64] | None = getattr(example, "target", None)
    if target is None:
        item = getattr(example, "item", "")
        raise InputError(f"'{item}' has no human shares to learn; use loss: sft")
    return target


def _steps(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    order = np.argsort(positions, kind="stable")
    length = max(float(np.ptp(positions)), 1e-12)
    steps = np.zeros((len(order), len(order)))
    for place in range(len(order) - 1):
        gap = positions[order[place + 1]] - positions[order[place]]
        steps[place, order[: place + 1]] = gap / length
    return steps


def _distance(difference: torch.Tensor, gaps: torch.Tensor) -> torch.Tensor:
    """W1 of two share vectors from their difference, shape (E,)."""
    return torch.einsum("ek,ejk->ej", difference, gaps).abs().sum(dim=1)


def _shift(q: torch.Tensor, p: torch.Tensor, batch: Batch) -> torch.Tensor:
    """How far differences between groups are from people's, over the items of the batch."""
    cells: dict[str, dict[str, list[int]]] = {}
    for place, one in enumerate(batch.examples):
        if one.group:
            cells.setdefault(one.item, {}).setdefault(one.group, []).append(place)
    found = []
    for groups in cells.values():
        weighty = [(rows, batch.weights[rows]) for rows in groups.values()]
        means = torch.stack([w @ (q - p)[rows] / w.sum() for rows, w in weighty])
        first, second = torch.triu_indices(len(means), len(means), 1)
        if len(first):
            found.append((means[first] - means[second]).abs().mean())
    return torch.stack(found).mean() if found else q.sum() * 0.0
