"""What SPSS and Stata files have in common on the way to disk and back: errors, notes, labels."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from alignsurvey.errors import InputError
from alignsurvey.survey.codebook import Code, Missing, Variable, as_code
from alignsurvey.survey.survey import Survey

FILE_LABEL = "file label: "
FILE_NOTE = "file note: "

_KIND_LABELS = {
    "en": {
        Missing.REFUSED: "Refused",
        Missing.DONT_KNOW: "Don't know",
        Missing.NOT_ASKED: "Not asked",
        Missing.OTHER: "",
    },
    "zh": {
        Missing.REFUSED: "拒答",
        Missing.DONT_KNOW: "不知道",
        Missing.NOT_ASKED: "不适用",
        Missing.OTHER: "",
    },
}


@contextmanager
def reading(path: Path, kind: str, encoding: str | None) -> Iterator[None]:
    """Turn what the parser says of a damaged or foreign file into one line for the user."""
    import pyreadstat

    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            yield
    except UnicodeError as error:
        raise InputError(_encoding_message(path, encoding)) from error
    except (
        pyreadstat.ReadstatError,
        pyreadstat.PyreadstatError,
        # A damaged header makes the parser name, count, seek or allocate nonsense.
        TypeError,
        IndexError,
        ValueError,
        OverflowError,
        MemoryError,
        OSError,
    ) as error:
        plain = str(error).lower()
        if "unsupported character set" in plain:
            raise InputError(
                f"{path}: unknown encoding {encoding or 'in the file'!r}; name one such as "
                "'utf-8', 'gb18030' or 'latin1'"
            ) from error
        if "convert string" in plain:
            raise InputError(_encoding_message(path, encoding)) from error
        raise InputError(
            f"{path}: is damaged or not {kind} file ({error}); export it again, or give it the "
            "extension of what it is"
        ) from error
    if said:
        raise InputError(f"{path}: {said[0].message}; rename it in the program that wrote it")


def check_columns(path: Path, names: Iterable[str | None]) -> None:
    """Every column has a name; a damaged header may have none."""
    if not all(names):
        raise InputError(f"{path}: is damaged (a column has no name); export it again")


def _encoding_message(path: Path, encoding: str | None) -> str:
    said = f"is not in the encoding '{encoding}'" if encoding else "declares a wrong encoding"
    return f"{path}: {said}; name the right one, such as encoding='gb18030' or 'latin1'"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the writer refuses into one line for the user."""
    import pyreadstat

    try:
        yield
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
        raise InputError(
            f"{path}: cannot be written as {path.suffix} ({error}); mend it or write .parquet"
        ) from error


def overwrite(path: Path, position: int, text: bytes) -> None:
    """Put bytes in the place of others, such as a fixed date in the place of now.

    The same survey is to give the same file, so that a checksum says whether data have changed.
    """
    with path.open("r+b") as file:
        file.seek(position)
        file.write(text)


def label_and_notes(survey: Survey) -> tuple[str, list[str]]:
    """Find what was the label and what the notes of the file that a survey was read from."""
    labels = [one.removeprefix(FILE_LABEL) for one in survey.notes if one.startswith(FILE_LABEL)]
    notes = [one.removeprefix(FILE_NOTE) for one in survey.notes if one.startswith(FILE_NOTE)]
    return (labels[0] if labels else ""), notes


def answer_labels(variable: Variable) -> dict[Code, str]:
    """Give the labels that are worth writing: not those that reading made of the code itself."""
    made_up = "values" in variable.inferred
    return {
        # No reader keeps blanks at the end.
        one.code: one.label.rstrip()
        for one in variable.categories + variable.point_labels
        if one.label and not (made_up and one.label == str(one.code))
    }


def all_labels(variable: Variable) -> list[tuple[Code, str]]:
    """List every labelled code, answers and missing ones."""
    answers = variable.categories + variable.point_labels
    return [(one.code, one.label) for one in answers] + [
        (one.code, one.label) for one in variable.missing
    ]


def missing_label(variable: Variable, code: Code, stored: Code, language: str) -> str:
    """Label a missing code so that nothing is lost: by its label, or its kind and old code.

    A code of a range that is stored as it stands needs no label: the range is stored too.
    """
    is_same = str(code) == str(as_code(stored))
    entry = next((one for one in variable.missing if str(one.code) == str(code)), None)
    if entry is None and is_same:
        return ""
    if entry is not None and entry.label:
        return entry.label.rstrip()
    kind = _KIND_LABELS[language][variable.missing_kind(code) or Missing.OTHER]
    if is_same:
        return kind
    return f"{kind} ({code})" if kind else str(code)


def variable_of(survey: Survey, name: str) -> Variable:
    """Look up a column's variable; a design column may have none."""
    if name in survey.codebook:
        return survey.codebook[name]
    return Variable(name, inferred=("scale",))


def gaps_of(survey: Survey, name: str) -> pl.Series:
    """Give the missing codes of a column, all null where it has none."""
    if name in survey.missing.columns:
        return survey.missing[name]
    return pl.Series(name, [None], dtype=pl.Null).new_from_index(0, survey.n)


def check_precision(variable: Variable, answers: pl.Series, path: Path) -> None:
    """Both formats store numbers as floats, which tell whole numbers apart up to 2**53."""
    if not answers.dtype.is_integer():
        return
    bounds = [int(str(end)) for end in (answers.min(), answers.max()) if end is not None]
    if any(abs(end) > 2**53 for end in bounds):
        problem = "holds whole numbers of more than 15 digits, which the format would round"
        raise refuse(path, variable.name, problem, "make texts of them")


def refuse(path: Path, name: str, problem: str, remedy: str) -> InputError:
    """Make the error for a variable that a format cannot hold."""
    return InputError(f"{path}: variable '{name}' {problem}; {remedy}")
