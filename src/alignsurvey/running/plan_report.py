"""What a run would ask and cost, said before anything is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from alignsurvey.running.costs import CostRange, ModelPrice, Prices, packaged_prices
from alignsurvey.running.exchange import setting_of
from alignsurvey.running.store import ReplyStore
from alignsurvey.running.tokens import Counter, find_counter
from alignsurvey.running.unanswered import unanswered
from alignsurvey.simulators.protocols import Simulator
from alignsurvey.tasks.queries import Message, Query, Task, Usage

__all__ = ["PlanReport", "plan_lines", "report_plan"]

_SAMPLE = 1000
_LONGEST_REPLY = 1024
"""Tokens of a reply at most, where none are set."""
_LETTER, _A_SHARE, _SENTENCE = 2, 8, 30
"""Tokens of a short reply: a letter, shares (each), free words."""
_ESTIMATES_ERROR = 0.25


@dataclass(frozen=True)
class PlanReport:
    """What a run would ask of one simulator.

    Parameters
    ----------
    simulator : str
    queries : int
    new : int
        Those that would be asked: not in the store, and not the same as another.
    beyond : int
        Those that a limit would keep from being asked.
    prompt_tokens : int
        Of the new ones; from a sample of 1,000 where there are more.
    counted : str
        How tokens were counted.
    reply_tokens : tuple of (low, high)
    cost : CostRange, optional
    remarks : tuple of str
        What the numbers rest on, a sentence each.
    prompts : tuple of Query
        Three of the new queries: the first, one from the middle, one from the end.
    """

    simulator: str
    queries: int
    new: int
    beyond: int = 0
    prompt_tokens: int = 0
    counted: str = ""
    reply_tokens: tuple[int, int] = (0, 0)
    cost: CostRange | None = None
    remarks: tuple[str, ...] = ()
    prompts: tuple[Query, ...] = field(default=(), repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, prompts in full, for JSON."""
        low, high = self.reply_tokens
        cost = self.cost and {"low": self.cost.low, "high": self.cost.high,
                              "currency": self.cost.currency}  # fmt: skip
        prompts = [[{"role": turn.role, "content": turn.content} for turn in one.messages]
                   for one in self.prompts]  # fmt: skip
        return {
            "simulator": self.simulator, "queries": self.queries, "new": self.new,
            "beyond_limit": self.beyond,
            "prompt_tokens": self.prompt_tokens, "counted": self.counted,
            "reply_tokens": {"low": low, "high": high}, "cost": cost,
            "remarks": list(self.remarks), "prompts": prompts,
        }  # fmt: skip


def report_plan(
    simulator: Simulator,
    queries: Iterable[Query],
    *,
    store: ReplyStore | None = None,
    prices: Prices | None = None,
    most: int | None = None,
    batch: bool = False,
) -> PlanReport:
    """Say what asking a simulator comes to.

    Parameters
    ----------
    simulator : Simulator
    queries : iterable of Query
    store : ReplyStore, optional
        What is in it is not asked.
    prices : Prices, optional
        The packaged ones by default.
    most : int, optional
        The most queries that would be asked.
    batch : bool
        Whether by a provider batch.

    Examples
    --------
    >>> from alignsurvey.tasks.queries import Task
    >>> class Model:
    ...     name = model = "openai/gpt-4o-mini"
    ...     parameters = {"max_tokens": 10}
    >>> plan = [Query(who, "vote", Task.RESPONSE, (Message("user", "Did you vote?"),)) for who in (7, 8)]
    >>> report = report_plan(Model(), plan)
    >>> report.queries, report.new, report.reply_tokens
    (2, 2, (20, 20))
    """  # noqa: E501 - an example is one line
    sample = _Sample(most)
    setting = setting_of(simulator)
    planned = _Counted(queries)
    if store is not None and setting is not None:
        sample.take(one.query for one in unanswered(simulator, planned, store))
    else:
        sample.take(_different(planned))
    if setting is None:
        why = "it is asked directly: no tokens are counted, and no replies are kept"
        return PlanReport(simulator.name, planned.n, sample.n, sample.beyond, remarks=(why,),
                          prompts=sample.three)  # fmt: skip
    return _priced(simulator.name, setting.parameters, planned.n, sample,
                   packaged_prices() if prices is None else prices, batch)  # fmt: skip


def _priced(
    name: str,
    parameters: Mapping[str, Any],
    planned: int,
    sample: _Sample,
    prices: Prices,
    batch: bool,
) -> PlanReport:
    counter = find_counter(name)
    usages = sample.usages(counter, parameters)
    low, high = (sample.scaled(one) for one in usages)
    price = prices.find(name)
    remarks = list(_remarks(parameters, prices, price, name))
    cost = _range(price, low, high, counter, prices.currency, batch) if price else None
    return PlanReport(
        name, planned, sample.n, sample.beyond, high.prompt_tokens, counter.how,
        (low.reply_tokens, high.reply_tokens), cost, tuple(remarks), sample.three,
    )  # fmt: skip


def _range(
    price: ModelPrice, low: Usage, high: Usage, counter: Counter, currency: str, batch: bool
) -> CostRange:
    error = _ESTIMATES_ERROR if counter.is_estimate else 0.0
    least = price.of(low, batch=batch) * (1 - error)
    return CostRange(least, max(least, price.of(high, batch=batch) * (1 + error)), currency)


