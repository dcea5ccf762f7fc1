"""Basic, Social and Family: means over the fields of the role task, persons drawn jointly.

A respondent's fields are not independent, so the bootstrap draws a person with all its fields;
adding the fields' own intervals up would be too narrow where they go together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from alignsurvey.benchmark.row_scores import Floats, RowScores, mean_of_fields
from alignsurvey.benchmark.rows import Task
from alignsurvey.benchmark.strict.estimates import Resampling, estimates
from alignsurvey.tasks.records.rebuild import FIELD_GROUPS
from alignsurvey.tasks.replies import ROLE_FIELDS

REPLICATES = 1000
_ENGLISH = {field.english: name for name, field in ROLE_FIELDS.items()}


def joined_fields(
    rows: Sequence[RowScores], groups: Mapping[str, Sequence[str]] = FIELD_GROUPS
) -> list[RowScores]:
    """Join the rows of a group's fields, by model and mode.

    Parameters
    ----------
    rows : sequence of RowScores
        Of any tasks; those of the role task are taken.
    groups : mapping of group to names of its fields
        As the released data call them; a field's English name is known as well.

    Returns
    -------
    list of RowScores
        With the group as part; groups of which no field was asked are absent.
    """
    found = []
    for model, mode in dict.fromkeys((one.model, one.mode) for one in rows):
        for group, fields in groups.items():
            own = [
                one
                for one in rows
                if one.task == Task.ROLE
                and (one.model, one.mode) == (model, mode)
                and _ENGLISH.get(one.part.lower(), one.part) in fields
                and "accuracy" in one.values
            ]
            if own:
                found.append(_joined(group, own))
    return found


def _joined(group: str, own: Sequence[RowScores]) -> RowScores:
    return RowScores(
        Task.ROLE.value,
        group,
        own[0].model,
        own[0].mode,
        {"accuracy": np.concatenate([one.values["accuracy"] for one in own])},
        np.concatenate([one.read for one in own]),
        [person for one in own for person in one.people],
        np.concatenate([np.full(len(one.people), place) for place, one in enumerate(own)]),
    )


def field_group_rows(
    rows: Sequence[RowScores],
    seed: int = 42,
    groups: Mapping[str, Sequence[str]] = FIELD_GROUPS,
    replicates: int = REPLICATES,
) -> list[dict[str, Any]]:
    """Score the groups of fields.

    Parameters
    ----------
    rows : sequence of RowScores
    seed : int
    groups : mapping of group to names of its fields
    replicates : int
        Of the bootstrap over persons.

    Returns
    -------
    list of dict
        Rows of `BenchResult.scores`: mean accuracy over the fields, as in the paper's Table 3,
        with an interval; n counts rows, parse_rate is the mean over the fields.

    Examples
    --------
    >>> one = RowScores("role", "性别", "m", "strict", {"accuracy": np.array([1.0, 0.0])},
    ...                 np.array([True, True]), ["ann", "bob"], np.zeros(2, dtype=int))
    >>> found = field_group_rows([one])
    >>> found[0]["part"], found[0]["value"], found[0]["n"]
    ('basic', 0.5, 2)
    """
    return [_row(one, seed, replicates) for one in joined_fields(rows, groups)]


def _row(one: RowScores, seed: int, replicates: int) -> dict[str, Any]:
    values = one.values["accuracy"]
    counted = ~np.isnan(values)
    columns = field_columns(np.where(counted, values, 0.0), counted, one.fields)
    k = columns.shape[1] // 2
    found = estimates(
        columns,
        lambda sums: {"accuracy": mean_of_fields(sums[..., :k], sums[..., k:])},
        Resampling(replicates, seed, list(one.people)),
    )
    read = field_columns(one.read.astype(np.float64), counted, one.fields).sum(axis=0)
    return {
        "task": one.task,
        "part": one.part,
        "model": one.model,
        "mode": one.mode,
        "metric": "accuracy",
        "value": found["accuracy"],
        "low": found["accuracy_low"],
        "high": found["accuracy_high"],
        "n": int(counted.sum()),
        "parse_rate": float(mean_of_fields(read[:k], read[k:])),
        "baseline": None,
        "marginal": None,
        "floor": None,
    }


def field_columns(
    values: Floats, counted: np.ndarray[Any, np.dtype[np.bool_]], fields: Any
) -> Floats:
    """Spread rows over the columns of their fields: first 1 for each row, then its score.

    Examples
    --------
    >>> field_columns(np.array([0.5, 1.0]), np.array([True, True]), np.array([0, 1])).tolist()
    [[1.0, 0.0, 0.5, 0.0], [0.0, 1.0, 0.0, 1.0]]
    """
    k = int(fields.max()) + 1 if len(fields) else 1
    columns = np.zeros((len(values), 2 * k))
    places = np.arange(len(values))
    columns[places, fields] = counted
    columns[places, k + fields] = np.where(counted, values, 0.0)
    return columns
