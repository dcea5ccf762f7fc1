"""Whether a rectified estimate deserves trust, in words and with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from alignsurvey.rectify.data import Sample

Array = NDArray[np.float64]
Verdict = Literal["use", "use with care", "don't use"]
GOOD_SLOPES = (0.5, 1.5)
MANY_HUMANS = 30
FAR_APART = 3.0
LEAST_IN_GROUP = 5


@dataclass(frozen=True)
class Diagnostics:
    """How the simulation did beside the pilot alone.

    Parameters
    ----------
    width_ratio : float
        Standard error over that of the pilot alone; below 1 the simulation helped.
    slope : float
        Calibration slope ``Cov(y, f) / Var(f)`` in the pilot; 1 is right, below .5 the simulator
        exaggerates differences, above 1.5 it blurs them. NaN if f is constant.
    slope_by_group : mapping
        The same in each group of at least 5 humans.
    shift : float
        Simulated answers of pilot and rest: difference of means in standard errors. A random
        pilot stays within about 2.
    outside : float
        Share of the rest whose simulated answer lies outside the pilot's range.
    harmed : tuple of str
        Groups whose correction has more variance than their own humans alone.
    verdict : {"use", "use with care", "don't use"}
    reason : str
    """

    width_ratio: float
    slope: float
    shift: float
    outside: float
    verdict: Verdict
    reason: str
    slope_by_group: Mapping[str, float] = field(default_factory=dict)
    harmed: tuple[str, ...] = ()


def diagnose(
    sample: Sample,
    width_ratio: float,
    lambda_: float,
    *,
    valid: bool,
    proxy_weights: Array | None = None,
    contributions: Array | None = None,
) -> Diagnostics:
    """Judge an estimate.

    Parameters
    ----------
    sample : Sample
    width_ratio : float
        Its standard error over the pilot's own.
    lambda_ : float
    valid : bool
        Whether the method claims to cover.
    proxy_weights : array, shape (k,), optional
        Of ``multi``: the simulation is then the proxies' weighted sum. Its slope is no cause for
        doubt, for the weights were fitted to the answers and shrinking them raises it.
    contributions : array, shape (n,), optional
        Of each person to a coefficient's error.

    Examples
    --------
    >>> from alignsurvey.rectify.data import sample_of
    >>> sample = sample_of([0, 1, 2, 3] * 10, [0, 1, 2, 3] * 10, [0, 1, 2, 3] * 100)
    >>> diagnose(sample, 0.4, 1.0, valid=True).verdict
    'use'
    """
    fitted = proxy_weights is not None
    k = sample.f.shape[1]
    mix = proxy_weights if proxy_weights is not None else np.full(k, 1 / k)
    f, f_rest = sample.f @ mix, sample.f_rest @ mix
    slope = _slope(sample.y, f, sample.design.weights)
    by_group, harmed = _by_group(sample, f, 1.0 if fitted else lambda_)
    shift = _shift(f, sample.design.weights, f_rest, sample.design_rest.weights)
    outside = float(np.mean((f_rest < f.min()) | (f_rest > f.max()))) if len(f_rest) else 0.0
    doubtful = np.nan if fitted or lambda_ <= 0 else slope
    verdict, reason = _verdict(
        sample.n, doubtful, width_ratio, shift, lambda_, harmed,
        _skew_doubt(sample, contributions), valid=valid,
    )  # fmt: skip
    return Diagnostics(width_ratio, slope, shift, outside, verdict, reason, by_group, harmed)


def _verdict(
    n: int,
    slope: float,
    width_ratio: float,
    shift: float,
    lambda_: float,
    harmed: tuple[str, ...],
    skewed: str | None,
    *,
    valid: bool,
) -> tuple[Verdict, str]:
    if not valid:
        return "don't use", "simulated answers alone have no valid interval"
    if width_ratio > 1.1:
        return "don't use", f"the interval is {width_ratio:.2f} times that of the pilot alone"
    doubts = []
    if n < MANY_HUMANS:
        doubts.append(f"the pilot has only {n} humans")
    if abs(shift) > FAR_APART:
        doubts.append(
            f"pilot and rest look different to the simulator ({shift:+.1f} standard errors): is "
            "the pilot a random sample?"
        )
    # A simulator that says the same of everybody has no slope, and does neither good nor harm.
    if not np.isnan(slope) and not GOOD_SLOPES[0] <= slope <= GOOD_SLOPES[1]:
        # Zero is added so that no "-0.00" is printed.
        doubts.append(f"the calibration slope is {round(slope, 2) + 0.0:.2f}, outside .5 to 1.5")
    if skewed:
        doubts.append(skewed)
    if harmed:
        doubts.append(f"the correction makes {', '.join(harmed)} less precise")
    if doubts:
        return "use with care", "; ".join(doubts)
    if lambda_ == 0:
        return "use", "it is the pilot alone: no simulated answer counts"
    change = (
        f"{100 * (1 - width_ratio):.0f} % narrower than" if width_ratio < 0.995 else "as wide as"
    )
    return "use", f"the interval is {change} the pilot's own"


def _skew_doubt(sample: Sample, contributions: Array | None) -> str | None:
    """Say where a few people decide a mean or a linear coefficient.

    References
    ----------
    Cochran (1977), section 2.15: an interval needs ``n > 25 skewness^2``, here of what people
    contribute to a coefficient's error.
    """
    if np.isin(sample.y, (0.0, 1.0)).all() or (sample.X is not None and contributions is None):
        return None
    values = sample.y if sample.X is None or contributions is None else contributions
    centred = values - values.mean()
    spread = float(np.mean(centred**2))
    varies = spread > 1e-24 * float(np.mean(values**2))
    skewness = float(np.mean(centred**3)) / spread**1.5 if varies else 0.0
    needed = 25 * skewness**2
    if sample.n >= needed:
        return None
    if sample.X is None:
        said = f"answers are skewed ({skewness:+.1f}): a mean's interval"
    else:
        said = f"a few people decide it (skewness {skewness:+.1f}): its interval"
    return f"{said} needs about {needed:.0f} humans to hold"


def _slope(y: Array, f: Array, w: Array) -> float:
    centre = np.average(f, weights=w)
    spread = float(np.average((f - centre) ** 2, weights=w))
    if spread <= 1e-24:
        return float("nan")
    return float(np.average((f - centre) * y, weights=w)) / spread


def _shift(f: Array, w: Array, f_rest: Array, w_rest: Array) -> float:
    if len(f_rest) < 2:
        return 0.0
    variance, means = 0.0, []
    for values, weights in ((f, w), (f_rest, w_rest)):
        share = weights / weights.sum()
        means.append(float(share @ values))
        variance += float(share**2 @ (values - means[-1]) ** 2)
    return (means[0] - means[1]) / float(np.sqrt(variance)) if variance > 1e-24 else 0.0


def _by_group(sample: Sample, f: Array, lambda_: float) -> tuple[dict[str, float], tuple[str, ...]]:
    slopes: dict[str, float] = {}
    harmed: list[str] = []
    groups = [] if sample.groups is None else list(dict.fromkeys(sample.groups.tolist()))
    if len(groups) < 2:
        return slopes, ()  # one group: all that is said of everybody is said of it
    for group in groups:
        rows = sample.groups == group
        if rows.sum() < LEAST_IN_GROUP:
            continue
        slopes[str(group)] = _slope(sample.y[rows], f[rows], sample.design.weights[rows])
        if np.var(sample.y[rows] - lambda_ * f[rows]) > np.var(sample.y[rows]) * (1 + 1e-9):
            harmed.append(str(group))
    return slopes, tuple(harmed)
