"""Raking: weights under which a sample has given margins (iterative proportional fitting)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.survey.margins import Margin, Span, Value

__all__ = ["rake"]

_CLOSE = 1e-9
_ROUNDS = 2000
_NEAR = 0.0005
"""Share by which a margin may stay off where rounded margins cannot all be met."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def rake(table: pl.DataFrame, weights: Floats, margins: Sequence[Margin], source: str) -> Floats:
    """Find weights under which a table's rows have the margins; the nearest to those given.

    Rows without a value in one of the margins get no weight.

    Parameters
    ----------
    table : polars.DataFrame
        The attributes, as codes; one row a respondent or a cell.
    weights : array, shape (n,)
        The seed: survey weights, or the cells' shares. Zeros stay zero.
    margins : sequence of Margin
    source : str
        Where the rows are from, for messages.

    Returns
    -------
    array, shape (n,)
        They sum to 1.

    Raises
    ------
    InputError
        Nobody has a value that the margins want, or they cannot be met together; with the names.

    References
    ----------
    Deming and Stephan 1940, Annals of Mathematical Statistics 11, 427-444.

    Examples
    --------
    >>> table = pl.DataFrame({"sex": [1, 1, 1, 2]})
    >>> rake(table, np.ones(4), [Margin(("sex",), {(1,): 0.5, (2,): 0.5})], "people").round(3)
    array([0.167, 0.167, 0.167, 0.5  ])
    """
    cells = [_cells(table, margin) for margin in margins]
    targets = [np.array(list(margin.shares.values())) for margin in margins]
    found = weights.astype(np.float64).copy()
    for place in cells:
        found[place < 0] = 0.0
    for margin, place, target in zip(margins, cells, targets, strict=True):
        _refuse_empty(margin, np.bincount(place[found > 0], minlength=len(target)), source)
    off = [1.0]
    for _ in range(_ROUNDS):
        off = []
        for place, target in zip(cells, targets, strict=True):
            now = _sums(found, place, len(target))
            # Before its turn: after it, the last margin is met even where the others forbid it.
            off.append(float(np.abs(now - target).max()))
            factor = np.divide(target, now, out=np.zeros_like(target), where=now > 0)
            found *= np.where(place >= 0, factor[place], 0.0)
        if max(off) < _CLOSE:
            break
    if max(off) > _NEAR:
        names = " and ".join(f"'{one.title}'" for one, by in zip(margins, off, strict=True)
                             if by > _NEAR / 10)  # fmt: skip
        raise InputError(
            f"margins {names} cannot be met together by the people in {source}: they stay "
            f"{100 * max(off):.1f} points off; merge rare values, or draw attributes independently"
        )
    normalized: Floats = found / found.sum()
    return normalized


def _sums(weights: Floats, place: Ints, k: int) -> Floats:
    inside = place >= 0
    sums = np.bincount(place[inside], weights=weights[inside], minlength=k)
    return sums.astype(np.float64)


def _cells(table: pl.DataFrame, margin: Margin) -> Ints:
    """Place of each row among a margin's cells, -1 for none."""
    columns = [table[name] for name in margin.names]
    found = np.full(table.height, -1, dtype=np.int64)
    for place, values in enumerate(margin.shares):
        inside = np.ones(table.height, dtype=bool)
        for column, value in zip(columns, values, strict=True):
            inside &= _has(column, value)
        found[inside & (found < 0)] = place
    return found


def _has(column: pl.Series, value: Value) -> NDArray[np.bool_]:
    if isinstance(value, Span):
        inside = column.cast(pl.Float64).is_between(value.low, value.high)
    else:
        inside = column == value
    return inside.fill_null(value=False).to_numpy()


def _refuse_empty(margin: Margin, counts: Ints, source: str) -> None:
    for (values, share), count in zip(margin.shares.items(), counts, strict=True):
        if share > 0 and not count:
            shown = " & ".join(map(str, values))
            raise InputError(
                f"nobody in {source} has {margin.title} = {shown}, of which the margins want "
                f"{100 * share:.1f} %; merge it with another value"
            )
