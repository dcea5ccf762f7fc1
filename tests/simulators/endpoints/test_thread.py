"""What a coroutine delivers arrives on the other thread, whoever ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from alignsurvey.simulators.endpoints.thread import iterate

N = 1000


async def count(deliver: Callable[[int], None]) -> None:
    for number in range(N):
        deliver(number)
    await asyncio.sleep(3600)


@pytest.mark.parametrize("taken_before", [1, 100, 256, 900])
def test_interrupted_it_gives_what_had_been_delivered(taken_before: int) -> None:
    numbers: Any = iterate(count)
    taken = [next(numbers) for _ in range(taken_before)]
    taken.append(numbers.throw(KeyboardInterrupt()))
    taken += [next(numbers) for _ in range(N - len(taken))]
    with pytest.raises(KeyboardInterrupt):
        next(numbers)
    assert taken == list(range(N))


def test_a_consumer_that_leaves_ends_the_coroutine() -> None:
    ended = []

    async def wait(deliver: Callable[[int], None]) -> None:
        deliver(0)
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(True)

    numbers: Any = iterate(wait)
    assert next(numbers) == 0
    numbers.close()
    assert ended == [True]
