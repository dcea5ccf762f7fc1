"""What was mended in a file, and what could not be: both are counted and shown, never hidden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Mend(StrEnum):
    """Kinds of slips that have one reading only, so that mending them is no guess."""

    BOM = "byte order mark"
    TRAILING_COMMA = "trailing comma"
    MISSING_COMMA = "comma missing between rows"
    ILLEGAL_ESCAPE = "illegal escape"
    RAW_CONTROL = "raw line break or tab in a text"
    COMMENT = "comment"
    OPEN_ARRAY = "array never closed"
    REPEATED_KEY = "key twice with one value"
    BLANK_ATTRIBUTE = "blank attribute left out"
    WHOLE_NUMBER = "whole number written as a float"
    SEPARATOR = "another separator than the other lines"
    ANSWER_CASE = "answer in other upper and lower case"
    ANSWER_LETTER = "answer without its letter"
    ANSWER_TEXT = "answer is a letter alone"
    ANSWER_MARKS = "answer in other punctuation or spacing"
    ANSWER_TYPE = "answer is a JSON value, not a text"
    LAYOUT = "irregular layout"


class Fault(StrEnum):
    """Kinds of rows, or parts of a file, that cannot be read as they should."""

    NOT_JSON = "not JSON"
    NOT_TEXT = "not UTF-8"
    NOT_OBJECT = "not an object"
    NO_PROMPT = "no prompt"
    NO_ANSWER = "no answer"
    EMPTY_ANSWER = "empty answer"
    AMBIGUOUS_KEY = "key twice with two values"
    UNKNOWN_SHAPE = "prompt of no known task"
    OTHER_TASK = "another task than the rest of the file"
    BAD_PROFILE = "profile not readable"
    NO_OPTIONS = "no options in the prompt"
    OUTSIDE_OPTIONS = "answer is none of the options"
    AMBIGUOUS_OPTIONS = "two options with one text"
    DUPLICATE = "duplicated row"
    WRONG_FORM = "array in a file of lines, or the reverse"


@dataclass(frozen=True, slots=True)
class Repair:
    """One slip that was mended.

    Parameters
    ----------
    kind : Mend
    row : int
        Which row, from 1; 0 for the file as a whole.
    line : int
        Line of the file where the slip (or its row) stands, from 1.
    """

    kind: Mend
    row: int
    line: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read, or is odd.

    Parameters
    ----------
    kind : Fault
    row : int
        Which row, from 1; 0 for the file as a whole.
    line : int
        Line of the file where the row begins, from 1.
    what : str
        What is wrong and, where there is something to do, what to do. Never the row's own text
        beyond a label: profiles hold personal notes.
    left_out : bool
        Whether the row is missing from the records. False: it was read, but is odd.
    """

    kind: Fault
    row: int
    line: int
    what: str
    left_out: bool = True

    def __str__(self) -> str:
        where = f"row {self.row} (line {self.line})" if self.row else f"line {self.line}"
        return f"{where}: {self.what}"


class RowError(Exception):
    """A row cannot be read; caught by the reader, which makes a `Problem` of it."""

    def __init__(self, kind: Fault, what: str) -> None:
        super().__init__(what)
        self.kind = kind


def count_kinds(found: Iterable[Repair] | Iterable[Problem]) -> dict[str, int]:
    """Count repairs or problems by kind, the most frequent first.

    Examples
    --------
    >>> comment = Repair(Mend.COMMENT, 1, 2)
    >>> count_kinds([Repair(Mend.BOM, 0, 1), comment, comment])
    {'comment': 2, 'byte order mark': 1}
    """
    return {kind.value: n for kind, n in Counter(one.kind for one in found).most_common()}


def quoted(text: str, longest: int = 40) -> str:
    """Quote a label for a message, cut so that the message stays one short line.

    Examples
    --------
    >>> quoted("a long\\nlabel", 8)
    "'a long …'"
    """
    flat = " ".join(text.split())
    return f"'{flat if len(flat) <= longest else flat[: longest - 1] + '…'}'"
