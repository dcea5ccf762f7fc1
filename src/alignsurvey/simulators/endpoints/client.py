"""Asks an endpoint all queries: workers within a window, retries, and when to give up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from alignsurvey.errors import EndpointError
from alignsurvey.randomness import stable_hash
from alignsurvey.simulators.endpoints.capabilities import Capabilities
from alignsurvey.simulators.endpoints.exchange import Response, Wire
from alignsurvey.simulators.endpoints.judging import Asked, replies_of
from alignsurvey.simulators.endpoints.keys import redact
from alignsurvey.simulators.endpoints.limits import Limits, asked_to_wait, used_up_for
from alignsurvey.simulators.endpoints.pacing import Ceiling, Patience, Window
from alignsurvey.simulators.endpoints.plan import Job, Queue, jobs
from alignsurvey.simulators.endpoints.troubles import PassingError
from alignsurvey.tasks.queries import Query, Reply

__all__ = ["Client"]

_START = 8
"""Requests at a time to begin with."""
_FIRST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS = 0.5, 30.0
_LONGEST_WHILE_IT_ANSWERS_SECONDS = 4.0
_LONGEST_SEAT_SECONDS = 5.0
_SILENT_AFTER = 16
"""After so many troubles on end, without a reply between them, an endpoint does not answer."""
_HOPELESS_ATTEMPTS = 3
"""After so many attempts at one query an endpoint that never answered is given up."""
_TOLD_TO_WAIT_IN_A_ROW = 4
_FAILED_IN_A_ROW = 25
"""After so many queries without a reply, and none with one between them, it is given up too."""

Deliver = Callable[[Reply], None]


class Client:
    """One run through queries.

    Parameters
    ----------
    asked : Asked
        What is asked and how: name, provider, parameters.
    key : str
    limits : Limits
    found : Capabilities
        What is known from earlier runs, and added to.
    deliver : callable
        Is given each reply, on the loop's thread.
    """

    def __init__(
        self, asked: Asked, key: str, limits: Limits, found: Capabilities, deliver: Deliver
    ) -> None:
        self._asked, self._key, self._limits = asked, key, limits
        self._found, self._deliver = found, deliver
        self._window = Window(
            limits.min_connections, limits.max_connections, found.connections or _START
        )
        self._patience = Patience(limits.least_timeout_seconds, limits.timeout_seconds)
        self._requests = _ceiling(limits.requests_per_minute)
        self._tokens = _ceiling(limits.tokens_per_minute)
        self._workers: set[asyncio.Task[None]] = set()
        self._closed_until = 0.0
        self._failed_in_a_row = self._told_to_wait_in_a_row = self._troubles_in_a_row = 0

    async def run(self, queries: Iterable[Query]) -> None:
        """Ask all queries; each gets exactly one reply.

        Raises
        ------
        EndpointError
            The endpoint cannot be asked at all.
        """
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        most = self._asked.most_replies_to_a_request
        self._queue = Queue(jobs(queries, most, self._found))
        base_url = self._asked.provider.base_url
        async with Wire(base_url, self._key, self._limits.timeout_seconds) as self._wire:
            try:
                self._start_workers()
                await self._done
            finally:
                await self._stop_workers()
                self._found.connections = self._window.size

    def _start_workers(self) -> None:
        """Have as many workers as the window allows and there is work for."""
        while len(self._workers) < self._window.size and not self._done.done():
            if not self._start_worker():
                break
        if self._queue.is_done and not self._workers and not self._done.done():
            self._done.set_result(None)

    def _start_worker(self) -> bool:
        try:
            job = self._next_job()
        except Exception as error:  # noqa: BLE001 - the queries' own, raised where they are asked
            self._done.set_exception(error)
            return False
        if job is None:
            return False
        worker = self._loop.create_task(self._work(job))
        self._workers.add(worker)
        worker.add_done_callback(self._worker_left)
        return True

    def _worker_left(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        error = None if worker.cancelled() else worker.exception()
        if error is not None and not self._done.done():
            self._done.set_exception(error)
        self._start_workers()

    def _next_job(self) -> Job | None:
        has_answered = self._found.has_answered
        return self._queue.next(4 * self._limits.max_connections if has_answered else _START)

    async def _stop_workers(self) -> None:
        workers = list(self._workers)
        for one in workers:
            one.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, job: Job | None) -> None:
        while job is not None:
            await self._attempt(job)
            if len(self._workers) < self._window.size:
                self._start_workers()
            elif len(self._workers) > self._window.size:
                return
            job = self._next_job()

    async def _attempt(self, job: Job) -> None:
        body = self._asked.writer.body(job.queries[0], len(job.queries))
        reserved = 0.0
        if self._requests or self._tokens or self._closed_until:
            reserved = await self._wait_for_our_turn(body, len(job.queries))
        sent_at = self._loop.time()
        job.attempts += 1
        job.started_at = job.started_at or sent_at
        left = job.started_at + self._limits.total_seconds - sent_at
        try:
            longest = self._patience.seconds(job.attempts)
            response = await self._wire.post(body, min(longest, max(left, 1.0)))
            self._read(job, response, reserved, sent_at)
        except PassingError as trouble:
            self._after(trouble, job)
            if trouble.congestion:
                await self._sit_out(sent_at)

    async def _sit_out(self, sent_at: float) -> None:
        """Count a complaint when a reply would have come, and send nothing in its place till then.

        A refusal is quick. Were the next request sent at once, one too many at a time would draw
        dozens of refusals.
        """
        left = min(self._patience.usual_seconds, _LONGEST_SEAT_SECONDS)
        left -= self._loop.time() - sent_at
        if left > 0:
            await asyncio.sleep(left)
        self._window.complaint(sent_at, self._loop.time(), self._is_full)

    @property
    def _is_full(self) -> bool:
        return len(self._workers) >= self._window.size

    async def _wait_for_our_turn(self, body: bytes, n: int) -> float:
        """Wait until a request may be sent; gives the tokens that were reserved for it."""
        now = self._loop.time()
        tokens = self._asked.estimated_tokens(body, n) if self._tokens else 0.0
        waits = [
            self._requests.reserve(1, now) if self._requests else 0.0,
            self._tokens.reserve(tokens, now) if self._tokens else 0.0,
        ]
        if (wait := max(waits)) > 0:
            await asyncio.sleep(wait)
        while (wait := self._closed_until - self._loop.time()) > 0:
            await asyncio.sleep(wait)
        return tokens

    def _read(self, job: Job, response: Response, reserved: float, sent_at: float) -> None:
        if seconds := used_up_for(response.headers):
            self._close_for(seconds)
        wait_seconds = None if response.status == 200 else asked_to_wait(response.headers)
        replies = replies_of(self._asked, job.queries, response, wait_seconds, self._found)
        self._failed_in_a_row = self._told_to_wait_in_a_row = self._troubles_in_a_row = 0
        self._window.reply(sent_at, self._loop.time(), self._is_full)
        self._patience.learn(response.seconds)
        for reply in replies:
            if self._tokens and reply.usage:
                used = reply.usage.prompt_tokens + reply.usage.reply_tokens
                self._tokens.correct(used - reserved)
                reserved = 0.0
            self._deliver(reply)
        self._ask_the_rest(job, len(replies))

    def _ask_the_rest(self, job: Job, answered: int) -> None:
        """Ask again those of a group that got no reply, singly if there are no groups."""
        rest = job.queries[answered:]
        if not rest:
            return
        if self._found.gives_n is False:
            for one in rest:
                self._queue.again(Job([one]))
        else:
            job.queries = rest
            self._after(PassingError("fewer replies than asked for"), job)

    def _after(self, trouble: PassingError, job: Job) -> None:
        """Ask again later, or give up: the query, or the endpoint."""
        now = self._loop.time()
        self._troubles_in_a_row += 1
        self._give_up_the_endpoint_after(trouble, job)
        self._told_to_wait_in_a_row = self._told_to_wait_in_a_row + 1 if trouble.wait_seconds else 0
        # One refusal may be about one request; several on end are about the account.
        if trouble.wait_seconds and self._told_to_wait_in_a_row >= _TOLD_TO_WAIT_IN_A_ROW:
            self._close_for(trouble.wait_seconds)
        delay = trouble.wait_seconds or _delay_seconds(job, self._troubles_in_a_row < _SILENT_AFTER)
        late = now + delay > job.started_at + self._limits.total_seconds
        if job.attempts < self._limits.attempts and not late:
            self._queue.park()
            self._loop.call_later(delay, self._release, job)
            return
        self._fail(trouble, job)

    def _release(self, job: Job) -> None:
        self._queue.release(job)
        self._start_workers()

    def _fail(self, trouble: PassingError, job: Job) -> None:
        times = "1 attempt" if job.attempts == 1 else f"{job.attempts} attempts"
        error = redact(f"no reply after {times}: {trouble}", self._key)
        for one in job.queries:
            self._deliver(Reply(one.id, None, error=error))
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= _FAILED_IN_A_ROW:
            raise self._trouble(
                f"the last {_FAILED_IN_A_ROW} questions got {error}; run the same command again"
            )

    def _give_up_the_endpoint_after(self, trouble: PassingError, job: Job) -> None:
        wait, longest = trouble.wait_seconds or 0.0, self._limits.total_seconds
        if wait > longest:
            raise self._trouble(f"asks to wait {wait:.0f} s; run the same command again then")
        if job.attempts < _HOPELESS_ATTEMPTS:
            return
        if trouble.ignores_logprobs and not self._found.gives_logprobs:
            raise self._trouble("ignores 'logprobs': replies come without them; use --by sampled")
        if trouble.may_be_all and not self._found.has_answered:
            where = self._asked.provider.base_url
            raise self._trouble(f"{trouble} ({where}); check the address and any proxy")

    def _trouble(self, text: str) -> EndpointError:
        return EndpointError(redact(f"{self._asked.name}: {text}", self._key))

    def _close_for(self, seconds: float) -> None:
        """Send nothing for a while: a limit is for the account, not for the request."""
        self._closed_until = max(self._closed_until, self._loop.time() + seconds)


def _delay_seconds(job: Job, it_answers: bool) -> float:
    """Exponential backoff with jitter: half of it fixed, half derived from query and attempt.

    While the endpoint answers others it stays short: the window sees to the load.
    """
    longest = _LONGEST_WHILE_IT_ANSWERS_SECONDS if it_answers else _LONGEST_DELAY_SECONDS
    delay = min(longest, _FIRST_DELAY_SECONDS * 2 ** (job.attempts - 1))
    lot = stable_hash("retry", job.queries[0].id, job.attempts) / 2**64
    return float(delay * (0.5 + 0.5 * lot))


def _ceiling(per_minute: int | None) -> Ceiling | None:
    return Ceiling(per_minute) if per_minute else None
