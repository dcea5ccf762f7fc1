"""Distances between option shares and between weighted samples of scores."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from alignsurvey.metrics._arrays import (
    CHUNK_BYTES,
    FloatArray,
    IntArray,
    Weights,
    as_scores,
    as_weights,
    number,
    ratio,
)
from alignsurvey.metrics.marginals import pair_of_shares


def w1(p: ArrayLike, q: ArrayLike, positions: ArrayLike | None = None) -> FloatArray:
    """1-Wasserstein distance between option shares: mean distance an answer has to move.

    Parameters
    ----------
    p, q : (..., K) shares; normalised to sum to 1.
    positions : (K,) scores of the options, in any order; 0..K-1 when not given.

    Returns
    -------
    (...) in units of ``positions``, from 0 to their range. NaN for undefined shares.

    References
    ----------
    Vallender (1974); arXiv 2511.07871, with the order of options from the codebook.

    Examples
    --------
    >>> float(w1([1, 0, 0], [0, 0, 1]))
    2.0
    >>> float(w1([1, 0, 0], [0, 0, 1], positions=[3, 1, 2]))
    1.0
    """
    left, right = pair_of_shares(p, q)
    place, order = _ordered(positions, left.shape[-1])
    gaps = np.diff(place[order])
    moved = np.cumsum((left - right)[..., order], axis=-1)[..., :-1]
    undefined = np.isnan(left).any(axis=-1) | np.isnan(right).any(axis=-1)
    return number(np.where(undefined, np.nan, np.abs(moved) @ gaps))


def w1_normalized(p: ArrayLike, q: ArrayLike, positions: ArrayLike | None = None) -> FloatArray:
    """1-Wasserstein distance as a share of the positions' range, so that items compare.

    Parameters
    ----------
    p, q : (..., K) shares.
    positions : (K,) scores of the options; 0..K-1 when not given.

    Returns
    -------
    (...) from 0 to 1; NaN for undefined shares or when all positions are the same.

    References
    ----------
    OpinionQA's alignment is 1 minus this (arXiv 2303.17548).

    Examples
    --------
    >>> float(w1_normalized([1, 0, 0], [0, 1, 0]))
    0.5
    """
    distance = w1(p, q, positions)
    place, _ = _ordered(positions, np.shape(p)[-1])
    return ratio(distance, np.ptp(place))


def _ordered(positions: ArrayLike | None, n_options: int) -> tuple[FloatArray, IntArray]:
    place = np.arange(n_options, dtype=np.float64)
    if positions is not None:
        place = np.asarray(positions, dtype=np.float64)
    if place.shape != (n_options,) or not np.isfinite(place).all():
        raise ValueError(f"positions must be {n_options} finite numbers, one per option")
    return place, np.argsort(place, kind="stable")


def tv(p: ArrayLike, q: ArrayLike) -> FloatArray:
    """Total variation distance: the share of answers that would have to change option.

    Parameters
    ----------
    p, q : (..., K) shares. The order of options plays no part: the distance for nominal items.

    Returns
    -------
    (...) from 0 to 1; NaN for undefined shares.

    Examples
    --------
    >>> float(tv([0.5, 0.5, 0.0], [0.25, 0.25, 0.5]))
    0.5
    """
    left, right = pair_of_shares(p, q)
    return number(np.minimum(0.5 * np.abs(left - right).sum(axis=-1), 1.0))


def jsd(p: ArrayLike, q: ArrayLike) -> FloatArray:
    """Jensen-Shannon divergence in bits (base 2; the divergence, not its square root).

    Parameters
    ----------
    p, q : (..., K) shares.

    Returns
    -------
    (...) from 0 (equal) to 1 (no option in common); NaN for undefined shares.

    References
    ----------
    Lin (1991).

    Examples
    --------
    >>> float(jsd([1, 0], [0, 1]))
    1.0
    """
    left, right = pair_of_shares(p, q)
    middle = (left + right) / 2
    divergence = (_relative_entropy(left, middle) + _relative_entropy(right, middle)) / 2
    return number(np.clip(divergence, 0.0, 1.0))


def _relative_entropy(p: FloatArray, q: FloatArray) -> FloatArray:
    quotient = np.divide(p, q, out=np.ones(np.broadcast(p, q).shape), where=(p > 0) & (q > 0))
    return np.asarray((p * np.log2(quotient)).sum(axis=-1))


def ks(p: ArrayLike, q: ArrayLike, positions: ArrayLike | None = None) -> FloatArray:
    """Kolmogorov-Smirnov distance: the largest gap between cumulative shares.

    Parameters
    ----------
    p, q : (..., K) shares.
    positions : (K,) scores that order the options; their given order when left out.

    Returns
    -------
    (...) from 0 to 1; NaN for undefined shares.

    Examples
    --------
    >>> float(ks([0.5, 0.5, 0.0], [0.25, 0.25, 0.5]))
    0.5
    """
    left, right = pair_of_shares(p, q)
    place, order = _ordered(positions, left.shape[-1])
    gap = np.abs(np.cumsum((left - right)[..., order], axis=-1))
    # options that share a position are one point of the scale: only the last of them counts
    last = np.append(np.diff(place[order]) > 0, True)
    return number(np.minimum(gap[..., last].max(axis=-1), 1.0))


def w1_samples(
    x: ArrayLike, y: ArrayLike, weights_x: Weights = None, weights_y: Weights = None
) -> FloatArray:
    """1-Wasserstein distance between two weighted samples of scores, exact.

    Parameters
    ----------
    x, y : (n,) and (m,) scores; NaN is missing and dropped from its own side only.
    weights_x, weights_y : None, (n,) and (m,), or (B, n) and (B, m) replicate weights.

    Returns
    -------
    A number, or (B,), in units of the scores. NaN when a side has no score or no weight.

    References
    ----------
    Vallender (1974). Equals ``scipy.stats.wasserstein_distance``.

    Examples
    --------
    >>> float(w1_samples([0.0, 1.0], [2.0, 3.0, float("nan")]))
    2.0
    >>> w1_samples([0, 1], [0, 1], weights_x=[[1, 0], [1, 1]]).tolist()
    [0.5, 0.0]
    """
    return _cumulative(x, y, weights_x, weights_y, lambda gap, steps: np.abs(gap) @ steps)


def ks_samples(
    x: ArrayLike, y: ArrayLike, weights_x: Weights = None, weights_y: Weights = None
) -> FloatArray:
    """Kolmogorov-Smirnov distance between two weighted samples of scores.

    Parameters
    ----------
    x, y : (n,) and (m,) scores; NaN is missing and dropped from its own side only.
    weights_x, weights_y : None, (n,) and (m,), or (B, n) and (B, m) replicate weights.

    Returns
    -------
    A number, or (B,), from 0 to 1. NaN when a side has no score or no weight.

    References
    ----------
    Unweighted, equals the statistic of ``scipy.stats.ks_2samp``.

    Examples
    --------
    >>> float(ks_samples([1, 2, 3, 4], [3, 4, 5, 6]))
    0.5
    """
    return _cumulative(x, y, weights_x, weights_y, _largest_gap)


def _largest_gap(gap: FloatArray, steps: FloatArray) -> FloatArray:
    # inside a run of tied scores the cumulative shares are not yet those of the score
    largest = np.abs(gap[:, steps > 0]).max(axis=1, initial=0.0)
    return np.where(np.isnan(gap).any(axis=1), np.nan, np.minimum(largest, 1.0))


def _cumulative(
    x: ArrayLike,
    y: ArrayLike,
    weights_x: Weights,
    weights_y: Weights,
    reduce: Callable[[FloatArray, FloatArray], FloatArray],
) -> FloatArray:
    """Reduce the difference of cumulative shares: one sort, then sums along it, by blocks."""
    left, wx = _present(x, weights_x)
    right, wy = _present(y, weights_y)
    lead = np.broadcast_shapes(wx.shape[:-1], wy.shape[:-1])
    if left.size == 0 or right.size == 0:
        return number(np.full(lead, np.nan))
    wx = np.broadcast_to(wx, (*lead, left.size)).reshape(-1, left.size)
    wy = np.broadcast_to(wy, (*lead, right.size)).reshape(-1, right.size)
    scores = np.concatenate([left, right])
    order = np.argsort(scores, kind="stable")
    steps = np.diff(scores[order])
    size = max(1, CHUNK_BYTES // (32 * scores.size))
    blocks = []
    for start in range(0, len(wx), size):
        here = slice(start, start + size)
        signed = np.concatenate([_as_shares(wx[here]), -_as_shares(wy[here])], axis=1)[:, order]
        blocks.append(reduce(np.cumsum(signed, axis=1, out=signed)[:, :-1], steps))
    return number(np.concatenate(blocks).reshape(lead))


def _present(scores: ArrayLike, weights: Weights) -> tuple[FloatArray, FloatArray]:
    values = as_scores(scores)
    w = as_weights(weights, len(values))
    known = ~np.isnan(values)
    return (values, w) if known.all() else (values[known], w[..., known])


def _as_shares(weights: FloatArray) -> FloatArray:
    return ratio(weights, weights.sum(axis=1, keepdims=True))
