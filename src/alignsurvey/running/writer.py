"""One writer: a thread that commits replies in batches while others come."""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from alignsurvey.errors import InputError
from alignsurvey.running.keys import Setting
from alignsurvey.running.schema import explained
from alignsurvey.running.store import Kept, ReplyStore, insert

__all__ = ["Writer"]

COMMIT_SECONDS = 0.1
"""The longest that a reply waits for its commit. What is not committed is lost with the power."""
_MOST = 5000
_JOIN_SECONDS = 60.0


class Writer:
    """Keeps the replies of one run, and its claims alive.

    Parameters
    ----------
    store : ReplyStore
    setting : Setting
    run : int
        From `ReplyStore.begin_run`.
    """

    def __init__(self, store: ReplyStore, setting: Setting, run: int) -> None:
        self._store, self._setting, self._run = store, setting, run
        self._waiting: SimpleQueue[Kept | bytes | None] = SimpleQueue()
        self._error: InputError | None = None
        self._thread = threading.Thread(target=self._work, name="alignsurvey-store", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._waiting.put(None)
        self._thread.join(_JOIN_SECONDS)
        if kind is None:
            self.check()

    def keep(self, kept: Kept) -> None:
        """Hand over a reply; it is committed within a second."""
        self._waiting.put(kept)

    def release(self, key: bytes) -> None:
        """Give up a claim: asking failed, others may try."""
        self._waiting.put(key)

    def check(self) -> None:
        """Raise what went wrong with the last commit, if anything did."""
        if self._error:
            raise self._error

    def _work(self) -> None:
        connection = self._store.separate_connection()
        try:
            goes_on = True
            while goes_on:
                batch, goes_on = self._collect()
                with explained(self._store.path):
                    connection.execute("PRAGMA synchronous = FULL" if batch else
                                       "PRAGMA synchronous = NORMAL")  # fmt: skip
                    connection.execute("BEGIN IMMEDIATE")
                    insert(connection, self._setting, [o for o in batch if isinstance(o, Kept)])
                    keys = [(o.key if isinstance(o, Kept) else o, self._run) for o in batch]
                    connection.executemany("DELETE FROM claims WHERE key = ? AND run = ?", keys)
                    connection.execute(
                        "INSERT OR REPLACE INTO runs (id, alive_until) VALUES (?, ?)",
                        (self._run, time.time() + self._store.lease_seconds),
                    )
                    connection.execute("COMMIT")
        except InputError as error:
            self._error = error
        finally:
            connection.close()  # rolls back what was not committed

    def _collect(self) -> tuple[list[Kept | bytes], bool]:
        """Wait for replies until the first of them must be committed, or for a sign of life."""
        batch: list[Kept | bytes] = []
        end = time.monotonic() + self._store.lease_seconds / 4
        while len(batch) < _MOST:
            try:
                one = self._waiting.get(timeout=max(end - time.monotonic(), 0.0))
            except Empty:
                break
            if one is None:
                return batch, False
            if not batch:
                end = time.monotonic() + COMMIT_SECONDS
            batch.append(one)
        return batch, True
