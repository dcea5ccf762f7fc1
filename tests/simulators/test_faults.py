"""Planted faults: the arithmetic of what was planted, by plain NumPy."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from alignsurvey.errors import InputError
from alignsurvey.predictions import Outcome
from alignsurvey.simulators import FAULTS, planted
from alignsurvey.survey import (
    Category,
    Codebook,
    Design,
    Missing,
    MissingCode,
    Scale,
    Survey,
    Variable,
)

ITEMS = ["trust", "yes", "vote"]


@pytest.fixture(scope="module")
def roomy(make_survey) -> Survey:
    """An eleven-point item in the middle of its scale, so that exaggerated groups still fit."""
    rng = np.random.default_rng(2)
    n = 3000
    party, urban = rng.integers(1, 4, n), rng.integers(0, 2, n)
    age = rng.integers(18, 90, n)
    lean = 5 + 0.7 * (party - 2) + 0.4 * (urban - 0.5) + 0.01 * (age - 50)
    mood = np.clip(np.round(lean + rng.normal(size=n)), 1, 9).astype(int)
    scale = tuple(Category(i, str(i)) for i in range(11))
    return make_survey(
        [
            Variable("mood", "Mood", Scale.ORDINAL, scale),
            Variable("party", scale=Scale.NOMINAL,
                     categories=tuple(Category(i, str(i)) for i in (1, 2, 3))),
            Variable("urban", scale=Scale.NOMINAL,
                     categories=(Category(0, "no"), Category(1, "yes"))),
            Variable("age", "Age", Scale.INTERVAL),
        ],
        mood=mood,
        party=party,
        urban=urban,
        age=age,
        w=rng.uniform(0.3, 3, n),
    )  # fmt: skip


def weighted_sd(x: np.ndarray, w: np.ndarray) -> float:
    return float(np.sqrt(np.average((x - np.average(x, weights=w)) ** 2, weights=w)))


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_always_marked_as_constructed(fault, population):
    given = planted(f"planted/{fault}", population, ITEMS, ["x", "z"])
    assert given.provenance.by == "constructed"
    assert given.provenance.simulator == f"planted/{fault}"
    assert given.provenance.trained_on == frozenset()
    assert given.ids.to_list() == population.ids.to_list()


def test_faithful_is_everyones_own_answer(population):
    given = planted("planted/faithful", population, ITEMS)
    for item in ITEMS:
        assert (given.draw(item, 1) == population.codes(item)).all()


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0])
def test_shrunk_expectations_have_the_right_mean_and_that_part_of_the_spread(roomy, factor):
    given = planted(f"planted/shrunk({factor})", roomy, ["mood"]).expectation("mood")
    human, w = roomy.scores("mood"), roomy.weights
    assert np.average(given, weights=w) == pytest.approx(np.average(human, weights=w))
    assert weighted_sd(given, w) == pytest.approx(factor * weighted_sd(human, w), abs=1e-9)


def test_shrunk_draws_have_the_spread_of_expectations_and_of_the_dice(roomy):
    """Var(draw) = Var(expectation) + mean of (expectation - below)(above - expectation)."""
    given = planted("planted/shrunk(0.4)", roomy, ["mood"])
    expected = given.expectation("mood")
    dice = (expected - np.floor(expected)) * (np.ceil(expected) - expected)
    drawn = np.stack([given.draw("mood", seed) for seed in range(60)])
    total = expected.var() + dice.mean()
    assert drawn.var() == pytest.approx(total, rel=0.01)
    assert drawn.std() / roomy.scores("mood").std() > 0.41


def test_shrunk_uses_only_the_two_options_beside_the_expectation(roomy):
    given = planted("planted/shrunk(0.4)", roomy, ["mood"])
    used = given.shares["mood"] > 1e-12
    assert used.sum(axis=1).max() == 2
    assert np.ptp(np.where(used, np.arange(11), np.nan)[0][used[0]]) <= 1


def test_shrunk_nominal_shares_have_that_part_of_the_spread_each(population):
    given = planted("planted/shrunk(0.4)", population, ["vote"]).shares["vote"]
    own = np.eye(3)[population.codes("vote")]
    assert given.mean(axis=0) == pytest.approx(own.mean(axis=0))
    assert given.std(axis=0) == pytest.approx(0.4 * own.std(axis=0))


@pytest.mark.parametrize(("gap", "spread"), [(1.8, 0.3), (0.5, 0.0), (2.2, 0.1)])
def test_caricature_gaps_and_spread_within_are_what_was_planted(roomy, gap, spread):
    name = f"planted/caricature({gap}, {spread})"
    given = planted(name, roomy, ["mood"], ["party"]).expectation("mood")
    human, w, party = roomy.scores("mood"), roomy.weights, roomy.codes("party")
    assert np.average(given, weights=w) == pytest.approx(np.average(human, weights=w))

    def means(x: np.ndarray) -> np.ndarray:
        return np.array([np.average(x[party == g], weights=w[party == g]) for g in range(3)])

    assert np.ptp(means(given)) == pytest.approx(gap * np.ptp(means(human)))
    within = [
        weighted_sd(given[party == g], w[party == g])
        / weighted_sd(human[party == g], w[party == g])
        for g in range(3)
    ]
    assert within == pytest.approx([spread] * 3, abs=1e-6)


def test_caricature_exaggerates_every_variable_of_the_profile(roomy):
    given = planted("planted/caricature(1.5)", roomy, ["mood"], ["party", "urban", "age"])
    human, w = roomy.scores("mood"), roomy.weights
    expected = given.expectation("mood")
    for variable in ("party", "urban"):
        codes = roomy.codes(variable)
        gaps = [
            np.ptp([np.average(x[codes == g], weights=w[codes == g]) for g in np.unique(codes)])
            for x in (human, expected)
        ]
        assert gaps[1] == pytest.approx(1.5 * gaps[0])


def test_caricature_at_the_end_of_the_scale_keeps_the_mean(population):
    """A gap of 5 does not fit: groups stand at the ends, and the mean is the people's still."""
    given = planted("planted/caricature(5)", population, ["trust", "yes"], ["x", "z"])
    for item in ("trust", "yes"):
        human, expected = population.scores(item), given.expectation(item)
        assert expected.mean() == pytest.approx(human.mean(), abs=1e-6)
        assert given.shares[item].min() >= 0
        assert expected.std() > 0.9 * human.std()


