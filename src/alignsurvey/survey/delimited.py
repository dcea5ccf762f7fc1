"""CSV and TSV files, read and written with their codebook; what was repaired is noted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from alignsurvey.errors import InputError
from alignsurvey.survey.cells import Cells, counted, read_cells
from alignsurvey.survey.checks import check_columns
from alignsurvey.survey.codebook import Codebook, Scale, Variable
from alignsurvey.survey.codebook_yaml import codebook_from_yaml, codebook_to_yaml
from alignsurvey.survey.coding import CodedColumn, assemble, code_declared, plain_column, refuse
from alignsurvey.survey.inference import infer_variable
from alignsurvey.survey.numerals import commas_to_points, has_leading_zeros, read_numbers
from alignsurvey.survey.text_encoding import decode, read_bytes
from alignsurvey.yamlfile import read_text

if TYPE_CHECKING:
    from alignsurvey.survey.survey import Survey

# What R, pandas, SAS, Excel and databases write for a missing value.
_MARKERS = ("", ".", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "<NA>")
_TAB_SUFFIXES = (".tsv", ".tab")


def read_delimited(
    path: Path, codebook: Codebook | None, encoding: str | None
) -> tuple[pl.DataFrame, pl.DataFrame, Codebook, tuple[str, ...]]:
    """Read a CSV or TSV file.

    Parameters
    ----------
    path : pathlib.Path
        With a header row. The separator (comma, semicolon, tab, bar) is found from the file.
    codebook : Codebook, optional
        What is declared; without one, ``NAME.codebook.yaml`` beside the file if it is there.
        Variables that it lacks are inferred, and marked so.
    encoding : str, optional
        Without one: what a byte order mark says, else UTF-8.

    Returns
    -------
    (polars.DataFrame, polars.DataFrame, Codebook, tuple of str)
        Answers, missing codes as they stood in the file (null where there is none), codebook,
        and notes on what was inferred or repaired.

    Raises
    ------
    InputError
        Wrong encoding, rows of unequal length, doubled headers, or a code that the codebook
        lacks; with the place.
    """
    source = str(path)
    notes: list[str] = []
    beside = codebook_path(path)
    if codebook is None and beside.is_file():
        codebook = codebook_from_yaml(read_text(beside), str(beside))
        notes.append(f"the codebook was read from {beside.name}")
    text = decode(read_bytes(path), source, encoding)
    cells = read_cells(text, source, "\t" if path.suffix.lower() in _TAB_SUFFIXES else None)
    notes += cells.notes
    declared = codebook or Codebook(())
    check_columns(cells.frame.columns, declared, (), source)
    coded = [_code(texts, declared, cells, source, notes) for texts in cells.frame]
    notes += _marker_notes(cells.frame, coded)
    return *assemble(coded, declared), tuple(notes)


def write_delimited(survey: Survey, path: Path) -> None:
    """Write a survey as CSV (tabs for .tsv and .tab), and its codebook beside it.

    Missing codes are written where they stood, so that reading gives the same survey again.

    Raises
    ------
    InputError
        The folder does not exist or may not be written to.
    """
    gaps = survey.missing
    columns = [
        pl.coalesce(pl.lit(gaps[name].cast(pl.String)), pl.col(name).cast(pl.String)).alias(name)
        if name in gaps.columns
        else pl.col(name).cast(pl.String)
        for name in survey.answers.columns
    ]
    separator = "\t" if path.suffix.lower() in _TAB_SUFFIXES else ","
    try:
        survey.answers.select(columns).write_csv(path, separator=separator)
        codebook_path(path).write_text(codebook_to_yaml(survey.codebook), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error


def codebook_path(path: Path) -> Path:
    """Say where the codebook of a delimited file is kept.

    Examples
    --------
    >>> codebook_path(Path("waves/2024.csv")).name
    '2024.codebook.yaml'
    """
    return path.with_name(f"{path.stem}.codebook.yaml")


def _code(
    raw: pl.Series, declared: Codebook, cells: Cells, source: str, notes: list[str]
) -> CodedColumn:
    """Give one column its type and code it."""
    variable = None
    if raw.name in declared:
        variable = declared[raw.name]
    texts = _without_markers(raw, variable)
    with_points = commas_to_points(texts, cells.separator) if cells.separator != "," else None
    if with_points is not None:
        notes.append(f"'{raw.name}': commas were read as decimal commas")
    numbers = read_numbers(texts if with_points is None else with_points)
    wording = cells.texts.get(raw.name, "")
    if variable is not None:
        variable = variable if variable.text else replace(variable, text=wording)
        return _code_declared(texts, numbers, variable, source)
    column = _undeclared(texts, numbers, notes)
    return CodedColumn(column, None, replace(infer_variable(raw.name, column), text=wording))


def _without_markers(texts: pl.Series, variable: Variable | None) -> pl.Series:
    """Make missing markers null, unless the codebook says what they mean."""
    codes = {*variable.codes, *(one.code for one in variable.missing)} if variable else set()
    markers = [marker for marker in _MARKERS if marker not in codes]
    return pl.select(
        pl.when(~pl.lit(texts).is_in(markers)).then(texts).alias(texts.name)
    ).to_series()


def _undeclared(texts: pl.Series, numbers: pl.Series, notes: list[str]) -> pl.Series:
    """Take a column for numbers only if every cell is one."""
    strays = texts.filter(texts.is_not_null() & numbers.is_null())
    if not len(strays):
        if not has_leading_zeros(texts):
            return plain_column(numbers)
        notes.append(f"'{texts.name}' was kept as text, for some numbers begin with a zero")
    elif len(strays) <= 0.1 * texts.count():
        row = int((texts.is_not_null() & numbers.is_null()).arg_max() or 0)
        notes.append(
            f"'{texts.name}' was kept as text: {strays[0]!r} (data row {row + 1}) is no number, "
            f"though {texts.count() - len(strays):,} of {texts.count():,} cells are"
        )
    return texts


def _code_declared(
    texts: pl.Series, numbers: pl.Series, variable: Variable, source: str
) -> CodedColumn:
    kinds = {isinstance(code, str) for code in variable.codes}
    if len(kinds) > 1:
        words = [code for code in variable.codes if isinstance(code, str)]
        raise InputError(
            f"{source}: the codes of '{variable.name}' are partly numbers and partly text "
            f"({words[0]!r}); put all of them in quotes, or none"
        )
    words = [one.code for one in variable.missing if isinstance(one.code, str)]
    no_number = texts.is_not_null() & numbers.is_null() & ~texts.is_in(words)
    if kinds == {False} or variable.scale is Scale.INTERVAL:
        if no_number.any():
            refuse(texts, no_number, variable, source)
        column = plain_column(numbers)
    elif kinds or variable.scale is Scale.TEXT or no_number.any() or has_leading_zeros(texts):
        column = texts
    else:
        column = plain_column(numbers)
    return code_declared(column, variable, source, texts, numbers)


def _marker_notes(frame: pl.DataFrame, coded: list[CodedColumn]) -> list[str]:
    """Count the markers that were taken for missing; one note."""
    cells: Counter[str] = Counter()
    columns: Counter[str] = Counter()
    for texts, one in zip(frame, coded, strict=True):
        lost = one.answers.is_null()
        if one.missing is not None:
            lost &= one.missing.is_null()
        for marker, count in texts.filter(lost).value_counts().iter_rows():
            cells[marker] += count
            columns[marker] += 1
    parts = [
        f"{'empty' if not marker else repr(marker)} in {counted(count, 'cell')} of "
        f"{counted(columns[marker], 'column')}"
        for marker, count in sorted(cells.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    return [f"taken as missing: {', '.join(parts)}"] if parts else []
