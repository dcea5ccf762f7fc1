"""Groups: how far predicted shares are from the group's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from alignsurvey.benchmark.rows import FileScore, PredictionRow, Problem
from alignsurvey.benchmark.strict.content import Asked, asked, label, no_gold, prediction
from alignsurvey.benchmark.strict.estimates import Floats, Resampling, estimates
from alignsurvey.benchmark.strict.judged import Judged
from alignsurvey.metrics import tv, w1
from alignsurvey.tasks.replies import (
    STANCES,
    Options,
    Shares,
    read_options,
    read_shares,
    strip_thoughts,
)

_STANCES: Options = tuple(("ABC"[i], zh) for i, (zh, _) in enumerate(STANCES))


def score_groups(
    rows: Sequence[PredictionRow], keys: Sequence[str], resampling: Resampling, *, stances: bool
) -> FileScore:
    """Score shares; positions are 0..K-1 in the order of the prompt's options."""
    judged = Judged()
    pairs: list[tuple[tuple[float, ...] | None, tuple[float, ...]]] = []
    shown: list[dict[str, Any]] = []
    for place, (row, key) in enumerate(zip(rows, keys, strict=True)):
        one = _options(row, asked(row), stances, judged.problems)
        said, gold = read_shares(prediction(row), one.options), read_shares(label(row), one.options)
        judged.rows[key] = entry = _entry(said, gold, one.options)
        if gold.shares is None or len(gold.shares) < 2:
            judged.problems.append(no_gold(row, gold.note or gold.outcome))
            continue
        judged.count(place, said.outcome)
        pairs.append((said.shares, gold.shares))
        shown.append(entry)
    columns = _distances(pairs)
    for entry, column in zip(shown, columns, strict=True):
        entry["w1"] = float(column[0]) if column[3] else None
    found = estimates(
        columns, _statistics, judged.among(resampling), {"w1": np.inf, "w1_with_penalty": np.inf}
    )
    return FileScore(judged.metrics() | found, judged.rows, tuple(judged.problems))


def _options(row: PredictionRow, one: Asked, stances: bool, problems: list[Problem]) -> Asked:
    """Return what was asked; where no options are printed, those of the label."""
    if one.options:
        return one
    lines = [
        line.rsplit(":", 1)[0].rsplit("：", 1)[0] for line in strip_thoughts(label(row)).split("\n")
    ]
    options = read_options("选项：\n" + "\n".join(line for line in lines if line.strip()))
    source = "those of the label are taken"
    texts = {text for _, text in options}
    if stances and (not options or texts == {zh for zh, _ in STANCES}):
        options, source = options or _STANCES, source if options else "the three stances are taken"
    problems.append(Problem(row.line, f"no options in the prompt; {source}"))
    return replace(one, options=options)


def _entry(said: Shares, gold: Shares, options: Options) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "outcome": said.outcome,
        "shares": _by_text(said, options),
        "gold": _by_text(gold, options),
        "w1": None,
    }
    return {**entry, "note": said.note} if said.note else entry


def _by_text(read: Shares, options: Options) -> dict[str, float] | None:
    if read.shares is None:
        return None
    return {text: share for (_, text), share in zip(options, read.shares, strict=True)}


def _distances(
    pairs: Sequence[tuple[tuple[float, ...] | None, tuple[float, ...]]],
) -> Floats:
    """Return for each row W1, W1 by range, TV, whether it was read, W1 with penalty, and 1."""
    columns = np.zeros((len(pairs), 6))
    columns[:, 5] = 1.0
    for k in {len(gold) for _, gold in pairs}:
        rows = np.array([i for i, (_, gold) in enumerate(pairs) if len(gold) == k])
        columns[rows, 4] = k - 1  # what the released scripts charge for an unreadable reply
        read = np.array([i for i in rows if pairs[i][0] is not None], dtype=np.int64)
        if not len(read):
            continue
        said = np.array([pairs[i][0] for i in read], dtype=np.float64)
        gold = np.array([pairs[i][1] for i in read], dtype=np.float64)
        distance = w1(said, gold)
        columns[read, 0] = columns[read, 4] = distance
        columns[read, 1] = distance / (k - 1)
        columns[read, 2] = tv(said, gold)
        columns[read, 3] = 1.0
    return columns


def _statistics(sums: Floats) -> dict[str, Floats]:
    read = sums[..., 3]
    return {
        "w1": sums[..., 0] / read,
        "w1_normalized": sums[..., 1] / read,
        "tv": sums[..., 2] / read,
        "w1_with_penalty": sums[..., 4] / sums[..., 5],
    }
