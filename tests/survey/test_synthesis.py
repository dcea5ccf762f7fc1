"""Profiles for people that are simulated: margins, raking, drawing."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey.errors import InputError
from alignsurvey.survey import Category, Codebook, Design, Scale, Survey, Variable
from alignsurvey.survey.margins import Margin, Span, parse_margins
from alignsurvey.survey.raking import rake
from alignsurvey.survey.synthesis import draw_profiles, independent_profiles

SEX = Variable("sex", categories=(Category(1, "male"), Category(2, "female")))
EDUC = Variable("educ", categories=tuple(Category(n, f"level {n}") for n in (1, 2, 3)))
AGE = Variable("age", scale=Scale.INTERVAL)
BOOK = Codebook((SEX, EDUC, AGE))


def people(n: int = 500, seed: int = 0) -> Survey:
    rng = np.random.default_rng(seed)
    sex = rng.integers(1, 3, n)
    educ = np.minimum(rng.integers(1, 4, n) + (sex == 2) * rng.integers(0, 2, n), 3)
    answers = pl.DataFrame(
        {"id": np.arange(n), "w": rng.uniform(0.5, 2, n), "sex": sex, "educ": educ,
         "age": rng.integers(18, 90, n)}
    )  # fmt: skip
    return Survey(answers, BOOK, Design("id", "w"), source="made up")


def shares(column: pl.Series, codes: tuple[int, ...]) -> list[float]:
    return [float((column == code).mean() or 0) for code in codes]  # type: ignore[arg-type]


# -- margins ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "shares_of_first"),
    [
        ({"sex": {"male": 0.4, "female": 0.6}}, {(1,): 0.4, (2,): 0.6}),
        ({"sex": {1: 40, 2: 60}}, {(1,): 0.4, (2,): 0.6}),
        ({"sex": {"1": 4000, "female": 6000}}, {(1,): 0.4, (2,): 0.6}),
        ({"age": {"18-29": 25, "30-64": 50, "65+": 25}},
         {(Span(18, 29),): 0.25, (Span(30, 64),): 0.5, (Span(65, np.inf),): 0.25}),
        ({"sex & educ": {"male": {1: 10, 2: 30}, "female": {3: 60}}},
         {(1, 1): 0.1, (1, 2): 0.3, (2, 3): 0.6}),
    ],
)  # fmt: skip
def test_margins_are_read_as_shares_percent_or_counts(
    content: Any, shares_of_first: dict[Any, float]
) -> None:
    [margin] = parse_margins(content, BOOK)
    assert margin.shares == pytest.approx(shares_of_first)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "margins are lines of"),
        ({"sexx": {"male": 1}}, "no attribute 'sexx'; did you mean 'sex'"),
        ({"sex": {"mael": 1}}, "sex: no value 'mael'; did you mean 'male'"),
        ({"sex": {"male": 0.5, "female": 0.4}}, "sex: sums to 0.9; shares sum to 1"),
        ({"sex": {"male": 50, "female": 40}}, "sex: sums to 90"),
        ({"sex": {"male": -1, "female": 2}}, "-1 is no share"),
        ({"sex": {"male": 1, 1: 0}}, "stands twice, by code and label"),
        ({"sex": 5}, r"needs \{value: share\}"),
        ({"sex & sex": {}}, "names an attribute twice"),
        ({"age": {"young": 1}}, "no value 'young'; write a number, or a span"),
        ({"age": {"30-20": 1}}, "ends before it begins"),
        (
            {"sex": {1: 4000, 2: 6000}, "educ": {1: 5000, 2: 3000, 3: 3000}},
            "'sex' and 'educ' contradict each other: they count 10,000 and 11,000 people",
        ),
        (
            {"sex": {1: 40, 2: 60}, "sex & educ": {1: {1: 25, 2: 25}, 2: {1: 50}}},
            "'sex' and 'sex & educ' contradict each other: sex = male is 40.0 % in one and 50.0 %",
        ),
    ],
)
def test_bad_margins_are_one_line_with_their_names(content: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_margins(content, BOOK)


# -- raking -------------------------------------------------------------------------------------


@given(
    st.lists(st.floats(0.05, 1), min_size=2, max_size=2),
    st.lists(st.floats(0.05, 1), min_size=3, max_size=3),
)
def test_raked_weights_have_the_margins(sex: list[float], educ: list[float]) -> None:
    survey = people()
    margins = [
        Margin((name,), {(n + 1,): one / sum(values) for n, one in enumerate(values)})
        for name, values in (("sex", sex), ("educ", educ))
    ]
    weights = rake(survey.answers, survey.weights, margins, "made up")
    for margin in margins:
        column = survey.answers[margin.title].to_numpy()
        for (code,), share in margin.shares.items():
            assert weights[column == code].sum() == pytest.approx(share, abs=1e-6)


def test_raking_keeps_the_odds_ratios_of_the_seed_table() -> None:
    survey = people()
    margins = parse_margins({"sex": {1: 20, 2: 80}, "educ": {1: 60, 2: 20, 3: 20}}, BOOK)
    raked = rake(survey.answers, survey.weights, margins, "made up")

    def odds_ratio(weights: np.ndarray) -> float:
        sex, educ = (survey.answers[name].to_numpy() for name in ("sex", "educ"))
        cell = {(s, e): weights[(sex == s) & (educ == e)].sum() for s in (1, 2) for e in (1, 3)}
        return float(cell[1, 1] * cell[2, 3] / (cell[1, 3] * cell[2, 1]))

    assert odds_ratio(raked) == pytest.approx(odds_ratio(survey.weights), rel=1e-6)


def test_a_value_that_nobody_has_is_named() -> None:
    survey = people().where(pl.col("educ") < 3)
    margins = parse_margins({"educ": {1: 50, 2: 40, 3: 10}}, BOOK)
    with pytest.raises(InputError, match=r"nobody in made up has educ = 3, .* want 10.0 %"):
        rake(survey.answers, survey.weights, margins, "made up")


def test_margins_that_cannot_be_met_together_are_named() -> None:
    survey = people().where((pl.col("sex") == 1) == (pl.col("educ") == 1))
    margins = parse_margins({"sex": {1: 50, 2: 50}, "educ": {1: 20, 2: 40, 3: 40}}, BOOK)
    with pytest.raises(InputError, match="cannot be met together by the people in made up"):
        rake(survey.answers, survey.weights, margins, "made up")


# -- drawing ------------------------------------------------------------------------------------


def test_profiles_are_drawn_by_weight() -> None:
    survey = people()
    drawn = draw_profiles(survey, ["sex", "educ"], 5000, seed=3)
    assert drawn.people.ids.to_list() == list(range(1, 5001))
    expected = survey.shares("educ")
    assert shares(drawn.people.answers["educ"], (1, 2, 3)) == pytest.approx(expected, abs=0.002)
    assert drawn.origin is not None
    times = drawn.origin.value_counts().sort("id")["count"].to_numpy()
    assert np.all(np.abs(times - 5000 * survey.weights / survey.weights.sum()) < 1)


def test_profiles_have_the_populations_margins_even_those_not_told() -> None:
    content = {"sex": {1: 20, 2: 80}, "age": {"18-29": 70, "30+": 30}}
    drawn = draw_profiles(people(), ["educ", "age"], 4000, 3, parse_margins(content, BOOK))
    young = drawn.people.answers["age"].is_between(18, 29).mean()
    assert young == pytest.approx(0.7, abs=0.005)
    assert drawn.people.codebook.names == ("educ", "age")


def test_the_same_seed_draws_the_same_people() -> None:
    one, same, other = (draw_profiles(people(), ["age"], 200, seed) for seed in (1, 1, 2))
    assert one.people.answers.equals(same.people.answers)
    assert not one.people.answers.equals(other.people.answers)


def test_without_microdata_attributes_are_independent_but_for_joint_margins() -> None:
    content = {
        "sex": {1: 50, 2: 50},
        "sex & educ": {1: {1: 40, 2: 10}, 2: {1: 10, 2: 40}},
    }
    made = independent_profiles(people(), ["sex", "educ"], 2000, 1, parse_margins(content, BOOK))
    table = made.people.answers
    both = table.filter((pl.col("sex") == 1) & (pl.col("educ") == 1)).height / 2000
    assert both == pytest.approx(0.4, abs=0.002)
    assert made.origin is None


@pytest.mark.parametrize(
    ("names", "content", "message"),
    [
        (["sex", "educ"], {"sex": {1: 50, 2: 50}}, "'educ' has no margin"),
        (["age"], {"age": {"18-29": 50, "30+": 50}}, "'age' has no categories to draw from"),
    ],
)
def test_what_margins_alone_cannot_give_is_told(
    names: list[str], content: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        independent_profiles(people(), names, 10, 1, parse_margins(content, BOOK))
