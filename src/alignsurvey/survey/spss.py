"""SPSS files (.sav, .zsav): value labels, user-missing codes and ranges, levels, dates."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from alignsurvey.survey.codebook import (
    Code,
    Codebook,
    Missing,
    MissingRange,
    Scale,
    Variable,
    as_code,
)
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
from alignsurvey.survey.spss_columns import (
    check_spss_names,
    is_moment,
    moments_of_seconds,
    stored_column,
)
from alignsurvey.survey.survey import Survey

_SCALES = {"nominal": Scale.NOMINAL, "ordinal": Scale.ORDINAL, "scale": Scale.INTERVAL}
_CREATED_AT, _CREATED = 92, b"01 Jan 8000:00:00"  # header: date and time of writing
_LABEL_BYTES, _NOTE_BYTES = 64, 80


def read_spss(path: Path, given: Codebook | None, encoding: str | None) -> SurveyParts:
    """Read a .sav or .zsav file.

    Parameters
    ----------
    path : Path
    given : Codebook, optional
        Takes the place of what the file declares, for the variables that it names.
    encoding : str, optional
        For files that declare none or a wrong one, such as "gb18030".

    Returns
    -------
    (polars.DataFrame, polars.DataFrame, Codebook, tuple of str)
        Answers, missing codes as they stood, codebook, notes.

    Raises
    ------
    InputError
        The file is damaged, or no SPSS file, or its encoding is another.
    """
    import pyreadstat

    with reading(path, "an SPSS", encoding):
        values, meta = pyreadstat.read_sav(
            path,
            output_format="polars",
            user_missing=True,
            encoding=encoding,
            disable_datetime_conversion=True,
        )
    check_columns(path, meta.column_names)
    variables = tuple(_declared(name, meta) for name in values.columns)
    is_text = {name: kind == "string" for name, kind in meta.readstat_variable_types.items()}
    typed = [one.cast(pl.String if is_text[one.name] else pl.Float64) for one in values]
    moments = {
        one.name: partial(moments_of_seconds, format=one.format)
        for one in variables
        if not is_text[one.name] and is_moment(one.format)
    }
    file = LabelledFile(pl.DataFrame(typed), Codebook(variables), {}, moments, _notes(meta))
    return finish_reading(file, given, str(path))


def _declared(name: str, meta: Any) -> Variable:
    """Make a variable of what the file says of it."""
    declared = meta.missing_ranges.get(name, [])
    discrete = [_code(span["lo"]) for span in declared if span["lo"] == span["hi"]]
    spans = [(span["lo"], span["hi"]) for span in declared if span["lo"] != span["hi"]]
    labels = {
        _code(code): label.rstrip()
        for code, label in meta.variable_value_labels.get(name, {}).items()
    }
    inside = [
        code
        for code in labels
        if any(not isinstance(code, str) and low <= code <= high for low, high in spans)
    ]
    missing = missing_entries(labels, discrete, inside)
    answers = {c: label for c, label in labels.items() if c not in {one.code for one in missing}}
    scale = _SCALES.get(meta.variable_measure.get(name, "unknown"))
    kinds = {one.kind for one in missing if one.code in inside}
    kind = kinds.pop() if len(kinds) == 1 else Missing.OTHER
    return Variable(
        name,
        meta.column_names_to_labels.get(name) or "",
        scale or Scale.NOMINAL,
        sorted_categories(answers),
        missing,
        tuple(MissingRange(low, high, kind) for low, high in spans),
        () if scale else ("scale",),
        meta.original_variable_types.get(name) or "",
    )


def _code(value: object) -> Code:
    code = as_code(value)
    return code.rstrip() if isinstance(code, str) else code


def _notes(meta: Any) -> tuple[str, ...]:
    notes = [f"{FILE_LABEL}{meta.file_label}"] if meta.file_label else []
    notes += [f"{FILE_NOTE}{line}" for line in meta.notes if line.strip()]
    if meta.mr_sets:
        notes.append(f"multiple-response sets are not kept: {', '.join(meta.mr_sets)}")
    return tuple(notes)


def write_spss(survey: Survey, path: Path) -> None:
    """Write a .sav file, or a compressed .zsav, with labels, missing codes, levels and formats.

    Missing codes that are texts (Stata's ".a") become numbers, see `missing_codes.as_numbers`;
    more than SPSS can declare become a range, see `missing_codes.spss_declaration`. The order of
    categories and their scores are not kept where they differ from those of the codes, nor are
    widths and alignments of columns.

    Raises
    ------
    InputError
        A name, label or missing code is one that SPSS cannot hold.
    """
    import pyreadstat

    check_spss_names(survey.answers.columns, path)
    columns = [stored_column(survey, name, path) for name in survey.answers.columns]
    label, notes = label_and_notes(survey)
    with writing(path):
        pyreadstat.write_sav(
            pl.DataFrame([one.values for one in columns]),
            path,
            file_label=label.encode()[:_LABEL_BYTES].decode(errors="ignore"),
            note=[note.encode()[:_NOTE_BYTES].decode(errors="ignore") for note in notes] or None,
            column_labels={one.name: one.text.rstrip() for one in columns if one.text},
            variable_value_labels={one.name: one.labels for one in columns if one.labels},
            missing_ranges={one.name: one.declared for one in columns if one.declared},
            variable_measure={one.name: one.measure for one in columns},
            variable_format={one.name: one.format for one in columns},
            compress=path.suffix.lower() == ".zsav",
        )
    overwrite(path, _CREATED_AT, _CREATED)
