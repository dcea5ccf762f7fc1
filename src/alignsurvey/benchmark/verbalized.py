"""Groups by verbalized shares: what a model says the distribution of answers in a group is.

This is how the released scripts train and score groups; the paper's text aggregates individual
answers, which `alignsurvey.benchmark.grouping` does.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from alignsurvey import metrics
from alignsurvey.benchmark.aggregate import Floats, Ints
from alignsurvey.benchmark.grouping import METRICS, ordered_options, resampled_people
from alignsurvey.benchmark.paired_groups import Cells, SaidShares
from alignsurvey.benchmark.paper import score_paper
from alignsurvey.benchmark.parts import VERBALIZED, Part, question_of
from alignsurvey.benchmark.rows import PredictionRow, Task
from alignsurvey.benchmark.share_baselines import write_percent
from alignsurvey.tasks.queries import Query
from alignsurvey.tasks.records import GroupRecord, Record, StanceRecord, build_groups
from alignsurvey.tasks.replies import read_shares

GROUP_TASKS = {Task.STANCE: Task.STANCE_GROUP, Task.RESPONSE: Task.RESPONSE_GROUP}
MINIMUM_N = 10


@dataclass(frozen=True)
class Cell:
    """A group's real answers to one question.

    Parameters
    ----------
    record : GroupRecord
        The group, the question, its options from low to high where `is_ordered`, their shares.
    is_ordered : bool
    places : array of int, shape (n,)
        Places of the members' records in the part.
    codes : array of int, shape (n,)
        Places of their answers among the options.
    others : tuple of float
        Share of each option among the people who were asked and are not in the group.
    """

    record: GroupRecord
    is_ordered: bool
    places: Ints = field(repr=False)
    codes: Ints = field(repr=False)
    others: tuple[float, ...] = field(repr=False)


@dataclass(frozen=True)
class GroupPart:
    """Groups whose shares are asked for: each value of some attributes.

    A group that is everybody is not asked for: nobody is left for its baseline.
    """

    part: Part
    cells: tuple[Cell, ...]

    @property
    def task(self) -> Task:
        """The group task that belongs to the part's."""
        return GROUP_TASKS[self.part.task]

    @property
    def groups(self) -> list[GroupRecord]:
        """The groups, as they are asked about."""
        return [cell.record for cell in self.cells]


def group_part(part: Part, by: Sequence[str]) -> GroupPart:
    """Make the groups of a stance or response part; without cells where all are too small.

    Raises
    ------
    InputError
        No profile has an attribute, a person gives two answers to a question, or a question has
        different options in two rows.
    """
    first: dict[tuple[str, str], Record] = {}
    for record in part.records:
        first.setdefault(_question(record), record)
    ordered = {key: ordered_options(part.task, one) for key, one in first.items()}
    orders = {key[1] or key[0]: options for key, (options, _) in ordered.items()}
    made = build_groups(part.records, by, MINIMUM_N, orders=orders)
    cells = [_cell(part, record, ordered[record.theme, record.question][1])
             for record in made.records]  # fmt: skip
    return GroupPart(part, tuple(cell for cell in cells if cell is not None))


def score_verbalized(
    groups: GroupPart, model: str, queries: Sequence[Query], replies: Sequence[str], seed: int
) -> tuple[list[dict[str, Any]], SaidShares]:
    """Score the shares that a model says of groups.

    Strictly the distance is W1 in the order of the options, total variation without one, averaged
    over the replies that could be read; the real shares are resampled over respondents. As
    released it is W1 over names sorted by their signs.

    Parameters
    ----------
    groups : GroupPart
    model : str
    queries : sequence of Query
        One a cell, as they were put.
    replies : sequence of str
        One a cell, raw.
    seed : int

    Returns
    -------
    rows : list of dict
        Rows of the score table, part "verbalized". Its n counts groups times questions.
    said : SaidShares
        The distances by question and group, for paired tests.
    """
    said = [
        read_shares(reply, tuple((one.letter, one.text) for one in query.options)).shares
        for query, reply in zip(queries, replies, strict=True)
    ]
    person, weights, halves = resampled_people(groups.part.records, seed)
    rows = []
    distances: dict[str, Cells] = {}
    for metric, is_ordered in METRICS:
        chosen = [
            (cell, None if shares is None else _as_recorded(shares, query))
            for cell, query, shares in zip(groups.cells, queries, said, strict=True)
            if cell.is_ordered is is_ordered
        ]
        if chosen:
            distances[metric] = _by_cell(metric, chosen, person, weights)
            found = _found(metric, chosen, distances[metric], person, halves)
            rows.append(_row(groups, model, "strict", metric, found))
    released = _as_released(groups, queries, replies)
    if released:
        rows.append(_row(groups, model, "paper", "w1", released))
    return rows, SaidShares(model, groups.task.value, len(weights[0]), distances)


