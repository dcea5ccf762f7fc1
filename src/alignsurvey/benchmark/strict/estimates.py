"""Metrics with intervals: sums over rows, bootstrapped over respondents."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey.metrics import interval, replicate_weights

Floats = NDArray[np.float64]
Statistics = Callable[[Floats], dict[str, Floats]]
"""Column sums, shape (..., p), to metrics by name, each of shape (...)."""

_BLOCK_CELLS = 2**23
_STEP_PRODUCTS = 2**19


@dataclass(frozen=True)
class Resampling:
    """How intervals are made.

    Parameters
    ----------
    replicates : int
        0 for none.
    seed : int
    people : sequence
        For each row its respondent, or None where the file does not say.
    """

    replicates: int
    seed: int
    people: Sequence[Hashable]


@dataclass(frozen=True)
class Cells:
    """Rows that each count once, in one cell of a table: what a row adds is its cell."""

    code: NDArray[np.int64]
    size: int


def estimates(
    rows: Floats | Cells,
    statistics: Statistics,
    resampling: Resampling,
    highest: Mapping[str, float] | None = None,
) -> dict[str, float | None]:
    """Return metrics of column sums, each with ``_low`` and ``_high``.

    Rows of one respondent are drawn together; a row without a respondent is drawn on its own.

    Parameters
    ----------
    rows : array, shape (n, p), or Cells
        What each row adds to the sums.
    statistics : callable
        From sums, shape (..., p), to metrics.
    resampling : Resampling
    highest : mapping, optional
        The highest value a metric can take, where it is not 1.

    Returns
    -------
    dict
        None where a metric is undefined.

    Examples
    --------
    >>> share = lambda sums: {"share": sums[..., 0] / sums[..., 1]}
    >>> rows = np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    >>> found = estimates(rows, share, Resampling(200, 1, [None] * 4))
    >>> found["share"], found["share_low"] < 0.5 < found["share_high"]
    (0.5, True)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        values = statistics(_sums(rows))
        draws = None
        if resampling.replicates and len(resampling.people):
            draws = statistics(_replicate_sums(rows, resampling))
    found: dict[str, float | None] = {}
    for name, value in values.items():
        found[name] = known(value)
        low, high = np.nan, np.nan
        if draws is not None:
            bounds = (0.0, (highest or {}).get(name, 1.0))
            low, high = map(float, interval(value, draws[name], bounds=bounds))
        found[f"{name}_low"], found[f"{name}_high"] = known(low), known(high)
    return found


def _sums(rows: Floats | Cells) -> Floats:
    if isinstance(rows, Cells):
        return np.bincount(rows.code, minlength=rows.size).astype(np.float64)
    return np.asarray(rows.sum(axis=0))


def _replicate_sums(rows: Floats | Cells, resampling: Resampling) -> Floats:
    """Return the column sums of each bootstrap replicate, shape (B, p)."""
    unit, n = units(resampling.people)
    if isinstance(rows, Cells):
        if n == len(unit):
            # rows of one cell are exchangeable: how often each cell is drawn is multinomial
            return _multinomial(_sums(rows), resampling)
        return _weighted(_by_unit(rows, unit, n), n, resampling)
    sums = rows if n == len(unit) else _added(rows, unit, n)
    kinds, counts = _kinds(sums)
    if kinds is not None:
        return _multinomial(counts, resampling) @ kinds
    return _weighted(sums, n, resampling)


def _multinomial(counts: Floats, resampling: Resampling) -> Floats:
    n = counts.sum()
    generator = np.random.Generator(np.random.PCG64(resampling.seed))
    drawn = generator.multinomial(int(n), counts / n, size=resampling.replicates)
    return np.asarray(drawn, dtype=np.float64)


