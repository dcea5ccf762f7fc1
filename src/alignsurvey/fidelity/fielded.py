"""A study as a pollster has it: a pilot of people, simulated answers for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.fidelity.asking import Terms, ask_study, asked_simulators, plan_asking
from alignsurvey.fidelity.grouping import Group, study_groups
from alignsurvey.fidelity.repairing import repairs_of
from alignsurvey.fidelity.setup import Setup, prepare
from alignsurvey.fidelity.sources import load_survey
from alignsurvey.fidelity.study import SimulatorSpec, Study
from alignsurvey.fidelity.targets import Answers, Target, human_answers, simulated_answers
from alignsurvey.predictions import Predictions
from alignsurvey.rectify.cross import cross_fit
from alignsurvey.rectify.guard import refuse_leak
from alignsurvey.rectify.repair import repair_predictions
from alignsurvey.simulators import resolve
from alignsurvey.survey.survey import Survey

FOLDS = 5
_FIXED = ("recorded", "planted")


@dataclass(frozen=True)
class Fielded:
    """A pilot and what simulators say of everybody.

    Parameters
    ----------
    study : Study
    everybody : Survey
        Pilot and rest; the rest's answers are looked at only for `known` values.
    in_pilot : array of bool, shape (everybody.n,)
    targets : mapping of str to Target
        Items and scales.
    human : mapping of str to Answers
        Of everybody.
    simulated : mapping of str to mapping
        By simulator and target, by expectation, in the order of everybody.
    learned : frozenset of str
        Simulators that learned from the pilot, by folds.
    is_drawn : bool
        Whether the pilot was drawn from people who all answered, so that the truth is known.
    notes : tuple of str
    """

    study: Study
    everybody: Survey
    in_pilot: NDArray[np.bool_]
    targets: Mapping[str, Target]
    human: Mapping[str, Answers]
    simulated: Mapping[str, Mapping[str, Answers]]
    learned: frozenset[str]
    is_drawn: bool
    notes: tuple[str, ...] = ()
    _cut: dict[tuple[object, ...], list[Group]] = field(default_factory=dict, repr=False)

    def groups(self, *groupings: tuple[tuple[str, tuple[float, ...]], ...]) -> list[Group]:
        """Cut everybody into groups, the whole sample left out; done once for each grouping."""
        if groupings not in self._cut:
            alone = self.study.model_copy(update={"groups": groupings})
            self._cut[groupings] = study_groups(alone, self.everybody)[1:]
        return self._cut[groupings]


def field_study(study: Study, survey: Survey | None = None, terms: Terms | None = None) -> Fielded:
    """Draw or find the pilot of a study, and let its simulators answer for everybody.

    With ``pilot: {n: …}`` the first pilot is drawn; the others' answers are set aside. With
    ``pilot: none`` the pilot is whoever answered one of the items, the rest whoever did not.
    Simulators that learn are fitted to the pilot by folds, and predict its people out of fold; so
    are repairs that ``rectify`` names.

    Raises
    ------
    InputError
        Everybody or nobody answered, the pilot is too small, or a simulator cannot be had.
    EndpointError
        A language model cannot be asked.
    """
    terms = terms or Terms()
    full = survey if survey is not None else load_survey(study)
    simulators = asked_simulators(study, terms)
    setup = prepare(study, full, simulators)
    with terms.asker:
        planned = plan_asking(study, setup.survey, simulators, terms)
        setup = replace(setup, asked=ask_study(planned, setup.survey))
    return fielded_from(setup, full)


def fielded_from(setup: Setup, full: Survey | None = None) -> Fielded:
    """Draw the pilot of a study that was prepared and asked; see `field_study`.

    Parameters
    ----------
    full : Survey, optional
        With all variables, those that the study does not name included.
    """
    study = setup.study
    human = human_answers(setup.survey, setup.targets)
    in_pilot = _pilot(study, setup, human)
    pilot = setup.survey.where(in_pilot)
    predictions, learned = _everybody_predicted(study, setup, pilot)
    simulated = {
        name: simulated_answers(one, setup.targets, "expectation", study.seed)
        for name, one in predictions.items()
    }
    targets = {target.name: target for target in setup.targets}
    return Fielded(study, full or setup.survey, in_pilot, targets, human, simulated, learned,
                   study.pilot is not None, (*setup.notes, *_left_out(study)))  # fmt: skip


def _left_out(study: Study) -> list[str]:
    """Name repairs that weigh people, for pilot and rest are weighted alike here."""
    names = [f"{spec.name}|{chain.name}" for spec in study.simulators
             for chain in repairs_of(study, spec) if chain.needs_margins]  # fmt: skip
    if not names:
        return []
    return [f"{', '.join(names)}: left out of the estimates, which use the survey's own weights"]


def _pilot(study: Study, setup: Setup, human: Mapping[str, Answers]) -> NDArray[np.bool_]:
    survey = setup.survey
    if study.pilot:
        drawn = survey.pilot(study.pilot.n, study.seed, 0, study.pilot.stratify)
        return np.isin(survey.id_hashes, drawn.id_hashes)
    answered = np.any([human[item].answered for item in study.asked], axis=0)
    if answered.all():
        raise InputError(
            f"{survey.source}: everybody answered, so there is nobody to simulate; set "
            "'pilot: {n: 100}' to see what a pilot of 100 would have given"
        )
    return np.asarray(answered)


def _everybody_predicted(
    study: Study, setup: Setup, pilot: Survey
) -> tuple[dict[str, Predictions], frozenset[str]]:
    found: dict[str, Predictions] = {}
    learned = set()
    for spec in study.simulators:
        own, learns = _predictions(study, setup, spec, pilot)
        refuse_leak(pilot.ids.to_list(), own.provenance.trained_on, spec.name)
        found[spec.name] = own
        if learns:
            learned.add(spec.name)
        for chain in repairs_of(study, spec):
            if chain.needs_margins:
                continue  # its weights would replace the survey's; `_left_out` says so
            name = f"{spec.name}|{chain.name}"
            found[name] = repair_predictions(
                own, pilot, setup.survey, chain, profile=study.profile, margins=setup.margins,
                folds=min(FOLDS, pilot.n), seed=study.seed,
            )  # fmt: skip
            learned.add(name)
    return found, frozenset(learned)


def _predictions(
    study: Study, setup: Setup, spec: SimulatorSpec, pilot: Survey
) -> tuple[Predictions, bool]:
    """Give a simulator's answers for everybody, and whether it learned from the pilot."""
    if spec.name in setup.asked.predictions:
        return setup.asked.predictions[spec.name].align(setup.survey.ids), False
    if spec.use.partition("/")[0] in _FIXED:
        return setup.fixed(spec).align(setup.survey.ids), False
    learner = resolve(spec.use, seed=study.seed)
    items, profile = list(study.asked), list(study.profile)
    both = cross_fit(learner, pilot.select([*profile, *items]), setup.survey, items, profile,
                     FOLDS, study.seed)  # fmt: skip
    return both.align(setup.survey.ids), True
