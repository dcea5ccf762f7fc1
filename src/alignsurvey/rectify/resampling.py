"""Rectification of any statistic, by the bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignsurvey.errors import InputError
from alignsurvey.randomness import generator
from alignsurvey.rectify.data import Sample, sample_of
from alignsurvey.rectify.design import Design
from alignsurvey.rectify.diagnostics import diagnose
from alignsurvey.rectify.estimate import Estimate
from alignsurvey.rectify.small_samples import t_interval

Array = NDArray[np.float64]
Statistic = Callable[[Array, Array, Array | None], float]
"""``statistic(values (n,), weights (n,), X (n, p) or None)``."""


def bootstrap(
    statistic: Statistic,
    y: ArrayLike | Sample,
    f: ArrayLike | None = None,
    f_rest: ArrayLike | None = None,
    X: ArrayLike | None = None,
    X_rest: ArrayLike | None = None,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 42,
    **design: Any,
) -> Estimate:
    """Estimate any smooth statistic of people's answers.

    ``theta = T(y; L) + l (T(f; U) - T(f; L))``, with lambda and standard error from resamples of
    pilot and rest; sampling units are drawn anew within strata. The interval is Student's t.

    Parameters
    ----------
    statistic : callable
        Called as ``statistic(values, weights, X)``; gives one number.
    y, f, f_rest, X, X_rest, **design
        As for `rectify.ols`.
    resamples : int
    level : float
    seed : int

    Returns
    -------
    Estimate

    Raises
    ------
    InputError
        The statistic is not a number for the pilot or for more than one resample in ten.

    References
    ----------
    arXiv 2405.18379 (PPBoot).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> f = rng.normal(3, 1, 2000)
    >>> y = f[:100] + rng.normal(0, 0.5, 100)
    >>> def spread(values, weights, X):
    ...     centre = np.average(values, weights=weights)
    ...     return np.sqrt(np.average((values - centre) ** 2, weights=weights))
    >>> found = bootstrap(spread, y, f[:100], f[100:], resamples=200)
    >>> bool(found.low < np.sqrt(1.25) < found.high)
    True
    """
    sample = sample_of(y, f, f_rest, X, X_rest, **design)
    if sample.f.shape[1] != 1 or sample.N < 2:
        raise InputError("bootstrap needs one simulated answer a person, in pilot and rest")
    own = _values(statistic, sample, None, None)
    if not np.isfinite(own).all():
        raise InputError("the statistic is no number for the pilot or the rest; choose another")
    rng = generator(seed, "ppboot", sample.n, sample.N)
    drawn = np.array(
        [
            _values(
                statistic, sample, _counts(sample.design, rng), _counts(sample.design_rest, rng)
            )
            for _ in range(resamples)
        ]
    )
    good = np.isfinite(drawn).all(axis=1)
    if good.mean() < 0.9:
        raise InputError(
            f"the statistic is no number in {int((~good).sum())} of {resamples} resamples; the "
            "pilot is too small for it"
        )
    human, pilot, rest = drawn[good].T
    spread = float(pilot.var() + rest.var())
    slope = float(np.cov(human, pilot)[0, 1]) / spread if spread > 1e-24 else 0.0
    lambda_ = float(np.clip(slope, 0.0, 1.0))
    df = max(sample.design.df - (lambda_ > 0), 1.0)
    # Resamples of n units vary by (n - 1) / n too little.
    factor = (sample.design.df + 1) / df
    variance = float((human - lambda_ * pilot).var()) * factor + lambda_**2 * float(rest.var())
    classical = float(human.var()) * (sample.design.df + 1) / max(sample.design.df, 1.0)
    value, se = float(own[0] + lambda_ * (own[2] - own[1])), float(np.sqrt(variance))
    low, high = t_interval(value, se, df, level)
    ratio = se / float(np.sqrt(classical)) if classical > 0 else 1.0
    rho = float(np.corrcoef(human, pilot)[0, 1]) if human.std() * pilot.std() > 1e-24 else 0.0
    left_out = (f"{int((~good).sum())} resamples left out: the statistic was no number there",)
    return Estimate(
        sample.name, value, low, high, se, sample.n, sample.N,
        sample.n / ratio**2 if ratio > 0 else float(sample.n), lambda_, rho, df, "bootstrap", level,
        diagnostics=diagnose(sample, ratio, lambda_, valid=True),
        notes=(*sample.notes, *(() if good.all() else left_out)),
    )  # fmt: skip


def _values(
    statistic: Statistic, sample: Sample, counts: Array | None, counts_rest: Array | None
) -> Array:
    w = sample.design.weights * (1.0 if counts is None else counts)
    w_rest = sample.design_rest.weights * (1.0 if counts_rest is None else counts_rest)
    return np.array(
        [
            statistic(sample.y, w, sample.X),
            statistic(sample.f[:, 0], w, sample.X),
            statistic(sample.f_rest[:, 0], w_rest, sample.X_rest),
        ]
    )


def _counts(design: Design, rng: np.random.Generator) -> Array:
    """How often each person is drawn: as many sampling units as there are, within each stratum."""
    units, strata = design.units
    counts = np.zeros(len(strata))
    for stratum in np.unique(strata):
        own = np.flatnonzero(strata == stratum)
        counts[own] = np.bincount(rng.integers(0, len(own), len(own)), minlength=len(own))
    return counts[units]
