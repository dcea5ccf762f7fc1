"""Whom does a model answer for badly? Accuracy by subgroups of the respondents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.benchmark.baselines import MAJORITY
from alignsurvey.benchmark.membership import Membership, memberships, paper_memberships
from alignsurvey.benchmark.parts import Part
from alignsurvey.benchmark.row_scores import RowScores, row_scores
from alignsurvey.benchmark.rows import Problem
from alignsurvey.benchmark.scored import Scored
from alignsurvey.benchmark.strict.estimates import Resampling, estimates
from alignsurvey.errors import InputError, nearest

PRESET = "paper"
"""Instead of an attribute: the paper's own four subgroups."""
MINIMUM_PEOPLE = 10
REPLICATES = 1000
SUBGROUPS = {
    "task": pl.String,
    "part": pl.String,
    "model": pl.String,
    "mode": pl.String,
    "attribute": pl.String,
    "group": pl.String,
    "metric": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n": pl.Int64,
    "people": pl.Int64,
    "parse_rate": pl.Float64,
    "baseline": pl.Float64,
    "gap": pl.Float64,
    "is_worst": pl.Boolean,
    "is_too_small": pl.Boolean,
}
"""Columns of `BenchResult.subgroups`."""


def subgroup_scores(
    scored: Sequence[Scored], models: Sequence[str], by: Sequence[str], seed: int = 42
) -> tuple[pl.DataFrame, list[tuple[str, Problem]]]:
    """Score subgroups of every task whose rows are right or wrong and have profiles.

    Parameters
    ----------
    scored : sequence of Scored
        Of all models, with ``baseline/majority`` among them for the column ``baseline``.
    models : sequence of str
        Those that are shown.
    by : sequence of str
        Attributes of the profile, or "paper" for rural household registration, age 76 and above,
        self-employed and low income.
    seed : int

    Returns
    -------
    scores : polars.DataFrame
        Columns `SUBGROUPS`: accuracy with a 95 % interval (bootstrap over respondents), rows,
        people, parse rate, the majority baseline on the same rows, the ``gap`` between the best
        and the worst subgroup of the attribute, and which is worst. A subgroup of fewer than 10
        people has no value and is marked too small.
    problems : list of (where, Problem)
        What a task's profiles do not have.

    Raises
    ------
    InputError
        No profile of any task has an attribute of that name.

    References
    ----------
    arXiv 2511.07871, the comparison of demographic groups.
    """
    problems: list[tuple[str, Problem]] = []
    by_part = {}
    for one in scored:
        key = (one.part.task.value, one.part.name)
        if key not in by_part and any(record.profile for record in one.part.records):
            by_part[key], absent = _groupings(one, by)
            problems += [(one.part.task.value, Problem(0, f"subgroups: {what}")) for what in absent]
    check_attributes([one.part for one in scored], by)
    rows = [row_scores(one) for one in scored if (one.part.task.value, one.part.name) in by_part]
    majority = {(r.task, r.part, r.mode): r for r in rows if r.model == MAJORITY}
    found: list[dict[str, Any]] = []
    for one_rows in rows:
        place = one_rows.task, one_rows.part
        if one_rows.model in models and "accuracy" in one_rows.values:
            for grouping in by_part[place]:
                found += _scores(one_rows, grouping, majority.get((*place, one_rows.mode)), seed)
    return pl.DataFrame(found, schema=SUBGROUPS), problems


def _groupings(one: Scored, by: Sequence[str]) -> tuple[list[Membership], list[str]]:
    found: list[Membership] = []
    absent: list[str] = []
    for name in by:
        if name == PRESET:
            own, missing = paper_memberships(one.part.records)
            found += own
            absent += missing
        else:
            grouped = memberships(one.part.records, name)
            found += [grouped] if grouped else []
            absent += [] if grouped else [f"no profile has the attribute '{name}'"]
    return found, absent


def check_attributes(parts: Iterable[Part], by: Sequence[str]) -> None:
    """Refuse an attribute that no profile has.

    Raises
    ------
    InputError
        It names the attribute and the nearest one.
    """
    names = dict.fromkeys(
        key for part in parts for record in part.records for key, _ in record.profile
    )
    for name in by:
        if name != PRESET and name not in names:
            near = nearest(name, [PRESET, *names]) if names else "no record has a profile"
            raise InputError(f"--subgroups: no profile has the attribute '{name}'; {near}")


def _scores(
    rows: RowScores, grouping: Membership, majority: RowScores | None, seed: int
) -> list[dict[str, Any]]:
    found = [_score(rows, grouping.attribute, *group, majority, seed) for group in grouping.groups]
    values = [row["value"] for row in found if row["value"] is not None]
    if len(values) > 1:
        for row in found:
            row["gap"] = max(values) - min(values)
            row["is_worst"] = row["value"] == min(values)
    return found


def _score(
    rows: RowScores,
    attribute: str,
    group: str,
    members: NDArray[np.bool_],
    majority: RowScores | None,
    seed: int,
) -> dict[str, Any]:
    values = rows.values["accuracy"]
    own = np.flatnonzero(members & ~np.isnan(values))
    people = [rows.people[int(place)] for place in own]
    n_people = len(set(people))
    row: dict[str, Any] = {
        "task": rows.task, "part": rows.part, "model": rows.model, "mode": rows.mode,
        "attribute": attribute, "group": group, "metric": "accuracy",
        "value": None, "low": None, "high": None, "n": len(own), "people": n_people,
        "parse_rate": None, "baseline": None, "gap": None, "is_worst": False,
        "is_too_small": n_people < MINIMUM_PEOPLE,
    }  # fmt: skip
    if row["is_too_small"]:
        return row
    found = estimates(
        np.column_stack([np.ones(len(own)), values[own]]),
        lambda sums: {"value": sums[..., 1] / sums[..., 0]},
        Resampling(REPLICATES, seed, people),
    )
    row |= {"value": found["value"], "low": found["value_low"], "high": found["value_high"]}
    row["parse_rate"] = float(rows.read[own].mean())
    if majority is not None:
        row["baseline"] = float(np.nanmean(majority.values["accuracy"][own]))
    return row
