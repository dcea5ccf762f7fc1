"""Columns of answers as positions and numbers, and what is missing in them."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.survey.codebook import Code, Missing, Scale, Variable


def category_positions(variable: Variable, column: pl.Series, source: str) -> NDArray[np.int64]:
    """Positions of answers among a variable's categories, -1 for missing; see `Survey.codes`."""
    name = variable.name
    if not variable.categories:
        raise InputError(
            f"{source}: '{name}' has no declared categories; list its values in the codebook"
        )
    lookup = _typed_codes(variable, column)
    if lookup is None:
        indices = [variable.index(value) for value in column.to_list()]
        found = pl.Series(name, indices, dtype=pl.Int64)
    else:
        found = column.replace_strict(
            lookup, list(range(len(variable.categories))), default=-1, return_dtype=pl.Int64
        ).fill_null(-1)
    stray = (found == -1) & column.is_not_null()
    if stray.any():
        row = int(stray.arg_max() or 0)
        raise InputError(
            f"{source}: '{name}' holds the code {column[row]!r} (data row {row + 1}, "
            f"{int(stray.sum())} rows in all), which the codebook lacks; add it to the values or "
            "to the missing codes"
        )
    return found.to_numpy()


def numbers(variable: Variable, column: pl.Series, source: str) -> NDArray[np.float64]:
    """Answers as numbers on the variable's scale, NaN for missing; see `Survey.scores`."""
    if variable.categories:
        codes = category_positions(variable, column, source)
        positions = category_scores(variable)
        return np.where(codes >= 0, positions[codes], np.nan)
    if variable.scale is Scale.INTERVAL and (column.dtype.is_numeric() or column.dtype == pl.Null):
        return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    raise InputError(
        f"{source}: '{variable.name}' is {variable.scale} and has no numbers; declare its scale "
        "and values in the codebook"
    )


def missing_counts(
    variable: Variable, kept: pl.Series | None, empty: int
) -> dict[Missing | None, int]:
    """Count missing answers by kind; see `Survey.missing_kinds`.

    Parameters
    ----------
    kept : polars.Series, optional
        Missing codes as they stood in the file.
    empty : int
        Answers that are null, for whatever reason.
    """
    counts: dict[Missing | None, int] = {}
    if kept is not None:
        for code, count in kept.drop_nulls().value_counts().iter_rows():
            kind = _kind_as_stored(variable, code)
            counts[kind] = counts.get(kind, 0) + count
            empty -= count
    if empty:
        counts[None] = empty
    return counts


def category_scores(variable: Variable) -> NDArray[np.float64]:
    """Numbers for a variable's categories, shape (K,): positions, or 0 and 1 for two nominal ones.

    Raises
    ------
    InputError
        Nominal with more than two categories: there is no number to give.
    """
    if variable.is_ordered:
        return variable.positions
    if len(variable.categories) == 2:
        return np.array([0.0, 1.0])
    raise InputError(
        f"'{variable.name}' is {variable.scale} with {len(variable.categories)} categories, so it "
        "has no mean; declare it ordinal, or use a variable with an order"
    )


def _kind_as_stored(variable: Variable, code: Code) -> Missing:
    """Kind of a missing code; beside codes that are texts, 9 is kept as "9"."""
    kind = variable.missing_kind(code)
    if kind is None and isinstance(code, str):
        try:
            kind = variable.missing_kind(float(code))
        except ValueError:
            return Missing.OTHER
    return kind or Missing.OTHER


def _typed_codes(variable: Variable, column: pl.Series) -> list[Code] | None:
    """Give the codes in the column's own type, or None where they do not all fit."""
    codes = list(variable.codes)
    if column.dtype.is_numeric() and not any(isinstance(code, str) for code in codes):
        return codes
    if column.dtype == pl.String and all(isinstance(code, str) for code in codes):
        return codes
    return None
