"""Accuracy, macro-F1 and W1 of many groups under many replicate weights, from counts."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from alignsurvey.metrics._arrays import (
    FloatArray,
    IntArray,
    Weights,
    as_weights,
    same_length,
    total_weight,
)
from alignsurvey.metrics._labels import index_labels
from alignsurvey.metrics.distances import w1
from alignsurvey.metrics.individual import (
    accuracy_from_confusion,
    macro_f1_from_confusion,
    pair_counts,
    paired_codes,
)
from alignsurvey.metrics.marginals import option_counts

# picking out the rows of a level copies them: this many weights at a time
BLOCK_WEIGHTS = 2**23


@dataclass(frozen=True)
class GroupedScores:
    """Scores of the levels of one grouping: arrays (L,) or (B, L), in the order of ``levels``."""

    levels: tuple[Hashable, ...]
    n: tuple[int, ...]
    accuracy: FloatArray
    macro_f1: FloatArray
    w1: FloatArray


def grouped_bootstrap(
    human: ArrayLike,
    simulated: ArrayLike,
    n_options: int,
    groups: Mapping[str, ArrayLike],
    weights: Weights = None,
    positions: ArrayLike | None = None,
) -> dict[str, GroupedScores]:
    """Score every level of every grouping, pooled over items, for all weights at once.

    All three metrics are functions of weighted counts of (human, simulated) pairs of options,
    so respondents are counted once and each replicate costs one row of a matrix product.

    Parameters
    ----------
    human, simulated : (n,) or (n, m) option indices, -1 for missing; items are pooled.
    n_options : the number of options, K, which all items share.
    groups : names of groupings and their (n,) labels; None, NaN and -1 are in no group.
    weights : None, (n,) or (B, n), one per respondent: see ``replicate_weights``.
    positions : (K,) scores of the options for W1; 0..K-1 when not given.

    Returns
    -------
    dict of GroupedScores
        For each grouping the same numbers as ``accuracy``, ``macro_f1`` and ``w1`` of ``shares``
        on the rows of each level. ``n`` counts respondents with weight.

    Examples
    --------
    >>> found = grouped_bootstrap(
    ...     [[0, 1], [1, 1]], [[0, 1], [0, 1]], 2, {"sex": ["f", "m"]}
    ... )
    >>> found["sex"].levels, found["sex"].accuracy.tolist(), found["sex"].w1.tolist()
    (('f', 'm'), [1.0, 0.5], [0.0, 0.5])
    """
    truth, guess = paired_codes(human, simulated, n_options)
    w = as_weights(weights, len(truth))
    counts = np.concatenate(
        [
            pair_counts(truth, guess, n_options),
            option_counts(truth, n_options),
            option_counts(guess, n_options),
        ],
        axis=1,
    )
    return {
        name: _scores_by_level(counts, n_options, labels, w, positions)
        for name, labels in groups.items()
    }


def _scores_by_level(
    counts: FloatArray,
    n_options: int,
    labels: ArrayLike,
    weights: FloatArray,
    positions: ArrayLike | None,
) -> GroupedScores:
    index, levels = index_labels(labels)
    same_length(index, counts)
    members = [np.flatnonzero(index == place) for place in range(len(levels))]
    present = total_weight(weights) > 0
    sums = _sums_by_level(counts, members, weights)
    pairs, of_humans, of_simulated = np.split(
        sums, [n_options * n_options, n_options * (n_options + 1)], axis=-1
    )
    table = pairs.reshape(*pairs.shape[:-1], n_options, n_options)
    return GroupedScores(
        levels=tuple(levels),
        n=tuple(int(present[rows].sum()) for rows in members),
        accuracy=accuracy_from_confusion(table),
        macro_f1=macro_f1_from_confusion(table),
        w1=w1(of_humans, of_simulated, positions),
    )


def _sums_by_level(counts: FloatArray, members: list[IntArray], weights: FloatArray) -> FloatArray:
    """Return the weighted counts of each level's rows, (..., L, columns)."""
    replicates = np.atleast_2d(weights)
    sums = np.empty((len(replicates), len(members), counts.shape[1]))
    size = max(1, BLOCK_WEIGHTS // max(1, weights.shape[-1]))
    for start in range(0, len(replicates), size):
        block = replicates[start : start + size]
        for place, rows in enumerate(members):
            sums[start : start + size, place] = block[:, rows] @ counts[rows]
    return sums[0] if weights.ndim == 1 else sums
