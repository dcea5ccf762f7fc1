"""Parquet files: the survey whole, with codebook and design in the file's metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from alignsurvey.errors import InputError
from alignsurvey.survey.codebook import Codebook, Scale, Variable
from alignsurvey.survey.codebook_yaml import codebook_from_yaml, codebook_to_yaml
from alignsurvey.survey.coding import code_columns
from alignsurvey.survey.labelled import LabelledFile, SurveyParts, check_names, finish_reading
from alignsurvey.survey.readstat import refuse
from alignsurvey.survey.survey import Design, Survey

METADATA_KEY = "alignsurvey"
MISSING_SUFFIX = "__missing"
_FORMAT = 1


def read_parquet(
    path: Path, given: Codebook | None
) -> tuple[SurveyParts, Mapping[str, str | None]]:
    """Read a .parquet file, with what `write_parquet` put beside the data if it wrote it.

    Parameters
    ----------
    path : Path
    given : Codebook, optional
        Takes the place of what the file declares, for the variables that it names.

    Returns
    -------
    (answers, missing, codebook, notes), dict
        The dict has the design's columns and the language, and is empty for a foreign file,
        whose codebook is inferred.

    Raises
    ------
    InputError
        The file is damaged, or no Parquet file, or of a later version of this library.
    """
    try:
        # An open file, because Polars takes brackets in a path for a pattern.
        with path.open("rb") as file:
            metadata = pl.read_parquet_metadata(file)
        with path.open("rb") as file:
            table = pl.read_parquet(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            f"{path}: is damaged or not a Parquet file ({_first_line(error)}); write it again, or "
            "give it the extension of what it is"
        ) from error
    if METADATA_KEY not in metadata:
        return _read_foreign(path, table, given), {}
    return _read_own(path, table, _parse(metadata[METADATA_KEY], path), given)


@dataclass(frozen=True)
class _Beside:
    """What stands beside the data in a file of ours."""

    codebook: str
    design: Design
    language: str
    notes: tuple[str, ...]
    missing: tuple[str, ...]


def _parse(text: str, path: Path) -> _Beside:
    try:
        content = json.loads(text)
        version = content.pop("format")
        if version == _FORMAT:
            content["design"] = Design(**content["design"])
            lists = {key: tuple(content[key]) for key in ("notes", "missing")}
            return _Beside(**{**content, **lists})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: its metadata '{METADATA_KEY}' cannot be read; write the file again"
        ) from error
    raise InputError(
        f"{path}: was written by another version of alignsurvey (format {version}, this one reads "
        f"{_FORMAT}); update alignsurvey"
    )


def _read_own(
    path: Path, table: pl.DataFrame, beside: _Beside, given: Codebook | None
) -> tuple[SurveyParts, dict[str, str | None]]:
    codebook = codebook_from_yaml(beside.codebook, str(path))
    gaps = [name + MISSING_SUFFIX for name in beside.missing]
    for name in (*gaps, *codebook.names):
        if name not in table.columns:
            raise InputError(
                f"{path}: column '{name}', of which its metadata '{METADATA_KEY}' speaks, is gone; "
                "write the file again"
            )
    missing = table.select(gaps).rename(dict(zip(gaps, beside.missing, strict=True)))
    parts = table.drop(gaps), missing, codebook, beside.notes
    design = {**asdict(beside.design), "language": beside.language}
    return (_overridden(parts, given, path) if given else parts), design


def _overridden(parts: SurveyParts, given: Codebook, path: Path) -> SurveyParts:
    """Read the variables that a codebook names once more, with its entries."""
    answers, missing, codebook, notes = parts
    check_names(given, answers.columns, str(path))
    values, extended, moments = [], {}, {}
    for name in given.names:
        column = answers[name]
        if column.dtype.is_temporal():
            moments[name] = _unchanged
        elif name in missing.columns and missing[name].dtype.is_numeric() != (
            column.dtype.is_numeric()
        ):
            extended[name] = missing[name]
        elif name in missing.columns:
            column = answers.select(pl.coalesce(pl.col(name), pl.lit(missing[name])))[name]
        values.append(column)
    entries = [codebook[name] if name in codebook else Variable(name) for name in given.names]
    file = LabelledFile(pl.DataFrame(values), Codebook(tuple(entries)), extended, moments)
    new_answers, new_missing, new_codebook, new_notes = finish_reading(file, given, str(path))
    kept = missing.select(name for name in missing.columns if name not in given)
    return (
        answers.with_columns(new_answers),
        pl.concat([kept, new_missing], how="horizontal") if new_missing.width else kept,
        codebook.updated(*new_codebook),
        notes + new_notes,
    )


def _unchanged(column: pl.Series) -> pl.Series:
    return column


def _read_foreign(path: Path, table: pl.DataFrame, given: Codebook | None) -> SurveyParts:
    """Infer the codebook of a file that some other program wrote."""
    if not table.height:
        raise InputError(f"{path}: has no rows; write it again with its data")
    for name, dtype in table.schema.items():
        if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Duration):
            raise InputError(
                f"{path}: column '{name}' holds {dtype}; a survey needs one number or text a cell, "
                "so leave it out"
            )
    check_names(given, table.columns, str(path))
    moments = [name for name, dtype in table.schema.items() if dtype.is_temporal()]
    answers, missing, codebook = code_columns(list(table.drop(moments)), given, str(path))
    dates = (Variable(name, scale=Scale.INTERVAL) for name in moments)
    codebook = codebook.updated(*(one for one in dates if given is None or one.name not in given))
    answers = answers.with_columns(table.select(moments)).select(table.columns)
    note = "no codebook in the file: scales and values were inferred from the data"
    return answers, missing, codebook.select(table.columns), (note,)


def write_parquet(survey: Survey, path: Path) -> None:
    """Write a .parquet file: answers, missing codes, codebook, design and language.

    Missing codes stand in columns of their own, called as the variable with ``__missing`` behind
    it. Codebook (YAML), design, language and notes are JSON in the file's key-value metadata,
    under the key ``alignsurvey``; any Parquet reader shows them.

    Raises
    ------
    InputError
        A column is called as the missing codes of another are to be.
    """
    gaps = survey.missing.rename({name: name + MISSING_SUFFIX for name in survey.missing.columns})
    for name in survey.missing.columns:
        if name + MISSING_SUFFIX in survey.answers.columns:
            problem = f"is called as the missing codes of '{name}' are to be"
            raise refuse(path, name + MISSING_SUFFIX, problem, "rename it")
    content = {
        "format": _FORMAT,
        "codebook": codebook_to_yaml(survey.codebook),
        "design": asdict(survey.design),
        "language": survey.language,
        "notes": survey.notes,
        "missing": survey.missing.columns,
    }
    table = pl.concat([survey.answers, gaps], how="horizontal") if gaps.width else survey.answers
    text = json.dumps(content, ensure_ascii=False)
    try:
        with path.open("wb") as file:
            table.write_parquet(file, metadata={METADATA_KEY: text})
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"{path}: cannot be written as Parquet ({_first_line(error)}); make numbers or texts "
            "of columns that hold anything else"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
