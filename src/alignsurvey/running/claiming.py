"""Claims queries for a run a little ahead of when they are asked, in a thread of its own.

A claim waits for whoever is committing. Were it made where requests are sent, all of them would
wait for the disk with it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from types import TracebackType
from typing import Final, Self

from alignsurvey.running.exchange import Placed
from alignsurvey.running.ledger import Ledger, in_parts
from alignsurvey.running.store import ReplyStore

__all__ = ["Claims"]

_FEWEST, _MOST = 16, 256
_AHEAD = 2
"""Parts that are claimed before they are needed."""
_QUICK_SECONDS = 0.1
"""A part that is used up in less is followed by a larger one, so that little is claimed in vain."""
_JOIN_SECONDS = 1.0
_END: Final = object()


class Claims:
    """The missing queries that no other run has answered or is asking, while a ``with`` block runs.

    Parameters
    ----------
    store : ReplyStore
    run : int
        From `ReplyStore.begin_run`.
    ledger : Ledger
    room : callable
        Says how many queries may still be asked; None for any number.
    missing : iterator of (place, Query)
        Is gone through in the thread.
    """

    def __init__(
        self,
        store: ReplyStore,
        run: int,
        ledger: Ledger,
        room: Callable[[], int | None],
        missing: Iterator[Placed],
    ) -> None:
        self._store, self._run, self._ledger, self._room = store, run, ledger, room
        self._missing = missing
        self._handed: SimpleQueue[object] = SimpleQueue()
        self._wanted = threading.Semaphore(_AHEAD)
        self._is_over = False
        self._thread = threading.Thread(target=self._work, name="alignsurvey-claims", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over = True
        self._wanted.release()
        # What a claim that takes longer still writes belongs to a run that has ended: anyone's.
        self._thread.join(_JOIN_SECONDS)

    @property
    def has_ended(self) -> bool:
        """Whether the thread is through with what is missing."""
        return not self._thread.is_alive()

    def __iter__(self) -> Iterator[Placed]:
        while (part := self._handed.get()) is not _END:
            self._wanted.release()
            if isinstance(part, BaseException):
                raise part
            assert isinstance(part, list)
            yield from part

    def _work(self) -> None:
        try:
            for part in self._parts():
                keys = [self._ledger.key(place) for place, _ in part]
                mine = self._store.claim(self._run, keys)
                self._handed.put([one for one, key in zip(part, keys, strict=True) if key in mine])
        except BaseException as error:  # noqa: BLE001 - it is raised again where queries are taken
            self._handed.put(error)
        self._handed.put(_END)

    def _parts(self) -> Iterator[list[Placed]]:
        size, asked_for = _FEWEST, time.monotonic()
        while True:
            self._wanted.acquire()
            now = time.monotonic()
            is_quick, asked_for = now - asked_for < _QUICK_SECONDS, now
            size = min(2 * size, _MOST) if is_quick else max(size // 2, _FEWEST)
            room = self._room()
            part = next(in_parts(self._missing, size if room is None else min(size, room)), None)
            if self._is_over or not part:
                return
            yield part
