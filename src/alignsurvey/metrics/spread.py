"""Weighted mean and standard deviation, and what unequal weights cost."""

import numpy as np
from numpy.typing import ArrayLike

from alignsurvey.metrics._arrays import (
    FloatArray,
    Weights,
    as_scores,
    as_weights,
    number,
    ratio,
)
from alignsurvey.metrics._moments import moments


def mean(scores: ArrayLike, weights: Weights = None) -> FloatArray:
    """Weighted mean of the scores that are not missing.

    Parameters
    ----------
    scores : (n,) floats, NaN for missing.
    weights : None, (n,) or (B, n).

    Returns
    -------
    A number, or (B,). NaN without a score of positive weight.

    Examples
    --------
    >>> float(mean([1.0, 3.0, float("nan")], weights=[1, 3, 9]))
    2.5
    """
    x = as_scores(scores)
    return number(moments(x, as_weights(weights, len(x)))[0])


def sd(scores: ArrayLike, weights: Weights = None) -> FloatArray:
    """Weighted population standard deviation (ddof 0: weights are normalised to sum to 1).

    Parameters
    ----------
    scores : (n,) floats, NaN for missing.
    weights : None, (n,) or (B, n).

    Returns
    -------
    A number, or (B,), from 0 up. NaN without a score of positive weight.

    Examples
    --------
    >>> float(sd([1.0, 3.0]))
    1.0
    """
    x = as_scores(scores)
    return number(np.sqrt(moments(x, as_weights(weights, len(x)))[1]))


def sd_ratio(human: ArrayLike, simulated: ArrayLike, weights: Weights = None) -> FloatArray:
    """Standard deviation of simulated scores relative to the humans'; 1 is right.

    Below 1 the simulator flattens differences between people. A missing score is dropped from
    its own side only.

    Parameters
    ----------
    human, simulated : (n,) floats, NaN for missing.
    weights : None, (n,) or (B, n).

    Returns
    -------
    A number, or (B,), from 0 up. NaN when the humans do not vary.

    References
    ----------
    arXiv 2606.28963.

    Examples
    --------
    >>> float(sd_ratio([1, 5], [2, 4]))
    0.5
    """
    return ratio(sd(simulated, weights), sd(human, weights))


def design_effect(weights: ArrayLike) -> FloatArray:
    """Kish's design effect of weighting: ``n sum(w^2) / (sum w)^2`` over rows with weight.

    Parameters
    ----------
    weights : (n,) or (B, n); rows of weight 0 are absent and not counted in n.

    Returns
    -------
    A number, or (B,), from 1 (equal weights) up. NaN when all weights are 0.

    References
    ----------
    Kish (1965).

    Examples
    --------
    >>> float(design_effect([1, 1, 2, 0]))
    1.125
    """
    w = as_weights(weights, np.shape(weights)[-1])
    return number(ratio((w > 0).sum(axis=-1), n_effective(w)))


def n_effective(weights: ArrayLike) -> FloatArray:
    """Kish's effective sample size: ``(sum w)^2 / sum(w^2)``.

    Parameters
    ----------
    weights : (n,) or (B, n).

    Returns
    -------
    A number, or (B,), at most the number of rows with weight. NaN when all weights are 0.

    References
    ----------
    Kish (1965).

    Examples
    --------
    >>> round(float(n_effective([1, 1, 2])), 3)
    2.667
    """
    w = as_weights(weights, np.shape(weights)[-1])
    largest = w.max(axis=-1, keepdims=True, initial=0.0)
    scaled = np.asarray(ratio(w, largest))  # squares of very large or small weights stay finite
    return ratio(scaled.sum(axis=-1) ** 2, (scaled * scaled).sum(axis=-1))
