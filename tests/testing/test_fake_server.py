"""The server to test against: it answers, counts, and fails as told."""

import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from alignsurvey.errors import InputError
from alignsurvey.tasks.prompts import render
from alignsurvey.testing import FakeServer, FakeServerProcess, Fault, Faults, Population

MESSAGES = [
    {"role": one.role, "content": one.content}
    for one in render("response", "en", profile={"age": 64}, question="Happy?", options=["y", "n"])
]


def ask(url: str, headers: Mapping[str, str] | None = None, **body: Any) -> Any:
    content = {"model": "any", "messages": MESSAGES} | body
    request = Request(
        url + "/chat/completions",
        json.dumps(content).encode(),
        {"Content-Type": "application/json"} | dict(headers or {}),
    )
    with urlopen(request, timeout=5) as reply:
        return json.load(reply)


def test_it_answers_and_counts() -> None:
    with FakeServer() as server:
        reply = ask(server.url)
        assert reply["choices"][0]["message"]["content"] in ("A. y", "B. n")
        assert reply["choices"][0]["finish_reason"] == "stop"
        assert status_of(server.url + "/nothing") == 404
        assert (server.requests, server.answers) == (1, 1)


def test_a_process_of_its_own_tells_what_it_counted_and_takes_faults() -> None:
    with FakeServerProcess("--script", "500", "ok", "--key", "k") as server:
        key = {"Authorization": "Bearer k"}
        with pytest.raises(HTTPError, match="500") as trouble:
            ask(server.url, key)
        trouble.value.close()
        assert ask(server.url, key)["usage"]["prompt_tokens"] > 50
        assert status_of(server.url + "/models", {"Authorization": "Bearer other"}) == 401
        assert server.counts == {
            "requests": 2, "answers": 1, "most_at_once": 1, "faults": {"500": 1}
        }  # fmt: skip


def raw_ask(
    server: FakeServer, timeout: float = 5, **body: Any
) -> tuple[int, Mapping[str, str], bytes]:
    host = server.url.removeprefix("http://").removesuffix("/v1")
    content = json.dumps({"model": "any", "messages": MESSAGES} | body)
    with closing(HTTPConnection(host, timeout=timeout)) as connection:
        connection.request("POST", "/v1/chat/completions", content)
        with connection.getresponse() as reply:
            return reply.status, dict(reply.headers), reply.read()


def status_of(url: str, headers: Mapping[str, str] | None = None) -> int:
    try:
        with urlopen(Request(url, headers=dict(headers or {}))) as reply:
            return int(reply.status)
    except HTTPError as error:
        error.close()
        return error.code


def test_an_answer_belongs_to_prompt_draw_and_seed() -> None:
    people = Population({"Happy?": {"y": 0.5, "n": 0.5}})

    def answers(**options: Any) -> list[str]:
        with FakeServer(people, **options) as server:
            replies = [ask(server.url) for _ in range(20)]
        return [one["choices"][0]["message"]["content"] for one in replies]

    assert answers() == answers()
    assert answers() != answers(seed=1)
    assert len(set(answers())) == 2
    assert len(set(answers(repeatable=True))) == 1
    with FakeServer(people) as server:
        seeded = [ask(server.url, seed=3)["choices"][0] for _ in range(5)]
        assert seeded == seeded[:1] * 5
        many = ask(server.url, n=20)["choices"]
    assert [one["message"]["content"] for one in many] == answers()
    assert [one["index"] for one in many] == list(range(20))


@pytest.mark.parametrize(
    "fault",
    [
        "429",
        "500",
        "502",
        "503",
        "529",
        "408",
        "409",
        "400",
        "401",
        "403",
        "404",
        "429-seconds",
        "429-date",
        "html-502",
    ],
)
def test_a_fault_with_a_status_is_sent_with_it_and_the_next_request_is_answered(
    fault: str,
) -> None:
    with FakeServer(faults=[fault], retry_after_seconds=7) as server:
        status, headers, body = raw_ask(server)
        assert str(status) in fault
        if fault == "429-seconds":
            assert headers["Retry-After"] == "7"
        if fault == "429-date":
            wait = (parsedate_to_datetime(headers["Retry-After"]) - datetime.now(UTC)).seconds
            assert 4 <= wait <= 7
        assert (b"<html>" in body) == (fault == "html-502")
        if fault != "html-502":
            assert json.loads(body)["error"]["message"]
        assert raw_ask(server)[0] == 200
        assert (server.requests, server.answers, server.given) == (2, 1, {fault: 1})


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [("reset", RemoteDisconnected), ("reset-mid-body", IncompleteRead), ("hang", TimeoutError)],
)
def test_a_connection_may_break_or_hang(fault: str, trouble: type[Exception]) -> None:
    with FakeServer(faults=[fault], hang_seconds=30) as server:
        with pytest.raises((trouble, ConnectionResetError)):
            raw_ask(server, timeout=0.3)
        assert (server.requests, server.answers) == (1, 0)
        assert raw_ask(server)[0] == 200


def test_bodies_may_be_cut_or_of_another_kind() -> None:
    with FakeServer(faults=["truncated-json", "html", "wrong-content-type"]) as server:
        status, headers, body = raw_ask(server)
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)
        assert (status, headers["Content-Type"]) == (200, "application/json")
        assert b"<html>" in raw_ask(server)[2]
        status, headers, body = raw_ask(server)
        assert headers["Content-Type"].startswith("text/plain")
        assert json.loads(body)["choices"]


