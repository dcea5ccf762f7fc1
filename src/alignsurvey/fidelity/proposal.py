"""A first study for a data file: what looks like id, weight, profile and items, to be edited."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from alignsurvey.errors import InputError
from alignsurvey.survey.codebook import Scale, Variable
from alignsurvey.survey.survey import Survey

_IDS = re.compile(
    r"^(resp\w*|case|person|participant|user|panel|sub(ject)?)?_?(id|no|num|nr|key)$"
    r"|^(respondent|person|participant|case|subject|index|uuid|row)$|_id$|编号|序号",
    re.IGNORECASE,
)
_WEIGHTS = re.compile(r"^(w|p)?(weight|wgt|wt)s?\w*$|weight\w*$|^w$|权重|加权", re.IGNORECASE)
_PROFILE = re.compile(
    r"(^|[^a-z])(pp)?(age|sex|gender|educ\w*|degree|race\w*|ethnic\w*|hispanic|income\w*|inc|region|"
    r"state|urban|rural|marital|married|relig\w*|party\w*|pid|employ\w*|occup\w*|class|born)([^a-z]|$)"
    r"|性别|年龄|出生|教育|学历|收入|民族|地区|省份|城乡|户口|户籍|婚姻|职业|政治面貌|宗教",
    re.IGNORECASE,
)
MOST_ITEMS = 20
MOST_GROUPS = 4
MOST_CATEGORIES = 11
LEAST_ANSWERED_SHARE = 0.7


@dataclass(frozen=True)
class Proposal:
    """What a first study of a survey may look like."""

    id: str | None
    weight: str | None
    profile: tuple[str, ...]
    items: tuple[str, ...]
    more_items: tuple[str, ...]
    groups: tuple[str, ...]
    outcomes: tuple[str, ...]
    pilot_n: int


def propose(survey: Survey, id: str | None, weight: str | None) -> Proposal:
    """Guess the parts of a first study from names, texts and answers.

    Parameters
    ----------
    survey : Survey
    id, weight : str, optional
        Where they are known.

    Raises
    ------
    InputError
        There is no variable that could be an item.
    """
    taken = {name for name in (id, weight, survey.design.strata, survey.design.cluster) if name}
    free = [variable for variable in survey.codebook if variable.name not in taken]
    ids = [v.name for v in free if _IDS.search(v.name) and _is_unique(survey, v)]
    weights = [v.name for v in free if _WEIGHTS.search(v.name) and _is_weight(survey, v)]
    respondent, weight = id or next(iter(ids), None), weight or next(iter(weights), None)
    free = [variable for variable in free if variable.name not in {respondent, weight}]
    profile = [v for v in free if _PROFILE.search(v.name) and _can_describe(survey, v)]
    if not profile:
        profile = [v for v in free if _PROFILE.search(v.text) and _can_describe(survey, v)][:8]
    items = [v for v in free if v not in profile and _can_be_item(survey, v)]
    if not items:
        raise InputError(
            f"{survey.source}: no variable with 2 to {MOST_CATEGORIES} answers that most people "
            "gave, so there is nothing to ask; declare values in a codebook"
        )
    chosen = items[:MOST_ITEMS]
    groups = [v for v in profile if v.categories or v.scale is Scale.INTERVAL][:MOST_GROUPS]
    outcomes = [v for v in chosen if v.is_ordered or len(v.categories) == 2][:3]
    return Proposal(
        id=respondent,
        weight=weight,
        profile=_names(profile),
        items=_names(chosen),
        more_items=_names(items[MOST_ITEMS:]),
        groups=_names(groups),
        outcomes=_names(outcomes) if len(profile) >= 2 else (),
        pilot_n=min(100, survey.n // 4),
    )


def _names(variables: list[Variable]) -> tuple[str, ...]:
    return tuple(variable.name for variable in variables)


def _is_unique(survey: Survey, variable: Variable) -> bool:
    column = survey.answers[variable.name]
    return not column.null_count() and column.n_unique() == len(column)


def _is_weight(survey: Survey, variable: Variable) -> bool:
    column = survey.answers[variable.name]
    if not column.dtype.is_numeric() or column.null_count():
        return False
    values = column.cast(pl.Float64).to_numpy()
    return bool(np.all(np.isfinite(values)) and values.min() >= 0 and np.ptp(values) > 0)


def _answered_share(survey: Survey, variable: Variable) -> float:
    return 1 - survey.answers[variable.name].null_count() / max(survey.n, 1)


def _can_describe(survey: Survey, variable: Variable) -> bool:
    usable = variable.scale is not Scale.TEXT and survey.answers[variable.name].n_unique() > 1
    return usable and _answered_share(survey, variable) >= LEAST_ANSWERED_SHARE


def _can_be_item(survey: Survey, variable: Variable) -> bool:
    if not 2 <= len(variable.categories) <= MOST_CATEGORIES:
        return False
    observed = survey.answers[variable.name].drop_nulls().n_unique()
    return observed >= 2 and _answered_share(survey, variable) >= LEAST_ANSWERED_SHARE
