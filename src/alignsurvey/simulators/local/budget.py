"""How many tokens go into one pass; fewer after memory ran out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from alignsurvey.errors import InputError

__all__ = ["Budget", "in_batches", "is_out_of_memory"]

T = TypeVar("T")
R = TypeVar("R")
_BATCH_TOKENS = {"cuda": 32768, "mps": 8192, "cpu": 2048}
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass
class Budget:
    """Tokens in one pass at most; it lasts as long as the model is loaded.

    Parameters
    ----------
    tokens : int
    notes : list of str
        What happened to it.

    Examples
    --------
    >>> budget = Budget(4096)
    >>> budget.halve()
    >>> budget.tokens, budget.notes
    (2048, ['memory ran out: passes of 2,048 tokens in place of 4,096'])
    """

    tokens: int
    notes: list[str] = field(default_factory=list)
    _first: int = 0

    @classmethod
    def on(cls, device: str, tokens: int | None = None) -> Budget:
        """Give what a device (``cuda``, ``mps``, ``cpu``) usually holds, or what is asked for."""
        return cls(tokens or _BATCH_TOKENS[device])

    def halve(self, tried: int | None = None) -> None:
        """Take half from now on, of what was tried if that was less, and say so."""
        self._first = self._first or self.tokens
        self.tokens = max(1, min(self.tokens, tried or self.tokens) // 2)
        self.notes[:] = [one for one in self.notes if not one.startswith("memory ran out")]
        self.notes.append(
            f"memory ran out: passes of {self.tokens:,} tokens in place of {self._first:,}"
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch says that memory ran out, on whatever device.

    Examples
    --------
    >>> is_out_of_memory(RuntimeError("MPS backend out of memory (allocated 9 GB)"))
    True
    """
    said = str(error).lower()
    is_kind = isinstance(error, (RuntimeError, MemoryError))
    return isinstance(error, MemoryError) or (
        is_kind and any(one in said for one in _OUT_OF_MEMORY)
    )


def in_batches(
    things: Sequence[T],
    cost: Callable[[T], int],
    budget: Budget,
    work: Callable[[list[T]], R],
    fitting: Callable[[Sequence[T], int], tuple[int, int]] | None = None,
) -> Iterator[R]:
    """Work through things in batches whose tokens keep within the budget.

    A batch for which memory runs out is tried again in halves.

    Parameters
    ----------
    things : sequence
    cost : callable
        Tokens of one of them alone.
    budget : Budget
    work : callable
        What is done with a batch.
    fitting : callable, optional
        Of things and tokens at most: how many of the first fit, at least one, and their tokens.
        Otherwise each counts as the largest of its batch, to which it is padded; things should
        then come in the order of their cost.

    Raises
    ------
    InputError
        Memory runs out for a single one.

    Examples
    --------
    >>> list(in_batches([3, 3, 4, 9], lambda one: one, Budget(9), len))
    [2, 1, 1]
    """
    fitting = fitting or (lambda some, most: _padded(some, cost, most))
    start = 0
    while start < len(things):
        count, tried = fitting(things[start:], budget.tokens)
        end = start + count
        try:
            done = work(list(things[start:end]))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            ran_out = True
        else:
            ran_out = False
        if ran_out:
            if end - start == 1:
                raise InputError(
                    f"too little memory for one prompt of {cost(things[start]):,} tokens; use "
                    "dtype=bfloat16, quantize=4bit or a smaller model"
                )
            # A budget far above what was tried would change nothing when halved.
            budget.halve(tried)
            _give_memory_back()
            continue
        yield done
        start = end


def _padded(things: Sequence[T], cost: Callable[[T], int], most: int) -> tuple[int, int]:
    """Count how many of the first things fit, each padded to the largest, and their tokens."""
    largest = tokens = 0
    for n, one in enumerate(things):
        largest = max(largest, cost(one))
        if n and largest * (n + 1) > most:
            return n, tokens
        tokens += cost(one)
    return len(things), tokens


def _give_memory_back() -> None:
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
