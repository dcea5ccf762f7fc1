"""How a column is stored in a Stata file: numbers, texts, dates, labels and missing letters."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl

from alignsurvey.survey.codebook import Code, Variable
from alignsurvey.survey.labelled import whole_numbers
from alignsurvey.survey.missing_codes import as_letters, codes_in_use
from alignsurvey.survey.readstat import (
    all_labels,
    answer_labels,
    check_precision,
    gaps_of,
    missing_label,
    refuse,
    variable_of,
)
from alignsurvey.survey.survey import Survey

_EPOCH_DAYS = 3_653  # from 1 January 1960, where Stata begins, to 1 January 1970
_DAY_MILLISECONDS = 86_400_000
_DATES = re.compile(r"^%-?(?:td|d)")
_DATETIMES = re.compile(r"^%-?tc")
_TIMES = re.compile(r"^%-?tc(?:HH|hh)")
_LATEST_DAYS = 4e6  # about the year 12,900; what lies beyond is no date
_MOMENT_FORMATS = {pl.Date: "%td", pl.Time: "%tcHH:MM:SS", pl.Datetime: "%tc"}

_TEXT_FORMAT = re.compile(r"^%-?\d+s$")
_NAME = re.compile(r"^[^\W\d]\w*$")
_RESERVED = re.compile(
    r"^(?:_all|_b|byte|_coef|_cons|double|float|if|in|int|long|_n|_N|_pi|_pred|_rc|_skip|strL"
    r"|str\d+|using|with)$"
)
_NAME_CHARACTERS, _LABEL_CHARACTERS, _VALUE_LABEL_BYTES = 32, 80, 32_000
_LOWEST_LONG, _HIGHEST_LONG = -2_147_483_647, 2_147_483_620
_HIGHEST_DOUBLE = 8.988e307  # what lies above is missing to Stata


@dataclass(frozen=True)
class StoredColumn:
    """A column and what the file declares of it; `letters` are its missing values, "a" to "z"."""

    name: str
    text: str
    values: pl.Series
    labels: dict[Any, str]
    letters: list[str]
    format: str


def check_stata_names(names: list[str], path: Path) -> None:
    """Stata's rules for names of variables.

    Raises
    ------
    InputError
        A name is too long, has a character that Stata does not allow, or is one of its words.
    """
    for name in names:
        if len(name) > _NAME_CHARACTERS:
            problem = f"has a name of {len(name)} characters, Stata allows {_NAME_CHARACTERS}"
        elif not _NAME.match(name):
            problem = "has a name that Stata does not allow (a letter or _, then letters, digits)"
        elif _RESERVED.match(name):
            problem = "is called by a reserved word of Stata"
        else:
            continue
        raise refuse(path, name, problem, "rename it")


def stand_ins(names: list[str]) -> dict[str, str]:
    """Give long names short ones for the time of writing.

    ReadStat calls a list of labels by the variable and a number, and that name too may have 32
    characters only.
    """
    longest = _NAME_CHARACTERS - len(str(len(names)))
    taken, short = set(names), {}
    for place, name in enumerate(names):
        if len(name) > longest:
            short[name] = next(
                alias for tail in count() if (alias := f"v{place}_{tail}") not in taken
            )
    return short


def stored_column(survey: Survey, name: str, path: Path) -> StoredColumn:
    """Lay out a column for Stata.

    Raises
    ------
    InputError
        A label, code or type of value is one that Stata cannot hold.
    """
    variable = variable_of(survey, name)
    answers, gaps = survey.answers[name], gaps_of(survey, name)
    _check_labels(variable, path)
    if answers.dtype == pl.String or isinstance(answers.dtype, pl.Enum | pl.Categorical):
        _check_text_labels(variable, path)
        texts = answers.cast(pl.String)
        values = texts.zip_with(texts.is_not_null(), gaps.cast(pl.String)).fill_null("")
        own_format = variable.format if _TEXT_FORMAT.match(variable.format) else ""
        return StoredColumn(name, variable.text, values, {}, [], own_format)
    if not (answers.dtype.is_numeric() or answers.dtype in (pl.Boolean, pl.Null, *_MOMENT_FORMATS)):
        problem = f"holds values of the type {answers.dtype}"
        raise refuse(path, name, problem, "make numbers or texts of it, or write .parquet")
    return _number_column(variable, answers, gaps, path, survey.language)


def _number_column(
    variable: Variable, answers: pl.Series, gaps: pl.Series, path: Path, language: str
) -> StoredColumn:
    codes = codes_in_use(variable, gaps)
    plan = as_letters(codes)
    if len(plan) < len(codes):
        problem = "has more than 26 missing codes, Stata has the letters .a to .z"
        raise refuse(path, variable.name, problem, "recode some, or write .sav or .parquet")
    labels = _number_labels(variable, path)
    for code, letter in plan.items():
        if label := missing_label(variable, code, letter, language):
            labels[letter[1:]] = label
    values = _numbers(variable, answers, path)
    by_text = {str(code): letter[1:] for code, letter in plan.items()}
    found = [by_text.get(_plain(code)) for code in gaps.to_list()]
    # A letter that neither occurs nor has a label has no place in the file.
    letters = sorted({one for one in found if one} | (set(by_text.values()) & set(labels)))
    if letters:
        values = _with_letters(values, found)
    form = _format(variable, answers)
    return StoredColumn(variable.name, variable.text, values, labels, letters, form)


def _numbers(variable: Variable, answers: pl.Series, path: Path) -> pl.Series:
    """Give numbers as Stata's long where they are whole and fit, else as its double."""
    check_precision(variable, answers, path)
    is_moment_column = answers.dtype.is_temporal()
    numbers = numbers_of_moments(answers) if is_moment_column else answers.cast(pl.Float64)
    numbers = whole_numbers(numbers.fill_nan(None))
    if numbers.dtype == pl.Int64 and numbers.is_between(_LOWEST_LONG, _HIGHEST_LONG).all():
        return numbers.cast(pl.Int32)
    numbers = numbers.cast(pl.Float64)
    if (numbers.abs() > _HIGHEST_DOUBLE).any():
        problem = "holds a number beyond Stata's largest, 8.988e307"
        raise refuse(path, variable.name, problem, "recode it")
    return numbers


