"""Repairs of predictions: what they mend on real microdata, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

import alignsurvey as als
from alignsurvey import metrics
from alignsurvey.errors import InputError
from alignsurvey.predictions import Predictions, Provenance
from alignsurvey.rectify.repair import REPAIRS, parse_repairs, repair_predictions
from alignsurvey.rectify.repair.evidence import smoothed
from alignsurvey.rectify.repair.power import powered
from alignsurvey.simulators import cross_predict, planted, resolve
from alignsurvey.survey import Survey
from alignsurvey.survey.margins import parse_margins

PROFILE = ["PID", "educ"]
ITEMS = ["selfLR", "vote", "TVnews"]
EVERY = [name for name in REPAIRS if name not in ("rake", "poststratify")]


@pytest.fixture(scope="module")
def anes() -> Survey:
    return als.load_example("anes96")


@pytest.fixture(scope="module")
def skewed(anes: Survey) -> Predictions:
    """A logit on party and education that leans to the left and is too sure of itself."""
    honest = cross_predict(resolve("baseline/logit", seed=1), anes, ITEMS, ["PID", "educ"])
    lean = {
        item: powered(p, 1.5, -1.0 * np.arange(p.shape[1])) for item, p in honest.shares.items()
    }
    return replace(honest, shares=lean, provenance=Provenance("skewed", "constructed"))


def repaired(
    predictions: Predictions, pilot: Survey, people: Survey, repairs: str, **options: Any
) -> Predictions:
    return repair_predictions(
        predictions.align(people.ids), pilot, people, repairs, profile=PROFILE,
        pilot_predictions=predictions, **options,
    )  # fmt: skip


def test_tilt_brings_w1_to_the_pilots_own_noise_and_leaves_individual_r(
    anes: Survey, skewed: Predictions
) -> None:
    found = []
    for seed in range(20):
        pilot = anes.pilot(100, seed)
        people = anes.without(pilot)
        mended, human = repaired(skewed, pilot, people, "tilt"), people.shares("selfLR")
        y, raw = people.scores("selfLR"), skewed.align(people.ids)
        found.append(
            (
                metrics.w1(human, raw.shares["selfLR"].mean(axis=0)),
                metrics.w1(human, mended.shares["selfLR"].mean(axis=0)),
                metrics.w1(human, pilot.shares("selfLR")),
                np.corrcoef(mended.expectation("selfLR"), y)[0, 1]
                - np.corrcoef(raw.expectation("selfLR"), y)[0, 1],
            )
        )
    before, after, noise, change = np.mean(found, axis=0)
    assert before > 4 * noise
    assert after <= noise
    assert abs(change) < 0.01


@pytest.mark.parametrize("name", ["tilt", "tilt(slope)", "quantile_map"])
def test_the_marginal_is_the_smoothed_pilot_share(
    anes: Survey, skewed: Predictions, name: str
) -> None:
    pilot = anes.pilot(100, 3)
    mended = repaired(skewed, pilot, anes.without(pilot), name)
    for item in ITEMS:
        wanted = smoothed(pilot.shares(item), pilot.n)
        assert mended.shares[item].mean(axis=0) == pytest.approx(wanted, abs=1e-10)


@pytest.mark.parametrize("name", [*EVERY, "tilt|structure|mrp"])
def test_repaired_predictions_are_predictions(anes: Survey, skewed: Predictions, name: str) -> None:
    holes = {item: p.copy() for item, p in skewed.shares.items()}
    holes["selfLR"][::7] = np.nan
    holey, pilot = replace(skewed, shares=holes), anes.pilot(100, 1)
    mended = repair_predictions(holey, pilot, anes, name, profile=PROFILE)
    assert mended.ids.equals(holey.ids)
    for item in ITEMS:
        was, now = holey.shares[item], mended.shares[item]
        assert (np.isnan(was) == np.isnan(now)).all()
        known = ~np.isnan(was[:, 0])
        assert now[known].sum(axis=1) == pytest.approx(np.ones(known.sum()), abs=1e-9)
        assert (now[known] >= 0).all()
    assert mended.provenance.simulator == f"skewed|{name}"
    assert mended.provenance.trained_on == set(pilot.ids.to_list())


@pytest.mark.parametrize("name", ["tilt", "structure", "mrp"])
def test_pilot_people_are_repaired_by_a_fit_that_did_not_see_them(
    anes: Survey, skewed: Predictions, name: str
) -> None:
    """Changing one pilot person's answer changes others' repairs, but not their own fold's."""
    pilot = anes.pilot(60, 2)
    turned = pilot.answers.with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(8 - pl.col("selfLR")).otherwise(pl.col("selfLR"))
        .alias("selfLR")
    )  # fmt: skip
    assert turned["selfLR"][0] != pilot.answers["selfLR"][0]
    one, other = (
        repair_predictions(skewed, p, anes, name, profile=PROFILE).align(pilot.ids)
        for p in (pilot, replace(pilot, answers=turned))
    )
    same = np.isclose(one.shares["selfLR"], other.shares["selfLR"], atol=1e-12).all(axis=1)
    fold = next(fold for _, fold in pilot.folds(5, 42) if pilot.ids[0] in fold.ids)
    inside = np.isin(pilot.id_hashes, fold.id_hashes)
    assert same[inside].all()
    assert not same[~inside].all()


