"""Devices that share the work of an update: each takes some batches, gradients are added up."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class World:
    """Which of how many processes this is.

    Parameters
    ----------
    rank, size : int

    Examples
    --------
    >>> World().sum(torch.tensor(2.0))
    2.0
    """

    rank: int = 0
    size: int = 1

    def sum(self, value: torch.Tensor) -> float:
        """Add a number up over all processes."""
        if self.size > 1:
            torch.distributed.all_reduce(value)
        return float(value)

    def add_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Add gradients up over all processes; a process without a batch has none."""
        if self.size == 1:
            return
        for one in parameters:
            if one.grad is None:
                one.grad = torch.zeros_like(one)
            torch.distributed.all_reduce(one.grad)

    def device(self, device: str) -> str:
        """Name this process's device: the CUDA device of its own local rank."""
        if self.size > 1 and device == "cuda":
            return f"cuda:{os.environ['LOCAL_RANK']}"
        return device

    def wait(self) -> None:
        """Wait for the others."""
        if self.size > 1:
            torch.distributed.barrier()


ALONE = World()


@contextmanager
def joined_world() -> Iterator[World]:
    """Join the processes that torchrun or accelerate started; alone without them."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or "LOCAL_RANK" not in os.environ:
        yield ALONE
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield World(torch.distributed.get_rank(), size)
    finally:
        torch.distributed.destroy_process_group()
