"""Baselines that know nothing about the individual: uniform, pilot marginal, pilot bootstrap."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alignsurvey.predictions import Predictions, Provenance
from alignsurvey.randomness import uniforms
from alignsurvey.simulators.itemwise import Itemwise, ProfilePredictor, ShareModel, constant
from alignsurvey.simulators.pilot import ItemAnswers, prepare
from alignsurvey.survey.codebook import Codebook
from alignsurvey.survey.survey import Survey


@dataclass(frozen=True)
class UniformPredictor:
    """Gives every option the same probability."""

    codebook: Codebook
    trained_on: frozenset[Hashable] = field(repr=False)
    name: str = "baseline/uniform"
    notes: tuple[str, ...] = ()

    def predict(self, people: Survey) -> Predictions:
        """Predict the items for each respondent, from their profile alone."""
        options = {variable.name: len(variable.categories) for variable in self.codebook}
        shares = {item: np.full((people.n, k), 1.0 / k) for item, k in options.items()}
        provenance = Provenance(self.name, "model", trained_on=self.trained_on)
        return Predictions(people.ids, shares, self.codebook, provenance)


@dataclass(frozen=True)
class Uniform:
    """`baseline/uniform`: every option is equally likely, whoever is asked.

    It needs no pilot, yet it remembers the one it was given, so that it is judged on the same
    people as the others.

    Examples
    --------
    >>> import alignsurvey as als
    >>> anes = als.load_example("anes96")
    >>> pilot = anes.pilot(100, seed=1)
    >>> Uniform().fit(pilot, ["vote"], []).predict(anes.without(pilot)).shares["vote"][0]
    array([0.5, 0.5])
    """

    seed: int = 42
    name: str = "baseline/uniform"

    def fit(self, pilot: Survey, items: Sequence[str], profile: Sequence[str]) -> UniformPredictor:
        """Learn nothing from the pilot."""
        for item in items:
            pilot.codes(item)
        codebook = pilot.codebook.select(dict.fromkeys(items))
        return UniformPredictor(codebook, frozenset(pilot.ids.to_list()))


@dataclass(frozen=True)
class Marginal(Itemwise):
    """`baseline/marginal`: the pilot's weighted shares, the same for everyone.

    Smoothed by half an answer for each option (`simulators.pilot.smoothed`), so that no option is
    impossible.

    Examples
    --------
    >>> import alignsurvey as als
    >>> anes = als.load_example("anes96")
    >>> pilot = anes.pilot(99, seed=1)
    >>> given = Marginal().fit(pilot, ["vote"], []).predict(anes.without(pilot)).shares["vote"]
    >>> bool(np.allclose(given[0], (99 * pilot.shares("vote") + 0.5) / 100))
    True
    """

    @property
    def name(self) -> str:
        """Its name."""
        return "baseline/marginal"

    def fit(self, pilot: Survey, items: Sequence[str], profile: Sequence[str]) -> ProfilePredictor:
        """Learn the pilot's shares; the profile is not looked at."""
        return super().fit(pilot, items, ())

    def fit_item(self, answers: ItemAnswers) -> ShareModel:
        """Take the pilot's shares."""
        return constant(answers.shares)


@dataclass(frozen=True)
class BootstrapPredictor:
    """Gives each respondent the answers of one respondent of the pilot."""

    donors: Survey
    answers: dict[str, ItemAnswers]
    codebook: Codebook
    trained_on: frozenset[Hashable] = field(repr=False)
    seed: int
    name: str = "baseline/bootstrap"
    notes: tuple[str, ...] = ()

    def predict(self, people: Survey) -> Predictions:
        """Predict the items for each respondent, from their profile alone."""
        lot = uniforms(people.id_hashes, self.seed, "bootstrap")
        donor = _by_weight(self.donors.weights, lot)
        shares = {}
        for item, answers in self.answers.items():
            lot = uniforms(people.id_hashes, self.seed, "bootstrap", item)
            position = np.full(self.donors.n, -1)
            position[answers.rows] = np.arange(answers.n)
            given = position[donor]
            again = given < 0
            given[again] = _by_weight(answers.weights, lot[again])
            codes = answers.observed[answers.target[given]]
            shares[item] = np.eye(len(answers.variable.categories))[codes]
        provenance = Provenance(self.name, "model", draws=1, trained_on=self.trained_on)
        return Predictions(people.ids, shares, self.codebook, provenance)


@dataclass(frozen=True)
class Bootstrap:
    """`baseline/bootstrap`: each respondent gets all the answers of one pilot respondent.

    The donor is drawn by weight, by a lot that depends on seed and respondent alone. Shares and
    correlations between items are the pilot's, and nothing is known about the individual. Where
    the donor did not answer an item, another donor is drawn for that item alone. The answers are
    certain, and options that nobody in the pilot chose do not occur.

    Examples
    --------
    >>> import alignsurvey as als
    >>> anes = als.load_example("anes96")
    >>> pilot = anes.pilot(100, seed=1)
    >>> Bootstrap().fit(pilot, ["vote", "PID"], []).predict(anes.without(pilot)).is_certain
    True
    """

    seed: int = 42
    name: str = "baseline/bootstrap"

    def fit(
        self, pilot: Survey, items: Sequence[str], profile: Sequence[str]
    ) -> BootstrapPredictor:
        """Remember the pilot; the profile is not looked at."""
        data = prepare(pilot, items, (), self.seed)
        return BootstrapPredictor(
            data.pilot, dict(data.items), data.codebook, data.trained_on, self.seed
        )


def _by_weight(weights: NDArray[np.float64], lot: NDArray[np.float64]) -> NDArray[np.int64]:
    """Draw rows by weight, by inverting the cumulated weights at each lot."""
    reached = np.cumsum(weights)
    found = np.searchsorted(reached, lot * reached[-1], side="right")
    rows: NDArray[np.int64] = np.minimum(found, len(weights) - 1)
    return rows