@pytest.mark.parametrize("gap", [0.4, 1.8])
def test_structure_brings_gaps_between_groups_to_the_humans(anes: Survey, gap: float) -> None:
    drawn = planted(f"planted/caricature({gap}, 0.3)", anes, ["selfLR"], PROFILE)

    def slope(scores: np.ndarray, people: Survey) -> float:
        return float(np.polyfit(people.scores("PID"), scores, 1)[0])

    ratios = []
    for seed in range(8):
        pilot = anes.pilot(100, seed)
        people = anes.without(pilot)
        human = slope(people.scores("selfLR"), people)
        mended = repaired(drawn, pilot, people, "structure")
        raw = drawn.align(people.ids)
        ratios.append(
            (slope(raw.expectation("selfLR"), people) / human,
             slope(mended.expectation("selfLR"), people) / human)
        )  # fmt: skip
    before, after = np.mean(ratios, axis=0)
    assert before == pytest.approx(gap, abs=0.1)
    assert after == pytest.approx(1, abs=0.15)


def test_mrp_learns_groups_that_the_simulator_does_not_know(anes: Survey) -> None:
    blind = planted("planted/shuffled", anes, ["selfLR"])
    pilot = anes.pilot(100, 5)
    people = anes.without(pilot)
    mended = repaired(blind, pilot, people, "mrp")
    y = people.scores("selfLR")
    assert abs(np.corrcoef(blind.align(people.ids).expectation("selfLR"), y)[0, 1]) < 0.1
    assert np.corrcoef(mended.expectation("selfLR"), y)[0, 1] > 0.5


def test_single_answers_become_probabilities_that_can_be_tilted(anes: Survey) -> None:
    biased = planted("planted/label_bias(0.3)", anes, ["selfLR"])
    pilot = anes.pilot(100, 5)
    people = anes.without(pilot)
    mended = repaired(biased, pilot, people, "tilt")
    assert biased.is_certain
    assert not mended.is_certain
    wanted = smoothed(pilot.shares("selfLR"), 100)
    assert mended.shares["selfLR"].mean(axis=0) == pytest.approx(wanted, abs=1e-10)


def test_survey_weights_enter_the_pilot_shares_and_the_mean(skewed: Predictions) -> None:
    anes = als.load_example("anes96")
    weights = np.random.default_rng(1).uniform(0.3, 3, anes.n)
    answers = anes.answers.with_columns(pl.Series("w", weights))
    weighted = replace(anes, answers=answers, design=replace(anes.design, weight="w"))
    pilot = weighted.pilot(150, 1)
    people = weighted.without(pilot)
    mended = repaired(skewed, pilot, people, "tilt")
    size = pilot.weights.sum() ** 2 / (pilot.weights**2).sum()
    mean = people.weights @ mended.shares["vote"] / people.weights.sum()
    assert mean == pytest.approx(smoothed(pilot.shares("vote"), size), abs=1e-10)


def test_constant_answers_of_a_small_pilot_are_smoothed(anes: Survey, skewed: Predictions) -> None:
    pilot = anes.where(pl.col("vote") == 1).pilot(20, 1)
    for name in EVERY:
        mended = repaired(skewed, pilot, anes.without(pilot), name)
        assert np.isfinite(mended.shares["vote"]).all(), name
    assert repaired(skewed, pilot, anes.without(pilot), "tilt").shares["vote"][:, 0].min() > 0


def test_constant_predictions_are_repaired(anes: Survey) -> None:
    k = len(anes.codebook["selfLR"].categories)
    flat = Predictions(
        anes.ids, {"selfLR": np.full((anes.n, k), 1 / k)}, anes.codebook.select(["selfLR"]),
        Provenance("flat", "model"),
    )  # fmt: skip
    pilot = anes.pilot(100, 1)
    for name in EVERY:
        mended = repaired(flat, pilot, anes.without(pilot), name)
        assert np.isfinite(mended.shares["selfLR"]).all(), name


