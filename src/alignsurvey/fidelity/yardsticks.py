"""What a score is held against: the best trivial baseline, and the human ceiling."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from alignsurvey.fidelity.axes import Regression
from alignsurvey.fidelity.ceiling import (
    marginal_ceiling,
    people_per_half,
    structural_ceiling,
)
from alignsurvey.fidelity.measures import MEASURES
from alignsurvey.fidelity.pooling import Key, Replicates
from alignsurvey.fidelity.structures import study_regressions
from alignsurvey.fidelity.targets import Floats, human_answers
from alignsurvey.metrics import stepped_up
from alignsurvey.simulators import TRIVIAL

if TYPE_CHECKING:
    from alignsurvey.fidelity.setup import Setup

Place = tuple[str, str, str]
"""Metric, target, group."""


class Yardsticks:
    """Baselines and ceilings of a study's scores.

    Parameters
    ----------
    setup : Setup
    replicates : Replicates
        With the trivial baselines among the simulators.
    parts : Yardsticks, optional
        For scores that are means over targets: those of the single targets.
    """

    def __init__(
        self, setup: Setup, replicates: Replicates, parts: Yardsticks | None = None
    ) -> None:
        self._setup, self._replicates, self._parts = setup, replicates, parts
        self._best: dict[Key, tuple[float, str | None]] = {}
        self._trivial = [spec.name for spec in setup.simulators if spec.use in TRIVIAL]

    def baseline(self, key: Key) -> tuple[float, str | None]:
        """Value and name of the best simulator that knows nothing about the person."""
        place = key._replace(simulator="")
        if place not in self._best:
            self._best[place] = self._find_best(place)
        return self._best[place]

    def _find_best(self, place: Key) -> tuple[float, str | None]:
        measure, best, best_name = MEASURES[place.metric], float("nan"), None
        for name in self._trivial:
            rival = place._replace(simulator=name)
            if rival not in self._replicates:
                continue
            table = self._replicates.table(rival)[:, 0]
            known = table[~np.isnan(table)]
            value = float(known.mean()) if len(known) else float("nan")
            if measure.is_better(value, best):
                best, best_name = value, name
        return best, best_name

    def ceiling(self, key: Key) -> float:
        """Value of a second human sample of the same size; NaN on the individual axis."""
        if self._parts is not None:
            return self._parts.mean_ceiling(key)
        found = self._halves.get((key.metric, key.target, key.group))
        if found is None:
            return float("nan")
        return stepped_up(key.metric, *found, self._replicates.n(key))

    def mean_ceiling(self, key: Key) -> float:
        """Mean of the ceilings of the targets that a summary is made of."""
        values = [self.ceiling(one) for one in self._targets.get((*key[:4], key.group), ())]
        known = [value for value in values if not np.isnan(value)]
        return float(np.mean(known)) if known else float("nan")

    @cached_property
    def _targets(self) -> dict[tuple[str, ...], list[Key]]:
        """Scores of single targets, by everything but the target."""
        found: dict[tuple[str, ...], list[Key]] = {}
        for key in self._replicates.keys():  # noqa: SIM118
            found.setdefault((*key[:4], key.group), []).append(key)
        return found

    @cached_property
    def _halves(self) -> dict[Place, tuple[Floats, float]]:
        """Values over many splits, and the size of a half, for every metric, target and group."""
        setup, found = self._setup, {}
        survey, halves = setup.survey, setup.halves
        answers = human_answers(survey, setup.targets)
        regressions = study_regressions(setup.study, survey, setup.targets)[0]
        for group in setup.groups:
            for target in setup.scored:
                human = answers[target.name]
                rows = group.rows & human.answered
                if rows.sum() < setup.study.minimum_n:
                    continue
                parts = (halves[0][:, rows], halves[1][:, rows])
                size = people_per_half(rows, halves)
                for metric, values in marginal_ceiling(target, human.take(rows), parts).items():
                    found[metric, target.name, group.name] = (values, size)
            for regression in regressions:
                human = answers[regression.outcome.name]
                rows = group.rows & human.answered
                if rows.sum() < setup.study.minimum_n:
                    continue
                parts = (halves[0][:, rows], halves[1][:, rows])
                own = Regression(regression.outcome, regression.names, regression.X[rows])
                size = people_per_half(rows, halves)
                for metric, values in structural_ceiling(own, human.take(rows), parts).items():
                    found[metric, regression.outcome.name, group.name] = (values, size)
        return found
