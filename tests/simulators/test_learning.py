"""What the learners find in a planted population, and that they find nothing where nothing is."""

import numpy as np
import pytest

from alignsurvey.simulators import Copula, resolve
from alignsurvey.survey import Category, Scale, Variable

LEARNERS = ["logit", "ordinal", "ridge", "boosting", "copula"]
SIGNAL = {"trust": 0.08, "fear": 0.03, "yes": 0.08, "vote": 0.08}


@pytest.mark.parametrize("name", LEARNERS)
def test_signal_is_found(name, population, log_loss):
    pilot = population.pilot(400, seed=2)
    people = population.without(pilot)
    items = list(SIGNAL)
    marginal = resolve("baseline/marginal").fit(pilot, items, []).predict(people)
    learnt = resolve(f"baseline/{name}", seed=2).fit(pilot, items, ["x", "z", "useless"])
    predictions = learnt.predict(people)
    for item, least in SIGNAL.items():
        won = log_loss(marginal, people, item) - log_loss(predictions, people, item)
        assert won > least * (0.6 if name == "boosting" else 1.0), item


@pytest.mark.parametrize("name", ["logit", "ordinal", "copula", "boosting"])
def test_where_nothing_is_hardly_anything_is_lost(name, population, log_loss):
    seeds = range(3 if name == "boosting" else 12)
    items = ["trust", "noise", "vote"]
    lost = []
    for seed in seeds:
        pilot = population.pilot(100, seed=seed)
        people = population.without(pilot)
        marginal = resolve("baseline/marginal").fit(pilot, items, []).predict(people)
        learner = resolve(f"baseline/{name}", seed=seed)
        predictions = learner.fit(pilot, items, ["age", "useless"]).predict(people)
        lost += [log_loss(predictions, people, i) - log_loss(marginal, people, i) for i in items]
    assert np.mean(lost) < 0.012


def test_the_logit_comes_near_the_truth_with_many_people(population):
    """vote is a softmax of (lean, -lean, 0)."""
    pilot = population.pilot(3000, seed=1)
    people = population.without(pilot)
    lean = (people.codes("x") - 3) / 2 + np.array([-0.8, 0.0, 0.8])[people.codes("z")]
    odds = np.exp(np.column_stack([lean, -lean, np.zeros_like(lean)]))
    truth = odds / odds.sum(axis=1, keepdims=True)
    given = resolve("baseline/logit").fit(pilot, ["vote"], ["x", "z"]).predict(people)
    assert np.abs(given.shares["vote"] - truth).mean() < 0.03


def test_ridge_ranks_people_and_knows_its_error(population):
    pilot = population.pilot(400, seed=1)
    people = population.without(pilot)
    given = resolve("baseline/ridge").fit(pilot, ["trust"], ["x", "z"]).predict(people)
    human, expected = people.scores("trust"), given.expectation("trust")
    assert np.corrcoef(human, expected)[0, 1] > 0.5
    drawn = given.draw("trust", 1) + 1.0
    assert drawn.std() / human.std() == pytest.approx(1, abs=0.1)


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


@pytest.mark.parametrize("name", ["copula", "bootstrap"])
def test_items_are_drawn_together(name, population):
    pilot = population.pilot(600, seed=5)
    people = population.without(pilot)
    items = ["trust", "fear", "yes"]
    given = resolve(f"baseline/{name}", seed=1).fit(pilot, items, ["x", "z"]).predict(people)
    alone = resolve("baseline/ordinal", seed=1).fit(pilot, items, ["x", "z"]).predict(people)
    for one, other in [("trust", "fear"), ("trust", "yes"), ("fear", "yes")]:
        human = spearman(people.codes(one), people.codes(other))
        drawn = spearman(given.draw(one, 3), given.draw(other, 3))
        apart = spearman(alone.draw(one, 3), alone.draw(other, 3))
        assert drawn == pytest.approx(human, abs=0.09)
        assert abs(apart - human) > 0.15, "drawn by themselves they would not fit together"


def test_the_copula_finds_the_correlation_behind_cut_variables(make_survey):
    """Two halves of a normal pair with r = .6 correlate at 2/pi asin(.6) = .41 once cut."""
    rng = np.random.default_rng(4)
    n = 5000
    pair = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], n)
    two = [
        Variable(name, scale=Scale.ORDINAL, categories=(Category(0, "low"), Category(1, "high")))
        for name in ("a", "b")
    ]
    survey = make_survey(two, a=(pair[:, 0] > 0).astype(int), b=(pair[:, 1] > 0).astype(int))
    predictor = Copula(seed=1).fit(survey, ["a", "b"], [])
    latent = (predictor.root @ predictor.root)[0, 1]
    cut = np.corrcoef(survey.codes("a"), survey.codes("b"))[0, 1]
    assert cut == pytest.approx(2 / np.pi * np.arcsin(0.6), abs=0.03)
    assert latent == pytest.approx(0.6, abs=0.06)
    given = predictor.predict(survey)
    assert spearman(given.draw("a", 0), given.draw("b", 0)) == pytest.approx(cut, abs=0.05)


def test_the_copula_keeps_the_pilots_shares(population):
    pilot = population.pilot(400, seed=6)
    given = Copula(seed=1).fit(pilot, ["trust", "fear"], ["x", "z"]).predict(pilot)
    for item in ("trust", "fear"):
        assert given.shares[item].mean(axis=0) == pytest.approx(pilot.shares(item), abs=0.02)


def test_the_copulas_draws_do_not_hang_on_the_order_of_items(population):
    pilot = population.pilot(200, seed=6)
    one = Copula(seed=1).fit(pilot, ["trust", "fear", "yes"], ["x"]).predict(population)
    other = Copula(seed=1).fit(pilot, ["yes", "trust", "fear"], ["x"]).predict(population)
    for item in ("trust", "fear", "yes"):
        assert one.lots[item] == pytest.approx(other.lots[item], abs=1e-9)


def test_the_copulas_lots_are_uniform_and_nominal_items_have_none(population):
    pilot = population.pilot(200, seed=6)
    given = Copula(seed=1).fit(pilot, ["trust", "vote"], ["x"]).predict(population)
    assert set(given.lots) == {"trust"}
    lot = np.sort(given.lots["trust"])
    assert np.abs(lot - (np.arange(len(lot)) + 0.5) / len(lot)).max() < 1.63 / np.sqrt(len(lot))


def test_boosting_finds_what_only_two_attributes_say_together(make_survey):
    """An answer that is whether two attributes agree: no main effect at all."""
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 2, (2, 1200))
    same = np.where(rng.random(1200) < 0.9, a == b, a != b).astype(int)
    both = [
        Variable(name, scale=Scale.NOMINAL, categories=(Category(0, "no"), Category(1, "yes")))
        for name in ("a", "b", "same")
    ]
    survey = make_survey(both, a=a, b=b, same=same)
    pilot = survey.pilot(600, seed=1)
    people = survey.without(pilot)
    for name, right in [("boosting", 0.85), ("logit", 0.0)]:
        given = resolve(f"baseline/{name}").fit(pilot, ["same"], ["a", "b"]).predict(people)
        hit = (given.shares["same"].argmax(axis=1) == people.codes("same")).mean()
        assert hit > right
        if name == "logit":
            assert hit < 0.65
