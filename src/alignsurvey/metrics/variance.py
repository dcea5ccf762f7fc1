"""Variance between and within groups, and whether simulated differences can be taken literally."""

import numpy as np
from numpy.typing import ArrayLike

from alignsurvey.metrics._arrays import (
    FloatArray,
    Weights,
    as_scores,
    as_weights,
    number,
    ratio,
    same_length,
)
from alignsurvey.metrics._labels import index_labels
from alignsurvey.metrics._moments import pair_moments


def between_within_variance(
    scores: ArrayLike, labels: ArrayLike, weights: Weights = None
) -> tuple[FloatArray, FloatArray]:
    """Split the variance of scores into that between group means and that within groups.

    Population moments (ddof 0), groups weighted by their weight: the two add up to the variance
    of the scores.

    Parameters
    ----------
    scores : (n,) floats, NaN for missing.
    labels : (n,) groups; a respondent without a label is dropped.
    weights : None, (n,) or (B, n).

    Returns
    -------
    (between, within)
        Numbers, or (B,). NaN without a score of positive weight.

    Examples
    --------
    >>> between, within = between_within_variance([1, 3, 5, 7], ["a", "a", "b", "b"])
    >>> float(between), float(within)
    (4.0, 1.0)
    """
    x = as_scores(scores)
    index, levels = index_labels(labels)
    w = as_weights(weights, same_length(x, index))
    member = index[:, None] == np.arange(len(levels))
    moments = pair_moments(np.where(member, x[:, None], np.nan), x, w)
    present = moments.total > 0
    share = np.asarray(ratio(moments.total, moments.total.sum(axis=-1, keepdims=True)))
    means = np.where(present, moments.mean_x, 0.0)
    spreads = np.where(present, moments.variance_x, 0.0)
    grand = (share * means).sum(axis=-1, keepdims=True)
    between = (share * (means - grand) ** 2).sum(axis=-1)
    empty = ~present.any(axis=-1)
    within = (share * spreads).sum(axis=-1)
    return number(np.where(empty, np.nan, between)), number(np.where(empty, np.nan, within))


def variance_ratios(
    human: ArrayLike, simulated: ArrayLike, labels: ArrayLike, weights: Weights = None
) -> tuple[FloatArray, FloatArray]:
    """Simulated over human variance, between groups and within groups; 1 is right.

    Parameters
    ----------
    human, simulated : (n,) floats, NaN for missing, which drops a respondent from its own side.
    labels : (n,) groups.
    weights : None, (n,) or (B, n).

    Returns
    -------
    (between, within)
        Numbers, or (B,), from 0 up. Between above 1 with within below 1 is the signature of
        stereotyping. NaN when the human variance is 0.

    Examples
    --------
    >>> between, within = variance_ratios([1, 3, 5, 7], [1, 1, 9, 9], ["a", "a", "b", "b"])
    >>> float(between), float(within)
    (4.0, 0.0)
    """
    human_between, human_within = between_within_variance(human, labels, weights)
    sim_between, sim_within = between_within_variance(simulated, labels, weights)
    return ratio(sim_between, human_between), ratio(sim_within, human_within)


def calibration_slope(
    human: ArrayLike, simulated: ArrayLike, weights: Weights = None
) -> FloatArray:
    """Slope of human on simulated scores: ``cov(y, f) / var(f)``.

    1 means that a simulated difference is worth a human difference of the same size. Below 1
    the simulator is overconfident, above 1 timid, below 0 wrong in direction.

    Parameters
    ----------
    human, simulated : (n,) floats, NaN for missing; pairs with a missing side are dropped.
    weights : None, (n,) or (B, n).

    Returns
    -------
    A number, or (B,). NaN when the simulated scores do not vary.

    Examples
    --------
    >>> float(calibration_slope([1, 2, 3], [1, 3, 5]))
    0.5
    """
    y, f = as_scores(human), as_scores(simulated)
    moments = pair_moments(f[:, None], y, as_weights(weights, same_length(y, f)))
    return number(np.asarray(ratio(moments.covariance, moments.variance_x))[..., 0])
