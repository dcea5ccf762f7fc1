"""Groups: how far predicted shares are from the group's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from alignsurvey.benchmark.rows import FileScore, PredictionRow, Problem
from alignsurvey.benchmark.strict.content import Asked, asked, label, no_gold, prediction
from alignsurvey.benchmark.strict.estimates import Floats, Resampling, estimates
from alignsurvey.benchmark.strict.judged import Judged
from alignsurvey.benchmark.strict.scales import Placing, place_options
from alignsurvey.benchmark.strict.share_reading import shares_said
from alignsurvey.metrics import tv, w1
from alignsurvey.survey.codebook import Codebook
from alignsurvey.tasks.replies import (
    STANCES,
    Options,
    Shares,
    read_options,
    strip_thoughts,
)


@dataclass(frozen=True)
class _Pair:
    """Shares said and real, and where the options stand; None where they have no order."""

    said: tuple[float, ...] | None
    gold: tuple[float, ...]
    positions: tuple[float, ...] | None


_STANCES: Options = tuple(("ABC"[i], zh) for i, (zh, _) in enumerate(STANCES))


def score_groups(
    rows: Sequence[PredictionRow],
    keys: Sequence[str],
    resampling: Resampling,
    *,
    stances: bool,
    codebook: Codebook | None = None,
) -> FileScore:
    """Score shares; positions are the codebook's, else 0..K-1 in the order of the options."""
    judged = Judged()
    pairs: list[_Pair] = []
    shown: list[dict[str, Any]] = []
    known: dict[Asked, Placing] = {}
    for place, (row, key) in enumerate(zip(rows, keys, strict=True)):
        one = _options(row, asked(row), stances, judged.problems)
        said, gold = shares_said(prediction(row), one.options), shares_said(label(row), one.options)
        judged.rows[key] = entry = _entry(said, gold, one.options)
        if gold.shares is None or len(gold.shares) < 2:
            judged.problems.append(no_gold(row, gold.note or gold.outcome))
            continue
        judged.count(place, said.outcome)
        placing = known.get(one)
        if placing is None:
            placing = known[one] = place_options(one, codebook)
        if placing.note:
            judged.problems.append(Problem(row.line, placing.note))
        pairs.append(_Pair(said.shares, gold.shares, placing.positions))
        shown.append(entry)
    columns = _distances(pairs)
    for entry, column in zip(shown, columns, strict=True):
        entry["w1"] = float(column[0]) if column[6] else None
    found = estimates(
        columns, _statistics, judged.among(resampling), {"w1": np.inf, "w1_with_penalty": np.inf}
    )
    nominal = sum(pair.positions is None for pair in pairs)
    metrics = judged.metrics() | found | ({"n_nominal": nominal} if nominal else {})
    return FileScore(metrics, judged.rows, tuple(judged.problems))


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


def _distances(pairs: Sequence[_Pair]) -> Floats:
    """Return for each row W1, W1 by range, TV, was it read, W1 with penalty, has it an order,
    and both: read and with an order.
    """
    columns = np.zeros((len(pairs), 7))
    by_scale: dict[tuple[int, tuple[float, ...] | None], list[int]] = {}
    for place, pair in enumerate(pairs):
        by_scale.setdefault((len(pair.gold), pair.positions), []).append(place)
    for (_, positions), rows in by_scale.items():
        read = [row for row in rows if pairs[row].said is not None]
        said = np.array([pairs[row].said for row in read], dtype=np.float64)
        gold = np.array([pairs[row].gold for row in read], dtype=np.float64)
        columns[read, 3] = 1.0
        if read:
            columns[read, 2] = tv(said, gold)
        if positions is None:
            continue
        columns[rows, 5] = 1.0
        columns[read, 6] = 1.0
        longest = max(positions) - min(positions)
        columns[rows, 4] = longest  # what the released scripts charge for an unreadable reply
        if read:
            distance = w1(said, gold, positions)
            columns[read, 0] = columns[read, 4] = distance
            columns[read, 1] = distance / longest if longest else 0.0
    return columns


def _statistics(sums: Floats) -> dict[str, Floats]:
    placed = sums[..., 6]
    return {
        "w1": sums[..., 0] / placed,
        "w1_normalized": sums[..., 1] / placed,
        "tv": sums[..., 2] / sums[..., 3],
        "w1_with_penalty": sums[..., 4] / sums[..., 5],
    }
