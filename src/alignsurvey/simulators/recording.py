"""A file of recorded replies as a table, with each row matched to a respondent of the survey."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from alignsurvey.errors import InputError, nearest
from alignsurvey.survey.cells import read_cells
from alignsurvey.survey.survey import Survey
from alignsurvey.survey.text_encoding import decode, read_bytes

ID_NAMES = ("id", "index", "respondent", "respondent_id", "person_id")
"""Where the respondent's id is looked for after the survey's own id column."""

_UNNAMED = ("", "unnamed: 0", "__index_level_0__")
_SEPARATORS = {".csv": None, ".txt": None, ".tsv": "\t", ".tab": "\t"}
_PARQUET = (".parquet", ".pq")
_WHOLE = re.compile(r"([+-]?\d+)\.0*")


def cell_text(value: object) -> str:
    """Write a cell as text that is the same for "17", 17 and 17.0; "" for an empty one.

    Examples
    --------
    >>> cell_text("17.0"), cell_text(17), cell_text(17.0), cell_text(" 17 "), cell_text(None)
    ('17', '17', '17', '17', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    text = str(value).strip()
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


@dataclass(frozen=True)
class Recording:
    """Recorded replies before they are read.

    Parameters
    ----------
    table : polars.DataFrame
    source : str
        Path of the file, for messages.
    id : str
        Column with the respondent's id.
    ids : polars.Series
        Ids of the survey, in its order.
    """

    table: pl.DataFrame
    source: str
    id: str
    ids: pl.Series

    @property
    def people(self) -> int:
        """Number of respondents in the survey."""
        return len(self.ids)

    @cached_property
    def _place(self) -> dict[str, int]:
        place: dict[str, int] = {}
        for row, one in enumerate(self.ids.to_list()):
            other = place.setdefault(cell_text(one), row)
            if other != row:
                raise InputError(
                    f"{self.source}: the survey's ids {self.ids[other]!r} and {one!r} cannot be "
                    "told apart in a file; rename one"
                )
        return place

    def place(self, row: int, column: str) -> str:
        """Say where a cell is, for messages."""
        return f"{self.source}: row {row + 1}, column '{column}'"

    def rows(self) -> list[int]:
        """Row of the survey for each row of the file.

        Raises
        ------
        InputError
            A respondent is not in the survey.
        """
        texts = [cell_text(value) for value in self.table[self.id].to_list()]
        found = [self._place.get(text, -1) for text in texts]
        if -1 in found:
            row = found.index(-1)
            if not texts[row]:
                raise InputError(f"{self.place(row, self.id)} is empty; every row needs an id")
            raise InputError(
                f"{self.place(row, self.id)}: respondent {texts[row]!r} is not in the survey "
                f"({found.count(-1)} rows in all); leave these rows out, or name the column with "
                "the survey's ids"
            )
        return found

    def unique_rows(self) -> list[int]:
        """Row of the survey for each row of the file, none of them twice.

        Raises
        ------
        InputError
            A respondent is not in the survey, or has two rows.
        """
        found = self.rows()
        first: dict[int, int] = {}
        for row, one in enumerate(found):
            other = first.setdefault(one, row)
            if other != row:
                text = cell_text(self.table[self.id][row])
                raise InputError(
                    f"{self.place(row, self.id)}: respondent {text!r} has row {other + 1} already; "
                    "keep one, or give draws in long form (respondent, item, code)"
                )
        return found


def open_recording(
    path: str | Path, base: str | Path | None, survey: Survey, id: str | None
) -> Recording:
    """Open a file of recorded replies and find its id column.

    Raises
    ------
    InputError
        The file is missing or of another kind, or has no column with ids.
    """
    whole = Path(base or "") / path
    table = _read(whole)
    return Recording(table, str(path), _id_column(table, str(path), survey, id), survey.ids)


def _read(path: Path) -> pl.DataFrame:
    suffix = path.suffix.lower()
    if suffix in _SEPARATORS:
        text = decode(read_bytes(path), str(path))
        return read_cells(text, str(path), _SEPARATORS[suffix]).frame
    if suffix not in _PARQUET:
        raise InputError(
            f"{path}: recorded replies are read from .csv, .tsv or .parquet, not '{suffix}'; save "
            "them as one of these"
        )
    raw = read_bytes(path)
    try:
        return pl.read_parquet(raw)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path}: is damaged or not a Parquet file; write it again") from error


def _id_column(table: pl.DataFrame, source: str, survey: Survey, id: str | None) -> str:
    if id is not None:
        if id not in table.columns:
            raise InputError(f"{source}: no id column '{id}'; {nearest(id, table.columns)}")
        return id
    if survey.design.id in table.columns:
        return survey.design.id
    lower = {name.lower(): name for name in reversed(table.columns)}
    for name in ID_NAMES:
        if name in lower:
            return lower[name]
    if table.columns and table.columns[0].lower() in _UNNAMED:
        return table.columns[0]
    raise InputError(
        f"{source}: no column with respondent ids ('{survey.design.id}', {', '.join(ID_NAMES)}, or "
        f"a first column without a name); name it with id, it has: {', '.join(table.columns[:12])}"
    )
