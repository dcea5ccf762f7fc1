"""What every baseline promises, whatever it is made of."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from alignsurvey.errors import InputError
from alignsurvey.simulators import Learner, Predictor, baseline_names, resolve
from alignsurvey.survey import Category, Codebook, Scale, Survey, Variable

ITEMS = ["trust", "fear", "yes", "vote", "noise"]
PROFILE = ["x", "z", "age"]
PROBABILISTIC = [name for name in baseline_names() if name != "baseline/bootstrap"]
LEARNING = [name for name in baseline_names() if name != "baseline/uniform"]
PROFILED = [name for name in LEARNING if name not in ("baseline/marginal", "baseline/bootstrap")]
all_baselines = pytest.mark.parametrize("name", baseline_names())
learning_baselines = pytest.mark.parametrize("name", LEARNING)


@pytest.fixture(scope="module")
def pilot(population: Survey) -> Survey:
    return population.pilot(80, seed=3)


@pytest.fixture(scope="module")
def people(population: Survey, pilot: Survey) -> Survey:
    return population.without(pilot).where(np.arange(population.n - pilot.n) < 150)


def shuffled(survey: Survey, seed: int = 0) -> Survey:
    order = np.random.default_rng(seed).permutation(survey.n)
    return replace(survey, answers=survey.answers[order])


def with_holes(survey: Survey, share: float, *names: str) -> Survey:
    rng = np.random.default_rng(11)
    columns = [
        pl.Series(
            name,
            [None if rng.random() < share else v for v in survey.answers[name]],
            dtype=survey.answers[name].dtype,
        )
        for name in names
    ]
    return replace(survey, answers=survey.answers.with_columns(columns))


@all_baselines
def test_it_learns_and_predicts_as_the_protocols_say(name, pilot, people):
    learner = resolve(name, seed=1)
    predictor = learner.fit(pilot, ITEMS, PROFILE)
    assert isinstance(learner, Learner)
    assert isinstance(predictor, Predictor)
    predictions = predictor.predict(people.select(PROFILE))
    assert learner.name == predictor.name == predictions.provenance.simulator == name
    assert predictions.provenance.by == "model"
    assert predictions.provenance.trained_on == frozenset(pilot.ids.to_list())
    assert predictions.items == tuple(ITEMS)
    assert predictions.ids.to_list() == people.ids.to_list()
    for item in ITEMS:
        assert predictions.shares[item].sum(axis=1) == pytest.approx(1)
        assert predictions.answered(item).all()


@all_baselines
def test_the_order_of_rows_is_nothing(name, pilot, people):
    one = resolve(name, seed=1).fit(pilot, ITEMS, PROFILE).predict(people)
    other = resolve(name, seed=1).fit(shuffled(pilot), ITEMS, PROFILE).predict(shuffled(people))
    other = other.align(people.ids)
    for item in ITEMS:
        assert one.shares[item] == pytest.approx(other.shares[item], abs=1e-12)
        assert (one.draw(item, 5) == other.draw(item, 5)).all()


@all_baselines
def test_a_person_is_predicted_alike_in_any_company(name, pilot, people):
    predictor = resolve(name, seed=1).fit(pilot, ITEMS, PROFILE)
    alone = predictor.predict(people.where(np.arange(people.n) == 7))
    company = predictor.predict(people).align(alone.ids)
    for item in ITEMS:
        assert alone.shares[item] == pytest.approx(company.shares[item], abs=1e-12)
        assert alone.draw(item, 5) == company.draw(item, 5)


@all_baselines
def test_the_same_seed_gives_the_same_again(name, pilot, people):
    one, again = (resolve(name, seed=4).fit(pilot, ITEMS, PROFILE).predict(people) for _ in "12")
    assert all((one.shares[item] == again.shares[item]).all() for item in ITEMS)


@pytest.mark.parametrize("name", ["baseline/bootstrap", "baseline/copula"])
def test_another_seed_draws_others(name, pilot, people):
    one, other = (
        resolve(name, seed=seed).fit(pilot, ITEMS, PROFILE).predict(people) for seed in (1, 2)
    )
    assert (one.draw("trust", 5) != other.draw("trust", 5)).mean() > 0.3


@pytest.mark.parametrize("name", PROBABILISTIC)
def test_no_option_is_impossible(name, population):
    """24 options, twenty people: most options were never seen."""
    bands = Variable("band", "Band", Scale.ORDINAL, tuple(Category(i, str(i)) for i in range(24)))
    answers = population.answers.with_columns(band=pl.col("age") // 4)
    survey = replace(population, answers=answers, codebook=population.codebook.updated(bands))
    pilot = survey.pilot(20, seed=1)
    shares = resolve(name, seed=1).fit(pilot, ["band"], ["x"]).predict(survey).shares["band"]
    assert shares.min() > 0.5 / (20 + 24 / 2) - 1e-12 or name == "baseline/ridge"
    assert shares.min() > 0


@learning_baselines
def test_an_item_with_one_answer_is_predicted_to_be_that_one(name, pilot, people):
    same = replace(pilot, answers=pilot.answers.with_columns(trust=pl.lit(4)))
    shares = resolve(name, seed=1).fit(same, ["trust", "fear"], PROFILE).predict(people)
    assert shares.shares["trust"][:, 3].min() > 0.95


@all_baselines
def test_missing_answers_leave_their_respondent_out_for_that_item(name, pilot, people):
    holes = with_holes(pilot, 0.4, "trust")
    answered = holes.where(pl.col("trust").is_not_null())
    seen = resolve(name, seed=1).fit(holes, ["trust", "fear"], PROFILE).predict(people)
    whole = resolve(name, seed=1).fit(pilot, ["trust", "fear"], PROFILE).predict(people)
    assert seen.answered("trust").all()
    assert seen.shares["fear"] == pytest.approx(whole.shares["fear"])
    if name == "baseline/marginal":
        n = answered.n
        expected = (n * answered.shares("trust") + 0.5) / (n + 2.5)
        assert seen.shares["trust"][0] == pytest.approx(expected)


@all_baselines
def test_missing_attributes_are_predicted_from_what_is_there(name, pilot, people):
    learner = resolve(name, seed=1)
    predictor = learner.fit(with_holes(pilot, 0.3, "x", "z", "age"), ITEMS, PROFILE)
    for some in (people, with_holes(people, 0.5, "x", "z"), with_holes(people, 1.0, "age")):
        assert predictor.predict(some).shares["trust"].sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("name", [n for n in PROBABILISTIC if n != "baseline/uniform"])
@pytest.mark.parametrize("profile", [(), ("constant",)])
def test_a_profile_that_says_nothing_gives_the_marginal(name, profile, pilot, people):
    def constant(survey: Survey) -> Survey:
        book = survey.codebook.updated(Variable("constant", scale=Scale.INTERVAL))
        answers = survey.answers.with_columns(constant=pl.lit(3.0))
        return replace(survey, answers=answers, codebook=book)

    pilot, people = constant(pilot), constant(people)
    given = resolve(name, seed=1).fit(pilot, ITEMS, profile).predict(people)
    marginal = resolve("baseline/marginal", seed=1).fit(pilot, ITEMS, profile).predict(people)
    for item in ITEMS:
        assert given.shares[item] == pytest.approx(marginal.shares[item])


@all_baselines
@pytest.mark.parametrize("n", [1, 2, 3, 7, 20])
def test_tiny_pilots_are_enough_to_say_something(name, n, population, people):
    pilot = population.without(people).pilot(n, seed=n)
    predictions = resolve(name, seed=1).fit(pilot, ITEMS, [*PROFILE, "useless"]).predict(people)
    for item in ITEMS:
        assert np.isfinite(predictions.shares[item]).all()


@learning_baselines
def test_a_zero_weight_is_an_absence(name, pilot, people):
    kept = np.arange(pilot.n) % 3 > 0

    def weighted(survey: Survey, weights: np.ndarray) -> Survey:
        answers = survey.answers.with_columns(w=pl.Series(weights, dtype=pl.Float64))
        return replace(survey, answers=answers, design=replace(survey.design, weight="w"))

    zero = weighted(pilot, kept * 2.5)
    absent = weighted(pilot.where(kept), np.ones(kept.sum()))
    one, other = (
        resolve(name, seed=1).fit(survey, ITEMS, PROFILE).predict(people)
        for survey in (zero, absent)
    )
    for item in ITEMS:
        assert one.shares[item] == pytest.approx(other.shares[item], abs=1e-9)
    assert len(one.provenance.trained_on) == pilot.n


@learning_baselines
def test_weights_move_the_shares(name, pilot, people):
    """Whoever says yes counts nine times: shares and predictions follow."""
    nine = pilot.answers.with_columns(w=pl.when(pl.col("yes") == 2).then(9.0).otherwise(1.0))
    weighted = replace(pilot, answers=nine, design=replace(pilot.design, weight="w"))
    learner = resolve(name, seed=1)
    before, after = (
        learner.fit(survey, ["yes"], PROFILE).predict(people).shares["yes"][:, 1].mean()
        for survey in (pilot, weighted)
    )
    assert after > before + 0.2


@pytest.mark.parametrize("name", PROFILED)
def test_an_item_in_the_profile_is_refused(name, pilot):
    with pytest.raises(InputError, match="item 'trust' is in the profile too"):
        resolve(name).fit(pilot, ["trust"], ["x", "trust"])


@all_baselines
def test_an_unknown_item_is_named_with_the_nearest(name, pilot):
    with pytest.raises(InputError, match=r"no variable 'trus'.*did you mean 'trust'"):
        resolve(name).fit(pilot, ["trus"], PROFILE)


@all_baselines
def test_an_item_without_categories_is_refused(name, pilot):
    with pytest.raises(InputError, match="'age' has no declared categories"):
        resolve(name).fit(pilot, ["age"], ["x"])


@learning_baselines
def test_an_item_that_nobody_answered_is_refused(name, pilot):
    nobody = pl.lit(None, dtype=pl.Int64).alias("trust")
    silent = replace(pilot, answers=pilot.answers.with_columns(nobody))
    with pytest.raises(InputError, match="nobody in the pilot answered 'trust'"):
        resolve(name).fit(silent, ["fear", "trust"], PROFILE)


@pytest.mark.parametrize("name", ["baseline/ordinal", "baseline/ridge", "baseline/copula"])
def test_nominal_items_go_to_the_multinomial_logit_and_that_is_said(name, pilot, people):
    predictor = resolve(name, seed=1).fit(pilot, ["trust", "vote"], PROFILE)
    assert predictor.notes == (f"{name}: 'vote' is nominal and was given to the multinomial logit",)
    if name != "baseline/copula":  # which reads the profile by its ranks
        logit = resolve("baseline/logit", seed=1).fit(pilot, ["vote"], PROFILE)
        assert logit.notes == ()
        expected = logit.predict(people).shares["vote"]
        assert predictor.predict(people).shares["vote"] == pytest.approx(expected)


def test_declared_options_that_nobody_chose_are_named_in_the_shares(pilot, people):
    """The codebook's options are predicted, not only those that the pilot saw."""
    more = Variable("fear", "Fear", Scale.ORDINAL, tuple(Category(i, str(i)) for i in range(7)))
    book = Codebook(tuple(more if v.name == "fear" else v for v in pilot.codebook))
    wider = replace(pilot, codebook=book)
    for name in PROBABILISTIC:
        shares = resolve(name, seed=1).fit(wider, ["fear"], ["x"]).predict(people).shares["fear"]
        assert shares.shape == (people.n, 7)


