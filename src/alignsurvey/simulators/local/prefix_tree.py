"""A prefix tree of token sequences: what sequences begin with alike is in it once.

The system message, a respondent's profile, the words of a question before its options, the labels
that go on from a prompt: wherever sequences part, the tree branches, and nobody has to say where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["PrefixTree", "common_tokens", "prefix_tree"]

Places = NDArray[np.int64]


@dataclass(frozen=True)
class PrefixTree:
    """Stretches of tokens, each of which goes on from another's end.

    Parameters
    ----------
    ids : array of int, shape (tokens,)
        Token ids, stretch after stretch.
    positions : array of int, shape (tokens,)
        How many tokens come before each on its way from the root.
    stretches : tuple of array of int
        For each stretch the places in ``ids`` of its whole way from the root, itself at the end.
    lengths : tuple of int
        Tokens of each stretch itself.
    ways : tuple of int
        The stretch with which each sequence ends.
    """

    ids: Places
    positions: Places
    stretches: tuple[Places, ...]
    lengths: tuple[int, ...]
    ways: tuple[int, ...]

    def way(self, sequence: int) -> Places:
        """Places of a sequence's tokens in ``ids``."""
        return self.stretches[self.ways[sequence]]


def prefix_tree(sequences: Sequence[tuple[int, ...]]) -> PrefixTree:
    """Bring sequences together where they begin alike.

    Parameters
    ----------
    sequences : sequence of tuple of int
        Of at least one token each; the same one may come again.

    Examples
    --------
    >>> tree = prefix_tree([(7, 8, 1), (7, 8, 2, 3), (7, 8)])
    >>> tree.ids.tolist(), tree.positions.tolist()
    ([7, 8, 1, 2, 3], [0, 1, 2, 2, 3])
    >>> tree.way(1).tolist(), tree.way(2).tolist()
    ([0, 1, 3, 4], [0, 1])
    """
    order = sorted(range(len(sequences)), key=lambda one: sequences[one])
    ordered = [sequences[one] for one in order]
    alike = [0, *(common_tokens(a, b) for a, b in pairwise(ordered))]
    ids: list[int] = []
    stretches: list[Places] = []
    lengths: list[int] = []
    ways = [0] * len(sequences)
    # Of each branch: its first and last sequence, how deep it begins, and on which stretch.
    rest = [(0, len(ordered), 0, -1)] if ordered else []
    while rest:
        start, end, depth, parent = rest.pop()
        deep = min(alike[start + 1 : end], default=len(ordered[start]))
        if deep > depth:
            own = np.arange(len(ids), len(ids) + deep - depth)
            before = stretches[parent][:depth] if parent >= 0 else own[:0]
            ids.extend(ordered[start][depth:deep])
            parent = len(stretches)
            stretches.append(np.concatenate([before, own]))
            lengths.append(deep - depth)
        inner = start
        while inner < end and len(ordered[inner]) == deep:
            ways[order[inner]] = parent
            inner += 1
        cuts = [inner, *(one for one in range(inner + 1, end) if alike[one] == deep), end]
        rest.extend(
            (first, last, deep, parent)
            for first, last in reversed(list(pairwise(cuts)))
            if first < last
        )
    positions = [
        np.arange(len(one) - own, len(one)) for one, own in zip(stretches, lengths, strict=True)
    ]
    return PrefixTree(
        np.array(ids, dtype=np.int64),
        np.concatenate(positions) if positions else np.empty(0, dtype=np.int64),
        tuple(stretches),
        tuple(lengths),
        tuple(ways),
    )


def common_tokens(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """Count the tokens that two sequences begin with alike.

    Examples
    --------
    >>> common_tokens((1, 2, 3), (1, 2, 4, 5))
    2
    """
    shorter = min(len(one), len(other))
    if one[:shorter] == other[:shorter]:
        return shorter
    low, high = 0, shorter
    # Slices are compared much faster than tokens one by one.
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low
