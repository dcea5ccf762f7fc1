"""What a study needs before the first pilot is drawn: checked survey, targets, groups."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from alignsurvey import metrics
from alignsurvey.errors import InputError
from alignsurvey.fidelity.asking import AskedStudy, in_words
from alignsurvey.fidelity.ceiling import half_weights
from alignsurvey.fidelity.grouping import Group, study_groups
from alignsurvey.fidelity.judges import Judges
from alignsurvey.fidelity.learners import learner_of
from alignsurvey.fidelity.repairing import (
    REPAIR_FOLDS,
    Line,
    repaired,
    study_lines,
    study_margins,
)
from alignsurvey.fidelity.sources import recorded_predictions
from alignsurvey.fidelity.structures import study_regressions
from alignsurvey.fidelity.study import SimulatorSpec, Study
from alignsurvey.fidelity.targets import Floats, Target, human_answers, study_targets
from alignsurvey.predictions import Predictions
from alignsurvey.randomness import stable_hash
from alignsurvey.simulators import TRIVIAL, cross_predict, planted
from alignsurvey.survey.margins import Margin
from alignsurvey.survey.survey import Survey

_FIXED = ("recorded", "planted")
"""Providers whose answers do not depend on a pilot."""

CROSS_FOLDS = 10
"""Folds in which learners are fitted where a study has no pilot."""


@dataclass(frozen=True)
class Setup:
    """Everything about a study that does not depend on the pilot drawn."""

    study: Study
    survey: Survey
    targets: list[Target]
    scored: list[Target]
    groups: list[Group]
    left_out: list[tuple[str, str, str]]
    asked: AskedStudy = field(default_factory=AskedStudy)
    read: dict[str, Predictions] = field(default_factory=dict, repr=False)
    """Answers that do not depend on a pilot, by simulator, once they have been read."""
    margins: tuple[Margin, ...] = ()

    @cached_property
    def simulators(self) -> list[SimulatorSpec]:
        """The study's simulators, then the trivial baselines that it does not list itself."""
        named = {spec.use for spec in self.study.simulators}
        extra = [SimulatorSpec(use=name) for name in TRIVIAL if name not in named]
        return [*self.study.simulators, *extra]

    @cached_property
    def lines(self) -> list[Line]:
        """What is scored: each simulator, followed by its repairs."""
        return [*study_lines(self.study), *map(Line, self.simulators[len(self.study.simulators) :])]

    @cached_property
    def listed(self) -> list[str]:
        """Names of the simulators that the study lists, and of their repairs."""
        return [line.name for line in study_lines(self.study)]

    @property
    def notes(self) -> tuple[str, ...]:
        """How models were asked, or what the study says and this run does not use."""
        lines = [in_words(report) for report in self.asked.reports.values()]
        for report in self.asked.reports.values():
            lines += [f"{report.simulator}: {note}" for note in report.notes]
        if lines or not self.study.elicit:
            return tuple(lines)
        return ("'elicit' has no effect: none of the simulators is a language model to be asked",)

    @cached_property
    def halves(self) -> tuple[Floats, Floats]:
        """Weights of disjoint halves of the people, for ceilings."""
        return half_weights(self.survey, self.study.seed)

    def judges(self, replicate: int) -> tuple[Judges, Survey | None]:
        """Draw the pilot of a replicate; everyone else judges."""
        study, survey = self.study, self.survey
        pilot = None
        rows = np.ones(survey.n, dtype=bool)
        if study.pilot:
            pilot = survey.pilot(study.pilot.n, study.seed, replicate, study.pilot.stratify)
            rows = ~np.isin(survey.id_hashes, pilot.id_hashes)
        people = survey.where(rows)
        regressions, _ = study_regressions(study, people, self.targets)
        groups = [Group(group.name, group.grouping, group.rows[rows]) for group in self.groups]
        judges = Judges(
            people,
            human_answers(people, self.targets),
            self.targets,
            self.scored,
            regressions,
            groups,
            self._weights(people, replicate),
            study.minimum_n,
        )
        return judges, pilot

    def _weights(self, people: Survey, replicate: int) -> Floats:
        """Survey weights, then a row of weights for each bootstrap replicate."""
        rounds = self.study.pilot.replicates if self.study.pilot else 1
        each = max(20, -(-self.study.bootstrap.replicates // rounds))
        seed = stable_hash(self.study.seed, "bootstrap", replicate) >> 32
        try:
            drawn = metrics.replicate_weights(
                people.n, each, seed, people.weights, people.stratum(), people.cluster()
            )
        except ValueError as error:
            raise InputError(f"{people.source}: {error}") from error
        return np.vstack([people.weights, drawn])

    def predictions(
        self, spec: SimulatorSpec, pilot: Survey | None, people: Survey, seed: int
    ) -> Predictions:
        """Let a simulator answer for the judges."""
        if spec.name in self.asked.predictions:
            return self.asked.predictions[spec.name].align(people.ids)
        if spec.use.partition("/")[0] in _FIXED:
            return self.fixed(spec).align(people.ids)
        items, profile = list(self.study.asked), list(self.study.profile)
        learner = learner_of(spec, seed)
        if pilot is None:
            return cross_predict(learner, people, items, profile, CROSS_FOLDS, seed)
        predictor = learner.fit(pilot.select([*profile, *items]), items, profile)
        return predictor.predict(people.select(profile))

    def repaired(
        self, line: Line, raw: Predictions, pilot: Survey, people: Survey, seed: int
    ) -> tuple[Predictions, tuple[str, ...]]:
        """Repair a simulator's answers for the judges by the pilot; with notes."""
        assert line.repair is not None  # asked only for repairs
        own = self._own_pilot(line.spec, pilot, seed)
        profile = tuple(self.study.profile)
        return repaired(line.repair, raw, own, pilot, people, profile, self.margins)

    def _own_pilot(self, spec: SimulatorSpec, pilot: Survey, seed: int) -> Predictions:
        """Let a simulator answer for the pilot, without having learned from who is predicted."""
        if spec.name in self.asked.predictions:
            return self.asked.predictions[spec.name]
        if spec.use.partition("/")[0] in _FIXED:
            return self.fixed(spec)
        items, profile = list(self.study.asked), list(self.study.profile)
        shown = pilot.select([*profile, *items])
        learner = learner_of(spec, seed)
        return cross_predict(learner, shown, items, profile, min(REPAIR_FOLDS, pilot.n), seed)

    def fixed(self, spec: SimulatorSpec) -> Predictions:
        """Answers for everybody that do not depend on a pilot; read once."""
        if spec.name not in self.read:
            items = list(self.study.asked)
            if spec.use.startswith("planted/"):
                named = (name for grouping in self.study.groups for name, _ in grouping)
                groups = list(dict.fromkeys(named)) or list(self.study.profile)
                found = planted(spec.use, self.survey, items, groups, self.study.seed)
            else:
                found = recorded_predictions(self.study, spec, self.survey, items)
            self.read[spec.name] = found
        return self.read[spec.name]


def prepare(study: Study, survey: Survey, asked: Collection[str] = ()) -> Setup:
    """Check a study against its survey, before anything is asked or fitted.

    Parameters
    ----------
    study : Study
    survey : Survey
    asked : collection of str
        Names of the simulators that are asked; what they answer is the setup's `asked` later.

    Raises
    ------
    InputError
        A variable is unknown, an item has no categories, or the pilot is too large.
    """
    for name in (*study.profile, *study.asked):
        survey.variable(name)
    margins = study_margins(study, survey.codebook)
    for margin in margins:
        for name in set(margin.names) & set(study.asked):
            raise InputError(
                f"margins: '{name}' is asked, so raking to it would use the judges' own answers; "
                "give margins of other variables"
            )
    used = survey.select(_used(study, survey, margins))
    targets = study_targets(study, used.codebook)
    humans = human_answers(used, targets)
    scored, left_out = [], []
    for target in targets:
        answered = (
            humans[target.name].scores if target.variable is None else humans[target.name].codes
        )
        assert answered is not None  # items have codes
        observed = np.unique(answered[humans[target.name].answered])
        if len(observed) >= 2:
            scored.append(target)
            continue
        reason = "nobody answered" if not len(observed) else "only one answer was observed"
        left_out.append(("item" if target.variable else "scale", target.name, reason))
    if not scored:
        raise InputError(f"{survey.source}: no item has two different answers; nothing to score")
    groups = study_groups(study, used)
    regressions, dropped = study_regressions(study, used, targets)
    del regressions  # set up again for each pilot's judges; here only checked
    if study.pilot:
        used.pilot(study.pilot.n, study.seed, 0, study.pilot.stratify)
    setup = Setup(study, used, targets, scored, groups, left_out + dropped, margins=margins)
    for spec in study.simulators:
        if spec.name in asked:
            continue
        if spec.use.partition("/")[0] in _FIXED:
            setup.fixed(spec)
        else:
            learner_of(spec, study.seed)
    return setup


def _used(study: Study, survey: Survey, margins: tuple[Margin, ...]) -> Iterator[str]:
    """Variables that a study uses, in the survey's order."""
    named = {*study.profile, *study.asked}
    named.update(name for grouping in study.groups for name, _ in grouping)
    named.update(name for structure in study.structure for name in structure.predictors)
    if study.pilot and study.pilot.stratify:
        named.add(study.pilot.stratify)
    named.update(name for margin in margins for name in margin.names)
    for name in sorted(named - set(survey.codebook.names)):
        survey.variable(name)
    return (name for name in survey.codebook.names if name in named)
