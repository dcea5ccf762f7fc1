"""Confidence intervals and tests from bootstrap draws of a metric."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from alignsurvey.metrics._arrays import FloatArray, number, ratio

IntervalMethod = Literal["percentile", "basic", "centred", "bc", "normal", "bias_aware"]
INTERVAL_METHODS: tuple[IntervalMethod, ...] = (
    "percentile",
    "basic",
    "centred",
    "bc",
    "normal",
    "bias_aware",
)


class Interval(NamedTuple):
    """Lower and upper end of a confidence interval."""

    low: FloatArray
    high: FloatArray


class PairedDifference(NamedTuple):
    """A difference of two estimates, its interval, and the p-value that it is 0."""

    difference: FloatArray
    low: FloatArray
    high: FloatArray
    p: FloatArray


def interval(
    estimate: ArrayLike,
    draws: ArrayLike,
    level: float = 0.95,
    method: IntervalMethod = "bias_aware",
    bounds: tuple[float, float] | None = None,
) -> Interval:
    """Confidence interval of an estimate from its bootstrap draws.

    Parameters
    ----------
    estimate : a number, or an array (...).
    draws : (B,), or (B, ...), the metric under replicate weights. NaN draws are left out.
    level : confidence level.
    method : how the draws become an interval.

        - ``percentile``: quantiles of the draws.
        - ``basic``: these quantiles reflected at the estimate.
        - ``centred``: quantiles of the draws, moved so that their mean is the estimate.
        - ``bc``: bias-corrected percentiles.
        - ``normal``: the estimate less its bias, plus and minus normal quantiles of the draws'
          standard deviation. The bias is the draws' mean less the estimate.
        - ``bias_aware``: as ``normal``, but the bias also counts as error, since it is itself
          only an estimate: quantiles of ``sqrt(sd^2 + bias^2)``. The interval always holds the
          estimate, and it is the method that covers best when distances are small.
    bounds : lowest and highest value the metric can take; the interval is clipped to it.

    Returns
    -------
    Interval
        ``low`` and ``high``; NaN where the estimate or all draws are NaN.

    References
    ----------
    Efron and Tibshirani (1993), chapters 10, 12 and 13; coverage is measured in
    ``docs/metrics.md``.

    Examples
    --------
    >>> low, high = interval(0.5, [0.3, 0.4, 0.5, 0.6, 0.7], level=0.8, method="percentile")
    >>> round(float(low), 2), round(float(high), 2)
    (0.34, 0.66)
    """
    centre, values = _prepared(estimate, draws)
    if method not in INTERVAL_METHODS:
        raise ValueError(f"method must be one of {', '.join(INTERVAL_METHODS)}, not {method!r}")
    tail = (1 - level) / 2
    low, high = _ends(centre, values, tail, method)
    if bounds is not None:
        low, high = np.clip(low, *bounds), np.clip(high, *bounds)
    undefined = np.isnan(centre)
    return Interval(
        number(np.where(undefined, np.nan, low)), number(np.where(undefined, np.nan, high))
    )


def _prepared(estimate: ArrayLike, draws: ArrayLike) -> tuple[FloatArray, FloatArray]:
    centre = np.asarray(estimate, dtype=np.float64)
    values = np.asarray(draws, dtype=np.float64)
    if values.ndim == 0 or values.shape[1:] != centre.shape:
        raise ValueError(f"draws {values.shape} do not belong to an estimate of {centre.shape}")
    return centre, values


def _ends(
    centre: FloatArray, draws: FloatArray, tail: float, method: IntervalMethod
) -> tuple[FloatArray, FloatArray]:
    if method == "bc":
        low_share, high_share = _corrected_shares(centre, draws, tail)
        return _quantile(draws, low_share), _quantile(draws, high_share)
    if method in {"normal", "bias_aware"}:
        from scipy.special import ndtri

        middle, error = _corrected(centre, draws, method)
        reach = float(ndtri(1 - tail)) * error
        return middle - reach, middle + reach
    low, high = _quantile(draws, tail), _quantile(draws, 1 - tail)
    if method == "basic":
        return 2 * centre - high, 2 * centre - low
    if method == "centred":
        shift = centre - _mean_and_deviation(draws)[0]
        return low + shift, high + shift
    return low, high


def _corrected(
    centre: FloatArray, draws: FloatArray, method: IntervalMethod
) -> tuple[FloatArray, FloatArray]:
    """Return the estimate less its bias, and its standard error."""
    mean, deviation = _mean_and_deviation(draws)
    bias = mean - centre
    return centre - bias, np.hypot(deviation, bias) if method == "bias_aware" else deviation


def _mean_and_deviation(draws: FloatArray) -> tuple[FloatArray, FloatArray]:
    known = ~np.isnan(draws)
    count = known.sum(axis=0)
    mean = np.asarray(ratio(np.where(known, draws, 0.0).sum(axis=0), count))
    squares = np.where(known, draws - mean, 0.0) ** 2
    return mean, np.sqrt(ratio(squares.sum(axis=0), count))


def _corrected_shares(
    centre: FloatArray, draws: FloatArray, tail: float
) -> tuple[FloatArray, FloatArray]:
    from scipy.special import ndtr, ndtri

    count = np.maximum((~np.isnan(draws)).sum(axis=0), 1)
    below = ((draws < centre).sum(axis=0) + 0.5 * (draws == centre).sum(axis=0)) / count
    shift = 2 * ndtri(np.clip(below, 0.5 / count, 1 - 0.5 / count))
    return ndtr(shift + ndtri(tail)), ndtr(shift + ndtri(1 - tail))


def _quantile(draws: FloatArray, share: ArrayLike) -> FloatArray:
    """Return linearly interpolated quantiles over the first axis, passing over NaN."""
    ordered = np.sort(draws, axis=0)  # NaN last
    last = (~np.isnan(draws)).sum(axis=0) - 1
    place = np.asarray(share) * np.maximum(last, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(last, 0))
    low = np.take_along_axis(ordered, below[None], axis=0)[0]
    high = np.take_along_axis(ordered, above[None], axis=0)[0]
    return np.asarray(low + (place - below) * (high - low))


def paired_difference(
    draws_a: ArrayLike,
    draws_b: ArrayLike,
    estimate_a: ArrayLike,
    estimate_b: ArrayLike,
    level: float = 0.95,
    method: IntervalMethod = "bias_aware",
) -> PairedDifference:
    """Difference a - b of two estimates whose draws share their replicate weights.

    Sharing the weights is what makes it paired: what two simulators have in common, above all
    whom the bootstrap drew, cancels.

    Parameters
    ----------
    draws_a, draws_b : (B,), or (B, ...), draws from the same replicate weights.
    estimate_a, estimate_b : numbers, or arrays (...).
    level, method : as for ``interval``.

    Returns
    -------
    PairedDifference
        ``difference``, ``low``, ``high`` and the two-sided ``p``: the smallest level at which
        the interval would still leave out 0. Methods that read quantiles cannot go below
        2 / (B + 1). NaN where undefined.

    References
    ----------
    Davison and Hinkley (1997), section 4.4.

    Examples
    --------
    >>> found = paired_difference([0.5, 0.6, 0.7], [0.2, 0.3, 0.4], 0.6, 0.3)
    >>> round(float(found.difference), 2), float(found.p)
    (0.3, 0.0)
    """
    difference = np.asarray(estimate_a, dtype=np.float64) - np.asarray(estimate_b)
    centre, draws = _prepared(
        difference, np.asarray(draws_a, dtype=np.float64) - np.asarray(draws_b)
    )
    low, high = interval(centre, draws, level, method)
    return PairedDifference(number(centre), low, high, _p_value(centre, draws, method))


def _p_value(centre: FloatArray, draws: FloatArray, method: IntervalMethod) -> FloatArray:
    from scipy.special import ndtr, ndtri

    count = (~np.isnan(draws)).sum(axis=0)
    undefined = (count == 0) | np.isnan(centre)
    if method in {"normal", "bias_aware"}:
        middle, error = _corrected(centre, draws, method)
        # draws that never differ say only that the p-value is too small for them to show
        certain = np.where(middle == 0, 1.0, 2 / (count + 1))
        tails = 2 * ndtr(-np.abs(np.asarray(ratio(middle, error))))
        return number(np.where(undefined, np.nan, np.where(error > 0, tails, certain)))
    null = {"basic": 2 * centre, "centred": _mean_and_deviation(draws)[0] - centre}.get(method, 0.0)
    low = ((draws <= null).sum(axis=0) + 1) / (count + 1)
    high = ((draws >= null).sum(axis=0) + 1) / (count + 1)
    if method == "bc":
        below = _corrected_shares(centre, draws, 0.5)[0]  # the share at the corrected median
        low = ndtr(ndtri(np.minimum(low, 1 - 1e-12)) - ndtri(below))
        high = 1 - low
    return number(np.where(undefined, np.nan, np.minimum(2 * np.minimum(low, high), 1.0)))


def holm(p_values: ArrayLike) -> FloatArray:
    """Adjust p-values for many comparisons by Holm's step-down rule.

    Parameters
    ----------
    p_values : (m,) p-values; NaN entries are not counted as comparisons and stay NaN.

    Returns
    -------
    (m,) adjusted p-values: those at most alpha are found with family-wise error at most alpha.

    References
    ----------
    Holm (1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * steps), 1.0)
    return adjusted
