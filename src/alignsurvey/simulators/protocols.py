"""What a simulator must be able to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from alignsurvey.predictions import Predictions
from alignsurvey.survey.survey import Survey


@runtime_checkable
class Predictor(Protocol):
    """Gives probabilities for people it has not seen the answers of."""

    name: str

    def predict(self, people: Survey) -> Predictions:
        """Predict the items for each respondent, from their profile alone."""
        ...


@runtime_checkable
class Learner(Protocol):
    """Becomes a predictor by learning from a pilot of human answers."""

    name: str

    def fit(self, pilot: Survey, items: Sequence[str], profile: Sequence[str]) -> Predictor:
        """Learn from the pilot; the predictions remember who was in it."""
        ...
