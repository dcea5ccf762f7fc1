"""Intervals that hold when the pilot is small: t, Wilson with an effective size, bootstrap-t."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from alignsurvey.randomness import generator
from alignsurvey.rectify.design import Design

Array = NDArray[np.float64]
RESAMPLES = 1999


def t_quantile(df: float, level: float) -> float:
    """Upper quantile of Student's t for a two-sided interval; z if df is infinite.

    Examples
    --------
    >>> round(t_quantile(9, 0.95), 3), round(t_quantile(np.inf, 0.95), 3)
    (2.262, 1.96)
    """
    chance = 0.5 + level / 2
    return float(stdtrit(df, chance) if np.isfinite(df) else ndtri(chance))


def t_interval(value: float, se: float, df: float, level: float) -> tuple[float, float]:
    """Interval by Student's t (z if df is infinite).

    Examples
    --------
    >>> low, high = t_interval(0.0, 1.0, 9, 0.95)
    >>> round(high, 3)
    2.262
    """
    reach = t_quantile(df, level) * se
    return value - reach, value + reach


def wilson_interval(share: float, size: float, df: float, level: float) -> tuple[float, float]:
    """Score interval of a share with an effective sample size, always inside [0, 1].

    Parameters
    ----------
    share : float
    size : float
        Effective number of people: ``share (1 - share) / se^2``.
    df : float
        Degrees of freedom of the t quantile that stands for Wilson's z.
    level : float

    References
    ----------
    Wilson (1927); Korn & Graubard (1998) for effective sizes under a design.

    Examples
    --------
    >>> low, high = wilson_interval(0.0, 20, np.inf, 0.95)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.161)
    """
    t2 = t_quantile(df, level) ** 2
    centre = (share + t2 / (2 * size)) / (1 + t2 / size)
    reach = np.sqrt(t2 * (share * (1 - share) / size + t2 / (4 * size**2))) / (1 + t2 / size)
    return float(np.clip(centre - reach, 0.0, 1.0)), float(np.clip(centre + reach, 0.0, 1.0))


def all_alike(
    value: float, n: float, limits: tuple[float, float], level: float
) -> tuple[float, float]:
    """Interval of a mean when all n answers are the same.

    Another answer, however far off, can have at most the share ``1 - (alpha/2)^(1/n)``
    (Clopper & Pearson 1934).

    Examples
    --------
    >>> low, high = all_alike(3.0, 50, (1, 5), 0.95)
    >>> round(low, 2), round(high, 2)
    (2.86, 3.14)
    """
    other = 1 - ((1 - level) / 2) ** (1 / max(n, 1.0))
    return value - other * (value - limits[0]), value + other * (limits[1] - value)


def bootstrap_t(
    value: float, residual: Array, design: Design, rest_variance: float, level: float, seed: int
) -> tuple[float, float] | None:
    """Interval by the bootstrap of the studentised estimate: follows skewed answers.

    Sampling units are drawn anew within strata; the rest of the people, many and with an error
    that is near normal, adds a normal error.

    Parameters
    ----------
    value : float
    residual : array, shape (n,)
        Contributions of the pilot's people.
    design : Design
        Of the pilot.
    rest_variance : float
        Variance that the simulated rest adds.
    level : float
    seed : int

    Returns
    -------
    (float, float), or None
        None where one resample in ten or more has no variance.

    References
    ----------
    Efron & Tibshirani (1993), chapter 12.

    Examples
    --------
    >>> y = np.array([1.0, 1, 1, 2, 2, 3, 9])
    >>> low, high = bootstrap_t(y.mean(), (y - y.mean()) / 7, Design(np.ones(7)), 0.0, 0.9, 1)
    >>> bool(high - y.mean() > y.mean() - low)
    True
    """
    units, strata = design.units
    totals = np.bincount(units, weights=residual)
    rng = generator(seed, "bootstrap-t", len(residual))
    error, variance = np.zeros(RESAMPLES), np.full(RESAMPLES, rest_variance)
    spread = rest_variance
    for stratum in np.unique(strata):
        own = totals[strata == stratum]
        m = len(own)
        drawn = own[rng.integers(0, m, (RESAMPLES, m))]
        error += drawn.sum(axis=1) - own.sum()
        variance += m * drawn.var(axis=1, ddof=min(1, m - 1))
        spread += m * own.var(ddof=min(1, m - 1))
    error += rng.normal(size=RESAMPLES) * np.sqrt(rest_variance)
    good = variance > 1e-12 * max(spread, 1e-300)
    if good.mean() < 0.9:
        return None
    ratio = error[good] / np.sqrt(variance[good])
    tail = (1 - level) / 2
    lower, upper = np.quantile(ratio, [tail, 1 - tail])
    se = float(np.sqrt(spread))
    return float(value - upper * se), float(value - lower * se)
