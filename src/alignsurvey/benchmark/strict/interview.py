"""Interviews: what judges gave, a dimension at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from alignsurvey.benchmark.rows import FileScore, PredictionRow
from alignsurvey.benchmark.strict.content import prediction
from alignsurvey.benchmark.strict.estimates import Floats, Resampling, estimates
from alignsurvey.benchmark.strict.judged import Judged
from alignsurvey.tasks.replies import read_judge
from alignsurvey.tasks.replies.judge import DIMENSIONS

_HIGHEST = 5.0


def score_interview(
    rows: Sequence[PredictionRow], keys: Sequence[str], resampling: Resampling
) -> FileScore:
    """Average the scores that could be read; each dimension has its own share read."""
    judged = Judged()
    columns = np.zeros((len(rows), 2 * len(DIMENSIONS) + 1))
    columns[:, -1] = 1.0
    for place, (row, key) in enumerate(zip(rows, keys, strict=True)):
        read = read_judge(prediction(row))
        entry: dict[str, Any] = {"outcome": read.outcome, "answer": read.scores, **read.scores}
        entry |= {"gold": None, "correct": None}
        judged.rows[key] = {**entry, "note": read.note} if read.note else entry
        judged.count(place, read.outcome)
        for i, score in enumerate(read.scores.values()):
            if score is not None:
                columns[place, 2 * i : 2 * i + 2] = score, 1.0
    found = estimates(columns, _statistics, resampling, dict.fromkeys(DIMENSIONS, _HIGHEST))
    return FileScore(judged.metrics() | found, judged.rows)


def _statistics(sums: Floats) -> dict[str, Floats]:
    means = {name: sums[..., 2 * i] / sums[..., 2 * i + 1] for i, name in enumerate(DIMENSIONS)}
    shares = {
        f"{name}_share_read": sums[..., 2 * i + 1] / sums[..., -1]
        for i, name in enumerate(DIMENSIONS)
    }
    return means | shares
