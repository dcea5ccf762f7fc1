"""Answers a second and CPU an answer, end to end, beside a bare aiohttp loop and AsyncOpenAI.

Three clients ask the same questions of the fake server, which runs in a process of its own; each
client runs in a fresh process too, in turn, and medians are taken:

- bare: posts prompts that are ready and parses the JSON; nothing else.
- ours: plans the queries, asks with a reply store, and reads which option was chosen.
- openai: `AsyncOpenAI.chat.completions.create` for prompts that are ready; left out, and said so,
  where the package is not installed (extra `bench`).

Then 256 connections at 50 ms: how much of what the latency allows, or of what a bare loop gets
out of the same server, whichever is lower, is reached while asking (through the store too).

Run it with: python benchmarks/throughput.py [--json] [--answers 4000] [--repeats 5]
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Figures = dict[str, float]
PROFILE = ("age", "region", "education", "work", "household size", "party")


def records(n: int) -> list[Any]:
    """Make n questions to n // 8 people, with short profiles and five options."""
    from alignsurvey.tasks.records import Option, ResponseRecord

    options = tuple(
        Option(letter, text)
        for letter, text in zip(
            "ABCDE", ("very happy", "happy", "neither", "unhappy", "very unhappy"), strict=True
        )
    )
    return [
        ResponseRecord(
            row=row,
            instruction="",
            person=row // 8,
            profile=tuple((name, f"{name} {(row // 8) % (7 + len(name))}") for name in PROFILE),
            question=f"How happy are you with your life, in respect {row % 8}?",
            options=options,
        )
        for row in range(n)
    ]


def ready_prompts(n: int) -> list[list[dict[str, str]]]:
    """Render the same prompts beforehand, for the clients that plan nothing."""
    from alignsurvey.tasks.prompts import response_queries

    return [
        [{"role": one.role, "content": one.content} for one in query.messages]
        for query in response_queries(records(n))
    ]


def ours(url: str, n: int, connections: int) -> Callable[[], tuple[int, float]]:
    """Plan, ask through the store, read."""
    from alignsurvey.running import ReplyStore, ask
    from alignsurvey.simulators.endpoints import Limits, find_endpoint
    from alignsurvey.tasks.prompts import response_queries
    from alignsurvey.tasks.replies import read_choice

    importlib.import_module("alignsurvey.simulators.endpoints.client")  # aiohttp, as the others do
    rows = records(n)
    limits = Limits(max_connections=connections)

    def run() -> tuple[int, float]:
        endpoint = find_endpoint("endpoint/planted", limits=limits, base_url=url)
        with tempfile.TemporaryDirectory() as folder:
            queries = response_queries(rows)
            start = time.perf_counter()
            with ReplyStore(Path(folder) / "replies.sqlite") as store:
                replies = ask(endpoint, queries, store=store)
            asking_seconds = time.perf_counter() - start
            answered = sum(
                read_choice(
                    replies[query.id].text or "", tuple((o.letter, o.text) for o in query.options)
                ).outcome
                == "answered"
                for query in queries
            )
            return answered, asking_seconds

    return run


def bare(url: str, n: int, connections: int) -> Callable[[], tuple[int, float]]:
    """Post and parse, with so many tasks that take the next prompt."""
    import aiohttp

    prompts = ready_prompts(n)

    async def main() -> tuple[int, float]:
        start = time.perf_counter()
        left = iter(prompts)
        read = 0

        async def work(session: aiohttp.ClientSession) -> None:
            nonlocal read
            for messages in left:
                body = {"model": "planted", "temperature": 1.0, "messages": messages}
                async with session.post(f"{url}/chat/completions", json=body) as response:
                    content = await response.json()
                read += bool(content["choices"][0]["message"]["content"])

        connector = aiohttp.TCPConnector(limit=connections)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(work(session) for _ in range(connections)))
        return read, time.perf_counter() - start

    return lambda: asyncio.run(main())


def openai(url: str, n: int, connections: int) -> Callable[[], tuple[int, float]]:
    """Do the same through the provider's own library."""
    from openai import AsyncOpenAI

    prompts: list[Any] = ready_prompts(n)

    async def main() -> tuple[int, float]:
        start = time.perf_counter()
        left = iter(prompts)
        read = 0

        async def work(client: AsyncOpenAI) -> None:
            nonlocal read
            for messages in left:
                reply = await client.chat.completions.create(
                    model="planted", temperature=1.0, messages=messages
                )
                read += bool(reply.choices[0].message.content)

        async with AsyncOpenAI(base_url=url, api_key="none") as client:
            await asyncio.gather(*(work(client) for _ in range(connections)))
        return read, time.perf_counter() - start

    return lambda: asyncio.run(main())


