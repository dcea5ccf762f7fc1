"""jieba's way of cutting Chinese, with its dictionary, for many short runs of characters."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from alignsurvey.benchmark.segmentation import tokenizer

_IN_DICTIONARY = re.compile("[\u4e00-\u9fd5]+")


class Segmenter:
    """The most probable path through jieba's dictionary; its model where only characters are left.

    The same words as ``lcut`` of the tokenizer gives: the logarithms are taken once a word and
    not once an occurrence, and runs of unknown characters are kept.

    References
    ----------
    jieba 0.42.1, `Tokenizer.cut` with its hidden Markov model.

    Examples
    --------
    >>> Segmenter(tokenizer()).cut("受访者对服务很满意")
    ['受访者', '对', '服务', '很', '满意']
    """

    def __init__(self, jieba: Any) -> None:
        jieba.initialize()
        self._lcut = jieba.lcut
        self._frequency: dict[str, int] = jieba.FREQ
        self.rarest = -math.log(jieba.total)
        # The beginning of a word that is none itself is there too, and is never chosen.
        weights = {
            count: math.log(count) + self.rarest if count else -math.inf
            for count in set(self._frequency.values())
        }
        self.weights = {word: weights[count] for word, count in self._frequency.items()}
        self._unknown = lru_cache(maxsize=65_536)(self._by_model)

    def cut(self, run: str) -> list[str]:
        """Cut a run of Chinese characters into words."""
        if not _IN_DICTIONARY.fullmatch(run):
            return list(self._lcut(run))
        ends = self._path(run)
        words: list[str] = []
        start = single = 0
        while start < len(run):
            end = ends[start]
            if end - start > 1:
                if single < start:
                    words.extend(self.singles(run[single:start]))
                words.append(run[start:end])
                single = end
            start = end
        if single < start:
            words.extend(self.singles(run[single:]))
        return words

    def _path(self, run: str) -> list[int]:
        """Return for each place the end of the best word that starts there."""
        weight_of, size = self.weights.get, len(run)
        best = [0.0] * (size + 1)
        ends = [0] * size
        for start in range(size - 1, -1, -1):
            highest, chosen = -math.inf, start + 1
            for end in range(start + 1, size + 1):
                weight = weight_of(run[start:end])
                if weight is None:
                    break
                probability = weight + best[end]
                if probability >= highest:  # of equals jieba takes the longest
                    highest, chosen = probability, end
            if highest == -math.inf:
                highest, chosen = self.rarest + best[start + 1], start + 1
            best[start], ends[start] = highest, chosen
        return ends

    def singles(self, run: str) -> tuple[str, ...]:
        """Cut characters that no word of the dictionary took up."""
        return self._unknown(run) if len(run) > 1 else (run,)

    def _by_model(self, run: str) -> tuple[str, ...]:
        return tuple(run) if self._frequency.get(run) else tuple(_modelled(run))


def _modelled(run: str) -> Iterator[str]:
    from jieba import finalseg

    yield from finalseg.cut(run)


@cache
def segmenter() -> Segmenter:
    """Give the one segmenter over jieba's dictionary.

    Raises
    ------
    InputError
        jieba is not installed.
    """
    return Segmenter(tokenizer())
