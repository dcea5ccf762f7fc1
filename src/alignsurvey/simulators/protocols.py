"""What a simulator must be able to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from alignsurvey.predictions import Predictions
from alignsurvey.survey.survey import Survey
from alignsurvey.tasks.queries import Query, Reply


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


@runtime_checkable
class Simulator(Protocol):
    """Answers questions one by one: an endpoint, a local model, a table of replies."""

    @property
    def name(self) -> str:
        """By which its replies and scores are known."""
        ...

    def answer(self, queries: Sequence[Query]) -> Iterator[Reply]:
        """Answer each query once, in any order; a reply names its query by id.

        A query that gets no answer gets a reply without text, so that none is lost unseen.
        """
        ...