def _remarks(
    parameters: Mapping[str, Any],
    prices: Prices,
    price: ModelPrice | None,
    name: str,
) -> Iterator[str]:
    if price is None:
        yield f"cost unknown: no '{name}' in {prices.name}; add it to a file for --prices"
        return
    if parameters.get("by") != "likelihood" and not parameters.get("max_tokens"):
        yield (f"at most: {_LONGEST_REPLY:,} tokens a reply, since no --max-tokens is set; a model "
               "that reasons may write more")  # fmt: skip
    yield f"prices of {prices.date or 'an unknown date'} ({prices.name})"


class _Counted:
    """Counts queries while they are gone through."""

    def __init__(self, queries: Iterable[Query]) -> None:
        self._queries = queries
        self.n = 0

    def __iter__(self) -> Iterator[Query]:
        self.n = 0
        for query in self._queries:
            self.n += 1
            yield query


def _different(queries: Iterable[Query]) -> Iterator[Query]:
    seen: set[str] = set()
    for query in queries:
        if query.id not in seen:
            seen.add(query.id)
            yield query


class _Sample:
    """Evenly spaced queries, each with the one before it; a plan may have a million."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._pairs: list[tuple[Query | None, Query]] = []
        self.n = self.beyond = 0

    def take(self, queries: Iterable[Query]) -> None:
        """Go through queries and keep some; the distance doubles when there are too many."""
        step, before = 1, None
        for query in queries:
            if self.n == self._most:
                self.beyond += 1
                continue
            if self.n % step == 0:
                self._pairs.append((before, query))
                if len(self._pairs) == 2 * _SAMPLE:
                    self._pairs, step = self._pairs[::2], 2 * step
            self.n += 1
            before = query

    @property
    def three(self) -> tuple[Query, ...]:
        """The first, one from the middle and one from the end."""
        kept = [query for _, query in self._pairs]
        places = sorted({0, len(kept) // 2, len(kept) - 1}) if kept else []
        return tuple(kept[place] for place in places)

    def usages(self, counter: Counter, parameters: Mapping[str, Any]) -> tuple[Usage, Usage]:
        """Count the kept ones' tokens: with caches that hit and short replies, and without."""
        prompt = cached = short = 0
        for before, query in self._pairs:
            prompt += counter.of(query.messages)
            cached += counter.count(_common(before, query)) if before else 0
            short += _short_reply(query, parameters)
        longest = parameters.get("max_tokens") or _LONGEST_REPLY
        if parameters.get("by") == "likelihood":
            short, longest = len(self._pairs), min(longest, 2)
        cached = min(cached, prompt)
        high = len(self._pairs) * longest
        return Usage(prompt, min(short, high), 0, cached), Usage(prompt, high)

    def scaled(self, usage: Usage) -> Usage:
        """Take a sample's tokens for those of all."""
        share = self.n / len(self._pairs) if self._pairs else 0.0
        return Usage(*(round(tokens * share) for tokens in usage))


def _common(before: Query, query: Query) -> str:
    """Return the beginning that two prompts share, which a provider's cache may hold."""
    first, second = _text(before.messages), _text(query.messages)
    pairs = enumerate(zip(first, second, strict=False))
    return first[: next((place for place, (one, other) in pairs if one != other), len(first))]


def _text(messages: tuple[Message, ...]) -> str:
    return "\n".join(one.content for one in messages)


def _short_reply(query: Query, parameters: Mapping[str, Any]) -> int:
    if not query.options:
        return _SENTENCE
    is_shares = parameters.get("by") == "verbalized" or query.task.endswith(("-group", "-shares"))
    if is_shares:
        return _A_SHARE * len(query.options)
    return _LETTER if query.task is Task.RESPONSE else _SENTENCE


def plan_lines(report: PlanReport) -> list[str]:
    """Write a report in lines, for people.

    Examples
    --------
    >>> print(*plan_lines(PlanReport("openai/o3", 20, 5, 0, 800, "counted by tiktoken o200k_base",
    ...     (10, 500), CostRange(0.01, 0.25, "USD"), ("prices of 2026-03-31",))), sep="\\n")
    openai/o3: 20 queries, 5 to ask (15 in the store, or the same as another)
      prompts 800 tokens (counted by tiktoken o200k_base), replies 10 to 500
      cost 0.01 to 0.25 USD
      prices of 2026-03-31
    """
    known = report.queries - report.new - report.beyond
    beside = [f"{known:,} in the store, or the same as another"] * bool(known)
    beside += [f"{report.beyond:,} beyond the limit"] * bool(report.beyond)
    more = f" ({', '.join(beside)})" if beside else ""
    lines = [f"{report.simulator}: {report.queries:,} queries, {report.new:,} to ask{more}"]
    if not report.new:
        return lines
    if report.counted:
        low, high = report.reply_tokens
        lines.append(f"  prompts {report.prompt_tokens:,} tokens ({report.counted}), "
                     f"replies {low:,} to {high:,}")  # fmt: skip
    if report.cost:
        lines.append(f"  cost {report.cost}")
    return lines + [f"  {one}" for one in report.remarks]
