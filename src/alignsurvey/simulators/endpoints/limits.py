"""How fast an endpoint may be asked: as the user sets it, and as the endpoint tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from alignsurvey.errors import InputError

__all__ = ["Limits", "asked_to_wait", "used_up_for"]

_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_REMAINING = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
)
_LONGEST_PAUSE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast an endpoint may be asked, and how long it may take.

    Parameters
    ----------
    min_connections, max_connections : int
        Bounds of the number of requests at a time, which finds itself between them.
    requests_per_minute, tokens_per_minute : int, optional
        Ceilings. Tokens are estimated when they are asked for and corrected when they are counted.
    timeout_seconds : float
        Longest wait for one response.
    least_timeout_seconds : float
        Where an endpoint answers fast, a request is given up after five times the slowest reply of
        late, but never before this; after ``timeout_seconds`` where that is less.
    total_seconds : float
        Longest time spent on one query, retries and waits included.
    attempts : int
        Most requests for one query.

    Raises
    ------
    InputError
        A number is out of range.

    Examples
    --------
    >>> Limits(max_connections=64).min_connections
    1
    """

    min_connections: int = 1
    max_connections: int = 128
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    timeout_seconds: float = 120.0
    least_timeout_seconds: float = 20.0
    total_seconds: float = 600.0
    attempts: int = 8

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not 1 <= self.min_connections <= self.max_connections:
            raise InputError(
                f"connections: {self.min_connections} to {self.max_connections} is no range; "
                "min must be 1 or more and max not below it"
            )
        for name in ("requests_per_minute", "tokens_per_minute", "timeout_seconds",
                     "least_timeout_seconds", "total_seconds", "attempts"):  # fmt: skip
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InputError(f"{name}: {value} must be more than 0")


def asked_to_wait(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Read how long an endpoint asks to wait: ``Retry-After`` in seconds or as a date.

    Examples
    --------
    >>> asked_to_wait({"Retry-After": "1.5"}), asked_to_wait({"retry-after-ms": "200"})
    (1.5, 0.2)
    >>> asked_to_wait({"Retry-After": "Wed, 21 Oct 2015 07:28:07 GMT"},
    ...               datetime(2015, 10, 21, 7, 28, tzinfo=UTC))
    7.0
    """
    if (exact := headers.get("retry-after-ms")) and (found := _span(exact)) is not None:
        return found / 1000
    given = headers.get("Retry-After")
    if given is None:
        return None
    seconds = _span(given)
    return seconds if seconds is not None else _until(given, now or datetime.now(UTC))


def used_up_for(headers: Mapping[str, str], now: datetime | None = None) -> float:
    """Read for how many seconds a rate limit is used up; 0 where something is left of it.

    Examples
    --------
    >>> used_up_for({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2s"})
    62.0
    >>> used_up_for({"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "1m"})
    0.0
    """
    longest = 0.0
    for remaining, reset in _REMAINING:
        if headers.get(remaining) == "0" and (given := headers.get(reset)):
            moment = now or datetime.now(UTC)
            seconds = _span(given)
            # Some send the moment of the reset, in seconds or milliseconds since 1970.
            if seconds is not None and seconds > 1e9:
                seconds = (seconds / 1000 if seconds > 1e12 else seconds) - moment.timestamp()
            if seconds is None:
                seconds = _until(given, moment)
            longest = max(longest, seconds or 0.0)
    return min(longest, _LONGEST_PAUSE_SECONDS)


def _span(text: str) -> float | None:
    """Read "2", "350ms" or "1m30s" in seconds; None for anything else."""
    text = text.strip()
    parts = _SPAN.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _until(text: str, now: datetime) -> float | None:
    try:
        moment = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
