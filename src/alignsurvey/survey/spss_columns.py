"""How a column is stored in an SPSS file: numbers, texts, dates, labels and missing codes."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from alignsurvey.survey.codebook import Scale, Variable
from alignsurvey.survey.missing_codes import (
    as_numbers,
    codes_in_use,
    labelled_numbers,
    replaced,
    spss_declaration,
)
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

_EPOCH_SECONDS = 12_219_379_200  # from 14 October 1582, where SPSS begins, to 1 January 1970
_DAY_SECONDS = 86_400
_DATES = re.compile(r"^(?:A|E|J|S)?DATE\d|^(?:MOYR|QYR|WKYR)\d")
_DATETIMES = re.compile(r"^(?:DATETIME|YMDHMS)\d")
_TIMES = re.compile(r"^TIME\d")
_LATEST_SECONDS = 4e11  # about the year 14,000; what lies beyond is no date

_MEASURES = {
    Scale.NOMINAL: "nominal",
    Scale.ORDINAL: "ordinal",
    Scale.INTERVAL: "scale",
    Scale.TEXT: "nominal",  # SPSS has no other word for texts
}
_NUMBER_FORMAT = re.compile(r"^(?!A\d|AHEX)[A-Z]+\d+(?:\.\d+)?$")
_TEXT_FORMAT = re.compile(r"^A(\d+)$")
_MOMENT_FORMATS = {pl.Date: "DATE11", pl.Time: "TIME11.2", pl.Datetime: "DATETIME20"}
_NAME = re.compile(r"^[^\W\d_][\w.@#$]*(?<!\.)$")
_RESERVED = frozenset(
    ("ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH")
)
_NAME_BYTES, _TEXT_BYTES, _LABEL_BYTES, _VALUE_LABEL_BYTES = 64, 32_767, 256, 120
_MISSING_TEXT_BYTES, _MOST_MISSING_TEXTS = 8, 3


@dataclass(frozen=True)
class StoredColumn:
    """A column and what the file declares of it."""

    name: str
    text: str
    values: pl.Series
    labels: dict[Any, str]
    declared: list[Any]
    measure: str
    format: str


def check_spss_names(names: list[str], path: Path) -> None:
    """SPSS's rules for names of variables.

    Raises
    ------
    InputError
        A name is too long, has a character that SPSS does not allow, or is one of its words.
    """
    lower = Counter(name.lower() for name in names)
    for name in names:
        if len(name.encode()) > _NAME_BYTES:
            problem = f"has a name of {len(name.encode())} bytes, SPSS allows {_NAME_BYTES}"
        elif not _NAME.match(name):
            problem = "has a name that SPSS does not allow (a letter, then letters, digits, . _ @)"
        elif name.upper() in _RESERVED:
            problem = "is called by a reserved word of SPSS"
        elif lower[name.lower()] > 1:
            problem = "differs from another only in upper and lower case, which SPSS ignores"
        else:
            continue
        raise refuse(path, name, problem, "rename it")


def stored_column(survey: Survey, name: str, path: Path) -> StoredColumn:
    """Lay out a column for SPSS.

    Raises
    ------
    InputError
        A label, text or missing code is one that SPSS cannot hold.
    """
    variable = variable_of(survey, name)
    answers, gaps = survey.answers[name], gaps_of(survey, name)
    _check_labels(variable, path)
    if answers.dtype == pl.String or isinstance(answers.dtype, pl.Enum | pl.Categorical):
        layout = _texts(variable, answers.cast(pl.String), gaps, path, survey.language)
    elif answers.dtype.is_numeric() or answers.dtype in (pl.Boolean, pl.Null, *_MOMENT_FORMATS):
        layout = _numbers(variable, answers, gaps, path, survey.language)
    else:
        kind = f"holds values of the type {answers.dtype}"
        raise refuse(path, name, kind, "make numbers or texts of it, or write .parquet")
    values, labels, declared, stored_format = layout
    measure = "unknown" if "scale" in variable.inferred else _MEASURES[variable.scale]
    return StoredColumn(name, variable.text, values, labels, declared, measure, stored_format)


_Layout = tuple[pl.Series, dict[Any, str], list[Any], str]


def _numbers(
    variable: Variable, answers: pl.Series, gaps: pl.Series, path: Path, language: str
) -> _Layout:
    check_precision(variable, answers, path)
    is_moment_column = answers.dtype.is_temporal()
    valid = seconds_of_moments(answers) if is_moment_column else answers.cast(pl.Float64)
    valid = valid.fill_nan(None)
    plan = as_numbers(variable, codes_in_use(variable, gaps), valid)
    labels = answer_labels(variable)
    for code, number in plan.items():
        if label := missing_label(variable, code, number, language):
            labels[number] = label
    answered = [*labelled_numbers(variable), *valid.drop_nulls().unique()]
    declared = spss_declaration(
        list(dict.fromkeys(plan.values())), variable.missing_ranges, answered
    )
    if declared is None:
        raise refuse(
            path,
            variable.name,
            f"has {len(plan)} missing codes with answers between them; SPSS declares three codes, "
            "or one range and one code",
            "recode them to lie together, or write .parquet",
        )
    spans, alone = declared
    # A range comes first: that is the order in which SPSS stores them.
    missing = [*({"lo": low, "hi": high} for low, high in spans), *alone]
    values = valid.zip_with(valid.is_not_null(), replaced(gaps, plan))
    return values, labels, missing, _number_format(variable.format, answers)


def _number_format(format: str, answers: pl.Series) -> str:
    is_fit = is_moment(format) or not answers.dtype.is_temporal()
    if _NUMBER_FORMAT.match(format) and is_fit:
        return format
    for dtype, default in _MOMENT_FORMATS.items():
        if answers.dtype == dtype:
            return default
    return "F8.2" if answers.dtype.is_float() else "F8.0"


def _texts(
    variable: Variable, answers: pl.Series, gaps: pl.Series, path: Path, language: str
) -> _Layout:
    codes = [str(code) for code in codes_in_use(variable, gaps, is_text=True)]
    too_long = [code for code in codes if len(code.encode()) > _MISSING_TEXT_BYTES]
    if too_long or len(codes) > _MOST_MISSING_TEXTS:
        raise refuse(
            path,
            variable.name,
            f"has the missing codes {', '.join(map(repr, codes))}; SPSS declares "
            f"{_MOST_MISSING_TEXTS} texts of {_MISSING_TEXT_BYTES} bytes",
            "recode them, or write .parquet",
        )
    labels = {str(code): label for code, label in answer_labels(variable).items()}
    for code in codes:
        if label := missing_label(variable, code, code, language):
            labels[code] = label
    values = answers.zip_with(answers.is_not_null(), gaps.cast(pl.String)).fill_null("")
    width = max(int(str(values.str.len_bytes().max() or 1)), *(len(c.encode()) for c in codes), 1)
    if width > _TEXT_BYTES:
        problem = f"holds a text of {width} bytes, SPSS allows {_TEXT_BYTES}"
        raise refuse(path, variable.name, problem, "shorten it, or write .parquet")
    if wider := _TEXT_FORMAT.match(variable.format):
        width = max(width, int(wider[1]))
    # SPSS fills texts with blanks anyway; doing so in one row declares the width of the column.
    padded = values[0] + " " * (width - len(values[0].encode()))
    values = pl.concat([pl.Series(values.name, [padded]), values[1:]])
    return values, labels, codes, f"A{width}"


def _check_labels(variable: Variable, path: Path) -> None:
    size = len(variable.text.encode())
    if size > _LABEL_BYTES:
        problem = f"has a text of {size} bytes, SPSS allows {_LABEL_BYTES}"
        raise refuse(path, variable.name, problem, "shorten it in the codebook")
    for code, label in all_labels(variable):
        size = len(label.encode())
        if size > _VALUE_LABEL_BYTES:
            problem = f"has a label of {size} bytes for {code!r}, SPSS allows"
            raise refuse(
                path,
                variable.name,
                f"{problem} {_VALUE_LABEL_BYTES}",
                "shorten it in the codebook, or write .dta or .parquet",
            )


def is_moment(format: str) -> bool:
    """Whether an SPSS format is one of dates or times of day."""
    return any(pattern.match(format) for pattern in (_DATES, _DATETIMES, _TIMES))


def moments_of_seconds(column: pl.Series, format: str) -> pl.Series:
    """Make dates, datetimes or times of SPSS's seconds; numbers stay where they are none."""
    if _TIMES.match(format):
        is_time = column.is_between(0, _DAY_SECONDS, closed="left").all()
        return (column * 1e9).round().cast(pl.Int64).cast(pl.Time) if is_time else column
    if not (column.abs() < _LATEST_SECONDS).all():
        return column
    seconds = column - _EPOCH_SECONDS
    if _DATES.match(format) and (column % _DAY_SECONDS == 0).all():
        return (seconds / _DAY_SECONDS).round().cast(pl.Int32).cast(pl.Date)
    return (seconds * 1e6).round().cast(pl.Int64).cast(pl.Datetime("us"))


def seconds_of_moments(column: pl.Series) -> pl.Series:
    """Make SPSS's seconds of dates, datetimes or times; the inverse of `moments_of_seconds`."""
    if column.dtype == pl.Time:
        return column.cast(pl.Int64).cast(pl.Float64) / 1e9
    if column.dtype == pl.Date:
        days = column.cast(pl.Int32).cast(pl.Float64)
        return days * _DAY_SECONDS + _EPOCH_SECONDS
    micro = column.dt.replace_time_zone(None).cast(pl.Datetime("us")).cast(pl.Int64)
    return micro.cast(pl.Float64) / 1e6 + _EPOCH_SECONDS
