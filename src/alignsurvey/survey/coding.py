"""Columns held against the codebook: types settled, missing set apart, stray codes refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import NamedTuple

import polars as pl

from alignsurvey.errors import InputError
from alignsurvey.survey.codebook import Codebook, Scale, Variable
from alignsurvey.survey.inference import complete_variable, infer_variable


class CodedColumn(NamedTuple):
    """A column as a survey keeps it: answers, missing codes if any are declared, its variable."""

    answers: pl.Series
    missing: pl.Series | None
    variable: Variable


def code_columns(
    columns: Sequence[pl.Series], codebook: Codebook | None, source: str
) -> tuple[pl.DataFrame, pl.DataFrame, Codebook]:
    """Make answers, missing codes and a complete codebook from columns that have types.

    Parameters
    ----------
    columns : sequence of polars.Series
        Null where the cell is empty.
    codebook : Codebook, optional
        What is declared. Variables that it lacks are inferred from the data and come after it.
    source : str
        Name of the file, for messages.

    Returns
    -------
    (polars.DataFrame, polars.DataFrame, Codebook)
        Answers (null where missing), missing codes (null where none), codebook.

    Raises
    ------
    InputError
        The data hold a code that the codebook lacks; with variable, code, first row and count.

    Examples
    --------
    >>> from alignsurvey.survey import Category, Missing, MissingCode
    >>> mood = Variable("mood", "Mood", Scale.ORDINAL, (Category(1, "bad"), Category(2, "good")),
    ...                 (MissingCode(9, Missing.REFUSED),))
    >>> answers, missing, book = code_columns(
    ...     [pl.Series("mood", [1, 9, 2])], Codebook((mood,)), "survey.csv")
    >>> answers["mood"].to_list(), missing["mood"].to_list()
    ([1, None, 2], [None, 9, None])
    """
    declared = codebook or Codebook(())
    coded = []
    for raw in columns:
        column = plain_column(raw)
        if raw.name in declared:
            coded.append(code_declared(column, declared[raw.name], source))
        else:
            tells_more = raw.dtype == pl.Boolean or raw.dtype.is_temporal()
            guess = infer_variable(raw.name, raw if tells_more else column)
            coded.append(CodedColumn(column, None, guess))
    return assemble(coded, declared)


def assemble(
    coded: Sequence[CodedColumn], declared: Codebook
) -> tuple[pl.DataFrame, pl.DataFrame, Codebook]:
    """Put coded columns together; the declared variables come first in the codebook."""
    answers = pl.DataFrame([one.answers for one in coded])
    missing = pl.DataFrame([one.missing for one in coded if one.missing is not None])
    return answers, missing, declared.updated(*(one.variable for one in coded))


def plain_column(column: pl.Series) -> pl.Series:
    """Give a column one of three types: integer, float, text; NaN is null.

    Floats that are all whole become integers: a file format that knows only floats, or one empty
    cell in pandas, shall not change a code.
    """
    dtype = column.dtype
    if dtype == pl.Boolean:
        return column.cast(pl.Int64)
    if dtype.is_float() or dtype.is_decimal():
        numbers = column.cast(pl.Float64).fill_nan(None)
        whole = ((numbers == numbers.round(0)) & (numbers.abs() < 2**53)).all()
        return numbers.cast(pl.Int64) if whole else numbers
    if dtype.is_integer():
        return column if dtype == pl.UInt64 else column.cast(pl.Int64)
    if dtype == pl.Datetime and (column.dt.time() == time(0)).all():
        return column.dt.date().cast(pl.String)
    if dtype == pl.Null or dtype.is_temporal() or isinstance(dtype, pl.Enum | pl.Categorical):
        return column.cast(pl.String)
    if dtype == pl.String:
        return column
    raise InputError(
        f"column '{column.name}' holds {dtype}; a survey needs one number or text a cell"
    )


def code_declared(
    column: pl.Series,
    variable: Variable,
    source: str,
    texts: pl.Series | None = None,
    numbers: pl.Series | None = None,
) -> CodedColumn:
    """Set a column's missing codes apart and check the rest against the codebook.

    Parameters
    ----------
    column : polars.Series
        The column, of numbers or of texts.
    variable : Variable
    source : str
    texts, numbers : polars.Series, optional
        The cells of a text file in both readings (null where a cell is no number), so that
        missing codes of either type are found whatever the column's type is.
    """
    is_text = column.dtype == pl.String
    missing = _missing_codes(
        variable,
        column if is_text and texts is None else texts,
        column if not is_text and numbers is None else numbers,
        is_text,
    )
    answers = column
    if missing is not None:
        answers = pl.select(pl.when(missing.is_null()).then(column).alias(column.name)).to_series()
    complete = complete_variable(variable, answers)
    check_codes(answers, complete, source)
    return CodedColumn(answers, missing, complete)


def _missing_codes(
    variable: Variable, texts: pl.Series | None, numbers: pl.Series | None, is_text: bool
) -> pl.Series | None:
    """Find the missing codes of a column: numbers, or texts where the column or a code is one."""
    if not (variable.missing or variable.missing_ranges):
        return None
    words = [one.code for one in variable.missing if isinstance(one.code, str)]
    figures = [float(one.code) for one in variable.missing if not isinstance(one.code, str)]
    found: list[pl.Expr] = []
    if words and texts is not None:
        found.append(pl.when(pl.lit(texts).is_in(words)).then(pl.lit(texts)))
        is_text = True
    if numbers is not None:
        number = pl.lit(numbers)
        inside = number.cast(pl.Float64).is_in(figures)
        answers = [float(code) for code in variable.codes if not isinstance(code, str)]
        for span in variable.missing_ranges:
            # A code that is listed as an answer is one, even inside a range.
            within = number.is_between(span.low, span.high)
            inside |= within & ~number.cast(pl.Float64).is_in(answers)
        # One column has one type: beside a text such as "." the number 9 is kept as "9".
        found.append(pl.when(inside).then(number.cast(pl.String) if is_text else number))
    if not found:
        return None
    codes = pl.select(pl.coalesce(found).alias(variable.name)).to_series()
    return plain_column(codes) if codes.count() else None


def check_codes(answers: pl.Series, variable: Variable, source: str) -> None:
    """Refuse answers that the codebook lacks.

    Raises
    ------
    InputError
        With the variable, the codes, the first row and how many rows hold one.
    """
    if variable.scale is Scale.INTERVAL and answers.dtype == pl.String and answers.count():
        refuse(answers, answers.is_not_null(), variable, source)
    if not variable.categories:
        return
    strays = [code for code in answers.unique().drop_nulls() if variable.index(code) < 0]
    if not strays:
        return
    declared = {str(code) for code in variable.codes}
    if declared & {str(code) for code in strays}:
        in_data, in_codebook = ("texts", "numbers")[:: 1 if answers.dtype == pl.String else -1]
        how = "put the codes in quotes" if in_data == "texts" else "take the codes out of quotes"
        raise InputError(
            f"{source}: '{variable.name}' holds {in_data} but the codebook's codes are "
            f"{in_codebook}; {how}, or change the column"
        )
    refuse(answers, answers.is_in(strays), variable, source)


def refuse(column: pl.Series, stray: pl.Series, variable: Variable, source: str) -> None:
    """Raise the error for cells that the codebook does not allow."""
    rows = stray.fill_null(value=False).arg_true()
    values = column.gather(rows).unique(maintain_order=True).to_list()
    shown = ", ".join(map(repr, values[:3])) + (f", {len(values) - 3} more" * (len(values) > 3))
    if variable.scale is Scale.INTERVAL and column.dtype == pl.String:
        why = "no number, but its scale is interval; mend them or declare them missing"
    else:
        why = "which the codebook lacks; add to its values or to its missing codes"
    raise InputError(
        f"{source}: '{variable.name}' holds {shown} (first in data row {rows[0] + 1}, {len(rows)} "
        f"{'row' if len(rows) == 1 else 'rows'} in all), {why}"
    )
