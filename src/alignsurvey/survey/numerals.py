"""Numbers as they are written in text files: signs, exponents, decimal commas."""

from __future__ import annotations

import polars as pl

_INTEGER = r"^[+-]?\d+$"
_DECIMAL = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_WITH_COMMA = r"^[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?$"
_THOUSANDS = r"^[+-]?\d{1,3}(?:,\d{3})+$"
_LEADING_ZERO = r"^[+-]?0\d"


def read_numbers(texts: pl.Series) -> pl.Series:
    """Read texts as numbers.

    Parameters
    ----------
    texts : polars.Series of str

    Returns
    -------
    polars.Series
        Integers where every number is one, else floats; null where a text is no number.

    Examples
    --------
    >>> read_numbers(pl.Series(["1", "+2", "x", None])).to_list()
    [1, 2, None, None]
    >>> read_numbers(pl.Series(["1", ".5", "1e3"])).to_list()
    [1.0, 0.5, 1000.0]
    """
    decimal = texts.str.contains(_DECIMAL)
    kept = pl.select(pl.when(decimal).then(texts).alias(texts.name)).to_series()
    if (kept.drop_nulls().str.contains(_INTEGER)).all():
        # What does not fit, such as an id of twenty digits, is no number to reckon with.
        return kept.cast(pl.Int64, strict=False)
    return kept.cast(pl.Float64, strict=False)


def has_leading_zeros(texts: pl.Series) -> bool:
    """Whether some text would lose a zero as a number, as postcodes and ids do.

    Examples
    --------
    >>> has_leading_zeros(pl.Series(["007", "12"])), has_leading_zeros(pl.Series(["0", "0.5"]))
    (True, False)
    """
    return bool(texts.str.contains(_LEADING_ZERO).any())


def commas_to_points(texts: pl.Series, separator: str) -> pl.Series | None:
    """Rewrite a column of numbers with decimal commas; None if it is none.

    In a file separated by tabs, 1,234 may be a thousand and more: if all commas stand so, the
    column is left as it is. Between semicolons a comma is a decimal comma.

    Examples
    --------
    >>> commas_to_points(pl.Series(["0,5", "12", "1.000,25"]), ";").to_list()
    ['0.5', '12', '1000.25']
    >>> commas_to_points(pl.Series(["1,234"]), "\\t") is None
    True
    """
    written = texts.drop_nulls()
    with_comma = written.filter(written.str.contains(",", literal=True))
    if not len(with_comma) or not written.str.contains(_WITH_COMMA).all():
        return None
    if separator != ";" and with_comma.str.contains(_THOUSANDS).all():
        return None
    return texts.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