def _weighted(sums: Any, n: int, resampling: Resampling) -> Floats:
    """Sum up under replicate weights, a block of replicates at a time."""
    size = max(1, _BLOCK_CELLS // n)
    parts = []
    for block, start in enumerate(range(0, resampling.replicates, size)):
        count = min(size, resampling.replicates - start)
        drawn = replicate_weights(n, count, seed=resampling.seed + block)
        parts.append(_product(drawn, sums) if isinstance(sums, np.ndarray) else drawn @ sums)
    return np.concatenate(parts)


def _product(drawn: Floats, sums: Floats) -> Floats:
    """Multiply in steps, each too small for the linear algebra to start threads that wait."""
    size = max(1, _STEP_PRODUCTS // (len(drawn) * sums.shape[1]))
    total = np.zeros((len(drawn), sums.shape[1]))
    for start in range(0, len(sums), size):
        total += drawn[:, start : start + size] @ sums[start : start + size]
    return total


def units(people: Sequence[Hashable]) -> tuple[NDArray[np.int64], int]:
    """Number the sampling units: respondents, or rows where the file names none.

    Examples
    --------
    >>> unit, n = units(["ann", None, "ann", None])
    >>> unit.tolist(), n
    ([0, 1, 0, 2], 3)
    """
    if all(who is None for who in people):
        return np.arange(len(people)), len(people)
    places: dict[Hashable, int] = {}
    keys = (("row", row) if who is None else who for row, who in enumerate(people))
    unit = np.array([places.setdefault(key, len(places)) for key in keys], dtype=np.int64)
    return unit, len(places)


def _added(rows: Floats, unit: NDArray[np.int64], n: int) -> Floats:
    sums = np.zeros((n, rows.shape[1]))
    np.add.at(sums, unit, rows)
    return sums


def _by_unit(rows: Cells, unit: NDArray[np.int64], n: int) -> Any:
    from scipy.sparse import csr_array

    ones = np.ones(len(unit))
    return csr_array((ones, (unit, rows.code)), shape=(n, rows.size))


def _kinds(sums: Floats) -> tuple[Floats | None, Floats]:
    """Group units that add the same; None where there are too many kinds for it to pay."""
    nothing = np.empty(0)
    if len(sums) < 2000 or len(np.unique(sums[:: len(sums) // 500], axis=0)) > 250:
        return None, nothing
    width = sums.dtype.itemsize * sums.shape[1]
    keys = np.ascontiguousarray(sums).view(np.dtype((np.void, width))).ravel()
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    return (
        (sums[first], counts.astype(np.float64)) if len(first) * 4 < len(sums) else (None, nothing)
    )


def known(value: Any) -> float | None:
    """Return a number as a float, None where it is undefined."""
    number = float(value)
    return None if math.isnan(number) else number


def precision_recall_f1(tables: Floats) -> dict[str, Floats]:
    """Macro-averages over the options that some human chose.

    Parameters
    ----------
    tables : array, shape (..., K, K + 1)
        Counts of gold option by option read, the last column for what could not be read.

    Returns
    -------
    dict
        ``macro_precision``, ``macro_recall`` and ``macro_f1``, each of shape (...); an option
        that is never predicted has precision 0, NaN where no human chose anything.

    Examples
    --------
    >>> found = precision_recall_f1(np.array([[1.0, 0.0, 1.0], [0.0, 2.0, 0.0]]))
    >>> {name: round(float(value), 3) for name, value in found.items()}
    {'macro_precision': 1.0, 'macro_recall': 0.75, 'macro_f1': 0.833}
    """
    gold = tables.sum(axis=-1)
    k = tables.shape[-2]
    named = tables[..., :k].sum(axis=-2)
    hits = np.diagonal(tables[..., :k], axis1=-2, axis2=-1)
    real = gold > 0
    zero = np.zeros(gold.shape)
    each = {
        "macro_precision": np.divide(hits, named, out=zero.copy(), where=real & (named > 0)),
        "macro_recall": np.divide(hits, gold, out=zero.copy(), where=real),
        "macro_f1": np.divide(2 * hits, gold + named, out=zero.copy(), where=real),
    }
    with np.errstate(invalid="ignore", divide="ignore"):
        return {name: values.sum(axis=-1) / real.sum(axis=-1) for name, values in each.items()}


def reading_metrics(outcomes: Mapping[str, int]) -> dict[str, Any]:
    """Return n, the share of rows read, and the outcomes counted."""
    n = sum(outcomes.values())
    return {
        "n": n,
        "parse_rate": outcomes.get("answered", 0) / n if n else None,
        "outcomes": dict(outcomes),
    }
