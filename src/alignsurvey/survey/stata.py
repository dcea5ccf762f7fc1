"""Stata files (.dta): value labels, extended missing values .a to .z, dates."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from alignsurvey.errors import InputError
from alignsurvey.survey.codebook import Code, Codebook, Scale, Variable, as_code
from alignsurvey.survey.completion import sorted_categories
from alignsurvey.survey.labelled import (
    LabelledFile,
    SurveyParts,
    finish_reading,
    missing_entries,
)
from alignsurvey.survey.readstat import (
    FILE_LABEL,
    FILE_NOTE,
    check_columns,
    label_and_notes,
    overwrite,
    reading,
    writing,
)
from alignsurvey.survey.stata_columns import (
    check_stata_names,
    is_moment,
    moments_of_numbers,
    shortened,
    stand_ins,
    stored_column,
)
from alignsurvey.survey.survey import Survey

_VERSION = 14  # the first with Unicode, which every later Stata reads
_LABEL_CHARACTERS = 80
_START, _END, _TAIL_BYTES = b"<stata_dta>", b"</stata_dta>", 64
_HEAD_BYTES = 4096  # more than the header before the types of the columns, two bytes each
_NAMES_TAG, _NAME_BYTES = b"<varnames>", 129
_CREATED_TAG, _CREATED = b"<timestamp>\x11", b"01 Jan 1980 00:00"


def read_stata(path: Path, given: Codebook | None, encoding: str | None) -> SurveyParts:
    """Read a .dta file.

    Parameters
    ----------
    path : Path
    given : Codebook, optional
        Takes the place of what the file declares, for the variables that it names.
    encoding : str, optional
        For files older than Stata 14, which declare none, such as "gb18030".

    Returns
    -------
    (polars.DataFrame, polars.DataFrame, Codebook, tuple of str)
        Answers, missing codes (".a" to ".z"), codebook, notes. Stata's plain "." is null in both.

    Raises
    ------
    InputError
        The file is damaged, or no Stata file, or its encoding is another.
    """
    import pyreadstat

    _check_end(path)
    with reading(path, "a Stata", encoding):
        stored, meta = pyreadstat.read_dta(
            path,
            output_format="dict",
            user_missing=True,
            encoding=encoding,
            disable_datetime_conversion=True,
        )
    check_columns(path, meta.column_names)
    values, extended = [], {}
    for name, cells in stored.items():
        is_text = meta.readstat_variable_types[name] == "string"
        if name in meta.missing_user_values:
            extended[name] = _letters(name, cells)
        # Not strict: the letters among the numbers are nothing here.
        kind = pl.String if is_text else pl.Float64
        values.append(pl.Series(name, cells, dtype=kind, strict=False))
    variables = tuple(_declared(name, meta, extended.get(name)) for name in stored)
    moments = {
        one.name: partial(moments_of_numbers, format=one.format)
        for one in variables
        if is_moment(one.format)
    }
    file = LabelledFile(pl.DataFrame(values), Codebook(variables), extended, moments, _notes(meta))
    return finish_reading(file, given, str(path))


def _check_end(path: Path) -> None:
    """A file of Stata 13 or later says where it ends; without its end it may lack its labels."""
    with path.open("rb") as file:
        if file.read(len(_START)) != _START:
            return
        file.seek(-min(path.stat().st_size, _TAIL_BYTES), os.SEEK_END)
        if _END not in file.read():
            raise InputError(f"{path}: is damaged: its end is missing; export or copy it again")


def _letters(name: str, cells: list[object]) -> pl.Series:
    texts = pl.Series(name, cells, dtype=pl.String, strict=False)
    is_letter = texts.str.contains("^[a-z]$")
    return ("." + texts).zip_with(is_letter, pl.Series([None], dtype=pl.String)).alias(name)


def _declared(name: str, meta: Any, extended: pl.Series | None) -> Variable:
    """Make a variable of what the file says of it; Stata knows no level of measurement."""
    labels: dict[Code, str] = {
        f".{code}" if isinstance(code, str) else as_code(code): label
        for code, label in meta.variable_value_labels.get(name, {}).items()
    }
    found = [] if extended is None else extended.drop_nulls().unique().to_list()
    letters: list[Code] = sorted({*found, *(code for code in labels if isinstance(code, str))})
    answers: dict[Code, str] = {
        code: label for code, label in labels.items() if not isinstance(code, str)
    }
    return Variable(
        name,
        meta.column_names_to_labels.get(name) or "",
        Scale.NOMINAL,
        sorted_categories(answers),
        missing_entries(labels, letters, ()),
        inferred=("scale",),
        format=meta.original_variable_types.get(name) or "",
    )


def _notes(meta: Any) -> tuple[str, ...]:
    label = (f"{FILE_LABEL}{meta.file_label}",) if meta.file_label else ()
    return (*label, *(f"{FILE_NOTE}{line}" for line in meta.notes if line.strip()))


def write_stata(survey: Survey, path: Path) -> None:
    """Write a .dta file (Stata 14 and later) with labels, extended missing values and formats.

    Missing codes that are numbers become letters, see `missing_codes.as_letters`. Stata has no
    missing values for texts: theirs are written as texts. It has no levels of measurement, and
    orders categories by their codes.

    Raises
    ------
    InputError
        A name, label or missing code is one that Stata cannot hold.
    """
    import pyreadstat

    names = survey.answers.columns
    check_stata_names(names, path)
    short = stand_ins(names)
    columns = {short.get(name, name): stored_column(survey, name, path) for name in names}
    label, _ = label_and_notes(survey)
    texts = {name: one.text.rstrip() for name, one in columns.items() if one.text}
    cut_texts: dict[str, str | None] = {**shortened(texts, path)}
    with writing(path):
        pyreadstat.write_dta(
            pl.DataFrame([one.values.alias(name) for name, one in columns.items()]),
            path,
            version=_VERSION,
            file_label=label[:_LABEL_CHARACTERS],
            column_labels=cut_texts,
            variable_value_labels={name: one.labels for name, one in columns.items()},
            missing_user_values={name: one.letters for name, one in columns.items()},
            variable_format={name: one.format for name, one in columns.items()},
        )
    _finish_header(path, names, short)


def _finish_header(path: Path, names: list[str], short: dict[str, str]) -> None:
    """Fix the date of writing, and put long names where their stand-ins are."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES + 2 * len(names))
    overwrite(path, head.index(_CREATED_TAG) + len(_CREATED_TAG), _CREATED)
    start = head.index(_NAMES_TAG) + len(_NAMES_TAG)
    for place, name in enumerate(names):
        if name in short:
            field = name.encode().ljust(_NAME_BYTES, b"\0")
            overwrite(path, start + place * _NAME_BYTES, field)
