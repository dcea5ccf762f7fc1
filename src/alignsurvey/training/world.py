"""Devices that share the work of an update: each takes some batches, gradients are added up."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from alignsurvey.errors import InputError


@dataclass(frozen=True)
class World:
    """Which of how many processes this is.

    Parameters
    ----------
    rank, size : int
    shards : bool
        Whether each holds a part of the base's layers in place of all of them (FSDP).

    Examples
    --------
    >>> World().sum(torch.tensor(2.0))
    2.0
    """

    rank: int = 0
    size: int = 1
    shards: bool = False

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

    def turns(self, batches: int) -> Iterator[tuple[int, bool]]:
        """Say which batches this process computes, and whether each counts.

        Layers that are shared out are put together by all processes at once, so that each must
        take as many turns as the others: one that has no batch left computes one for nothing.

        Examples
        --------
        >>> list(World(1, 2).turns(3)), list(World(1, 2, shards=True).turns(3))
        ([(1, True)], [(1, True), (0, False)])
        """
        most = -(-batches // self.size) * self.size if self.shards else batches
        for number in range(self.rank, most, self.size):
            yield number % batches, number < batches

    def share_out(self, model: Any, device: str) -> None:
        """Leave each process a part of the frozen weights of each layer; what learns stays whole.

        Embeddings and the output layer stay whole, too, since they are called alone.

        Parameters
        ----------
        model : peft.PeftModel
        device : str
        """
        from torch.distributed.fsdp import fully_shard

        kind = torch.device(device).type
        mesh = torch.distributed.init_device_mesh(kind, (self.size,))
        decoder = model.get_base_model().get_decoder()
        layers = list(decoder.layers)
        inside = {one for layer in layers for one in layer.parameters() if not one.requires_grad}
        whole = {one for one in model.parameters() if one not in inside}
        for one in whole:
            one.data = one.data.to(device)
        for layer in layers:
            fully_shard(layer, mesh=mesh, ignored_params=whole)
        fully_shard(decoder, mesh=mesh, ignored_params=whole)

    def wait(self) -> None:
        """Wait for the others."""
        if self.size > 1:
            torch.distributed.barrier()


ALONE = World()
_FSDP, _DEEPSPEED = "ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED"
"""What accelerate sets for the processes that it starts."""


@contextmanager
def joined_world() -> Iterator[World]:
    """Join the processes that torchrun or accelerate started; alone without them."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or "LOCAL_RANK" not in os.environ:
        yield ALONE
        return
    if os.environ.get(_DEEPSPEED) == "true":
        raise InputError(
            "training here does not use DeepSpeed; launch with fsdp.yaml, or train the files of "
            "--export with LLaMA-Factory and deepspeed_zero3.json"
        )
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield World(torch.distributed.get_rank(), size, os.environ.get(_FSDP) == "true")
    finally:
        torch.distributed.destroy_process_group()
