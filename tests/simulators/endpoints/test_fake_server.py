"""Endpoints against the fake server: its faults, its key, and the reply store behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alignsurvey.errors import EndpointError
from alignsurvey.running import ReplyStore, ask
from alignsurvey.simulators.endpoints import Limits, Parameters, find_endpoint
from alignsurvey.tasks.prompts import response_queries
from alignsurvey.tasks.records import Option, ResponseRecord
from alignsurvey.testing import FakeServer, Fault

from .conftest import queries

STOPS = {Fault.BAD_REQUEST, Fault.UNAUTHORIZED, Fault.FORBIDDEN, Fault.NOT_FOUND}
PATIENT = Limits(min_connections=16, max_connections=64, timeout_seconds=0.5, attempts=20)


@pytest.mark.parametrize("by", ["sampled", "likelihood"])
def test_all_faults_at_once_leave_every_query_with_one_reply(by: Any) -> None:
    rates = {str(one): 0.03 for one in Fault if one not in STOPS}
    options = tuple(Option(one, f"option {one}") for one in "ABCD")
    rows = [
        ResponseRecord(
            row=n, instruction="", person=n, profile=(), question=f"{n}?", options=options
        )
        for n in range(300)
    ]
    asked = response_queries(rows)
    with FakeServer(faults=rates, retry_after_seconds=0.02, slow_seconds=0.02) as server:
        endpoint = find_endpoint(
            "endpoint/planted", Parameters(by=by), base_url=server.url, limits=PATIENT
        )
        replies = {one.query: one for one in endpoint.answer(asked)}
        assert server.answers >= 300
    assert replies.keys() == {one.id for one in asked}
    assert all(one.error is None and one.body for one in replies.values())
    if by == "likelihood":
        # Gibberish has log-probabilities too; all of them lie outside the letters.
        stopped = [one for one in replies.values() if one.finish_reason == "stop"]
        assert all(one.log_probabilities is not None for one in stopped)
        assert any((one.outside_share or 0) < 0.1 for one in stopped)


ISSUE_FAULTS = [
    Fault.RATE_LIMITED, Fault.RATE_LIMITED_SECONDS, Fault.SERVER_ERROR, Fault.BAD_GATEWAY,
    Fault.OVERLOADED, Fault.RESET_MID_BODY, Fault.TRUNCATED_JSON, Fault.HTML,
    Fault.HTML_BAD_GATEWAY, Fault.HANG, Fault.WRONG_CONTENT_TYPE, Fault.DUPLICATED_CHOICES,
    Fault.NO_LOGPROBS, Fault.NO_N, Fault.SLOW_START,
]  # fmt: skip


@pytest.mark.parametrize("n", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_five_percent_of_each_fault_loses_no_question_and_invents_no_reply(n: int) -> None:
    rates = {str(one): 0.05 for one in ISSUE_FAULTS}
    asked = queries(n)
    # A server that gives one prompt one reply tells, when it is well, what a reply must be.
    with FakeServer(repeatable=True) as well:
        endpoint = find_endpoint("endpoint/planted", base_url=well.url)
        planted = {one.query: one.text for one in endpoint.answer(asked)}
    with FakeServer(
        faults=rates, repeatable=True, retry_after_seconds=0.02, slow_seconds=0.05
    ) as server:
        limits = Limits(max_connections=64, timeout_seconds=2.0, least_timeout_seconds=0.4)
        endpoint = find_endpoint("endpoint/planted", base_url=server.url, limits=limits)
        came = list(endpoint.answer(asked))
        assert set(server.given) == set(ISSUE_FAULTS)
    replies = {one.query: one for one in came}
    assert len(came) == n
    assert replies.keys() == planted.keys()
    lost = [one for one in came if one.error is not None]
    assert len(lost) <= 0.02 * n
    assert all(one.text is None and "no reply after 8 attempts" in one.error for one in lost
               if one.error)  # fmt: skip
    assert all(one.text == planted[one.query] for one in came if one.error is None)


def test_a_wrong_key_is_told_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIGNSURVEY_API_KEY", "wrong-key-0123456789")
    with FakeServer(key="right") as server:
        endpoint = find_endpoint("endpoint/planted", base_url=server.url)
        with pytest.raises(EndpointError, match=r"Incorrect API key provided: \[key\]") as caught:
            list(endpoint.answer(queries(20)))
    assert "wrong-key" not in str(caught.value)


def test_what_the_store_has_is_not_asked_again(tmp_path: Path) -> None:
    asked = queries(60)
    with FakeServer() as server, ReplyStore(tmp_path / "replies.sqlite") as store:
        first = ask(find_endpoint("endpoint/x", base_url=server.url), asked, store=store)
        again = ask(find_endpoint("endpoint/x", base_url=server.url), asked, store=store)
        warmer = Parameters(temperature=1.2)
        ask(find_endpoint("endpoint/x", warmer, base_url=server.url), asked[:10], store=store)
        assert server.requests == 70
    assert [one.text for one in first.values()] == [one.text for one in again.values()]
