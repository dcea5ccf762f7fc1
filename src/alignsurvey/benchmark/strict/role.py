"""Roles: the respondent's attributes, with sets compared as sets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from alignsurvey.benchmark.rows import FileScore, PredictionRow, Problem
from alignsurvey.benchmark.strict.content import asked, label, labelled_options, no_gold, prediction
from alignsurvey.benchmark.strict.estimates import Floats, Resampling, estimates, known
from alignsurvey.benchmark.strict.judged import Judged, accuracies, shown
from alignsurvey.errors import InputError, nearest
from alignsurvey.tasks.replies import ROLE_FIELDS, Options, RoleAnswer, read_role
from alignsurvey.tasks.replies.role import list_items
from alignsurvey.tasks.replies.wording import fold

_IN_PROMPT = re.compile(
    r"(?:预测被访者的|predict the respondent's)\s*[“\"「『']\s*([^”\"」』'\n]{1,60}?)\s*[”\"」』']"
)
_ENGLISH = {field.english: name for name, field in ROLE_FIELDS.items()}


def score_role(
    rows: Sequence[PredictionRow], keys: Sequence[str], resampling: Resampling, field: str | None
) -> FileScore:
    """Score attributes by exact match, of sets where a field holds several; set-F1 beside it."""
    judged = Judged()
    wanted = known_field(field) if field is not None else None
    fields = [_field(row, wanted, judged.problems) for row in rows]
    options = _options(rows, fields, judged.problems)
    columns = np.zeros((len(rows), 5))
    for place, (row, key) in enumerate(zip(rows, keys, strict=True)):
        said = read_role(prediction(row), fields[place], options[place])
        gold = read_role(label(row), fields[place], options[place])
        several = _kind(fields[place]) == "list"
        correct = None if gold.answer is None else said.answer == gold.answer
        entry = shown(
            said.outcome, _shown(said, several), _shown(gold, several), correct, said.note
        )
        judged.rows[key] = entry
        if gold.answer is None:
            judged.problems.append(no_gold(row, gold.note or gold.outcome))
            continue
        judged.count(place, said.outcome)
        columns[place, :3] = 1.0, bool(correct), said.answer is not None
        if several:
            entry["set_f1"] = 0.0 if said.answer is None else set_f1(said.answer, gold.answer)
            columns[place, 3:] = 1.0, entry["set_f1"]
    scored = columns[judged.scored]
    metrics = judged.metrics() | estimates(scored, _statistics, judged.among(resampling))
    metrics["correct"] = int(scored[:, 1].sum())
    metrics |= _by_field(scored, [fields[place] for place in judged.scored])
    return FileScore(metrics, judged.rows, tuple(judged.problems))


def known_field(name: str) -> str:
    """Return a field's Chinese name.

    Raises
    ------
    InputError
        There is no such field.

    Examples
    --------
    >>> known_field("gender")
    '性别'
    """
    if name in ROLE_FIELDS:
        return name
    found = _ENGLISH.get(name.strip().lower().replace("_", " "))
    if found is None:
        fields = (*ROLE_FIELDS, *_ENGLISH)
        raise InputError(f"no role field {name!r}; {nearest(name, fields)}")
    return found


def _field(row: PredictionRow, wanted: str | None, problems: list[Problem]) -> str:
    """Return the row's field: its own, the prompt's, or the file's."""
    own = row.content.get("field")
    if not (isinstance(own, str) and own.strip()):
        named = _IN_PROMPT.search(row.prompt)
        own = named[1] if named else None
    if own is None:
        if wanted is None:
            problems.append(Problem(row.line, "names no field; read as a single choice"))
        return wanted or ""
    own = own.strip()
    own = _ENGLISH.get(own.lower().replace("_", " "), own)
    if own not in ROLE_FIELDS:
        problems.append(
            Problem(row.line, f"field {own!r} is none of the twelve; read as a single choice")
        )
    elif wanted is not None and own != wanted:
        problems.append(Problem(row.line, f"is about {own!r}, not {wanted!r}; scored as {own!r}"))
    return own


def _kind(field: str) -> str:
    return ROLE_FIELDS[field].kind if field in ROLE_FIELDS else "single"


def _options(
    rows: Sequence[PredictionRow], fields: Sequence[str], problems: list[Problem]
) -> list[Options]:
    """Return each row's options; where the prompt prints none, those of the field's labels."""
    printed = [asked(row).options for row in rows]
    said: dict[str, list[str]] = {
        field: [] for field, options in zip(fields, printed, strict=True) if not options
    }
    for row, field in zip(rows, fields, strict=True):
        if field in said:
            several = _kind(field) == "list"
            said[field].extend(list_items(label(row)) if several else [label(row)])
    from_labels = {field: labelled_options(items) for field, items in said.items()}
    found: list[Options] = []
    for row, field, options in zip(rows, fields, printed, strict=True):
        if not options and _kind(field) != "number":
            source = (
                "those of the labels are taken" if from_labels[field] else "and none in the labels"
            )
            problems.append(Problem(row.line, f"no options in the prompt; {source}"))
        taken = options or (() if _kind(field) == "number" else from_labels[field])
        found.append(taken)
    return found


def _shown(read: RoleAnswer, several: bool) -> str | list[str] | None:
    if read.answer is None:
        return None
    return list(read.answer) if several else read.answer[0]


def set_f1(said: Sequence[str], gold: Sequence[str]) -> float:
    """F1 of two sets; two empty ones are alike.

    Examples
    --------
    >>> set_f1(["父母"], ["父母", "配偶"])
    0.6666666666666666
    """
    left, right = set(map(fold, said)), set(map(fold, gold))
    return 2 * len(left & right) / (len(left) + len(right)) if left or right else 1.0


def _statistics(sums: Floats) -> dict[str, Floats]:
    return accuracies(sums) | {"set_f1": sums[..., 4] / sums[..., 3]}


def _by_field(columns: Floats, fields: Sequence[str]) -> dict[str, Any]:
    """Return accuracy by field, and by group of fields as the mean of its fields'."""
    by_field: dict[str, Any] = {}
    by_group: dict[str, list[float]] = {}
    for field in dict.fromkeys(fields):
        rows = columns[[one == field for one in fields]]
        accuracy = float(rows[:, 1].mean())
        by_field[field] = {"n": len(rows), "accuracy": accuracy, "parse_rate": rows[:, 2].mean()}
        if rows[:, 3].any():
            by_field[field]["set_f1"] = known(rows[:, 4].sum() / rows[:, 3].sum())
        if field in ROLE_FIELDS:
            by_group.setdefault(ROLE_FIELDS[field].group, []).append(accuracy)
    groups = {group: float(np.mean(values)) for group, values in by_group.items()}
    return {"by_field": by_field, "accuracy_by_group": groups}
