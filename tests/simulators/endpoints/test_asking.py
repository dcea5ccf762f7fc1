"""An endpoint asks each query once, through whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from alignsurvey.errors import EndpointError, InputError
from alignsurvey.simulators.endpoints import Limits, Parameters, find_endpoint
from alignsurvey.simulators.protocols import Simulator

from .conftest import Script, completion, cut_short, endpoint, queries

HTML = "<html><head><title>Sign in</title></head></html>"


def test_every_query_gets_the_reply_to_its_own_prompt(script: Script) -> None:
    script.answer = lambda body, _: completion(body["messages"][-1]["content"])
    asked = queries(300)
    simulator = endpoint(script)
    assert isinstance(simulator, Simulator)
    replies = {one.query: one for one in simulator.answer(asked)}
    assert [replies[one.id].text for one in asked] == [f"Vote? {n}" for n in range(300)]
    first = replies[asked[0].id]
    assert first.usage is not None
    assert (first.usage.prompt_tokens, first.finish_reason, first.error) == (20, "stop", None)
    assert (first.latency_seconds or 0) > 0
    assert json.loads(first.body or "")["choices"][0]["message"]["content"] == "Vote? 0"
    assert len(script.bodies) == 300


def test_what_was_set_is_sent_and_nothing_else(script: Script) -> None:
    settings = Parameters(
        temperature=0.7, top_p=0.9, seed=42, max_tokens=5, reasoning_effort="low",
        extra={"top_k": 50},
    )  # fmt: skip
    list(endpoint(script, settings).answer(queries(2)))
    first, second = sorted(script.bodies, key=lambda one: one["messages"][1]["content"])
    assert first.pop("seed") != second["seed"]
    assert first == {
        "model": "tiny", "temperature": 0.7, "top_p": 0.9, "max_tokens": 5,
        "reasoning_effort": "low", "top_k": 50,
        "messages": [{"role": "system", "content": "You are one."},
                     {"role": "user", "content": "Vote? 0"}],
    }  # fmt: skip


FAULTS: dict[str, Callable[[], Any]] = {
    "429": lambda: web.json_response({"error": {"message": "slow down"}}, status=429),
    "429 with Retry-After": lambda: web.Response(status=429, headers={"Retry-After": "0.02"}),
    "408": lambda: web.Response(status=408),
    "409": lambda: web.Response(status=409),
    "500": lambda: web.Response(status=500, text="oops"),
    "529": lambda: web.json_response({"error": {"message": "overloaded"}}, status=529),
    "HTML under 200": lambda: web.Response(text=HTML, content_type="text/html"),
    "HTML under 502": lambda: web.Response(text=HTML, content_type="text/html", status=502),
    "truncated JSON": lambda: b'{"choices": [{"index": 0, "mess',
    "not a completion": lambda: {"hello": "world"},
    "no choices": lambda: {"choices": []},
    "an error under 200": lambda: {"error": {"message": "upstream", "code": 502}},
    "content of another kind": lambda: completion(text=7),  # type: ignore[arg-type]
    "hang-up mid-body": lambda: cut_short,
    "empty body": lambda: b"",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_is_asked_again(script: Script, fault: str) -> None:
    script.answer = lambda _, number: FAULTS[fault]() if number % 3 == 2 else completion()
    replies = list(endpoint(script, attempts=8).answer(queries(30)))
    assert [one.text for one in replies] == ["B"] * 30
    assert 40 <= len(script.bodies) <= 60


def test_a_wrong_content_type_is_no_fault(script: Script) -> None:
    script.answer = lambda *_: web.Response(text=json.dumps(completion()), content_type="text/csv")
    assert [one.text for one in endpoint(script).answer(queries(1))] == ["B"]


def test_a_query_that_gets_no_reply_says_why_and_the_others_go_on(script: Script) -> None:
    def answer(body: dict[str, Any], _: int) -> Any:
        is_bad = body["messages"][-1]["content"] == "Vote? 3"
        return web.Response(status=500, text="cannot") if is_bad else completion()

    script.answer = answer
    asked = queries(10)
    replies = {one.query: one for one in endpoint(script).answer(asked)}
    assert len(replies) == 10
    failed = replies[asked[3].id]
    assert failed.text is None
    assert failed.error == "no reply after 4 attempts: HTTP 500: 'cannot'"
    assert sum(one.text == "B" for one in replies.values()) == 9


def test_a_response_that_does_not_come_is_given_up_in_time(script: Script) -> None:
    script.answer = lambda *_: asyncio_hang
    start = time.perf_counter()
    simulator = endpoint(script, timeout_seconds=0.1, total_seconds=0.5, attempts=3)
    (reply,) = simulator.answer(queries(1))
    assert reply.error == "no reply after 3 attempts: no response in 0 s"
    assert time.perf_counter() - start < 2


async def asyncio_hang(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (401, {"error": {"message": "Incorrect API key provided: sk-abc123**xyz"}},
         r"vllm/tiny: Incorrect API key provided: \[key\] \(HTTP 401\); check the key in ALIGN"),
        (403, {"error": "not for you"}, r"not for you \(HTTP 403\)"),
        (404, {"message": "model 'tiny' not found"}, r"not found \(HTTP 404\); check the model"),
        (400, {"error": {"message": "context length\nexceeded"}}, "context length exceeded"),
        (422, {"detail": [{"msg": "bad"}]}, r"bad.*HTTP 422"),
        (402, {"error": {"message": "Insufficient Balance"}}, "no credit left"),
        (429, {"error": {"message": "quota", "code": "insufficient_quota"}}, "no credit left"),
        (302, "", "sends elsewhere"),
        (405, [{"error": {"message": "in a list"}}], "in a list"),
    ],
)  # fmt: skip
def test_what_does_not_pass_stops_the_run_with_the_providers_words(
    script: Script, status: int, content: Any, said: str
) -> None:
    script.answer = lambda *_: web.json_response(content, status=status)
    with pytest.raises(EndpointError, match=said) as caught:
        list(endpoint(script).answer(queries(1000)))
    assert len(script.bodies) <= 16
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (web.Response, None),
        (lambda: web.Response(text=HTML, content_type="text/html"),
         r"no chat completion but a web page \('Sign in'\) \(http://127.*; check the address"),
        (lambda: web.Response(text=HTML, content_type="text/html", status=502), "HTTP 502: a web"),
    ],
)  # fmt: skip
def test_a_proxy_in_between_is_told(script: Script, answer: Any, said: str | None) -> None:
    script.answer = lambda *_: answer()
    with pytest.raises(EndpointError, match=said):
        list(endpoint(script).answer(queries(50)))


def test_an_unreachable_host_is_told(unused_port: int) -> None:
    simulator = find_endpoint("endpoint/x", base_url=f"http://127.0.0.1:{unused_port}/v1")
    with pytest.raises(EndpointError, match="endpoint/x: cannot be reached: Connect call failed"):
        list(simulator.answer(queries(20)))


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def test_a_server_that_dies_ends_the_run_without_asking_everything(script: Script) -> None:
    script.answer = lambda _, number: completion() if number < 5 else web.Response(status=500)
    with pytest.raises(EndpointError, match="the last 25 questions got no reply after 2 attempts"):
        list(endpoint(script, attempts=2).answer(queries(2000)))
    assert len(script.bodies) < 300


def test_a_wait_longer_than_all_patience_stops_the_run(script: Script) -> None:
    script.answer = lambda *_: web.Response(status=429, headers={"Retry-After": "3600"})
    with pytest.raises(EndpointError, match="asks to wait 3600 s"):
        list(endpoint(script).answer(queries(3)))


@pytest.mark.parametrize(
    ("answer", "text", "reason"),
    [
        (completion("", finish_reason="content_filter"), "", "content_filter"),
        (completion("The", finish_reason="length"), "The", "length"),
        (completion(""), "", "stop"),
        (completion(None), "", "stop"),  # type: ignore[arg-type]
        ({"choices": [{"message": {"content": None, "refusal": "I can't."}}]}, "I can't.", None),
        ({"choices": [{"message": {"content": [{"type": "thinking", "thinking": []},
                                               {"type": "text", "text": "B"}]}}]}, "B", None),
    ],
)  # fmt: skip
def test_outcomes_are_replies(script: Script, answer: Any, text: str, reason: str | None) -> None:
    script.answer = lambda *_: answer
    (reply,) = endpoint(script).answer(queries(1))
    assert (reply.text, reply.finish_reason, reply.error) == (text, reason, None)
    assert len(script.bodies) == 1


@pytest.mark.parametrize("code", ["content_filter", "data_inspection_failed"])
def test_a_question_that_a_filter_refuses_is_an_outcome(script: Script, code: str) -> None:
    refused = {"error": {"message": "filtered", "code": code}}
    script.answer = lambda _, number: (
        web.json_response(refused, status=400) if number == 1 else completion()
    )
    replies = list(endpoint(script, max_connections=1).answer(queries(3)))
    assert [one.finish_reason for one in replies] == ["content_filter", "stop", "stop"]
    assert replies[0].text == ""


def test_several_draws_are_one_request_where_the_server_gives_them(script: Script) -> None:
    def answer(body: dict[str, Any], _: int) -> Any:
        one = completion()["choices"][0]
        sent = [{**one, "index": place} for place in range(body.get("n", 1))]
        return {"choices": sent, "usage": {"prompt_tokens": 21, "completion_tokens": len(sent)}}

    script.answer = answer
    replies = list(endpoint(script).answer(queries(10, same=True)))
    assert len({one.query for one in replies}) == 10
    assert [one.get("n") for one in script.bodies] == [10]
    assert sum(one.usage.prompt_tokens for one in replies if one.usage) == 21
    assert all(len(json.loads(one.body or "")["choices"]) == 1 for one in replies)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, ""),
        (400, "n must be 1"),
        (500, "Only one completion choice is allowed"),
        (500, "n_cmpl cannot be greater than the number of slots, please increase -np"),
    ],
)
def test_a_server_that_ignores_n_is_found_out_and_asked_singly(
    script: Script, status: int | None, words: str
) -> None:
    def answer(body: dict[str, Any], _: int) -> Any:
        if status and body.get("n", 1) > 1:
            return web.json_response({"error": {"message": words}}, status=status)
        return completion()

    script.answer = answer
    simulator = endpoint(script)
    replies = list(simulator.answer(queries(100, same=True)))
    assert len({one.query for one in replies}) == 100
    assert all(one.text == "B" for one in replies)
    assert len(script.bodies) <= 102
    (note,) = simulator.notes
    assert "each is asked singly" in note


def test_replies_of_one_index_are_one_reply(script: Script) -> None:
    one = completion()["choices"][0]
    sent = {"choices": [one, one, {**one, "index": 1}]}
    script.answer = lambda body, _: sent if body.get("n", 1) > 1 else completion("A")
    replies = list(endpoint(script).answer(queries(3, same=True)))
    assert sorted(one.text or "" for one in replies) == ["A", "B", "B"]


def test_closing_the_iterator_ends_the_requests(script: Script) -> None:
    script.delay_seconds = 0.01
    replies = endpoint(script).answer(queries(100_000))
    next(replies)
    start = time.perf_counter()
    replies.close()  # type: ignore[attr-defined]
    assert time.perf_counter() - start < 2
    assert not [one for one in threading.enumerate() if one.name == "alignsurvey-endpoint"]
    time.sleep(0.2)  # what was on the wire arrives yet
    asked = len(script.bodies)
    time.sleep(0.05)
    assert len(script.bodies) == asked < 1000


def test_it_works_where_a_loop_runs_already(script: Script) -> None:
    async def notebook() -> int:
        return len(list(endpoint(script).answer(queries(5))))

    assert asyncio.run(notebook()) == 5


def test_queries_are_taken_as_they_are_needed(script: Script) -> None:
    taken: list[int] = []

    def plan() -> Any:
        for number, one in enumerate(queries(2000)):
            taken.append(number)
            yield one

    script.answer = lambda *_: web.json_response({"error": "no"}, status=401)
    with pytest.raises(EndpointError):
        list(endpoint(script).answer(plan()))
    assert len(taken) <= 40


def test_an_error_of_the_plan_is_raised_where_it_is_asked(script: Script) -> None:
    def plan() -> Any:
        yield from queries(20)
        raise InputError("the plan is wrong")

    with pytest.raises(InputError, match="the plan is wrong"):
        list(endpoint(script).answer(plan()))


def test_no_key_turns_up_anywhere(
    script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = "local-9f8e7d6c5b4a"
    (tmp_path / ".env").write_text(f"# mine\nexport ALIGNSURVEY_API_KEY='{key}'\n")

    def answer(_: dict[str, Any], number: int) -> Any:
        echoed = f"you sent Bearer {key}"
        return completion(echoed) if number == 1 else web.Response(status=500, text=echoed)

    script.answer = answer
    simulator = endpoint(script, max_connections=1, attempts=2)
    replies = list(simulator.answer(queries(3)))
    assert script.headers[0]["Authorization"] == f"Bearer {key}"
    assert key not in repr(replies) + "".join(one.body or "" for one in replies) + repr(simulator)
    assert key not in json.dumps(simulator.parameters)
    script.answer = lambda *_: web.json_response({"error": f"bad {key}"}, status=401)
    with pytest.raises(EndpointError) as caught:
        list(simulator.answer(queries(1)))
    assert key not in str(caught.value)


def test_the_window_finds_its_size_between_the_bounds(script: Script) -> None:
    script.delay_seconds = 0.01
    list(endpoint(script, max_connections=40).answer(queries(600)))
    assert script.most_under_way == 40

    script.most_under_way, busy = 0, web.Response

    def answer(*_: Any) -> Any:
        return busy(status=429) if script.under_way > 4 else completion()

    script.answer = answer
    simulator = endpoint(script, max_connections=40, attempts=20)
    assert sum(one.text == "B" for one in simulator.answer(queries(400))) == 400
    assert simulator.found.connections < 16


def test_the_requests_a_minute_are_kept(script: Script) -> None:
    start = time.perf_counter()
    list(endpoint(script, requests_per_minute=1200).answer(queries(10)))
    assert 0.45 <= time.perf_counter() - start < 3


def test_a_used_up_rate_limit_is_waited_for(script: Script) -> None:
    at: list[float] = []

    def answer(_: dict[str, Any], number: int) -> Any:
        at.append(time.perf_counter())
        left = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "200ms"}
        return web.json_response(completion(), headers=left if number == 1 else {})

    script.answer = answer
    list(endpoint(script, max_connections=1).answer(queries(3)))
    assert at[1] - at[0] >= 0.19


def test_limits_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="connections: 5 to 2 is no range"):
        Limits(min_connections=5, max_connections=2)
    with pytest.raises(InputError, match="attempts: 0"):
        Limits(attempts=0)
