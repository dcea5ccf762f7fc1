"""A coroutine in a thread of its own, whose replies another thread iterates over."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

__all__ = ["iterate"]

T = TypeVar("T")
_BATCH = 256
_FLUSH_SECONDS = 0.02
_JOIN_SECONDS = 2.0
_LOOK_SECONDS = 0.5
_END: Final = object()


def iterate(run: Callable[[Callable[[T], None]], Coroutine[Any, Any, None]]) -> Iterator[T]:
    """Run a coroutine in the background and yield what it delivers.

    It has a loop of its own, so that it runs where a loop runs already, as in notebooks; and the
    caller's thread stays free to be interrupted. Closing the iterator ends the coroutine; so does
    a KeyboardInterrupt, which is raised on once what had been delivered is yielded.

    Parameters
    ----------
    run : callable
        Is given a function to deliver with, and gives the coroutine.

    Examples
    --------
    >>> async def count(deliver):
    ...     for number in range(3):
    ...         deliver(number)
    >>> list(iterate(lambda deliver: count(deliver)))
    [0, 1, 2]
    """
    handed: SimpleQueue[Any] = SimpleQueue()
    background = _Background(run, handed)
    background.start()
    waiting: Iterator[T] = iter(())
    try:
        while (batch := _next(handed)) is not _END:
            if isinstance(batch, BaseException):
                raise batch
            waiting = iter(batch)
            yield from waiting
    except KeyboardInterrupt:
        background.stop()
        yield from waiting
        yield from _left_in(handed)
        raise
    finally:
        background.stop()


def _next(handed: SimpleQueue[Any]) -> Any:
    """Wait in short looks: a wait without end cannot be interrupted on every system."""
    while True:
        try:
            return handed.get(timeout=_LOOK_SECONDS)
        except Empty:
            continue


def _left_in(handed: SimpleQueue[Any]) -> Iterator[Any]:
    with suppress(Empty):
        while isinstance(batch := handed.get_nowait(), list):
            yield from batch


class _Background(threading.Thread):
    """The thread; what is delivered is handed over in batches, since a hand-over costs."""

    def __init__(
        self,
        run: Callable[[Callable[[Any], None]], Coroutine[Any, Any, None]],
        handed: SimpleQueue[Any],
    ) -> None:
        super().__init__(name="alignsurvey-endpoint", daemon=True)
        self._coroutine, self._handed = run, handed
        self._batch: list[Any] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_ready = threading.Event()

    def run(self) -> None:
        """Run the coroutine to its end, and say how it ended."""
        try:
            asyncio.run(self._main())
            end: object = _END
        except asyncio.CancelledError:
            end = _END
        except BaseException as error:  # noqa: BLE001 - it is raised again on the other thread
            end = error
        finally:
            self._is_ready.set()
        self._flush()
        self._handed.put(end)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._coroutine(self._deliver))
        self._is_ready.set()
        await self._task

    def _deliver(self, one: Any) -> None:
        self._batch.append(one)
        if len(self._batch) == 1 and self._loop:
            self._loop.call_later(_FLUSH_SECONDS, self._flush)
        elif len(self._batch) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._batch:
            self._handed.put(self._batch)
            self._batch = []

    def stop(self) -> None:
        """End the coroutine, if it has not ended, and wait for the thread a little."""
        self._is_ready.wait(_JOIN_SECONDS)
        if self.is_alive() and self._loop and self._task:
            # The loop may close between the two looks at it: then there is nothing left to end.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._task.cancel)
        self.join(_JOIN_SECONDS)
