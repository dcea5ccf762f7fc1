"""The exchange with a simulator: queries handed out one by one, replies matched to them."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from alignsurvey.errors import InputError
from alignsurvey.running.keys import Setting
from alignsurvey.running.standing import Count, Progress, Stop
from alignsurvey.simulators.protocols import Simulator
from alignsurvey.tasks.queries import Query, Reply

__all__ = ["Exchange", "setting_of"]

_SHOW_SECONDS = 0.1
Placed = tuple[int, Query]
"""A query with its place in the plan."""


def setting_of(simulator: Simulator) -> Setting | None:
    """Say under what a simulator's replies are kept; None where they are not."""
    model, parameters = getattr(simulator, "model", None), getattr(simulator, "parameters", None)
    return None if model is None or parameters is None else Setting(model, parameters)


@dataclass
class Exchange:
    """What a simulator is asked, within limits.

    Parameters
    ----------
    simulator : Simulator
    count : Count
    progress : callable, optional
    limit : int, optional
        The most queries that are handed out.
    stop : callable, optional
        Once it says so nothing more is handed out; what is under way is waited for.
    """

    simulator: Simulator
    count: Count
    progress: Progress | None = None
    limit: int | None = None
    stop: Stop | None = None
    _open: dict[str, Placed] = field(default_factory=dict)
    _handed: int = 0
    _is_stopped: bool = False
    _shown: float = 0.0
    _answers: Iterator[Reply] | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more is handed out."""
        return self._is_stopped or self.room == 0

    @property
    def room(self) -> int | None:
        """How many queries may still be handed out; None without a limit."""
        return None if self.limit is None else self.limit - self._handed

    def show(self, *, now: bool = False) -> None:
        """Show progress, if the last time was some time ago."""
        if self.progress and (now or time.monotonic() - self._shown >= _SHOW_SECONDS):
            self._shown = time.monotonic()
            self.progress(self.count.standing())

    def replies(self, placed: Iterable[Placed]) -> Iterator[tuple[int, Query, Reply]]:
        """Hand queries out and give each back with its reply, in the order of replies.

        Raises
        ------
        InputError
            A reply is to something that was not asked, or a second one.
        """
        queries = self._hand_out(placed)
        # One that is no endpoint may look at its queries all at once.
        lazy = setting_of(self.simulator) is not None
        answers = self.simulator.answer(queries if lazy else list(queries))  # type: ignore[arg-type]
        self._answers = answers
        try:
            for reply in answers:
                yield self._take(reply)
        finally:
            if isinstance(answers, Generator):
                answers.close()
        while self._open:
            yield self._take(
                Reply(next(iter(self._open)), None, error="the simulator said nothing")
            )

    def leave(self) -> Iterator[tuple[int, Query, Reply]]:
        """Ask no further, and give what had come and was not yet taken."""
        answers = self._answers
        if not isinstance(answers, Generator):
            return
        # Thrown in, the interruption of whoever takes replies looks like the simulator's own.
        with suppress(KeyboardInterrupt, StopIteration):
            reply = answers.throw(KeyboardInterrupt())
            while True:
                yield self._take(reply)
                reply = next(answers)

    def _hand_out(self, placed: Iterable[Placed]) -> Iterator[Query]:
        for one in placed:
            # An endpoint draws queries while its replies wait to be taken.
            self._look_whether_to_stop()
            if self.is_over:
                return
            self._handed += 1
            self._open[one[1].id] = one
            yield one[1]

    def _look_whether_to_stop(self) -> None:
        self.count.under_way = len(self._open)
        if self.stop and not self._is_stopped:
            self._is_stopped = self.stop(self.count.standing())

    def _take(self, reply: Reply) -> tuple[int, Query, Reply]:
        place, query = self._open.pop(reply.query, (None, None))
        if place is None or query is None:
            raise InputError(
                f"simulator '{self.simulator.name}' replied to {reply.query[:12]}, which was not "
                "asked or has its reply already; a query has one reply"
            )
        self.count.add(reply)
        self._look_whether_to_stop()
        self.show()
        return place, query, reply
