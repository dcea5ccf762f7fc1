"""Asking a survey's items: three ways that agree with a planted population, and what is counted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

from alignsurvey.errors import InputError
from alignsurvey.predictions import Outcome
from alignsurvey.simulators.asked import Asked, SurveyPlan
from alignsurvey.simulators.elicit import Elicit
from alignsurvey.simulators.endpoints import find_endpoint
from alignsurvey.simulators.protocols import Predictor
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
from alignsurvey.tasks.queries import Query, Reply
from alignsurvey.testing import FakeServer, Population

TRUST = Variable(
    "trust", "Do you trust people?", Scale.ORDINAL,
    (Category(1, "never"), Category(2, "sometimes"), Category(3, "often"), Category(4, "always")),
    (MissingCode(8, Missing.DONT_KNOW, "Don't know"), MissingCode(9, Missing.REFUSED, "Refused")),
)  # fmt: skip
SEX = Variable("sex", "sex", categories=(Category(1, "male"), Category(2, "female")))
AGE = Variable("age", "age", Scale.INTERVAL)
ITEMS = Codebook((TRUST,))
MEN = {"never": 0.1, "sometimes": 0.2, "often": 0.3, "always": 0.4}
WOMEN = {"never": 0.4, "sometimes": 0.3, "often": 0.2, "always": 0.1}
QUESTION = "Do you trust people?"
PLANTED = Population({QUESTION: MEN}, {(QUESTION, "sex", "female"): WOMEN})


def people(n: int) -> Survey:
    answers = pl.DataFrame(
        {
            "id": [f"p{one}" for one in range(n)],
            "sex": [1 + one % 2 for one in range(n)],
            "age": [None if one == 0 else 20.0 + one % 50 for one in range(n)],
        }
    )
    return Survey(answers, Codebook((SEX, AGE)), Design("id"), source="made up")


def ask(elicit: Elicit, n: int, population: Population = PLANTED) -> Any:
    with FakeServer(population, seed=5) as server:
        endpoint = find_endpoint("endpoint/tiny", elicit.parameters(), base_url=server.url)
        return Asked(endpoint, elicit, ITEMS, ("sex",)).answers(people(n))


def shares_of(predictions: Any, sex: int) -> np.ndarray:
    """Mean shares of one sex, whose members stand at every second place."""
    found: np.ndarray = predictions.shares["trust"][sex - 1 :: 2].mean(axis=0)
    return found


# -- the three ways -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elicit", "n", "replies"),
    [
        (Elicit("sampled", draws=4), 300, 600),
        (Elicit("likelihood"), 20, math.inf),
        (Elicit("verbalized"), 20, math.inf),
        (Elicit("verbalized", language="zh"), 20, math.inf),
        (Elicit("sampled", draws=2, orders=2, constrain="schema"), 300, 600),
        (Elicit("verbalized", orders=2, constrain="schema"), 20, math.inf),
    ],
    ids=["sampled", "likelihood", "verbalized", "verbalized-zh", "schema", "verbalized-schema"],
)
def test_each_way_agrees_with_the_planted_population(
    elicit: Elicit, n: int, replies: float
) -> None:
    predictions, report = ask(elicit, n)
    for sex, planted in ((1, MEN), (2, WOMEN)):
        truth = np.array(list(planted.values()))
        # Five standard errors; percentages are written with one decimal.
        slack = 5 * np.sqrt(truth * (1 - truth) / replies) + 0.002
        assert np.all(np.abs(shares_of(predictions, sex) - truth) < slack)
    assert report.parse_rate == 1
    assert report.queries == n * elicit.replies
    assert predictions.provenance.by == elicit.by


@pytest.mark.parametrize("by", ["sampled", "likelihood", "verbalized"])
def test_averaging_over_orders_removes_a_liking_for_a(by: Any) -> None:
    biased = Population(PLANTED.shares, PLANTED.shares_by, first_letter_bias=1.0)
    n = 300 if by == "sampled" else 24
    truth = np.array(list(MEN.values()))
    once, _ = ask(Elicit(by), n, biased)
    turned, report = ask(Elicit(by, orders=4), n, biased)
    slack = 0.12 if by == "sampled" else 0.05
    assert shares_of(once, 1)[0] - truth[0] > 0.1  # "never" stands first in the questionnaire
    # Log-odds do not average to shares exactly: what is left is of second order.
    assert np.all(np.abs(shares_of(turned, 1) - truth) < slack)
    # p + bias over all four options at first place, for each sex the same by symmetry.
    e = math.e
    expected = np.mean([p * e / (p * e + 1 - p) for p in MEN.values()]) - 0.25
    assert report.a_bias == pytest.approx(expected, abs=0.04 if by == "sampled" else 0.003)


def test_without_a_liking_for_a_the_bias_is_nothing() -> None:
    assert ask(Elicit("likelihood", orders=4), 8)[1].a_bias == pytest.approx(0, abs=1e-6)


def test_in_the_questionnaires_order_no_bias_is_told() -> None:
    assert ask(Elicit("likelihood"), 8)[1].a_bias is None


def test_the_mass_outside_the_letters_is_told() -> None:
    assert ask(Elicit("likelihood"), 8)[1].outside_share == pytest.approx(0.02, abs=1e-3)


# -- the plan -----------------------------------------------------------------------------------


def plan(elicit: Elicit, n: int = 3, profile: tuple[str, ...] = ("sex", "age")) -> SurveyPlan:
    return SurveyPlan(people(n), ITEMS, profile, elicit)


def test_missing_attributes_are_left_out_and_whole_numbers_are_whole() -> None:
    first, second, _ = (query.messages[-1].content for query in plan(Elicit()))
    assert "About you:\nsex: male\n\nThe survey asks:" in first
    assert "About you:\nsex: female\nage: 21\n\nThe survey asks:" in second


def test_a_persons_questions_stand_together_and_all_ids_differ() -> None:
    queries = list(plan(Elicit(draws=2, orders=9)))
    assert [query.respondent for query in queries] == ["p0"] * 18 + ["p1"] * 18 + ["p2"] * 18
    assert len({query.id for query in queries}) == len(queries) == len(plan(Elicit("sampled", 18)))


def test_over_as_many_orders_as_options_each_stands_once_at_each_place() -> None:
    queries = list(plan(Elicit(orders=4), 1))
    assert sorted(query.options[0].code for query in queries) == [1, 2, 3, 4]


def test_a_single_order_is_the_questionnaires_unless_shuffled() -> None:
    assert {tuple(one.code for one in query.options) for query in plan(Elicit(), 20)} == {
        (1, 2, 3, 4)
    }
    shuffled = {
        tuple(one.code for one in query.options) for query in plan(Elicit(shuffle=True), 20)
    }
    assert len(shuffled) > 5


def test_dont_know_is_offered_last_where_it_is_wanted() -> None:
    for query in plan(Elicit(orders=4, dont_know=True), 2):
        assert query.options[-1] == ("E", "Don't know", 8)
    assert all(len(query.options) == 4 for query in plan(Elicit(), 2))


def test_a_setting_and_a_system_message_of_ones_own() -> None:
    elicit = Elicit(setting="Exampleland, 2024.", system="You are {it}.")
    [query] = plan(elicit, 1)
    assert query.messages[0].content == "You are {it}."
    assert query.messages[1].content.startswith("Exampleland, 2024.\n\nAbout you:")


def test_an_item_without_categories_is_refused() -> None:
    with pytest.raises(InputError, match="'age' has no declared categories to choose from"):
        SurveyPlan(people(2), Codebook((AGE,)), (), Elicit())


# -- what replies say ---------------------------------------------------------------------------


class Scripted:
    """Gives replies in turn."""

    name = "scripted"

    def __init__(self, *replies: Any) -> None:
        self._replies = replies

    def answer(self, queries: Sequence[Query]) -> Iterator[Reply]:
        for place, query in enumerate(queries):
            said = self._replies[place % len(self._replies)]
            if isinstance(said, dict):
                yield Reply(query.id, "", **said)
            else:
                yield Reply(query.id, said)


def answers(elicit: Elicit, *replies: Any, n: int = 1) -> Any:
    return Asked(Scripted(*replies), elicit, ITEMS).answers(people(n))


def test_outcomes_are_told_apart() -> None:
    filtered = {"finish_reason": "content_filter"}
    failed = {"error": "timeout"}
    said = (
        "B. sometimes",
        "I prefer not to answer.",
        "I don't know.",
        "blue",
        "",
        filtered,
        failed,
    )
    predictions, report = answers(Elicit(), *said, n=7)
    kinds = [Outcome(one).name.lower() for one in predictions.outcome("trust")]
    assert kinds == [
        "answered", "refused", "dont_know", "unparseable", "no_reply", "refused", "no_reply",
    ]  # fmt: skip
    assert report.outcomes == {
        "answered": 1, "refused": 2, "dont_know": 1, "unparseable": 1, "no_reply": 2,
    }  # fmt: skip
    assert report.parse_rate == 1 / 7
    assert predictions.shares["trust"][0].tolist() == [0, 1, 0, 0]


def test_draws_that_were_not_read_do_not_count_among_the_shares() -> None:
    predictions, report = answers(Elicit(draws=4), "A", "B", "blue", "A")
    assert predictions.shares["trust"][0] == pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert predictions.outcome("trust")[0] == Outcome.ANSWERED
    assert report.outcomes["unparseable"] == 1


def test_an_offered_dont_know_is_an_outcome_and_its_mass_is_set_aside() -> None:
    elicit = Elicit(dont_know=True)
    assert answers(elicit, "E. Don't know")[0].outcome("trust")[0] == Outcome.DONT_KNOW
    said = '{"A": 30, "B": 30, "C": 0, "D": 0, "E": 40}'
    predictions, report = answers(Elicit("verbalized", dont_know=True), said)
    assert predictions.shares["trust"][0].tolist() == [0.5, 0.5, 0, 0]
    assert report.dont_know_share == pytest.approx(0.4)


def test_likelihoods_are_renormalised_over_the_options() -> None:
    logs = {"log_probabilities": {"A": math.log(0.1), "C": math.log(0.3)}, "outside_share": 0.6}
    predictions, report = answers(Elicit("likelihood"), logs)
    assert predictions.shares["trust"][0] == pytest.approx([0.25, 0, 0.75, 0])
    assert report.outside_share == 0.6
    nothing = {"log_probabilities": {}, "outside_share": 1.0}
    assert answers(Elicit("likelihood"), nothing)[0].outcome("trust")[0] == Outcome.UNPARSEABLE


def test_a_simulator_without_log_probabilities_is_told() -> None:
    with pytest.raises(InputError, match="without log-probabilities; ask with by: sampled"):
        answers(Elicit("likelihood"), "A")


def test_replies_in_whatever_order_give_the_same_numbers() -> None:
    class Backwards(Scripted):
        def answer(self, queries: Sequence[Query]) -> Iterator[Reply]:
            yield from reversed(list(super().answer(queries)))

    said = ['{"A": 10, "B": 20, "C": 30, "D": 40}', '{"A": 33, "B": 33, "C": 33, "D": 1}',
            '{"A": 7, "B": 13, "C": 61, "D": 19}']  # fmt: skip
    found = [
        Asked(kind(*said), Elicit("verbalized", draws=3, orders=2), ITEMS).answers(people(5))
        for kind in (Scripted, Backwards)
    ]
    assert np.array_equal(*(one.shares["trust"] for one, _ in found))
    assert found[0][1] == found[1][1]


def test_an_asked_simulator_is_a_predictor() -> None:
    asked = Asked(Scripted("A"), Elicit(), ITEMS, label="mine")
    assert isinstance(asked, Predictor)
    assert asked.predict(people(2)).provenance.simulator == "mine"


# -- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"bye": "sampled"}, r"unknown key 'bye'; did you mean 'by'\?"),
        ({"by": "likelyhood"}, r"by: 'likelyhood' is unknown; did you mean 'likelihood'\?"),
        ({"draws": 0}, "draws must be 1 or more, not 0"),
        ({"draws": 2.5}, "draws: 2.5 is not a whole number"),
        ({"orders": True}, "orders: True is not a whole number"),
        ({"temperature": "hot"}, "temperature: 'hot' is not a number"),
        ({"temperature": 3}, "temperature: 3 is not between 0 and 2"),
        ({"shuffle": 1}, "shuffle: 1 is not true or false"),
        ({"setting": None}, "setting: None is not a text"),
        ({"by": "likelihood", "draws": 2}, "likelihood needs no draws"),
        ({"by": "likelihood", "temperature": 0.5}, "leave both at 1"),
        ({"draws": 2, "temperature": 0}, "at temperature 0 all draws are one"),
        ({"constrain": "scheme"}, r"did you mean 'schema'\?"),
    ],
)
def test_a_wrong_elicitation_is_one_line(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^elicit: .*{message}"):
        Elicit.from_mapping(keys)


def test_a_simulator_set_up_for_another_way_is_refused() -> None:
    endpoint = find_endpoint("endpoint/tiny", Elicit().parameters(), base_url="http://localhost:1")
    with pytest.raises(InputError, match="is set up for by: sampled, and would be asked by"):
        Asked(endpoint, Elicit("verbalized"), ITEMS)
