"""A server that speaks chat completions on this machine, counts requests and fails as told."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from alignsurvey.errors import InputError
from alignsurvey.testing.batches import Batches
from alignsurvey.testing.completions import BadRequest, Completions
from alignsurvey.testing.faults import Fault, Faults
from alignsurvey.testing.population import Population
from alignsurvey.testing.rate_windows import RateWindow
from alignsurvey.testing.responses import (
    abort,
    broken,
    error_response,
    failing,
    json_response,
    models_response,
)

__all__ = ["FakeServer"]

_NO_FAULTS = Faults()
_NOBODY = Population()


@dataclass
class FakeServer:
    """A fake OpenAI-compatible server, running while its ``with`` block does.

    Parameters
    ----------
    population : Population
        Who answers; otherwise one whose shares are derived from the questions.
    faults : Faults, mapping of fault to rate, or sequence of faults
        What goes wrong; see `Faults`.
    latency_seconds : float
        Between request and answer.
    key : str, optional
        The only API key that is let in; otherwise any is, and none.
    models : collection of str
        The only models that there are; otherwise any.
    seed : int
    repeatable : bool
        One prompt always gets one answer; otherwise each asking is a new draw.
    keep : bool
        Keep all requests' headers and bodies in ``seen``.
    most_at_once : int, optional
        More requests than these at once get a 429.
    requests_per_minute : int, optional
        Requests beyond these in 60 seconds get a 429 with Retry-After; all answers carry
        ``x-ratelimit-…`` headers.
    retry_after_seconds, slow_seconds, hang_seconds : float
        How long the faults of these names tell to wait, or wait.
    outside_share, whole_labels, reasoning_tokens
        See `Completions`.
    batch_polls : int
        Times that a batch is looked at before it is done; see `Batches`.
    port : int
        0 takes a free one.

    Attributes
    ----------
    url : str
        Base URL, with ``/v1``.
    requests : int
        Requests for a chat completion that came in, faults and all.
    answers : int
        Those that were answered in full. Lines of batches are ``batches.lines``.
    given : Counter of Fault
        Faults that were met.
    seen : list of (headers, body)

    Examples
    --------
    >>> from urllib.request import urlopen
    >>> with FakeServer(models=["tiny"]) as server:
    ...     urlopen(server.url + "/models").read()[:41]
    b'{"object": "list", "data": [{"id": "tiny"'
    """

    population: Population = _NOBODY
    faults: Faults | Mapping[str, float] | Sequence[str | None] = _NO_FAULTS
    latency_seconds: float = 0.0
    key: str | None = field(default=None, repr=False)
    models: Collection[str] = ()
    seed: int = 0
    repeatable: bool = False
    keep: bool = False
    most_at_once: int | None = None
    requests_per_minute: int | None = None
    retry_after_seconds: float = 1.0
    slow_seconds: float = 0.5
    hang_seconds: float = 3600.0
    outside_share: float = 0.02
    whole_labels: bool = True
    reasoning_tokens: int = 0
    batch_polls: int = 2
    port: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.faults, Mapping):
            self.faults = Faults(rates=self.faults, seed=self.seed)
        elif not isinstance(self.faults, Faults):
            self.faults = Faults(script=self.faults)
        self._faults = self.faults
        self._waits = {Fault.HANG: self.hang_seconds, Fault.SLOW_START: self.slow_seconds}
        self.completions = Completions(
            self.population, self.seed, self.repeatable, self.outside_share, self.whole_labels,
            reasoning_tokens=self.reasoning_tokens,
        )  # fmt: skip
        self.batches = Batches(self._content, self._faults.at, self.batch_polls)
        per_minute = self.requests_per_minute
        self._window = None if per_minute is None else RateWindow(per_minute)
        self.requests = self.answers = self.at_once = self.most_seen_at_once = 0
        self.given: Counter[Fault] = Counter()
        self.seen: list[tuple[dict[str, str], Any]] = []
        self.trouble: OSError | None = None
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def counts(self) -> dict[str, Any]:
        """What was counted, as ``GET /counts`` tells it to other processes."""
        return {
            "requests": self.requests,
            "answers": self.answers,
            "most_at_once": self.most_seen_at_once,
            "faults": {str(fault): n for fault, n in self.given.items()},
        }

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=asyncio.run, args=(self.serve(),), daemon=True)
        self._thread.start()
        self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        """Wait until requests can come.

        Raises
        ------
        InputError
            The port is taken.
        """
        self._ready.wait()
        if self.trouble is not None:
            raise InputError(f"fake server: port {self.port}: {self.trouble.strerror}")

    def stop(self) -> None:
        """Stop serving, from whatever thread."""
        self._loop.call_soon_threadsafe(self._stop.set)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.stop()
        if self._thread is not None:
            self._thread.join(10)

    async def serve(self) -> None:
        """Serve until stopped; for those who bring their own loop."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = web.Server(self._handle, access_log=None)
        try:
            listening = await self._loop.create_server(server, "127.0.0.1", self.port, backlog=4096)
        except OSError as error:
            self.trouble = error
            self._ready.set()
            return
        self.port = listening.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        listening.close()
        await server.shutdown(0.05)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/counts":
            return json_response(self.counts)
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.key is not None and given != self.key:
            # The worst provider writes the whole key into its message.
            return error_response(401, f"Incorrect API key provided: {given}.")
        try:
            return await self._routed(request)
        except BadRequest as error:
            return error_response(error.status, str(error))

    async def _routed(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path == "/v1/chat/completions" and request.method == "POST":
            return await self._chat(request)
        if path == "/v1/models":
            return models_response(self.models or ["fake-model"])
        if path.startswith(("/v1/files", "/v1/batches")):
            return await self.batches.respond(request)
        raise BadRequest(f"Unknown request URL: {request.method} {path}.", 404)

    async def _chat(self, request: web.BaseRequest) -> web.StreamResponse:
        number, self.requests = self.requests, self.requests + 1
        self.at_once += 1
        self.most_seen_at_once = max(self.most_seen_at_once, self.at_once)
        try:
            raw = await request.read()
            if (refused := self._refused()) is not None:
                return refused
            if self.latency_seconds:
                await asyncio.sleep(self.latency_seconds)
            fault = self._faults.at(number)
            failed = None if fault is None else await self._failed(request, fault)
            return failed or await self._answered(request, raw, fault)
        finally:
            self.at_once -= 1

    def _refused(self) -> web.Response | None:
        """Refuse what is more than the server can take."""
        if self.most_at_once is not None and self.at_once > self.most_at_once:
            return error_response(429)
        wait = self._window.admit(self._loop.time()) if self._window else None
        if wait is None:
            return None
        return error_response(429, headers={"Retry-After": f"{wait:.3f}"} | self._rate_headers())

    def _rate_headers(self) -> dict[str, str]:
        return self._window.headers(self._loop.time()) if self._window else {}

    async def _failed(self, request: web.BaseRequest, fault: Fault) -> web.StreamResponse | None:
        """Meet a fault; None where an answer follows all the same."""
        self.given[fault] += 1
        if fault is Fault.RESET:
            abort(request)
            return web.Response()  # to nobody
        if fault in self._waits:
            await asyncio.sleep(self._waits[fault])
        return failing(fault, self.retry_after_seconds)

    async def _answered(
        self, request: web.BaseRequest, raw: bytes, fault: Fault | None
    ) -> web.StreamResponse:
        try:
            body = json.loads(raw)
            if self.keep:
                self.seen.append((dict(request.headers), body))
            sent = json.dumps(self._content(body, fault), ensure_ascii=False).encode()
        except json.JSONDecodeError as error:
            raise BadRequest(f"We could not parse the JSON body: {error}") from None
        if fault is Fault.TRUNCATED_JSON or fault is Fault.RESET_MID_BODY:
            return await broken(request, sent, reset=fault is Fault.RESET_MID_BODY)
        self.answers += 1
        is_wrong = Fault.WRONG_CONTENT_TYPE in self._faults.traits(fault)
        kind = "text/plain" if is_wrong else "application/json"
        return web.Response(body=sent, content_type=kind, headers=self._rate_headers())

    def _content(self, body: Any, fault: Fault | None) -> dict[str, Any]:
        if not isinstance(body, dict):
            raise BadRequest("the body must be a JSON object")
        if self.models and body.get("model") not in self.models:
            words = f"The model `{body.get('model')}` does not exist or you do not have access."
            raise BadRequest(words, 404)
        return self.completions.complete(body, self._faults.traits(fault), self._outcome)

    def _outcome(self, prompt: str, draw: str) -> Fault | None:
        fault = self._faults.of_answer(prompt, draw)
        if fault is not None:
            self.given[fault] += 1
        return fault


if __name__ == "__main__":
    from alignsurvey.testing.own_process import main

    main()
