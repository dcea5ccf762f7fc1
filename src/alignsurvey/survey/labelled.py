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
from alignsurvey.survey.inference import complete_variable, infer_variable
from alignsurvey.survey.missing_codes import is_letter
from alignsurvey.survey.missing_labels import guess_missing_kind
from alignsurvey.survey.orders import label_order

SurveyParts = tuple[pl.DataFrame, pl.DataFrame, Codebook, tuple[str, ...]]
"""Answers, missing codes, codebook, notes: what every reader gives."""

# A variable whose unlabelled values are more than this is a number or a text, whatever its
# declared level says: SPSS calls every text nominal and respondent numbers too.
MOST_LISTED_VALUES = 100
# 0 to 10 with labels at the ends is a rating; age with "89 or older" is not.
_LONGEST_RATING, _HIGHEST_RATING = 11, 20
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
    remarks, closed = _Remarks(), _closed(given)
    answers, missing, variables = [], [], []
    for declared in file.codebook:
        name = declared.name
        variable = override(declared, given[name]) if given and name in given else declared
        _check_types(variable, file.values[name], name in file.extended, source)
        valid, gaps = part_missing(file.values[name], variable, file.extended.get(name))
        is_moment = name in file.moments and not variable.categories
        valid = whole_numbers(file.moments[name](valid) if is_moment else valid)
        if gaps.null_count() < len(gaps):
            missing.append(whole_numbers(gaps))
        variables.append(_complete(variable, valid, name in closed, remarks))
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
    gap = _is_one_of(values, [one.code for one in variable.missing])
    if values.dtype.is_numeric():
        for span in variable.missing_ranges:
            inside = values.is_between(span.low, span.high)
            gap |= inside & ~_is_one_of(values, variable.codes)
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


def _is_one_of(values: pl.Series, codes: Sequence[Code]) -> pl.Series:
    """Compare within the column's own type: 1 is 1.0 but never "1"; null is nothing."""
    if values.dtype == pl.String:
        texts = [code for code in codes if isinstance(code, str)]
        return values.is_in(texts).fill_null(value=False)
    numbers = [float(code) for code in codes if not isinstance(code, str)]
    return values.cast(pl.Float64).is_in(numbers).fill_null(value=False)


def _check_types(variable: Variable, values: pl.Series, is_extended: bool, source: str) -> None:
    """No code of a number column is a text (extended missing ones apart), nor the other way."""
    is_text = values.dtype == pl.String
    gaps = [one.code for one in variable.missing if not (is_extended or is_letter(one.code))]
    for code in (*variable.codes, *gaps):
        if isinstance(code, str) == is_text:
            continue
        holds, write = ("texts", f"'{code}'") if is_text else ("numbers", "it without quotes")
        raise InputError(
            f"{source}: '{variable.name}' holds {holds}, so its code {code!r} cannot occur; "
            f"write {write} in the codebook"
        )


def whole_numbers(column: pl.Series) -> pl.Series:
    """Make a column of floats that are all whole a column of integers."""
    if not column.dtype.is_float():
        return column.cast(pl.Int64) if column.dtype.is_integer() else column
    present = column.drop_nulls()
    is_whole = present.is_finite() & (present.abs() <= _WHOLE_LIMIT) & (present == present.floor())
    return column.cast(pl.Int64) if is_whole.all() else column.cast(pl.Float64)


def sorted_categories(labels: Mapping[Code, str]) -> tuple[Category, ...]:
    """Make categories of value labels: numbers in rising order, texts as they stand."""
    codes = list(labels)
    if not any(isinstance(code, str) for code in codes):
        codes.sort(key=float)
    return tuple(Category(code, labels[code] or str(code)) for code in codes)


@dataclass
class _Remarks:
    """What was inferred, collected by kind so that a wide file does not give a note a column."""

    scales: list[str] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)
    open_lists: list[str] = field(default_factory=list)

    def notes(self) -> tuple[str, ...]:
        found = (
            ("no level of measurement declared, so it was inferred", self.scales),
            ("codes without a label stand for themselves", self.unlabelled),
            ("too many values without a label to list them as categories", self.open_lists),
        )
        return tuple(f"{what}: {_shortened(names)}" for what, names in found if names)


