"""Progress of a run: a bar on a terminal and in notebooks, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from alignsurvey.running.costs import money
from alignsurvey.running.standing import Standing

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

__all__ = ["Display", "progress_on", "standing_text"]

LINE_EVERY_SECONDS = 10.0
LINE_EVERY_SHARE = 0.05
SELDOM_SECONDS = 60.0


def standing_text(
    standing: Standing, outcomes: Mapping[str, int] | None = None, currency: str = ""
) -> str:
    """Write where asking stands: replies a second, spend so far and expected, odd outcomes.

    Examples
    --------
    >>> standing = Standing(1000, from_store=100, answered=300, errors=2, cost=0.3, seconds=10)
    >>> standing_text(standing, {"answered": 398, "empty": 2, "no reply": 2}, "USD")
    '30.0/s, 100 from the store, 0.30 of about 0.90 USD, empty 2, no reply 2'
    """
    parts = []
    if standing.rate:
        shown = f"{standing.rate:,.0f}" if standing.rate >= 100 else f"{standing.rate:.1f}"
        parts.append(f"{shown}/s")
    if standing.from_store:
        parts.append(f"{standing.from_store:,} from the store")
    if standing.cost is not None and standing.answered:
        expected = standing.cost / standing.answered * (standing.answered + standing.left)
        parts.append(f"{money(standing.cost)} of about {money(expected)} {currency}".rstrip())
    parts += [f"{name} {n:,}" for name, n in (outcomes or {}).items() if name != "answered"]
    return ", ".join(parts)


class Display(Protocol):
    """Shows how far a run is."""

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show work of any kind."""
        ...

    def asked(self, name: str, standing: Standing, outcomes: Mapping[str, int]) -> None:
        """Show asking a simulator."""
        ...

    def tell(self, line: str) -> None:
        """Print a line that stays."""
        ...


@contextmanager
def progress_on(console: Console, currency: str = "USD") -> Iterator[Display]:
    """Give a display for as long as a ``with`` block lasts.

    Parameters
    ----------
    console : rich.console.Console
    currency : str
        Of the prices.
    """
    # Without ipywidgets rich has no bar in a notebook, and warns.
    can_draw = console.is_terminal or (console.is_jupyter and find_spec("ipywidgets") is not None)
    if not can_draw:
        yield _Lines(console, currency)
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
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield _Bar(bar, currency)


class _Bar:
    def __init__(self, bar: Progress, currency: str) -> None:
        self._bar, self._currency = bar, currency
        self._task = bar.add_task("reading", total=None, note="")
        self._what = ""

    def __call__(self, done: int, total: int, what: str) -> None:
        self._show(what, what, done, total, "")

    def asked(self, name: str, standing: Standing, outcomes: Mapping[str, int]) -> None:
        note = standing_text(standing, outcomes, self._currency)
        self._show(f"asking {name}", name, standing.done, standing.total, note)

    def tell(self, line: str) -> None:
        _print(self._bar.console, line)

    def _show(self, key: str, what: str, done: int, total: int, note: str) -> None:
        if key != self._what:
            # Another piece of work: its speed says nothing about this one's.
            self._what = key
            self._bar.remove_task(self._task)
            self._task = self._bar.add_task(what, total=total, note=note)
        self._bar.update(self._task, completed=done, total=total, description=what, note=note)


class _Lines:
    """One line every ten seconds; of long asking one a twentieth, or one a minute."""

    def __init__(self, console: Console, currency: str) -> None:
        self._console, self._currency = console, currency
        self._last = time.monotonic()
        self._done: dict[str, int] = {}

    def __call__(self, done: int, total: int, what: str) -> None:
        if self._is_time():
            self.tell(f"{done} of {total}: {what}")

    def asked(self, name: str, standing: Standing, outcomes: Mapping[str, int]) -> None:
        before = self._done.get(name, 0)
        is_much = standing.done - before >= LINE_EVERY_SHARE * standing.total
        if self._is_time(LINE_EVERY_SECONDS if is_much else SELDOM_SECONDS):
            self._done[name] = standing.done
            note = standing_text(standing, outcomes, self._currency)
            self.tell(f"{name}: {standing.done:,} of {standing.total:,}" + f", {note}" * bool(note))

    def tell(self, line: str) -> None:
        _print(self._console, line)

    def _is_time(self, seconds: float = LINE_EVERY_SECONDS) -> bool:
        if time.monotonic() - self._last < seconds:
            return False
        self._last = time.monotonic()
        return True


def _print(console: Console, line: str) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)
