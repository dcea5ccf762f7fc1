"""The metrics that a study reports: their axis, their range, and which values are good."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower", "nearer 1"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric of a study."""

    axis: Literal["structural", "marginal", "individual"]
    better: Better
    low: float
    high: float

    def is_better(self, value: float, other: float) -> bool:
        """Whether a value beats another; NaN beats nothing."""
        if math.isnan(value) or math.isnan(other):
            return math.isnan(other) and not math.isnan(value)
        if self.better == "nearer 1":
            return abs(value - 1) < abs(other - 1)
        return value > other if self.better == "higher" else value < other


_INF = math.inf
MEASURES: Mapping[str, Measure] = {
    "ccc_bivariate": Measure("structural", "higher", -1, 1),
    "ccc_ols": Measure("structural", "higher", -1, 1),
    "sign_agreement": Measure("structural", "higher", 0, 1),
    "slope_inflation": Measure("structural", "nearer 1", -_INF, _INF),
    "w1": Measure("marginal", "lower", 0, _INF),
    "w1_normalized": Measure("marginal", "lower", 0, 1),
    "tv": Measure("marginal", "lower", 0, 1),
    "jsd": Measure("marginal", "lower", 0, 1),
    "sd_ratio": Measure("marginal", "nearer 1", 0, _INF),
    "entropy_ratio": Measure("marginal", "nearer 1", 0, _INF),
    "accuracy": Measure("individual", "higher", 0, 1),
    "macro_f1": Measure("individual", "higher", 0, 1),
    "brier": Measure("individual", "lower", 0, 2),
    "log_loss": Measure("individual", "lower", 0, _INF),
    "pearson_r": Measure("individual", "higher", -1, 1),
    "mae": Measure("individual", "lower", 0, _INF),
}
"""Metric name -> what it is, in the order of reports."""

SCALE_DEPENDENT = ("w1", "mae")
"""Metrics in units of the scale: averaged only over targets with the same limits."""
