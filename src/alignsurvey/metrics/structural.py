"""Do predictors relate to the outcome as they do in humans: coefficients and their agreement."""

import numpy as np
from numpy.typing import ArrayLike

from alignsurvey.metrics._arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    Weights,
    as_scores,
    as_weights,
    number,
    ratio,
    same_length,
)
from alignsurvey.metrics._moments import pair_moments
from alignsurvey.metrics._standardised import Standardised, standardise


def correlations(X: ArrayLike, y: ArrayLike, weights: Weights = None) -> FloatArray:
    """Weighted Pearson correlation of each predictor with the outcome.

    Parameters
    ----------
    X : (n, p) predictors, NaN for missing.
    y : (n,) outcome, NaN for missing. A row counts for a predictor when both are known.
    weights : None, (n,) or (B, n).

    Returns
    -------
    (p,), or (B, p), from -1 to 1. An outcome that does not vary is related to nothing: 0. A
    predictor that does not vary, or has no row with the outcome, gives NaN.

    Examples
    --------
    >>> correlations([[1, 5], [2, 5], [3, 5]], [2, 4, 6]).tolist()
    [1.0, nan]
    """
    columns, outcome = _design(X, y)
    moments = pair_moments(columns, outcome, as_weights(weights, len(outcome)))
    spread = np.sqrt(moments.variance_x) * np.sqrt(moments.variance_y)
    r = np.clip(ratio(moments.covariance, spread), -1.0, 1.0)
    flat = (moments.variance_y == 0) & (moments.variance_x > 0)
    return np.where(flat, 0.0, r)


def ols(X: ArrayLike, y: ArrayLike, weights: Weights = None) -> FloatArray:
    """Standardised coefficients of a weighted least-squares regression with intercept.

    Outcome and predictors are z-scored with the weighted population moments of the complete
    rows, anew for every vector of weights.

    Parameters
    ----------
    X : (n, p) predictors, NaN for missing.
    y : (n,) outcome, NaN for missing. Only rows without a missing value count.
    weights : None, (n,) or (B, n).

    Returns
    -------
    (p,), or (B, p), in standard deviations of y per standard deviation of x. An outcome that
    does not vary gives zeros. A predictor that does not vary gives NaN and the others are
    fitted without it. When the rest is collinear, all are NaN: see ``usable_predictors``.

    References
    ----------
    arXiv 2606.28963 (structural axis).

    Examples
    --------
    >>> ols([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 3, 4]).round(3).tolist()
    [0.949, 0.316]
    """
    columns, outcome = _design(X, y)
    w = as_weights(weights, len(outcome))
    data = standardise(np.column_stack([columns, outcome]), w)
    return number(_coefficients(data))


def _coefficients(data: Standardised) -> FloatArray:
    p = data.columns.shape[1] - 1
    r = data.correlation[..., :p, p]
    between = data.correlation[..., :p, :p]
    solvable = identified(between)
    safe = np.where(solvable[..., None, None], between, np.eye(p))
    beta = np.linalg.solve(safe, r[..., None])[..., 0]
    flat = data.constant[..., p]
    beta = np.where(solvable[..., None] | flat[..., None], beta, np.nan)
    beta = np.where(flat[..., None], 0.0, beta)
    empty = ~(data.total > 0)
    return np.where(data.constant[..., :p] | empty[..., None], np.nan, beta)


def identified(correlation: FloatArray) -> BoolArray:
    """Return which correlation matrices (..., p, p) are far enough from singular to solve."""
    if correlation.shape[-1] == 0:
        return np.ones(correlation.shape[:-2], dtype=np.bool_)
    enough: BoolArray = np.linalg.eigvalsh(correlation)[..., 0] > 1e-10
    return enough


