"""Logistic regression for every replicate at once, safe where the data separate."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from alignsurvey.metrics._arrays import (
    CHUNK_BYTES,
    BoolArray,
    FloatArray,
    Weights,
    as_scores,
    as_weights,
    same_length,
)
from alignsurvey.metrics._likelihood import (
    LIKELIHOOD_STEPS,
    PENALISED_STEPS,
    Likelihood,
    maximise,
)
from alignsurvey.metrics._standardised import standardise
from alignsurvey.metrics.structural import identified


@dataclass(frozen=True)
class LogisticFit:
    """Coefficients (..., p) of standardised predictors, and which fits (...) were penalised."""

    coefficients: FloatArray
    penalised: BoolArray


def logistic(X: ArrayLike, y: ArrayLike, weights: Weights = None) -> FloatArray:
    """Coefficients of a logistic regression with intercept, predictors standardised.

    As ``logistic_fit``, which also says where the penalised estimate was used.

    Parameters
    ----------
    X : (n, p) predictors, NaN for missing.
    y : (n,) outcome from 0 to 1, NaN for missing.
    weights : None, (n,) or (B, n).

    Returns
    -------
    (p,), or (B, p), in log odds per standard deviation of the predictor.

    Examples
    --------
    >>> logistic([[0], [0], [0], [1], [1], [1]], [0, 0, 1, 0, 1, 1]).round(3).tolist()
    [0.693]
    """
    return logistic_fit(X, y, weights).coefficients


def logistic_fit(X: ArrayLike, y: ArrayLike, weights: Weights = None) -> LogisticFit:
    """Fit a logistic regression by maximum likelihood, or Firth's where that has no maximum.

    Where predictors separate the outcome, fully or in part, maximum likelihood diverges. These
    replicates get the estimate penalised by Jeffreys' prior, which always exists. For the
    penalty weights are scaled to sum to the number of rows that have weight; the
    maximum-likelihood estimate does not depend on their scale.

    Parameters
    ----------
    X : (n, p) predictors, NaN for missing.
    y : (n,) outcome, 0 or 1, or any share between (quasi-likelihood); NaN for missing. Only
        rows without a missing value count.
    weights : None, (n,) or (B, n).

    Returns
    -------
    LogisticFit
        An outcome that does not vary gives zeros. A predictor that does not vary gives NaN and
        the others are fitted without it. When the rest is collinear, all are NaN.

    References
    ----------
    Firth (1993); Heinze and Schemper (2002); Papke and Wooldridge (1996).

    Examples
    --------
    >>> fit = logistic_fit([[1], [2], [3], [4]], [0, 0, 1, 1])
    >>> fit.coefficients.round(2).tolist(), bool(fit.penalised)
    ([1.46], True)
    """
    columns, outcome = as_scores(X), as_scores(y)
    n = same_length(columns, outcome)
    if np.nanmin(outcome, initial=0.0) < 0 or np.nanmax(outcome, initial=1.0) > 1:
        raise ValueError("a logistic outcome must lie between 0 and 1")
    w = as_weights(weights, n)
    rows = max(1, CHUNK_BYTES // (64 * max(1, n)))
    blocks = [w[None, :]] if w.ndim == 1 else np.split(w, range(rows, len(w), rows))
    fits = [_fit(columns, outcome, block) for block in blocks]
    coefficients = np.concatenate([fit.coefficients for fit in fits])
    penalised = np.concatenate([fit.penalised for fit in fits])
    if w.ndim == 1:
        return LogisticFit(coefficients[0], penalised[0])
    return LogisticFit(coefficients, penalised)


def _fit(columns: FloatArray, outcome: FloatArray, weights: FloatArray) -> LogisticFit:
    p = columns.shape[1]
    data = standardise(np.column_stack([columns, outcome]), weights)
    constant, flat = data.constant[:, :p], data.constant[:, p]
    solvable = identified(data.correlation[:, :p, :p])
    beta = np.full((len(weights), p), np.nan)
    beta[flat & (data.total > 0)] = 0.0
    fitted = np.flatnonzero(solvable & ~flat)
    penalised = np.zeros(len(weights), dtype=np.bool_)
    if len(fitted):
        present = (data.weights[fitted] > 0).sum(axis=1)
        likelihood = Likelihood(
            design=np.column_stack([np.ones(len(data.columns)), data.columns[:, :p]]),
            outcome=outcome[data.rows],
            weights=data.weights[fitted] * (present / data.total[fitted])[:, None],
            fixed=np.column_stack([np.zeros(len(fitted), dtype=np.bool_), constant[fitted]]),
        )
        slopes, penalised[fitted] = _best(likelihood)
        beta[fitted] = slopes[:, 1:] * data.spread[fitted, :p]
    return LogisticFit(np.where(constant, np.nan, beta), penalised)


def _best(likelihood: Likelihood) -> tuple[FloatArray, BoolArray]:
    """Return coefficients with the intercept first, and which had to be penalised."""
    beta, arrived = maximise(likelihood, LIKELIHOOD_STEPS)
    again = np.flatnonzero(~arrived)
    if len(again):
        firth = replace(likelihood.take(again), penalty=True)
        estimate, settled = maximise(firth, PENALISED_STEPS)
        beta[again] = np.where(settled[:, None], estimate, np.nan)
    return beta, ~arrived
