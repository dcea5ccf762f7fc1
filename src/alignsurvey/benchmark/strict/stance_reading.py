"""Read stances of many replies: most are a plain JSON object, which needs no repair."""

from __future__ import annotations

import json
from functools import lru_cache

from alignsurvey.tasks.replies import Stance, read_stance

_DECODER = json.JSONDecoder(strict=False)
_MARKS = ("\\", "<", "`", "~", "assistantfinal")
"""Escapes, thoughts and fences: a reply with one of these is not plain."""
_LONGEST_PLAIN, _LONGEST_STANCE = 100_000, 20


def stance_and_reason(reply: str) -> tuple[Stance, str]:
    """Read a stance, and the reason given for it; see `read_stance`.

    Returns
    -------
    stance : Stance
        Its reason may be left out.
    reason : str

    Examples
    --------
    >>> stance_and_reason('{"predict": "积极", "reason": "服务好"}')
    (Stance(outcome='answered', index=0, reason='', note=''), '服务好')
    """
    plain = _plain(reply)
    if plain is not None:
        return plain
    stance = read_stance(reply)
    return stance, stance.reason


def _plain(reply: str) -> tuple[Stance, str] | None:
    """Read an object of a stance and a reason; None for any other reply."""
    if not reply.startswith("{") or len(reply) > _LONGEST_PLAIN:
        return None
    for mark in _MARKS:
        if mark in reply:
            return None
    try:
        value, _ = _DECODER.raw_decode(reply)
    except (ValueError, RecursionError):
        return None
    if len(value) != 2:
        return None
    stated, reason = value.get("predict"), value.get("reason")
    if type(stated) is str and type(reason) is str and len(stated) < _LONGEST_STANCE:
        return _stated(stated), reason.strip()
    return None


@lru_cache(maxsize=4096)
def _stated(stance: str) -> Stance:
    return read_stance(json.dumps({"predict": stance}, ensure_ascii=False))
