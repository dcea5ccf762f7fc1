"""Generalised regression estimation (GREG, AIPW): a probability sample from a known list."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alignsurvey.rectify.data import Sample
from alignsurvey.rectify.linear import Combined, Parts, correlation
from alignsurvey.rectify.models import Fit

Array = NDArray[np.float64]


def combine_greg(sample: Sample, fit: Fit, parts: Parts) -> Combined:
    """Rectify towards everybody on the list, pilot and rest, as a finite population.

    ``theta = T(y; L) + l (T(f; everybody) - T(f; L))``, with weights ``1 / inclusion`` in the
    pilot. Everybody's simulated answers are known, so only the pilot's residuals vary. Where
    inclusion probabilities are known (or all weights are equal), a person's part of the variance
    is reduced by ``1 - inclusion``.

    References
    ----------
    Särndal, Swensson & Wretman (1992), chapter 6; Hájek (1964) for the variance; Robins,
    Rotnitzky & Zhao (1994) for AIPW, of which this is the case of known probabilities.
    """
    everybody = _everybody(sample, fit)
    c_y, c_f = parts.human.contributions, parts.pilot.contributions
    kept = np.sqrt(1 - _inclusion(sample))[:, None]
    centred = c_f - c_f.mean(axis=0)
    spread = (centred**2).sum(axis=0)
    slope = (centred * (c_y - c_y.mean(axis=0))).sum(axis=0) / np.where(spread > 0, spread, 1.0)
    lambda_ = np.where(spread > 1e-24 * (c_y**2).sum(axis=0), np.maximum(slope, 0.0), 0.0)
    residual = kept * (c_y - lambda_ * c_f)
    df = parts.pilot_df
    df_left = np.maximum(df - (lambda_ > 0), 1.0)
    classical = parts.pilot_design.covariance(kept * c_y, kept * c_y)
    return Combined(
        parts.human.value + lambda_ * (everybody - parts.pilot.value),
        parts.pilot_design.covariance(residual, residual) * df / df_left,
        np.maximum(parts.df - (lambda_ > 0), 1.0),
        lambda_,
        classical,
        correlation(parts),
    )


def _everybody(sample: Sample, fit: Fit) -> Array:
    """Apply the estimator to the simulated answers of the whole list."""
    own = np.full(sample.n, sample.design_rest.weights.mean() if sample.N else 1.0)
    X = np.empty((sample.n + sample.N, 0))
    if sample.X is not None and sample.X_rest is not None:
        X = np.vstack([sample.X, sample.X_rest])
    values = np.concatenate([sample.f[:, 0], sample.f_rest[:, 0]])
    return fit(values, X, np.concatenate([own, sample.design_rest.weights])).value


def _inclusion(sample: Sample) -> Array:
    """Inclusion probabilities, 0 (no correction) where they are not known."""
    if sample.inclusion is not None:
        return sample.inclusion
    equal = np.ptp(sample.design.weights) == 0 and np.ptp(sample.design_rest.weights) == 0
    return np.full(sample.n, sample.n / (sample.n + sample.N) if equal else 0.0)
