"""Task 1 as released: a field's own rule, then string equality."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from alignsurvey.benchmark.paper.cleaning import (
    ABSENT,
    after_first_thought,
    final_label,
    final_prediction,
    label_of,
    prediction_of,
)
from alignsurvey.benchmark.paper.fields import ROLE_FIELDS, listed_fields
from alignsurvey.benchmark.rows import FileScore, PredictionRow, Problem
from alignsurvey.errors import InputError

_QUOTED = re.compile(r"'([^']*)'")
_NOTE = re.compile(r"（.*?）|\(.*?\)", re.DOTALL)
_DIGITS = re.compile(r"\d+")


def score_role(rows: Sequence[PredictionRow], field: str | None) -> FileScore:
    """Score Task 1 rows.

    Parameters
    ----------
    rows : sequence of PredictionRow
    field : str or None
        The field that all rows are about; None: each row's own ``field``.

    Returns
    -------
    FileScore
        ``accuracy, correct, total``; each row shows ``correct``.

    Raises
    ------
    InputError
        Neither `field` nor a row says which field it is about.

    Examples
    --------
    >>> row = PredictionRow(1, "1", {"predict": "家里有3口人", "label": "3"})
    >>> score_role([row], "家里人口数").metrics["accuracy"]
    1.0
    """
    shown, problems = {}, []
    for row in rows:
        about = field or row.content.get("field")
        if not isinstance(about, str) or not about:
            raise InputError(
                f"line {row.line}: nothing says which field the prediction is about; "
                f"name it with --field: {listed_fields()}"
            )
        if about not in ROLE_FIELDS:
            problems.append(Problem(row.line, f"unknown field '{about}': compared as plain text"))
        shown[row.case] = {"correct": is_right(row.content, about)}
    correct = sum(one["correct"] for one in shown.values())
    metrics = {
        "accuracy": correct / len(rows) if rows else None,
        "correct": correct,
        "total": len(rows),
    }
    return FileScore(metrics, shown, tuple(problems))


def is_right(content: Mapping[str, Any], field: str) -> bool:
    """Judge one row by its field's rule.

    Examples
    --------
    >>> is_right({"predict": "['父母']", "label": "['父母', '配偶']"}, "家庭成员关系")
    True
    >>> is_right({"predict": "男性", "label": "男"}, "性别")
    False
    """
    raw = prediction_of(content)
    text = "none" if raw is ABSENT else raw if isinstance(raw, str) else ""
    prediction = after_first_thought(final_prediction(text)).strip()
    raw = label_of(content)
    if not isinstance(raw, str):
        return False
    label = after_first_thought(final_label(raw)).strip()
    if field == "家庭成员关系":
        return bool(set(_QUOTED.findall(prediction)) & set(_QUOTED.findall(label)))
    if field == "家里人口数":
        return _DIGITS.findall(prediction) == [label]
    if label.startswith("[") and label.endswith("]"):
        if field == "家庭月消费主要支出项目":
            prediction, label = _first_item(prediction), _first_item(label)
        elif field == "家庭年收入":
            prediction, label = _unwrapped(prediction), _unwrapped(label)
    return prediction.strip() == label.strip()


def _first_item(text: str) -> str:
    """Give the first quoted item without its notes; a text without items keeps its notes."""
    items = _QUOTED.findall(text)
    return _NOTE.sub("", items[0]) if items else text


def _unwrapped(text: str) -> str:
    """Take off brackets, then quotes; a blank between the two keeps the quotes on."""
    return text.strip("[]").strip("'\"")
