"""Provider batches: another way to fill the reply store, slower and for half the price."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from alignsurvey.errors import EndpointError, InputError
from alignsurvey.running import pending
from alignsurvey.running.batch_service import BatchService
from alignsurvey.running.bills import Filled
from alignsurvey.running.exchange import setting_of
from alignsurvey.running.keys import Setting
from alignsurvey.running.pending import Pending, pending_batches
from alignsurvey.running.store import Kept, ReplyStore
from alignsurvey.running.unanswered import Unanswered, unanswered
from alignsurvey.running.writer import Writer
from alignsurvey.simulators.endpoints import Endpoint
from alignsurvey.simulators.endpoints.judging import Asked, replies_of
from alignsurvey.simulators.endpoints.keys import redact
from alignsurvey.simulators.endpoints.troubles import PassingError
from alignsurvey.simulators.protocols import Simulator
from alignsurvey.tasks.queries import Query, Reply, Usage

__all__ = ["PROVIDERS", "BatchTerms", "fill_by_batch"]

PROVIDERS = ("openai", "qwen", "endpoint")
"""Providers whose batches have OpenAI's form; ``endpoint`` may, and says so if it has not."""
POLL_SECONDS = 20.0
_OVER = ("completed", "failed", "expired", "cancelled")
_KEPT_SECONDS = 30 * 86400.0
"""So long providers keep results at most."""


@dataclass(frozen=True)
class BatchTerms:
    """How batches are made and waited for.

    Parameters
    ----------
    poll_seconds : float, optional
        Between two looks at a batch; 20 by default.
    most_requests, most_bytes : int
        Of one batch; OpenAI takes 50,000 and 200 MB.
    told : callable, optional
        Is given a line whenever something has changed.
    sleep : callable
    """

    poll_seconds: float | None = None
    most_requests: int = 50_000
    most_bytes: int = 190_000_000
    told: Callable[[str], object] | None = None
    sleep: Callable[[float], object] = time.sleep


def fill_by_batch(
    simulator: Simulator,
    queries: Iterable[Query],
    store: ReplyStore,
    terms: BatchTerms | None = None,
    *,
    most: int | None = None,
) -> Filled:
    """Submit what a store has no reply to, wait, and keep the replies.

    Batches that are under way are kept in the store. Interrupted, or killed, the next run with
    the same store fetches them rather than submit again.

    Parameters
    ----------
    simulator : Endpoint
    queries : iterable of Query
    store : ReplyStore
    terms : BatchTerms, optional
    most : int, optional
        The most queries that are submitted.

    Returns
    -------
    Filled

    Raises
    ------
    InputError
        The simulator takes no batches.
    EndpointError
        The provider refuses a batch, or knows nothing of one that was submitted.
    """
    if not isinstance(simulator, Endpoint) or simulator.provider.name not in PROVIDERS:
        known = ", ".join(f"{one}/…" for one in PROVIDERS)
        raise InputError(f"--batch: '{simulator.name}' takes no batches; {known} do")
    return _Filling(simulator, store, terms or BatchTerms()).fill(queries, most)


