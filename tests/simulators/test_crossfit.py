"""Out-of-fold predictions: nobody is predicted by a model that saw them."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from alignsurvey.predictions import Predictions
from alignsurvey.simulators import cross_predict, resolve
from alignsurvey.survey import Survey


@dataclass(frozen=True)
class Watchful:
    """A learner that refuses to predict whom it has seen, and remembers what it was shown."""

    seen: list
    name: str = "test/watchful"

    def fit(self, pilot, items, profile):
        return WatchfulPredictor(resolve("baseline/marginal").fit(pilot, items, profile), self.seen)


@dataclass(frozen=True)
class WatchfulPredictor:
    inner: object
    seen: list
    name: str = "test/watchful"

    def predict(self, people: Survey) -> Predictions:
        assert not self.inner.trained_on & set(people.ids.to_list())
        self.seen.append(set(people.codebook.names))
        return self.inner.predict(people)


def test_nobody_is_predicted_by_a_model_that_saw_them(population):
    seen: list = []
    people = population.where(np.arange(population.n) < 203)
    given = cross_predict(Watchful(seen), people, ["trust"], ["x"], k=4, seed=1)
    assert given.ids.to_list() == people.ids.to_list()
    assert given.provenance.trained_on == frozenset()
    assert seen == [{"x"}] * 4, "predictors see the profile and nothing else"
    assert len(np.unique(given.shares["trust"], axis=0)) == 4


@pytest.mark.parametrize("name", ["logit", "bootstrap", "copula"])
def test_the_order_of_rows_is_nothing(name, population):
    people = population.where(np.arange(population.n) < 150)
    order = np.random.default_rng(1).permutation(people.n)
    turned = replace(people, answers=people.answers[order])
    learner = resolve(f"baseline/{name}", seed=1)
    items = ["trust", "yes", "vote"]
    one = cross_predict(learner, people, items, ["x", "z"], 5, 7)
    other = cross_predict(learner, turned, items, ["x", "z"], 5, 7).align(people.ids)
    for item in items:
        assert one.shares[item] == pytest.approx(other.shares[item], abs=1e-9)
        assert (one.draw(item, 1) == other.draw(item, 1)).all()


def test_in_sample_fit_is_not_flattered(population, log_loss):
    """On pure noise a model judged on its own people looks better than the marginal."""
    people = population.where(np.arange(population.n) < 300)
    logit = resolve("baseline/logit", seed=1)
    crossed = cross_predict(logit, people, ["noise"], ["x", "z", "age"], 5, 1)
    truth = -(np.array([0.1, 0.2, 0.3, 0.4]) * np.log([0.1, 0.2, 0.3, 0.4])).sum()
    assert log_loss(crossed, people, "noise") > truth - 0.06
