"""A plan's ledger: for each query, by its place in the plan, its key and whether it is done.

A million queries weigh gigabytes, their ledger some tens of megabytes. So the plan is gone through
again rather than held.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from enum import IntEnum
from itertools import islice

from alignsurvey.running.keys import Numbering, Setting
from alignsurvey.tasks.queries import Query

__all__ = ["Ledger", "State", "in_parts"]

_KEY = 32


class State(IntEnum):
    """What is known about a query."""

    MISSING = 0
    SHARED = 1
    """Its reply is that of an earlier query with the same key."""
    DONE = 2
    FAILED = 3
    DOUBLED = 4
    """A query of the same id stands earlier in the plan."""


class Ledger:
    """Keys and states of a plan's queries.

    Parameters
    ----------
    plan : iterable of Query
        Gone through several times; gives the same queries each time.
    setting : Setting
    """

    def __init__(self, plan: Iterable[Query], setting: Setting) -> None:
        self._plan = plan
        self._setting = setting
        self._keys = bytearray()
        self._draws = array("I")
        self.states = bytearray()

    def __len__(self) -> int:
        return len(self.states)

    @property
    def different(self) -> int:
        """Number of queries of different ids."""
        return len(self.states) - self.states.count(State.DOUBLED)

    def key(self, place: int) -> bytes:
        """Key of the query at a place."""
        return bytes(self._keys[place * _KEY : (place + 1) * _KEY])

    def draw(self, place: int) -> int:
        """Number among queries of the same messages of the query at a place."""
        return self._draws[place]

    def count(self, *states: State) -> int:
        """Count the queries in some states."""
        return sum(self.states.count(state) for state in states)

    def enter(self) -> Iterator[tuple[int, Query]]:
        """Enter the plan's queries, and give those that want a reply, with their places."""
        numbering = Numbering(self._setting)
        ids: set[bytes] = set()
        keys: set[bytes] = set()
        for place, query in enumerate(self._plan):
            short = bytes.fromhex(query.id[:32])
            if short in ids:
                self._append(State.DOUBLED, bytes(_KEY), 0)
                continue
            ids.add(short)
            key, draw = numbering.key(query)
            state = State.MISSING
            if self._setting.is_deterministic:
                state = State.SHARED if key in keys else State.MISSING
                keys.add(key)
            self._append(state, key, draw)
            yield place, query

    def _append(self, state: State, key: bytes, draw: int) -> None:
        self.states.append(state)
        self._keys += key
        self._draws.append(draw)

    def queries(self, *states: State) -> Iterator[tuple[int, Query]]:
        """Go through the queries that are in some states when they are come to."""
        wanted = {int(state) for state in states}
        for place, query in enumerate(self._plan):
            if self.states[place] in wanted:
                yield place, query


def in_parts(pairs: Iterator[tuple[int, Query]], n: int) -> Iterator[list[tuple[int, Query]]]:
    """Take n at a time."""
    while part := list(islice(pairs, n)):
        yield part
