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
