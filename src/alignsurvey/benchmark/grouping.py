"""Group scores of the stance and response tasks, aggregated from individual answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from alignsurvey import metrics
from alignsurvey.benchmark.aggregate import Floats, GroupScore, Ints, Question, score_groups
from alignsurvey.benchmark.respondents import respondents
from alignsurvey.benchmark.rows import FileScore, Task
from alignsurvey.randomness import generator, hash_ids, stable_hash
from alignsurvey.survey.orders import label_order
from alignsurvey.tasks.records import Record

REPLICATES, SPLITS = 500, 50


METRICS = (("w1", True), ("tv", False))
"""Metric, and whether it is of ordered questions."""


def group_scores(
    task: Task,
    records: Sequence[Record],
    scored: FileScore,
    model: str,
    by: Sequence[str],
    seed: int,
) -> list[dict[str, Any]]:
    """Score groups by the answers that were read of their members.

    Parameters
    ----------
    task : Task
        `STANCE` or `RESPONSE`.
    records : sequence of Record
    scored : FileScore
        Strict, with the answer read of each record under its place, from "1".
    model : str
    by : sequence of str
        Attributes of the profile; everybody together is a group as well.
    seed : int

    Returns
    -------
    list of dict
        Rows of `BenchResult.scores`: ``w1`` over ordered questions, ``tv`` over the others.
    """
    parsed = float(np.mean([row["outcome"] == "answered" for row in scored.rows.values()]))
    return [
        {
            "task": f"{task.value}-group",
            "part": "aggregate",
            "model": model,
            "mode": "strict",
            "metric": metric,
            "value": found.distance,
            "low": found.low,
            "high": found.high,
            "n": found.cells,
            "parse_rate": parsed,
            "baseline": None,
            "marginal": None,
            "floor": found.floor,
        }
        for metric, found in group_distances(task, records, scored, by, seed).items()
    ]


def group_distances(
    task: Task, records: Sequence[Record], scored: FileScore, by: Sequence[str], seed: int
) -> dict[str, GroupScore]:
    """Take the distances of groups, with replicates that are the same for every model.

    Returns
    -------
    dict of metric to GroupScore
        Without the metrics that no group is large enough for.
    """
    person, weights, halves = resampled_people(records, seed)
    questions = _questions(task, records, scored, by, person)
    found = {
        metric: score_groups(
            [one for one in questions if one.is_ordered is is_ordered], weights, halves
        )
        for metric, is_ordered in METRICS
    }
    return {metric: score for metric, score in found.items() if score is not None}


def resampled_people(
    records: Sequence[Record], seed: int
) -> tuple[Ints, Floats, tuple[Floats, Floats]]:
    """Resample and halve the people of records, by lots that depend on seed and people alone.

    Returns
    -------
    person : array of int, shape (n,)
        Who each record is from.
    weights : array, shape (1 + B, people)
        Ones, then the weights of each bootstrap replicate.
    halves : (array, array), each of shape (splits, people)
    """
    people = hash_ids(respondents(records))
    unique, person = np.unique(people, return_inverse=True)
    drawn = metrics.replicate_weights(len(unique), REPLICATES, stable_hash(seed, "groups") >> 32)
    return person, np.vstack([np.ones(len(unique)), drawn]), _halves(len(unique), seed)


def _questions(
    task: Task,
    records: Sequence[Record],
    scored: FileScore,
    by: Sequence[str],
    person: Ints,
) -> list[Question]:
    places: dict[tuple[str, str], list[int]] = {}
    for place, record in enumerate(records):
        places.setdefault((record.theme, record.question), []).append(place)
    found = []
    for (theme, question), own in places.items():
        options, is_ordered = ordered_options(task, records[own[0]])
        code = {text: index for index, text in enumerate(options)}
        gold = [code.get(records[place].answer, -1) for place in own]
        read = [scored.rows[str(place + 1)].get("answer") for place in own]
        groups = [("everyone", np.ones(len(own), dtype=bool))]
        for attribute in by:
            values = [records[place].attribute(attribute) for place in own]
            groups += [
                (f"{attribute}: {value}", np.array([one == value for one in values]))
                for value in sorted({value for value in values if value is not None})
            ]
        found.append(
            Question(
                ": ".join(filter(None, (theme, question))),
                options,
                is_ordered,
                np.array(gold),
                np.array([code.get(str(answer), -1) for answer in read]),
                person[own],
                groups,
            )
        )
    return found


def ordered_options(task: Task, record: Record) -> tuple[tuple[str, ...], bool]:
    """Options from low to high where their order is known; shuffled rows show none."""
    texts = sorted(option.text for option in record.options)
    if task is Task.STANCE:
        for stances in (("消极", "中立", "积极"), ("negative", "neutral", "positive")):
            if set(texts) == set(stances):
                return stances, True
    order = label_order(texts)
    if order is None:
        return tuple(texts), False
    return tuple(texts[place] for place in order), True


def _halves(people: int, seed: int) -> tuple[Floats, Floats]:
    lots = np.empty((SPLITS, people))
    for split in range(SPLITS):
        drawn = generator(seed, "group halves", split).permutation(people)
        lots[split, drawn] = np.arange(people)
    first = metrics.random_halves(lots).astype(np.float64)
    return first, 1 - first