def test_the_bootstrap_gives_whole_persons_of_the_pilot(pilot, population):
    given = resolve("baseline/bootstrap", seed=2).fit(pilot, ITEMS, []).predict(population)
    vectors = {tuple(row) for row in np.column_stack([pilot.codes(i) for i in ITEMS]).tolist()}
    drawn = np.column_stack([given.draw(item, 0) for item in ITEMS])
    assert {tuple(row) for row in drawn.tolist()} <= vectors
    assert given.is_certain
    assert given.provenance.draws == 1


def test_the_bootstrap_draws_by_weight(make_survey, population):
    item = Variable("q", scale=Scale.NOMINAL, categories=(Category(0, "a"), Category(1, "b")))
    pilot = make_survey([item], q=[0, 1], w=[1.0, 3.0])
    given = resolve("baseline/bootstrap", seed=2).fit(pilot, ["q"], []).predict(population)
    assert given.shares["q"][:, 1].mean() == pytest.approx(0.75, abs=4 * np.sqrt(0.1875 / 4000))


def test_the_bootstrap_draws_anew_where_the_donor_is_silent(pilot, population):
    holes = with_holes(pilot, 0.5, "trust")
    given = resolve("baseline/bootstrap", seed=2).fit(holes, ["trust", "fear"], [])
    predictions = given.predict(population)
    assert predictions.answered("trust").all()
    shares = predictions.shares["trust"].mean(axis=0)
    assert shares == pytest.approx(holes.shares("trust"), abs=0.05)
