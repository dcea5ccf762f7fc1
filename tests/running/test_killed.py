"""A run may be killed at any moment; resumed, it asks what is missing and gives the same scores."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from alignsurvey.randomness import generator
from alignsurvey.testing import FakeServerProcess

SCRIPT = Path(__file__).with_name("asking_process.py")
Answers = dict[bytes, str]


@dataclass(frozen=True)
class Scale:
    queries: int
    kills: int
    connections: int = 16
    lease_seconds: float = 2.0


SCALES = [
    pytest.param(Scale(300, 1), id="300 queries, a kill"),
    pytest.param(Scale(20_000, 30, 64), id="20,000 queries, 30 kills", marks=pytest.mark.slow),
]


def start(server: FakeServerProcess, store: Path, scale: Scale) -> subprocess.Popen[str]:
    numbers = (scale.queries, scale.connections, scale.lease_seconds)
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), server.url, str(store), *map(str, numbers)],
        stdout=subprocess.PIPE,
        text=True,
    )


def finished(run: subprocess.Popen[str]) -> dict[str, Any]:
    printed, _ = run.communicate()
    assert run.returncode == 0
    found: dict[str, Any] = json.loads(printed)
    return found


def committed(store: Path) -> Answers:
    with closing(sqlite3.connect(store)) as connection:
        return dict(connection.execute("SELECT key, text FROM replies").fetchall())


def kill_at(run: subprocess.Popen[str], server: FakeServerProcess, requests: int) -> int:
    """Kill a run once the server has had so many requests; requests of its last 1.5 seconds."""
    counts = [(time.monotonic(), server.requests)]
    while counts[-1][1] < requests and run.poll() is None:
        time.sleep(0.01)
        counts.append((time.monotonic(), server.requests))
    run.send_signal(signal.SIGKILL)
    run.communicate()
    last = server.requests
    return last - max((n for at, n in counts if at <= time.monotonic() - 1.5), default=counts[0][1])


@pytest.fixture
def server() -> Iterator[FakeServerProcess]:
    with FakeServerProcess("--latency", "0.01") as running:
        yield running


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.parametrize("scale", SCALES)
def test_killed_at_random_moments_and_resumed(
    server: FakeServerProcess, tmp_path: Path, scale: Scale
) -> None:
    undisturbed = finished(start(server, tmp_path / "undisturbed.sqlite", scale))
    before = server.requests
    assert before == scale.queries == undisturbed["replies"]
    store = tmp_path / "killed.sqlite"
    moments = generator("kill", scale.queries).uniform(0.01, 0.99, scale.kills)
    kept: Answers = {}
    lost = 0
    for moment in sorted(moments):
        run = start(server, store, scale)
        recent = kill_at(run, server, before + lost + int(moment * scale.queries))
        now = committed(store)
        assert now.items() >= kept.items()
        in_flight = server.requests - before - lost - len(now)
        # What was answered in the last second may not have been committed.
        assert in_flight <= scale.connections + recent
        kept, lost = now, lost + in_flight
    resumed = finished(start(server, store, scale))
    assert resumed == undisturbed
    assert resumed["errors"] == 0
    assert len(committed(store)) == scale.queries
    assert committed(store).items() >= kept.items()
    assert server.requests - before == scale.queries + lost
    print(f"{scale.kills} kills, {lost} of {scale.queries} asked again")


@pytest.mark.parametrize(
    "scale",
    [
        pytest.param(Scale(300, 0), id="300 queries"),
        pytest.param(Scale(20_000, 0, 64), id="20,000 queries", marks=pytest.mark.slow),
    ],
)
def test_two_processes_share_a_store_and_the_work(
    server: FakeServerProcess, tmp_path: Path, scale: Scale
) -> None:
    runs = [start(server, tmp_path / "shared.sqlite", scale) for _ in range(2)]
    first, second = [finished(run) for run in runs]
    assert first == second
    assert (first["errors"], first["replies"]) == (0, scale.queries)
    assert server.requests == scale.queries


@pytest.mark.skipif(os.name == "nt", reason="signals of Windows are others")
def test_an_interrupted_run_ends_within_two_seconds_and_keeps_what_came(
    server: FakeServerProcess, tmp_path: Path
) -> None:
    scale = Scale(2000, 0)
    run = start(server, tmp_path / "r.sqlite", scale)
    while server.requests < 300:
        time.sleep(0.01)
    answered = server.counts["answers"]
    began = time.monotonic()
    run.send_signal(signal.SIGINT)
    run.wait(10)
    assert time.monotonic() - began < 2
    run.communicate()
    # What the server has just answered may still be on its way.
    assert len(committed(tmp_path / "r.sqlite")) >= answered - scale.connections
    assert server.requests < scale.queries
