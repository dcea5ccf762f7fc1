"""Which tokens mean an option's label, and how much of their probability is its own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.simulators.endpoints.label_tokens import plain_label

__all__ = ["LabelTokens", "label_tokens", "single_tokens"]

Ids = tuple[int, ...]
_LONGEST_LABEL_IN_ONE_TOKEN = 40


@dataclass(frozen=True)
class LabelTokens:
    """The ways in which a model may write a question's labels.

    Parameters
    ----------
    labels : tuple of str
    sequences : tuple of tuple of int
        Token ids of every way to write any of them, each once.
    own : tuple of tuple of int
        For each label the places of its ways in ``sequences``; none is the start of another.
    longer : tuple of tuple of int
        For each label the places of longer labels that one of its own ways is the start of, as
        "1" is of "10". Their probability is taken off, so that "10" never counts for "1".
    """

    labels: tuple[str, ...]
    sequences: tuple[Ids, ...]
    own: tuple[tuple[int, ...], ...]
    longer: tuple[tuple[int, ...], ...]

    @property
    def label_ids(self) -> tuple[tuple[Ids, ...], ...]:
        """For each label the token ids of all its ways."""
        return tuple(tuple(self.sequences[place] for place in own) for own in self.own)

    def masses(self, logs: NDArray[np.float64]) -> tuple[dict[str, float], float]:
        """Bring probabilities of sequences together to those of labels.

        Parameters
        ----------
        logs : array, shape (sequences,)
            Natural logarithm of the probability of each sequence, as what the reply begins with.

        Returns
        -------
        tuple of (mapping, float)
            Natural logarithms of the labels' probabilities, not renormalized, impossible ones
            left out; and the probability that lies on none of them.

        Examples
        --------
        >>> one_and_ten = LabelTokens(("1", "10"), ((5,), (5, 6)), ((0,), (1,)), ((1,), ()))
        >>> found, outside = one_and_ten.masses(np.log([0.8, 0.3]))
        >>> [f"{math.exp(one):.2f}" for one in found.values()], f"{outside:.2f}"
        (['0.50', '0.30'], '0.20')
        """
        found: dict[str, float] = {}
        for label, own, longer in zip(self.labels, self.own, self.longer, strict=True):
            log = float(np.logaddexp.reduce(logs[list(own)]))
            if longer:
                rest = math.exp(log) - float(np.exp(logs[list(longer)]).sum())
                log = math.log(rest) if rest > 0 else -math.inf
            if log > -math.inf:
                found[label] = log
        inside = math.fsum(math.exp(one) for one in found.values())
        return found, min(1.0, max(0.0, 1.0 - inside))


def single_tokens(tokenizer: Any) -> Mapping[str, Ids]:
    """Find, for what any single token of the vocabulary means as a label, the tokens that do.

    "A", " A", "A." and "(A" all mean A, as they do where an endpoint's log-probabilities are read.
    """
    found: dict[str, list[int]] = {}
    special = set(tokenizer.all_special_ids)
    ids = [one for one in range(len(tokenizer)) if one not in special]
    for one, text in zip(ids, tokenizer.batch_decode([[one] for one in ids]), strict=True):
        label = plain_label(text)
        if 0 < len(label) <= _LONGEST_LABEL_IN_ONE_TOKEN:
            found.setdefault(label, []).append(one)
    return {label: tuple(tokens) for label, tokens in found.items()}


def label_tokens(
    tokenizer: Any, labels: Sequence[str], singles: Mapping[str, Ids] | None = None
) -> LabelTokens:
    """Find the ways in which a model may write labels.

    A label that is a token of its own is looked for in every token that means it. Any other is
    written in several tokens, alone or after a space, and counts only as a whole.

    Parameters
    ----------
    tokenizer : transformers.PreTrainedTokenizerBase
    labels : sequence of str
        Letters of options, or their texts.
    singles : mapping, optional
        From `single_tokens`, where it is at hand.

    Raises
    ------
    InputError
        Two labels are written alike, or the tokenizer cannot write one.
    """
    singles = single_tokens(tokenizer) if singles is None else singles
    ways = [_ways(tokenizer, label, singles) for label in labels]
    owners: dict[Ids, str] = {}
    for label, own in zip(labels, ways, strict=True):
        for way in own:
            if owners.setdefault(way, label) != label or labels.count(label) > 1:
                raise InputError(
                    f"options '{owners[way]}' and '{label}' are the same to the model; "
                    "name the options by different letters"
                )
    sequences = tuple(owners)
    place = {way: n for n, way in enumerate(sequences)}
    longer = [
        _shortest(_longer(own, label, owners)) for own, label in zip(ways, labels, strict=True)
    ]
    return LabelTokens(
        tuple(labels),
        sequences,
        tuple(tuple(place[way] for way in own) for own in ways),
        tuple(tuple(place[way] for way in others) for others in longer),
    )


def _ways(tokenizer: Any, label: str, singles: Mapping[str, Ids]) -> tuple[Ids, ...]:
    found = {(one,) for one in singles.get(plain_label(label), ())}
    if not found:
        for text in (label, f" {label}"):
            found.add(tuple(tokenizer.encode(text, add_special_tokens=False)))
    if not all(found) or any(tokenizer.unk_token_id in way for way in found):
        raise InputError(f"the model's tokenizer cannot write the option '{label}'; rename it")
    return _shortest(found)


def _longer(own: Iterable[Ids], label: str, owners: Mapping[Ids, str]) -> list[Ids]:
    return [
        way
        for way, owner in owners.items()
        if owner != label and any(_is_start(start, way) for start in own)
    ]


def _shortest(ways: Iterable[Ids]) -> tuple[Ids, ...]:
    """Leave out sequences that begin with another: their probability is in the other's."""
    every = sorted(ways)
    return tuple(way for way in every if not any(_is_start(other, way) for other in every))


def _is_start(start: Ids, way: Ids) -> bool:
    return len(start) < len(way) and way[: len(start)] == start
