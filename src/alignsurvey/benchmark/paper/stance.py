"""Task 3 as released: stance and reason out of a JSON reply, with one attempt at mending it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import sqrt
from typing import Any

from alignsurvey.benchmark.paper.classes import class_scores
from alignsurvey.benchmark.paper.cleaning import ABSENT, FINAL, final_prediction, prediction_of
from alignsurvey.benchmark.rows import FileScore, PredictionRow, Problem
from alignsurvey.benchmark.segmentation import words_in

ERROR = "错误"
"""The class of a reply that is no JSON."""
_BARE_ESCAPE = re.compile(r"\\u(?![0-9a-fA-F]{4})")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_AFTER_THOUGHT = "</think>\n\n"
_FENCE = re.compile(r"```\w*\s*(.*?)\s*(?:```)?", re.DOTALL)
_TOKEN = r"(?u)\b\w+\b|[\u4e00-\u9fff]+"


@dataclass(frozen=True)
class _Side:
    stance: Any
    reason: str


def score_stance(rows: Sequence[PredictionRow]) -> FileScore:
    """Score Task 3 rows.

    Returns
    -------
    FileScore
        ``overall_accuracy, overall_{precision,recall,f1}_{micro,macro,weighted},
        avg_jaccard_sim, avg_cosine_sim, avg_vocab_overlap, total_samples,
        correct_predictions``. A row that is left out shows, under ``log``, what the released
        scorer prints when it gets the row alone.

    Examples
    --------
    >>> said = '{"predict": "积极", "reason": "服务好"}'
    >>> row = PredictionRow(1, "1", {"predict": said, "label": said})
    >>> score_stance([row]).metrics["avg_jaccard_sim"]
    1.0
    """
    shown: dict[str, dict[str, Any]] = {}
    problems = []
    for row in rows:
        try:
            label, prediction = _sides(row.content)
            _ = hash(prediction.stance), hash(label.stance)
        except (LookupError, TypeError, AttributeError) as error:
            shown[row.case] = {"counted": False, "log": f"处理第1行时出错: {error}"}
            problems.append(Problem(row.line, f"left out: {_reason_left_out(error)}"))
            continue
        shown[row.case] = _compared(label, prediction)
        if prediction.stance == ERROR:
            problems.append(Problem(row.line, f"the prediction is no JSON: class {ERROR}"))
        if label.stance == ERROR:
            problems.append(Problem(row.line, f"the label is no JSON: class {ERROR}"))
    return FileScore(_metrics(list(shown.values())), shown, tuple(problems))


def read_stance(text: str) -> Any:
    """Read a reply's JSON as the released scorer does.

    Examples
    --------
    >>> read_stance('想</think>\\n\\n{"predict": "积极", "reason": "好')
    {'predict': '积极', 'reason': '好'}
    >>> read_stance("积极")
    {'predict': '错误', 'reason': ' '}
    """
    text = _BARE_ESCAPE.sub(r"\\\\u", text)
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    text = text.rsplit(_AFTER_THOUGHT, 1)[-1].strip()
    fenced = _FENCE.fullmatch(text)
    text = fenced[1] if fenced else text
    for attempt in (text, text + '"}'):
        try:
            return json.loads(attempt)
        except (ValueError, RecursionError):
            continue
    return {"predict": ERROR, "reason": " "}


def _sides(content: Mapping[str, Any]) -> tuple[_Side, _Side]:
    """Read label and prediction; whatever fails with `label` is tried anew with `output`."""
    raw = prediction_of(content)
    if raw is ABSENT:
        raise KeyError("predict")
    if raw is None or isinstance(raw, int | float):
        raise TypeError(f"argument of type '{type(raw).__name__}' is not iterable")
    prediction = final_prediction(raw) if isinstance(raw, str) and FINAL in raw else raw
    try:
        return _side(content["label"]), _side(prediction)
    except (LookupError, TypeError, AttributeError):
        return _side(content["output"]), _side(prediction)


def _side(text: str) -> _Side:
    read = read_stance(text)
    stance, reason = read["predict"], read["reason"]
    if isinstance(reason, list):
        reason = " ".join(reason)
    if not isinstance(reason, str):
        raise TypeError(f"expected string or bytes-like object, got '{type(reason).__name__}'")
    return _Side(stance, reason)


def _reason_left_out(error: Exception) -> str:
    if isinstance(error, KeyError):
        key = error.args[0]
        return (
            "the JSON of the prediction or the label is no object with 'predict' and 'reason'"
            if key == "output"
            else f"no '{key}'"
        )
    return str(error)


def _compared(label: _Side, prediction: _Side) -> dict[str, Any]:
    ours, theirs = words_in(prediction.reason), words_in(label.reason)
    common = sorted(ours & theirs)
    return {
        "counted": True,
        "label": label.stance,
        "prediction": prediction.stance,
        "correct": bool(label.stance == prediction.stance),
        "prediction_reason": prediction.reason,
        "jaccard": len(common) / len(ours | theirs) if ours | theirs else 0.0,
        "cosine": cosine(prediction.reason, label.reason),
        "vocab_overlap": len(common),
        "common_words": common,
    }


def cosine(one: str, other: str) -> float:
    """Give the cosine of two texts' token counts; unsegmented Chinese is one token a clause.

    Examples
    --------
    >>> cosine("去过医院，很好", "很好")
    0.707...
    >>> cosine("，", "。")
    0.0
    """
    analyze = _analyzer()
    ours, theirs = Counter(analyze(one)), Counter(analyze(other))
    product = sum(count * theirs[token] for token, count in ours.items())
    if not product:
        return 0.0
    lengths = [sqrt(sum(count * count for count in side.values())) for side in (ours, theirs)]
    return product / (lengths[0] * lengths[1])


@cache
def _analyzer() -> Callable[[str], list[str]]:
    from sklearn.feature_extraction.text import CountVectorizer

    analyze: Callable[[str], list[str]] = CountVectorizer(token_pattern=_TOKEN).build_analyzer()
    return analyze


def _metrics(shown: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    counted = [one for one in shown if one["counted"]]

    def mean(name: str) -> float | None:
        return sum(one[name] for one in counted) / len(counted) if counted else None

    return {
        "overall_accuracy": mean("correct"),
        **class_scores(
            [one["label"] for one in counted],
            [one["prediction"] for one in counted],
            ("micro", "macro", "weighted"),
            prefix="overall_",
        ),
        "avg_jaccard_sim": mean("jaccard"),
        "avg_cosine_sim": mean("cosine"),
        "avg_vocab_overlap": mean("vocab_overlap"),
        "total_samples": len(counted),
        "correct_predictions": sum(one["correct"] for one in counted),
        "n_rows": len(shown),
        "n_read": sum(one["prediction"] != ERROR for one in counted),
    }
