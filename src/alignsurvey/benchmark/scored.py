"""Replies of models to the parts of a benchmark, scored in both modes, and rows of its table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from alignsurvey.benchmark.asking import Pair
from alignsurvey.benchmark.paper import score_paper
from alignsurvey.benchmark.paper.reading import paper_read
from alignsurvey.benchmark.parts import Part
from alignsurvey.benchmark.reference import score_references
from alignsurvey.benchmark.respondents import respondents
from alignsurvey.benchmark.rows import FileScore, Task
from alignsurvey.benchmark.strict import score_strict

SHOWN = {
    Task.ROLE: ("accuracy", "set_f1"),
    Task.INTERVIEW: ("rouge_l", "chrf", "distinct_2"),
    Task.STANCE: ("accuracy", "macro_f1"),
    Task.RESPONSE: ("accuracy", "macro_f1"),
    Task.STANCE_GROUP: ("w1",),
    Task.RESPONSE_GROUP: ("w1", "tv"),
}
"""Metrics of the summary, where a mode has them."""

_COUNTS = ("n", "total", "total_samples", "total_count", "n_scored")
"""What a mode calls the rows that it scored."""

SCHEMA = {
    "task": pl.String,
    "part": pl.String,
    "model": pl.String,
    "mode": pl.String,
    "metric": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n": pl.Int64,
    "parse_rate": pl.Float64,
    "baseline": pl.Float64,
    "marginal": pl.Float64,
    "floor": pl.Float64,
}
"""Columns of the score table."""


@dataclass(frozen=True)
class Scored:
    """One model's replies to one part, scored in one mode.

    Parameters
    ----------
    part : Part
    model : str
    mode : "strict" or "paper"
    replies : tuple of str
        One a record of the part, "" where none came.
    score : FileScore
        Its rows lie under the places of the records, "1" the first.
    asked : tuple of (Query, Reply)
        One a record; empty for models that were not asked.
    """

    part: Part
    model: str
    mode: str
    replies: tuple[str, ...]
    score: FileScore
    asked: tuple[Pair, ...] = ()


def score_replies(
    part: Part, model: str, replies: Sequence[str], seed: int, asked: Sequence[Pair] = ()
) -> Iterator[Scored]:
    """Score a model's replies to a part strictly, and as released where the release scores it."""
    for mode, score in _scored(part, replies, seed, asked):
        yield Scored(part, model, mode, tuple(replies), score, tuple(asked))


def score_rows(one: Scored) -> list[dict[str, Any]]:
    """Make rows of the score table (`SCHEMA`) of what was scored."""
    rows = _rows(one.part, one.model, one.mode, one.score)
    if one.mode == "paper" and one.replies:
        read = paper_read(one.part.task, one.replies, one.score, one.part.name or None)
        return [row | {"parse_rate": float(read.mean())} for row in rows]
    return rows


def _scored(
    part: Part, replies: Sequence[str], seed: int, asked: Sequence[Pair]
) -> Iterator[tuple[str, FileScore]]:
    if part.task is Task.INTERVIEW:
        # The released scorer reads judges' replies; without a judge there are references only.
        people = respondents(part.records)
        golds = [record.answer for record in part.records]
        yield "strict", score_references(replies, golds, people, seed)
        return
    rows = part.rows(replies, [query for query, _ in asked])
    yield "strict", score_strict(part.task, rows, part.name or None)
    yield "paper", score_paper(part.task, rows, part.name or None)


def _rows(part: Part, model: str, mode: str, scored: FileScore) -> list[dict[str, Any]]:
    found = []
    for metric in SHOWN[part.task]:
        value = scored.metrics.get(metric, scored.metrics.get(f"overall_{metric}"))
        if mode == "paper" and metric == "macro_f1":
            value = scored.metrics.get("f1_macro", scored.metrics.get("overall_f1_macro"))
        if mode == "paper" and metric == "w1":
            value = scored.metrics.get("mean_wd")
        if value is None:
            continue
        found.append(
            {
                "task": part.task.value,
                "part": part.name,
                "model": model,
                "mode": mode,
                "metric": metric,
                "value": value,
                "low": scored.metrics.get(f"{metric}_low"),
                "high": scored.metrics.get(f"{metric}_high"),
                "n": next((scored.metrics[key] for key in _COUNTS if key in scored.metrics), 0),
                "parse_rate": scored.metrics.get("parse_rate"),
                "baseline": None,
                "marginal": None,
                "floor": None,
            }
        )
    return found
