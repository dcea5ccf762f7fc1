"""Complete rows of a table, with their weighted correlation matrix for each vector of weights."""

from dataclasses import dataclass

import numpy as np

from alignsurvey.metrics._arrays import BoolArray, FloatArray, ratio, total_weight
from alignsurvey.metrics._moments import centred, settle_variances, weighted_gram


@dataclass(frozen=True)
class Standardised:
    """Columns centred and scaled once for all replicates, and each replicate's own moments.

    A column that is constant under some weights has correlation 0 with all others there, so
    that the rest can be solved without it.
    """

    columns: FloatArray
    rows: BoolArray
    weights: FloatArray
    total: FloatArray
    spread: FloatArray
    constant: BoolArray
    correlation: FloatArray


def standardise(table: FloatArray, weights: FloatArray) -> Standardised:
    """Return the complete rows of (n, p) with weight, and weighted moments of shape (..., p)."""
    rows = ~np.isnan(table).any(axis=1) & (total_weight(weights) > 0)
    columns, w = _scaled(table[rows], weights[..., rows]), weights[..., rows]
    valid = np.ones(columns.shape, dtype=np.bool_)
    total = w.sum(axis=-1)
    means = np.asarray(ratio(w @ columns, total[..., None]))
    second = np.asarray(ratio(weighted_gram(w, columns), total[..., None, None]))
    covariance = second - means[..., :, None] * means[..., None, :]
    squares = np.diagonal(second, axis1=-2, axis2=-1)
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)
    spread = np.sqrt(settle_variances(variance, squares, columns, valid, w))
    constant = ~(spread > 0)
    scale = np.where(constant, np.inf, spread)
    correlation = covariance / (scale[..., :, None] * scale[..., None, :])
    correlation = np.where(np.isnan(correlation), 0.0, np.clip(correlation, -1.0, 1.0))
    diagonal = np.arange(table.shape[1])
    correlation[..., diagonal, diagonal] = 1.0
    return Standardised(columns, rows, w, total, spread, constant, correlation)


def _scaled(table: FloatArray, weights: FloatArray) -> FloatArray:
    """Centre and scale the columns over all replicates together; a constant becomes 0."""
    pooled = total_weight(weights)
    valid = np.ones(table.shape, dtype=np.bool_)
    _, deviations = centred(table, valid, pooled)
    squares = np.asarray(ratio(pooled @ deviations**2, pooled.sum()))
    spread = np.sqrt(settle_variances(squares, squares, table, valid, pooled))
    return np.where(spread > 0, deviations / np.where(spread > 0, spread, 1.0), 0.0)
