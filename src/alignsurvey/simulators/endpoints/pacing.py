"""How many requests at a time, how many a minute, and how long one is waited for."""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["Ceiling", "Patience", "Window"]

_LEAST_ROUND = 24
"""A round has this many results at least: fewer tell little."""
_LEAST_JUDGED = 12
_FIRST_STEP = 2.0
"""Of each reply until the first complaint: a round three times the last finds 256 in four."""
_FIRST_CUT, _CUT = 0.5, 0.75
_BEARABLE_SHARE, _BEARABLE_NUMBER = 0.05, 3
_BACK_TO, _BEYOND = 0.9, 1.25
"""Back to this share of where it was cut it grows fast; beyond that multiple the cut is history."""
_MOST_USUAL = 0.5
"""Where more than half is refused it is never taken for what is usual."""
_FORGETS = 0.98
"""What is usual is held for less each round, so that it is tried anew now and then."""


class _Trial(NamedTuple):
    """A cut whose use is not known yet, and what to go back to if it has none."""

    size: float
    was_searching: bool
    complaints_share: float
    kept: float

    @property
    def share_to_expect(self) -> float:
        """Half-way between the share if load is the cause, and the one if it is not.

        A server that serves a fixed number refuses the rest: w requests with the share s of them
        refused, cut to k w, are refused with max(0, 1 - (1 - s) / k).
        """
        share = self.complaints_share
        return (share + max(0.0, 1 - (1 - share) / self.kept)) / 2


class Window:
    """Number of requests at a time: additive increase, multiplicative decrease.

    It grows by two a reply until the endpoint first complains, then by one a round of replies, as
    the congestion window of TCP (Chiu & Jain 1989; RFC 5681; there by one a reply), faster below
    where it was cut (as CUBIC, RFC 9438), and is cut at most once a round.
    Unlike in a network, complaints may have other causes than load. So a round has to have more
    of them than usual, and each cut is a trial: if the next round's share of complaints is about
    what it was, load was not the cause, the cut is taken back, and the share counts as usual. It
    neither grows nor takes a cut back while it is not used in full.

    Parameters
    ----------
    least, most : int
    start : int

    Examples
    --------
    >>> window = Window(1, 64, 16)
    >>> for _ in range(16):
    ...     window.reply(sent_at=0.0, now=1.0, is_full=True)
    >>> window.size
    48
    >>> for _ in range(12):
    ...     window.complaint(sent_at=1.0, now=2.0, is_full=True)
    >>> window.size
    24
    """

    def __init__(self, least: int, most: int, start: int) -> None:
        self._least, self._most = least, most
        self._exact = float(min(max(start, least), most))
        self._is_searching = True
        self._began, self._cut_from = float("-inf"), 0.0
        self._results = self._results_when_full = self._complaints = 0
        self._usual_results = self._usual_complaints = 0.0
        self._trial: _Trial | None = None
        self.size = int(self._exact)

    @property
    def usual_share(self) -> float:
        """Share of complaints that there is without any overload, as far as is known."""
        if not self._usual_results:
            return 0.0
        return min(self._usual_complaints / self._usual_results, _MOST_USUAL)

    def reply(self, sent_at: float, now: float, is_full: bool) -> None:
        """Count a reply to a request that was sent at a time, in seconds of one clock."""
        expected = self._results * self.usual_share + _BEARABLE_NUMBER
        is_quiet = self._trial is None and self._complaints <= expected
        if is_quiet and is_full and self.size < self._most:
            self._resize(self._exact + self._step)
        if sent_at >= self._began:
            self._count(now, is_full)

    def complaint(self, sent_at: float, now: float, is_full: bool) -> None:
        """Count a complaint; about requests from before the last cut it says nothing new."""
        if sent_at >= self._began:
            self._complaints += 1
            self._count(now, is_full)

    @property
    def _step(self) -> float:
        if self._cut_from == 0.0:
            return _FIRST_STEP
        if self._is_searching or self._exact > _BEYOND * self._cut_from:
            self._is_searching = True
            return 1.0
        return (4.0 if self._exact < _BACK_TO * self._cut_from else 1.0) / self._exact

    def _count(self, now: float, is_full: bool) -> None:
        self._results += 1
        self._results_when_full += is_full
        is_over = self._results >= max(self.size, _LEAST_ROUND)
        if self._trial is not None:
            if is_over:
                self._end_trial(self._trial, now)
        elif self._results >= _LEAST_JUDGED and self._complaints > self._bearable:
            self._cut(now)
        elif is_over:
            self._usual_complaints *= _FORGETS
            self._begin_round()

    @property
    def _bearable(self) -> float:
        """Complaints of a round that are no sign of load: the usual number, its chance, a few."""
        n, share = max(self.size, _LEAST_ROUND), self.usual_share
        chance = 2 * math.sqrt(n * share * (1 - share))
        return n * share + chance + max(_BEARABLE_NUMBER, _BEARABLE_SHARE * n)

    def _cut(self, now: float) -> None:
        kept = _FIRST_CUT if self._is_searching else _CUT
        share = self._complaints / self._results
        self._trial = _Trial(self._exact, self._is_searching, share, kept)
        self._is_searching, self._cut_from = False, self._exact
        self._resize(self._exact * kept)
        self._begin_round(now)

    def _end_trial(self, trial: _Trial, now: float) -> None:
        share = self._complaints / self._results
        was_full = self._results_when_full > self._results / 2
        has_no_use = was_full and trial.share_to_expect < share <= _MOST_USUAL
        # What is left after a cut that helped may be load still.
        if has_no_use or share < self.usual_share:
            self._usual_results = self._usual_results / 2 + self._results
            self._usual_complaints = self._usual_complaints / 2 + self._complaints
        self._trial = None
        if not has_no_use and self._complaints > self._bearable:
            self._cut(now)
            return
        if has_no_use:
            self._is_searching = trial.was_searching
            self._resize(trial.size)
        self._begin_round(now)

    def _begin_round(self, now: float | None = None) -> None:
        self._results = self._results_when_full = self._complaints = 0
        self._began = self._began if now is None else now

    def _resize(self, size: float) -> None:
        self._exact = min(max(size, float(self._least)), float(self._most))
        self.size = int(self._exact)


