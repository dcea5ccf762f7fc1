"""Adapters: low-rank additions to a model's linear layers, new or continued."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from alignsurvey.errors import InputError
from alignsurvey.randomness import stable_hash


@dataclass(frozen=True, kw_only=True)
class Lora:
    """Shape of an adapter (Hu et al. 2021, arXiv 2106.09685).

    Parameters
    ----------
    rank : int
    alpha : float
        The addition is scaled by alpha / rank.
    dropout : float
    targets : "all-linear" or tuple of str
        Names of layers; all linear ones but the output layer by default.
    seed : int
        Of the first weights.

    Raises
    ------
    InputError
        A value is impossible.

    Examples
    --------
    >>> Lora(rank=8).alpha
    16
    """

    rank: int = 8
    alpha: float = 16
    dropout: float = 0.0
    targets: str | tuple[str, ...] = "all-linear"
    seed: int = 42

    def __post_init__(self) -> None:
        """Check each value."""
        if self.rank < 1:
            raise InputError(f"rank={self.rank}; it must be 1 or more")
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout={self.dropout}; it must be from 0 to below 1")


def with_lora(model: Any, lora: Lora) -> Any:
    """Put a new adapter on a model, which changes nothing until it is trained.

    Parameters
    ----------
    model : transformers.PreTrainedModel
        Its own weights are frozen.
    lora : Lora

    Returns
    -------
    peft.PeftModel

    Raises
    ------
    InputError
        The model has no layer of a name.
    """
    from peft import LoraConfig, get_peft_model

    targets = lora.targets if isinstance(lora.targets, str) else list(lora.targets)
    config = LoraConfig(
        task_type="CAUSAL_LM", r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout,
        target_modules=targets,
    )  # fmt: skip
    # Weights are drawn on the CPU and from a seed of their own, so that no global state counts.
    with torch.random.fork_rng(devices=[]), _without_remarks():
        torch.manual_seed(stable_hash(lora.seed, "adapter") % 2**63)
        try:
            return get_peft_model(model, config)
        except ValueError as error:
            raise InputError(f"targets={lora.targets}: {str(error).splitlines()[0]}") from error


def continue_adapter(model: Any, folder: Path, *, with_head: bool = False) -> Any:
    """Put a trained adapter on a model, to be trained on.

    Parameters
    ----------
    model : transformers.PreTrainedModel
    folder : Path
        Of the adapter.
    with_head : bool
        Whether it may have a head.

    Returns
    -------
    peft.PeftModel

    Raises
    ------
    InputError
        There is no adapter, or it is one of another base.
    """
    from peft import PeftModel

    from alignsurvey.simulators.local.folders import adapter_folder

    adapter_folder(str(folder), with_head=with_head)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning)
            warnings.filterwarnings("error", message=".*(missing|unexpected) adapter keys.*")
            return PeftModel.from_pretrained(model, str(folder), is_trainable=True)
    except (RuntimeError, ValueError, KeyError, UserWarning) as error:
        raise InputError(
            f"{folder}: the adapter does not fit the model; name the base that it was trained on"
        ) from error


def save_memory(model: Any) -> None:
    """Compute hidden states anew on the way back instead of keeping them."""
    model.enable_input_require_grads()
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})


def check_head(model: Any) -> None:
    """Make sure that the logits are the output layer's own, since it is called alone.

    Raises
    ------
    InputError
        The model changes its logits behind the output layer (a soft cap, a scale).
    """
    config = model.config.get_text_config()
    for name in ("final_logit_softcapping", "logits_scaling", "logit_scale"):
        value = getattr(config, name, None)
        if value not in (None, 1, 1.0):
            raise InputError(
                f"{config.model_type}: the model changes its logits ({name}={value}), which "
                "training here does not support; export to LLaMA-Factory instead"
            )


@contextmanager
def _without_remarks() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", FutureWarning)
        yield
