"""The one formula behind all methods: an estimate, corrected by what the simulator says elsewhere.

An estimator applied to a sample gives a value and each person's contribution to its error (its
linearisation). With T the estimator, y human and f simulated answers, L the pilot, U the rest:

    theta(l) = T(y; L) + l (T(f; U) - T(f; L))
    Var      = Var(c_y - l c_f; L) + l^2 Var(c_f; U)
    l*       = Cov(c_y, c_f; L) / (Var(c_f; L) + Var(c_f; U))

For the mean this is PPI++ (arXiv 2311.01453); for several f, l is a vector and l* a regression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alignsurvey.rectify.design import Design

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Linearised:
    """An estimate (p,) and what each person contributes to its error, shape (n, p).

    `df` (p,) are degrees of freedom of its variance where they are fewer than the design's, as
    with a regression in which few people have much leverage.
    """

    value: Array
    contributions: Array
    notes: tuple[str, ...] = ()
    df: Array | None = None


@dataclass(frozen=True)
class Parts:
    """An estimator applied three times: to y in the pilot, to f in the pilot, to f in the rest."""

    human: Linearised
    pilot: Linearised
    rest: Linearised
    pilot_design: Design
    rest_design: Design
    lost_df: int = 1

    @property
    def pilot_df(self) -> float:
        """Degrees of freedom of the pilot's variance."""
        return max(self.pilot_design.df + 1 - self.lost_df, 1.0)

    @property
    def df(self) -> Array:
        """Degrees of freedom for each value's t quantile; shape (p,)."""
        own = np.full(len(self.human.value), self.pilot_df)
        return own if self.human.df is None else np.minimum(own, self.human.df)


@dataclass(frozen=True)
class Combined:
    """A rectified estimate: value, variance, degrees of freedom, lambda and rho; each (p,)."""

    value: Array
    variance: Array
    df: Array
    lambda_: Array
    classical_variance: Array
    rho: Array


def tuned_lambda(parts: Parts) -> Array:
    """Weight of the simulation with the smallest variance, in [0, 1]; shape (p,).

    Covariances are between persons, without strata and clusters, which would make it noisy.
    """
    c_y, c_f, c_rest = (
        one.contributions - one.contributions.mean(axis=0)
        for one in (parts.human, parts.pilot, parts.rest)
    )
    spread = (c_f**2).sum(axis=0) + (c_rest**2).sum(axis=0)
    flat = (c_f**2).sum(axis=0) <= 1e-24 * np.maximum((c_y**2).sum(axis=0), 1e-300)
    slope = (c_y * c_f).sum(axis=0) / np.where(spread > 0, spread, 1.0)
    return np.asarray(np.where(flat | (spread <= 0), 0.0, np.clip(slope, 0.0, 1.0)))


def correlation(parts: Parts) -> Array:
    """Correlation of human and simulated contributions in the pilot, 0 if one is constant."""
    if parts.pilot is parts.human:
        return np.zeros(len(parts.human.value))  # the pilot alone: there is no simulation
    c_y, c_f = (one.contributions for one in (parts.human, parts.pilot))
    c_y, c_f = c_y - c_y.mean(axis=0), c_f - c_f.mean(axis=0)
    scale = np.sqrt((c_y**2).sum(axis=0) * (c_f**2).sum(axis=0))
    product = (c_y * c_f).sum(axis=0)
    return np.asarray(np.where(scale > 1e-300, product / np.where(scale > 0, scale, 1.0), 0.0))


def combine(parts: Parts, lambda_: Array, *, tuned: bool) -> Combined:
    """Put pilot and simulation together at a given lambda.

    Parameters
    ----------
    parts : Parts
    lambda_ : array, shape (p,)
    tuned : bool
        Whether lambda was estimated from the same pilot, which costs a degree of freedom.
    """
    value = parts.human.value + lambda_ * (parts.rest.value - parts.pilot.value)
    residual = parts.human.contributions - lambda_ * parts.pilot.contributions
    df = parts.pilot_df
    lost = np.where(tuned & (lambda_ > 0), 1.0, 0.0)
    df_pilot = np.maximum(df - lost, 1.0)
    pilot = parts.pilot_design.covariance(residual, residual) * df / df_pilot
    rest = lambda_**2 * parts.rest_design.covariance(
        parts.rest.contributions, parts.rest.contributions
    )
    classical = parts.pilot_design.covariance(parts.human.contributions, parts.human.contributions)
    return Combined(
        value,
        pilot + rest,
        satterthwaite(
            pilot, np.maximum(parts.df - lost, 1.0), rest, max(parts.rest_design.df, 1.0)
        ),
        np.asarray(lambda_, dtype=float),
        classical,
        correlation(parts),
    )


def satterthwaite(first: Array, df_first: Array | float, second: Array, df_second: float) -> Array:
    """Degrees of freedom of a sum of two variances (Welch-Satterthwaite); shape (p,)."""
    below = first**2 / df_first + second**2 / df_second
    total = (first + second) ** 2
    return np.asarray(
        np.where(below > 0, total / np.where(below > 0, below, 1.0), np.asarray(df_first) + 0.0)
    )


def simulation_only(parts: Parts) -> Combined:
    """Take the simulated answers for people's own: no valid interval, shown as a warning."""
    rest = parts.rest_design.covariance(parts.rest.contributions, parts.rest.contributions)
    classical = parts.pilot_design.covariance(parts.human.contributions, parts.human.contributions)
    return Combined(
        parts.rest.value,
        rest,
        np.full(rest.shape, max(parts.rest_design.df, 1.0)),
        np.ones(rest.shape),
        classical,
        correlation(parts),
    )
