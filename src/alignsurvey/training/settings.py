"""Settings of one stage of training, all of them written beside what was trained."""

from __future__ import annotations

import math
from dataclasses import dataclass

from alignsurvey.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a stage is trained.

    Parameters
    ----------
    epochs : int
    learning_rate : float
        Of AdamW, at its top; cosine decay to 0 after the warm-up.
    warmup_share : float
        Of the steps, over which the rate rises.
    effective_batch : int
        Examples an update is made from.
    device_batch : int, optional
        Examples that a device computes at once; by default as many as `tokens_at_once` allows.
        The gradients of a step are added up, so it makes no difference to the result.
    tokens_at_once : int
        Most tokens that a device computes at once, padding included.
    pack : int
        Questions of one respondent that share one computed profile; 1 for none.
    weight_decay, max_gradient : float
        Of AdamW; largest norm of a step's gradient.
    seed : int
        Of the order of examples.
    max_steps : int, optional
        Stop after so many updates; the schedule is that of so many.
    save_every : int
        Updates between checkpoints.
    validation_share : float
        Share of the respondents that are kept out to stop early; 0 for none.
    patience : int
        Epochs without a smaller validation loss after which training stops.

    Raises
    ------
    InputError
        A value is impossible, or the effective batch cannot be divided.

    Examples
    --------
    >>> Settings(effective_batch=32, device_batch=8).accumulation(world=2)
    2
    >>> Settings(effective_batch=32, device_batch=6)
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: effective_batch=32 cannot be divided by device_batch=6; use 4 or 8
    """  # noqa: E501 - a message is one line

    epochs: int = 3
    learning_rate: float = 1e-4
    warmup_share: float = 0.1
    effective_batch: int = 32
    device_batch: int | None = None
    tokens_at_once: int = 8192
    pack: int = 8
    weight_decay: float = 0.0
    max_gradient: float = 1.0
    seed: int = 42
    max_steps: int | None = None
    save_every: int = 50
    validation_share: float = 0.0
    patience: int = 1

    def __post_init__(self) -> None:
        """Check each value."""
        for name in ("epochs", "effective_batch", "tokens_at_once", "pack", "save_every"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)}; it must be 1 or more")
        if not (self.learning_rate > 0 and math.isfinite(self.learning_rate)):
            raise InputError(f"learning_rate={self.learning_rate}; it must be above 0")
        for name in ("warmup_share", "validation_share"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)}; it must be from 0 to below 1")
        if self.device_batch is not None:
            self.accumulation(1)

    def accumulation(self, world: int) -> int:
        """Count the batches of a device in a step.

        Parameters
        ----------
        world : int
            Devices that share the work.

        Raises
        ------
        InputError
            The effective batch cannot be divided so.
        """
        at_once = (self.device_batch or 1) * world
        if self.device_batch is None:
            return -(-self.effective_batch // at_once)
        if self.device_batch < 1 or self.effective_batch % at_once:
            whole = [n for n in range(1, self.effective_batch + 1)
                     if self.effective_batch % (n * world) == 0]  # fmt: skip
            near = sorted(sorted(whole, key=lambda n: abs(n - (self.device_batch or 1)))[:2])
            devices = f" on {world} devices" if world > 1 else ""
            use = " or ".join(map(str, near)) if near else f"a multiple of {world} as the former"
            raise InputError(
                f"effective_batch={self.effective_batch} cannot be divided by "
                f"device_batch={self.device_batch}{devices}; use {use}"
            )
        return self.effective_batch // at_once

    def rate(self, step: int, steps: int) -> float:
        """Learning rate of an update, from 0; linear warm-up, then half a cosine to 0.

        Examples
        --------
        >>> settings = Settings(learning_rate=1.0, warmup_share=0.2)
        >>> [round(settings.rate(step, 10), 2) for step in (0, 1, 2, 6, 9)]
        [0.0, 0.5, 1.0, 0.5, 0.04]
        """
        warm = math.ceil(self.warmup_share * steps)
        if step < warm:
            return self.learning_rate * step / warm
        share = (step - warm) / max(1, steps - warm)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * share))
