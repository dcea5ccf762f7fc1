"""Profiles in prompts: lines of `key: value`, or a Python dictionary; both ways."""

from __future__ import annotations

import ast
import json
import math
import re
from typing import Any

from alignsurvey.tasks.records.faults import Fault, Mend, RowError
from alignsurvey.tasks.records.nouns import Attribute, Profile, attribute_text

_BLANK = {"", "nan", "NaN", "NaT", "<NA>", "null", "[]"}
"""What data frames and JSON write for nothing. "None" and "N/A" are not among them: people write
them as labels (religion: None), and a label that is lost cannot be seen any more."""
_WHOLE_FLOAT = re.compile(r"-?\d+\.0+")
# A line of a note that runs over several lines: "（2）…", "(2) …", "2、…", "- …".
_LISTED = re.compile(r"\s*(?:[（(]\s*\d+\s*[)）]|\d+\s*[、.．]|[-•·])")
_SENTENCE_MARK = re.compile(r"[。；;！!，]")
_LONGEST_KEY = 120


def read_pairs(text: str) -> tuple[Profile, str, list[Mend]]:
    r"""Read a profile of lines.

    A line splits at its first colon and space, or at its first ``：`` where the profile's lines do
    so. A line that has no key belongs to the value above it. Blank attributes are missing, and so
    are what data frames write for them (``nan``, ``<NA>``); ``None`` is a label, as of a religion.

    Returns
    -------
    profile : tuple of (name, text)
    separator : str
        What most lines have between name and value.
    mended : list of Mend

    Raises
    ------
    RowError
        The first line has no key.

    Examples
    --------
    >>> read_pairs("age: 64.0\nsex: female\nrace: nan")[0]
    (('age', '64'), ('sex', 'female'))
    >>> read_pairs("性别: 女\n备注: （1）已婚；\n（2）说过: 很忙。\n职业: 其他")[0]
    (('性别', '女'), ('备注', '（1）已婚；\n（2）说过: 很忙。'), ('职业', '其他'))
    """
    lines = text.split("\n")
    wide = sum("：" in line for line in lines if ": " not in f"{line} ")
    separator = "：" if wide > sum(": " in f"{line} " for line in lines) else ": "
    keys: list[str] = []
    values: list[list[str]] = []
    mended: list[Mend] = []
    for line in lines:
        inside_note = bool(values) and bool(_LISTED.match(values[-1][0]))
        split = _split(line, separator, first=not keys, inside_note=inside_note)
        if split:
            keys.append(split[0])
            values.append([split[1]])
            mended.extend([Mend.SEPARATOR] * (split[2] != separator))
        elif keys:
            values[-1].append(line)
        elif line.strip():
            raise RowError(Fault.BAD_PROFILE, "the profile's first line has no 'name: value'")
    pairs = [(key, "\n".join(value)) for key, value in zip(keys, values, strict=True)]
    return _cleaned(pairs, mended), separator, mended


def _split(
    line: str, separator: str, *, first: bool, inside_note: bool
) -> tuple[str, str, str] | None:
    if not first and _LISTED.match(line):
        return None
    other = "：" if separator == ": " else ": "
    for mark in (separator, other):
        if mark == other and inside_note:
            # In a note over several lines another colon is the note's own.
            return None
        key, found, value = line.partition(mark)
        if not found and mark == ": " and line.endswith(":"):
            key, found, value = line[:-1], ":", ""
        if found and key.strip() and len(key) <= _LONGEST_KEY and not _SENTENCE_MARK.search(
            re.sub(r"[（(].*?[)）]", "", key) if mark == other or inside_note else ""
        ):  # fmt: skip
            return key, value, mark
    return None


def _cleaned(pairs: list[tuple[str, Any]], mended: list[Mend]) -> Profile:
    kept: list[tuple[str, Attribute]] = []
    for key, raw in pairs:
        value = raw
        if _is_blank(value):
            mended.append(Mend.BLANK_ATTRIBUTE)
            continue
        if isinstance(value, str) and _WHOLE_FLOAT.fullmatch(value.strip()):
            mended.append(Mend.WHOLE_NUMBER)
            value = value.strip().split(".")[0]
        elif isinstance(value, float) and value.is_integer():
            mended.append(Mend.WHOLE_NUMBER)
            value = int(value)
        elif isinstance(value, list):
            value = tuple(str(one) for one in value)
        elif not isinstance(value, str | int | float) or isinstance(value, bool):
            value = str(value)
        kept.append((key, value))
    return tuple(kept)


def _is_blank(value: object) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, list | dict):
        return not value
    return value is None or (isinstance(value, str) and value.strip() in _BLANK)


def write_pairs(profile: Profile, separator: str = ": ") -> str:
    r"""Write a profile as lines.

    Examples
    --------
    >>> write_pairs((("age", 64), ("household", ("partner", "child"))))
    'age: 64\nhousehold: partner, child'
    """
    return "\n".join(f"{key}{separator}{attribute_text(value)}" for key, value in profile)


def read_mapping(text: str) -> tuple[Profile, list[Mend]]:
    """Read a profile that is written as a Python dictionary (or as a JSON object).

    Raises
    ------
    RowError
        It is neither.

    Examples
    --------
    >>> read_mapping("{'size': 3, 'owns': ['home'], 'age': 64.0, 'note': nan}")[0]
    (('size', 3), ('owns', ('home',)), ('age', 64))
    """
    wrong = RowError(Fault.BAD_PROFILE, "the profile is no dictionary of names and values")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise wrong from None
        if not isinstance(found, dict):
            raise wrong from None
        pairs = list(found.items())
    else:
        if not isinstance(tree, ast.Dict):
            raise wrong
        try:
            pairs = [
                (str(_literal(key)), _literal(value))
                for key, value in zip(tree.keys, tree.values, strict=True)
            ]
        except (ValueError, TypeError, RecursionError):
            raise wrong from None
    mended: list[Mend] = []
    return _cleaned(pairs, mended), mended


def _literal(node: ast.expr | None) -> Any:
    """A literal, or one of the names that data frames and JSON write for nothing."""
    if isinstance(node, ast.Name) and node.id in ("nan", "null", "NaN"):
        return None
    if node is None:
        raise ValueError("a mapping within a mapping")
    return ast.literal_eval(node)


def write_mapping(profile: Profile) -> str:
    """Write a profile as a Python dictionary, as the released interview rows have it.

    Examples
    --------
    >>> write_mapping((("size", 3), ("owns", ("home",))))
    "{'size': 3, 'owns': ['home']}"
    """
    return repr({key: list(one) if isinstance(one, tuple) else one for key, one in profile})
