"""Read a stance and the reason given for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from alignsurvey.tasks.replies.choice import read_choice
from alignsurvey.tasks.replies.options import Options
from alignsurvey.tasks.replies.outcomes import Outcome
from alignsurvey.tasks.replies.slips import find_json
from alignsurvey.tasks.replies.thoughts import strip_thoughts

STANCES: tuple[tuple[str, str], ...] = (
    ("积极", "positive"),
    ("中立", "neutral"),
    ("消极", "negative"),
)
"""The three stances, in order, in both languages."""

_CHINESE: Options = tuple(("", zh) for zh, _ in STANCES)
_ENGLISH: Options = tuple(("", en) for _, en in STANCES)
_STANCE_KEYS = (
    "predict",
    "prediction",
    "stance",
    "attitude",
    "answer",
    "label",
    "倾向",
    "预测",
    "态度",
)
_REASON_KEYS = (
    "reason",
    "reasoning",
    "reasons",
    "explanation",
    "rationale",
    "理由",
    "原因",
    "解释",
)
_REASON = re.compile(
    r"(?:理由|原因|解释|reason|explanation|rationale)[*\s]*[:：是][*\s]*(.+)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Stance:
    """A stance and its reason.

    Parameters
    ----------
    outcome : {"answered", "refused", "dont_know", "unparseable", "no_reply"}
    index : int or None
        Place among `STANCES`: 0 positive, 1 neutral, 2 negative; None unless answered.
    reason : str
        "" where none is given.
    note : str
    """

    outcome: Outcome
    index: int | None = None
    reason: str = ""
    note: str = ""


def read_stance(reply: str) -> Stance:
    """Read ``{"predict": …, "reason": …}``, with its slips, or a stance in words.

    Parameters
    ----------
    reply : str
        As the model wrote it, thoughts included.

    Returns
    -------
    Stance

    Examples
    --------
    >>> read_stance('```json\\n{"predict": "积极", "reason": "服务好",}\\n```')
    Stance(outcome='answered', index=0, reason='服务好', note='JSON repaired')
    >>> read_stance("Negative. Reason: it is far away.")
    Stance(outcome='answered', index=2, reason='it is far away.', note='not JSON')
    >>> read_stance("胡说").outcome
    'unparseable'
    """
    spoken = strip_thoughts(reply)
    if not spoken:
        return Stance("no_reply", note="nothing but thoughts" if reply.strip() else "")
    found = find_json(spoken) if "{" in spoken or "｛" in spoken else None
    if found is not None and isinstance(found.value, dict):
        members = {str(key).strip().lower(): value for key, value in found.value.items()}
        stated = next((members[key] for key in _STANCE_KEYS if key in members), None)
        reason = _text(next((members[key] for key in _REASON_KEYS if key in members), None))
        note = "JSON repaired" if found.repaired else ""
        if stated is None:
            return Stance("unparseable", reason=reason, note="JSON without a stance")
        outcome, index, odd = _stance(_text(stated))
        return Stance(outcome, index, reason, odd or note)
    reason_found = _REASON.search(spoken)
    outcome, index, odd = _stance(spoken)
    if index is None and reason_found:
        outcome, index, odd = _stance(spoken[: reason_found.start()])
    return Stance(
        outcome, index, reason_found[1].strip() if reason_found else "", odd or "not JSON"
    )


def _stance(text: str) -> tuple[Outcome, int | None, str]:
    return _short_stance(text) if len(text) < 20 else _any_stance(text)


def _any_stance(text: str) -> tuple[Outcome, int | None, str]:
    if not text.strip():
        return "unparseable", None, "an empty stance"
    readings = [read_choice(text, options) for options in (_CHINESE, _ENGLISH)]
    indices = {reading.index for reading in readings if reading.index is not None}
    if len(indices) == 1 and not any("two" in reading.note for reading in readings):
        return "answered", indices.pop(), ""
    outcome = readings[0].outcome if not indices else "unparseable"
    return outcome, None, readings[0].note or readings[1].note


_short_stance = lru_cache(maxsize=4096)(_any_stance)


def _text(value: Any) -> str:
    """Write a JSON value as the text it stands for; a list is joined by blanks."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return " ".join(filter(None, (_text(item) for item in value)))
    return "" if value is None or isinstance(value, bool | dict) else f"{value}"
