"""Distances of groups in pairs of models: over the groups and questions that both answer for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey import metrics
from alignsurvey.benchmark.grouping import group_distances
from alignsurvey.benchmark.parts import VERBALIZED
from alignsurvey.benchmark.respondents import respondents
from alignsurvey.benchmark.rows import Task
from alignsurvey.benchmark.scored import Scored
from alignsurvey.metrics import PairedDifference

Floats = NDArray[np.float64]
Cells = Mapping[tuple[str, str], Floats]
"""Question and group -> its distance, then the distance in each bootstrap replicate."""


@dataclass(frozen=True)
class SaidShares:
    """How far the shares that a model says of groups are from the real ones.

    Parameters
    ----------
    model : str
    task : str
    people : int
        Respondents whose answers the real shares are of.
    distances : mapping of metric to cells
        Of the replies that could be read; replicates are the same for every model.
    """

    model: str
    task: str
    people: int
    distances: Mapping[str, Cells] = field(repr=False)


def aggregated_pairs(
    scored: Sequence[Scored],
    models: Sequence[str],
    reference: str,
    groups: Sequence[str],
    seed: int,
) -> Iterator[dict[str, Any]]:
    """Compare distances of groups made of individual answers; only a bootstrap is at hand."""
    strict = [one for one in scored if one.mode == "strict"
              and one.part.task in (Task.STANCE, Task.RESPONSE)]  # fmt: skip
    if not groups or len({one.model for one in strict} & {*models, reference}) < 2:
        return
    own = [(one, group_distances(one.part.task, one.part.records, one.score, groups, seed))
           for one in strict if one.model in (*models, reference)]  # fmt: skip
    at = {(one.part.task, one.part.name): found for one, found in own if one.model == reference}
    for one, found in own:
        other = at.get((one.part.task, one.part.name), {})
        if one.model == reference:
            continue
        people = len(set(respondents(one.part.records)))
        for metric in found.keys() & other.keys():
            compared = compare_cells(found[metric].by_cell, other[metric].by_cell)
            if compared:
                yield {"task": f"{one.part.task}-group", "part": "aggregate", "mode": "strict",
                       "metric": metric, "model": one.model, "against": reference, "p_t": None,
                       "people": people, **compared}  # fmt: skip


def verbalized_pairs(
    said: Sequence[SaidShares], models: Sequence[str], reference: str
) -> Iterator[dict[str, Any]]:
    """Compare distances of the shares that models say of groups."""
    at = {one.task: one for one in said if one.model == reference}
    for one in said:
        other = at.get(one.task)
        if other is None or one.model == reference or one.model not in models:
            continue
        for metric in one.distances.keys() & other.distances.keys():
            compared = compare_cells(one.distances[metric], other.distances[metric])
            if compared:
                yield {"task": one.task, "part": VERBALIZED, "mode": "strict", "metric": metric,
                       "model": one.model, "against": reference, "p_t": None,
                       "people": one.people, **compared}  # fmt: skip


def compare_cells(first: Cells, second: Cells) -> dict[str, Any]:
    """Compare the mean distances of two models over the cells that both have.

    Returns
    -------
    dict
        difference, low, high, p_bootstrap, n (cells); empty without common cells.

    Examples
    --------
    >>> near, far = {("q", "all"): np.array([0.1, 0.2])}, {("q", "all"): np.array([0.4, 0.5])}
    >>> found = compare_cells(near, far)
    >>> round(found["difference"], 3), found["n"]
    (-0.3, 1)
    """
    common = [cell for cell in first if cell in second]
    if not common:
        return {}
    one, other = (np.nanmean([side[cell] for cell in common], axis=0) for side in (first, second))
    found = metrics.paired_difference(one[1:], other[1:], one[0], other[0])
    return {**numbers(found), "n": len(common)}


def numbers(found: PairedDifference) -> dict[str, float | None]:
    """Return a difference, its interval and its p-value under the names of their columns."""
    names = ("difference", "low", "high", "p_bootstrap")
    return {name: known(value) for name, value in zip(names, found, strict=True)}


def known(value: Any) -> float | None:
    """Return a number as a float, None where it is undefined."""
    return None if np.isnan(value) else float(value)
