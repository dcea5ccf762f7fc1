"""Log-probabilities of tokens become those of whole labels, or it is said why not."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey.errors import EndpointError, InputError
from alignsurvey.simulators.endpoints import Parameters
from alignsurvey.simulators.endpoints.label_tokens import (
    UndecidableError,
    label_log_probabilities,
    read_positions,
)

from .conftest import Script, completion, endpoint, queries

LIKELIHOOD = Parameters(by="likelihood")


def position(**shares: float) -> list[tuple[str, float]]:
    return [(token, math.log(share)) for token, share in shares.items()]


def content(*positions: dict[str, float]) -> dict[str, Any]:
    """Log-probabilities as most servers send them; the first token is the one drawn."""
    return {
        "content": [
            {
                "token": next(iter(one)),
                "logprob": math.log(next(iter(one.values()))),
                "top_logprobs": [{"token": t, "logprob": math.log(p)} for t, p in one.items()],
            }
            for one in positions
        ]
    }


@pytest.mark.parametrize(
    ("tokens", "labels", "expected", "outside"),
    [
        ({"A": 0.6, "B": 0.3, "C": 0.1}, "AB", {"A": 0.6, "B": 0.3}, 0.1),
        ({"A": 0.4, " A": 0.1, "A.": 0.1, "(A": 0.05, "Ａ": 0.05, "B": 0.3}, "AB",
         {"A": 0.7, "B": 0.3}, 0.0),
        ({"a": 0.2, "As": 0.2, "I": 0.2, "B": 0.4}, "AB", {"B": 0.4}, 0.6),
        ({"10": 0.3, "1": 0.5, "2": 0.2}, ("1", "2", "10"), {"1": 0.5, "2": 0.2, "10": 0.3}, 0.0),
        ({"AA": 0.25, "A": 0.25, "B": 0.5}, ("A", "B", "AA"),
         {"A": 0.25, "B": 0.5, "AA": 0.25}, 0.0),
        ({"The": 0.9, "As": 0.1}, "AB", {}, 1.0),
        ({"1": 0.005, "2": 0.995}, ("1", "2", "10"), {"1": 0.005, "2": 0.995}, 0.0),
    ],
)  # fmt: skip
def test_variants_of_a_label_are_summed_and_labels_are_whole(
    tokens: dict[str, float], labels: Any, expected: dict[str, float], outside: float
) -> None:
    found, rest = label_log_probabilities([position(**tokens)], list(labels))
    assert {one: math.exp(value) for one, value in found.items()} == pytest.approx(expected)
    assert rest == pytest.approx(outside)


def test_the_second_token_tells_1_from_10() -> None:
    first = position(**{"1": 0.8, "2": 0.2})
    second = position(**{"0": 0.75, ".": 0.2, "\n": 0.05})
    found, outside = label_log_probabilities([first, second], ["1", "2", "10"])
    shares = {one: math.exp(value) for one, value in found.items()}
    assert shares == pytest.approx({"1": 0.2, "2": 0.2, "10": 0.6})
    assert outside == pytest.approx(0)


@pytest.mark.parametrize("labels", [["1", "2", "10"], ["1", "2", "100"]])
def test_what_cannot_be_told_is_not_guessed(labels: list[str]) -> None:
    drawn_2 = [position(**{"2": 0.6, "1": 0.4}), position(**{"0": 1.0})]
    with pytest.raises(UndecidableError, match="'1' may be the start of '10"):
        label_log_probabilities(drawn_2, labels)


@given(st.dictionaries(st.sampled_from(["A", " A", "B", "B.", "C", "x", " "]), st.floats(-30, 0)))
def test_no_probability_is_made_or_lost(tokens: dict[str, float]) -> None:
    total = math.fsum(math.exp(value) for value in tokens.values())
    if not tokens:
        return
    shares = [(token, value - math.log(total)) for token, value in tokens.items()]
    found, outside = label_log_probabilities([shares], ["A", "B"])
    assert math.fsum(map(math.exp, found.values())) + outside == pytest.approx(1)


@pytest.mark.parametrize(
    "sent",
    [
        None, {}, {"content": None}, {"content": []}, "yes", {"content": [{"token": "A"}]},
        {"content": [{"token": "A", "logprob": 0.0, "top_logprobs": []}]},
        {"content": [{"token": "A", "logprob": 0.0,
                      "top_logprobs": [{"token": "B", "logprob": -9999.0}]}]},
        {"tokens": ["A"], "token_logprobs": [-0.1]},
    ],
)  # fmt: skip
def test_log_probabilities_that_are_none_are_not_taken_for_some(sent: Any) -> None:
    assert read_positions(sent) is None


def test_a_reply_holds_its_letters_and_what_lies_outside(script: Script) -> None:
    logprobs = content({"A": 0.5, " B": 0.25, "The": 0.2})
    script.answer = lambda *_: completion("A", logprobs=logprobs)
    (reply,) = endpoint(script, LIKELIHOOD).answer(queries(1))
    assert reply.log_probabilities is not None
    shares = {one: math.exp(value) for one, value in reply.log_probabilities.items()}
    assert shares == pytest.approx({"A": 0.5, "B": 0.25})
    assert reply.outside_share == pytest.approx(0.25)
    (body,) = script.bodies
    asked = {name: body[name] for name in ("logprobs", "top_logprobs", "max_tokens", "temperature")}
    assert asked == {"logprobs": True, "top_logprobs": 20, "max_tokens": 1, "temperature": 1}


def test_labels_that_share_a_start_are_asked_two_tokens(script: Script) -> None:
    logprobs = content({"1": 0.8, "2": 0.2}, {"0": 0.5, ".": 0.5})
    script.answer = lambda *_: completion("10", logprobs=logprobs)
    (reply,) = endpoint(script, LIKELIHOOD).answer(queries(1, letters=("1", "2", "10")))
    assert script.bodies[0]["max_tokens"] == 2
    assert reply.log_probabilities == pytest.approx(
        {"1": math.log(0.4), "2": math.log(0.2), "10": math.log(0.4)}
    )


def test_labels_that_cannot_be_told_apart_stop_the_run(script: Script) -> None:
    script.answer = lambda *_: completion("2", logprobs=content({"2": 0.5, "1": 0.5}, {".": 1.0}))
    with pytest.raises(EndpointError, match=r"'1' may be the start of '10' in 'vote'.*by letters"):
        list(endpoint(script, LIKELIHOOD).answer(queries(3, letters=("1", "2", "10"))))


def test_a_server_that_ignores_logprobs_is_found_out(script: Script) -> None:
    with pytest.raises(EndpointError, match=r"ignores 'logprobs'.*use --by sampled"):
        list(endpoint(script, LIKELIHOOD).answer(queries(500)))
    assert len(script.bodies) <= 60


def test_a_reply_without_logprobs_among_others_is_asked_again(script: Script) -> None:
    full = completion("A", logprobs=content({"A": 0.9, "B": 0.1}))
    script.answer = lambda _, number: completion("A") if number % 4 == 0 else full
    replies = list(endpoint(script, LIKELIHOOD, attempts=8).answer(queries(40)))
    assert all(one.log_probabilities for one in replies)


def test_a_filtered_reply_needs_no_logprobs(script: Script) -> None:
    script.answer = lambda *_: completion("", finish_reason="content_filter")
    (reply,) = endpoint(script, LIKELIHOOD).answer(queries(1))
    assert (reply.finish_reason, reply.log_probabilities) == ("content_filter", None)


def test_options_without_letters_have_no_likelihood(script: Script) -> None:
    with pytest.raises(InputError, match="'vote': likelihood needs lettered options"):
        list(endpoint(script, LIKELIHOOD).answer(queries(1, letters=("",))))
    with pytest.raises(InputError, match="likelihood needs options"):
        list(endpoint(script, LIKELIHOOD).answer(queries(1, letters=())))
