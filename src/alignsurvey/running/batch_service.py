"""A provider's batch endpoints in OpenAI's form: files up, a batch looked at, files down."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from alignsurvey.errors import EndpointError
from alignsurvey.simulators.endpoints.keys import redact
from alignsurvey.simulators.endpoints.limits import asked_to_wait
from alignsurvey.simulators.endpoints.troubles import PassingError, status_trouble, words_of

__all__ = ["BatchService"]

T = TypeVar("T")
_BOUNDARY = "alignsurvey-batch-8c1d0f6e2b"
_TIMEOUT_SECONDS = 600.0
_ATTEMPTS = 6
_PAGES = 20
TOKEN = "alignsurvey"
"""Key of a batch's metadata under which we find our own again."""


class _NoRedirects(HTTPRedirectHandler):
    """A redirect would carry the key to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True)
class BatchService:
    """Files and batches of one account.

    Parameters
    ----------
    name : str
        The simulator's, for messages.
    base_url : str
    key : str
    sleep : callable
        Waits so many seconds before another try.
    """

    name: str
    base_url: str
    key: str = field(default="", repr=False)
    sleep: Callable[[float], object] = time.sleep

    def upload(self, lines: bytes) -> str:
        """Upload a file of requests; its id. A file that is uploaded twice costs nothing."""
        parts = [
            b'Content-Disposition: form-data; name="purpose"\r\n\r\nbatch',
            b'Content-Disposition: form-data; name="file"; filename="alignsurvey.jsonl"\r\n'
            b"Content-Type: application/jsonl\r\n\r\n" + lines,
        ]
        mark = b"--" + _BOUNDARY.encode()
        body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        made = self._retried(lambda: self._json("POST", "/files", body, kind))
        return str(made["id"])

    def create(self, file: str, token: str) -> dict[str, Any]:
        """Make a batch of an uploaded file, once: one that was made unheard of is found again."""
        content = {"input_file_id": file, "endpoint": "/v1/chat/completions",
                   "completion_window": "24h", "metadata": {TOKEN: token}}  # fmt: skip
        body = json.dumps(content).encode()
        tries = 0

        def make() -> dict[str, Any]:
            nonlocal tries
            tries += 1
            made = self.find(token) if tries > 1 else None
            return made or self._json("POST", "/batches", body, "application/json")

        return self._retried(make)

    def look(self, batch: str) -> dict[str, Any] | None:
        """Look at a batch; None where the account has none of this id."""
        try:
            return self._retried(lambda: self._json("GET", f"/batches/{batch}"))
        except _NotFoundError:
            return None

    def find(self, token: str) -> dict[str, Any] | None:
        """Find a batch by its token among the account's latest."""
        for one in self._latest():
            if (one.get("metadata") or {}).get(TOKEN) == token:
                return one
        return None

    def _latest(self) -> Iterator[dict[str, Any]]:
        after = ""
        for _ in range(_PAGES):
            path = f"/batches?limit=100{after}"
            page = self._retried(lambda path=path: self._json("GET", path))  # type: ignore[misc]
            rows = page.get("data") or []
            yield from rows
            if not (page.get("has_more") and rows):
                return
            after = f"&after={rows[-1]['id']}"

    def download(self, file: str) -> list[dict[str, Any]]:
        """Fetch a file of results, a row a request."""
        raw = self._retried(lambda: self._send("GET", f"/files/{file}/content"))
        return [json.loads(line) for line in raw.decode("utf-8", "replace").splitlines() if line]

    def _retried(self, act: Callable[[], T]) -> T:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return act()
            except PassingError as trouble:
                if attempt == _ATTEMPTS:
                    text = redact(f"{self.name}: no answer about a batch: {trouble}", self.key)
                    raise EndpointError(f"{text}; run the same command again") from trouble
                self.sleep(trouble.wait_seconds or min(30.0, 0.5 * 2**attempt))
        raise AssertionError

    def _json(
        self, method: str, path: str, body: bytes | None = None, kind: str = ""
    ) -> dict[str, Any]:
        raw = self._send(method, path, body, kind)
        try:
            found = json.loads(raw)
        except ValueError as error:
            raise PassingError(f"not JSON but {words_of(raw)}") from error
        if not isinstance(found, dict):
            raise PassingError(f"not an object but {words_of(raw)}")
        return found

    def _send(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> bytes:
        headers = {"User-Agent": "alignsurvey"}
        if kind:
            headers["Content-Type"] = kind
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = Request(self.base_url + path, body, headers, method=method)
        try:
            with build_opener(_NoRedirects).open(request, timeout=_TIMEOUT_SECONDS) as response:
                return bytes(response.read())
        except HTTPError as error:
            with error:
                raise self._refused(error.code, error.read(), error.headers, path) from None
        except (URLError, HTTPException, OSError) as error:
            why = getattr(error, "reason", None) or error
            raise PassingError(f"cannot be reached: {why}") from error

    def _refused(self, status: int, raw: bytes, headers: Any, path: str) -> Exception:
        if trouble := status_trouble(status, raw, asked_to_wait(headers)):
            return trouble
        words = redact(f"{self.name}: {words_of(raw)} (HTTP {status}, {path})", self.key)
        kind = _NotFoundError if status == 404 else EndpointError
        return kind(f"{words}; check the key, and whether the address takes batches")


class _NotFoundError(EndpointError):
    """There is no such thing at this address."""
