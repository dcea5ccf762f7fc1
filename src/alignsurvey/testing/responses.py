"""What a server sends: answers, providers' errors, and broken pieces of either."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from email.utils import formatdate
from time import time
from typing import Any

from aiohttp import web

from alignsurvey.testing.faults import Fault

__all__ = [
    "abort",
    "broken",
    "error_of",
    "error_response",
    "failing",
    "json_response",
    "models_response",
    "status_of",
]

_BROKEN = (Fault.RESET, Fault.RESET_MID_BODY, Fault.TRUNCATED_JSON, Fault.HTML)
"""Faults of a connection, which have no status."""

_JSON = "application/json"
_HTML = (
    "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1><hr>nginx</body></html>"
)
_WORDS: dict[int, tuple[str, str]] = {
    400: ("invalid_request_error", "This request cannot be understood."),
    401: ("invalid_api_key", "Incorrect API key provided."),
    403: ("permission_denied", "Your account has no access to this model."),
    404: ("model_not_found", "The model does not exist or you have no access to it."),
    408: ("timeout", "The request timed out."),
    409: ("conflict", "The request conflicts with another one."),
    429: ("rate_limit_exceeded", "Rate limit reached. Please slow down."),
    500: ("server_error", "The server had an error while processing your request."),
    502: ("bad_gateway", "Bad gateway."),
    503: ("unavailable_error", "Loading model"),
    529: ("overloaded_error", "Overloaded"),
}


def json_response(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    body = json.dumps(content, ensure_ascii=False).encode()
    return web.Response(body=body, status=status, headers=headers, content_type=_JSON)


def error_response(
    status: int, words: str | None = None, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer as OpenAI does where a request fails."""
    return json_response(error_of(status, words), status, headers)


def error_of(status: int, words: str | None = None) -> dict[str, Any]:
    """Write a failed request's body as OpenAI does."""
    code, usual = _WORDS[status]
    return {"error": {"message": words or usual, "type": code, "param": None, "code": code}}


def status_of(fault: Fault | None) -> int:
    """Give the status of a request that meets a fault; 200 where an answer follows.

    Examples
    --------
    >>> status_of(Fault.RATE_LIMITED_DATE), status_of(Fault.RESET), status_of(Fault.EMPTY)
    (429, 500, 200)
    """
    if fault in _BROKEN:
        return 500
    number = "" if fault is None else fault.removeprefix("html-")[:3]
    return int(number) if number.isdigit() else 200


def failing(fault: Fault, retry_after_seconds: float) -> web.Response | None:
    """Give the response of a fault that is a response of its own; None for the others."""
    if fault is Fault.RATE_LIMITED_SECONDS:
        return error_response(429, headers={"Retry-After": f"{retry_after_seconds:g}"})
    if fault is Fault.RATE_LIMITED_DATE:
        when = formatdate(time() + retry_after_seconds, usegmt=True)
        return error_response(429, headers={"Retry-After": when})
    if fault is Fault.HTML or fault is Fault.HTML_BAD_GATEWAY:
        status, title = (200, "Sign in") if fault is Fault.HTML else (502, "502 Bad Gateway")
        return web.Response(text=_HTML.format(title), status=status, content_type="text/html")
    if fault.isdigit():
        return error_response(int(fault))
    return None


async def broken(request: web.BaseRequest, body: bytes, *, reset: bool) -> web.StreamResponse:
    """Send half of a body: as if it were whole, or as one that never ends well."""
    half = body[: len(body) // 2]
    if not reset:
        return web.Response(body=half, content_type=_JSON)
    response = web.StreamResponse(headers={"Content-Type": _JSON, "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(half)
    await asyncio.sleep(0.005)  # lets the half leave before the connection is cut
    abort(request)
    return response


def abort(request: web.BaseRequest) -> None:
    """Cut the connection."""
    if request.transport is not None:
        request.transport.abort()


def models_response(models: Any) -> web.Response:
    rows = [{"id": name, "object": "model", "created": 0, "owned_by": "nobody"} for name in models]
    return json_response({"object": "list", "data": rows})
