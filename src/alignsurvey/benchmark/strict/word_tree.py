"""A dictionary of words as a tree of characters, which many places of a text go down at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Nodes = NDArray[np.int32]

_CHARACTER_BITS = 21
_SCATTER = np.uint64(0x9E3779B97F4A7C15)
"""Fibonacci hashing (Knuth, volume 3, 6.4): neighbours among keys lie far apart in the table."""
_EMPTY = -1
_BASIC_PLANE = 1 << 16


class WordTree:
    """Words by their nodes: 0 is the root, and also what a search that fails gives.

    Parameters
    ----------
    weights : mapping of str to float
        Words and all their beginnings; a beginning that is no word weighs minus infinity.
    rarest : float
        What a character weighs that is no word.

    Examples
    --------
    >>> tree = WordTree({"满": -9.0, "满意": -7.0}, -17.0)
    >>> first = tree.first[[ord("满"), ord("意")]]
    >>> first.tolist(), tree.below(first, np.array([ord("意"), ord("满")])).tolist()
    ([1, 0], [2, 0])
    """

    def __init__(self, weights: Mapping[str, float], rarest: float) -> None:
        self.rarest = rarest
        words = list(weights)
        self.node = {"": 0} | dict(zip(words, range(1, len(words) + 1), strict=True))
        self.weight = np.concatenate([[-np.inf], np.fromiter(weights.values(), np.float64)])
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        characters = codes("".join(words))[np.cumsum(lengths) - 1].astype(np.int64)
        parents = np.fromiter((self.node[word[:-1]] for word in words), np.int64, len(words))
        children = np.arange(1, len(words) + 1)
        self.first: Nodes = np.zeros(_BASIC_PLANE, dtype=np.int32)
        single = (lengths == 1) & (characters < _BASIC_PLANE)
        self.first[characters[single]] = children[single]
        self.is_inner = np.zeros(len(words) + 1, dtype=bool)
        self.is_inner[parents] = True
        longer = lengths > 1
        self._fill((parents << _CHARACTER_BITS | characters)[longer], children[longer])

    def _fill(self, keys: Ints, children: Ints) -> None:
        """Lay the keys out in a table four times their number, the next place for one taken."""
        bits = max(4, int(4 * len(keys)).bit_length())
        self._shift = np.uint64(64 - bits)
        self._keys = np.full(1 << bits, _EMPTY, dtype=np.int64)
        self._children: Nodes = np.zeros(1 << bits, dtype=np.int32)
        places = self._place(keys)
        while len(keys):
            free = self._keys[places] == _EMPTY
            self._keys[places[free]] = keys[free]
            settled = self._keys[places] == keys
            self._children[places[settled]] = children[settled]
            keys, children = keys[~settled], children[~settled]
            places = (places[~settled] + 1) & (len(self._keys) - 1)

    def _place(self, keys: Ints) -> Ints:
        return ((keys.view(np.uint64) * _SCATTER) >> self._shift).view(np.int64)

    def below(self, nodes: Nodes, characters: NDArray[np.integer]) -> Nodes:
        """Go down from nodes, each by a character; 0 where there is no such word or beginning.

        Parameters
        ----------
        nodes, characters : array of int, shape (n,)

        Returns
        -------
        array of int32, shape (n,)
        """
        keys = nodes.astype(np.int64) << _CHARACTER_BITS | characters
        places = self._place(keys)
        found = self._keys[places]
        reached = np.zeros(len(keys), dtype=np.int32)
        hit = np.flatnonzero(found == keys)
        reached[hit] = self._children[places[hit]]
        left = np.flatnonzero((found != keys) & (found != _EMPTY))
        places, keys = places[left], keys[left]
        while len(left):
            places = (places + 1) & (len(self._keys) - 1)
            found = self._keys[places]
            hit = found == keys
            reached[left[hit]] = self._children[places[hit]]
            still = ~hit & (found != _EMPTY)
            left, places, keys = left[still], places[still], keys[still]
        return reached


def codes(text: str) -> NDArray[np.uint32]:
    """Return the code points of a text, half a surrogate pair as it is.

    Examples
    --------
    >>> codes("a满").tolist()
    [97, 28385]
    """
    return np.frombuffer(text.encode("utf-32-le", errors="surrogatepass"), dtype=np.uint32)