CLIENTS = {"bare": bare, "ours": ours, "openai": openai}


def run_client(name: str, url: str, n: int, connections: int) -> None:
    """Run one client in this process, on one core, and print what it took."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    run = CLIENTS[name](url, n, connections)
    cpu, wall = time.process_time(), time.perf_counter()
    answered, asking_seconds = run()
    found = {
        "answers": answered,
        "asking_seconds": asking_seconds,
        "cpu_seconds": time.process_time() - cpu,
        "wall_seconds": time.perf_counter() - wall,
    }
    print(json.dumps(found))


def in_own_process(name: str, url: str, n: int, connections: int) -> Figures:
    """Run a client in a fresh process."""
    command = [sys.executable, __file__, "--client", name, "--url", url,
               "--answers", str(n), "--connections", str(connections)]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: Figures = json.loads(done.stdout)
    if found["answers"] != n:
        raise SystemExit(f"{name}: {found['answers']:.0f} of {n} answered")
    return found


def medians(names: list[str], n: int, repeats: int, connections: int, latency: float) -> Any:
    """Run the clients in turn, so that a busy moment hits all; medians an answer."""
    from alignsurvey.testing import FakeServerProcess

    found: dict[str, list[Figures]] = {name: [] for name in names}
    with FakeServerProcess("--latency", str(latency)) as server:
        for _ in range(repeats):
            for name in names:
                found[name].append(in_own_process(name, server.url, n, connections))
    return {
        name: {
            "answers_a_second": statistics.median(n / one["wall_seconds"] for one in runs),
            "asked_a_second": statistics.median(n / one["asking_seconds"] for one in runs),
            "cpu_ms_an_answer": statistics.median(one["cpu_seconds"] / n * 1e3 for one in runs),
        }
        for name, runs in found.items()
    }


def measure(n: int, repeats: int) -> dict[str, Any]:
    """Take all figures."""
    load, names = os.getloadavg()[0], ["bare", "ours"]
    if importlib.util.find_spec("openai"):
        names.append("openai")
    no_latency = medians(names, n, repeats, connections=64, latency=0.0)
    cpu = {name: row["cpu_ms_an_answer"] for name, row in no_latency.items()}
    latency, connections = 0.05, 256
    # Finding 256 connections takes a fifth of a second, which a short run would be judged by.
    with_latency = medians(["bare", "ours"], 5 * n, repeats, connections, latency)
    allowed = min(connections / latency, with_latency["bare"]["asked_a_second"])
    return {
        "load_before": load,
        "no_latency": no_latency,
        "cpu_of_bare": cpu["ours"] / cpu["bare"],
        "cpu_of_openai_by_ours": cpu["openai"] / cpu["ours"] if "openai" in cpu else None,
        "latency_50_ms": with_latency,
        "share_of_what_is_possible": with_latency["ours"]["asked_a_second"] / allowed,
    }


def show(found: dict[str, Any]) -> None:
    """Print the figures with their limits."""
    if (load := found["load_before"]) > 0.5:
        print(f"other work kept {load:.1f} processors busy: answers a second are too low")
    for title in ("no_latency", "latency_50_ms"):
        print(title)
        for name, row in found[title].items():
            speed, asked = row["answers_a_second"], row["asked_a_second"]
            print(f"  {name:<7} {speed:6.0f} answers/s, {asked:6.0f} while asking", end="")
            print(f"  {row['cpu_ms_an_answer']:7.3f} ms CPU an answer")
    rate = found["no_latency"]["ours"]["answers_a_second"]
    print(f"answers a second, end to end, one core   {rate:7.0f}  (at least 1000)")
    print(f"CPU of ours to a bare loop               {found['cpu_of_bare']:7.2f}  (at most 2.5)")
    ratio = found["cpu_of_openai_by_ours"]
    shown = "openai is not installed" if ratio is None else f"{ratio:7.2f}  (at least 4)"
    print(f"CPU of AsyncOpenAI to ours               {shown}")
    share = found["share_of_what_is_possible"]
    print(f"share of what is possible at 50 ms       {share:7.2f}  (at least 0.90)")


def main() -> None:
    """Print the figures, or run one client."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--answers", type=int, default=4000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--client", choices=CLIENTS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--connections", type=int, default=64, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        run_client(options.client, options.url, options.answers, options.connections)
        return
    found = measure(options.answers, options.repeats)
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        show(found)


if __name__ == "__main__":
    main()
