"""How alike two reasons are: ROUGE, Jaccard and cosine over words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from alignsurvey.benchmark.strict.segmenting import segmenter

SIMILARITIES = ("rouge1", "rouge2", "rougeL", "jaccard", "cosine")
_RUN = re.compile("([\u3400-\u4dbf\u4e00-\u9fff]+)|([^\\W_\u3400-\u4dbf\u4e00-\u9fff]+)")
_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")


def needs_segmentation(text: str) -> bool:
    """Say whether a text holds Chinese, which has no blanks between words."""
    return _CHINESE.search(text) is not None


def words(text: str, cut: Callable[[str], Sequence[str]] | None = None) -> list[str]:
    """Split a text into words: runs of letters and digits in lower case; Chinese by `cut`.

    Parameters
    ----------
    text : str
    cut : callable, optional
        Segments a run of Chinese; jieba by default.

    Examples
    --------
    >>> words("It's far-away, 3 km!")
    ['it', 's', 'far', 'away', '3', 'km']
    """
    found: list[str] = []
    for run in _RUN.finditer(text):
        if run[1]:
            found.extend((cut or segmenter().cut)(run[1]))
        else:
            found.append(run[2].lower())
    return found


def rouge_n(reference: Sequence[str], candidate: Sequence[str], n: int) -> float:
    """F1 of the n-grams two texts share, each counted as often as in both.

    References
    ----------
    Lin (2004).

    Examples
    --------
    >>> rouge_n("the cat sat".split(), "the cat ran".split(), 1)
    0.6666666666666666
    """
    return _overlap(*(Counter(zip(*(text[i:] for i in range(n)), strict=False))
                      for text in (reference, candidate)))  # fmt: skip


def _overlap(reference: Counter[Any], candidate: Counter[Any]) -> float:
    both = reference.keys() & candidate.keys()
    common = sum([min(reference[gram], candidate[gram]) for gram in both])
    return _f1(common, reference.total(), candidate.total()) if common else 0.0


def rouge_l(reference: Sequence[Hashable], candidate: Sequence[Hashable]) -> float:
    """F1 of the longest common subsequence of two texts.

    References
    ----------
    Lin (2004).

    Examples
    --------
    >>> rouge_l("police killed the gunman".split(), "police kill the gunman".split())
    0.75
    """
    return _f1(longest_common(reference, candidate), len(reference), len(candidate))


def longest_common(reference: Sequence[Hashable], candidate: Sequence[Hashable]) -> int:
    """Length of the longest common subsequence.

    References
    ----------
    The bit-parallel recurrence of Hyyrö (2004).

    Examples
    --------
    >>> longest_common("police killed the gunman".split(), "police kill the gunman".split())
    3
    """
    places: dict[Hashable, int] = {}
    for i, word in enumerate(reference):
        places[word] = places.get(word, 0) | 1 << i
    full = (1 << len(reference)) - 1
    row = full
    for word in candidate:
        matched = row & places.get(word, 0)
        row = ((row + matched) | (row - matched)) & full
    return len(reference) - row.bit_count()


def _f1(common: int, reference: int, candidate: int) -> float:
    return 2 * common / (reference + candidate) if common else 0.0


def jaccard(reference: Sequence[str], candidate: Sequence[str]) -> float:
    """Words in both texts as a share of the words in either.

    Examples
    --------
    >>> jaccard(["a", "b"], ["b", "c"])
    0.3333333333333333
    """
    left, right = set(reference), set(candidate)
    return len(left & right) / len(left | right) if left | right else 0.0


def cosine(reference: Sequence[str], candidate: Sequence[str]) -> float:
    """Cosine of the two texts' word counts.

    Examples
    --------
    >>> cosine(["a", "b"], ["b", "c"])
    0.5
    """
    return _cosine(Counter(reference), Counter(candidate))


def _cosine(left: Counter[str], right: Counter[str]) -> float:
    dot = sum([left[word] * right[word] for word in left.keys() & right.keys()])
    if not dot:
        return 0.0
    squares = [sum([count * count for count in side.values()]) for side in (left, right)]
    return min(1.0, dot / math.sqrt(squares[0] * squares[1]))


@dataclass(frozen=True, slots=True)
class _Counted:
    """A text's words and how often each, and each pair of neighbours, comes."""

    words: tuple[str, ...]
    singles: Counter[str]
    pairs: Counter[tuple[str, str]]


@lru_cache(maxsize=16_384)
def _counted(text: str) -> _Counted:
    found = tuple(words(text))
    return _Counted(found, Counter(found), Counter(pairwise(found)))


@lru_cache(maxsize=65_536)
def similarity(reference: str, candidate: str) -> tuple[float, ...]:
    """Return `SIMILARITIES` of two texts, in that order.

    Examples
    --------
    >>> similarity("good service", "Good service!")
    (1.0, 1.0, 1.0, 1.0, 1.0)
    """
    left, right = _counted(reference), _counted(candidate)
    shared = len(left.singles.keys() & right.singles.keys())
    every = len(left.singles) + len(right.singles) - shared
    return (
        _overlap(left.singles, right.singles),
        _overlap(left.pairs, right.pairs),
        rouge_l(left.words, right.words),
        shared / every if every else 0.0,
        _cosine(left.singles, right.singles),
    )
