"""Roles: the respondent's attributes, with sets compared as sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from alignsurvey.benchmark.rows import FileScore, PredictionRow
from alignsurvey.benchmark.strict.content import label, no_gold, prediction
from alignsurvey.benchmark.strict.estimates import Floats, Resampling, estimates, known
from alignsurvey.benchmark.strict.judged import Judged, accuracies, shown
from alignsurvey.benchmark.strict.role_fields import KIND_NAMES, FieldOptions, role_rows
from alignsurvey.survey.codebook import Codebook
from alignsurvey.tasks.replies import ROLE_FIELDS, Options, RoleAnswer, read_role
from alignsurvey.tasks.replies.role import Kind
from alignsurvey.tasks.replies.wording import fold


def score_role(
    rows: Sequence[PredictionRow],
    keys: Sequence[str],
    resampling: Resampling,
    field: str | None,
    codebook: Codebook | None = None,
) -> FileScore:
    """Score attributes by exact match, of sets where a field holds several; set-F1 beside it."""
    about = role_rows(rows, field, codebook)
    judged = Judged(problems=about.problems)
    columns = np.zeros((len(rows), 5))
    for place, (row, key) in enumerate(zip(rows, keys, strict=True)):
        kind, options = about.kind(place), about.options[place]
        said = _read(prediction(row), about.fields[place], options, kind)
        gold = _read(label(row), about.fields[place], options, kind)
        several = kind == "list"
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
    metrics |= _by_field(scored, [about.fields[place] for place in judged.scored], about.known)
    return FileScore(metrics, judged.rows, tuple(judged.problems))


def _read(reply: str, field: str, options: Options, kind: Kind) -> RoleAnswer:
    read = _read_short if len(reply) < _SHORT else read_role
    return read(reply, field, options, kind)


_SHORT = 100
_read_short = lru_cache(maxsize=65_536)(read_role)


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


def _by_field(
    columns: Floats, fields: Sequence[str], known_fields: Mapping[str, FieldOptions]
) -> dict[str, Any]:
    """Return accuracy by field, and by group of fields as the mean of its fields'."""
    by_field: dict[str, Any] = {}
    by_group: dict[str, list[float]] = {}
    for field in dict.fromkeys(fields):
        rows = columns[[one == field for one in fields]]
        accuracy = float(rows[:, 1].mean())
        by_field[field] = {"n": len(rows), "accuracy": accuracy, "parse_rate": rows[:, 2].mean()}
        if rows[:, 3].any():
            by_field[field]["set_f1"] = known(rows[:, 4].sum() / rows[:, 3].sum())
        if known_fields[field].own and field:
            by_field[field]["kind"] = KIND_NAMES[known_fields[field].kind]
        if field in ROLE_FIELDS:
            by_group.setdefault(ROLE_FIELDS[field].group, []).append(accuracy)
    groups = {group: float(np.mean(values)) for group, values in by_group.items()}
    return {"by_field": by_field, "accuracy_by_group": groups}