@pytest.mark.parametrize(
    ("fault", "content", "finish"),
    [
        ("content-filter", None, "content_filter"),
        ("empty", "", "stop"),
        ("null", None, "stop"),
        ("refusal", "I'm sorry, but I can't help with that.", "stop"),
        ("gibberish", "§§ lorem ipsum 0x1F", "stop"),
    ],
)
def test_an_outcome_is_an_answer_without_an_option(
    fault: str, content: str | None, finish: str
) -> None:
    with FakeServer(faults={fault: 1.0}) as server:
        choice = ask(server.url)["choices"][0]
        assert (choice["message"]["content"], choice["finish_reason"]) == (content, finish)
        assert (server.answers, server.given[Fault(fault)]) == (1, 1)


def test_outcomes_stay_with_their_prompt_whatever_the_order_of_requests() -> None:
    def outcomes(order: range) -> dict[int, str | None]:
        with FakeServer(faults={"empty": 0.3, "500": 0.0}) as server:
            return {
                n: ask(server.url, messages=[{"role": "user", "content": f"{n}?\nA. y\nB. n"}])
                ["choices"][0]["message"]["content"]
                for n in order
            }  # fmt: skip

    assert outcomes(range(30)) == outcomes(range(29, -1, -1))
    assert "" in outcomes(range(30)).values()


def test_a_request_meets_faults_at_their_rates() -> None:
    faults = Faults(rates={"429": 0.05, "reset": 0.1, "html": 0.2})
    met = Counter(faults.at(number) for number in range(20_000))
    for fault, rate in faults.rates.items():
        assert met[Fault(fault)] / 20_000 == pytest.approx(rate, abs=0.01)  # 3.5 standard errors


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"rates": {"42": 0.1}}, "no fault '42'"),
        ({"rates": {"429": 0.6, "500": 0.6}}, "sum to 1 at most"),
        ({"script": ["nonsense"]}, "no fault 'nonsense'"),
    ],
)
def test_a_wrong_fault_is_told(faults: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Faults(**faults)


def test_a_server_may_ignore_n_and_logprobs_or_double_its_choices() -> None:
    with FakeServer(faults=Faults(always=["no-n", "no-logprobs", "duplicated-choices"])) as server:
        choices = ask(server.url, n=5, logprobs=True, top_logprobs=5)["choices"]
    assert len(choices) == 2
    assert choices[0] == choices[1]
    assert choices[0]["logprobs"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"messages": []}, 400),
        ({"top_logprobs": 5}, 400),
        ({"logprobs": True, "top_logprobs": 21}, 400),
        ({"temperature": 3}, 400),
        ({"n": 1000}, 400),
        ({"stream": True}, 400),
        ({"model": None}, 404),
        ({"model": "other"}, 404),
    ],
)
def test_what_providers_refuse_is_refused(body: dict[str, Any], status: int) -> None:
    with FakeServer(models=["any"]) as server:
        assert raw_ask(server, **body)[0] == status


def test_models_are_listed_and_keys_checked() -> None:
    with FakeServer(models=["a", "b"], key="sk-1") as server:
        assert status_of(server.url + "/models") == 401
        request = Request(server.url + "/models", headers={"Authorization": "Bearer sk-1"})
        with urlopen(request) as reply:
            assert [one["id"] for one in json.load(reply)["data"]] == ["a", "b"]


def test_more_than_the_requests_of_a_minute_are_told_when_to_come_again() -> None:
    with FakeServer(requests_per_minute=2) as server:
        first = raw_ask(server)[1]
        assert first["x-ratelimit-limit-requests"] == "2"
        assert first["x-ratelimit-remaining-requests"] == "1"
        assert raw_ask(server)[0] == 200
        status, headers, _ = raw_ask(server)
        assert status == 429
        assert 50 < float(headers["Retry-After"]) <= 60


def test_more_than_most_at_once_are_refused() -> None:
    with FakeServer(most_at_once=2, latency_seconds=0.2) as server, ThreadPoolExecutor(5) as pool:
        replies = list(pool.map(lambda _: raw_ask(server)[0], range(5)))
        assert sorted(replies) == [200, 200, 429, 429, 429]
        assert 3 <= server.counts["most_at_once"] <= 5


def test_what_was_sent_is_kept_on_demand() -> None:
    with FakeServer(keep=True) as server:
        ask(server.url, {"X-Mine": "1"}, temperature=0.5)
        ((headers, body),) = server.seen
    assert headers["X-Mine"] == "1"
    assert body["temperature"] == 0.5


def test_a_reply_ends_at_the_most_tokens_and_usage_counts_them() -> None:
    with FakeServer(reasoning_tokens=30) as server:
        reply = ask(server.url, max_tokens=1)
    assert reply["choices"][0]["message"]["content"] in "AB"
    assert reply["choices"][0]["finish_reason"] == "length"
    usage = reply["usage"]
    assert usage["completion_tokens"] == 31
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 30}
    assert usage["total_tokens"] == usage["prompt_tokens"] + 31


def test_a_taken_port_is_told() -> None:
    with FakeServer() as server, pytest.raises(InputError, match=f"port {server.port}: "):
        FakeServer(port=server.port).__enter__()
