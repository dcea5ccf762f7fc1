"""What a prediction row holds: prediction, label, options, question, respondent."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from alignsurvey.benchmark.rows import PredictionRow, Problem
from alignsurvey.tasks.replies import Options, read_options, read_prompt, strip_thoughts
from alignsurvey.tasks.replies.wording import fold

LONGEST_LABEL = 500
_PERSON_KEYS = ("person_id", "respondent", "respondent_id", "id")
_NAMES_OF_PERSONS = frozenset(_PERSON_KEYS)


def as_text(value: Any) -> str:
    """Write a raw value as the text a reader takes; "" for a missing one.

    Examples
    --------
    >>> as_text(None), as_text(3), as_text({"满意": 45})
    ('', '3', '{"满意": 45}')
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return str(value)


def prediction(row: PredictionRow) -> str:
    """Return what was predicted, "" where nothing was."""
    return as_text(row.content.get("predict", row.content.get("prediction")))


def label(row: PredictionRow) -> str:
    """Return the label: ``label``, else ``output``; "" where there is none."""
    value = row.content.get("label")
    return as_text(row.content.get("output") if value is None else value)


def person(row: PredictionRow) -> Hashable:
    """Return the respondent whom the row is about, None where it does not say."""
    if _NAMES_OF_PERSONS.isdisjoint(row.content):
        return None
    for key in _PERSON_KEYS:
        value = row.content.get(key)
        if isinstance(value, str | int):
            return (key, value)
    return None


def names(rows: Sequence[PredictionRow]) -> tuple[list[str], list[Problem]]:
    """Name each row by its case; a case that comes twice gets its line beside it."""
    seen: dict[str, int] = {}
    found: list[str] = []
    problems: list[Problem] = []
    for row in rows:
        name = row.case
        if name in seen:
            what = f"case {row.case!r} is also that of line {seen[name]}; both are scored"
            problems.append(Problem(row.line, what))
            name = f"{row.case} (line {row.line})"
            while name in seen:
                name += "'"
        seen[name] = row.line
        found.append(name)
    return found, problems


def repeated(rows: Sequence[PredictionRow], people: Sequence[Hashable]) -> list[Problem]:
    """Name rows that repeat another in every word; they are scored all the same."""
    first: dict[tuple[Hashable, ...], int] = {}
    problems = []
    for row, who in zip(rows, people, strict=True):
        prompt = row.prompt
        if not prompt:
            continue
        said = (prompt, prediction(row), label(row), None if who is None else str(who))
        line = first.setdefault(said, row.line)
        if line != row.line:
            problems.append(
                Problem(row.line, f"repeats line {line} word for word; both are scored")
            )
    return problems


@dataclass(frozen=True)
class Asked:
    """What a row asked: the question as shown, in one spelling, and its options."""

    question: str
    key: str
    options: Options


def asked(row: PredictionRow) -> Asked:
    """Read a row's question, without profile, and its options, in the order shown."""
    question, options = read_prompt(row.prompt)
    said = row.content.get("question")
    if isinstance(said, str) and said.strip():
        question = said.strip()
    return _asked(question, options)


@lru_cache(maxsize=4096)
def _asked(question: str, options: Options) -> Asked:
    return Asked(question, fold(question), options)


def labelled_options(labels: Iterable[str]) -> Options:
    """Return the options that labels name, without letters, for prompts that print none.

    Examples
    --------
    >>> labelled_options(["B. 一般", "A. 满意", "(C) 一般"])
    (('', '一般'), ('', '满意'))
    """
    texts: dict[str, str] = {}
    for said in labels:
        spoken = strip_thoughts(said)
        options = read_options(f"选项：\n{spoken}") if "\n" not in spoken else ()
        text = options[0][1] if len(options) == 1 else spoken
        if 0 < len(text) <= LONGEST_LABEL:
            texts.setdefault(fold(text), text)
    return tuple(("", text) for text in texts.values())


def with_options(
    rows: Sequence[PredictionRow], found: Sequence[Asked]
) -> tuple[list[Asked], list[Problem]]:
    """Give rows whose prompt prints no options those that the question's labels name."""
    if all(one.options for one in found):
        return list(found), []
    said: dict[str, list[str]] = {}
    for row, one in zip(rows, found, strict=True):
        said.setdefault(one.key, []).append(label(row))
    known = {one.key: labelled_options(said[one.key]) for one in found if not one.options}
    completed: list[Asked] = []
    problems: list[Problem] = []
    for row, one in zip(rows, found, strict=True):
        if one.options:
            completed.append(one)
            continue
        source = "those of the labels are taken" if known[one.key] else "and none in the labels"
        problems.append(Problem(row.line, f"no options in the prompt; {source}"))
        completed.append(replace(one, options=known[one.key]))
    return completed, problems


def missing(row: PredictionRow) -> Problem | None:
    """Name a row that has no prediction at all; it is scored as no reply."""
    if "predict" in row.content or "prediction" in row.content:
        return None
    return Problem(row.line, "no prediction (predict or prediction); scored as no reply")


def no_gold(row: PredictionRow, why: str) -> Problem:
    """Name a row that cannot be scored for want of a label."""
    said = label(row).strip().replace("\n", " ")
    if not said:
        return Problem(row.line, "no label (label or output); not scored")
    shown = said if len(said) <= 40 else f"{said[:40]}…"
    return Problem(row.line, f"label {shown!r} cannot be read ({why or 'no option'}); not scored")
