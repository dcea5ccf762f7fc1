"""Learners that take one item at a time, and the predictor they all become."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alignsurvey.predictions import Predictions, Provenance
from alignsurvey.simulators.features import Features
from alignsurvey.simulators.pilot import ItemAnswers, prepare
from alignsurvey.survey.codebook import Codebook
from alignsurvey.survey.survey import Survey

ShareModel = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Design matrix, shape (n, p) -> shares of the observed categories, shape (n, m)."""


@dataclass(frozen=True)
class ProfilePredictor:
    """Predicts each item from the profile; what the learners of this package become.

    Parameters
    ----------
    name : str
    features : Features
    models : mapping of str to ShareModel
    answers : mapping of str to ItemAnswers
        Of the pilot; for the smoothing.
    codebook : Codebook
    trained_on : frozenset
        Ids of the pilot.
    notes : tuple of str
        What was done otherwise than the name says, such as a nominal item given to another model.
    """

    name: str
    features: Features
    models: Mapping[str, ShareModel]
    answers: Mapping[str, ItemAnswers]
    codebook: Codebook
    trained_on: frozenset[Hashable] = field(repr=False)
    notes: tuple[str, ...] = ()

    def predict(self, people: Survey) -> Predictions:
        """Predict the items for each respondent, from their profile alone."""
        X = self.features.matrix(people)
        shares = {
            item: self.answers[item].spread_out(model(X)) for item, model in self.models.items()
        }
        provenance = Provenance(self.name, "model", trained_on=self.trained_on)
        return Predictions(people.ids, shares, self.codebook, provenance)


@dataclass(frozen=True)
class Itemwise(ABC):
    """A learner that fits each item by itself.

    Parameters
    ----------
    seed : int
        For the folds inside the pilot; a respondent's fold depends on it and the ids alone.
    """

    seed: int = 42

    @property
    @abstractmethod
    def name(self) -> str:
        """Name, such as ``baseline/logit``."""

    @abstractmethod
    def fit_item(self, answers: ItemAnswers) -> ShareModel:
        """Fit one item that has at least two different answers, on at least one column."""

    def note(self, answers: ItemAnswers) -> str | None:
        """Say where an item is treated otherwise than the name of the learner says."""
        return None

    def fit(self, pilot: Survey, items: Sequence[str], profile: Sequence[str]) -> ProfilePredictor:
        """Learn from the pilot; the predictions remember who was in it.

        Parameters
        ----------
        pilot : Survey
        items : sequence of str
            What to predict. An answer missing in the pilot leaves its respondent out for that
            item; an item with one answer only is predicted to be that one.
        profile : sequence of str
            What to predict from; without any, the pilot's shares are predicted.

        Raises
        ------
        InputError
            A variable is unknown or unsuitable, or nobody in the pilot answered an item.
        """
        data = prepare(pilot, items, profile, self.seed)
        notes = [self.note(answers) for answers in data.items.values()]
        return ProfilePredictor(
            name=self.name,
            features=data.features,
            models={item: self._model(answers) for item, answers in data.items.items()},
            answers=data.items,
            codebook=data.codebook,
            trained_on=data.trained_on,
            notes=tuple(note for note in notes if note is not None),
        )

    def _model(self, answers: ItemAnswers) -> ShareModel:
        if len(answers.observed) == 1 or not answers.X.shape[1]:
            return constant(answers.shares)
        return self.fit_item(answers)


def constant(shares: NDArray[np.float64]) -> ShareModel:
    """A model that gives everyone the same shares."""
    return lambda X: np.broadcast_to(shares, (len(X), len(shares)))
