"""Rows of benchmark scores for tables: both modes of a score beside each other, and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import polars as pl

from alignsurvey.report.vocabulary import known

TASKS = MappingProxyType(
    {
        "role": "Task 1, role",
        "interview": "Task 2, interview",
        "stance": "Task 3, stance",
        "stance-group": "Task 3, stance of groups",
        "response": "Task 4, response",
        "response-group": "Task 4, response of groups",
    }
)
"""Tasks in the order of the paper, as they are headed."""

MODES_IN_WORDS = MappingProxyType(
    {
        "role": "Paper: a list is right if it shares any item, and of the main spending only the "
        "first quoted item counts. Strict: the whole set must be right; set F1 says how near.",
        "interview": "Paper: judges' whole numbers alone. Strict: other ways to write a judge's "
        "score are read too. ROUGE-L, chrF and distinct-2 need no judge and are no judge's scores.",
        "stance": "Paper: replies without predict or reason are dropped, and two unreadable sides "
        "agree. Strict: every reply counts, and JSON with a slip is read.",
        "stance-group": "Paper: stances in the order of their code points, an unreadable reply "
        "the largest distance. Strict: from negative to positive, unreadable replies counted.",
        "response": "Paper: F1 over letter and text, with all questions together, though letters "
        "are shuffled. Strict: F1 over the options of each question, then the mean.",
        "response-group": "Paper: options in the order of their code points, an unreadable reply "
        "the largest distance. Strict: the order of the scale, unreadable replies counted.",
    }
)
"""In a line for each task: where the two modes differ."""

_METRICS = {
    "accuracy": "accuracy", "macro_f1": "macro-F1", "set_f1": "set F1", "rouge_l": "ROUGE-L",
    "rouge_1": "ROUGE-1", "rouge_2": "ROUGE-2", "chrf": "chrF", "distinct_1": "distinct-1",
    "distinct_2": "distinct-2", "w1": "W1", "tv": "TV",
    "macro_precision": "macro-precision", "macro_recall": "macro-recall", "alpha": "alpha",
}  # fmt: skip
_PARTS = {
    "basic": "mean of basic fields", "social": "mean of social fields",
    "family": "mean of family fields", "aggregate": "aggregated", "verbalized": "verbalized",
}  # fmt: skip
FIELD_MEANS = ("basic", "social", "family")
_JUDGED = ("naturalness", "style", "consistency")


@dataclass(frozen=True)
class ScoreRow:
    """A score of a model in both modes, with what goes with it; None is a number not known.

    Parameters
    ----------
    task, part, metric, model : str
        As in the scores of a benchmark run.
    strict, low, high : float, optional
        The strict score and its interval.
    paper : float, optional
        As the released scripts score.
    majority, majority_paper : float, optional
        The most frequent answer of other people, in either mode.
    marginal : float, optional
        Draws from other people's answers.
    floor : float, optional
        Of distances: a second sample of people.
    n : int, optional
    parse_rate : float, optional
    """

    task: str
    part: str
    metric: str
    model: str
    strict: float | None = None
    low: float | None = None
    high: float | None = None
    paper: float | None = None
    majority: float | None = None
    majority_paper: float | None = None
    marginal: float | None = None
    floor: float | None = None
    n: int | None = None
    parse_rate: float | None = None

    @property
    def digits(self) -> int:
        """Digits after the point; judges' scores from 1 to 5 have two."""
        return 2 if self.metric in _JUDGED else 3

    @property
    def differs(self) -> bool:
        """Whether the two modes give different numbers, as they are printed."""
        if self.strict is None or self.paper is None:
            return False
        return round(self.strict, self.digits) != round(self.paper, self.digits)

    @property
    def is_field(self) -> bool:
        """Whether it is of one field of the role task, not a mean over fields."""
        return self.task == "role" and self.part not in FIELD_MEANS

    @property
    def name(self) -> str:
        """What is scored, below the heading of its task.

        Examples
        --------
        >>> ScoreRow("role", "Owns a car", "accuracy", "m").name
        'Owns a car'
        >>> ScoreRow("response-group", "aggregate", "w1", "m").name
        'W1, aggregated'
        """
        metric = _METRICS.get(self.metric, self.metric.replace("_", " "))
        part = _PARTS.get(self.part, self.part)
        if self.task == "role":
            return part if self.metric == "accuracy" else f"{part}, {metric}"
        return f"{metric}, {part}" if part else metric


def benchmark_rows(scores: pl.DataFrame) -> list[ScoreRow]:
    """Put both modes of each score into one row, in the order of the tasks.

    Parameters
    ----------
    scores : polars.DataFrame
        `alignsurvey.benchmark.bench.BenchResult.scores`.

    Returns
    -------
    list of ScoreRow
        By task; role fields before their means; models in the order of the run within a score.

    Examples
    --------
    >>> import polars as pl
    >>> columns = ["task", "part", "model", "mode", "metric", "value", "low", "high", "n",
    ...            "parse_rate", "baseline", "floor"]
    >>> table = pl.DataFrame([
    ...     ("response", "", "m", "strict", "accuracy", 0.5, 0.4, 0.6, 58, 1.0, 0.3, None),
    ...     ("response", "", "m", "paper", "accuracy", 0.4, None, None, 58, None, 0.3, None),
    ... ], schema=columns, orient="row")
    >>> [(row.strict, row.paper, row.differs) for row in benchmark_rows(table)]
    [(0.5, 0.4, True)]
    """
    found: dict[tuple[str, ...], ScoreRow] = {}
    # Strict comes last: n and parse rate are its own where both modes have them.
    for row in scores.sort(pl.col("mode") == "strict", maintain_order=True).iter_rows(named=True):
        metric = "w1" if row["metric"] == "mean_wd" else row["metric"]
        key = (row["task"], row["part"] or "", metric, row["model"])
        found[key] = replace(found.get(key, ScoreRow(*key)), **dict(_numbers(row)))
    keys = [(row[0], row[1] or "", "w1" if row[2] == "mean_wd" else row[2])
            for row in scores.select("task", "part", "metric").iter_rows()]  # fmt: skip
    places = {key: place for place, key in reversed(list(enumerate(keys)))}
    order = list(TASKS)
    return sorted(
        found.values(),
        key=lambda row: (
            order.index(row.task) if row.task in order else len(order),
            row.part in FIELD_MEANS,
            places[row.task, row.part, row.metric],
        ),
    )


def _numbers(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Numbers of a row under their names in both modes; what both have is the strict mode's."""
    names = {"n": "n", "parse_rate": "parse_rate", "floor": "floor"}
    if row["mode"] == "strict":
        names |= {"value": "strict", "baseline": "majority"}
        names |= {name: name for name in ("low", "high", "marginal")}
    else:
        names |= {"value": "paper", "baseline": "majority_paper"}
    for column, name in names.items():
        if known(row.get(column)):
            yield name, row[column]


def differences_in_words(rows: list[ScoreRow]) -> dict[str, str]:
    """Say, for each task whose scores differ between the modes, why; a line a task."""
    tasks = dict.fromkeys(row.task for row in rows if row.differs)
    return {task: MODES_IN_WORDS[task] for task in tasks if task in MODES_IN_WORDS}
