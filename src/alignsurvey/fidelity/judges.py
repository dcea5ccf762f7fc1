"""The people that judge: who they are, what they answered, and their replicate weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.fidelity.axes import Coefficients, Regression, Side, coefficients
from alignsurvey.fidelity.grouping import Group
from alignsurvey.fidelity.targets import Answers, Floats, Target
from alignsurvey.predictions import Predictions
from alignsurvey.randomness import hash_ids
from alignsurvey.survey.survey import Survey


@dataclass(frozen=True)
class Judges:
    """The people that judge: who they are, what they answered, and their replicate weights.

    Parameters
    ----------
    people : Survey
    answers : mapping of target name to Answers
    targets : sequence of Target
        Every target that is computed.
    scored : sequence of Target
        Those that are scored.
    regressions : sequence of Regression
    groups : sequence of Group
    weights : array, shape (1 + B, n)
        The survey weights, then those of each bootstrap replicate.
    minimum_n : int
        Smaller groups are not scored.
    """

    people: Survey
    answers: Mapping[str, Answers]
    targets: Sequence[Target]
    scored: Sequence[Target]
    regressions: Sequence[Regression]
    groups: Sequence[Group]
    weights: Floats
    minimum_n: int
    raking: Floats | None = None
    """Factor of each judge's weight on the simulated side, shape (n,), where it was raked."""

    _kept: dict[tuple[str, str], Side | None] = field(default_factory=dict, repr=False)
    _fitted: dict[tuple[str, str], Coefficients] = field(default_factory=dict, repr=False)

    def rows(self, group: Group, target: str) -> NDArray[np.bool_]:
        """Who belongs to a group and has answered."""
        return group.rows & self.answers[target].answered

    def side(self, group: Group, target: str) -> Side | None:
        """People's own answers in a group, None if there are too few."""
        place = group.name, target
        if place not in self._kept:
            rows = self.rows(group, target)
            self._kept[place] = (
                Side(self.answers[target].take(rows), self.weights[:, rows])
                if rows.sum() >= self.minimum_n
                else None
            )
        return self._kept[place]

    def coefficients(self, group: Group, regression: Regression) -> Coefficients:
        """People's own coefficients in a group."""
        outcome = regression.outcome.name
        place = group.name, outcome
        if place not in self._fitted:
            side = self.side(group, outcome)
            assert side is not None  # asked only where there are enough people
            X = regression.X[self.rows(group, outcome)]
            part = Regression(regression.outcome, regression.names, X)
            self._fitted[place] = coefficients(part, side)
        return self._fitted[place]

    def weighing(self, weights: Floats | None) -> Judges:
        """Give the simulated side weights of its own, such as raked ones."""
        if weights is None:
            return self
        own = self.people.weights
        factor = np.divide(weights, own, out=np.zeros_like(own), where=own > 0)
        return replace(self, raking=factor)

    def simulated_weights(self, human: Side, rows: NDArray[np.bool_]) -> Floats:
        """Weights of the simulated side for some of the judges."""
        return human.weights if self.raking is None else human.weights * self.raking[rows]

    def too_small(self) -> Iterator[tuple[str, str]]:
        """Groups that are not scored for a target: (group, target)."""
        for group in self.groups:
            for target in self.scored:
                if self.side(group, target.name) is None:
                    yield group.name, target.name

    def refuse_trained(self, predictions: Predictions) -> None:
        """Training people never judge.

        Raises
        ------
        InputError
            A judge trained, prompted or calibrated the simulator.
        """
        trained = hash_ids(predictions.provenance.trained_on)
        leaked = np.isin(self.people.id_hashes, trained)
        if leaked.any():
            first = self.people.ids[int(np.argmax(leaked))]
            raise InputError(
                f"{predictions.provenance.simulator} was trained on {int(leaked.sum())} of the "
                f"people who would judge it (such as {first!r}); leave them out of one of the two"
            )
