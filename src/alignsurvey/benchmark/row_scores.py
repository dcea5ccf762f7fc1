"""What each row adds to a score, whatever its task: the rows that two models are paired on."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey.benchmark.paper.reading import paper_read
from alignsurvey.benchmark.respondents import respondents
from alignsurvey.benchmark.scored import Scored

Floats = NDArray[np.float64]

ROW_METRICS = {
    "correct": "accuracy",
    **{name: name for name in ("set_f1", "rouge1", "rouge2", "rougeL", "jaccard", "cosine")},
    **{name: name for name in ("rouge_l", "chrf", "naturalness", "style", "consistency")},
}
"""What a scored row shows -> the metric that is its mean over rows."""


@dataclass(frozen=True)
class RowScores:
    """A model's scores of the rows of a part, in one mode.

    Parameters
    ----------
    task, part, model, mode : str
    values : mapping of metric to array, shape (n,)
        NaN where a row does not count.
    read : array of bool, shape (n,)
        Whether the reply could be read.
    people : sequence, shape (n,)
        Who each row is about.
    fields : array of int, shape (n,)
        The score is the mean over these of their mean over rows; all 0 for a plain mean.
    """

    task: str
    part: str
    model: str
    mode: str
    values: Mapping[str, Floats]
    read: NDArray[np.bool_]
    people: Sequence[Hashable]
    fields: NDArray[np.int64]


def row_scores(scored: Scored) -> RowScores:
    """Take from a score of an individual task what its rows add.

    Examples
    --------
    >>> from alignsurvey.benchmark.parts import Part
    >>> from alignsurvey.benchmark.rows import FileScore, Task
    >>> from alignsurvey.tasks.records import ResponseRecord
    >>> asked = tuple(ResponseRecord(row=row, instruction="…", person=row) for row in (1, 2))
    >>> shown = {"1": {"outcome": "answered", "correct": True},
    ...          "2": {"outcome": "refused", "correct": False}}
    >>> part = Part(Task.RESPONSE, "", asked)
    >>> found = row_scores(Scored(part, "m", "strict", ("A", "-"), FileScore({}, shown)))
    >>> found.values["accuracy"].tolist(), found.read.tolist()
    ([1.0, 0.0], [True, False])
    """
    part, shown = scored.part, list(scored.score.rows.values())
    if scored.mode == "paper":
        read = paper_read(part.task, scored.replies, scored.score, part.name or None)
    else:
        read = np.array([row.get("outcome") == "answered" for row in shown], dtype=bool)
    columns = {name: _column(shown, key) for key, name in ROW_METRICS.items()}
    return RowScores(
        part.task.value,
        part.name,
        scored.model,
        scored.mode,
        {name: values for name, values in columns.items() if not np.isnan(values).all()},
        read,
        respondents(part.records),
        np.zeros(len(part.records), dtype=np.int64),
    )


def _column(shown: Sequence[Mapping[str, Any]], key: str) -> Floats:
    values = [row.get(key) if row.get("counted", True) else None for row in shown]
    return np.array([np.nan if value is None else float(value) for value in values])


def mean_of_fields(counts: Floats, sums: Floats) -> Floats:
    """Average over fields of their means; fields without rows are left out.

    Parameters
    ----------
    counts, sums : array, shape (..., fields)
        Rows of each field, and the sum of their scores.

    Returns
    -------
    array, shape (...)
        NaN where no field has rows.

    Examples
    --------
    >>> mean_of_fields(np.array([2.0, 4.0, 0.0]), np.array([1.0, 4.0, 0.0])).item()
    0.75
    """
    means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    known = (counts > 0).sum(axis=-1)
    empty = np.full(known.shape, np.nan)
    return np.asarray(np.divide(means.sum(axis=-1), known, out=empty, where=known > 0))
