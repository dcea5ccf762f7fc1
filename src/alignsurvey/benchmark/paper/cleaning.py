"""Which text of a row the released scorers read: keys, final channels and thoughts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FINAL = "assistantfinal"
_EMPTY_ANALYSIS = "analysisassistantfinal"
_OPENING, _CLOSING = "<think>", "</think>"
ABSENT = object()
"""What `prediction_of` and `label_of` give where the row has no such key."""


def prediction_of(content: Mapping[str, Any]) -> Any:
    """Give a row's raw prediction, of whatever type, or ABSENT.

    Examples
    --------
    >>> prediction_of({"prediction": "A"})
    'A'
    """
    return content.get("predict", content.get("prediction", ABSENT))


def label_of(content: Mapping[str, Any]) -> Any:
    """Give a row's raw label, of whatever type, or ABSENT.

    Examples
    --------
    >>> label_of({"output": "A", "label": "B"})
    'B'
    """
    return content.get("label", content.get("output", ABSENT))


def final_prediction(text: str) -> str:
    """Keep what follows the last `assistantfinal`.

    Examples
    --------
    >>> final_prediction("analysis…assistantfinal有")
    '有'
    """
    return text.rsplit(FINAL, 1)[-1]


def final_label(text: str) -> str:
    """Keep what follows the last `analysisassistantfinal`: a label is cut at nothing shorter.

    Examples
    --------
    >>> final_label("analysisassistantfinal有"), final_label("analysis…assistantfinal有")
    ('有', 'analysis…assistantfinal有')
    """
    return text.rsplit(_EMPTY_ANALYSIS, 1)[-1]


def after_first_thought(text: str) -> str:
    """Task 1's rule: from the first closing tag to the second; nothing if none closes.

    Examples
    --------
    >>> after_first_thought("<think>a</think>女</think>男"), after_first_thought("<think>男")
    ('女', '')
    """
    if _OPENING not in text:
        return text
    parts = text.split(_CLOSING)
    return parts[1] if len(parts) > 1 else ""


def after_last_thought(text: str) -> str:
    """Task 4's rule: what follows the last closing tag; everything if none closes.

    Examples
    --------
    >>> after_last_thought("<think>a</think>B. 一般</think>A. 满意"), after_last_thought("<think>A")
    ('A. 满意', '<think>A')
    """
    return text.rsplit(_CLOSING, 1)[-1] if _OPENING in text else text
