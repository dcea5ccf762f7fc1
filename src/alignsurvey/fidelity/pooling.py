"""From replicates to a number with its interval.

Each pilot gives a value and bootstrap draws of it. The number reported is the mean over pilots;
its interval covers both which people the pilot happened to hold and which people judged: it is
made from the draws of all pilots together (see `metrics.interval`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from alignsurvey import metrics
from alignsurvey.fidelity.measures import MEASURES
from alignsurvey.fidelity.targets import Floats


class Key(NamedTuple):
    """What a number is about."""

    simulator: str
    variant: str
    axis: str
    metric: str
    target: str
    group: str


class Pooled(NamedTuple):
    """A number with its interval; NaN where it is undefined."""

    value: float
    low: float
    high: float


class Replicates:
    """Values of every metric, pilot by pilot.

    Each entry is an array of shape (1 + B,): the estimate, then its bootstrap draws.
    """

    def __init__(self) -> None:
        self._values: dict[Key, list[Floats]] = defaultdict(list)
        self._n: dict[Key, list[float]] = defaultdict(list)
        self._parsed: dict[Key, list[float]] = defaultdict(list)

    def add(self, key: Key, values: Floats, n: float, parse_rate: float) -> None:
        """Add one pilot's values."""
        self._values[key].append(values)
        self._n[key].append(n)
        self._parsed[key].append(parse_rate)

    def absorb(self, other: Replicates) -> None:
        """Add the values of other pilots."""
        for key, values in other._values.items():
            self._values[key] += values
            self._n[key] += other._n[key]
            self._parsed[key] += other._parsed[key]

    def keys(self) -> Iterator[Key]:
        """Every number there is, in the order of arrival."""
        return iter(self._values)

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def table(self, key: Key) -> Floats:
        """Values of a metric, shape (pilots, 1 + B)."""
        return np.stack(self._values[key])

    def n(self, key: Key) -> int:
        """Number of people behind a number, averaged over pilots."""
        return round(float(np.mean(self._n[key])))

    def parse_rate(self, key: Key) -> float:
        """Share of these people with a simulated answer, averaged over pilots."""
        return float(np.mean(self._parsed[key]))


def pooled(table: Floats, level: float, bounds: tuple[float, float] | None = None) -> Pooled:
    """Pool the values of several pilots.

    Parameters
    ----------
    table : array, shape (pilots, 1 + B)
        Estimate and bootstrap draws of each pilot; pilots where it is undefined do not count.
    level : float
    bounds : (float, float), optional
        Smallest and largest possible value.
    """
    table = table[~np.isnan(table[:, 0])]
    if not len(table):
        return Pooled(math.nan, math.nan, math.nan)
    value = float(table[:, 0].mean())
    draws = table[:, 1:].ravel()
    known = draws[~np.isnan(draws)]
    low, high = metrics.interval(value, known if len(known) else [value], level, bounds=bounds)
    return Pooled(value, float(low), float(high))


def pooled_metrics(replicates: Replicates, keys: list[Key], level: float) -> list[Pooled]:
    """Pool many metrics of a study, each clipped to its range.

    Those that are defined everywhere, nearly all, are pooled together: a study has tens of
    thousands of scores.
    """
    found: dict[Key, Pooled] = {}
    regular: dict[tuple[str, tuple[int, ...]], list[Key]] = {}
    for key in keys:
        table, measure = replicates.table(key), MEASURES[key.metric]
        if np.isnan(table).any():
            found[key] = pooled(table, level, (measure.low, measure.high))
        else:
            regular.setdefault((key.metric, table.shape), []).append(key)
    for (metric, _), alike in regular.items():
        bounds = (MEASURES[metric].low, MEASURES[metric].high)
        for start in range(0, len(alike), _TOGETHER):
            part = alike[start : start + _TOGETHER]
            tables = np.stack([replicates.table(key) for key in part])
            values = tables[:, :, 0].mean(axis=1)
            draws = tables[:, :, 1:].reshape(len(part), -1).T
            ends = metrics.interval(values, draws, level, bounds=bounds)
            rows = zip(part, values, ends.low, ends.high, strict=True)
            found.update((key, Pooled(*map(float, row))) for key, *row in rows)
    return [found[key] for key in keys]


_TOGETHER = 2000


def pooled_difference(
    first: Floats, second: Floats, level: float
) -> tuple[float, float, float, float]:
    """Difference of two simulators judged on the same people with the same pilots.

    Returns
    -------
    (difference, low, high, p)
        NaN where one of them is undefined in every pilot.
    """
    known = ~np.isnan(first[:, 0]) & ~np.isnan(second[:, 0])
    if not known.any():
        return math.nan, math.nan, math.nan, math.nan
    first, second = first[known], second[known]
    draws = (first[:, 1:] - second[:, 1:]).ravel()
    draws = draws[~np.isnan(draws)]
    centre = float((first[:, 0] - second[:, 0]).mean())
    found = metrics.paired_difference(draws, np.zeros_like(draws), centre, 0.0, level)
    return centre, float(found.low), float(found.high), float(found.p)


def holm(p_values: list[float]) -> list[float]:
    """Correct p-values for their number (Holm 1979)."""
    corrected: list[float] = metrics.holm(np.array(p_values)).tolist()
    return corrected
