"""What rectification makes of a study's simulators, for its report: estimates and a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alignsurvey.errors import InputError
from alignsurvey.fidelity.estimates import StudyEstimates, estimate_study
from alignsurvey.fidelity.fielded import Fielded, fielded_from
from alignsurvey.fidelity.planned import StudyPlan, plan_study
from alignsurvey.fidelity.setup import Setup
from alignsurvey.fidelity.study import Study
from alignsurvey.fidelity.wanted import structure_target, usual_targets

MOST_TARGETS = 40
"""Means and shares in a report; `alignsurvey estimate` has all."""
SHOWN = ("imputation", "ppi++", "cross", "multi")


@dataclass(frozen=True)
class Rectified:
    """Estimates from a study's first pilot.

    Parameters
    ----------
    structure : StudyEstimates or None
        Coefficients of the study's regressions: the pilot's, the simulators', and rectified.
    estimates : StudyEstimates or None
        Means and shares, overall and in groups.
    plan : StudyPlan or None
    notes : tuple of str
        Why something is not there.
    """

    structure: StudyEstimates | None = None
    estimates: StudyEstimates | None = None
    plan: StudyPlan | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values for JSON."""
        parts = {"structure": self.structure, "estimates": self.estimates}
        found: dict[str, Any] = {
            name: part.as_dict()["estimates"] if part else [] for name, part in parts.items()
        }
        found["widths"] = self.plan.curve.to_dicts() if self.plan else []
        return found | {"notes": list(self.notes)}


def rectify_study(setup: Setup) -> Rectified:
    """Estimate and plan from the first pilot of a study that was prepared and asked.

    What cannot be done says so in the notes; a report is not held up by it.
    """
    study = setup.study
    try:
        fielded = fielded_from(setup)
    except InputError as error:
        return Rectified(notes=(str(error),))
    codebook = setup.survey.codebook
    regressions = [structure_target(one, fielded.targets) for one in study.structure
                   if fielded.targets[one.outcome].has_scores]  # fmt: skip
    others = [one for one in usual_targets(study, fielded.targets, codebook)
              if one not in regressions]  # fmt: skip
    notes = []
    if len(others) > MOST_TARGETS:
        notes.append(f"the first {MOST_TARGETS} of {len(others)} means and shares are shown; "
                     "`alignsurvey estimate` has all")  # fmt: skip
    found: dict[str, StudyEstimates | None] = {}
    for name, targets in (("structure", regressions), ("estimates", others[:MOST_TARGETS])):
        try:
            found[name] = (
                estimate_study(study, targets, methods=SHOWN, fielded=fielded) if targets else None
            )
        except InputError as error:
            found[name] = None
            notes.append(str(error))
    try:
        plan = _plan(study, others, fielded) if others else None
    except InputError as error:
        plan = None
        notes.append(str(error))
    return Rectified(found["structure"], found["estimates"], plan, tuple(notes))


def _plan(study: Study, targets: list[str], fielded: Fielded) -> StudyPlan:
    return plan_study(study, tuple(targets[:MOST_TARGETS]), learning=False, fielded=fielded)
