"""Batch endpoints of the fake server: upload, poll, fetch, and what may go wrong."""

import asyncio
import json
from typing import Any

import aiohttp

from alignsurvey.testing import FakeServer, Faults

PROMPT = "Happy?\nA. y\nB. n"


def line(name: str, **changes: Any) -> str:
    body = {"model": "m", "messages": [{"role": "user", "content": f"{name} {PROMPT}"}]}
    url = "/v1/chat/completions"
    row = {"custom_id": name, "method": "POST", "url": url, "body": body | changes}
    return json.dumps(row)


def run_batch(url: str, content: str) -> tuple[list[str], dict[str, Any], dict[str, Any]]:
    """Statuses seen, the batch at its end, and the rows of both result files by custom_id."""

    async def run() -> tuple[list[str], dict[str, Any], dict[str, Any]]:
        async with aiohttp.ClientSession() as session:
            form = aiohttp.FormData({"purpose": "batch"})
            form.add_field("file", content.encode(), filename="queries.jsonl")
            async with session.post(f"{url}/files", data=form) as reply:
                upload = await reply.json()
            assert upload["bytes"] == len(content.encode())
            wanted = {
                "input_file_id": upload["id"],
                "endpoint": "/v1/chat/completions",
                "completion_window": "24h",
            }
            async with session.post(f"{url}/batches", json=wanted) as reply:
                batch = await reply.json()
            seen = [batch["status"]]
            while batch["status"] not in ("completed", "failed"):
                async with session.get(f"{url}/batches/{batch['id']}") as reply:
                    batch = await reply.json()
                seen.append(batch["status"])
            rows = {}
            for key in ("output_file_id", "error_file_id"):
                if batch[key]:
                    async with session.get(f"{url}/files/{batch[key]}/content") as reply:
                        found = [json.loads(one) for one in (await reply.text()).splitlines()]
                    rows |= {one["custom_id"]: one for one in found}
            return seen, batch, rows

    return asyncio.run(run())


def test_a_batch_is_answered_line_by_line_after_some_polls() -> None:
    with FakeServer(batch_polls=3) as server:
        seen, batch, rows = run_batch(server.url, "\n".join(map(line, "abc")))
        assert server.batches.lines == 3
        assert server.requests == 0
    assert seen == ["validating", "in_progress", "in_progress", "completed"]
    assert batch["request_counts"] == {"total": 3, "completed": 3, "failed": 0}
    assert batch["error_file_id"] is None
    assert list(rows) == ["c", "b", "a"]
    body = rows["a"]["response"]["body"]
    assert body["choices"][0]["message"]["content"] in ("A. y", "B. n")
    assert rows["a"]["response"]["status_code"] == 200


def test_lines_that_fail_land_in_the_error_file() -> None:
    faults = Faults(script=["429", "hang", None, "reset", None])
    lines = [*map(line, "abcd"), line("e", top_logprobs=3)]
    with FakeServer(faults=faults) as server:
        _, batch, rows = run_batch(server.url, "\n".join(lines))
    assert batch["request_counts"] == {"total": 5, "completed": 1, "failed": 4}
    statuses = {name: (row["response"] or {}).get("status_code") for name, row in rows.items()}
    assert statuses == {"a": 429, "b": None, "c": 200, "d": 500, "e": 400}
    assert rows["b"]["error"]["code"] == "batch_expired"


def test_a_file_that_is_none_fails_as_a_whole() -> None:
    with FakeServer() as server:
        for content, words in (
            ("{", "Line 1 is not valid JSON"),
            (f"{line('a')}\n{line('a')}", "not unique"),
            ('{"custom_id": "a"}', "missing required parameter 'body'"),
        ):
            seen, batch, _ = run_batch(server.url, content)
            assert seen[-1] == "failed"
            assert words in batch["errors"]["data"][0]["message"]
