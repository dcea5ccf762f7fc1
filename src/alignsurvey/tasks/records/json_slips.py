"""JSON as people publish it: slips with one reading only are mended, each with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alignsurvey.tasks.records.faults import Fault, Mend, RowError

# A string, a comment, or a bracket: what decides where a value ends.
_TOKEN = re.compile(r'"(?:[^"\\]+|\\.)*+"|//[^\n]*|/\*.*?\*/|[{}\[\]]', re.DOTALL)
_GAP = re.compile(r"[\s,]+|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMA = re.compile(r",(?=(?:\s|//[^\n]*|/\*.*?\*/)*[}\]])", re.DOTALL)
_RAW_CONTROL = re.compile(r"[\x00-\x1f]")
_NEXT_ROW = re.compile(r"\n[ \t]*(?=\{)")


@dataclass(frozen=True, slots=True)
class Value:
    """One JSON value of a file: parsed, or with the reason why not.

    Parameters
    ----------
    content : object
        The value; None where there is an error.
    start, end : int
        Where it stands in the text.
    mended : tuple of (Mend, int)
        Slips and their positions in the text.
    error : RowError, optional
    """

    content: Any
    start: int
    end: int
    mended: tuple[tuple[Mend, int], ...] = ()
    error: RowError | None = None


def values(text: str, start: int, stop: int) -> Iterator[Value]:
    """Read the values that stand one after another in a part of a text.

    Brackets that enclose them are not looked at: the caller has cut them off.
    """
    at, between = start, True
    while True:
        at, comma, comments = _gap(text, at, stop)
        if at >= stop:
            return
        value = _value(text, at, stop)
        first = () if comma or between else ((Mend.MISSING_COMMA, at),)
        yield Value(
            value.content, value.start, value.end,
            (*((Mend.COMMENT, one) for one in comments), *first, *value.mended), value.error,
        )  # fmt: skip
        at, between = value.end, False


def _gap(text: str, at: int, stop: int) -> tuple[int, bool, list[int]]:
    comma, comments = False, []
    while match := _GAP.match(text, at, stop):
        if match[0][0] == "/":
            comments.append(at)
        comma = comma or ("," in match[0] and match[0][0] != "/")
        at = match.end()
    return at, comma, comments


def _value(text: str, at: int, stop: int) -> Value:
    decoder = json.JSONDecoder(object_pairs_hook=_pairs)
    repeated: list[str] = []
    try:
        content, end = decoder.raw_decode(text, at)
        if end <= stop:
            content = _plain(content, repeated)
            return Value(content, at, end, tuple((Mend.REPEATED_KEY, at) for _ in repeated))
    except RowError as error:
        return Value(None, at, value_end(text, at, stop) or stop, error=error)
    except (ValueError, RecursionError):
        pass
    return _mended_value(text, at, stop)


def _mended_value(text: str, at: int, stop: int) -> Value:
    end = value_end(text, at, stop)
    if end is None:
        never = RowError(Fault.NOT_JSON, "not JSON: never closed")
        return Value(None, at, _next_row(text, at, stop), error=never)
    mended_text, slips = mend(text[at:end])
    found = tuple((kind, at + place) for kind, place in slips)
    repeated: list[str] = []
    try:
        content = json.loads(mended_text, object_pairs_hook=_pairs)
        content = _plain(content, repeated)
    except RowError as error:
        return Value(None, at, end, found, error)
    except RecursionError:
        deep = RowError(Fault.NOT_JSON, "not JSON: too many brackets in one another")
        return Value(None, at, end, (), deep)
    except ValueError as error:
        said = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        wrong = RowError(Fault.NOT_JSON, f"not JSON: {said.lower()}")
        return Value(None, at, _next_row(text, at, end), error=wrong)
    return Value(content, at, end, (*found, *((Mend.REPEATED_KEY, at) for _ in repeated)))


def _next_row(text: str, at: int, stop: int) -> int:
    """Where to go on after a broken row: a missing quote must not swallow the rows after it."""
    following = _NEXT_ROW.search(text, at + 1, stop)
    return following.end() if following else stop


class _Pairs(list[tuple[str, Any]]):
    """An object before its keys are looked at."""


def _pairs(pairs: list[tuple[str, Any]]) -> _Pairs:
    return _Pairs(pairs)


def _plain(value: Any, repeated: list[str]) -> Any:
    """Make dictionaries; a key that stands twice with two values has no one reading."""
    if isinstance(value, _Pairs):
        made: dict[str, Any] = {}
        for key, raw in value:
            one = _plain(raw, repeated)
            if key in made:
                if made[key] != one:
                    raise RowError(
                        Fault.AMBIGUOUS_KEY, f"'{key}' stands twice with two values; keep one"
                    )
                repeated.append(key)
            made[key] = one
        return made
    if isinstance(value, list):
        return [_plain(one, repeated) for one in value]
    return value


def value_end(text: str, at: int, stop: int) -> int | None:
    """Find where a value ends, by its brackets outside strings; None if it is never closed."""
    if text[at] not in "{[":
        # A bare word or number: it ends with its line.
        line_end = text.find("\n", at, stop)
        return stop if line_end < 0 else line_end
    depth = 0
    for match in _TOKEN.finditer(text, at, stop):
        token = match[0]
        if token in ("{", "["):
            depth += 1
        elif token in ("}", "]"):
            depth -= 1
            if depth == 0:
                return match.end()
    return None


def mend(text: str) -> tuple[str, list[tuple[Mend, int]]]:
    r"""Mend the slips of one value that have one reading only.

    Trailing commas and comments go; an illegal escape is a backslash that was meant as one; raw
    line breaks and tabs inside a text are escaped.

    Returns
    -------
    str
        The value's text without the slips.
    list of (Mend, int)
        What was mended, and where in `text`.

    Examples
    --------
    >>> mended, slips = mend(r'{"a": "C:\data", }')
    >>> mended
    '{"a": "C:\\\\data"}'
    >>> [(kind.value, place) for kind, place in slips]
    [('illegal escape', 9), ('trailing comma', 15)]
    """
    slips: list[tuple[Mend, int]] = []
    parts: list[str] = []
    at = 0
    for match in _TOKEN.finditer(text):
        parts.append(_without_commas(text, at, match.start(), slips))
        token = match[0]
        if token[0] == '"':
            parts.append(_mended_string(token, match.start(), slips))
        elif token[0] == "/":
            slips.append((Mend.COMMENT, match.start()))
        else:
            parts.append(token)
        at = match.end()
    parts.append(text[at:])
    return "".join(parts), slips


def _without_commas(text: str, start: int, stop: int, slips: list[tuple[Mend, int]]) -> str:
    gap = text[start:stop]
    comma = gap.find(",")
    if comma >= 0 and _TRAILING_COMMA.match(text, start + comma):
        slips.append((Mend.TRAILING_COMMA, start + comma))
        return gap[:comma] + gap[comma + 1 :].strip()
    return gap


def _mended_string(token: str, start: int, slips: list[tuple[Mend, int]]) -> str:
    def escape(match: re.Match[str]) -> str:
        two = match[0]
        legal = two[1:] in set('"\\/bfnrt') or re.match(
            r"\\u[0-9a-fA-F]{4}", token[match.start() :]
        )
        if len(two) == 2 and legal:
            return two
        slips.append((Mend.ILLEGAL_ESCAPE, start + match.start()))
        return "\\" + two

    def control(match: re.Match[str]) -> str:
        slips.append((Mend.RAW_CONTROL, start + match.start()))
        return f"\\u{ord(match[0]):04x}"

    # Controls last, but found first: positions must be those of the file.
    with_escapes = re.sub(r"\\.", escape, token, flags=re.DOTALL)
    if with_escapes == token:
        return _RAW_CONTROL.sub(control, token)
    slips.extend((Mend.RAW_CONTROL, start + one.start()) for one in _RAW_CONTROL.finditer(token))
    return _RAW_CONTROL.sub(lambda one: f"\\u{ord(one[0]):04x}", with_escapes)
