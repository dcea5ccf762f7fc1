"""Where a run stands: what progress shows, and what limits look at."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from alignsurvey.tasks.queries import Reply, Usage

__all__ = ["Count", "Price", "Progress", "Standing", "Stop"]

NOTHING = Usage()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands.

    Parameters
    ----------
    total : int
        Queries in the plan, equal ones once.
    from_store : int
        Replies that were there already, or that another run got meanwhile.
    answered : int
        Queries that were asked now and got a reply.
    errors : int
        Queries that were asked now and got none.
    usage : Usage
        Tokens of what was asked now.
    cost : float, optional
        Of what was asked now, in the currency of the prices; None without prices.
    seconds : float
        Since asking began.
    first_error : str, optional
        Why the first query without a reply got none.
    under_way : int
        Queries that are asked and have no reply yet.

    Examples
    --------
    >>> standing = Standing(total=100, from_store=40, answered=20, errors=1, seconds=10.0)
    >>> standing.done, standing.left, standing.rate
    (61, 39, 2.0)
    """

    total: int
    from_store: int = 0
    answered: int = 0
    errors: int = 0
    usage: Usage = NOTHING
    cost: float | None = None
    seconds: float = 0.0
    first_error: str | None = None
    under_way: int = 0

    @property
    def done(self) -> int:
        """Queries that are through, with or without a reply."""
        return self.from_store + self.answered + self.errors

    @property
    def left(self) -> int:
        """Queries that are not through."""
        return self.total - self.done

    @property
    def rate(self) -> float:
        """Replies a second since asking began, those from the store apart."""
        return self.answered / self.seconds if self.seconds > 0 else 0.0


Progress = Callable[[Standing], object]
"""Is shown where a run stands, ten times a second at most, and at its end."""

Stop = Callable[[Standing], bool]
"""Says whether a run should ask no further; looked at before each query and after each reply."""

Price = Callable[[Usage], float]
"""What tokens cost."""


@dataclass
class Count:
    """Counts replies as they come."""

    price: Price | None = None
    total: int = 0
    from_store: int = 0
    answered: int = 0
    errors: int = 0
    first_error: str | None = None
    under_way: int = 0
    _tokens: list[int] = field(default_factory=lambda: [0] * len(Usage._fields))
    _started: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        """Start the clock of asking."""
        self._started = time.monotonic()

    def add(self, reply: Reply) -> None:
        """Count a reply that was asked for now."""
        if reply.error is not None:
            self.errors += 1
            self.first_error = self.first_error or reply.error
        else:
            self.answered += 1
        if reply.usage:
            self._tokens = [a + b for a, b in zip(self._tokens, reply.usage, strict=True)]

    def standing(self) -> Standing:
        """Say where the run stands."""
        usage = Usage(*self._tokens)
        return Standing(
            self.total,
            self.from_store,
            self.answered,
            self.errors,
            usage,
            self.price(usage) if self.price else None,
            time.monotonic() - self._started,
            self.first_error,
            self.under_way,
        )
