"""Group tasks as released: verbalized shares and W1 in the code-point order of their names."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from alignsurvey.benchmark.paper.cleaning import label_of, prediction_of
from alignsurvey.benchmark.rows import FileScore, PredictionRow, Problem

DEFAULT_OPTIONS = {"A": "积极", "B": "中立", "C": "消极"}
"""What letters mean where the prompt's options are not read, whatever the question."""
_OPTIONS = re.compile(r"选项：(.*?)(?:\n[^\S\n]*\n|\Z)", re.DOTALL)
_OPTION = re.compile(r"^\s*([A-Z])\.[^\S\n]*(\S.*)", re.MULTILINE)
_LETTERED = re.compile(r"([A-Z])\.\s*([^:：]+)[:：]\s*(\d+(?:\.\d+)?)%")
_NAMED = re.compile(r"([^:：]+)[:：]\s*(\d+(?:\.\d+)?)%")


def score_groups(rows: Sequence[PredictionRow]) -> FileScore:
    """Score rows of Task 3.2 or 4.2.

    Returns
    -------
    FileScore
        ``mean_wd`` over the rows that are not left out; each row shows the options read, both
        distributions, the order of categories, and ``wd``.

    Examples
    --------
    >>> row = PredictionRow(1, "1", {"predict": "积极: 50%\\n中立: 50%", "label": "中立: 100%"})
    >>> score_groups([row]).metrics["mean_wd"]
    0.5
    """
    shown = {row.case: score_group(row) for row in rows}
    problems = []
    for row in rows:
        one = shown[row.case]
        if one["ignored"]:
            problems.append(Problem(row.line, "left out: no shares read from the label"))
        elif not _usable(one["label_dist"]):
            problems.append(Problem(row.line, "both sides unreadable: scored as a distance of 0"))
        elif not _usable(one["pred_dist"]):
            problems.append(
                Problem(row.line, f"no shares read: scored as the worst distance, {one['wd']:g}")
            )
    distances = [one["wd"] for one in shown.values() if not one["ignored"]]
    metrics = {
        "mean_wd": sum(distances) / len(distances) if distances else None,
        "n_rows": len(rows),
        "n_scored": len(distances),
        "n_read": sum(_usable(one["pred_dist"]) for one in shown.values()),
    }
    return FileScore(metrics, shown, tuple(problems))


def score_group(row: PredictionRow) -> dict[str, Any]:
    """Read both sides of one row and give their distance.

    Examples
    --------
    >>> score_group(PredictionRow(1, "1", {"predict": "?", "label": "a: 50%\\nb: 50%"}))["wd"]
    1.0
    """
    options = options_in(row.prompt)
    meaning = options or DEFAULT_OPTIONS
    label = shares_in(label_of(row.content), meaning)
    prediction = shares_in(prediction_of(row.content), meaning)
    order = sorted({*label, *prediction})
    ignored = not _usable(label) and bool(label or prediction)
    return {
        "option_map": options,
        "default_map": not options,
        "label_dist": label,
        "pred_dist": prediction,
        "category_order": order,
        "ignored": ignored,
        "wd": None if ignored else _distance(label, prediction, order),
    }


def options_in(prompt: str) -> dict[str, str]:
    """Read the options of a prompt, letter -> text, if they stand under `选项：`.

    Examples
    --------
    >>> options_in("您满意吗？\\n选项：\\nA. 满意\\nB. 不满意\\n\\n请回答：")
    {'A': '满意', 'B': '不满意'}
    >>> options_in("Options:\\nA. yes\\nB. no")
    {}
    """
    block = _OPTIONS.search(prompt)
    return {letter: text.strip() for letter, text in _OPTION.findall(block[1])} if block else {}


def shares_in(value: object, options: Mapping[str, str]) -> dict[str, float]:
    """Read a distribution; empty where nothing is read.

    Parameters
    ----------
    value : object
        A reply or label; what is no text is not read.
    options : mapping
        Letter -> text; it wins over the text that follows the letter.

    Examples
    --------
    >>> shares_in("A. yes: 40%\\nD. maybe: 60%", {"A": "Yes"})
    {'Yes': 0.4, 'maybe': 0.6}
    >>> shares_in("yes: 40%; no: 60%", {})
    {'yes': 0.4, '; no': 0.6}
    """
    if not isinstance(value, str):
        return {}
    shares = _from_json(value)
    if shares:
        return shares
    lettered = {
        options.get(letter, text.strip()): float(percent) / 100
        for letter, text, percent in _LETTERED.findall(value)
    }
    return lettered or {
        text.strip(): float(percent) / 100 for text, percent in _NAMED.findall(value)
    }


def _from_json(text: str) -> dict[str, float]:
    try:
        read = json.loads(text)
        if not isinstance(read, dict):
            return {}
        if all(isinstance(one, str) and "%" in one for one in read.values()):
            return {name: float(one.replace("%", "")) / 100 for name, one in read.items()}
        if all(isinstance(one, int | float) for one in read.values()):
            return {name: float(one) for name, one in read.items()}
    except (ValueError, OverflowError, RecursionError):
        pass
    return {}


def _usable(shares: Mapping[str, float]) -> bool:
    total = sum(shares.values())
    return total > 0 and math.isfinite(total) and min(shares.values()) >= 0


def _distance(
    label: Mapping[str, float], prediction: Mapping[str, float], order: Sequence[str]
) -> float:
    if not _usable(label):
        return 0.0
    if not _usable(prediction):
        return float(len(label) - 1)
    from scipy.stats import wasserstein_distance

    places = range(len(order))
    return float(
        wasserstein_distance(
            places,
            places,
            _normalized(prediction, order),
            _normalized(label, order),
        )
    )


def _normalized(shares: Mapping[str, float], order: Sequence[str]) -> list[float]:
    total = sum(shares.values())
    return [shares.get(name, 0.0) / total for name in order]