def _with_letters(numbers: pl.Series, letters: list[str | None]) -> pl.Series:
    """Put numbers and letters in one column, which only Python objects can be."""
    mixed = [
        letter if number is None else number
        for number, letter in zip(numbers.to_list(), letters, strict=True)
    ]
    return pl.Series(numbers.name, mixed, dtype=pl.Object)


def _plain(code: object) -> str:
    return str(int(code)) if isinstance(code, float) and code.is_integer() else str(code)


def _number_labels(variable: Variable, path: Path) -> dict[Code, str]:
    labels = answer_labels(variable)
    for code in labels:
        fits = isinstance(code, int) and _LOWEST_LONG <= code <= _HIGHEST_LONG
        if not fits:
            problem = f"has a label for {code!r}, Stata labels whole numbers only"
            raise refuse(path, variable.name, problem, "recode it, or write .sav or .parquet")
    return labels


def _check_text_labels(variable: Variable, path: Path) -> None:
    for code, label in answer_labels(variable).items():
        if label != str(code):
            problem = f"has a label for the text {code!r}, Stata labels numbers only"
            raise refuse(path, variable.name, problem, "recode it, or write .sav or .parquet")


def shortened(texts: Mapping[str, str], path: Path) -> dict[str, str]:
    """Cut texts to Stata's 80 characters, with a warning that names their variables."""
    long = [name for name, text in texts.items() if len(text) > _LABEL_CHARACTERS]
    if long:
        shown = ", ".join(long[:5]) + (f" and {len(long) - 5} more" if len(long) > 5 else "")
        warnings.warn(
            f"{path.name}: Stata's labels have at most {_LABEL_CHARACTERS} characters; the texts "
            f"of {shown} were cut (.sav and .parquet keep them)",
            stacklevel=5,
        )
    fitting = dict(texts)
    for name in long:
        fitting[name] = texts[name][: _LABEL_CHARACTERS - 1].rstrip() + "…"
    return fitting


def _check_labels(variable: Variable, path: Path) -> None:
    for code, label in all_labels(variable):
        size = len(label.encode())
        if size > _VALUE_LABEL_BYTES:
            problem = f"has a label of {size} bytes for {code!r}, Stata allows 32,000"
            raise refuse(path, variable.name, problem, "shorten it in the codebook")


def _format(variable: Variable, answers: pl.Series) -> str:
    is_own = variable.format.startswith("%") and not variable.format.endswith("s")
    if is_own and (is_moment(variable.format) or not answers.dtype.is_temporal()):
        return variable.format
    for dtype, default in _MOMENT_FORMATS.items():
        if answers.dtype == dtype:
            return default
    return ""


def is_moment(format: str) -> bool:
    """Whether a Stata format is one of dates or datetimes.

    Leap-second clocks (%tC) and weeks, months, quarters (%tw, %tm, %tq) stay numbers.
    """
    return bool(_DATES.match(format) or _DATETIMES.match(format))


def moments_of_numbers(column: pl.Series, format: str) -> pl.Series:
    """Make dates of Stata's days, datetimes or times of its milliseconds, where they are such."""
    if _DATES.match(format):
        if not ((column.abs() < _LATEST_DAYS) & (column == column.floor())).all():
            return column
        return (column - _EPOCH_DAYS).cast(pl.Int32).cast(pl.Date)
    if not (column.abs() < _LATEST_DAYS * _DAY_MILLISECONDS).all():
        return column
    if _TIMES.match(format) and column.is_between(0, _DAY_MILLISECONDS, closed="left").all():
        return (column * 1e6).round().cast(pl.Int64).cast(pl.Time)
    since_epoch = (column - _EPOCH_DAYS * _DAY_MILLISECONDS) * 1e3
    return since_epoch.round().cast(pl.Int64).cast(pl.Datetime("us"))


def numbers_of_moments(column: pl.Series) -> pl.Series:
    """Make Stata's numbers of dates, datetimes or times; the inverse of `moments_of_numbers`."""
    if column.dtype == pl.Time:
        return column.cast(pl.Int64).cast(pl.Float64) / 1e6
    if column.dtype == pl.Date:
        return column.cast(pl.Int32).cast(pl.Float64) + _EPOCH_DAYS
    micro = column.dt.replace_time_zone(None).cast(pl.Datetime("us")).cast(pl.Int64)
    return micro.cast(pl.Float64) / 1e3 + _EPOCH_DAYS * _DAY_MILLISECONDS