def test_caricature_has_the_spread_and_the_signal_that_the_docs_say(roomy):
    """SD ratio^2 = g^2 R2 + s^2 (1 - R2) and r = (g R2 + s (1 - R2)) / SD ratio."""
    given = planted("planted/caricature(1.8, 0.3)", roomy, ["mood"], ["party", "urban"])
    groups = planted("planted/caricature(1, 0)", roomy, ["mood"], ["party", "urban"])
    human, w = roomy.scores("mood"), roomy.weights
    r2 = (weighted_sd(groups.expectation("mood"), w) / weighted_sd(human, w)) ** 2
    ratio = np.sqrt(1.8**2 * r2 + 0.3**2 * (1 - r2))
    expected = given.expectation("mood")
    assert weighted_sd(expected, w) / weighted_sd(human, w) == pytest.approx(ratio)
    covariance = np.cov(human, expected, aweights=w)
    r = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert r == pytest.approx((1.8 * r2 + 0.3 * (1 - r2)) / ratio)


def test_label_bias_shrinks_gaps_and_accuracy_as_the_docs_say(population):
    biased = [planted("planted/label_bias(0.3)", population, ["trust"], seed=s) for s in range(20)]
    codes, x = population.codes("trust"), population.codes("x")
    drawn = np.mean([one.draw("trust", 1) for one in biased], axis=0)
    hits = np.mean([(one.draw("trust", 1) == codes).mean() for one in biased])
    first = (codes == 0).mean()
    assert hits == pytest.approx(1 - 0.3 * (1 - first), abs=0.01)
    gap, human_gap = (y[x == 6].mean() - y[x == 0].mean() for y in (drawn, codes))
    assert gap == pytest.approx(0.7 * human_gap, rel=0.03)


def test_llm_like_has_hardly_any_difference_within_groups(roomy):
    given = planted("planted/llm_like", roomy, ["mood"], ["party"]).expectation("mood")
    human, party = roomy.scores("mood"), roomy.codes("party")
    for group in range(3):
        assert given[party == group].std() < 0.11 * human[party == group].std()


def test_label_bias_moves_its_share_to_the_first_option(population):
    given = planted("planted/label_bias(0.3)", population, ["trust"], seed=3)
    codes, drawn = population.codes("trust"), given.draw("trust", 1)
    assert given.is_certain
    assert ((drawn == codes) | (drawn == 0)).all()
    away = codes != 0
    share = (drawn[away] == 0).mean()
    assert share == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / away.sum()))


