"""The number of requests at a time follows load, and nothing that only looks like it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web

from alignsurvey.randomness import stable_hash
from alignsurvey.simulators.endpoints import Limits, find_endpoint
from alignsurvey.simulators.endpoints.pacing import Patience, Window
from alignsurvey.testing import FakeServer

from .conftest import Script, endpoint, queries

Refuses = Callable[[int, int], bool]


def sizes_of(refuses: Refuses, rounds: int, most: int = 256) -> list[int]:
    """Play rounds against a server that refuses request i of a round of n."""
    window, sizes, asked = Window(1, most, 8), [], 0
    for number in range(rounds):
        n = window.size
        sizes.append(n)
        for place in range(n):
            asked += 1
            count = window.complaint if refuses(asked, spread(place, n)) else window.reply
            count(float(number), number + 0.9, True)
    return sizes


def spread(place: int, n: int) -> int:
    """Refusals come mixed among replies, not at the end of a round."""
    return stable_hash("place", place, n) % n


def at_random(share: float) -> Refuses:
    return lambda asked, _: stable_hash("lot", asked) / 2**64 < share


@pytest.mark.parametrize("limit", [10, 50, 120])
def test_it_settles_near_the_limit_of_a_server(limit: int) -> None:
    late = sizes_of(lambda _, place: place >= limit, 300)[150:]
    assert 0.7 * limit <= min(late)
    assert max(late) <= 1.2 * limit + 8


@pytest.mark.parametrize("share", [0.05, 0.15, 0.3])
def test_complaints_at_random_leave_it_wide(share: float) -> None:
    late = sizes_of(at_random(share), 400, most=128)[100:]
    assert sum(late) / len(late) >= 0.7 * 128


def test_an_isolated_complaint_is_none() -> None:
    assert sizes_of(lambda asked, _: asked % 100 == 0, 20, most=64)[-1] == 64


def test_a_server_that_refuses_all_is_asked_the_least() -> None:
    assert sizes_of(lambda *_: True, 300)[-1] == 1


def test_a_window_that_is_not_used_does_not_grow() -> None:
    window = Window(1, 64, 8)
    for _ in range(100):
        window.reply(0.0, 1.0, is_full=False)
    assert window.size == 8


def test_a_slow_start_of_one_reply_is_waited_for() -> None:
    patience = Patience(20.0, 120.0)
    for _ in range(1100):
        patience.learn(0.1)
    assert [patience.seconds(attempt) for attempt in (1, 2, 3, 4)] == [20.0, 40.0, 80.0, 120.0]
    patience.learn(10.0)
    assert patience.seconds(1) == 50.0
    assert Patience(20.0, 5.0).seconds(1) == 5.0


def test_a_server_with_a_limit_refuses_little_once_it_is_found() -> None:
    with FakeServer(most_at_once=20, latency_seconds=0.01) as server:
        simulator = find_endpoint(
            "endpoint/x", base_url=server.url, limits=Limits(max_connections=64, attempts=20)
        )
        assert all(one.text for one in simulator.answer(queries(600)))
        found = server.requests
        # The second run begins with what the first one found.
        assert all(one.text for one in simulator.answer(queries(600)))
        assert server.requests - found < 1500  # without pacing it is three times the answers


def test_what_an_endpoint_forgets_is_asked_again_soon(script: Script) -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    usual = script.answer
    script.answer = lambda body, number: hang if number in (90, 110) else usual(body, number)
    simulator = endpoint(script, least_timeout_seconds=0.2, timeout_seconds=60.0)
    replies = list(simulator.answer(queries(150)))
    assert [one.text for one in replies] == ["B"] * 150
    assert len(script.bodies) == 152
