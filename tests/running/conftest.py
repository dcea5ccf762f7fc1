"""A model that is no model, and plans to ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from alignsurvey.tasks.queries import Message, Query, Reply, Task, Usage


@dataclass
class Model:
    """Answers each query at once; keeps what it was asked."""

    model: str = "test/model"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    name: str = "test/model"
    asked: list[Query] = field(default_factory=list)
    fails: Callable[[Query], bool] = lambda query: False
    interrupted_after: int | None = None

    def answer(self, queries: Iterable[Query]) -> Iterator[Reply]:
        for query in queries:
            if len(self.asked) == self.interrupted_after:
                raise KeyboardInterrupt
            self.asked.append(query)
            if self.fails(query):
                yield Reply(query.id, None, error="no reply after 5 tries: 500")
            else:
                text = f"{query.messages[-1].content} #{len(self.asked)}"
                yield Reply(
                    query.id, text, None, Usage(10, 2), "stop", None, '{"choices": []}', 0.1
                )


def make_plan(n: int, *, people_a_prompt: int = 1, start: int = 0) -> list[Query]:
    return [
        Query(
            who, "vote", Task.RESPONSE, (Message("user", f"你投票了吗？{who // people_a_prompt}"),)
        )
        for who in range(start, start + n)
    ]


@pytest.fixture
def plan() -> Callable[..., list[Query]]:
    return make_plan


@pytest.fixture
def new_model() -> Callable[..., Model]:
    return Model
