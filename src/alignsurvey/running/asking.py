"""Asking a simulator: what the store has is not asked, and every query is accounted for."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain

from alignsurvey.running.claiming import Claims
from alignsurvey.running.exchange import Exchange, Placed, setting_of
from alignsurvey.running.keys import Setting
from alignsurvey.running.ledger import Ledger, State, in_parts
from alignsurvey.running.standing import Count, Price, Progress, Stop
from alignsurvey.running.store import Kept, ReplyStore
from alignsurvey.running.writer import Writer
from alignsurvey.simulators.protocols import Simulator
from alignsurvey.tasks.queries import Query, Reply

__all__ = ["NOT_ASKED", "ask", "ask_each"]

NOT_ASKED = "not asked: the run was stopped before"
"""Error of the replies to what a limit kept from being asked."""

_FOUND_AT_ONCE = 1000
_LOOK_SECONDS = 0.2


def ask(
    simulator: Simulator,
    queries: Iterable[Query],
    progress: Progress | None = None,
    *,
    store: ReplyStore | None = None,
    limit: int | None = None,
    stop: Stop | None = None,
    price: Price | None = None,
) -> dict[str, Reply]:
    """Ask a simulator and collect its replies.

    Resuming is asking again: what is in the store is not asked. Interrupted, it keeps what has
    come and raises on.

    Parameters
    ----------
    simulator : Simulator
        One with the attributes ``model`` and ``parameters`` is asked through the store; others
        are asked directly.
    queries : iterable of Query
        Equal queries (of one id) are asked once.
    progress : callable, optional
        Called as ``progress(standing)``, ten times a second at most, and at the end.
    store : ReplyStore, optional
    limit : int, optional
        The most queries that are asked; those whose replies are in the store are not counted.
    stop : callable, optional
        Called as ``stop(standing)`` before each query and after each reply; once it is true
        nothing more is asked, and what is under way is waited for.
    price : callable, optional
        What tokens (a `Usage`) cost, for ``standing.cost``.

    Returns
    -------
    dict
        Query id -> its reply, in the order of the queries. Where there is none, the reply has no
        text, and says why in ``error``.

    Raises
    ------
    InputError
        The simulator replied to something that it was not asked, or twice to one query, or the
        store cannot be written.
    EndpointError
        The endpoint cannot be asked at all.

    Examples
    --------
    >>> from alignsurvey.tasks.queries import Message, Task
    >>> class Agreeable:
    ...     name = "agreeable"
    ...     def answer(self, queries):
    ...         return (Reply(query.id, "Yes.") for query in queries)
    >>> query = Query(7, "vote", Task.RESPONSE, (Message("user", "Did you vote?"),))
    >>> ask(Agreeable(), [query])[query.id].text
    'Yes.'
    """
    plan = _repeatable(queries)
    found = {
        reply.query: reply
        for _, reply in ask_each(
            simulator, plan, progress, store=store, limit=limit, stop=stop, price=price
        )
    }
    ids = (query.id for query in plan)
    return {key: found.get(key) or Reply(key, None, error=NOT_ASKED) for key in ids}


def ask_each(
    simulator: Simulator,
    queries: Iterable[Query],
    progress: Progress | None = None,
    *,
    store: ReplyStore | None = None,
    limit: int | None = None,
    stop: Stop | None = None,
    price: Price | None = None,
) -> Iterator[tuple[Query, Reply]]:
    """Ask a simulator and give each query with its reply, as replies come; see `ask`.

    Nothing is held but what is under way. With queries that are planned anew each time they are
    gone through, a million need tens of megabytes, not gigabytes.

    Yields
    ------
    tuple of (Query, Reply)
        Those that the store has first. Queries that were not asked, because of a limit, are left
        out.
    """
    count = Count(price)
    exchange = Exchange(simulator, count, progress, limit, stop)
    setting = setting_of(simulator)
    plan = _repeatable(queries)
    count.total = len(plan) if isinstance(plan, Sized) else 0
    try:
        if store is None or setting is None:
            for _, query, reply in exchange.replies(_different(plan, count)):
                yield query, reply
        else:
            yield from _Resumed(exchange, store, setting, Ledger(plan, setting)).replies()
    finally:
        exchange.show(now=True)


def _repeatable(queries: Iterable[Query]) -> Iterable[Query]:
    return list(queries) if isinstance(queries, Iterator) else queries


def _different(plan: Iterable[Query], count: Count) -> Iterator[Placed]:
    seen: set[str] = set()
    total = 0
    for place, query in enumerate(plan):
        if query.id not in seen:
            seen.add(query.id)
            total += 1
            count.total = max(count.total, total)
            yield place, query
    count.total = total


class _Resumed:
    """Asking through a store: look up, claim, ask, keep, until nothing is missing."""

    def __init__(
        self, exchange: Exchange, store: ReplyStore, setting: Setting, ledger: Ledger
    ) -> None:
        self._exchange, self._store, self._setting = exchange, store, setting
        self._ledger = ledger

    def replies(self) -> Iterator[tuple[Query, Reply]]:
        entering, missing = self._ledger.enter(), self._ledger.queries(State.MISSING)
        if self._store.is_empty:
            # There is nothing to look up: queries are entered while the first are asked.
            missing = (one for one in entering if self._ledger.states[one[0]] == State.MISSING)
        else:
            yield from self._look_up(entering)
            self._exchange.count.total = self._ledger.different
        self._exchange.count.begin()
        first = next(missing, None)
        if first is not None and not self._exchange.is_over:
            with _run_of(self._store) as run, Writer(self._store, self._setting, run) as writer:
                yield from self._ask(run, writer, chain([first], missing))
        else:
            self._enter_rest(missing)
        yield from self._look_up(self._ledger.queries(State.SHARED))
        if not self._ledger.count(State.MISSING):
            for place, query in self._ledger.queries(State.SHARED):
                self._ledger.states[place] = State.FAILED
                reply = Reply(query.id, None, error="the query with the same messages got no reply")
                self._exchange.count.add(reply)
                yield query, reply

    def _ask(
        self, run: int, writer: Writer, missing: Iterator[Placed]
    ) -> Iterator[tuple[Query, Reply]]:
        while True:
            self._store.forget_dead_runs()
            with Claims(
                self._store, run, self._ledger, lambda: self._exchange.room, missing
            ) as claims:
                yield from self._exchanged(claims, writer)
            writer.check()
            if claims.has_ended:
                self._enter_rest(missing)
            if self._exchange.is_over or not self._ledger.count(State.MISSING):
                return
            # Another run is asking the rest. It answers, fails, or ends and leaves it to us.
            time.sleep(_LOOK_SECONDS)
            yield from self._look_up(self._ledger.queries(State.MISSING))
            missing = self._ledger.queries(State.MISSING)

    def _enter_rest(self, missing: Iterator[Placed]) -> None:
        """Enter what a limit kept from being claimed, so that it is counted."""
        deque(missing, maxlen=0)
        self._exchange.count.total = self._ledger.different

    def _exchanged(self, claims: Claims, writer: Writer) -> Iterator[tuple[Query, Reply]]:
        replies = self._exchange.replies(claims)  # held, or it would be closed before it is left
        try:
            for place, query, reply in replies:
                self._settle(place, query, reply, writer)
                yield query, replace(reply, body=None) if reply.body is not None else reply
        except (GeneratorExit, KeyboardInterrupt):
            for place, query, reply in self._exchange.leave():
                self._settle(place, query, reply, writer)
            raise

    def _settle(self, place: int, query: Query, reply: Reply, writer: Writer) -> None:
        writer.check()
        count = self._exchange.count
        count.total = max(count.total, len(self._ledger))
        key = self._ledger.key(place)
        if reply.error is not None:
            self._ledger.states[place] = State.FAILED
            writer.release(key)
            return
        self._ledger.states[place] = State.DONE
        messages = [[one.role, one.content] for one in query.messages]
        writer.keep(Kept(key, self._ledger.draw(place), messages, reply, time.time()))

    def _look_up(self, pairs: Iterator[Placed]) -> Iterator[tuple[Query, Reply]]:
        """Give what the store has of some queries."""
        for part in in_parts(pairs, _FOUND_AT_ONCE):
            keys = [self._ledger.key(place) for place, _ in part]
            found = self._store.find(keys)
            for (place, query), key in zip(part, keys, strict=True):
                if key in found:
                    self._ledger.states[place] = State.DONE
                    self._exchange.count.from_store += 1
                    yield query, replace(found[key], query=query.id)
            self._exchange.show()


@contextmanager
def _run_of(store: ReplyStore) -> Iterator[int]:
    run = store.begin_run()
    try:
        yield run
    finally:
        store.end_run(run)
