"""Groups by aggregation: what individual answers say about the distribution in a group.

The paper's text aggregates individual predictions; its released scripts score shares that a model
writes down. This is the first of the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alignsurvey import metrics

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Question:
    """Gold and predicted answers of the people asked one question.

    Parameters
    ----------
    name : str
    options : tuple of str
        From low to high where `is_ordered`.
    is_ordered : bool
        Whether distances between options mean something: W1, else total variation.
    gold, predicted : array of int, shape (n,)
        Positions among the options, -1 for none.
    people : array of int, shape (n,)
        Which person of the data each answer is from: the bootstrap draws persons.
    groups : sequence of (name, members)
        Members as an array of bool, shape (n,).
    """

    name: str
    options: tuple[str, ...]
    is_ordered: bool
    gold: Ints
    predicted: Ints
    people: Ints
    groups: Sequence[tuple[str, NDArray[np.bool_]]]


@dataclass(frozen=True)
class GroupScore:
    """Mean distance between predicted and real distributions over groups and questions.

    Parameters
    ----------
    distance, low, high : float
        W1 in steps of the scale for ordered questions, total variation for the others.
    floor : float
        The distance that two halves of the people have, stepped up to the size of the groups.
    cells : int
        Groups times questions that were scored.
    smallest_n : int
        People in the smallest of them.
    by_cell : mapping of (question, group) to array, shape (1 + B,)
        The distance of each, then its bootstrap replicates.
    """

    distance: float
    low: float
    high: float
    floor: float
    cells: int
    smallest_n: int
    by_cell: Mapping[tuple[str, str], Floats] = field(default_factory=dict, repr=False)


def score_groups(
    questions: Sequence[Question],
    weights: Floats,
    halves: tuple[Floats, Floats],
    level: float = 0.95,
    minimum_n: int = 10,
) -> GroupScore | None:
    """Score the groups of several questions together.

    Parameters
    ----------
    questions : sequence of Question
    weights : array, shape (1 + B, people)
        Weights of the persons, then those of each bootstrap replicate.
    halves : (array, array), each of shape (splits, people)
        Weights of two disjoint halves of the persons, for the floor.
    level : float
    minimum_n : int
        Smaller groups are not scored.

    Returns
    -------
    GroupScore or None
        None if no group is large enough.
    """
    distances: dict[tuple[str, str], Floats] = {}
    floors, sizes = [], []
    for question in questions:
        for group, members in question.groups:
            known = members & (question.gold >= 0)
            if known.sum() < minimum_n or not (question.predicted[known] >= 0).any():
                continue
            w = weights[:, question.people[known]]
            gold, predicted = question.gold[known], question.predicted[known]
            distances[question.name, group] = _distance(question, gold, predicted, w, w)
            first, second = (half[:, question.people[known]] for half in halves)
            apart = _distance(question, gold, gold, first, second)
            floors.append(metrics.stepped_up("w1", apart, half=1, n=2))
            sizes.append(int(known.sum()))
    if not distances:
        return None
    mean = np.nanmean(list(distances.values()), axis=0)
    low, high = metrics.interval(mean[0], mean[1:], level, bounds=(0.0, np.inf))
    return GroupScore(
        float(mean[0]), float(low), float(high), float(np.mean(floors)), len(sizes), min(sizes),
        distances,
    )  # fmt: skip


def _distance(
    question: Question, gold: Ints, predicted: Ints, w_gold: Floats, w_predicted: Floats
) -> Floats:
    k = len(question.options)
    p = metrics.shares(gold, k, w_gold)
    q = metrics.shares(predicted, k, w_predicted)
    return metrics.w1(p, q) if question.is_ordered else metrics.tv(p, q)