def test_refusals_are_refusals_and_have_no_shares(population):
    given = planted("planted/refusals(0.1)", population, ["trust", "vote"], seed=3)
    for item in ("trust", "vote"):
        refused = given.outcome(item) == Outcome.REFUSED
        assert refused.mean() == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / population.n))
        assert (given.answered(item) == ~refused).all()
        assert (given.draw(item, 1)[~refused] == population.codes(item)[~refused]).all()
    assert (given.outcome("trust") != given.outcome("vote")).any()


def test_a_larger_share_contains_a_smaller_one(population):
    few, many = (
        planted(f"planted/refusals({share})", population, ["trust"]).outcome("trust") > 0
        for share in (0.1, 0.2)
    )
    assert (many[few]).all()
    assert many.sum() > few.sum()


def test_shuffled_is_a_permutation_of_whole_vectors_that_moves_everybody(population):
    given = planted("planted/shuffled", population, ITEMS, seed=3)
    drawn = np.column_stack([given.draw(item, 1) for item in ITEMS])
    own = np.column_stack([population.codes(item) for item in ITEMS])
    assert sorted(drawn.tolist()) == sorted(own.tolist())
    tagged = replace(
        population,
        answers=population.answers.with_columns(tag=pl.col("id")),
        codebook=population.codebook.updated(
            Variable("tag", scale=Scale.ORDINAL,
                     categories=tuple(Category(i, "") for i in range(1, 4001)))
        ),
    )  # fmt: skip
    partner = planted("planted/shuffled", tagged, ["tag"], seed=3).draw("tag", 1)
    assert (np.sort(partner) == np.arange(4000)).all()
    assert (partner != tagged.codes("tag")).all()
    signal = np.corrcoef(population.scores("trust"), given.expectation("trust"))[0, 1]
    assert abs(signal) < 4 / np.sqrt(population.n)


def test_no_answer_stays_no_answer_and_says_which():
    gaps = (MissingCode(8, Missing.DONT_KNOW), MissingCode(9, Missing.REFUSED))
    two = (Category(1, "a"), Category(2, "b"))
    mood = Variable("mood", scale=Scale.ORDINAL, categories=two, missing=gaps)
    humans = Survey(
        pl.DataFrame({"id": [1, 2, 3, 4, 5], "mood": [1, None, None, None, 2]}),
        Codebook((mood,)),
        Design("id"),
        pl.DataFrame({"mood": [None, 8, 9, None, None]}, schema={"mood": pl.Int64}),
    )
    outcomes = [Outcome.ANSWERED, Outcome.DONT_KNOW, Outcome.REFUSED, Outcome.NO_REPLY,
                Outcome.ANSWERED]  # fmt: skip
    for fault in ("faithful", "shrunk", "label_bias"):
        given = planted(f"planted/{fault}", humans, ["mood"])
        assert given.outcome("mood").tolist() == outcomes
        assert given.answered("mood").tolist() == [True, False, False, False, True]


def test_who_refuses_does_not_hang_on_who_else_is_there(population):
    some = population.where(pl.col("id") % 3 == 0)
    one = planted("planted/refusals(0.2)", population, ["trust"]).align(some.ids)
    other = planted("planted/refusals(0.2)", some, ["trust"])
    assert (one.outcome("trust") == other.outcome("trust")).all()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("planted/shrink", "no simulator 'planted/shrink'; did you mean 'planted/shrunk'?"),
        ("planted/shrunk(a)", "factor must be a number from 0 to 1, not 'a'"),
        ("planted/shrunk(1.5)", "factor must be a number from 0 to 1, not '1.5'"),
        ("planted/refusals(-1)", "share must be a number from 0 to 1, not '-1'"),
        ("planted/refusals(nan)", "share must be a number from 0 to 1, not 'nan'"),
        ("planted/faithful(1)", "faithful has 0 parameters (none), not 1"),
        ("planted/caricature(1, 0, 2)", "caricature has 2 parameters (gap, spread), not 3"),
        ("planted/caricature", "exaggerates groups, and there are none; give it a profile"),
        ("planted/shrunk(0.4", "no simulator 'planted/shrunk(0.4'"),
        ("baseline/logit", "no simulator 'baseline/logit'"),
    ],
)
def test_errors_say_what_is_wrong(name, message, population):
    with pytest.raises(InputError) as caught:
        planted(name, population, ["trust"])
    assert message in str(caught.value)
