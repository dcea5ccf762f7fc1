"""Baselines of verbalized shares: what other people, or other groups, answered."""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from alignsurvey.benchmark.baselines import BASELINES, topic
from alignsurvey.errors import InputError, nearest
from alignsurvey.tasks.records import GroupRow, Record

if TYPE_CHECKING:
    from alignsurvey.benchmark.verbalized import GroupPart


def baseline_shares(name: str, groups: GroupPart) -> list[str]:
    """Say the shares that a baseline expects of each group.

    Majority and marginal say the shares of the people outside the group, uniform equal shares.
    """
    replies = []
    for cell in groups.cells:
        options = cell.record.options
        equal = tuple(1 / len(options) for _ in options)
        shares = equal if name == "baseline/uniform" else cell.others
        replies.append(write_percent(options, shares))
    return replies


def released_shares(name: str, records: Sequence[Record]) -> list[str]:
    """Say the shares that a baseline expects of released groups, whose people are not known.

    Majority and marginal say the mean of the other groups that were asked the same question, ""
    where there is none; uniform says equal shares.

    Raises
    ------
    InputError
        There is no such baseline.
    """
    if name not in BASELINES:
        raise InputError(f"no baseline '{name}' for the benchmark; {nearest(name, BASELINES)}")
    asked: dict[Hashable, list[dict[str, float]]] = {}
    for one in records:
        asked.setdefault(topic(one), []).append(_by_text(one))
    replies = []
    for one in records:
        own, others = _by_text(one), list(asked[topic(one)])
        others.remove(own)
        said = {text: 1 / len(own) for text in own}
        if name != "baseline/uniform":
            said = {text: float(np.mean([other[text] for other in others]))
                    for text in own} if others else {}  # fmt: skip
        letters = {option.text: option.letter for option in one.options}
        replies.append("\n".join(
            f"{letters[text]}. {text}: {100 * share:.6f}%" for text, share in said.items()
        ))  # fmt: skip
    return replies


def _by_text(record: Record) -> dict[str, float]:
    assert isinstance(record, GroupRow)
    return {one.text: share for one, share in zip(record.options, record.shares, strict=True)}


def write_percent(options: Sequence[str], shares: Sequence[float]) -> str:
    """Write percentages as the template asks for them, unrounded."""
    said = {text: round(100 * share, 6) for text, share in zip(options, shares, strict=True)}
    return json.dumps(said, ensure_ascii=False)
