"""Batch endpoints in OpenAI's form: upload a file, start a batch, poll it, fetch its results."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from alignsurvey.testing.completions import BadRequest
from alignsurvey.testing.faults import Fault
from alignsurvey.testing.responses import error_of, error_response, json_response, status_of

__all__ = ["Batches"]

Answering = Callable[[dict[str, Any], Fault | None], dict[str, Any]]
"""From a request's body and its fault to a completion."""

_COUNTED = ("total", "completed", "failed")


@dataclass
class Batches:
    """Uploaded files and the batches that were made of them.

    Parameters
    ----------
    answering : callable
        From a request's body and a fault to a completion.
    fault_at : callable of int to Fault or None
        By the number of the line, over all batches. A line whose fault is no answer lands in the
        error file, with its status; one that hangs has expired.
    polls : int
        Times that a batch is looked at before it is done.
    """

    answering: Answering
    fault_at: Callable[[int], Fault | None]
    polls: int = 2
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: int = 0

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request under ``/v1/files`` or ``/v1/batches``."""
        kind, *rest = request.path.removeprefix("/v1/").split("/")
        if request.method == "POST" and not rest:
            made = await (self._upload(request) if kind == "files" else self._start(request))
            return json_response(made)
        known = self.files if kind == "files" else self.batches
        if not rest:
            rows = [self._about(kind, name) for name in known]
            return json_response({"object": "list", "data": rows, "has_more": False})
        name, action = rest[0], "/".join(rest[1:])
        if name not in known:
            return error_response(404, f"No such {kind} object: {name}")
        if action == "content" and kind == "files":
            return web.Response(body=self.files[name][1], content_type="application/octet-stream")
        if request.method == "DELETE" and kind == "files":
            del self.files[name]
            return json_response({"id": name, "object": "file", "deleted": True})
        if action == "cancel" and kind == "batches":
            self.batches[name]["status"] = "cancelled"
        elif kind == "batches":
            self._advance(self.batches[name])
        return json_response(self._about(kind, name))

    async def _upload(self, request: web.BaseRequest) -> dict[str, Any]:
        name, content, purpose = "", b"", ""
        async for part in await request.multipart():
            if part.name == "file":  # type: ignore[union-attr]  # no nested multiparts here
                name, content = part.filename or "", bytes(await part.read())  # type: ignore[union-attr]
            elif part.name == "purpose":  # type: ignore[union-attr]
                purpose = await part.text()  # type: ignore[union-attr]
        if purpose != "batch" or not content:
            raise BadRequest("'file' and the purpose 'batch' are required")
        return self._about("files", self._keep(name, content))

    def _keep(self, name: str, content: bytes) -> str:
        key = f"file-{len(self.files) + 1}"
        self.files[key] = (name, content)
        return key

    async def _start(self, request: web.BaseRequest) -> dict[str, Any]:
        wanted = await request.json()
        if wanted.get("input_file_id") not in self.files:
            raise BadRequest(f"No such File object: {wanted.get('input_file_id')}", 404)
        if wanted.get("endpoint") != "/v1/chat/completions":
            raise BadRequest("'endpoint' must be /v1/chat/completions")
        if wanted.get("completion_window") != "24h":
            raise BadRequest("'completion_window' must be 24h")
        name = f"batch_{len(self.batches) + 1}"
        self.batches[name] = {
            "id": name, "object": "batch", "endpoint": wanted["endpoint"], "errors": None,
            "input_file_id": wanted["input_file_id"], "completion_window": "24h",
            "status": "validating", "output_file_id": None, "error_file_id": None,
            "request_counts": dict.fromkeys(_COUNTED, 0), "metadata": wanted.get("metadata"),
            "polls": 0,
        }  # fmt: skip
        return self._about("batches", name)

    def _about(self, kind: str, name: str) -> dict[str, Any]:
        if kind == "batches":
            return {key: value for key, value in self.batches[name].items() if key != "polls"}
        filename, content = self.files[name]
        return {
            "id": name, "object": "file", "bytes": len(content), "created_at": 0,
            "filename": filename, "purpose": "batch", "status": "processed",
        }  # fmt: skip

    def _advance(self, batch: dict[str, Any]) -> None:
        if batch["status"] not in ("validating", "in_progress"):
            return
        batch["polls"] += 1
        if batch["polls"] < self.polls:
            batch["status"] = "in_progress"
            return
        try:
            requests = _read(self.files[batch["input_file_id"]][1])
        except BadRequest as error:
            row = {"code": "invalid_request", "message": str(error), "param": None, "line": None}
            batch |= {"status": "failed", "errors": {"object": "list", "data": [row]}}
            return
        self._run(batch, requests)

    def _run(self, batch: dict[str, Any], requests: list[dict[str, Any]]) -> None:
        done: list[str] = []
        failed: list[str] = []
        for one in requests:
            row, is_answer = self._row(one)
            (done if is_answer else failed).append(json.dumps(row, ensure_ascii=False))
        batch["status"] = "completed"
        batch["request_counts"] = dict(
            zip(_COUNTED, (len(requests), len(done), len(failed)), strict=True)
        )
        # Providers give results in any order.
        for key, rows in (("output_file_id", done[::-1]), ("error_file_id", failed)):
            if rows:
                batch[key] = self._keep(f"{batch['id']}_{key[:-8]}.jsonl", _lines(rows))

    def _row(self, one: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        number, self.lines = self.lines, self.lines + 1
        fault = self.fault_at(number)
        row = {"id": f"batch_req_{number}", "custom_id": one["custom_id"], "error": None}
        if fault is Fault.HANG:
            words = "This request could not be executed before the completion window expired."
            expired = {"code": "batch_expired", "message": words}
            return row | {"response": None, "error": expired}, False
        status = status_of(fault)
        try:
            body = self.answering(one["body"], fault) if status == 200 else error_of(status)
        except BadRequest as error:
            status, body = error.status, error_of(error.status, str(error))
        response = {"status_code": status, "request_id": f"req_{number}", "body": body}
        return row | {"response": response}, status == 200


def _lines(rows: list[str]) -> bytes:
    return ("\n".join(rows) + "\n").encode()


def _read(content: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for place, line in enumerate(content.decode().splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError:
            raise BadRequest(f"Line {place} is not valid JSON.") from None
        missing = {"custom_id", "method", "url", "body"} - set(row)
        if missing:
            raise BadRequest(f"Line {place}: missing required parameter '{min(missing)}'.")
        rows.append(row)
    if len({row["custom_id"] for row in rows}) < len(rows):
        raise BadRequest("The custom_id of a request is not unique.")
    return rows
