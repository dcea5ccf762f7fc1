"""Which known faults of the released scorers mattered in a file: paper beside strict, by row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from alignsurvey.benchmark.paper.cleaning import FINAL, label_of, prediction_of
from alignsurvey.benchmark.rows import FileScore, PredictionRow, Task

_SEPARATOR = re.compile(r"(?:[A-Za-z]\s*[、．：:)）]|[Ａ-Ｚａ-ｚ]|[（【])")
_MOVED = 1e-9
COUNTERPARTS = {
    "overall_accuracy": "accuracy",
    **{
        f"{prefix}{name}_macro": f"macro_{name}"
        for prefix in ("", "overall_")
        for name in ("precision", "recall", "f1")
    },
    "avg_jaccard_sim": "jaccard",
    "avg_cosine_sim": "cosine",
    "mean_wd": "w1",
    "correct_count": "correct",
    "correct_predictions": "correct",
    "total": "n",
    "total_count": "n",
    "total_samples": "n",
    "n_scored": "n",
}
"""Metric of paper mode -> what strict mode calls it, where the names differ."""
_THOUGHTS = "thoughts or other channels before the answer are read as the answer"
_JSON_SLIP = "JSON with a slip, or with text around it, is lost"


def known_faults(
    task: Task, rows: Sequence[PredictionRow], paper: FileScore, strict: FileScore
) -> dict[str, int]:
    """Count the rows that a known fault of the released scorers changed.

    Parameters
    ----------
    task : Task
    rows : sequence of PredictionRow
    paper, strict : FileScore
        The same rows, scored in both modes.

    Returns
    -------
    dict
        Fault in one line -> rows, most frequent first. A row counts for one fault.

    Examples
    --------
    >>> row = PredictionRow(1, "1", {"predict": "A", "label": "A. yes"})
    >>> released = FileScore({}, {"1": {"counted": True, "correct": False, "pred_class": "A"}})
    >>> right = FileScore({}, {"1": {"outcome": "answered", "correct": True}})
    >>> known_faults(Task.RESPONSE, [row], released, right)
    {'a letter alone, or a text alone, is wrong': 1}
    """
    found: Counter[str] = Counter()
    for row in rows:
        theirs, ours = paper.rows.get(row.case), strict.rows.get(row.case)
        if theirs is not None and ours is not None:
            fault = _JUDGES[task](row, theirs, ours)
            if fault:
                found[fault] += 1
    return dict(found.most_common())


def _text(row: PredictionRow) -> str:
    raw = prediction_of(row.content)
    return raw.strip() if isinstance(raw, str) else ""


def _thinks(text: str) -> bool:
    return "think>" in text or FINAL in text


def _role(row: PredictionRow, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str | None:
    if theirs["correct"] == bool(ours.get("correct")):
        return None
    if _thinks(_text(row)):
        return _THOUGHTS
    if theirs["correct"]:
        return "any overlap of list items, or the first one alone, counts as right"
    return "an answer in other words, quotes or punctuation is wrong"


def _stance(row: PredictionRow, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str | None:
    if not theirs["counted"]:
        return "rows without predict or reason are dropped and not reported"
    if theirs["correct"] == bool(ours.get("correct")):
        return None
    if theirs["correct"]:
        return "two sides that are no JSON agree, and count as right"
    return _THOUGHTS if _thinks(_text(row)) else _JSON_SLIP


def _response(row: PredictionRow, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str | None:
    if not theirs["counted"]:
        return "rows whose label is empty or says don't know are dropped and not reported"
    if theirs["correct"] == bool(ours.get("correct")):
        return None
    text, label = _text(row), str(label_of(row.content))
    bare, whole = (re.sub(r"[\W_]", "", one).casefold() for one in (text, label))
    faults = {
        _THOUGHTS: _thinks(text),
        "agreeing strings count as right, whatever the options are": theirs["correct"],
        "a letter alone, or a text alone, is wrong": bare in (whole[:1], whole[1:]),
        "full-width and CJK separators after the letter are wrong": _SEPARATOR.match(text),
        "a full stop, quotes or Markdown around the option make it wrong": bare == whole,
    }
    # What remains are sentences.
    faults["a letter in a sentence is read as the option (The answer is … reads as E)"] = True
    return next(fault for fault, applies in faults.items() if applies)


def _group(row: PredictionRow, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str | None:
    distance, right, label = theirs["wd"], ours.get("w1"), theirs["label_dist"]
    prediction = theirs["pred_dist"]
    moved = distance is not None and right is not None and abs(distance - right) > _MOVED
    faults = {
        "rows without a readable label are dropped and not reported": distance is None,
        "two unreadable sides are scored as a perfect match": not label,
        "an unreadable prediction is scored as the worst distance": not sum(prediction.values()),
        "bare letters, other separators or thoughts become new categories": (
            set(prediction) - set(label)
        ),
        "options that are not read become positive, neutral, negative": (
            moved and theirs["default_map"]
        ),
        "categories stand in the order of their code points, not of the scale": moved,
    }
    return next((fault for fault, applies in faults.items() if applies), None)


def _interview(
    row: PredictionRow, theirs: Mapping[str, Any], ours: Mapping[str, Any]
) -> str | None:
    lost = [name for name, score in theirs.items() if score is None and ours.get(name) is not None]
    if not lost:
        return None
    return _THOUGHTS if _thinks(_text(row)) else "scores as 4.5, 4分 or after text are lost"


_JUDGES = {
    Task.ROLE: _role,
    Task.INTERVIEW: _interview,
    Task.STANCE: _stance,
    Task.STANCE_GROUP: _group,
    Task.RESPONSE: _response,
    Task.RESPONSE_GROUP: _group,
}
