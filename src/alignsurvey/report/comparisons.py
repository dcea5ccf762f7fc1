"""Paired differences between simulators, with p values that allow for their number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from alignsurvey.report.rows import ANSWERS, facts
from alignsurvey.report.vocabulary import Metric, in_order, known, metric_of

if TYPE_CHECKING:
    from alignsurvey.fidelity.result import FidelityResult

SIGNIFICANT = 0.05
AT_MOST = 120
"""Differences listed for a metric; the others are in the result's own table."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better one simulator is than another on a metric."""

    better: str
    worse: str
    variant: str
    difference: float
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None

    @property
    def is_clear(self) -> bool:
        """Whether it remains after Holm's correction."""
        return self.p_holm is not None and self.p_holm < SIGNIFICANT


@dataclass(frozen=True)
class MetricDifferences:
    """The differences on one metric: those listed, how many there are, how many are clear."""

    metric: Metric
    axis: str
    listed: list[Difference]
    total: int
    clear: int


def differences(result: FidelityResult) -> list[MetricDifferences]:
    """Bring the comparisons of a result into order: by metric, the clearest first.

    Each pair is turned so that the better simulator comes first. Pairs of two trivial baselines
    say nothing and are left out.
    """
    table = result.comparisons
    if table.is_empty():
        return []
    about = facts(result)
    trivial = [name for name, fact in about.items() if fact.get("trivial")]
    both = pl.col("simulator_a").is_in(trivial) & pl.col("simulator_b").is_in(trivial)
    rows = table.filter(~both)
    found = []
    for name in in_order(rows["metric"].to_list()):
        own = [row for row in rows.to_dicts() if row["metric"] == name and known(row["difference"])]
        if not own:
            continue
        turned = [_turned(row, metric_of(name), about) for row in own]
        turned.sort(key=lambda one: (not one.is_clear, -abs(one.difference)))
        found.append(
            MetricDifferences(
                metric_of(name),
                own[0]["axis"],
                turned[:AT_MOST],
                len(turned),
                sum(one.is_clear for one in turned),
            )
        )
    return found


def _turned(row: dict[str, Any], metric: Metric, about: dict[str, dict[str, Any]]) -> Difference:
    """Put the better simulator first; a ratio has no direction, and its pairs stay as they are."""
    names = row["simulator_a"], row["simulator_b"]
    low, high = row["low"], row["high"]
    a_is_better = metric.better == "one" or metric.goodness(row["difference"]) >= 0
    if not a_is_better:
        names = names[1], names[0]
        low, high = (None if high is None else -high), (None if low is None else -low)
    certain = all(about.get(name, {}).get("certain") for name in names)
    return Difference(
        better=names[0],
        worse=names[1],
        variant=ANSWERS if certain else row["variant"],
        difference=row["difference"] if a_is_better else -row["difference"],
        low=low,
        high=high,
        p=row["p"],
        p_holm=row["p_holm"],
    )
