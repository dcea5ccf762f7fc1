"""A run in a process of its own, which can be killed: plan, ask through a store, score.

python asking_process.py URL STORE QUERIES CONNECTIONS LEASE_SECONDS
"""

from __future__ import annotations

import json
import sys
from collections import Counter

from alignsurvey.running import ReplyStore, ask
from alignsurvey.simulators.endpoints import Limits, Parameters, find_endpoint
from alignsurvey.tasks.queries import Message, Query, Shown, Task

ITEMS = 20


def plan(n: int) -> list[Query]:
    options = (Shown("A", "yes", 0), Shown("B", "no", 1), Shown("C", "neither", 2))
    shown = "\n".join(f"{one.letter}. {one.text}" for one in options)
    return [
        Query(
            row // ITEMS,
            f"item {row % ITEMS}",
            Task.RESPONSE,
            (
                Message(
                    "user",
                    f"Profile:\nage: {20 + row // ITEMS % 60}\nregion: {row // ITEMS}\n\n"
                    f"Do you agree with statement {row % ITEMS}?\n{shown}\nAnswer with a letter.",
                ),
            ),
            options,
        )
        for row in range(n)
    ]


def main() -> None:
    url, path, n, connections, lease = sys.argv[1:]
    # With a seed an answer depends on its query alone, not on when it is asked.
    endpoint = find_endpoint(
        "endpoint/planted",
        Parameters(seed=42),
        limits=Limits(max_connections=int(connections)),
        base_url=url,
    )
    queries = plan(int(n))
    with ReplyStore(path, lease_seconds=float(lease)) as store:
        replies = ask(endpoint, queries, store=store)
    shares = Counter((one.item, replies[one.id].text) for one in queries)
    scores = {f"{item}: {text}": count for (item, text), count in sorted(shares.items())}
    errors = sum(reply.error is not None for reply in replies.values())
    print(json.dumps({"scores": scores, "errors": errors, "replies": len(replies)}))


if __name__ == "__main__":
    main()
