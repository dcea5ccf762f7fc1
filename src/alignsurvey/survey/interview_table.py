"""An interview corpus as a long table, one row a turn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from alignsurvey.errors import InputError, nearest
from alignsurvey.survey.cells import read_cells
from alignsurvey.survey.interview_values import Attribute
from alignsurvey.survey.interview_words import column_of, language_of, speaker_of, stance_of
from alignsurvey.survey.interviews import LANGUAGES, Interview, Interviews, Segment, Turn
from alignsurvey.survey.numerals import has_leading_zeros, read_numbers
from alignsurvey.survey.text_encoding import decode, read_bytes

_NEEDED = ("id", "theme", "speaker", "text")
_BETWEEN_OPTIONS = re.compile(r"\s*[;；、|]\s*")


class _Row(NamedTuple):
    """One turn: number of its data row, and its cells by what they hold."""

    number: int
    cells: dict[str, str]


class _Table(NamedTuple):
    """A file's rows by interview; `columns` has the file's own names by what they hold."""

    source: str
    columns: dict[str, str]
    rows: dict[str, list[_Row]]


def read_table(
    path: Path, several: Sequence[str], language: str | None, encoding: str | None
) -> Interviews:
    """Read a CSV or TSV file with one row a turn; see `read_interviews`."""
    source = str(path)
    text = decode(read_bytes(path), source, encoding)
    cells = read_cells(text, source, "\t" if path.suffix.lower() == ".tsv" else None)
    columns, attributes = _columns(cells.frame.columns, source)
    for name in several:
        if name not in attributes:
            raise InputError(f"{source}: no profile column '{name}'; {nearest(name, attributes)}")
    table = _Table(source, columns, {})
    held = cells.frame.select(pl.col(name).alias(kind) for kind, name in columns.items())
    for number, row in enumerate(held.iter_rows(named=True), start=1):
        for kind in _NEEDED:
            if not row[kind]:
                raise InputError(f"{source}: '{columns[kind]}' is empty in data row {number}")
        table.rows.setdefault(row["id"], []).append(_Row(number, row))
    values = {name: _values(cells.frame[name], name in several, table, name) for name in attributes}
    notes = list(cells.notes)
    interviews = []
    for person, rows in table.rows.items():
        profile = tuple((name, known[person]) for name, known in values.items() if person in known)
        spoken = _constant(table, rows, "language", f"interview '{person}'") or language
        if spoken is None:
            spoken = language_of("".join(row.cells["text"] for row in rows))
            notes.append(f"interview '{person}': language told from the characters: {spoken}")
        elif spoken not in LANGUAGES:
            raise InputError(
                f"{source}: interview '{person}': the language {spoken!r} is not one of en, zh"
            )
        interviews.append(Interview(person, spoken, profile, _segments(table, person, rows)))
    return Interviews(tuple(interviews), source=source, notes=tuple(notes))


def _columns(names: Sequence[str], source: str) -> tuple[dict[str, str], list[str]]:
    """Tell the columns of the turns, by what they hold, from those of the profile."""
    columns: dict[str, str] = {}
    attributes = []
    for name in names:
        kind = column_of(name)
        if kind is None:
            attributes.append(name)
        elif kind in columns:
            raise InputError(
                f"{source}: '{columns[kind]}' and '{name}' both hold the {kind}; rename one"
            )
        else:
            columns[kind] = name
    for kind in _NEEDED:
        if kind not in columns:
            raise InputError(
                f"{source}: no column '{'interview' if kind == 'id' else kind}'; a row is a turn, "
                f"with the columns interview, theme, speaker, text (found: {', '.join(names)})"
            )
    return columns, attributes


def _segments(table: _Table, person: str, rows: list[_Row]) -> tuple[Segment, ...]:
    """Make a segment of each theme, in order of appearance."""
    by_theme: dict[str, list[_Row]] = {}
    for row in rows:
        by_theme.setdefault(row.cells["theme"], []).append(row)
    segments = []
    for theme, part in by_theme.items():
        ordered = _in_order(table, part)
        where = f"interview '{person}', theme '{theme}'"
        stance = _constant(table, part, "stance", where)
        reason = _constant(table, part, "reason", where)
        try:
            coded = stance_of(stance) if stance else None
        except InputError as error:
            raise InputError(f"{table.source}: {where}: {error}") from error
        turns = tuple(_turn(table, row) for row in ordered)
        segments.append(Segment(theme, turns, coded, reason))
    return tuple(segments)


def _in_order(table: _Table, rows: list[_Row]) -> list[_Row]:
    """Sort a segment's rows by its turn numbers, if there are any."""
    if "turn" not in table.columns:
        return rows
    places = []
    for row in rows:
        try:
            places.append(float(row.cells["turn"]))
        except ValueError:
            raise InputError(
                f"{table.source}: '{table.columns['turn']}' in data row {row.number} is no number: "
                f"{row.cells['turn']!r}"
            ) from None
    order = sorted(range(len(rows)), key=places.__getitem__)
    return [rows[place] for place in order]


def _turn(table: _Table, row: _Row) -> Turn:
    try:
        return Turn(speaker_of(row.cells["speaker"]), row.cells["text"])
    except InputError as error:
        raise InputError(f"{table.source}: data row {row.number}: {error}") from error


def _constant(table: _Table, rows: list[_Row], kind: str, where: str) -> str | None:
    """Give the one value of a column in some rows; an empty cell says nothing."""
    said = [(row.number, row.cells[kind]) for row in rows if row.cells.get(kind)]
    return _only(said, table, table.columns.get(kind, kind), where)


def _only(said: list[tuple[int, str]], table: _Table, column: str, where: str) -> str | None:
    for number, value in said:
        if value != said[0][1]:
            raise InputError(
                f"{table.source}: {where}: '{column}' changes, {said[0][1]!r} in data row "
                f"{said[0][0]} and {value!r} in data row {number}; give it one value"
            )
    return said[0][1] if said else None


def _values(column: pl.Series, is_list: bool, table: _Table, name: str) -> dict[str, Attribute]:
    """Give the value of an attribute by interview, as numbers where all cells are numbers."""
    texts: dict[str, str] = {}
    for person, rows in table.rows.items():
        said = [(row.number, column[row.number - 1]) for row in rows if column[row.number - 1]]
        only = _only(said, table, name, f"interview '{person}'")
        if only is not None:
            texts[person] = only
    if is_list:
        return {
            person: tuple(part for part in _BETWEEN_OPTIONS.split(text) if part)
            for person, text in texts.items()
        }
    given = pl.Series(list(texts.values()), dtype=pl.String)
    numbers = read_numbers(given)
    if numbers.null_count() or has_leading_zeros(given):
        return dict(texts)
    return dict(zip(texts, numbers.to_list(), strict=True))
