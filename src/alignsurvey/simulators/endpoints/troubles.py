"""What can go wrong with a request, and which of it passes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["PassingError", "is_held_back", "refuses_several", "status_trouble", "words_of"]

RETRIED = frozenset({408, 409, 425, 429})
_CONGESTION = frozenset({429, 503, 504, 529})
_HELD_BACK = frozenset(
    {"content_filter", "content_policy_violation", "data_inspection_failed",
     "datainspectionfailed", "moderation_blocked"}
)  # fmt: skip
_NO_MONEY = frozenset({"insufficient_quota", "insufficient_balance", "arrearage"})
_TITLE = re.compile(rb"<title[^>]*>\s*(.*?)\s*</title>", re.IGNORECASE | re.DOTALL)
_SEVERAL = re.compile(rb"completion choice|number of choices|n_cmpl", re.IGNORECASE)
_SHOWN = 300


class PassingError(Exception):
    """A request failed in a way that may pass.

    Parameters
    ----------
    message : str
        What came instead of a reply.
    congestion : bool
        Whether asking less at a time may help.
    may_be_all : bool
        Whether, if it is the first that is heard of an endpoint, it is likely to stay so.
    ignores_logprobs : bool
    wait_seconds : float, optional
        How long the endpoint asks to wait.
    """

    def __init__(
        self,
        message: str,
        *,
        congestion: bool = False,
        may_be_all: bool = False,
        ignores_logprobs: bool = False,
        wait_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.congestion = congestion
        self.may_be_all = may_be_all
        self.ignores_logprobs = ignores_logprobs
        self.wait_seconds = wait_seconds


def status_trouble(status: int, raw: bytes, wait_seconds: float | None) -> PassingError | None:
    """Say what a status other than 200 means; None where asking again is of no use.

    Examples
    --------
    >>> status_trouble(529, b'{"error": {"message": "Overloaded"}}', None).congestion
    True
    >>> status_trouble(401, b"", None) is None
    True
    """
    passes = status in RETRIED or status >= 500
    if not passes or (status == 429 and codes_of(raw) & _NO_MONEY):
        return None
    page = raw.lstrip().startswith(b"<")
    return PassingError(
        f"HTTP {status}: {words_of(raw)}",
        congestion=status in _CONGESTION,
        may_be_all=page,
        wait_seconds=wait_seconds,
    )


def is_held_back(raw: bytes) -> bool:
    """Whether a refused request was refused for its content, which is an outcome.

    Examples
    --------
    >>> is_held_back(b'{"error": {"code": "content_filter", "message": "filtered"}}')
    True
    """
    return bool(codes_of(raw) & _HELD_BACK)


def refuses_several(status: int, raw: bytes) -> bool:
    """Whether a request for several replies may have been refused for that.

    llama.cpp's server says so by an error of its own (500): before December 2025 for any number
    above one, since then for more than it has slots.

    Examples
    --------
    >>> refuses_several(500, b'{"error": {"message": "Only one completion choice is allowed"}}')
    True
    >>> refuses_several(500, b"Internal Server Error"), refuses_several(400, b"")
    (False, True)
    """
    return status in (400, 422) or (status >= 500 and bool(_SEVERAL.search(raw)))


def codes_of(raw: bytes) -> set[str]:
    """Give the codes that stand in an error's body, in small letters."""
    error = _error(raw)
    inner = error.get("innererror") or error.get("inner_error") or {}
    fields = [error.get("code"), error.get("type"), error.get("status")]
    fields += [inner.get("code")] if isinstance(inner, Mapping) else []
    return {str(one).lower() for one in fields if one}


def words_of(raw: bytes) -> str:
    """Give the endpoint's own words: an error's message, a page's title, or the first of a text.

    Examples
    --------
    >>> words_of(b'{"error": {"message": "no such model"}}')
    'no such model'
    >>> words_of(b"<html><title>Sign in</title></html>")
    "a web page ('Sign in')"
    """
    if not raw.strip():
        return "nothing"
    if raw.lstrip().startswith(b"<"):
        title = _TITLE.search(raw)
        return f"a web page ('{_line(title[1])}')" if title else "a web page"
    error = _error(raw)
    for name in ("message", "detail", "msg", "error"):
        if said := error.get(name):
            return _line(said if isinstance(said, str) else json.dumps(said, ensure_ascii=False))
    return f"'{_line(raw)}'"


def _error(raw: bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(raw)
    except ValueError:
        return {}
    if isinstance(content, list) and content:
        content = content[0]
    if not isinstance(content, Mapping):
        return {}
    inner = content.get("error")
    return inner if isinstance(inner, Mapping) else content


def _line(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