def _design(X: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    columns, outcome = as_scores(X), as_scores(y)
    if columns.ndim != 2 or outcome.ndim != 1:
        raise ValueError(f"X must be (n, p) and y (n,), not {columns.shape} and {outcome.shape}")
    same_length(columns, outcome)
    return columns, outcome


def ccc(x: ArrayLike, y: ArrayLike) -> FloatArray:
    """Lin's concordance of two vectors of coefficients: agreement in size, not only in order.

    ``2 cov(x, y) / (var x + var y + (mean x - mean y)^2)``, population moments throughout.

    Parameters
    ----------
    x, y : (..., p) coefficients of humans and simulator, any order. Leading axes broadcast.
        A predictor that is NaN on either side is dropped from both.

    Returns
    -------
    (...) from -1 to 1; 1 only when equal. NaN with fewer than two predictors, and when both
    vectors are the same constant: nothing varies, so there is nothing to agree about. When only
    one is constant it is 0.

    References
    ----------
    Lin (1989); arXiv 2606.28963.

    Examples
    --------
    >>> round(float(ccc([0.1, 0.4, -0.2], [0.2, 0.8, -0.4])), 3)
    0.774
    """
    left, right, known = _coefficient_pairs(x, y)
    count = known.sum(axis=-1)
    if known.shape[-1] == 0:
        return number(np.full(count.shape, np.nan))
    # centred on a value that occurs, a constant vector has a variance of exactly 0
    first = np.argmax(known, axis=-1)[..., None]
    mean_x, dx = _centred_on(left, known, first)
    mean_y, dy = _centred_on(right, known, first)
    variances = ratio((dx * dx).sum(axis=-1) + (dy * dy).sum(axis=-1), count)
    covariance = ratio((dx * dy).sum(axis=-1), count)
    concordance = ratio(2 * covariance, variances + (mean_x - mean_y) ** 2)
    return number(np.where(count >= 2, np.clip(concordance, -1.0, 1.0), np.nan))


def _coefficient_pairs(x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray, BoolArray]:
    left, right = np.broadcast_arrays(as_scores(x), as_scores(y))
    return left, right, ~np.isnan(left) & ~np.isnan(right)


def _centred_on(
    values: FloatArray, known: BoolArray, first: IntArray
) -> tuple[FloatArray, FloatArray]:
    anchor = np.take_along_axis(values, first, axis=-1)
    shifted = np.where(known, values - anchor, 0.0)
    offset = np.asarray(ratio(shifted.sum(axis=-1), known.sum(axis=-1)))
    return anchor[..., 0] + offset, np.where(known, shifted - offset[..., None], 0.0)


def sign_agreement(human: ArrayLike, simulated: ArrayLike) -> FloatArray:
    """Share of predictors whose coefficient has the same sign in humans and simulator.

    Parameters
    ----------
    human, simulated : (..., p) coefficients; NaN on either side drops the predictor. Exactly 0
        agrees only with 0.

    Returns
    -------
    (...) from 0 to 1; NaN when no predictor is left.

    References
    ----------
    arXiv 2606.28963.

    Examples
    --------
    >>> float(sign_agreement([0.3, -0.1, 0.2, 0.1], [0.1, -0.4, -0.1, 0.2]))
    0.75
    """
    left, right, known = _coefficient_pairs(human, simulated)
    same = known & (np.sign(left) == np.sign(right))
    return ratio(same.sum(axis=-1), known.sum(axis=-1))


def slope_inflation(human: ArrayLike, simulated: ArrayLike) -> FloatArray:
    """Slope through the origin of simulated on human coefficients: ``sum(h s) / sum(h h)``.

    Parameters
    ----------
    human, simulated : (..., p) coefficients; NaN on either side drops the predictor.

    Returns
    -------
    (...) 1 is right, below 1 relations are attenuated, above 1 exaggerated, below 0 reversed.
    NaN when all human coefficients are 0 or missing.

    References
    ----------
    arXiv 2606.28963.

    Examples
    --------
    >>> float(slope_inflation([0.25, -0.5], [0.5, -1.0]))
    2.0
    """
    left, right, known = _coefficient_pairs(human, simulated)
    h, s = np.where(known, left, 0.0), np.where(known, right, 0.0)
    return ratio((h * s).sum(axis=-1), (h * h).sum(axis=-1))
