"""Judges' scores of interview answers: means over judges, intervals, and whether judges agree."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey import metrics
from alignsurvey.benchmark.judge_files import judge_lines
from alignsurvey.benchmark.paper import score_paper
from alignsurvey.benchmark.rows import PredictionRow, Task
from alignsurvey.randomness import hash_ids, stable_hash
from alignsurvey.tasks.queries import Query
from alignsurvey.tasks.replies import OUTCOMES, Outcome, read_judge
from alignsurvey.tasks.replies.judge import DIMENSIONS

Row = dict[str, Any]
Floats = NDArray[np.float64]

REPLICATES = 1000
LOWEST, HIGHEST = 1.0, 5.0


@dataclass(frozen=True)
class Judged:
    """What judges said of one model's answers.

    Parameters
    ----------
    model : str
    people : tuple
        Who is simulated in each answer: the bootstrap draws persons.
    queries : tuple of Query or None
        What the judges were asked about each answer; None where it has no words.
    replies : mapping of str to tuple of (str or None)
        Judge -> its raw replies.
    """

    model: str
    people: tuple[Hashable, ...] = field(repr=False)
    queries: tuple[Query | None, ...] = field(repr=False)
    replies: Mapping[str, tuple[str | None, ...]] = field(repr=False)

    def scores(self) -> Floats:
        """Return the scores read, shape (judges, answers, 3); NaN where there is none."""
        read = [[read_judge(one or "").scores.values() for one in own]
                for own in self.replies.values()]  # fmt: skip
        table = [[[np.nan if score is None else score for score in one] for one in own]
                 for own in read]  # fmt: skip
        return np.array(table, np.float64).reshape(len(table), len(self.queries), len(DIMENSIONS))

    def outcomes(self) -> dict[str, dict[Outcome, int]]:
        """Judge -> how many of its replies were answers, refusals and so on."""
        asked = [query is not None for query in self.queries]
        found = {}
        for judge, replies in self.replies.items():
            kinds = [read_judge(one or "").outcome
                     for one, was in zip(replies, asked, strict=True) if was]  # fmt: skip
            found[judge] = {outcome: kinds.count(outcome) for outcome in OUTCOMES}
        return found

    def lines(self) -> Iterator[str]:
        """Write the replies as JSON lines, which ``recorded/FILE`` reads back as judges."""
        for judge, replies in self.replies.items():
            yield from judge_lines(judge, self.model, self.queries, replies)


def judge_rows(judged: Judged, seed: int = 42) -> list[Row]:
    """Score one model's answers from judges' replies, in the columns of a benchmark's scores.

    Strict: naturalness, style and consistency of each judge (``part`` is the judge's name) and
    their mean over judges (``part`` is ""), with intervals from a bootstrap over respondents, and
    the judges' agreement, ``alpha_naturalness`` and so on: Krippendorff's ordinal alpha. Paper:
    the released scorer's means over the same replies, a judge at a time, and the mean of these.

    Parameters
    ----------
    judged : Judged
    seed : int

    Returns
    -------
    list of dict
        n is the number of answers, and parse_rate the share of answers with a score (for alpha:
        with scores of two judges or more). value is None where no score could be read.
    """
    scores = judged.scores()
    unique, person = np.unique(hash_ids(judged.people), return_inverse=True)
    key = stable_hash(seed, "judges") >> 32
    weights = metrics.replicate_weights(len(unique), REPLICATES, key)[:, person]
    rows: list[Row] = []
    for place, dimension in enumerate(DIMENSIONS):
        of_judges = scores[:, :, place]
        rows += _means(judged, dimension, of_judges, weights)
        if len(of_judges) > 1:
            rows.append(_alpha(judged, dimension, of_judges, weights))
    return rows + list(_released(judged))


def _means(judged: Judged, dimension: str, scores: Floats, weights: Floats) -> Iterator[Row]:
    """Each judge's mean, and the mean of those judges of whom any score could be read."""
    shares = np.isfinite(scores).mean(axis=1)
    values = np.array([metrics.mean(own) for own in scores])
    draws = np.array([metrics.mean(own, weights) for own in scores])
    read = shares > 0
    if read.any():
        value, drawn = values[read].mean(), draws[read].mean(axis=0)
    else:
        value, drawn = values[0], draws[0]
    yield _row(judged, "", dimension, value, drawn, shares.mean())
    for place, judge in enumerate(judged.replies):
        yield _row(judged, judge, dimension, values[place], draws[place], shares[place])


def _alpha(judged: Judged, dimension: str, scores: Floats, weights: Floats) -> Row:
    value = metrics.krippendorff_alpha(scores, "ordinal")
    drawn = metrics.krippendorff_alpha(scores, "ordinal", weights)
    share = float((np.isfinite(scores).sum(axis=0) > 1).mean())
    return _row(judged, "", f"alpha_{dimension}", value, drawn, share, (-1.0, 1.0))


def _row(
    judged: Judged,
    part: str,
    metric: str,
    value: Any,
    draws: Floats,
    share_read: Any,
    bounds: tuple[float, float] = (LOWEST, HIGHEST),
) -> Row:
    low, high = metrics.interval(value, draws, bounds=bounds)
    numbers = {"value": value, "low": low, "high": high}
    known = {name: float(one) if np.isfinite(one) else None for name, one in numbers.items()}
    return _named(judged, part, "strict", metric) | known | {"parse_rate": float(share_read)}


def _released(judged: Judged) -> Iterator[Row]:
    """Score as the released scripts do, which know the dimensions by their Chinese names alone."""
    found = {judge: _released_means(replies) for judge, replies in judged.replies.items()}
    for dimension in DIMENSIONS:
        own = [one[dimension] for one in found.values()]
        read = [value for value, _ in own if value is not None]
        together = float(np.mean(read)) if read else None
        mean_share = float(np.mean([share for _, share in own]))
        parts = {"": (together, mean_share)} | dict(zip(found, own, strict=True))
        for part, (value, share) in parts.items():
            numbers = {"value": value, "parse_rate": share}
            yield _named(judged, part, "paper", dimension) | numbers


def _released_means(replies: Sequence[str | None]) -> dict[str, tuple[float | None, float]]:
    """Dimension -> the released mean of one judge's scores, and the share of answers with one."""
    rows = [PredictionRow(n, str(n), {"predict": one or ""}) for n, one in enumerate(replies, 1)]
    score = score_paper(Task.INTERVIEW, rows)
    return {
        name: (
            score.metrics[name],
            float(np.mean([one[name] is not None for one in score.rows.values()])),
        )
        for name in DIMENSIONS
    }


def _named(judged: Judged, part: str, mode: str, metric: str) -> Row:
    return {"task": Task.INTERVIEW.value, "part": part, "model": judged.model, "mode": mode,
            "metric": metric, "n": len(judged.queries)}  # fmt: skip
