"""Delimited text to a table of cells, all of them text: separator, rows and headers settled."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from alignsurvey.errors import InputError

_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLED = 50  # records looked at to find the separator


class Cells(NamedTuple):
    """A table of text cells.

    Parameters
    ----------
    frame : polars.DataFrame
        Text without blanks around it; an empty cell is an empty text.
    separator : str
    texts : dict of str to str
        Wordings of the questions by column, where a row of the file gave them.
    notes : tuple of str
        What was repaired.
    """

    frame: pl.DataFrame
    separator: str
    texts: dict[str, str]
    notes: tuple[str, ...]


def read_cells(text: str, source: str, separator: str | None = None) -> Cells:
    """Cut a delimited text into cells.

    Parameters
    ----------
    text : str
        With a header row.
    source : str
        Name of the file, for messages.
    separator : str, optional
        Found from the text if it is not given.

    Returns
    -------
    Cells

    Raises
    ------
    InputError
        Rows of unequal length, a quote that is not closed, doubled headers, no rows.

    Examples
    --------
    >>> cells = read_cells("id;weight\\n1;0,5\\n", "survey.csv")
    >>> cells.separator, cells.frame.rows()
    (';', [('1', '0,5')])
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Excel's first line "sep=;" is an instruction, not a header.
    told = re.match(r'"?sep=(.)"?\n', text)
    if told:
        text = text[told.end() :]
    separator = separator or (told.group(1) if told else _find_separator(text))
    cut = _cut_quoted if '"' in text else _cut_plain
    header, body = cut(text, separator, source)
    names, notes = _name_columns(header, body, source)
    body = body.rename(dict(zip(body.columns, names, strict=True)))
    body = body.select([name for name in names if not name.startswith("\0")])
    tidy = body.with_columns(pl.all().str.strip_chars())
    changed = sum(int((body[name] != tidy[name]).sum()) for name in body.columns)
    if changed:
        notes.append(f"blanks around the text of {counted(changed, 'cell')} were taken off")
    tidy, texts = _take_wordings(tidy, notes)
    filled = tidy.filter(~pl.all_horizontal(pl.all() == ""))
    if filled.height < tidy.height:
        left_out = counted(tidy.height - filled.height, "row")
        notes.append(f"left out: {left_out} without any answer")
    if not filled.height:
        raise InputError(f"{source}: has a header but no rows")
    if separator != ",":
        notes.append(f"columns are separated by {_NAMES.get(separator, repr(separator))}s")
    return Cells(filled, separator, texts, tuple(notes))


def counted(number: int, noun: str) -> str:
    """Write a number of things.

    Examples
    --------
    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _find_separator(text: str) -> str:
    """Take the separator that cuts the first records into most cells of one number."""

    def merit(separator: str) -> tuple[bool, int]:
        widths = []
        try:
            for record in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
                if record:
                    widths.append(len(record))
                if len(widths) == _SAMPLED:
                    break
        except csv.Error:
            return False, 1
        return len(set(widths)) == 1 and widths[0] > 1, widths[0] if widths else 1

    return max(_NAMES, key=merit)


def _cut_plain(text: str, separator: str, source: str) -> tuple[list[str], pl.DataFrame]:
    """Cut a text without any quotes, with Polars."""
    lines = text.split("\n")
    rows = [(number, line) for number, line in enumerate(lines, start=1) if line.strip(" ")]
    if not rows:
        raise InputError(f"{source}: is empty; a header and at least one row are needed")
    header = rows[0][1].split(separator)
    for place, (number, line) in enumerate(rows):
        width = line.count(separator) + 1
        if width != len(header):
            raise _ragged(source, place, number, width, len(header), separator)
    if len(rows) == 1:
        return header, pl.DataFrame(schema={str(k): pl.String for k in range(len(header))})
    frame = pl.read_csv(
        io.BytesIO("\n".join(line for _, line in rows[1:]).encode()),
        separator=separator,
        has_header=False,
        infer_schema=False,
        quote_char=None,
        raise_if_empty=False,
    )
    return header, frame.fill_null("")


def _cut_quoted(text: str, separator: str, source: str) -> tuple[list[str], pl.DataFrame]:
    """Cut a text with quoted cells, which may hold separators and line breaks."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    begins = 1
    try:
        for record in reader:
            if record:
                if rows and len(record) != len(rows[0]):
                    width = len(record), len(rows[0])
                    raise _ragged(source, len(rows), begins, *width, separator)
                rows.append(record)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{source}: the quotes of the row that begins in line {begins} do not match ({error}); "
            "a quote inside a quoted cell is written twice"
        ) from error
    columns = zip(*rows[1:], strict=True) if len(rows) > 1 else ([] for _ in rows[0])
    frame = {str(place): column for place, column in enumerate(columns)}
    return rows[0], pl.DataFrame(frame, schema=dict.fromkeys(frame, pl.String))


def _ragged(
    source: str, row: int, line: int, width: int, expected: int, separator: str
) -> InputError:
    return InputError(
        f"{source}: data row {row} (line {line}) has {width} cells, the header has {expected}; put "
        f"a cell that holds a {_NAMES.get(separator, repr(separator))} in quotes, or complete the "
        "row"
    )


def _name_columns(
    header: Sequence[str], body: pl.DataFrame, source: str
) -> tuple[list[str], list[str]]:
    """Name every column; one that is to be left out gets a name that begins with a zero byte."""
    names: list[str] = []
    notes: list[str] = []
    given = [name.strip() for name in header]
    for place, name in enumerate(given):
        if name in given[:place] and name:
            raise InputError(
                f"{source}: '{name}' heads both column {given.index(name) + 1} and column "
                f"{place + 1}; rename one of them"
            )
        if name:
            names.append(name)
        elif (body[body.columns[place]].str.strip_chars() == "").all():
            names.append(f"\0{place}")
            notes.append(f"column {place + 1} has neither a name nor a cell and was left out")
        else:
            # Spreadsheets and pandas write row numbers into a first column without a name.
            new = "index" if place == 0 and "index" not in given else f"column_{place + 1}"
            names.append(new)
            notes.append(f"column {place + 1} has no name and is called '{new}'")
    return names, notes


def _take_wordings(frame: pl.DataFrame, notes: list[str]) -> tuple[pl.DataFrame, dict[str, str]]:
    """Take the rows with wordings and import ids out of Qualtrics' three-row header."""
    if frame.height < 2 or not all(str(cell).startswith('{"ImportId"') for cell in frame.row(1)):
        return frame, {}
    notes.append("the second header row was read as question texts, the third left out (Qualtrics)")
    return frame.slice(2), {k: v for k, v in frame.row(0, named=True).items() if v}
