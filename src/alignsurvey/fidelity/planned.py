"""What a study's pilot says about the next sample: rho and sd, strata, learning, whom to ask."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from alignsurvey.errors import InputError
from alignsurvey.fidelity.asking import Terms
from alignsurvey.fidelity.fielded import Fielded, field_study
from alignsurvey.fidelity.plan_parts import (
    Question,
    division_rows,
    question_of,
    strata_rows,
    whom_next,
)
from alignsurvey.fidelity.study import Study
from alignsurvey.fidelity.wanted import Wanted, parse_wanted, usual_targets
from alignsurvey.rectify import planning
from alignsurvey.survey.survey import Survey

PLANNED_N = (25, 50, 100, 200, 400, 800, 1600)


@dataclass(frozen=True)
class StudyPlan:
    """A plan.

    Parameters
    ----------
    questions : tuple of Question
        From the pilot; one of assumptions only has one.
    curve : polars.DataFrame
        target, simulator, n, N, width_humans, width, n_eff: interval widths for n humans without
        and with N simulated people.
    strata : polars.DataFrame
        target, simulator, stratum, share, sd, sd_rectified, n_proportional, n: how to share out
        the humans; empty without groups.
    divisions : polars.DataFrame
        target, simulator, train, rectify, width, width_cross, width_humans, advice: for simulators
        that learn; else empty.
    next : NextRespondents, optional
    """

    questions: tuple[Question, ...]
    curve: pl.DataFrame
    strata: pl.DataFrame = field(default_factory=pl.DataFrame)
    divisions: pl.DataFrame = field(default_factory=pl.DataFrame)
    next: planning.NextRespondents | None = None
    notes: tuple[str, ...] = ()


def plan_assumed(assumed: planning.Assumed, N: int, target: str = "a mean") -> StudyPlan:
    """Plan from assumptions alone.

    Examples
    --------
    >>> plan_assumed(planning.Assumed(0.6, 0.5), 10_000).curve["n"].to_list()
    [25, 50, 100, 200, 400, 800, 1600]
    """
    question = Question(target, "assumed", assumed, 0, N, assumed.rho, assumed.rho)
    return StudyPlan((question,), widths((question,)))


def plan_study(
    study: Study,
    targets: tuple[str, ...] = (),
    survey: Survey | None = None,
    terms: Terms | None = None,
    *,
    n: int | None = None,
    level: float = 0.95,
    ask: int = 0,
    learning: bool = True,
    fielded: Fielded | None = None,
) -> StudyPlan:
    """Plan the next sample from a study's pilot.

    Parameters
    ----------
    study : Study
    targets : sequence of str
        Means and shares; by default all of the study's.
    n : int, optional
        Humans to share out over strata and between training and rectifying; the pilot's number
        without.
    level : float
    ask : int
        Respondents to choose next; 0 chooses none.
    learning : bool
        Fit learners to parts of the pilot, to divide the humans; takes some seconds.

    Raises
    ------
    InputError
        As `estimate_study`; or a target is neither a mean nor a share.

    Examples
    --------
    >>> study = Study.parse({
    ...     "survey": {"example": "anes96"}, "profile": ["age", "educ", "PID"], "items": ["vote"],
    ...     "pilot": {"n": 100}, "simulators": ["baseline/logit"]})
    >>> plan = plan_study(study)
    >>> [(one.target, one.simulator, one.n, one.N) for one in plan.questions]
    [('share:vote=1', 'baseline/logit', 100, 844)]
    """
    fielded = fielded or field_study(study, survey, terms)
    wanted = _wanted(study, fielded, targets)
    found = [(one, name, question) for one in wanted for name in fielded.simulated
             for question in [question_of(fielded, one, name, level)]
             if question is not None]  # fmt: skip
    if not found:
        raise InputError("no target has two different human answers in the pilot; nothing to plan")
    questions = tuple(question for _, _, question in found)
    humans = n or int(fielded.in_pilot.sum())
    strata = [row for one, name, question in found
              for row in strata_rows(fielded, one, name, question, humans)]  # fmt: skip
    divisions = [row for one, name, question in found if learning
                 for row in division_rows(fielded, one, name, question, humans)]  # fmt: skip
    chosen = whom_next(fielded, wanted, questions, ask, level) if ask else None
    return StudyPlan(questions, widths(questions), pl.DataFrame(strata), pl.DataFrame(divisions),
                     chosen, fielded.notes)  # fmt: skip


def widths(questions: tuple[Question, ...]) -> pl.DataFrame:
    """Interval widths of several questions for several numbers of humans; see `StudyPlan`."""
    rows = []
    for one in questions:
        sizes = sorted({*PLANNED_N, one.n} - set(range(planning.precision.LEAST_HUMANS)))
        for n in sizes:
            rows.append(
                {
                    "target": one.target, "simulator": one.simulator, "n": n, "N": one.N,
                    "width_humans": planning.interval_width(one.assumed, n),
                    "width": planning.interval_width(one.assumed, n, one.N),
                    "n_eff": planning.effective_humans(one.assumed.rho, n, one.N),
                }
            )  # fmt: skip
    return pl.DataFrame(rows)


def _wanted(study: Study, fielded: Fielded, targets: tuple[str, ...]) -> list[Wanted]:
    codebook = fielded.everybody.codebook
    named = targets or tuple(usual_targets(study, fielded.targets, codebook))
    wanted = [parse_wanted(one, study, fielded.targets, codebook) for one in named]
    for one in wanted:
        if targets and one.kind not in ("mean", "share"):
            raise InputError(f"target '{one.text}': plans are for means and shares")
    return [one for one in wanted if one.kind in ("mean", "share")]


def purchases(
    plan: StudyPlan,
    costs: planning.Costs,
    width: float | None = None,
    budget: float | None = None,
    *,
    limited: bool = True,
) -> pl.DataFrame:
    """Say what to buy for each question: for a width, or for a budget.

    Parameters
    ----------
    plan : StudyPlan
    costs : Costs
    width : float, optional
        Widest interval allowed, in the units of the answers.
    budget : float, optional
        In the currency of the costs.
    limited : bool
        Whether no more people can be simulated than there are.

    Returns
    -------
    polars.DataFrame
        target, simulator, wanted ("width 0.1" or "budget 500"), n, N, cost, width, humans_only,
        cost_humans_only, width_humans_only.
    """
    rows = []
    for one in plan.questions:
        most = one.N if limited else None
        place = {"target": one.target, "simulator": one.simulator}
        if width is not None:
            found = planning.cheapest(one.assumed, costs, width, most)
            rows.append(place | {"wanted": f"width {width:g}"} | vars(found))
        if budget is not None:
            found = planning.most_precise(one.assumed, costs, budget, most)
            rows.append(place | {"wanted": f"budget {budget:g}"} | vars(found))
    return pl.DataFrame(rows)


def powers(plan: StudyPlan, difference: float, power: float = 0.8) -> pl.DataFrame:
    """Say how many humans in each of two equal groups find a difference.

    Each group has half of the people that are simulated only.

    Returns
    -------
    polars.DataFrame
        target, simulator, difference, power, humans_only, humans (with simulation), in each group.
    """
    rows = [
        {
            "target": one.target, "simulator": one.simulator, "difference": difference,
            "power": power,
            "humans_only": planning.humans_for_power(difference, one.assumed, 0, power),
            "humans": planning.humans_for_power(difference, one.assumed, one.N // 2, power),
        }
        for one in plan.questions
    ]  # fmt: skip
    return pl.DataFrame(rows)
