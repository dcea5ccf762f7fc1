"""The server to test against: it answers, counts, and fails as told."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from alignsurvey.tasks.prompts import render
from alignsurvey.testing import FakeServer, FakeServerProcess

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
        with pytest.raises(HTTPError, match="404"):
            urlopen(server.url + "/nothing")
        assert (server.requests, server.answers) == (1, 1)


def test_a_process_of_its_own_tells_what_it_counted_and_takes_faults() -> None:
    with FakeServerProcess("--script", "500", "ok", "--key", "k") as server:
        key = {"Authorization": "Bearer k"}
        with pytest.raises(HTTPError, match="500"):
            ask(server.url, key)
        assert ask(server.url, key)["usage"]["prompt_tokens"] > 50
        with pytest.raises(HTTPError, match="401"):
            ask(server.url, {"Authorization": "Bearer other"})
        assert server.counts == {
            "requests": 2, "answers": 1, "most_at_once": 1, "faults": {"500": 1}
        }  # fmt: skip
