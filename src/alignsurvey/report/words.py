"""Facts of a study in words: who judged, the pilot, the intervals, what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from alignsurvey.report.numbers import count

if TYPE_CHECKING:
    from alignsurvey.fidelity.result import FidelityResult


def pilot_in_words(about: Mapping[str, Any]) -> str:
    """Say who may have been learned from.

    Examples
    --------
    >>> pilot_in_words({"pilot": {"n": 100, "replicates": 20, "seed": 42}})
    'pilot: 100 people, drawn 20 times (seed 42), never among the judges'
    >>> pilot_in_words({"pilot": None})
    'no pilot: whoever learns is fitted without the people it answers for'
    """
    pilot = about.get("pilot")
    if not pilot:
        return "no pilot: whoever learns is fitted without the people it answers for"
    drawn = int(pilot.get("replicates", 1))
    times = "drawn once" if drawn == 1 else f"drawn {drawn} times"
    return (
        f"pilot: {count(pilot.get('n'))} people, {times} (seed {pilot.get('seed')}), "
        "never among the judges"
    )


def intervals_in_words(about: Mapping[str, Any]) -> str:
    """Say what an interval is.

    Examples
    --------
    >>> intervals_in_words({"bootstrap": {"replicates": 500, "level": 0.95}})
    '[low high]: 95% bootstrap interval over respondents, 500 resamples'
    """
    bootstrap = about.get("bootstrap") or {}
    level, replicates = bootstrap.get("level"), bootstrap.get("replicates")
    if level is None:
        return "[low high]: bootstrap interval over respondents"
    return (
        f"[low high]: {level * 100:g}% bootstrap interval over respondents, "
        f"{count(replicates)} resamples"
    )


def left_out_in_words(result: FidelityResult, at_most: int) -> list[str]:
    """List what could not be scored, and why, a line each."""
    reasons: dict[str, list[str]] = {}
    for row in result.left_out.to_dicts():
        named = " ".join(str(row[part]) for part in ("what", "name") if row.get(part))
        reasons.setdefault(named, []).append(str(row.get("reason") or "no reason given"))
    lines = [
        f"left out: {named}: {own[0]}" + (f" (and {len(own) - 1} more)" if own[1:] else "")
        for named, own in list(reasons.items())[:at_most]
    ]
    more = len(reasons) - at_most
    return [*lines, f"left out: {more} more, all of them in the report"] if more > 0 else lines
