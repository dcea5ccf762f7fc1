"""The regressions of a study: outcome and predictors as numbers, and what had to be left out."""

from __future__ import annotations

import numpy as np

from alignsurvey.errors import InputError, nearest
from alignsurvey.fidelity.axes import Regression
from alignsurvey.fidelity.study import Structure, Study
from alignsurvey.fidelity.targets import Floats, Target
from alignsurvey.survey.codebook import Scale
from alignsurvey.survey.survey import Survey

LeftOut = tuple[str, str, str]
"""What, name, reason."""


def study_regressions(
    study: Study, survey: Survey, targets: list[Target]
) -> tuple[list[Regression], list[LeftOut]]:
    """Set up the regressions of a study; predictors are what people themselves answered.

    Raises
    ------
    InputError
        A predictor is no variable of the survey.
    """
    by_name = {target.name: target for target in targets}
    regressions, left_out = [], []
    for structure in study.structure:
        target = by_name[structure.outcome]
        if not target.has_scores:
            reason = "nominal with more than two options, so it has no single set of coefficients"
            left_out.append(("structure", structure.outcome, reason))
            continue
        names, columns = [], []
        for predictor in structure.predictors:
            reason = _unusable(study, survey, structure, predictor)
            if reason:
                left_out.append(("predictor", f"{structure.outcome} ~ {predictor}", reason))
                continue
            for name, column in predictor_columns(survey, predictor):
                names.append(name)
                columns.append(column)
        if len(names) < 2:
            reason = "fewer than two usable predictors, so there is nothing to be concordant"
            left_out.append(("structure", structure.outcome, reason))
            continue
        regressions.append(Regression(target, tuple(names), np.column_stack(columns)))
    return regressions, left_out


def _unusable(study: Study, survey: Survey, structure: Structure, predictor: str) -> str:
    if predictor not in survey.codebook:
        raise InputError(
            f"structure: no variable '{predictor}' in {survey.source}; "
            f"{nearest(predictor, survey.codebook.names)}"
        )
    if predictor == structure.outcome or predictor in _members(study, structure.outcome):
        return "is part of the outcome"
    if survey.codebook[predictor].scale is Scale.TEXT:
        return "is text"
    return ""


def _members(study: Study, outcome: str) -> set[str]:
    """Items that an outcome is made of."""
    scale = study.scales.get(outcome)
    if scale is None:
        return {outcome}
    if scale.difference:
        return set().union(*(_members(study, part) for part in scale.difference))
    return set(scale.items)


def predictor_columns(survey: Survey, name: str) -> list[tuple[str, Floats]]:
    """Numbers of a predictor: its scores, or a column for each option but the first."""
    variable = survey.codebook[name]
    if variable.is_ordered or len(variable.categories) == 2:
        return [(name, survey.scores(name))]
    codes = survey.codes(name)
    return [
        (f"{name}={variable.label(code)}", np.where(codes >= 0, codes == index, np.nan))
        for index, code in enumerate(variable.codes)
        if index
    ]
