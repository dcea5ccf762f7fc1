"""Read prediction files: JSON lines or one JSON array, whatever is wrong with single rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from alignsurvey.benchmark.collecting import collection_paused
from alignsurvey.benchmark.rows import PredictionRow, Problem, RowFile
from alignsurvey.errors import InputError

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[\s,]*")
_NEXT_OBJECT = re.compile(r"(?:\n|\},)\s*(?=\{)")
_UNDECODED = re.compile(r"[\udc80-\udcff]")
_KEYS = {"prediction": ("predict", "prediction"), "label": ("label", "output")}


class _Value(NamedTuple):
    """A place of a file: its number from 1, its text, and what stands there or is wrong."""

    number: int
    text: str
    value: Any
    wrong: str | None = None


def read_predictions(path: Path, labelled: bool = True) -> RowFile:
    """Read a prediction file.

    Parameters
    ----------
    path : Path
        JSON, one object a line or one array of objects; UTF-8. Which of the two it is, its
        content says and not its name.
    labelled : bool
        Whether a row without label is a problem; in Task 2 it is none.

    Returns
    -------
    RowFile
        A row that is no JSON object is left out and is among the problems; a row that lacks
        prediction or label, or stands twice, is kept and is among the problems too. In an array,
        places count from 1 as lines do.

    Raises
    ------
    InputError
        The file is missing, a folder, unreadable, empty, or in another encoding.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "predictions.jsonl"
    >>> _ = path.write_text('{"predict": "A. yes", "label": "A. yes"}\\n{"predict": ')
    >>> file = read_predictions(path)
    >>> len(file.rows), [problem.line for problem in file.problems]
    (1, [2])
    """
    text, is_utf_8 = _text(path)
    with collection_paused():
        rows, problems = _rows(text, is_utf_8, labelled)
    return RowFile(str(path), tuple(rows), tuple(problems))


def _rows(text: str, is_utf_8: bool, labelled: bool) -> tuple[list[PredictionRow], list[Problem]]:
    rows: list[PredictionRow] = []
    problems: list[Problem] = []
    seen: dict[int, int] = {}
    cases: set[str] = set()
    for place in _values(text):
        wrong = place.wrong or _no_row(place, is_utf_8)
        if wrong:
            problems.append(Problem(place.number, f"left out: {wrong}"))
            continue
        case = _case(place)
        if case in cases:
            unique = f"{case} (line {place.number})"
            problems.append(Problem(place.number, f"case '{case}' stands before; now '{unique}'"))
            case = unique
        cases.add(case)
        first = seen.setdefault(hash(place.text), place.number)
        # A judge gives one score to many answers: only with its prompt is such a row a repeat.
        if first != place.number and (labelled or PredictionRow(0, "", place.value).prompt):
            problems.append(Problem(place.number, f"the same as line {first}; both are scored"))
        if not _is_whole(place.value):
            problems += [Problem(place.number, what) for what in _lacking(place.value, labelled)]
        rows.append(PredictionRow(place.number, case, place.value))
    return rows, problems


def _text(path: Path) -> tuple[str, bool]:
    """Read a file, and say whether it is UTF-8; a byte that is not becomes a lone surrogate."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the path") from error
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder; give the prediction files in it") from error
    except PermissionError as error:
        raise InputError(f"{path}: may not be read; check its permissions") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path}: is UTF-16; save the file as UTF-8")
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        text, is_utf_8 = content.decode("utf-8"), True
    except UnicodeDecodeError:
        text, is_utf_8 = content.decode("utf-8", errors="surrogateescape"), False
    if not text.strip():
        raise InputError(f"{path}: is empty; a prediction file has a JSON object a line")
    return text, is_utf_8


def _values(text: str) -> Iterator[_Value]:
    return _in_sequence(text) if _is_sequence(text) else _in_lines(text)


def _is_sequence(text: str) -> bool:
    """Tell values that span lines, or an array of them, from one object a line."""
    start = text.lstrip()
    line = start.split("\n", 1)[0].strip()
    if start[0] == "[" or line == "{":
        return True
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        try:
            _DECODER.raw_decode(start)
        except (ValueError, RecursionError):
            return False
        return True
    return False


def _in_lines(text: str) -> Iterator[_Value]:
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if stripped:
            try:
                yield _Value(number, stripped, _loaded(stripped))
            except (ValueError, RecursionError) as error:
                yield _Value(number, stripped, None, _not_json(error))


def _loaded(text: str) -> Any:
    """Read a JSON value; where the shorter way fails, `json.loads` says why."""
    try:
        value, end = _DECODER.raw_decode(text)
    except ValueError:
        end = -1
    return value if end == len(text) else json.loads(text)


def _in_sequence(text: str) -> Iterator[_Value]:
    at, number = 0, 0
    start = _end_of_space(text, 0)
    in_array = text[start] == "["
    at = start + 1 if in_array else start
    while True:
        at = _end_of_space(text, at)
        if at >= len(text):
            if in_array:
                yield _Value(number + 1, "", None, "the file ends before its array does")
            return
        if text[at] == "]" and in_array:
            in_array = False
            at += 1
            continue
        if text[at] == "[" and not in_array:
            in_array = True
            at += 1
            continue
        number += 1
        try:
            value, end = _DECODER.raw_decode(text, at)
            yield _Value(number, text[at:end], value)
        except (ValueError, RecursionError) as error:
            found = _NEXT_OBJECT.search(text, at)
            end = found.end() if found else len(text)
            in_array = in_array and found is not None
            line = text.count("\n", 0, at) + 1
            yield _Value(number, text[at:end], None, f"{_not_json(error)} (from line {line} on)")
        at = end


def _end_of_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _not_json(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON: {error.msg} at its character {error.colno}"
    return "not valid JSON: too deep, or a number too long"


def _no_row(place: _Value, is_utf_8: bool) -> str | None:
    if not is_utf_8 and _UNDECODED.search(place.text):
        return "bytes that are not UTF-8; save the file as UTF-8"
    if not isinstance(place.value, dict):
        return f"a row is a JSON object, this is {_kind(place.value)}"
    return None


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _case(place: _Value) -> str:
    case = place.value.get("case")
    is_name = isinstance(case, str | int) and not isinstance(case, bool) and case != ""
    return str(case) if is_name else str(place.number)


def _is_whole(content: dict[str, Any]) -> bool:
    return content.get("predict") is not None and content.get("label") is not None


def _lacking(content: dict[str, Any], labelled: bool) -> Iterator[str]:
    for side, keys in _KEYS.items():
        if side == "label" and not labelled:
            continue
        present = [key for key in keys if key in content]
        if not present:
            yield f"no {side}: neither '{keys[0]}' nor '{keys[1]}'"
        elif content[present[0]] is None:
            yield f"the {side} ('{present[0]}') is null"
