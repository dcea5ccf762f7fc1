"""Task 2 as released: three scores out of a judge's reply, JSON first, Markdown else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from alignsurvey.benchmark.paper.cleaning import prediction_of
from alignsurvey.benchmark.rows import FileScore, PredictionRow, Problem

DIMENSIONS = {"naturalness": "对话自然度", "style": "风格匹配度", "consistency": "访谈一致性"}
_SCORE = "评分"
_FENCED = re.compile(r"```(?:json)?\s*(\{.*?\})\s*```", re.DOTALL)
_MARKDOWN = {
    dimension: re.compile(rf"{name}.*?[:：]\s*\*\*{_SCORE}\*\*\s*[:：]\s*(\d)", re.DOTALL)
    for dimension, name in DIMENSIONS.items()
}


def score_interview(rows: Sequence[PredictionRow]) -> FileScore:
    """Average one judge's scores.

    Parameters
    ----------
    rows : sequence of PredictionRow
        The judge's replies as predictions; labels are not looked at.

    Returns
    -------
    FileScore
        ``naturalness, style, consistency``: means of the scores read, 2 decimals.

    Examples
    --------
    >>> reply = "**对话自然度**：**评分**：4 **风格匹配度**：**评分**：3"
    >>> score_interview([PredictionRow(1, "1", {"predict": reply})]).metrics["style"]
    3.0
    """
    shown, problems = {}, []
    for row in rows:
        shown[row.case] = judge_scores(prediction_of(row.content))
        missing = [name for name, score in shown[row.case].items() if score is None]
        if missing:
            problems.append(Problem(row.line, f"no score read for {', '.join(missing)}"))
    metrics: dict[str, Any] = {}
    for dimension in DIMENSIONS:
        scores = [one[dimension] for one in shown.values()]
        read = [score for score in scores if score is not None]
        metrics[dimension] = round(sum(read) / len(read), 2) if read else None
    metrics["n_rows"] = len(rows)
    metrics["n_read"] = sum(None not in one.values() for one in shown.values())
    return FileScore(metrics, shown, tuple(problems))


def judge_scores(reply: object) -> dict[str, int | None]:
    """Read a judge's three scores.

    Examples
    --------
    >>> judge_scores('{"风格匹配度": {"评分": 4}, "访谈一致性": {"评分": "3"}}')
    {'naturalness': None, 'style': 4, 'consistency': 3}
    >>> judge_scores("对话自然度：评分：4")
    {'naturalness': None, 'style': None, 'consistency': None}
    """
    if not isinstance(reply, str):
        return dict.fromkeys(DIMENSIONS)
    try:
        return _from_json(reply)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        found = {dimension: pattern.search(reply) for dimension, pattern in _MARKDOWN.items()}
        return {dimension: int(one[1]) if one else None for dimension, one in found.items()}


def _from_json(reply: str) -> dict[str, int | None]:
    fenced = _FENCED.search(reply)
    judged: Mapping[str, Any] = json.loads(fenced[1] if fenced else _leading_object(reply))
    first, second, third = (judged.get(name, {}).get(_SCORE) for name in DIMENSIONS.values())
    return {
        "naturalness": int(first) if first else None,
        "style": int(second) if second else None,
        # As released: whether there is a third score is asked of the second.
        "consistency": int(third) if second else None,
    }


def _leading_object(reply: str) -> str:
    text = reply.strip()
    if not text.startswith("{"):
        raise ValueError("no JSON object opens the reply")
    return text
