"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

LINE_EVERY_SECONDS = 10.0


@contextmanager
def progress_on(console: Console) -> Iterator[Callable[[int, int, str], None]]:
    """Give a function that shows progress: ``show(done, total, what)``."""
    if not console.is_terminal:
        yield _plain_lines(console)
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def show(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what)

        yield show


def _plain_lines(console: Console) -> Callable[[int, int, str], None]:
    last = time.monotonic()

    def show(done: int, total: int, what: str) -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY_SECONDS:
            last = time.monotonic()
            console.print(f"{done} of {total}: {what}", highlight=False)

    return show
