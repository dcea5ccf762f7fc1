"""The key ``train`` of a study's simulator: preset, loss, settings; checked without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib.util import find_spec
from typing import Any

from alignsurvey.errors import InputError, nearest
from alignsurvey.simulators.protocols import Learner
from alignsurvey.training.config import PRESETS
from alignsurvey.training.settings import Settings

__all__ = ["SCRATCH", "fine_tuned"]

SCRATCH = "hf/scratch"
"""A tiny model made for the pilot; it shows the mechanics, not what a language model knows."""
_OWN = ("preset", "loss", "groups", "strength", "calibrate", "rank", "alpha")
_FROM_SCRATCH = {"learning_rate": 3e-3, "epochs": 20, "effective_batch": 16, "patience": 4}
"""All weights learn, from nothing: that takes larger and more steps than an adapter."""


def fine_tuned(use: str, train: Mapping[str, Any], *, name: str, seed: int) -> Learner:
    """Make the learner that fine-tunes a model on each pilot.

    Parameters
    ----------
    use : str
        ``hf/PATH``, or ``hf/scratch`` for a tiny model without any knowledge.
    train : mapping
        ``preset`` (pilot, paper, release, tiny), ``loss`` (head, distribution, kl, ordinal, shift,
        sft), ``groups`` and ``strength`` of the targets, ``calibrate``, ``rank``, ``alpha``, and
        any of `Settings`, such as ``epochs``.
    name : str
        In tables.
    seed : int

    Raises
    ------
    InputError
        A key, preset or loss is unknown, a value is wrong, the simulator is no local model, or
        torch is not installed.

    Examples
    --------
    >>> fine_tuned("hf/scratch", {"preset": "pilots"}, name="tuned", seed=1)
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: train: preset: no preset 'pilots'; did you mean 'pilot'?
    """
    if not use.startswith("hf/"):
        raise InputError(f"train: '{use}' cannot be fine-tuned; use hf/PATH, or hf/scratch")
    known = [*_OWN, *(one.name for one in fields(Settings))]
    for key in train:
        if key not in known:
            raise InputError(f"train: unknown key '{key}'; {nearest(str(key), known)}")
    preset = str(train.get("preset", "pilot"))
    if preset not in PRESETS:
        raise InputError(f"train: preset: no preset '{preset}'; {nearest(preset, PRESETS)}")
    missing = [one for one in ("torch", "transformers", "peft") if find_spec(one) is None]
    if missing:
        raise InputError(
            f"train: needs {missing[0]}; install it with pip install 'alignsurvey[local]'"
        )
    chosen = {**PRESETS[preset], "epochs": PRESETS[preset]["stage2_epochs"]}
    if use == SCRATCH:
        chosen |= _FROM_SCRATCH
    return _learner(use, {**chosen, **train}, preset, name, seed)


def _learner(use: str, chosen: Mapping[str, Any], preset: str, name: str, seed: int) -> Learner:
    from alignsurvey.training.learner import FineTuned
    from alignsurvey.training.lora import Lora

    names = [one.name for one in fields(Settings)]
    try:
        settings = Settings(**{key: chosen[key] for key in names if key in chosen} | {"seed": seed})
        learner: Any = FineTuned(
            base=use.removeprefix("hf/"),
            loss=str(chosen.get("loss", "head")),
            settings=settings,
            lora=Lora(rank=chosen["rank"], alpha=chosen["alpha"], seed=seed),
            groups=tuple(chosen.get("groups", ())),
            strength=float(chosen.get("strength", 10.0)),
            calibrate=bool(chosen.get("calibrate", preset == "pilot")),
            name=name,
            seed=seed,
        )
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"train: a value is of the wrong kind ({error})") from error
    made: Learner = learner
    return made
