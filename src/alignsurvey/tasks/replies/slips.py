"""Read JSON as models write it: with slips, and with words around it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_DEEPEST = 40
_DECODER = json.JSONDecoder(strict=False)
LONGEST_JSON = 200_000
"""Characters of a reply in which JSON is looked for."""
_OPEN = {"{": "}", "[": "]", "｛": "}", "［": "]", "【": "]"}
_CLOSE = "}]｝］】"
_QUOTES = {'"': '"', "'": "'", "“": "”", "”": "”", "‘": "’", "＂": "＂", "「": "」"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_WORDS = {"true": True, "false": False, "null": None, "none": None}
_NUMBER = re.compile(
    r"[+-]?(?:\d{1,300}(?:\.\d{0,300})?|\.\d{1,300})(?:[eE][+-]?\d{1,3})?(?=[\s,，}\]｝］】]|$)"
)
_AFTER_STRING = re.compile(
    r"\s*(?:[:,}\]：｝］】]|，\s*[\"'“‘＂}｝]|\s[\"“'][^\"”'\n]{1,40}[\"”']\s*[:：]|$)"
)
_HEX = re.compile(r"[0-9a-fA-F]{4}")


@dataclass(frozen=True)
class Found:
    """A JSON value found in a text, the text around it, and whether it had to be repaired."""

    value: Any
    before: str
    after: str
    repaired: bool


def find_json(text: str) -> Found | None:
    """Find the first JSON object or array of a text.

    A missing brace or bracket at the end, trailing commas, single or curly quotes, full-width
    punctuation, bare line ends and illegal escapes inside strings, unescaped quotes inside
    strings, keys without quotes, and Python's ``None`` are repaired.

    Returns
    -------
    Found or None
        None where the text holds no object or array that can be made sense of.

    Examples
    --------
    >>> find_json("Here: {'predict': '积极', 'reason': '好',}").value
    {'predict': '积极', 'reason': '好'}
    >>> find_json('｛"predict"：“积极”，"reason"："好').value
    {'predict': '积极', 'reason': '好'}
    >>> find_json("no JSON") is None
    True
    """
    text = text[:LONGEST_JSON]
    tried = 0
    for opening in re.finditer(r"[{\[｛［]", text):
        start = opening.start()
        try:
            value, end = _DECODER.raw_decode(text, start)
            return Found(value, text[:start], text[end:], repaired=False)
        except (ValueError, RecursionError):
            pass
        try:
            value, end = _Slips(text).value(start, 0)
        except _NoJsonError:
            tried += 1
            if tried == 8:
                return None
            continue
        return Found(value, text[:start], text[end:], repaired=True)
    return None


class _NoJsonError(Exception):
    """What stands here is no JSON, even with goodwill."""


class _Slips:
    """A recursive reader that forgives; every method returns a value and where it ended."""

    def __init__(self, text: str) -> None:
        self.text = text

    def _skip(self, place: int, marks: str = "") -> int:
        while place < len(self.text) and (self.text[place].isspace() or self.text[place] in marks):
            place += 1
        return place

    def value(self, place: int, depth: int) -> tuple[Any, int]:
        place = self._skip(place)
        if place >= len(self.text) or depth > _DEEPEST:
            raise _NoJsonError
        first = self.text[place]
        if first in _OPEN:
            members = self._object if _OPEN[first] == "}" else self._array
            return members(place + 1, depth + 1)
        if first in _QUOTES:
            return self._string(place)
        return self._bare(place)

    def _object(self, place: int, depth: int) -> tuple[dict[str, Any], int]:
        members: dict[str, Any] = {}
        while True:
            place = self._skip(place, ",，")
            if place >= len(self.text):
                if not members:
                    raise _NoJsonError
                return members, place
            if self.text[place] in _CLOSE:
                return members, place + 1
            key, place = self._key(place)
            place = self._skip(place)
            if place >= len(self.text) or self.text[place] not in ":：":
                raise _NoJsonError
            place = self._skip(place + 1)
            if place >= len(self.text):
                return members, place
            members[key], place = self.value(place, depth)

    def _key(self, place: int) -> tuple[str, int]:
        if self.text[place] in _QUOTES:
            return self._string(place)
        found = re.compile(r"[^\s\"'{}\[\],:：，｛｝]{1,80}(?=\s*[:：])").match(self.text, place)
        if not found:
            raise _NoJsonError
        return found[0], found.end()

    def _array(self, place: int, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        while True:
            place = self._skip(place, ",，")
            if place >= len(self.text):
                if not items:
                    raise _NoJsonError
                return items, place
            if self.text[place] in _CLOSE:
                return items, place + 1
            item, place = self.value(place, depth)
            items.append(item)

    def _string(self, place: int) -> tuple[str, int]:
        opening = self.text[place]
        closing = {_QUOTES[opening], opening}
        read: list[str] = []
        place += 1
        while place < len(self.text):
            character = self.text[place]
            if character == "\\":
                piece, place = self._escape(place)
                read.append(piece)
                continue
            if character in closing and _AFTER_STRING.match(self.text, place + 1):
                return "".join(read), place + 1
            read.append(character)
            place += 1
        return "".join(read), place

    def _escape(self, place: int) -> tuple[str, int]:
        following = self.text[place + 1 : place + 2]
        if following == "u":
            digits = _HEX.match(self.text, place + 2)
            return (chr(int(digits[0], 16)), place + 6) if digits else ("\\u", place + 2)
        if following in _ESCAPES:
            return _ESCAPES[following], place + 2
        if following and following in "\"'\\/":
            return following, place + 2
        return "\\", place + 1

    def _bare(self, place: int) -> tuple[Any, int]:
        number = _NUMBER.match(self.text, place)
        if number:
            return float(number[0]), number.end()
        word = re.compile(r"[^\s,，}\]｝］{\[:：\"']{1,200}").match(self.text, place)
        if not word:
            raise _NoJsonError
        return _WORDS.get(word[0].lower(), word[0]), word.end()
