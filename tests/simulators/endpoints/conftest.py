"""A small server on the loopback, which answers by script."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from alignsurvey.simulators.endpoints import Endpoint, Limits, Parameters, find_endpoint
from alignsurvey.tasks.queries import Message, Query, Shown, Task

Handler = Callable[["Script", dict[str, Any], int], Any]


def completion(text: str = "B", **choice: Any) -> dict[str, Any]:
    """A chat completion with one reply."""
    one = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"choices": [{**one, **choice}], "usage": {"prompt_tokens": 20, "completion_tokens": 1}}


@dataclass
class Script:
    """What the server does: ``answer(body, number)`` gives a response, JSON or bytes."""

    answer: Callable[[dict[str, Any], int], Any] = lambda body, number: completion()
    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    delay_seconds: float = 0.0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(json.loads(await request.read()))
        self.headers.append(dict(request.headers))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self.delay_seconds:
                await asyncio.sleep(self.delay_seconds)
            answer = self.answer(self.bodies[-1], len(self.bodies))
            if callable(answer):
                response: web.StreamResponse = await answer(request)
                return response
            if isinstance(answer, web.StreamResponse):
                return answer
            if isinstance(answer, bytes):
                return web.Response(body=answer)
            return web.json_response(answer)
        finally:
            self.under_way -= 1


async def cut_short(request: web.Request) -> web.StreamResponse:
    """Announce more than is sent, and hang up."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    assert request.transport is not None
    request.transport.abort()
    return response


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No key or proxy of whoever runs the tests gets in."""
    for name in ("OPENAI_API_KEY", "ALIGNSURVEY_API_KEY", "ALIGNSURVEY_BASE_URL", "HTTP_PROXY",
                 "http_proxy", "ALL_PROXY", "all_proxy"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", script.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        script.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        ready.set()
        return runner

    def serve() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        left = asyncio.all_tasks(loop)
        for one in left:
            one.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(5)
    yield script
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


def queries(n: int, letters: Sequence[str] = "AB", same: bool = False) -> list[Query]:
    options = tuple(Shown(one, f"option {one}", place) for place, one in enumerate(letters))
    return [
        Query(
            f"r{number}",
            "vote",
            Task.RESPONSE,
            (Message("system", "You are one."), Message("user", f"Vote? {0 if same else number}")),
            options,
        )
        for number in range(n)
    ]


def endpoint(script: Script, parameters: Parameters | None = None, **limits: Any) -> Endpoint:
    known = {"max_connections": 16, "attempts": 4} | limits
    return find_endpoint("vllm/tiny", parameters, limits=Limits(**known), base_url=script.url)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries wait a hundredth of what they wait elsewhere."""
    monkeypatch.setattr("alignsurvey.simulators.endpoints.client._FIRST_DELAY_SECONDS", 0.005)
