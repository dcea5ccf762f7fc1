"""Similarities of many pairs of reasons, shared among processes where there are enough of them."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from multiprocessing import get_context

from alignsurvey.benchmark.strict.similarity import similarity

ENOUGH = 5_000
"""Pairs from which processes pay for their start."""

Pair = tuple[str, str]


def similarities(pairs: Sequence[Pair], workers: int = 1) -> list[tuple[float, ...]]:
    """Compare each pair of texts; see `similarity`.

    Parameters
    ----------
    pairs : sequence of (reference, candidate)
    workers : int
        Processes that share the pairs where there are `ENOUGH`; the numbers do not depend on it.
        More than one needs the caller's script to be importable
        (``if __name__ == "__main__":``).

    Examples
    --------
    >>> similarities([("good service", "Good service!")])
    [(1.0, 1.0, 1.0, 1.0, 1.0)]
    """
    if workers <= 1 or len(pairs) < ENOUGH:
        return [similarity(*pair) for pair in pairs]
    size = -(-len(pairs) // (workers * 4))
    parts = [pairs[start : start + size] for start in range(0, len(pairs), size)]
    with get_context("spawn").Pool(workers, _left_alone) as pool:
        return [found for part in pool.imap(_compare, parts) for found in part]


def _left_alone() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process stops its workers


def _compare(pairs: Sequence[Pair]) -> list[tuple[float, ...]]:
    return [similarity(*pair) for pair in pairs]
