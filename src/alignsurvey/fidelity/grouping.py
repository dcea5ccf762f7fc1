"""Who is looked at together: the whole sample, and its subgroups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.fidelity.result import OVERALL
from alignsurvey.fidelity.study import Study
from alignsurvey.survey.codebook import Scale
from alignsurvey.survey.survey import Survey

MANY_VALUES = 8
"""An interval variable with more values than this is cut at its quartiles."""


@dataclass(frozen=True)
class Group:
    """A set of respondents.

    Parameters
    ----------
    name : str
        "overall", or "variable=label" (joined by " & " for an intersection).
    grouping : str
        The variable or variables that it belongs to; "" for the whole sample.
    rows : array of bool, shape (n,)
    """

    name: str
    grouping: str
    rows: NDArray[np.bool_]


def study_groups(study: Study, survey: Survey) -> list[Group]:
    """List the groups of a study: the whole sample first, then each grouping's, in scale order.

    A numeric variable is cut at the points given, else at its weighted quartiles if it has more
    than eight values. Respondents with a missing attribute are in none of its groups.

    Raises
    ------
    InputError
        A grouping names no variable of the survey.
    """
    groups = [Group(OVERALL, "", np.ones(survey.n, dtype=bool))]
    for parts in study.groups:
        levels = [_levels(survey, variable, cuts) for variable, cuts in parts]
        cells = [("", np.ones(survey.n, dtype=bool))]
        for (variable, _), options in zip(parts, levels, strict=True):
            cells = [
                (f"{name} & {variable}={label}" if name else f"{variable}={label}", rows & own)
                for name, rows in cells
                for label, own in options
            ]
        grouping = " & ".join(variable for variable, _ in parts)
        groups += [Group(name, grouping, rows) for name, rows in cells if rows.any()]
    return groups


def _levels(
    survey: Survey, name: str, cuts: tuple[float, ...]
) -> list[tuple[str, NDArray[np.bool_]]]:
    variable = survey.variable(name)
    if variable.categories and not cuts:
        codes = survey.codes(name)
        names = [variable.label(code) for code in variable.codes]
        return [(label, codes == index) for index, label in enumerate(names)]
    if variable.scale is Scale.TEXT or (not variable.categories and not variable.is_ordered):
        raise InputError(f"groups: '{name}' is {variable.scale} and has no categories to group by")
    scores = survey.scores(name)
    values = np.unique(scores[~np.isnan(scores)])
    if not cuts and len(values) <= MANY_VALUES:
        return [(f"{value:g}", scores == value) for value in values]
    return _bands(scores, np.array(cuts) if cuts else _quartiles(scores, survey.weights))


def _quartiles(scores: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(scores)
    order = np.argsort(scores[known], kind="stable")
    reached = np.cumsum(weights[known][order])
    places = np.searchsorted(reached, np.array([0.25, 0.5, 0.75]) * reached[-1])
    return np.unique(scores[known][order][np.minimum(places + 1, len(reached) - 1)])


def _bands(
    scores: NDArray[np.float64], cuts: NDArray[np.float64]
) -> list[tuple[str, NDArray[np.bool_]]]:
    """Bands from each cut point up to, not including, the next."""
    cuts = np.sort(cuts)
    known = ~np.isnan(scores)
    whole = bool(np.all(scores[known] == np.round(scores[known])))
    band = np.digitize(scores, cuts)
    found = []
    for index in range(len(cuts) + 1):
        rows = known & (band == index)
        if not rows.any():
            continue
        low, high = scores[rows].min(), scores[rows].max()
        label = f"{low:g}-{high:g}" if whole else f"{low:.4g} to {high:.4g}"
        found.append((label, rows))
    return found