def _shortened(names: list[str]) -> str:
    more = len(names) - 12
    return ", ".join(names[:12]) + (f" and {more} more" if more > 0 else "")


def _complete(
    variable: Variable, answers: pl.Series, is_closed: bool, remarks: _Remarks
) -> Variable:
    """Add what the file does not say: the scale, and categories for codes without a label."""
    is_open = "scale" in variable.inferred and variable.scale is Scale.NOMINAL
    if answers.dtype.is_temporal():
        return replace(variable, scale=Scale.INTERVAL, inferred=())
    if "scale" in variable.inferred:
        remarks.scales.append(variable.name)
    if not variable.categories:
        return _list_values(variable, answers, remarks)
    values = answers.drop_nulls().unique().sort()
    bare = (
        []
        if is_closed
        else [as_code(v) for v in values.filter(~_is_one_of(values, variable.codes)).to_list()]
    )
    if is_open:
        variable = replace(variable, scale=_scale_of_labels(variable, bare))
    if not bare:
        return variable
    if variable.scale not in (Scale.NOMINAL, Scale.ORDINAL) or len(bare) > MOST_LISTED_VALUES:
        if variable.scale in (Scale.NOMINAL, Scale.ORDINAL):
            remarks.open_lists.append(variable.name)
        return replace(variable, categories=(), point_labels=variable.categories)
    remarks.unlabelled.append(f"{variable.name} ({_shortened([str(code) for code in bare])})")
    labels = {c.code: c.label for c in variable.categories} | {code: str(code) for code in bare}
    inferred = tuple(dict.fromkeys([*variable.inferred, "values"]))
    return replace(variable, categories=sorted_categories(labels), inferred=inferred)


def _scale_of_labels(variable: Variable, unlabelled: Sequence[Code]) -> Scale:
    """Infer the scale of a variable with value labels.

    Labels that cover the answers, or nearly, are ordinal only if they have a known order that
    runs with the codes. Labels at a few points of many are those of a rating or a number.
    """
    codes = variable.codes
    if unlabelled and not any(isinstance(code, str) for code in codes):
        low, high = min(map(float, codes)), max(map(float, codes))
        within = all(low < float(code) < high for code in unlabelled)
        if len(unlabelled) > len(codes) or (within and len(unlabelled) >= len(codes) - 1):
            every = [*map(float, codes), *map(float, unlabelled)]
            is_short = len(every) <= _LONGEST_RATING and max(map(abs, every)) <= _HIGHEST_RATING
            is_rating = is_short and all(code.is_integer() for code in every)
            return Scale.ORDINAL if is_rating else Scale.INTERVAL
    order = label_order(variable.labels) if len(codes) > 2 and not unlabelled else None
    runs_along = order is not None and order in (sorted(order), sorted(order, reverse=True))
    return Scale.ORDINAL if runs_along else Scale.NOMINAL


def _list_values(variable: Variable, answers: pl.Series, remarks: _Remarks) -> Variable:
    if "scale" not in variable.inferred and variable.scale in (Scale.NOMINAL, Scale.ORDINAL):
        # SPSS calls every text nominal, also what people said in their own words.
        is_nominal_text = answers.dtype == pl.String and variable.scale is Scale.NOMINAL
        if is_nominal_text and infer_variable(variable.name, answers).scale is Scale.TEXT:
            return replace(variable, scale=Scale.TEXT)
        if answers.n_unique() > MOST_LISTED_VALUES:
            remarks.open_lists.append(variable.name)
            return variable
    completed = complete_variable(variable, answers)
    if completed.categories and "scale" not in completed.inferred:
        remarks.unlabelled.append(variable.name)
    return completed


def missing_entries(
    labels: Mapping[Code, str], discrete: Sequence[Code], inside: Sequence[Code]
) -> tuple[MissingCode, ...]:
    """Make entries for the codes declared missing and for the labelled codes of a range."""
    codes = dict.fromkeys([*discrete, *inside])
    return tuple(
        MissingCode(code, guess_missing_kind(labels.get(code, "")), labels.get(code, ""))
        for code in codes
    )
