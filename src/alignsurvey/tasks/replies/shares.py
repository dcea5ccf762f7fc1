"""Read how a reply shares out a group over the options."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alignsurvey.tasks.replies.matching import Catalogue, catalogue
from alignsurvey.tasks.replies.options import Options
from alignsurvey.tasks.replies.outcomes import Outcome, kind_of_silence
from alignsurvey.tasks.replies.slips import find_json
from alignsurvey.tasks.replies.thoughts import strip_thoughts
from alignsurvey.tasks.replies.wording import LONGEST_REPLY, fold, plain

TOLERANCE = 5.0
"""Points that percentages may miss 100 by and still be normalised."""

_ABOUT = r"(?:约|大约|大概|左右|接近|about|around|approximately|approx\.?|roughly|ca\.?|~|≈)?\s*"
_VALUE = re.compile(
    r"(?P<name>[^\n]{1,200}?)(?:\s*[:=|(>]\s*|\s+-+\s*|\s*-{2,}\s*|\s+|(?<=[^\d\s.])(?=\d))"
    rf"(?:占|为|是|占比|比例)?\s*\"?{_ABOUT}(?P<number>[+-]?\d{{1,12}}(?:,\d{{3}})*(?:\.\d{{1,20}})?)"
    r"(?:\s*(?P<percent>%|percent\b|per cent\b|个百分点)"
    r"|(?=\s*(?:人|名|票)?\"?\s*(?:[,;、|。)}]|$|\.(?:\s|$)|\n|\s[(\[]?[A-Za-z][.、:)])))"
    r"[)\"]?(?:人|名|票)?",
    re.MULTILINE,
)
_TOTAL = {
    "总计",
    "合计",
    "总和",
    "总",
    "共计",
    "total",
    "sum",
    "altogether",
    "n",
    "总人数",
    "样本量",
}
_LIST_NAMES = ("option", "label", "name", "answer", "category", "选项", "类别", "letter")
_LIST_VALUES = (
    "share", "percentage", "percent", "probability", "value", "proportion", "count",
    "比例", "百分比", "占比", "概率",
)  # fmt: skip


@dataclass(frozen=True)
class Shares:
    """What a reply about a group says.

    Parameters
    ----------
    outcome : {"answered", "refused", "dont_know", "unparseable", "no_reply"}
    shares : tuple of float or None
        One an option, in the order given, summing to 1; None unless answered.
    note : str
        What was normalised or left out, or why nothing could be read.
    """

    outcome: Outcome
    shares: tuple[float, ...] | None = None
    note: str = ""


@dataclass(frozen=True)
class _Part:
    name: str
    value: float
    percent: bool


def read_shares(reply: str, options: Options) -> Shares:
    """Read shares of options: percentages, fractions or counts, in lines, a table or JSON.

    Names are letters, texts or both. Sums within five points of 100 % are normalised, and noted
    where they are more than half a point off; others are unparseable, as are names of no option,
    an option named twice with different values, negative shares, and nothing but zeros. Options
    that are left out count as 0, and are noted.

    Parameters
    ----------
    reply : str
        As the model wrote it, thoughts included.
    options : tuple of (letter, text)

    Returns
    -------
    Shares

    Examples
    --------
    >>> options = (("A", "满意"), ("B", "一般"), ("C", "不满意"))
    >>> read_shares("A、满意：45％\\nB、一般：25％\\nC、不满意：30％", options)
    Shares(outcome='answered', shares=(0.45, 0.25, 0.3), note='')
    >>> read_shares('{"C": 0.5, "A": 0.5}', options)
    Shares(outcome='answered', shares=(0.5, 0.0, 0.5), note='left out, read as 0: 一般')
    >>> read_shares("A: 90%, B: 90%, C: 90%", options).note
    'shares sum to 270 %'
    """
    spoken = strip_thoughts(reply)
    if not spoken:
        return Shares("no_reply", note="nothing but thoughts" if reply.strip() else "")
    if len(spoken) > LONGEST_REPLY:
        return Shares("unparseable", note=f"longer than {LONGEST_REPLY} characters")
    if not options:
        return Shares("unparseable", note="no options known")
    known = catalogue(options)
    parts = _json_parts(spoken)
    if parts is None:
        parts = list(_line_parts(re.sub(r"\s*\n\s*", "\n", plain(spoken))))
    if not parts:
        return Shares(kind_of_silence(plain(spoken).casefold()) or "unparseable", note="no shares")
    placed = _placed(parts, known)
    if isinstance(placed, str):
        return Shares("unparseable", note=placed)
    return _normalised(placed, any(part.percent for part in parts), options)


def _json_parts(spoken: str) -> list[_Part] | None:
    """Read the members of a JSON reply; None where there is no JSON that holds any."""
    found = find_json(spoken) if "{" in spoken or "[" in spoken or "｛" in spoken else None
    if found is None:
        return None
    members = _members(found.value, 0)
    parts = [_part(name, value) for name, value in members or ()]
    if not parts:
        return [] if isinstance(found.value, dict) and not found.after.strip() else None
    return [part or _Part("", math.nan, False) for part in parts]


def _members(value: Any, depth: int) -> list[tuple[str, Any]] | None:
    if depth > 3:
        return None
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        pairs = [_pair(one) for one in value]
        return None if None in pairs else [pair for pair in pairs if pair is not None]
    if not isinstance(value, dict):
        return None
    nested = [held for held in value.values() if isinstance(held, dict | list)]
    if len(nested) == 1:
        return _members(nested[0], depth + 1)
    return list(value.items()) if not nested else None


def _pair(entry: dict[str, Any]) -> tuple[str, Any] | None:
    """Read one entry of a list such as {"option": "A", "share": 0.4}, or {"A": 0.4}."""
    if len(entry) == 1:
        return next(iter(entry.items()))
    name = next((entry[key] for key in _LIST_NAMES if key in entry), None)
    value = next((entry[key] for key in _LIST_VALUES if key in entry), None)
    return None if name is None or value is None else (str(name), value)


def _part(name: str, value: Any) -> _Part | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _Part(name, _number(value), percent=False)
    found = re.fullmatch(
        rf"{_ABOUT}([+-]?\d{{1,12}}(?:\.\d{{1,20}})?)\s*(%|percent)?", plain(str(value)).casefold()
    )
    return _Part(name, float(found[1]), bool(found[2])) if found else None


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _line_parts(text: str) -> Iterator[_Part]:
    table = [line.strip() for line in text.split("\n") if line.lstrip().startswith("|")]
    if table:
        yield from _table_parts(table)
        return
    for found in _VALUE.finditer(text):
        name = found["name"].strip(" |,;、。.)(\"'-")
        if name:
            number = float(found["number"].replace(",", ""))
            yield _Part(name, number, bool(found["percent"]))


def _table_parts(lines: list[str]) -> Iterator[_Part]:
    """Read rows of a Markdown table: names in the first cells, the value in the last."""
    for line in lines:
        cells = [cell.strip() for cell in line.split("|") if cell.strip()]
        part = _part(" ".join(cells[:-1]), cells[-1]) if len(cells) > 1 else None
        if part is not None:
            yield part


def _placed(parts: list[_Part], known: Catalogue) -> list[float | None] | str:
    """Put values in the order of the options, or say why that cannot be."""
    values: list[float | None] = [None] * len(known.folded)
    for part in parts:
        place, odd = _place(part.name, known)
        if place is None and fold(part.name) in _TOTAL:
            continue
        if math.isnan(part.value) or math.isinf(part.value):
            return "a share that is no number"
        if place is None:
            return odd
        if part.value < 0:
            return "a negative share"
        if values[place] not in (None, part.value):
            return "an option with two different shares"
        values[place] = part.value
    return values


def _place(name: str, known: Catalogue) -> tuple[int | None, str]:
    for piece in (name, name.rsplit(":", 1)[-1]):
        whole = known.whole(piece)
        if whole.index is not None:
            return whole.index, ""
        if whole.disagrees:
            return None, whole.note
    return None, "a name of no option"


def _normalised(placed: list[float | None], percent: bool, options: Options) -> Shares:
    values = [value or 0.0 for value in placed]
    left_out = [text for (_, text), value in zip(options, placed, strict=True) if value is None]
    total = math.fsum(values)
    if total == 0:
        return Shares("unparseable", note="nothing but zeros")
    notes = [f"left out, read as 0: {', '.join(left_out)}"] if left_out else []
    whole = _whole(values, total, percent, bool(left_out))
    if whole is None:
        scale = 1 if percent or total > 2 else 100
        return Shares("unparseable", note=f"shares sum to {total * scale:g} %")
    if whole == total and whole not in (1.0, 100.0):
        notes.append(f"read as counts of {total:g}")
    elif abs(total / whole - 1) > 0.005:
        notes.append(f"shares sum to {100 * total / whole:g} %, normalised")
    return Shares("answered", tuple(value / total for value in values), "; ".join(notes))


def _whole(values: list[float], total: float, percent: bool, incomplete: bool) -> float | None:
    """Return what the values are shares of: 100, 1, or, for counts, their sum."""
    slack = TOLERANCE + 1e-9
    if abs(total - 100) <= slack:
        return 100.0
    if percent:
        return None
    if abs(total - 1) * 100 <= slack and max(values) <= 1:
        return 1.0
    counts = all(value == int(value) for value in values)
    return total if counts and not incomplete else None
