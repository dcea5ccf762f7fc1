"""Provider batches: another way to fill the store, resumed, partly failed, expired, refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from alignsurvey.errors import EndpointError, InputError, StoppedError
from alignsurvey.running import Asker, ReplyStore, ask
from alignsurvey.running.batches import BatchTerms, fill_by_batch
from alignsurvey.simulators.endpoints import Endpoint, Parameters, find_endpoint
from alignsurvey.simulators.endpoints.parameters import By
from alignsurvey.tasks.prompts import response_queries
from alignsurvey.tasks.queries import Query
from alignsurvey.tasks.records import Option, ResponseRecord
from alignsurvey.testing import FakeServer

AT_ONCE = BatchTerms(poll_seconds=0.0, sleep=lambda seconds: None)
KEY = "sk-recognisable-0123456789"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReplyStore]:
    with ReplyStore(tmp_path / "replies.sqlite") as opened:
        yield opened


def plan(n: int, start: int = 0) -> list[Query]:
    options = (Option("A", "yes"), Option("B", "no"))
    return response_queries([
        ResponseRecord(row=row, instruction="", person=row, profile=(("age", 20 + row),),
                       question="Happy?", options=options)
        for row in range(start, start + n)
    ])  # fmt: skip


def endpoint(server: FakeServer, by: By = "sampled") -> Endpoint:
    return find_endpoint("endpoint/x", Parameters(by=by), base_url=server.url)


@pytest.mark.parametrize("by", ["sampled", "likelihood"])
def test_a_batch_brings_what_asking_one_by_one_brings(
    store: ReplyStore, tmp_path: Path, by: By
) -> None:
    with FakeServer(repeatable=True) as server:
        model = endpoint(server, by)
        filled = fill_by_batch(model, plan(30), store, AT_ONCE)
        assert (filled.asked, filled.failed, server.requests) == (30, {}, 0)
        batched = ask(model, plan(30), store=store)
        assert server.requests == 0
        with ReplyStore(tmp_path / "other.sqlite") as other:
            single = ask(model, plan(30), store=other)
    kept = [(one.text, one.log_probabilities, one.usage) for one in batched.values()]
    assert kept == [(one.text, one.log_probabilities, one.usage) for one in single.values()]
    assert filled.usage.prompt_tokens == sum(one.usage.prompt_tokens for one in single.values())


def test_only_what_is_missing_is_submitted_in_files_of_a_size(store: ReplyStore) -> None:
    with FakeServer() as server:
        model = endpoint(server)
        ask(model, plan(10), store=store)
        terms = BatchTerms(0.0, most_requests=8, sleep=lambda seconds: None)
        assert fill_by_batch(model, plan(30), store, terms).asked == 20
        assert len(server.batches.batches) == 3
        assert fill_by_batch(model, plan(30), store, terms).asked == 0
        assert (len(server.batches.batches), server.batches.lines) == (3, 20)


def test_interrupted_while_it_waits_a_run_fetches_what_it_had_submitted(store: ReplyStore) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with FakeServer(batch_polls=3) as server:
        model = endpoint(server)
        with pytest.raises(KeyboardInterrupt):
            fill_by_batch(model, plan(20), store, BatchTerms(0.0, sleep=interrupt))
        assert store.count() == 0
        # Another plan of the same model: what is under way is fetched, the rest submitted.
        filled = fill_by_batch(model, plan(20, start=10), store, AT_ONCE)
        assert (filled.asked, store.count(), server.batches.lines) == (30, 30, 30)


def test_what_is_under_way_is_not_asked_beside_it(tmp_path: Path) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "replies.sqlite"
    with FakeServer(batch_polls=3) as server:
        model = endpoint(server)
        interrupted = BatchTerms(0.0, sleep=interrupt)
        with Asker(path, batch=interrupted) as asker, pytest.raises(KeyboardInterrupt):
            asker.ask(model, plan(4))
        with Asker(path) as asker, pytest.raises(InputError, match="1 of its batches are under"):
            asker.ask(model, plan(4))
        with Asker(path, batch=AT_ONCE) as asker:
            asker.ask(model, plan(4))
        with Asker(path) as asker:
            assert len(asker.ask(model, plan(4))) == 4
        assert (server.requests, server.batches.lines) == (0, 4)


def test_a_run_killed_before_it_heard_of_its_batch_finds_it_again(
    store: ReplyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alignsurvey.running import batches, pending

    def killed(*given: Any) -> None:
        raise KeyboardInterrupt

    with FakeServer() as server:
        model = endpoint(server)
        with monkeypatch.context() as patch:
            patch.setattr(batches.pending, "name", killed)
            with pytest.raises(KeyboardInterrupt):
                fill_by_batch(model, plan(20), store, AT_ONCE)
        assert [one.batch for one in pending.pending_batches(store, _setting(model))] == [None]
        assert fill_by_batch(model, plan(20), store, AT_ONCE).asked == 20
        assert (len(server.batches.batches), server.batches.lines) == (1, 20)


def test_a_run_killed_before_its_batch_was_made_submits_it(
    store: ReplyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alignsurvey.running.batch_service import BatchService

    def killed(*given: Any) -> None:
        raise KeyboardInterrupt

    with FakeServer() as server:
        model = endpoint(server)
        with monkeypatch.context() as patch:
            patch.setattr(BatchService, "create", killed)
            with pytest.raises(KeyboardInterrupt):
                fill_by_batch(model, plan(20), store, AT_ONCE)
        assert fill_by_batch(model, plan(20), store, AT_ONCE).asked == 20
        assert len(server.batches.batches) == 1


def _setting(model: Endpoint) -> str:
    from alignsurvey.running.keys import Setting

    return Setting(model.model, model.parameters).content


def test_failed_and_expired_requests_are_told_apart_and_asked_by_the_next_run(
    store: ReplyStore,
) -> None:
    faults = ["500", "hang", None, "400", None]
    with FakeServer(faults=faults) as server:
        model = endpoint(server)
        filled = fill_by_batch(model, plan(5), store, AT_ONCE)
        assert (filled.asked, store.count(), len(filled.failed)) == (5, 2, 3)
        said = sorted(filled.failed.values())
        assert all(one.startswith("no reply in the batch: ") for one in said)
        assert any("expired" in one for one in said)
        assert any("HTTP 500" in one for one in said)
        again = fill_by_batch(model, plan(5), store, AT_ONCE)
        assert (again.asked, again.failed, store.count()) == (3, {}, 5)


def test_content_filters_and_empty_replies_are_outcomes_as_ever(store: ReplyStore) -> None:
    with FakeServer(faults=["content-filter", "empty", "length"]) as server:
        filled = fill_by_batch(endpoint(server), plan(3), store, AT_ONCE)
    assert (filled.failed, store.count()) == ({}, 3)


@pytest.mark.parametrize("ending", ["expired", "cancelled", "failed"])
def test_a_batch_that_ended_early_is_told_and_submitted_anew(
    store: ReplyStore, ending: str
) -> None:
    with FakeServer(batch_polls=10) as server:

        def end(seconds: float) -> None:
            for one in server.batches.batches.values():
                one["status"] = ending
                if ending == "failed":
                    one["errors"] = {"data": [{"message": "Enqueued token limit reached"}]}

        model = endpoint(server)
        terms = BatchTerms(0.0, sleep=end)
        if ending == "failed":
            with pytest.raises(EndpointError, match="batch_1 was refused: Enqueued token limit"):
                fill_by_batch(model, plan(4), store, terms)
        else:
            filled = fill_by_batch(model, plan(4), store, terms)
            assert set(filled.failed.values()) == {f"the batch was {ending} before"}
        assert fill_by_batch(model, plan(4), store, AT_ONCE).failed == {}
        assert store.count() == 4


def test_a_batch_that_the_account_does_not_know_stops_the_run(store: ReplyStore) -> None:
    def forget(server: FakeServer) -> Callable[[float], None]:
        return lambda seconds: server.batches.batches.clear()

    with FakeServer(batch_polls=3) as server:
        terms = BatchTerms(0.0, sleep=forget(server))
        with pytest.raises(EndpointError, match=r"batch_1 is not known at .*; use the key"):
            fill_by_batch(endpoint(server), plan(4), store, terms)


@pytest.mark.parametrize("name", ["anthropic/claude-haiku-4-5", "ollama/llama3"])
def test_who_takes_no_batches_is_refused_before_anything_is_sent(
    store: ReplyStore, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with pytest.raises(InputError, match="takes no batches; openai/…, qwen/…, endpoint/… do"):
        fill_by_batch(find_endpoint(name), plan(1), store, AT_ONCE)


def test_a_wrong_key_is_one_line_without_the_key(
    store: ReplyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALIGNSURVEY_API_KEY", KEY)
    with (
        FakeServer(key="another-key") as server,
        pytest.raises(EndpointError, match=r"Incorrect API key provided: \[key\]") as caught,
    ):
        fill_by_batch(endpoint(server), plan(1), store, AT_ONCE)
    assert KEY not in str(caught.value)


def test_the_asker_fills_the_store_by_batches_and_bills_their_price(tmp_path: Path) -> None:
    from alignsurvey.running.costs import ModelPrice, Prices

    prices = Prices({"endpoint/*": ModelPrice(1, 1, batch=0.5)})
    path = tmp_path / "replies.sqlite"
    with FakeServer(faults=["500"]) as server, Asker(path, prices, batch=AT_ONCE) as asker:
        replies = asker.ask(endpoint(server), plan(10))
        assert server.requests == 0
    [bill] = asker.bills
    assert [one.error for one in replies.values() if one.error] == [bill.first_error]
    assert (bill.asked, bill.outcomes) == (10, {"answered": 9, "no reply": 1})
    tokens = bill.usage.prompt_tokens + bill.usage.reply_tokens
    assert bill.cost == pytest.approx(tokens / 2e6)


def test_a_batch_keeps_to_the_most_requests(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    with FakeServer() as server:
        with (
            Asker(path, max_requests=4, batch=AT_ONCE) as asker,
            pytest.raises(StoppedError, match="4 of 10 queries have replies"),
        ):
            asker.ask(endpoint(server), plan(10))
        assert server.batches.lines == 4
