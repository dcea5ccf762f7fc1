"""Cut many runs of Chinese at once: the steps of `Segmenter`, each for all runs together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from alignsurvey.benchmark.strict.segmenting import segmenter
from alignsurvey.benchmark.strict.word_tree import Ints, Nodes, WordTree

_CELLS = 1 << 16
LONGEST_RUN = 512
"""Characters of a run from which it is cut alone: runs that are cut together are as long."""


@cache
def word_tree() -> WordTree:
    """Give the tree of jieba's dictionary.

    Raises
    ------
    InputError
        jieba is not installed.
    """
    return WordTree(segmenter().weights, segmenter().rarest)


def cut_runs(
    tree: WordTree, codes: NDArray[np.uint32], starts: Ints, ends: Ints
) -> tuple[Nodes, Nodes]:
    """Find the most probable words of runs, unknown characters left single.

    Parameters
    ----------
    tree : WordTree
    codes : array, shape (characters,)
        Code points of the basic plane.
    starts, ends : array, shape (runs,)
        Where each run starts and ends, of at most `LONGEST_RUN` characters.

    Returns
    -------
    nodes, lengths : array, shape (characters,)
        Where a word starts, its node in the tree, 0 for an unknown character, and its length;
        elsewhere 0.

    Examples
    --------
    >>> from alignsurvey.benchmark.strict.word_tree import codes
    >>> places = np.array([0]), np.array([9])
    >>> cut_runs(word_tree(), codes("受访者对服务很满意"), *places)[1].tolist()
    [3, 0, 0, 1, 2, 0, 1, 2, 0]
    """
    node_at: Nodes = np.zeros(len(codes), dtype=np.int32)
    length_at: Nodes = np.zeros(len(codes), dtype=np.int32)
    order = np.argsort(starts - ends, kind="stable")
    lengths, ends = (ends - starts)[order], ends[order]
    first = 0
    while first < len(order):
        last = first + max(1, _CELLS // (int(lengths[first]) + 1))
        at, nodes, chosen = _cut_some(tree, codes, lengths[first:last], ends[first:last])
        node_at[at], length_at[at] = nodes, chosen
        first = last
    return node_at, length_at


def _cut_some(
    tree: WordTree, codes: NDArray[np.uint32], lengths: Ints, ends: Ints
) -> tuple[Ints, Nodes, NDArray[np.int16]]:
    """Cut runs of falling length; in the tables a row is a number of characters left."""
    longest = int(lengths[0])
    left = np.arange(longest + 1)[:, None]
    places = np.maximum(ends - np.maximum(left, 1), 0)
    letters = np.where((left <= lengths) & (left > 0), codes[places], 0)
    nodes, chosen = _best(
        tree, letters, np.searchsorted(-lengths, -np.arange(longest + 1), "right")
    )
    is_start = np.zeros(letters.shape, dtype=bool)
    is_start[lengths, np.arange(len(lengths))] = True
    for row in range(longest, 0, -1):
        run = np.flatnonzero(is_start[row])
        is_start[row - chosen[row, run], run] = True
    is_start[0] = False
    return places[is_start], nodes[is_start], chosen[is_start]


def _best(
    tree: WordTree, letters: NDArray[np.uint32], active: Ints
) -> tuple[Nodes, NDArray[np.int16]]:
    """Return for each place the node and the length of the best word that starts there."""
    singles = tree.first[letters]
    doubles = np.zeros_like(singles)
    if len(letters) > 2:
        doubles[2:] = tree.below(singles[2:].ravel(), letters[1:-1].ravel()).reshape(
            -1, letters.shape[1]
        )
    longer = _longer(tree, doubles, letters)
    best = np.zeros(letters.shape)
    nodes, chosen = singles.copy(), np.ones(letters.shape, dtype=np.int16)
    single_weights, double_weights = tree.weight[singles], tree.weight[doubles]
    for row in range(1, len(letters)):
        n = int(active[row])
        highest = single_weights[row, :n] + best[row - 1, :n]
        if row > 1:
            weight = double_weights[row, :n] + best[row - 2, :n]
            better = weight >= highest  # of equals jieba takes the longest
            np.copyto(highest, weight, where=better)
            np.copyto(nodes[row, :n], doubles[row, :n], where=better)
            chosen[row, :n] += better
        for size, (run, node, bounds) in enumerate(longer, start=3):
            some = slice(bounds[row], bounds[row + 1])
            if some.start == some.stop:
                continue
            weight = tree.weight[node[some]] + best[row - size, run[some]]
            better = weight >= highest[run[some]]
            taken = run[some][better]
            highest[taken] = weight[better]
            nodes[row, taken], chosen[row, taken] = node[some][better], size
        unknown = np.flatnonzero(np.isneginf(highest))
        highest[unknown] = tree.rarest + best[row - 1, unknown]
        chosen[row, unknown], nodes[row, unknown] = 1, singles[row, unknown]
        best[row, :n] = highest
    return nodes, chosen


def _longer(
    tree: WordTree, doubles: Nodes, letters: NDArray[np.uint32]
) -> Sequence[tuple[Ints, Nodes, Ints]]:
    """Return for each length from 3 the words there are: run, node, and where each row starts."""
    found = []
    row, run = np.nonzero(tree.is_inner[doubles] & (doubles > 0))
    nodes = doubles[row, run]
    size = 3
    while len(row):
        fits = row >= size
        row, run, nodes = row[fits], run[fits], nodes[fits]
        nodes = tree.below(nodes, letters[row - (size - 1), run])
        row, run, nodes = row[nodes > 0], run[nodes > 0], nodes[nodes > 0]
        is_word = tree.weight[nodes] > -np.inf
        bounds = np.searchsorted(row[is_word], np.arange(len(letters) + 1))
        found.append((run[is_word], nodes[is_word], bounds))
        inner = tree.is_inner[nodes]
        row, run, nodes = row[inner], run[inner], nodes[inner]
        size += 1
    return found
