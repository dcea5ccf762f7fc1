"""Progress: lines where nothing can be drawn, a bar on a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from alignsurvey.running import shown_progress
from alignsurvey.running.shown_progress import progress_on, standing_text
from alignsurvey.running.standing import Standing


def console(*, is_terminal: bool) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, force_terminal=is_terminal, width=120), file


@pytest.mark.parametrize(
    ("standing", "outcomes", "text"),
    [
        (Standing(10), {}, ""),
        (Standing(10, answered=5, seconds=2), {"answered": 5}, "2.5/s"),
        (Standing(4000, answered=1500, seconds=1), {}, "1,500/s"),
        (Standing(10, from_store=10), {}, "10 from the store"),
        (Standing(10, answered=5, cost=1.0), {}, "1.00 of about 2.00 EUR"),
        # What got no reply costs nothing, and is not asked again by this run.
        (Standing(10, answered=4, errors=2, cost=1.0), {"no reply": 2},
         "1.00 of about 2.00 EUR, no reply 2"),
    ],
)  # fmt: skip
def test_where_asking_stands(standing: Standing, outcomes: dict[str, int], text: str) -> None:
    assert standing_text(standing, outcomes, "EUR") == text


def test_without_a_terminal_there_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(shown_progress.time, "monotonic", lambda: clock[0])
    shown, file = console(is_terminal=False)
    with progress_on(shown) as display:
        for second in range(60):
            clock[0] = float(second)
            display.asked("openai/o3", Standing(600, answered=10 * second, seconds=second), {})
    lines = file.getvalue().splitlines()
    assert lines[0] == "openai/o3: 100 of 600, 10.0/s"
    assert len(lines) == 5
    assert "\x1b" not in file.getvalue()


def test_long_asking_without_a_terminal_gives_a_line_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(shown_progress.time, "monotonic", lambda: clock[0])
    shown, file = console(is_terminal=False)
    with progress_on(shown) as display:
        for second in range(301):
            clock[0] = float(second)
            display.asked("m", Standing(10**6, answered=second), {})
    assert len(file.getvalue().splitlines()) == 5


def test_on_a_terminal_there_is_a_bar_with_spend() -> None:
    shown, file = console(is_terminal=True)
    with progress_on(shown) as display:
        display(1, 2, "pilots")
        display.asked("m/x", Standing(100, answered=50, cost=0.5, seconds=1), {"empty": 3})
    assert "m/x" in file.getvalue()
    assert "0.50 of about 1.00 USD, empty 3" in file.getvalue()


def test_a_notebook_without_widgets_gets_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shown_progress, "find_spec", lambda name: None)
    file = io.StringIO()
    shown = Console(file=file, force_jupyter=False, force_terminal=False)
    monkeypatch.setattr(shown, "is_jupyter", True)
    with progress_on(shown) as display:
        display.asked("m", Standing(10, answered=5), {})
    assert file.getvalue() == capsys.readouterr().out == ""
