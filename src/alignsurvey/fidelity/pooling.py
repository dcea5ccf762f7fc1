"""From replicates to a number with its interval.

Each pilot gives a value and bootstrap draws of it. The number reported is the mean over pilots;
its interval covers both which people the pilot happened to hold and which people judged: the
draws of all pilots are pooled, each pilot's freed of the bootstrap's own bias. Where that moves
the interval past the number itself, as for a distance within noise, it is widened to hold it.
"""

from __future__ import annotations

import math
import warnings
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
        return Pooled(float("nan"), float("nan"), float("nan"))
    value = float(table[:, 0].mean())
    draws = debiased(table)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    if bounds is not None:
        low, high = np.clip([low, high], *bounds)
    return Pooled(value, min(float(low), value), max(float(high), value))


def debiased(table: Floats) -> Floats:
    """Draws of all pilots, each pilot's moved by twice its bias; see `metrics.interval`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a pilot whose draws are all undefined
        bias = table[:, 0] - np.nanmean(table[:, 1:], axis=1)
    moved = (table[:, 1:] + 2 * bias[:, None]).ravel()
    known = moved[~np.isnan(moved)]
    return known if len(known) else table[:, 0]


def pooled_metrics(replicates: Replicates, keys: list[Key], level: float) -> list[Pooled]:
    """Pool many metrics of a study, each clipped to its range.

    Those that are defined everywhere, nearly all, are pooled together: a study has tens of
    thousands of scores.
    """
    found: dict[Key, Pooled] = {}
    regular: dict[tuple[int, ...], list[Key]] = {}
    for key in keys:
        table, measure = replicates.table(key), MEASURES[key.metric]
        if np.isnan(table).any():
            found[key] = pooled(table, level, (measure.low, measure.high))
        else:
            regular.setdefault(table.shape, []).append(key)
    for alike in regular.values():
        for start in range(0, len(alike), _TOGETHER):
            part = alike[start : start + _TOGETHER]
            found.update(zip(part, _pooled_together(replicates, part, level), strict=True))
    return [found[key] for key in keys]


_TOGETHER = 2000


def _pooled_together(replicates: Replicates, keys: list[Key], level: float) -> list[Pooled]:
    tables = np.stack([replicates.table(key) for key in keys])
    estimates, draws = tables[:, :, 0], tables[:, :, 1:]
    bias = estimates - draws.mean(axis=2)
    moved = (draws + 2 * bias[:, :, None]).reshape(len(keys), -1)
    ends = np.quantile(moved, [(1 - level) / 2, (1 + level) / 2], axis=1)
    bounds = np.array([(MEASURES[key.metric].low, MEASURES[key.metric].high) for key in keys])
    low, high = np.clip(ends, bounds[:, 0], bounds[:, 1])
    values = estimates.mean(axis=1)
    rows = zip(values, np.minimum(low, values), np.maximum(high, values), strict=True)
    return [Pooled(float(value), float(one), float(other)) for value, one, other in rows]


def pooled_difference(
    first: Floats, second: Floats, level: float
) -> tuple[float, float, float, float]:
    """Difference of two simulators judged on the same people with the same pilots.

    Returns
    -------
    (difference, low, high, p)
        p is two-sided and normal, with the standard error of the pooled draws: a share of draws
        could not be smaller than one in their number, which a correction for many pairs needs.
    """
    table = first - second
    value, low, high = pooled(table, level)
    if math.isnan(value):
        return value, low, high, math.nan
    error = float(debiased(table[~np.isnan(table[:, 0])]).std())
    if error == 0:
        return value, low, high, 1.0 if value == 0 else 0.0
    return value, low, high, math.erfc(abs(value) / error / math.sqrt(2))


def holm(p_values: list[float]) -> list[float]:
    """Correct p-values for their number (Holm 1979)."""
    corrected: list[float] = metrics.holm(np.array(p_values)).tolist()
    return corrected
