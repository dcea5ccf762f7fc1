"""What a survey must satisfy before anything is computed from it."""

from __future__ import annotations

import numpy as np
import polars as pl

from alignsurvey.errors import InputError, nearest
from alignsurvey.survey.codebook import Codebook


def check_columns(
    columns: list[str], codebook: Codebook, design_columns: tuple[str, ...], source: str
) -> None:
    """The data have the columns that design and codebook speak of."""
    for column in design_columns:
        if column not in columns:
            raise InputError(
                f"{source}: no column '{column}' for the design; {nearest(column, columns)}"
            )
    for name in codebook.names:
        if name not in columns:
            raise InputError(
                f"{source}: variable '{name}' of the codebook is not in the data; "
                f"{nearest(name, columns)}"
            )


def check_ids(ids: pl.Series, source: str) -> None:
    if ids.null_count():
        row = int(ids.is_null().arg_max() or 0)
        raise InputError(
            f"{source}: '{ids.name}' is empty in data row {row + 1}; every row needs an id"
        )
    if ids.n_unique() != len(ids):
        double = ids.is_duplicated()
        first = int(double.arg_max() or 0)
        rows = (ids == ids[first]).arg_true().to_list()[:2]
        raise InputError(
            f"{source}: id {ids[first]!r} stands in data rows {rows[0] + 1} and {rows[1] + 1} "
            f"('{ids.name}', {int(double.sum())} rows share an id); name the column that is unique"
        )


def check_weights(weights: pl.Series, source: str) -> None:
    """Weights are numbers, none missing or negative, not all zero."""
    name = weights.name
    if not weights.dtype.is_numeric():
        raise InputError(f"{source}: the weight '{name}' is not a number; name a numeric column")
    values = weights.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    for problem, bad in (
        ("is missing", ~np.isfinite(values)),
        ("is negative", np.nan_to_num(values) < 0),
    ):
        if bad.any():
            row = int(np.argmax(bad))
            raise InputError(
                f"{source}: the weight '{name}' {problem} in data row {row + 1} ({int(bad.sum())} "
                "rows in all); mend or leave out these rows"
            )
    if len(values) and values.sum() == 0:
        raise InputError(f"{source}: every weight in '{name}' is zero; name another column")
