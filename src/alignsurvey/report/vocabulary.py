"""What the scores are called, which way is better, and how a value stands to its references."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Better = Literal["higher", "lower", "one"]
Numbers = tuple[float | None, float | None, float | None]
"""A value with the ends of its interval."""

AXES = ("structural", "marginal", "individual")
AXIS_QUESTIONS = {
    "structural": "Do predictors relate to the answers as they do among people?",
    "marginal": "Are the answers distributed as among people?",
    "individual": "Does it answer as this very person did?",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """How a metric is named and read.

    Parameters
    ----------
    name : str
        As in the tables of a result.
    short : str
        Heading of a narrow column.
    label : str
        Heading where there is room.
    better : {"higher", "lower", "one"}
        Which way is better; "one" where 1 is right and both sides are wrong.
    digits : int
        Decimals shown.
    """

    name: str
    short: str
    label: str
    better: Better
    digits: int = 2

    @property
    def direction(self) -> str:
        """Which way is better, in words."""
        return {
            "higher": "higher is better",
            "lower": "lower is better",
            "one": "1 is right",
        }[self.better]

    def goodness(self, value: float) -> float:
        """A number that is larger the better the value is."""
        if self.better == "one":
            return -abs(value - 1)
        return value if self.better == "higher" else -value


_KNOWN = {
    metric.name: metric
    for metric in (
        Metric("ccc_bivariate", "CCC biv.", "CCC, correlations", "higher"),
        Metric("ccc_ols", "CCC OLS", "CCC, regression", "higher"),
        Metric("sign_agreement", "Signs", "Sign agreement", "higher"),
        Metric("slope_inflation", "Slope", "Slope inflation", "one"),
        Metric("w1_normalized", "W1 norm.", "W1, of the range", "lower", 3),
        Metric("tv", "TV", "Total variation", "lower", 3),
        Metric("sd_ratio", "SD ratio", "SD ratio", "one"),
        Metric("entropy_ratio", "Entropy", "Entropy ratio", "one"),
        Metric("jsd", "JSD", "Jensen-Shannon div.", "lower", 3),
        Metric("w1", "W1", "W1, in points", "lower"),
        Metric("pearson_r", "r", "Pearson r", "higher"),
        Metric("mae", "MAE", "Mean abs. error", "lower"),
        Metric("accuracy", "Accuracy", "Accuracy", "higher"),
        Metric("macro_f1", "Macro F1", "Macro F1", "higher"),
        Metric("brier", "Brier", "Brier score", "lower"),
        Metric("log_loss", "Log loss", "Log loss", "lower"),
    )
}
KEY_METRICS = {
    "structural": ("ccc_ols", "ccc_bivariate"),
    "marginal": ("w1_normalized", "tv"),
    "individual": ("pearson_r", "accuracy"),
}
"""The metric that stands for an axis: the first of these that was computed."""


def metric_of(name: str) -> Metric:
    """Look up a metric; an unknown one is shown under its own name.

    Examples
    --------
    >>> metric_of("sd_ratio").better
    'one'
    >>> metric_of("new_score").label
    'new score'
    """
    plain = name.replace("_", " ")
    return _KNOWN.get(name, Metric(name, plain, plain, "higher"))


def in_order(names: Iterable[str]) -> list[str]:
    """Bring metrics into the order in which they are read; unknown ones come last."""
    found = list(dict.fromkeys(names))
    return [name for name in _KNOWN if name in found] + [n for n in found if n not in _KNOWN]


class Standing(StrEnum):
    """How a value stands to the human ceiling and to the best trivial baseline."""

    REACHES = "reaches"
    SAME = "same"
    WORSE = "worse"
    BETWEEN = "between"
    UNKNOWN = "unknown"


MARKS = {Standing.REACHES: "▲", Standing.SAME: "≈", Standing.WORSE: "▼"}
PLAIN_MARKS = {Standing.REACHES: "^", Standing.SAME: "~", Standing.WORSE: "v"}
STANDING_WORDS = {
    Standing.REACHES: "the interval reaches the human ceiling",
    Standing.SAME: "cannot be told from the best trivial baseline",
    Standing.WORSE: "worse than the best trivial baseline",
    Standing.BETWEEN: "better than the best trivial baseline",
    Standing.UNKNOWN: "",
}


def standing(
    metric: Metric, values: Numbers, baseline: float | None, ceiling: float | None
) -> Standing:
    """Say how a value stands to its references.

    Parameters
    ----------
    metric : Metric
    values : (value, low, high)
        The interval's ends may be missing; then the value stands alone.
    baseline, ceiling : float, optional
        Of the best trivial baseline, and of a second human sample of the same size.

    Returns
    -------
    Standing
        WORSE or SAME where the whole interval, or a part of it, is no better than the baseline;
        else REACHES where the interval comes up to the ceiling; else BETWEEN.

    Examples
    --------
    >>> standing(metric_of("pearson_r"), (0.4, 0.3, 0.5), baseline=0.1, ceiling=None).value
    'between'
    >>> standing(metric_of("sd_ratio"), (0.3, 0.2, 0.4), baseline=0.9, ceiling=1.0).value
    'worse'
    """
    value, low, high = (one if known(one) else None for one in values)
    if value is None:
        return Standing.UNKNOWN
    worst, best = goodness_range(metric, value, low, high)
    if baseline is not None and known(baseline):
        reference = metric.goodness(baseline)
        if best < reference:
            return Standing.WORSE
        if worst <= reference:
            return Standing.SAME
    if ceiling is not None and known(ceiling) and best >= metric.goodness(ceiling):
        return Standing.REACHES
    no_reference = not known(baseline) and not known(ceiling)
    return Standing.UNKNOWN if no_reference else Standing.BETWEEN


def goodness_range(
    metric: Metric, value: float, low: float | None, high: float | None
) -> tuple[float, float]:
    """Goodness at the worse and at the better end of an interval."""
    ends = [value if end is None else end for end in (low, high)]
    goodness = [metric.goodness(end) for end in (value, *ends)]
    if metric.better == "one" and min(ends) <= 1 <= max(ends):
        goodness.append(0.0)
    return min(goodness), max(goodness)


def known(value: float | None) -> bool:
    """Whether there is a number."""
    return value is not None and math.isfinite(value)
