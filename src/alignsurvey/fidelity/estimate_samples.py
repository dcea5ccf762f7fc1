"""From a fielded study to the arrays of one estimate: people, groups, predictors, cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.fidelity.fielded import Fielded
from alignsurvey.fidelity.grouping import Group
from alignsurvey.fidelity.structures import predictor_columns
from alignsurvey.fidelity.targets import Answers
from alignsurvey.fidelity.wanted import REGRESSIONS, Wanted
from alignsurvey.rectify.data import Sample, sample_of

OVERALL = "overall"
NO_GROUP = "(no group)"
Mask = NDArray[np.bool_]
Array = NDArray[np.float64]


def settled(fielded: Fielded, wanted: Wanted) -> Wanted:
    """Say which two groups a difference is of, where they were not named.

    Raises
    ------
    InputError
        There are more than two, or a group named is not there.
    """
    if wanted.kind != "difference":
        return wanted
    labels = [label_of(group) for group in variable_groups(fielded, str(wanted.by))]
    if wanted.pair is None and len(labels) == 2:
        return replace(wanted, pair=(labels[0], labels[1]))
    if wanted.pair is None or not set(wanted.pair) <= set(labels):
        raise InputError(
            f"target '{wanted.text}': name two of the groups, as in "
            f"'by {wanted.by}={','.join(labels[:2])}'; groups: {', '.join(labels)}"
        )
    return wanted


def groups_of(fielded: Fielded, wanted: Wanted) -> list[tuple[str, Mask]]:
    """List the groups in which something is estimated, everybody first.

    Regressions and differences are of everybody.
    """
    everyone = np.ones(fielded.everybody.n, dtype=bool)
    if wanted.pair is not None:
        return [(f"{wanted.by}: {wanted.pair[0]} less {wanted.pair[1]}", everyone)]
    if wanted.kind in REGRESSIONS:
        return [(OVERALL, everyone)]
    if wanted.by:
        groups = variable_groups(fielded, wanted.by)
    else:
        groups = fielded.groups(*fielded.study.groups)
    return [(OVERALL, everyone), *((group.name, group.rows) for group in groups)]


def variable_groups(fielded: Fielded, name: str) -> list[Group]:
    """Groups of one variable: as the study cuts it, else by its categories or quartiles."""
    for grouping in fielded.study.groups:
        if len(grouping) == 1 and grouping[0][0] == name:
            break
    else:
        grouping = ((name, ()),)
    return fielded.groups(grouping)


def sample_for(
    fielded: Fielded,
    wanted: Wanted,
    simulators: Sequence[str],
    members: Mask,
    *,
    everyone: bool = False,
) -> Sample:
    """Lay people's answers beside those of simulators, for one estimate.

    Parameters
    ----------
    simulators : sequence of str
        Whose answers are proxies; none for the pilot alone.
    members : array of bool, shape (everybody.n,)
        Of the group.
    everyone : bool
        Take all people for the pilot, to know what would have been right.
    """
    survey = fielded.everybody
    y = column_of(fielded.human[wanted.target], wanted)
    pilot = members & ~np.isnan(y) & (True if everyone else fielded.in_pilot)
    rest = members & ~fielded.in_pilot
    simulated = [column_of(fielded.simulated[name][wanted.target], wanted) for name in simulators]
    f = np.column_stack(simulated) if simulated else np.empty((survey.n, 0))
    X, names = predictors_of(fielded, wanted)
    labels = _labels(fielded, wanted)
    strata, clusters = survey.stratum(), survey.cluster()
    target = fielded.targets[wanted.target]
    limits = (0.0, 1.0) if wanted.kind == "share" else target.limits
    with_rest = bool(simulators)

    def part(values: Any, rows: Mask, wanted_rest: bool = True) -> Any:
        return values[rows] if values is not None and wanted_rest else None

    return sample_of(
        y[pilot],
        f[pilot] if with_rest else None,
        f[rest] if with_rest else None,
        part(X, pilot),
        part(X, rest, with_rest),
        weights=survey.weights[pilot],
        weights_rest=part(survey.weights, rest, with_rest),
        strata=part(strata, pilot),
        strata_rest=part(strata, rest, with_rest),
        clusters=part(clusters, pilot),
        clusters_rest=part(clusters, rest, with_rest),
        groups=part(labels, pilot),
        groups_rest=part(labels, rest, with_rest),
        name=f"{wanted.target} ~ {' + '.join(names)}" if names else wanted.target,
        simulators=list(simulators),
        limits=limits if np.isfinite(limits[0]) else None,
    )


def column_of(answers: Answers, wanted: Wanted) -> Array:
    """Give answers as the numbers that an estimate is made of; shape (n,)."""
    if wanted.kind == "logistic":
        assert answers.shares is not None  # two options: an item
        return answers.shares[:, 1]
    if wanted.kind != "share":
        return answers.scores
    assert answers.shares is not None  # shares are of items
    assert wanted.option is not None
    return answers.shares[:, wanted.option]


def predictors_of(fielded: Fielded, wanted: Wanted) -> tuple[Array | None, list[str]]:
    """Columns of a regression's predictors and their names; none where it is no regression."""
    if wanted.kind not in REGRESSIONS:
        return None, []
    found = [one for name in wanted.predictors
             for one in predictor_columns(fielded.everybody, name)]  # fmt: skip
    return np.column_stack([column for _, column in found]), [name for name, _ in found]


def _labels(fielded: Fielded, wanted: Wanted) -> NDArray[Any] | None:
    """Groups for differences, strata and for telling whom a correction harms."""
    if wanted.kind in REGRESSIONS:
        return None
    if wanted.kind == "difference":
        groups = variable_groups(fielded, str(wanted.by))
    else:
        first = fielded.study.groups[0] if fielded.study.groups else None
        if first is None:
            return None
        groups = fielded.groups(first)
    labels = np.full(fielded.everybody.n, NO_GROUP, dtype=object)
    for group in groups:
        labels[group.rows] = label_of(group) if wanted.kind == "difference" else group.name
    return labels


def label_of(group: Group) -> str:
    return group.name.partition("=")[2]
