"""What SPSS and Stata files have in common: from labelled codes to answers, gaps and a codebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from alignsurvey.errors import InputError, nearest
from alignsurvey.survey.codebook import (
    Category,
    Code,
    Codebook,
    MissingCode,
    Scale,
    Variable,
    as_code,
)
from alignsurvey.survey.completion import Remarks, complete, is_one_of
from alignsurvey.survey.missing_codes import fits
from alignsurvey.survey.missing_labels import guess_missing_kind

SurveyParts = tuple[pl.DataFrame, pl.DataFrame, Codebook, tuple[str, ...]]
"""Answers, missing codes, codebook, notes: what every reader gives."""

_WHOLE_LIMIT = 2.0**53


@dataclass(frozen=True)
class LabelledFile:
    """A file as it was stored, before any code is taken for missing.

    Parameters
    ----------
    values : polars.DataFrame
        Codes as stored; SPSS's missing codes are still among them.
    codebook : Codebook
        As declared. "scale" is among a variable's `inferred` where the file is silent about it.
    extended : mapping of str to polars.Series
        Codes that cannot stand in a column of numbers: Stata's ".a" to ".z".
    moments : mapping of str to function
        How to make dates of a column's numbers, once its missing codes are out.
    notes : tuple of str
    """

    values: pl.DataFrame
    codebook: Codebook
    extended: Mapping[str, pl.Series] = field(default_factory=dict)
    moments: Mapping[str, Callable[[pl.Series], pl.Series]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def finish_reading(file: LabelledFile, given: Codebook | None, source: str) -> SurveyParts:
    """Part answers from missing codes and complete the codebook from the data.

    Parameters
    ----------
    file : LabelledFile
    given : Codebook, optional
        Takes the place of what the file declares, for the variables that it names.
    source : str
        Path of the file, for messages.

    Returns
    -------
    (polars.DataFrame, polars.DataFrame, Codebook, tuple of str)
        Answers, missing codes, codebook, notes.
    """
    if not file.values.height:
        raise InputError(f"{source}: has no rows; export it again with its data")
    check_names(given, file.values.columns, source)
    remarks, closed = Remarks(), _closed(given)
    answers, missing, variables = [], [], []
    for declared in file.codebook:
        name = declared.name
        variable = override(declared, given[name]) if given and name in given else declared
        missing_codes = _fitting(variable, file.values[name], name in file.extended, source)
        variable = replace(variable, missing=missing_codes)
        valid, gaps = part_missing(file.values[name], variable, file.extended.get(name))
        is_moment = name in file.moments and not variable.categories
        valid = whole_numbers(file.moments[name](valid) if is_moment else valid)
        if gaps.null_count() < len(gaps):
            missing.append(whole_numbers(gaps))
        variables.append(complete(variable, valid, name in closed, remarks))
        answers.append(valid)
    notes = file.notes + remarks.notes()
    return pl.DataFrame(answers), pl.DataFrame(missing), Codebook(tuple(variables)), notes


def _closed(given: Codebook | None) -> frozenset[str]:
    """Name the variables whose answers a codebook lists, so that none is added from the data."""
    listed = (one for one in given or () if one.categories and "values" not in one.inferred)
    return frozenset(one.name for one in listed)


def check_names(given: Codebook | None, columns: Sequence[str], source: str) -> None:
    """Every variable of a codebook that was given is a column."""
    for name in given.names if given else ():
        if name not in columns:
            raise InputError(
                f"{source}: no column '{name}', which the codebook describes; "
                f"{nearest(name, columns)}"
            )


def override(declared: Variable, given: Variable) -> Variable:
    """Put a codebook's entry in the place of the file's.

    What the entry leaves empty is taken from the file. A code that the file declares missing
    stays missing unless the entry lists it as an answer.
    """
    # What was only inferred gives way to what the file declares, if it declares anything.
    has_scale = "scale" not in given.inferred or "scale" in declared.inferred
    base = replace(
        declared,
        text=given.text or declared.text,
        scale=given.scale if has_scale else declared.scale,
        missing_ranges=given.missing_ranges or declared.missing_ranges,
        inferred=given.inferred if has_scale else tuple(set(given.inferred) - {"scale"}),
        format=given.format or declared.format,
    )
    taken = {one.code for one in given.missing}
    listed: tuple[Category, ...] = given.categories + given.point_labels
    if not given.categories and base.scale is not Scale.TEXT:
        taken |= {one.code for one in listed}
        others = declared.categories + declared.point_labels
        listed += tuple(one for one in others if one.code not in taken)
    taken |= {one.code for one in listed}
    return replace(
        base,
        categories=given.categories or listed,
        missing=given.missing + tuple(one for one in declared.missing if one.code not in taken),
        point_labels=given.point_labels if given.categories else (),
    )


def part_missing(
    values: pl.Series, variable: Variable, extended: pl.Series | None = None
) -> tuple[pl.Series, pl.Series]:
    """Split a column in answers and missing codes; each is null where the other is not.

    A code that is listed as an answer is one, even inside a missing range. An empty text is no
    answer and, unless it is declared missing, no code either.
    """
    if not (variable.missing or variable.missing_ranges or values.dtype == pl.String):
        return values, extended if extended is not None else values.clear(len(values))
    gap = is_one_of(values, [one.code for one in variable.missing])
    if values.dtype.is_numeric():
        for span in variable.missing_ranges:
            inside = values.is_between(span.low, span.high)
            gap |= inside & ~is_one_of(values, variable.codes)
    nothing = pl.Series([None], dtype=values.dtype)
    valid, gaps = nothing.zip_with(gap, values), values.zip_with(gap, nothing)
    if values.dtype == pl.String:
        valid = valid.replace("", None)
    if extended is not None:
        # Two kinds of codes in one column have texts as their common type.
        has_numbers = gaps.null_count() < len(gaps)
        as_text = whole_numbers(gaps).cast(pl.String) if has_numbers else None
        gaps = extended if as_text is None else extended.zip_with(extended.is_not_null(), as_text)
    return valid.alias(values.name), gaps.alias(values.name)


def _fitting(
    variable: Variable, values: pl.Series, is_extended: bool, source: str
) -> tuple[MissingCode, ...]:
    """Leave out missing codes of the other type: texts for a column of numbers, or numbers.

    A codebook may list codes for every variable alike. But one that would occur if it were of
    the column's type is a slip.
    """
    is_text = values.dtype == pl.String
    kept = []
    for one in variable.missing:
        if fits(one.code, is_text) or is_extended:
            kept.append(one)
            continue
        twin = _twin(one.code)
        if twin is not None and is_one_of(values, [twin]).any():
            raise InputError(
                f"{source}: '{variable.name}' holds {'texts' if is_text else 'numbers'} and the "
                f"codebook calls {one.code!r} missing; write {twin!r}"
            )
    return tuple(kept)


def _twin(code: Code) -> Code | None:
    """Give a number as a text, and a text as a number if it is one."""
    if not isinstance(code, str):
        return str(code)
    try:
        return as_code(float(code))
    except ValueError:
        return None


def whole_numbers(column: pl.Series) -> pl.Series:
    """Make a column of floats that are all whole a column of integers."""
    if not column.dtype.is_float():
        return column.cast(pl.Int64) if column.dtype.is_integer() else column
    present = column.drop_nulls()
    is_whole = present.is_finite() & (present.abs() <= _WHOLE_LIMIT) & (present == present.floor())
    return column.cast(pl.Int64) if is_whole.all() else column.cast(pl.Float64)


def missing_entries(
    labels: Mapping[Code, str], discrete: Sequence[Code], inside: Sequence[Code]
) -> tuple[MissingCode, ...]:
    """Make entries for the codes declared missing and for the labelled codes of a range."""
    codes = dict.fromkeys([*discrete, *inside])
    return tuple(
        MissingCode(code, guess_missing_kind(labels.get(code, "")), labels.get(code, ""))
        for code in codes
    )
