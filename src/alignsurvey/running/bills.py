"""The bill: what was asked of a simulator, how it came out, and what the endpoint counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alignsurvey.running.costs import ModelPrice, money
from alignsurvey.running.exchange import setting_of
from alignsurvey.running.standing import Standing
from alignsurvey.simulators.protocols import Simulator
from alignsurvey.tasks.queries import Reply, Usage

__all__ = ["Bill", "Filled", "Tally", "bill_line", "outcome_of"]


def outcome_of(reply: Reply) -> str:
    """Say how a query came out, as far as that shows before the reply is read.

    Examples
    --------
    >>> outcome_of(Reply("q", "A")), outcome_of(Reply("q", "", finish_reason="content_filter"))
    ('answered', 'content filter')
    """
    if reply.error is not None:
        return "no reply"
    if reply.finish_reason == "content_filter":
        return "content filter"
    if reply.log_probabilities is not None:
        return "answered"  # one token was asked for, and its probabilities are the answer
    if not (reply.text and reply.text.strip()):
        return "empty"
    return "cut off" if reply.finish_reason == "length" else "answered"


@dataclass(frozen=True)
class Filled:
    """What a provider batch brought into the store.

    Parameters
    ----------
    asked : int
        Queries that were submitted now or before, and came back now, with a reply or without.
    usage : Usage
    failed : mapping of str to str
        Query id -> why it got no reply.
    """

    asked: int = 0
    usage: Usage = field(default_factory=Usage)
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bill:
    """What was asked of a simulator, and what it cost.

    Parameters
    ----------
    simulator : str
    parameters : mapping
    queries : int
    asked : int
        Of them those that were asked now; the others' replies were in the store.
    outcomes : mapping of str to int
        Of all queries: answered, empty, cut off, content filter, no reply, not asked.
    usage : Usage
        Tokens of what was asked now, as the endpoint counted them.
    cost : float, optional
        Of what was asked now; None where the price is unknown.
    usage_of_all, cost_of_all
        Of all replies, those of earlier runs too.
    currency : str
    first_error : str, optional
    notes : tuple of str
        What was found out about the endpoint.
    """

    simulator: str
    parameters: Mapping[str, Any]
    queries: int
    asked: int
    outcomes: Mapping[str, int]
    usage: Usage
    cost: float | None
    usage_of_all: Usage
    cost_of_all: float | None
    currency: str
    first_error: str | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, for a manifest."""
        return {
            "simulator": self.simulator,
            "parameters": dict(self.parameters),
            "queries": self.queries,
            "outcomes": dict(self.outcomes),
            "asked_now": {"queries": self.asked, **self.usage._asdict(), "cost": self.cost},
            "all_replies": {**self.usage_of_all._asdict(), "cost": self.cost_of_all},
            "currency": self.currency,
            "first_error": self.first_error,
            "notes": list(self.notes),
        }


class Tally:
    """Adds up replies while they come, for the bill.

    Parameters
    ----------
    simulator : Simulator
    price : ModelPrice, optional
    currency : str
    """

    def __init__(self, simulator: Simulator, price: ModelPrice | None, currency: str) -> None:
        self.simulator, self.price, self.currency = simulator, price, currency
        self.outcomes: Counter[str] = Counter()
        self.standing = Standing(0)
        self.filled: Filled | None = None
        self._count = 0
        self._first_error: str | None = None
        self._usage = [0] * len(Usage._fields)

    def add(self, reply: Reply) -> None:
        """Count a reply."""
        self._count += 1
        self.outcomes[outcome_of(reply)] += 1
        if reply.error is not None:
            self._first_error = self._first_error or reply.error
        if reply.usage:
            self._usage = [a + b for a, b in zip(self._usage, reply.usage, strict=True)]

    def failure(self, query: str) -> str | None:
        """Say why a batch brought no reply to a query; None where it was not asked, or did."""
        return self.filled.failed.get(query) if self.filled else None

    @property
    def unasked(self) -> int:
        """Queries that were kept from being asked."""
        return self.standing.total - self._count

    def bill(self) -> Bill:
        """Draw up the bill."""
        setting = setting_of(self.simulator)
        now = self.filled or Filled(
            self.standing.answered + self.standing.errors, self.standing.usage
        )
        outcomes = dict(self.outcomes) | ({"not asked": self.unasked} if self.unasked else {})
        batch, price, everything = self.filled is not None, self.price, Usage(*self._usage)
        return Bill(
            self.simulator.name,
            setting.parameters if setting else {},
            self.standing.total,
            now.asked,
            outcomes,
            now.usage,
            price.of(now.usage, batch=batch) if price else None,
            everything,
            price.of(everything, batch=batch) if price else None,
            self.currency,
            self._first_error,
            tuple(getattr(self.simulator, "notes", ())),
        )


def bill_line(bill: Bill) -> str:
    """Write a bill in one line, for people.

    Examples
    --------
    >>> bill = Bill("openai/o3", {}, 20, 5, {"answered": 19, "cut off": 1}, Usage(800, 100, 60, 400),
    ...     0.0016, Usage(3000, 400), 0.006, "USD")
    >>> bill_line(bill)
    'openai/o3: asked 5 of 20 queries; answered 19, cut off 1; 800 prompt tokens (400 cached), 100 of replies (60 reasoning); cost 0.0016 USD'
    """  # noqa: E501 - a line is a line
    outcomes = ", ".join(f"{name} {n:,}" for name, n in bill.outcomes.items())
    parts = [f"asked {bill.asked:,} of {bill.queries:,} queries", outcomes]
    if bill.asked and any(bill.usage):
        used = bill.usage
        cached = f" ({used.cached_tokens:,} cached)" if used.cached_tokens else ""
        thought = f" ({used.reasoning_tokens:,} reasoning)" if used.reasoning_tokens else ""
        parts.append(f"{used.prompt_tokens:,} prompt tokens{cached}, "
                     f"{used.reply_tokens:,} of replies{thought}")  # fmt: skip
        cost = "unknown" if bill.cost is None else f"{money(bill.cost)} {bill.currency}"
        parts.append(f"cost {cost}")
    if bill.first_error:
        parts.append(f"first without a reply: {bill.first_error}")
    return f"{bill.simulator}: " + "; ".join(part for part in parts if part)
