"""Words of many texts as numbers, the same number for the same word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from alignsurvey.benchmark.strict.segmenting import segmenter
from alignsurvey.benchmark.strict.segmenting_many import LONGEST_RUN, cut_runs
from alignsurvey.benchmark.strict.similarity import words
from alignsurvey.benchmark.strict.word_tree import Ints, WordTree, codes

_BETWEEN, _OTHER, _CUT, _ODD = range(4)
"""Kinds of characters: no word; in words without Chinese; Chinese that is cut here; neither."""


@cache
def _kinds() -> NDArray[np.uint8]:
    """Tell the characters of the basic plane apart, as `words` does."""
    kinds = np.array([_OTHER if chr(code).isalnum() else _BETWEEN for code in range(1 << 16)])
    kinds[0x4E00:0x9FD6] = _CUT
    kinds[0x3400:0x4DC0] = kinds[0x9FD6:0xA000] = _ODD
    return kinds.astype(np.uint8)


class Numbers:
    """Numbers of words: their nodes in the dictionary; after those, others in order met.

    Parameters
    ----------
    tree : WordTree or None
        jieba's dictionary; None for texts without Chinese.
    """

    def __init__(self, tree: WordTree | None) -> None:
        self._tree = tree
        self._node = tree.node if tree is not None else {"": 0}
        self._new: dict[str, int] = {}
        self._pieces: dict[str, list[tuple[int, int, int]]] = {}

    def of(self, word: str) -> int:
        """Return the number of a word."""
        return self._node.get(word) or self._new.setdefault(word, len(self._node) + len(self._new))

    @property
    def bits(self) -> int:
        """Bits that the greatest number takes."""
        return (len(self._node) + len(self._new)).bit_length()

    def joined(self, singles: str) -> list[tuple[int, int, int]]:
        """Return the words, as place, length and number, of characters that no word took up."""
        found = self._pieces.get(singles)
        if found is None:
            found, at = [], 0
            for word in segmenter().singles(singles):
                if len(word) > 1:
                    found.append((at, len(word), self.of(word)))
                at += len(word)
            self._pieces[singles] = found
        return found

    def __call__(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], Ints]:
        """Number the words of texts.

        Returns
        -------
        numbers : array, shape (words,)
            Of all texts, one after the other.
        counts : array, shape (texts,)
            How many words each text has.

        Examples
        --------
        >>> from alignsurvey.benchmark.strict.segmenting_many import word_tree
        >>> numbers, counts = Numbers(word_tree())(["服务好", "a service", "服务"])
        >>> counts.tolist(), bool(numbers[0] == numbers[4])
        ([2, 2, 1], True)
        """
        joined = "\n".join(texts)
        code = codes(joined + "\n")
        ends = np.cumsum([len(text) + 1 for text in texts])
        kind = _kinds()[np.minimum(code, 0xFFFF)]
        kind[code > 0xFFFF] = _ODD
        number_at = np.full(len(code), -1, dtype=np.int64)
        odd = np.unique(np.searchsorted(ends, np.flatnonzero(kind == _ODD), "right"))
        for text in odd.tolist():
            end = int(ends[text])
            kind[end - len(texts[text]) - 1 : end] = _BETWEEN
            alone = [self.of(word) for word in words(texts[text])]
            number_at[end - len(texts[text]) - 1 :][: len(alone)] = alone
        if self._tree is not None:
            self._chinese(self._tree, joined, code, kind == _CUT, number_at)
        for start, end in _runs(kind == _OTHER):
            number_at[start] = self.of(joined[start:end].lower())
        is_word = number_at >= 0
        before = np.concatenate([[0], np.cumsum(is_word)[ends - 1]])
        return number_at[is_word], np.diff(before)

    def _chinese(
        self,
        tree: WordTree,
        text: str,
        code: NDArray[np.uint32],
        is_chinese: NDArray[np.bool_],
        number_at: Ints,
    ) -> None:
        """Write the numbers of the words in all runs of Chinese."""
        starts, ends = _edges(is_chinese)
        is_long = ends - starts > LONGEST_RUN
        for start, end in zip(starts[is_long].tolist(), ends[is_long].tolist(), strict=True):
            found = segmenter().cut(text[start:end])
            places = start + np.cumsum([0, *map(len, found[:-1])])
            number_at[places] = [self.of(word) for word in found]
        node_at, length_at = cut_runs(tree, code, starts[~is_long], ends[~is_long])
        is_start = length_at > 0
        number_at[is_start] = node_at[is_start]
        for place in np.flatnonzero(is_start & (node_at == 0)).tolist():
            number_at[place] = self.of(text[place])
        at: list[int] = []
        numbers: list[int] = []
        inside: list[int] = []
        for start, end in _runs(length_at == 1, shortest=2):
            for place, length, number in self.joined(text[start:end]):
                at.append(start + place)
                numbers.append(number)
                inside.extend(range(start + place + 1, start + place + length))
        number_at[at] = numbers
        number_at[inside] = -1


def _edges(mask: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return where runs of true start and end; the last place is never true."""
    edges = np.flatnonzero(mask[1:] != mask[:-1]) + 1
    if len(mask) and mask[0]:
        edges = np.concatenate([[0], edges])
    return edges[::2], edges[1::2]


def _runs(mask: NDArray[np.bool_], shortest: int = 1) -> Iterator[tuple[int, int]]:
    starts, ends = _edges(mask)
    enough = ends - starts >= shortest
    return zip(starts[enough].tolist(), ends[enough].tolist(), strict=True)
