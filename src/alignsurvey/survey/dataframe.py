"""Surveys from dataframes of any library that narwhals knows: pandas, Polars, PyArrow and more."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from alignsurvey.errors import InputError
from alignsurvey.survey.codebook import Category, Codebook, Scale, Variable, as_code
from alignsurvey.survey.coding import code_columns
from alignsurvey.survey.orders import label_order
from alignsurvey.survey.survey import Design, Survey

if TYPE_CHECKING:
    import narwhals as nw

ROW_NUMBER = "row"


def from_dataframe(
    frame: Any,
    codebook: Codebook | None = None,
    id: str | None = None,
    weight: str | None = None,
    strata: str | None = None,
    cluster: str | None = None,
    language: str = "en",
) -> Survey:
    """Make a survey of a dataframe.

    Parameters
    ----------
    frame : dataframe
        One row a respondent: pandas, Polars, PyArrow, or any other that narwhals knows.
    codebook : Codebook, optional
        What is declared; other columns are inferred and marked so. An ordered categorical column
        is ordinal in its own order.
    id : str, optional
        Column with respondent ids. Without one the rows are numbered from 1, in the column
        ``row``; pilots and folds then depend on the order of the rows.
    weight, strata, cluster : str, optional
        Columns of the design.
    language : {"en", "zh"}

    Returns
    -------
    Survey

    Raises
    ------
    InputError
        No dataframe, an unknown column, or a code that the codebook lacks.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"person": [11, 12, 13, 14], "trust": ["Often", "Never"] * 2})
    >>> survey = from_dataframe(frame, id="person")
    >>> survey.n, survey.codebook["trust"].labels
    (4, ('Never', 'Often'))
    """
    columns, orders = _columns(frame)
    answers, missing, complete = code_columns(columns, codebook, "dataframe")
    declared = set(codebook.names if codebook else ())
    complete = complete.updated(
        *(
            _ordered(complete[name], *order)
            for name, order in orders.items()
            if name not in declared
        )
    )
    notes: tuple[str, ...] = ()
    if id is None:
        answers = with_row_numbers(answers, "dataframe")
        notes = (f"no id named: rows numbered 1..n in column '{ROW_NUMBER}'",)
    design = Design(id or ROW_NUMBER, weight, strata, cluster)
    # Nobody was asked for an id or a weight.
    not_asked = {design.id, weight} - declared
    asked = complete.select(name for name in complete.names if name not in not_asked)
    return Survey(answers, asked, design, missing, language, "dataframe", notes)


def with_row_numbers(answers: pl.DataFrame, source: str) -> pl.DataFrame:
    """Number the rows from 1 in a new first column where none identifies a respondent."""
    if ROW_NUMBER in answers.columns:
        raise InputError(f"{source}: name the id column; '{ROW_NUMBER}' is taken")
    return answers.with_row_index(ROW_NUMBER, offset=1).cast({ROW_NUMBER: pl.Int64})


def _columns(frame: Any) -> tuple[list[pl.Series], dict[str, tuple[list[Any], bool]]]:
    """Give the columns as Polars series, and of categorical ones the order."""
    import narwhals as nw

    try:
        table = nw.from_native(frame)
    except TypeError as error:
        raise InputError(
            f"a dataframe is needed (pandas, Polars, PyArrow, ...), not {type(frame).__name__}"
        ) from error
    if isinstance(table, nw.LazyFrame):
        table = table.collect()
    columns, orders = [], {}
    for name in table.columns:
        column = table[name]
        if not isinstance(name, str):
            raise InputError(f"column {name!r} of the dataframe: a name must be a text; rename it")
        order = _order(column)
        if order is not None:
            orders[name] = order
        columns.append(_to_polars(column))
    return columns, orders


def _order(column: nw.Series[Any]) -> tuple[list[Any], bool] | None:
    """Tell a categorical column's categories in order, and whether it is declared ordered."""
    import narwhals as nw

    if column.dtype not in (nw.Categorical, nw.Enum):
        return None
    if column.implementation.is_pandas_like():
        dtype = column.to_native().dtype
        return list(dtype.categories), bool(dtype.ordered)
    return (list(column.dtype.categories), False) if isinstance(column.dtype, nw.Enum) else None


def _to_polars(column: nw.Series[Any]) -> pl.Series:
    import narwhals as nw

    try:
        if column.dtype in (nw.Categorical, nw.Enum) and column.implementation.is_pandas_like():
            values = column.to_list()
            empty = [isinstance(value, float) and math.isnan(value) for value in values]
            return pl.Series(
                column.name,
                [None if gone else value for value, gone in zip(values, empty, strict=True)],
            )
        return column.to_polars().alias(column.name)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"column '{column.name}' of the dataframe holds more than one type; make it all "
            "numbers or all text"
        ) from error


def _ordered(variable: Variable, categories: list[Any], is_ordered: bool) -> Variable:
    listed = tuple(Category(as_code(value), str(value)) for value in categories)
    if is_ordered:
        return replace(variable, scale=Scale.ORDINAL, categories=listed, inferred=())
    # pandas says "unordered" by default, in alphabetical order, and Polars' Enum says nothing: an
    # order that the labels tell comes first.
    order = label_order([category.label for category in listed])
    scale = Scale.NOMINAL if order is None else Scale.ORDINAL
    listed = listed if order is None else tuple(listed[place] for place in order)
    return replace(variable, scale=scale, categories=listed, inferred=("scale",))
