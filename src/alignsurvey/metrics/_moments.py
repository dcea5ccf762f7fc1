"""Weighted first and second moments of pairs, for one weight vector or a matrix of them."""

from dataclasses import dataclass

import numpy as np

from alignsurvey.metrics._arrays import BoolArray, FloatArray, ratio, total_weight


@dataclass(frozen=True)
class PairMoments:
    """Population moments (ddof 0) of each column of x with y, over rows where both are known."""

    total: FloatArray
    mean_x: FloatArray
    mean_y: FloatArray
    variance_x: FloatArray
    variance_y: FloatArray
    covariance: FloatArray


def pair_moments(x: FloatArray, y: FloatArray, weights: FloatArray) -> PairMoments:
    """Return the moments of the columns of x (n, p) with y (n,) or (n, p); shapes (..., p).

    All sums come from one matrix product. Values are first centred on the mean over all
    replicates, so that the differences of sums below lose no digits.
    """
    y_columns = np.broadcast_to(y[:, None] if y.ndim == 1 else y, x.shape)
    valid = np.isfinite(x) & np.isfinite(y_columns)
    pooled = total_weight(weights)
    centre_x, dx = centred(x, valid, pooled)
    centre_y, dy = centred(y_columns, valid, pooled)
    blocks = [valid.astype(np.float64), dx, dy, dx * dx, dy * dy, dx * dy]
    sums = weights @ np.concatenate(blocks, axis=1)
    total, *rest = np.split(sums, 6, axis=-1)
    x1, y1, xx, yy, xy = (ratio(part, total) for part in rest)
    variance_x = settle_variances(xx - x1 * x1, xx, x, valid, weights)
    variance_y = settle_variances(yy - y1 * y1, yy, y_columns, valid, weights)
    moving = (variance_x > 0) & (variance_y > 0)
    covariance = np.where(moving | np.isnan(x1), xy - x1 * y1, 0.0)
    return PairMoments(total, centre_x + x1, centre_y + y1, variance_x, variance_y, covariance)


def moments(x: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance (ddof 0) of the known values of x (n,); both of shape (...)."""
    column = x[:, None]
    valid = np.isfinite(column)
    centre, dx = centred(column, valid, total_weight(weights))
    sums = weights @ np.concatenate([valid.astype(np.float64), dx, dx * dx], axis=1)
    total, x1, xx = (sums[..., place : place + 1] for place in range(3))
    x1, xx = np.asarray(ratio(x1, total)), np.asarray(ratio(xx, total))
    variance = settle_variances(xx - x1 * x1, xx, column, valid, weights)
    return (centre + x1)[..., 0], variance[..., 0]


def centred(x: FloatArray, valid: BoolArray, pooled: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return each column's mean over its valid rows, and the deviations (0 where not valid)."""
    centre = ratio(pooled @ np.where(valid, x, 0.0), pooled @ valid.astype(np.float64))
    centre = np.where(np.isfinite(centre), centre, 0.0)
    return centre, np.where(valid, x - centre, 0.0)


def settle_variances(
    variance: FloatArray, second: FloatArray, x: FloatArray, valid: BoolArray, weights: FloatArray
) -> FloatArray:
    """Replace variances that rounding may have spoiled by exact ones; a constant gets 0.

    Only the suspiciously small ones are looked at again, so this costs nothing in general.
    """
    present = valid & (total_weight(weights) > 0)[:, None]
    low = np.min(x, axis=0, initial=np.inf, where=present)
    high = np.max(x, axis=0, initial=-np.inf, where=present)
    seen = low <= high
    scale = np.where(seen, np.maximum(np.abs(low), np.abs(high)), 0.0)
    constant = ~seen | (np.where(seen, high, 0.0) - np.where(seen, low, 0.0) <= 1e-12 * scale)
    settled = np.maximum(variance, 0.0)
    settled = np.where(constant & ~np.isnan(variance), 0.0, settled)
    doubtful = ~constant & ((settled <= 1e-9 * second) | (settled <= 1e-14 * scale * scale))
    for place in np.argwhere(doubtful):
        replicate, column = tuple(place[:-1]), place[-1]
        rows = present[:, column] & (weights[replicate] > 0)
        settled[tuple(place)] = _variance(x[rows, column], weights[replicate][rows])
    return settled


def is_constant(values: FloatArray) -> bool:
    """Return whether values do not vary beyond the rounding of a floating-point number."""
    if values.size == 0:
        return True
    return bool(np.ptp(values) <= 1e-12 * np.max(np.abs(values)))


def _variance(values: FloatArray, weights: FloatArray) -> float:
    if is_constant(values):
        return 0.0
    share = weights / weights.sum()
    return float(share @ (values - share @ values) ** 2)


def weighted_gram(weights: FloatArray, columns: FloatArray) -> FloatArray:
    """Return sum_i w_i z_i z_i' for every weight vector: (..., n) and (n, p) give (..., p, p).

    One matrix product a column: the n-by-p-by-p array of outer products is never formed.
    """
    p = columns.shape[1]
    gram = np.empty((*weights.shape[:-1], p, p))
    for j in range(p):
        row = weights @ (columns[:, j:] * columns[:, j : j + 1])
        gram[..., j, j:] = row
        gram[..., j:, j] = row
    return gram
