"""Alpaca JSON: an array, or one object a line, as published, with its slips mended and counted."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError
from alignsurvey.tasks.records.faults import Fault, Mend, Problem, Repair
from alignsurvey.tasks.records.json_slips import Value, value_end, values

_BAD_BYTE = re.compile("[\ud800-\udfff]")
PROMPT_KEYS = ("instruction", "prompt")
ANSWER_KEYS = ("output", "label")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an Alpaca file.

    Parameters
    ----------
    number : int
        Which row, from 1.
    line : int
        Line of the file where it begins, from 1.
    content : mapping
        The row as it stands.
    """

    number: int
    line: int
    content: Mapping[str, Any]


@dataclass(frozen=True)
class AlpacaFile:
    """The rows of a file, with what was mended and what could not be read.

    Parameters
    ----------
    name : str
        What the file is called in messages.
    rows : tuple of Row
        Rows that are JSON objects.
    n : int
        Rows found, readable or not.
    repairs : tuple of Repair
    problems : tuple of Problem
    """

    name: str
    rows: tuple[Row, ...]
    n: int
    repairs: tuple[Repair, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_alpaca(path: Path | str) -> AlpacaFile:
    """Read a file of Alpaca rows, whichever of the two forms it has.

    Raises
    ------
    InputError
        The file is missing, a folder, unreadable, empty, or holds no object at all.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the path") from error
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder, a file is needed") from error
    except OSError as error:
        raise InputError(f"{path}: may not be read; check its permissions") from error
    return parse_alpaca(data, str(path))


def parse_alpaca(data: bytes | str, name: str) -> AlpacaFile:
    r"""Read Alpaca rows from the bytes of a file.

    Slips that have one reading only are mended and counted: trailing commas, illegal escapes, a
    byte order mark, comments, raw line breaks. A row that stays unreadable is a problem with its
    number and line, and the rest is read. Nothing is guessed: a row with bytes that are no UTF-8
    is left out.

    Parameters
    ----------
    data : bytes or str
        The file's content.
    name : str
        What to call it in messages; with the ending ``.jsonl`` an array is noted as odd.

    Raises
    ------
    InputError
        There is no object in it.

    Examples
    --------
    >>> file = parse_alpaca(b'[{"instruction": "Say a.", "output": "a",}, 7]', "rows.json")
    >>> [row.content["output"] for row in file.rows]
    ['a']
    >>> [(one.kind.value, one.line) for one in file.repairs]
    [('trailing comma', 1)]
    >>> [str(one) for one in file.problems]
    ['row 2 (line 1): a row must be an object with a prompt and an answer, not a number']
    """
    text, marked = _decoded(data, name)
    lines = _Lines(text)
    repairs = [Repair(Mend.BOM, 0, 1)] if marked else []
    rows: list[Row] = []
    problems: list[Problem] = []
    n = 0
    for value in _rows(text, repairs, problems, name, lines):
        n += 1
        line = lines.at(value.start)
        repairs.extend(Repair(kind, n, lines.at(place)) for kind, place in value.mended)
        problem = _problem(value, text, n, line)
        if problem:
            problems.append(problem)
        else:
            rows.append(Row(n, line, value.content))
    if not rows:
        first = f"; {problems[-1]}" if problems else ""
        raise InputError(f"{name}: no rows: Alpaca JSON is an array of objects, or lines{first}")
    return AlpacaFile(name, tuple(rows), n, tuple(repairs), tuple(problems))


def _decoded(data: bytes | str, name: str) -> tuple[str, bool]:
    if isinstance(data, bytes):
        for mark, encoding in ((codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16")):
            if data.startswith(mark):
                raise InputError(f"{name}: is {encoding}; save the file as UTF-8")
        # Bytes that are no UTF-8 stay marked, so that only their rows are lost.
        data = data.decode("utf-8", errors="surrogateescape")
    text = data.removeprefix("\ufeff")
    if not text.strip():
        raise InputError(f"{name}: is empty; Alpaca rows are needed")
    return text, text != data


class _Lines:
    """Line numbers of ever later positions, counted once through the text."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._line = text, 0, 1

    def at(self, place: int) -> int:
        if place < self._at:
            return self._line - self._text.count("\n", place, self._at)
        self._line += self._text.count("\n", self._at, place)
        self._at = place
        return self._line


def _rows(
    text: str, repairs: list[Repair], problems: list[Problem], name: str, lines: _Lines
) -> Iterator[Value]:
    start = len(text) - len(text.lstrip())
    while comment := re.compile(r"\s*(//[^\n]*|/\*.*?\*/)\s*", re.DOTALL).match(text, start):
        repairs.append(Repair(Mend.COMMENT, 0, lines.at(comment.start(1))))
        start = comment.end()
    expects_lines = name.endswith((".jsonl", ".ndjson"))
    if text.startswith("[", start):
        if expects_lines:
            what = "an array, though the file's name says one object a line; read as an array"
            problems.append(Problem(Fault.WRONG_FORM, 0, lines.at(start), what, left_out=False))
        yield from _array(text, start, repairs, lines)
        return
    if not expects_lines and name.endswith(".json") and text.strip().count("\n"):
        what = "one object after another, though the name says an array; read as lines"
        problems.append(Problem(Fault.WRONG_FORM, 0, lines.at(start), what, left_out=False))
    yield from _objects(text, start)


def _array(text: str, start: int, repairs: list[Repair], lines: _Lines) -> Iterator[Value]:
    stop = len(text.rstrip())
    closed = text[stop - 1] == "]" and stop - 1 > start
    last = None
    for last in values(text, start + 1, stop - closed):
        yield last
    # After the last row a comma is one too many; `values` passes over commas in silence.
    end = last.end if last else start + 1
    if "," in text[end : stop - closed]:
        repairs.append(Repair(Mend.TRAILING_COMMA, 0, lines.at(text.index(",", end))))
    if not closed:
        repairs.append(Repair(Mend.OPEN_ARRAY, 0, lines.at(max(stop - 1, 0))))


def _objects(text: str, start: int) -> Iterator[Value]:
    """Objects one a line; or, where the first goes over several lines, one after another."""
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    first_end = value_end(text, start, len(text))
    if first_end is not None and first_end > line_end:
        yield from (_without_commas(one) for one in values(text, start, len(text)))
        return
    at = start
    while at < len(text):
        line_end = text.find("\n", at)
        line_end = len(text) if line_end < 0 else line_end
        yield from (_without_commas(one) for one in values(text, at, line_end))
        at = line_end + 1


def _without_commas(value: Value) -> Value:
    """Between objects that stand one after another no comma is missing."""
    kept = tuple(one for one in value.mended if one[0] != Mend.MISSING_COMMA)
    return Value(value.content, value.start, value.end, kept, value.error)


def _problem(value: Value, text: str, row: int, line: int) -> Problem | None:
    if _BAD_BYTE.search(text, value.start, value.end):
        what = "holds bytes that are not UTF-8; save the file as UTF-8"
        return Problem(Fault.NOT_TEXT, row, line, what)
    if value.error:
        return Problem(value.error.kind, row, line, str(value.error))
    if not isinstance(value.content, dict):
        kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
        kind = kinds.get(type(value.content), "a number")
        what = f"a row must be an object with a prompt and an answer, not {kind}"
        return Problem(Fault.NOT_OBJECT, row, line, what)
    return None