def test_an_item_that_nobody_is_predicted_on_stays_and_is_named(
    anes: Survey, skewed: Predictions
) -> None:
    from alignsurvey.rectify.repair import Evidence

    empty = {**skewed.shares, "vote": np.full_like(skewed.shares["vote"], np.nan)}
    holey, pilot = replace(skewed, shares=empty), anes.pilot(100, 1)
    people = anes.without(pilot)
    evidence = Evidence(pilot, holey.align(pilot.ids), people, holey.align(people.ids))
    fitted = parse_repairs("tilt").fit(evidence)
    assert fitted.notes == ("'vote' has no prediction and stays without one",)
    assert np.isnan(fitted.apply(holey.align(people.ids), people).shares["vote"]).all()


def test_an_item_without_an_order_is_not_quantile_mapped_and_is_named() -> None:
    from alignsurvey.rectify.repair import Evidence
    from alignsurvey.survey import Category, Codebook, Design, Scale, Variable

    options = tuple(Category(code, f"option {code}") for code in (1, 2, 3))
    book = Codebook((Variable("party", "", Scale.NOMINAL, options),
                     Variable("mood", "", Scale.ORDINAL, options)))  # fmt: skip
    answers = pl.DataFrame({"id": range(60), "party": [1, 2, 3] * 20, "mood": [3, 3, 1] * 20})
    people = Survey(answers, book, Design("id"))
    flat = Predictions(people.ids, {name: np.full((60, 3), 1 / 3) for name in book.names}, book,
                       Provenance("flat", "model"))  # fmt: skip
    pilot, rest = people.pilot(30, 1), people.without(people.pilot(30, 1))
    parts = (pilot, flat.align(pilot.ids), rest, flat.align(rest.ids))
    fitted = parse_repairs("quantile_map").fit(Evidence(*parts))
    assert fitted.notes == ("'party' has no order and is not mapped; tilt repairs it",)
    alone = Predictions(people.ids, {"party": flat.shares["party"]}, book.select(["party"]),
                        flat.provenance)  # fmt: skip
    with pytest.raises(InputError, match=r"none of the items .* has an order; declare one ordinal"):
        repair_predictions(alone, pilot, people, "quantile_map")


@pytest.mark.parametrize(
    ("repairs", "message"),
    [
        ("tlit", "no repair 'tlit'; did you mean 'tilt'?"),
        ("tilt|", "no repair ''"),
        ("tilt(sloped)", "tilt takes 'slope' or nothing"),
        ("mrp(3)", "mrp takes nothing in brackets"),
        ("rake(a, b)", "rake takes the smallest and the largest weight"),
        ("rake", "rake needs the population's margins; name a file"),
        ("structure", "structure repairs gaps between groups of the profile, and there is no"),
    ],
)
def test_a_wrong_repair_is_one_line(
    anes: Survey, skewed: Predictions, repairs: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        repair_predictions(skewed, anes.pilot(50, 1), anes, repairs)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_who_may_not_repair(anes: Survey, skewed: Predictions) -> None:
    pilot = anes.pilot(50, 1)
    trained = replace(skewed.provenance, trained_on=frozenset(pilot.ids.to_list()[:3]))
    with pytest.raises(InputError, match="skewed learned from 3 of the 50 people who would repair"):
        repair_predictions(replace(skewed, provenance=trained), pilot, anes, "tilt")
    with pytest.raises(InputError, match="a pilot of 1 repairs nothing"):
        repair_predictions(skewed, anes.pilot(1, 1), anes, "tilt")
    with pytest.raises(InputError, match="no prediction for respondent"):
        repair_predictions(skewed.align(anes.without(pilot).ids), pilot, anes, "tilt")
    with pytest.raises(InputError, match=r"has no respondent .*, who is predicted"):
        repair_predictions(skewed, pilot, anes.without(pilot), "tilt")
    silent = replace(pilot, answers=pilot.answers.with_columns(vote=pl.lit(None, pl.Int64)))
    with pytest.raises(InputError, match="nobody in the pilot answered 'vote'"):
        repair_predictions(skewed, silent, anes, "tilt")


def test_a_raked_chain_carries_weights_and_leaves_probabilities(
    anes: Survey, skewed: Predictions
) -> None:
    margins = parse_margins({"educ": dict(zip(anes.codebook["educ"].codes, [2, 8, 30, 20, 10, 20,
                                                                             10], strict=True))},
                            anes.codebook)  # fmt: skip
    pilot = anes.pilot(100, 1)
    tilted = repair_predictions(skewed, pilot, anes, "tilt", profile=PROFILE)
    raked = repair_predictions(skewed, pilot, anes, "tilt|rake", margins=margins)
    assert raked.shares["vote"] == pytest.approx(tilted.shares["vote"])
    assert raked.weights is not None
    low = anes.scores("educ") <= 2
    assert raked.weights[low].sum() / raked.weights.sum() == pytest.approx(0.10, abs=1e-8)
    some = raked.align(anes.ids[:5])
    assert some.weights is not None
    assert some.weights == pytest.approx(raked.weights[:5])
