"""Requests per minute as a provider counts them: the last 60 seconds, told in headers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

__all__ = ["RateWindow"]


@dataclass
class RateWindow:
    """How many requests the last 60 seconds had.

    Parameters
    ----------
    most : int
        Requests in 60 seconds.

    Examples
    --------
    >>> window = RateWindow(1)
    >>> window.admit(0.0), window.admit(1.0), window.admit(60.5)
    (None, 59.0, None)
    """

    most: int
    _times: deque[float] = field(default_factory=deque, repr=False)

    def admit(self, now: float) -> float | None:
        """Count a request, or tell in how many seconds the next one is let in."""
        while self._times and self._times[0] <= now - 60:
            self._times.popleft()
        if len(self._times) >= self.most:
            return self._times[0] + 60 - now
        self._times.append(now)
        return None

    def headers(self, now: float) -> dict[str, str]:
        """Give the headers by which OpenAI tells where a client stands."""
        reset = self._times[0] + 60 - now if self._times else 0.0
        return {
            "x-ratelimit-limit-requests": str(self.most),
            "x-ratelimit-remaining-requests": str(self.most - len(self._times)),
            "x-ratelimit-reset-requests": f"{reset:.3f}s",
        }
