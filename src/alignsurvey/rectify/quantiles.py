"""Quantiles: the rectified distribution function, inverted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alignsurvey.errors import InputError
from alignsurvey.rectify.data import Sample, sample_of
from alignsurvey.rectify.diagnostics import diagnose
from alignsurvey.rectify.estimate import Estimate, Method
from alignsurvey.rectify.linear import Parts, combine, tuned_lambda
from alignsurvey.rectify.models import mean_fit
from alignsurvey.rectify.pipeline import Interval, Options, check, published_lambda
from alignsurvey.rectify.small_samples import t_quantile

Array = NDArray[np.float64]
_METHODS = ("classical", "imputation", "ppi", "ppi++", "cross")


def quantile(
    y: ArrayLike | Sample,
    f: ArrayLike | None = None,
    f_rest: ArrayLike | None = None,
    q: float = 0.5,
    *,
    method: Method = "ppi++",
    level: float = 0.95,
    interval: Interval = "auto",
    **design: Any,
) -> Estimate:
    """Estimate a quantile: the smallest answer that at least the share q do not exceed.

    Parameters
    ----------
    y, f, f_rest, method, level, **design
        As for `mean`.
    q : float
        Between 0 and 1; .5 is the median.
    interval : {"auto", "z"}
        "auto" is Woodruff's (1952), with t quantiles; "z" is ppi-python's, with the values whose
        distribution function does not differ from q significantly.

    Returns
    -------
    Estimate
        Its standard error is the interval's length over that of a standard normal one.

    References
    ----------
    arXiv 2301.09633; Woodruff (1952).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> f = rng.normal(size=4000)
    >>> y = f[:100] + rng.normal(0.2, 0.3, 100)
    >>> found = quantile(y, f[:100], f[100:])
    >>> found.low < 0.2 < found.high
    True
    """
    sample = sample_of(y, f, f_rest, **design)
    options = Options(method, level, interval)
    check(options, sample, allowed=_METHODS)
    if not 0 < q < 1:
        raise InputError(f"q must lie between 0 and 1, not {q}; 0.5 is the median")
    if interval == "bootstrap":
        raise InputError("no bootstrap-t for quantiles; use rectify.bootstrap")
    if interval == "z":
        value, low, high, lambda_, rho, df = _published(sample, q, options)
    else:
        value, low, high, lambda_, rho, df = _woodruff(sample, q, options)
    alone = _woodruff(sample, q, Options("classical", level))
    t = t_quantile(df, level)
    width, own = high - low, alone[2] - alone[1]
    ratio = width / own if own > 0 else 1.0
    valid = method != "imputation"
    n_eff = sample.n / ratio**2 if ratio > 0 and valid else float(sample.n if valid else 0)
    judged = diagnose(sample, ratio, lambda_, valid=valid) if sample.f.shape[1] else None
    return Estimate(
        f"{sample.name}, quantile {q:g}", value, low, high, width / (2 * t), sample.n, sample.N,
        n_eff, lambda_, rho, df, method, level, valid, judged, notes=sample.notes,
    )  # fmt: skip


def _indicator_parts(sample: Sample, at: float) -> Parts:
    """Shares of answers up to a value, linearised."""
    empty = np.empty((0, 0))
    w, w_rest = sample.design.weights, sample.design_rest.weights
    human = mean_fit((sample.y <= at).astype(float), empty, w)
    if not sample.f.shape[1] or not sample.N:
        return Parts(human, human, human, sample.design, sample.design)
    pilot = mean_fit((sample.f[:, 0] <= at).astype(float), empty, w)
    rest = mean_fit((sample.f_rest[:, 0] <= at).astype(float), empty, w_rest)
    return Parts(human, pilot, rest, sample.design, sample.design_rest)


def _weighted_cdf(values: Array, w: Array, grid: Array) -> Array:
    order = np.argsort(values, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(w[order])])
    return np.asarray(total[np.searchsorted(values[order], grid, side="right")] / w.sum())


def _grid(sample: Sample) -> Array:
    return np.unique(np.concatenate([sample.y, sample.f.ravel(), sample.f_rest.ravel()]))


def _first(grid: Array, cdf: Array, q: float) -> float:
    """Give the smallest grid value whose (monotone) distribution function reaches q."""
    reached = np.maximum.accumulate(cdf) >= q - 1e-12
    return float(grid[int(np.argmax(reached))]) if reached.any() else float(grid[-1])


def _woodruff(
    sample: Sample, q: float, options: Options
) -> tuple[float, float, float, float, float, float]:
    """Quantile, interval, lambda, rho and df: bounds of the share at the estimate, inverted."""
    alone = options.method == "classical"
    grid = np.unique(sample.y) if alone else _grid(sample)
    human = _weighted_cdf(sample.y, sample.design.weights, grid)
    lambda_, cdf = 0.0, human
    if not alone:
        pilot = _weighted_cdf(sample.f[:, 0], sample.design.weights, grid)
        rest = _weighted_cdf(sample.f_rest[:, 0], sample.design_rest.weights, grid)
        start = _first(grid, human, q)
        match options.method:
            case "imputation":
                lambda_, cdf = 1.0, rest
            case "ppi":
                lambda_, cdf = 1.0, human + rest - pilot
            case _:
                lambda_ = float(tuned_lambda(_indicator_parts(sample, start))[0])
                cdf = human + lambda_ * (rest - pilot)
    value = _first(grid, cdf, q)
    parts = _indicator_parts(sample, value)
    tuned = options.method in ("ppi++", "cross")
    found = combine(parts, np.array([lambda_]), tuned=tuned)
    df, se = float(found.df[0]), float(np.sqrt(found.variance[0]))
    if options.method == "imputation":
        own = parts.rest.contributions
        se = float(np.sqrt(parts.rest_design.covariance(own, own)[0]))
    if se == 0:
        # Every human answer lies on one side of the estimate: the variance of the share q itself.
        w = sample.design.weights
        se = float(np.sqrt(q * (1 - q) * (w**2).sum())) / float(w.sum())
    reach = t_quantile(df, options.level) * se
    low, high = _first(grid, cdf, q - reach), _first(grid, cdf, q + reach)
    return value, low, high, lambda_, float(found.rho[0]), df


def _published(
    sample: Sample, q: float, options: Options
) -> tuple[float, float, float, float, float, float]:
    """`ppi_quantile_pointestimate` and `ppi_quantile_ci` of ppi-python, on the exact grid."""
    lambda_ = published_lambda(options)
    if lambda_ != 1.0:
        raise InputError('ppi-python has quantiles for lambda 1 only; use method="ppi"')
    y, f, f_rest = sample.y, sample.f[:, 0], sample.f_rest[:, 0]
    w = sample.design.weights / sample.design.weights.mean()
    w_rest = sample.design_rest.weights / sample.design_rest.weights.mean()
    n, N = sample.n, sample.N
    grid = _grid(sample)
    rest = _weighted_cdf(f_rest, w_rest, grid)
    shift = _weighted_cdf(y, w, grid) - _weighted_cdf(f, w, grid)
    cdf = rest + shift
    distance = np.abs(cdf - q)
    # The first of equals: rounding must not decide between them.
    value = float(grid[int(np.argmax(distance <= distance.min() + 1e-12))])
    # Second moments of w (1{y <= g} - 1{f <= g}): the two indicators are both 1 above the larger.
    square = w**2
    both = _weighted_cdf(np.maximum(y, f), square, grid)
    second = _weighted_cdf(y, square, grid) + _weighted_cdf(f, square, grid) - 2 * both
    var_shift = second * square.mean() - shift**2
    var_rest = _weighted_cdf(f_rest, w_rest**2, grid) * (w_rest**2).mean() - rest**2
    variance = np.maximum(var_shift, 0) / n + np.maximum(var_rest, 0) / N
    statistic = np.abs(cdf - q) / np.maximum(np.sqrt(variance), 1e-16)
    inside = grid[2 * stats.norm.sf(statistic) > 1 - options.level]
    if not len(inside):
        return _woodruff(sample, q, Options("ppi", options.level))
    return value, float(inside[0]), float(inside[-1]), 1.0, float("nan"), np.inf
