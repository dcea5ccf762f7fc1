"""Similarities of many pairs of reasons at once: the numbers of `similarity`, from arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from alignsurvey.benchmark.strict.segmenting_many import word_tree
from alignsurvey.benchmark.strict.similarity import longest_common, needs_segmentation, similarity
from alignsurvey.benchmark.strict.word_numbers import Numbers
from alignsurvey.benchmark.strict.word_tree import Ints, WordTree

ENOUGH = 4_000
"""Pairs from which arrays pay for the tree of words that they need."""
_BATCH_CHARACTERS = 1 << 19
_WORD_BITS = 64
_CHUNK = 1024

Floats = NDArray[np.float64]
Pair = tuple[str, str]


def similarities(pairs: Sequence[Pair], workers: int = 1) -> Floats:
    """Compare each pair of texts; see `similarity`.

    Parameters
    ----------
    pairs : sequence of (reference, candidate)
    workers : int
        Threads that share the pairs where there are `ENOUGH`; the numbers do not depend on it.

    Returns
    -------
    array, shape (n, 5)
        `SIMILARITIES` in columns.

    Raises
    ------
    InputError
        A text is Chinese, and jieba is not installed.

    Examples
    --------
    >>> similarities([("good service", "Good service!")]).tolist()
    [[1.0, 1.0, 1.0, 1.0, 1.0]]
    """
    if len(pairs) < ENOUGH:
        return np.array([similarity(*pair) for pair in pairs]).reshape(-1, 5)
    chinese = any(needs_segmentation(text) for pair in pairs for text in pair)
    tree = word_tree() if chinese else None
    with ThreadPoolExecutor(workers) as pool:
        return np.concatenate(list(pool.map(lambda some: _compare(tree, some), _batches(pairs))))


def _batches(pairs: Sequence[Pair]) -> Iterator[Sequence[Pair]]:
    start = size = 0
    for place, (one, other) in enumerate(pairs):
        size += len(one) + len(other) + 2  # with the line ends, so that no batch is too long
        if size >= _BATCH_CHARACTERS:
            yield pairs[start : place + 1]
            start, size = place + 1, 0
    if start < len(pairs):
        yield pairs[start:]


def _compare(tree: WordTree | None, pairs: Sequence[Pair]) -> Floats:
    number = Numbers(tree)
    numbers, counts = number([text for pair in pairs for text in pair])
    text = np.repeat(np.arange(len(counts)), counts)
    lengths = counts.reshape(-1, 2)
    follows = np.flatnonzero(text[1:] == text[:-1])
    neighbours = numbers[follows] << number.bits | numbers[follows + 1]
    singles = _Counts(text, numbers, number.bits, len(pairs))
    doubles = _Counts(text[follows], neighbours, 2 * number.bits, len(pairs))
    shared = singles.shared
    return np.stack(
        [
            _f1(singles.common, lengths.sum(axis=1)),
            _f1(doubles.common, np.maximum(lengths - 1, 0).sum(axis=1)),
            _f1(_longest_common(numbers, lengths), lengths.sum(axis=1)),
            _ratio(shared, singles.distinct.sum(axis=1) - shared),
            np.minimum(1.0, _ratio(singles.dot, np.sqrt(singles.squares.prod(axis=1)))),
        ],
        axis=1,
    )


class _Counts:
    """What the two texts of each pair have in common, from how often each holds each word.

    Parameters
    ----------
    text : array of int, shape (words,)
        Twice the pair, and 1 more for its second text.
    word : array of int, shape (words,)
    bits : int
        That a word takes.
    n : int
        Pairs.
    """

    def __init__(self, text: Ints, word: Ints, bits: int, n: int) -> None:
        keys = np.sort((text >> 1) << (bits + 1) | word << 1 | text & 1)
        starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)])
        count = np.diff(np.concatenate([starts, [len(keys)]])).astype(np.float64)
        keys = keys[starts]
        side = (keys >> (bits + 1)) << 1 | keys & 1
        self.distinct = np.bincount(side, minlength=2 * n).reshape(-1, 2)
        self.squares = np.bincount(side, count * count, 2 * n).reshape(-1, 2)
        both = np.flatnonzero(keys[1:] >> 1 == keys[:-1] >> 1)
        pair, one, other = keys[both] >> (bits + 1), count[both], count[both + 1]
        self.shared = np.bincount(pair, minlength=n)
        self.common = np.bincount(pair, np.minimum(one, other), n)
        self.dot = np.bincount(pair, one * other, n)


def _longest_common(numbers: Ints, lengths: Ints) -> Ints:
    """Return the length of the longest common subsequence of each pair."""
    ends = np.cumsum(lengths).reshape(-1, 2)
    starts = ends - lengths
    short = np.argmin(lengths, axis=1)[:, None]
    sizes = np.take_along_axis(lengths, np.hstack([short, 1 - short]), axis=1)
    firsts = np.take_along_axis(starts, np.hstack([short, 1 - short]), axis=1)
    common = np.zeros(len(lengths), dtype=np.int64)
    fits = sizes[:, 0] <= _WORD_BITS
    for pair in np.flatnonzero(~fits).tolist():
        texts = zip(starts[pair], ends[pair], strict=True)
        common[pair] = longest_common(*(numbers[start:end].tolist() for start, end in texts))
    order = np.flatnonzero(fits)[np.argsort(sizes[fits, 1], kind="stable")]
    for start in range(0, len(order), _CHUNK):
        some = order[start : start + _CHUNK]
        common[some] = _by_bits(
            _padded(numbers, firsts[some, 0], sizes[some, 0], _WORD_BITS, -1),
            _padded(numbers, firsts[some, 1], sizes[some, 1], int(sizes[some, 1].max()), -2),
            sizes[some, 0],
        )
    return common


def _padded(numbers: Ints, firsts: Ints, sizes: Ints, width: int, blank: int) -> NDArray[np.int32]:
    across = np.arange(width)
    inside = across < sizes[:, None]
    places = np.where(inside, firsts[:, None] + across, 0)
    return np.where(inside, numbers[places] if len(numbers) else 0, blank).astype(np.int32)


def _by_bits(one: NDArray[np.int32], other: NDArray[np.int32], sizes: Ints) -> Ints:
    """Run the recurrence of Hyyrö (2004) for many pairs, a bit for each word of one text."""
    full = np.where(sizes, np.uint64(2**64 - 1) >> (64 - sizes).astype(np.uint64) % 64, 0)
    full = full.astype(np.uint64)
    row = full.copy()
    for column in other.T:
        same = np.packbits(one == column[:, None], axis=1, bitorder="little").view("<u8")[:, 0]
        matched = row & same
        row = ((row + matched) | (row - matched)) & full
    return sizes - np.bitwise_count(row).astype(np.int64)


def _f1(common: NDArray[np.number], total: Ints) -> Floats:
    return _ratio(2 * common, total)


def _ratio(above: NDArray[np.number], below: NDArray[np.number]) -> Floats:
    """Divide, with 0 where nothing is above."""
    result = np.zeros(len(above))
    np.divide(above, below, out=result, where=above > 0)
    return result
