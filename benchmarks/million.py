"""A million queries: seconds and memory of the plan, the first run, and the run that resumes it.

Each part runs in a process of its own, whose largest memory is taken:

- plan: records to queries, with their ids and the keys of their replies.
- ask: the same through the runner, answered at once by a model in the same process, which costs
  nothing but what the library itself costs; each reply is stored with prompt and body.
- resume: run again; each reply is found in the store and read.

Queries are planned anew when they are gone through, so that they never lie in memory at once.

Run it with: python benchmarks/million.py [--json] [--queries 1000000]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alignsurvey.running import ReplyStore, Standing, ask_each
from alignsurvey.running.keys import Numbering, Setting
from alignsurvey.tasks.prompts import plan
from alignsurvey.tasks.queries import Query, Reply, Usage
from alignsurvey.tasks.records import Option, ResponseRecord
from alignsurvey.tasks.replies import read_choice

ITEMS = 20
PROFILE = ("age", "sex", "region", "education", "work", "income", "religion", "household", "party")
OPTIONS = tuple(
    Option(letter, text)
    for letter, text in zip(
        "ABCDE", ("very happy", "happy", "neither", "unhappy", "very unhappy"), strict=True
    )
)


def record(row: int) -> ResponseRecord:
    """Make a question to a person, one of 20."""
    person, item = divmod(row, ITEMS)
    return ResponseRecord(
        row=row,
        instruction="",
        person=person,
        profile=tuple(
            (name, f"{name} {person % (7 + place)}") for place, name in enumerate(PROFILE)
        ),
        question=f"Taking all things together, how happy are you with matter {item}?",
        options=OPTIONS,
    )


@dataclass(frozen=True)
class Planned:
    """Queries that are planned when they are gone through."""

    n: int

    def __len__(self) -> int:
        return self.n

    def __iter__(self) -> Iterator[Query]:
        for row in range(self.n):
            yield from plan([record(row)])


@dataclass(frozen=True)
class Model:
    """Answers at once, with a body as endpoints send it."""

    name: str = "test/instant"
    model: str = "test/instant"
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"temperature": 1.0})

    def answer(self, queries: Iterable[Query]) -> Iterator[Reply]:
        for place, query in enumerate(queries):
            option = query.options[place % 5]
            text = f"{option.letter}. {option.text}"
            body = (
                f'{{"id":"chatcmpl-{query.id[:24]}","object":"chat.completion","created":1767225600,'
                f'"model":"instant","choices":[{{"index":0,"message":{{"role":"assistant","content":'
                f'"{text}"}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":212,'
                f'"completion_tokens":4,"total_tokens":216}},"system_fingerprint":"fp_0"}}'
            )
            yield Reply(query.id, text, None, Usage(212, 4), "stop", None, body, 0.5)


def planned(n: int, _: Path) -> dict[str, Any]:
    """Plan, with ids and keys."""
    numbering = Numbering(Setting("test/instant", {"temperature": 1.0}))
    for query in Planned(n):
        assert query.id
        numbering.key(query)
    return {}


def asked(n: int, path: Path) -> dict[str, Any]:
    """Plan, look up, ask, store and read."""
    outcomes: Counter[str] = Counter()
    last = [Standing(n)]
    with ReplyStore(path) as store:
        for query, reply in ask_each(
            Model(), Planned(n), lambda one: last.__setitem__(0, one), store=store
        ):
            options = tuple((one.letter, one.text) for one in query.options)
            outcomes[read_choice(reply.text or "", options).outcome] += 1
    if outcomes["answered"] != n:
        raise SystemExit(f"{outcomes['answered']} of {n} answered")
    size = path.stat().st_size
    return {"from_store": last[0].from_store, "answered": last[0].answered, "store_bytes": size}


STAGES = {"plan": planned, "ask": asked, "resume": asked}


def measured(stage: str, n: int, path: Path) -> dict[str, Any]:
    """Run one part in this process; what it took."""
    began, cpu = time.perf_counter(), time.process_time()
    found = STAGES[stage](n, path)
    return {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        # Linux counts in KiB, macOS in bytes.
        "largest_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        * (1 if sys.platform == "darwin" else 1024),
        **found,
    }


def in_own_process(stage: str, n: int, path: Path) -> dict[str, Any]:
    """Run one part in a fresh process."""
    command = [
        sys.executable,
        __file__,
        "--stage",
        stage,
        "--queries",
        str(n),
        "--store",
        str(path),
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print the figures, or run one part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--queries", type=int, default=1_000_000)
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        print(json.dumps(measured(options.stage, options.queries, options.store)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "replies.sqlite"
        stages = {stage: in_own_process(stage, options.queries, path) for stage in STAGES}
    prompt = sum(len(one.content) for one in plan([record(0)])[0].messages)
    found = {"queries": options.queries, "characters_a_prompt": prompt, **stages}
    if options.json:
        print(json.dumps(found, indent=1))
        return
    print(f"{options.queries:,} queries of {prompt} characters")
    for stage, row in stages.items():
        print(f"  {stage:<7}{row['seconds']:8.1f} s {row['cpu_seconds']:8.1f} s CPU"
              f" {row['largest_memory_bytes'] / 2**30:7.2f} GiB")  # fmt: skip
    size = stages["ask"]["store_bytes"]
    print(f"  store  {size / 1e6:8.0f} MB, {size / options.queries:.0f} bytes a reply")


if __name__ == "__main__":
    main()