def _question(record: Record) -> tuple[str, str]:
    """Theme of a stance, and question, as in group records."""
    return (record.theme if isinstance(record, StanceRecord) else ""), record.question


def _cell(part: Part, record: GroupRecord, is_ordered: bool) -> Cell | None:
    code = {text: place for place, text in enumerate(record.options)}
    seen: set[Hashable] = set()
    asked: list[int] = []
    for place, one in enumerate(part.records):
        who = ("row", place) if one.person is None else ("id", one.person)
        # A row that comes twice counts once, as in the group's shares.
        if _question(one) == (record.theme, record.question) and who not in seen:
            seen.add(who)
            asked.append(place)
    codes = np.array([code[part.records[place].answer] for place in asked])
    inside = np.array([
        all(part.records[place].attribute(key) == value for key, value in record.definition)
        for place in asked
    ])  # fmt: skip
    if inside.all():
        return None
    others = metrics.shares(codes[~inside], len(code))
    members = np.array(asked)[inside]
    return Cell(record, is_ordered, members, codes[inside], tuple(others.tolist()))


def _as_recorded(shares: Sequence[float], query: Query) -> Floats:
    """Put shares from the order shown into the record's."""
    found = np.zeros(len(shares))
    for share, option in zip(shares, query.options, strict=True):
        found[int(option.code)] = share
    return found


@dataclass(frozen=True)
class _Found:
    value: float | None
    low: float | None
    high: float | None
    floor: float | None
    n: int
    parse_rate: float


def _by_cell(
    metric: str, cells: Sequence[tuple[Cell, Floats | None]], person: Ints, weights: Floats
) -> Cells:
    """Return the distances of the shares that could be read, in all replicates."""
    distance = metrics.w1 if metric == "w1" else metrics.tv
    found = {}
    for cell, said in cells:
        if said is not None:
            real = metrics.shares(cell.codes, len(said), weights[:, person[cell.places]])
            group = " & ".join(f"{key}={value}" for key, value in cell.record.definition)
            name = " / ".join((cell.record.theme, cell.record.question))
            found[name, group] = distance(real, np.broadcast_to(said, real.shape))
    return found


def _found(
    metric: str,
    cells: Sequence[tuple[Cell, Floats | None]],
    distances: Cells,
    person: Ints,
    halves: tuple[Floats, Floats],
) -> _Found:
    distance = metrics.w1 if metric == "w1" else metrics.tv
    floors = []
    for cell, _ in cells:
        k, who = len(cell.record.options), person[cell.places]
        first, second = (metrics.shares(cell.codes, k, half[:, who]) for half in halves)
        floors.append(metrics.stepped_up("w1", distance(first, second), half=1, n=2))
    floor, rate = float(np.mean(floors)), len(distances) / len(cells)
    if not distances:
        return _Found(None, None, None, floor, len(cells), rate)
    mean = np.nanmean(list(distances.values()), axis=0)
    low, high = metrics.interval(mean[0], mean[1:], bounds=(0.0, np.inf))
    return _Found(float(mean[0]), float(low), float(high), floor, len(cells), rate)


def _as_released(
    groups: GroupPart, queries: Sequence[Query], replies: Sequence[str]
) -> _Found | None:
    rows = []
    for place, (cell, query, reply) in enumerate(
        zip(groups.cells, queries, replies, strict=True), 1
    ):
        # The label is in the form that the prompt asks for, as in the released rows.
        label = write_percent(cell.record.options, cell.record.shares)
        content = {"prompt": question_of(query), "predict": reply, "label": label}
        rows.append(PredictionRow(place, str(place), content))
    score = score_paper(groups.task, rows).metrics
    if not rows or score["mean_wd"] is None:
        return None
    read = score["n_read"] / len(rows)
    return _Found(score["mean_wd"], None, None, None, score["n_scored"], read)


def _row(groups: GroupPart, model: str, mode: str, metric: str, found: _Found) -> dict[str, Any]:
    return {
        "task": groups.task.value,
        "part": VERBALIZED,
        "model": model,
        "mode": mode,
        "metric": metric,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "parse_rate": found.parse_rate,
        "baseline": None,
        "marginal": None,
        "floor": found.floor,
    }
