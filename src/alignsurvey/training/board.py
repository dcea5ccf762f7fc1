"""Curves for TensorBoard, where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alignsurvey.training.loop import Progress

__all__ = ["FOLDER", "Board", "open_board"]

FOLDER = "tensorboard"
NOT_THERE = "no curves for TensorBoard, which is not installed (pip install tensorboard)"


class Board:
    """Writes a stage's curves; `alignsurvey train` shows the same in its lines.

    Parameters
    ----------
    writer : torch.utils.tensorboard.SummaryWriter
    rate : callable
        Learning rate of an update, from (update, updates).
    """

    def __init__(self, writer: Any, rate: Callable[[int, int], float]) -> None:
        self._writer = writer
        self._rate = rate

    def __call__(self, progress: Progress) -> None:
        """Write an update's loss, learning rate and tokens a second."""
        step = progress.step
        self._writer.add_scalar("loss", progress.loss, step)
        self._writer.add_scalar("learning rate", self._rate(step - 1, progress.steps), step)
        self._writer.add_scalar("tokens a second", progress.tokens_per_second, step)

    def close(self, validation: tuple[float, ...]) -> None:
        """Write the losses of people kept out, by epoch, and end."""
        for epoch, loss in enumerate(validation, 1):
            self._writer.add_scalar("validation loss", loss, epoch)
        self._writer.close()


def open_board(folder: Path, rate: Callable[[int, int], float]) -> Board | None:
    """Open a stage's curves in its folder; None where TensorBoard is not installed."""
    if find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return Board(SummaryWriter(str(folder / FOLDER)), rate)