class Ceiling:
    """At most so much a minute, spread evenly.

    Examples
    --------
    >>> ceiling = Ceiling(120)
    >>> [ceiling.reserve(1, now=10.0) for _ in range(3)]
    [0.0, 0.5, 1.0]
    """

    def __init__(self, per_minute: int) -> None:
        self._seconds_each = 60.0 / per_minute
        self._free_at = 0.0

    def reserve(self, amount: float, now: float) -> float:
        """Reserve an amount and say how many seconds to wait until it may be used."""
        self._free_at = max(self._free_at, now)
        wait = self._free_at - now
        self._free_at += amount * self._seconds_each
        return wait

    def correct(self, difference: float) -> None:
        """Add what was used beyond what was reserved; a negative number gives back."""
        self._free_at += difference * self._seconds_each


class Patience:
    """How long a response is waited for: several times the slowest of late, within bounds.

    Without it each request that an endpoint forgets would hold a connection for the longest time
    that any reply may take. What is asked again is waited for twice as long each time, so that a
    reply that is truly slow gets through.

    Parameters
    ----------
    least_seconds, most_seconds : float

    Attributes
    ----------
    usual_seconds : float
        What replies took on average of late; 0 before the first.

    Examples
    --------
    >>> patience = Patience(20.0, 120.0)
    >>> patience.seconds(attempt=1)
    120.0
    >>> for _ in range(50):
    ...     patience.learn(6.0)
    >>> patience.seconds(attempt=1), patience.seconds(attempt=2), patience.seconds(attempt=9)
    (30.0, 60.0, 120.0)
    """

    _TIMES = 5.0
    _KNOWN_AFTER = 50
    _SLOWEST_OF = 500
    _MEAN_OF = 32

    def __init__(self, least_seconds: float, most_seconds: float) -> None:
        self._least, self._most = min(least_seconds, most_seconds), most_seconds
        self._seen = 0
        self.usual_seconds = 0.0
        self._slowest = self._slowest_before = 0.0

    def learn(self, seconds: float) -> None:
        """Note how long a reply took."""
        self._seen += 1
        self.usual_seconds += (seconds - self.usual_seconds) / min(self._seen, self._MEAN_OF)
        self._slowest = max(self._slowest, seconds)
        if self._seen % self._SLOWEST_OF == 0:
            self._slowest_before, self._slowest = self._slowest, 0.0

    def seconds(self, attempt: int) -> float:
        """Say how long the first, second … attempt at a query is waited for."""
        if self._seen < self._KNOWN_AFTER:
            return self._most
        slowest = max(self._slowest, self._slowest_before)
        wait = max(self._least, self._TIMES * slowest) * 2.0 ** (attempt - 1)
        return min(wait, self._most)