class _Filling:
    def __init__(self, endpoint: Endpoint, store: ReplyStore, terms: BatchTerms) -> None:
        self._endpoint, self._store, self._terms = endpoint, store, terms
        setting = setting_of(endpoint)
        assert setting is not None
        self._setting: Setting = setting
        self._key = endpoint.find_key()
        self._asked = Asked(endpoint.name, endpoint.provider, endpoint.model_name,
                            endpoint.settings, self._key)  # fmt: skip
        self._service = BatchService(endpoint.name, endpoint.provider.base_url, self._key,
                                     terms.sleep)  # fmt: skip
        self._usage = [0] * len(Usage._fields)
        self._back = 0
        self._why: dict[bytes, str] = {}
        self._said = ""

    def fill(self, queries: Iterable[Query], most: int | None) -> Filled:
        self._adopt()
        missing = list(unanswered(self._endpoint, queries, self._store))
        under_way = {key for one in self._pending() for key in one.keys}
        new = [one for one in missing if one.key not in under_way][:most]
        for part in self._parts(new):
            self._submit(part)
        if not missing and not under_way:
            return Filled()
        self._wait()
        failed = {one.query.id: self._why[one.key] for one in missing if one.key in self._why}
        return Filled(self._back, Usage(*self._usage), failed)

    def _pending(self) -> list[Pending]:
        return pending_batches(self._store, self._setting.content)

    def _adopt(self) -> None:
        """Find batches whose run ended before it heard of their id; or they were never made."""
        for one in self._pending():
            if one.batch is not None or pending.is_alive(self._store, one.run):
                continue
            made = self._service.find(one.token)
            if made is None:
                pending.forget(self._store, one.token)
            else:
                pending.name(self._store, one.token, made["id"])

    def _parts(self, new: Sequence[Unanswered]) -> Iterator[list[tuple[Unanswered, bytes]]]:
        """Cut what is submitted into files that a provider takes."""
        part: list[tuple[Unanswered, bytes]] = []
        size = 0
        for one in new:
            line = self._line(one)
            full = len(part) == self._terms.most_requests
            if part and (full or size + len(line) > self._terms.most_bytes):
                yield part
                part, size = [], 0
            part.append((one, line))
            size += len(line)
        if part:
            yield part

    def _line(self, one: Unanswered) -> bytes:
        body = self._asked.writer.body(one.query)
        head = f'{{"custom_id":"{one.key.hex()}","method":"POST","url":"/v1/chat/completions",'
        return head.encode() + b'"body":' + body + b"}\n"

    def _submit(self, part: Sequence[tuple[Unanswered, bytes]]) -> None:
        """Claim, note, upload, create: a run beside this one submits none of it."""
        run = self._store.begin_run()
        try:
            # The writer gives the run's signs of life.
            with Writer(self._store, self._setting, run):
                mine = self._store.claim(run, [one.key for one, _ in part])
                under_way = {key for one in self._pending() for key in one.keys}
                chosen = [(one, line) for one, line in part if one.key in mine - under_way]
                if not chosen:
                    return
                entered = pending.enter(
                    self._store, self._setting.content, run, [one for one, _ in chosen]
                )
                file = self._service.upload(b"".join(line for _, line in chosen))
                made = self._service.create(file, entered.token)
                pending.name(self._store, entered.token, made["id"])
                self._tell(f"{self._endpoint.name}: {made['id']} submitted, {len(chosen):,} "
                           "requests; interrupt and run again whenever you like")  # fmt: skip
        finally:
            self._store.end_run(run)

    def _wait(self) -> None:
        while True:
            waiting = [one for one in self._pending() if not self._is_settled(one)]
            if not waiting:
                return
            seconds = self._terms.poll_seconds
            self._terms.sleep(POLL_SECONDS if seconds is None else seconds)
            self._adopt()

    def _is_settled(self, one: Pending) -> bool:
        if one.batch is None:
            return False
        state = self._service.look(one.batch)
        if state is None:
            return self._is_lost(one)
        status, counts = state.get("status"), state.get("request_counts") or {}
        done = counts.get("completed", 0) + counts.get("failed", 0)
        self._tell(f"{self._endpoint.name}: {one.batch} {status}, {done:,} of {len(one.asked):,}")
        if status not in _OVER:
            return False
        self._collect(one, state)
        pending.forget(self._store, one.token)
        if status == "failed":
            raise EndpointError(f"{self._endpoint.name}: {one.batch} was refused: {_words(state)}")
        return True

    def _is_lost(self, one: Pending) -> bool:
        if time.time() - one.submitted_at > _KEPT_SECONDS:
            pending.forget(self._store, one.token)
            return True
        raise EndpointError(
            f"{self._endpoint.name}: {one.batch} is not known at {self._service.base_url}; use the "
            "key and the address that it was submitted with"
        )

    def _collect(self, one: Pending, state: dict[str, Any]) -> None:
        """Keep what a batch gave, and remember why the rest got nothing."""
        by_key = {row.key: row for row in one.asked}
        status = state.get("status")
        why = "the batch was refused" if status == "failed" else f"the batch was {status} before"
        self._why |= dict.fromkeys(by_key, why)
        files = [state[name] for name in ("output_file_id", "error_file_id") if state.get(name)]
        rows = (row for file in files for row in self._service.download(file))
        kept = (made for row in rows if (made := self._read(row, by_key)))
        while part := list(islice(kept, 1000)):
            self._store.add(self._setting, part)

    def _read(self, row: dict[str, Any], by_key: dict[bytes, Unanswered]) -> Kept | None:
        """Read a row of results; None where it holds no reply."""
        try:
            one = by_key[bytes.fromhex(row["custom_id"])]
        except (KeyError, ValueError, TypeError):
            return None  # not one of ours
        self._back += 1
        try:
            reply = self._reply(row, one.query)
        except (PassingError, EndpointError) as error:
            self._why[one.key] = redact(f"no reply in the batch: {error}", self._key)
            return None
        self._why.pop(one.key, None)
        if reply.usage:
            self._usage = [a + b for a, b in zip(self._usage, reply.usage, strict=True)]
        messages = [[turn.role, turn.content] for turn in one.query.messages]
        return Kept(one.key, one.draw, messages, reply, time.time())

    def _reply(self, row: dict[str, Any], query: Query) -> Reply:
        from alignsurvey.simulators.endpoints.exchange import Response

        response, error = row.get("response"), row.get("error")
        if not response:
            raise PassingError(str((error or {}).get("message") or "nothing came"))
        raw = json.dumps(response.get("body"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        sent = Response(response.get("status_code") or 0, {}, raw, 0.0)
        [reply] = replies_of(self._asked, [query], sent, None, self._endpoint.found)
        return replace(reply, latency_seconds=None)

    def _tell(self, line: str) -> None:
        if self._terms.told and line != self._said:
            self._said = line
            self._terms.told(line)


def _words(state: dict[str, Any]) -> str:
    rows = (state.get("errors") or {}).get("data") or []
    said = "; ".join(str(row.get("message")) for row in rows[:3])
    return f"{said or 'no reason given'}; nothing of it was asked"
