"""Loading a model with its adapters: where it runs, in which numbers, and whether it fits."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from alignsurvey.errors import InputError, nearest
from alignsurvey.simulators.local.chat import Chat, load_chat
from alignsurvey.simulators.local.folders import adapters_of, model_folder, parameters_of
from alignsurvey.simulators.local.generation import forget_habits

__all__ = ["Loaded", "Loading", "load_model"]

_CHOICES = {
    "dtype": ("auto", "float32", "bfloat16", "float16"),
    "device": ("auto", "cpu", "cuda", "mps"),
    "device_map": ("none", "auto", "balanced", "sequential"),
    "quantize": ("none", "8bit", "4bit"),
}
_BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0}
_QUANTIZED_BYTES = {"8bit": 1.1, "4bit": 0.6}
_SPARE = 1.1
"""Room beside the weights without which not even one prompt can be asked."""


@dataclass(frozen=True)
class Loading:
    """Which model is loaded, and how.

    Parameters
    ----------
    path : str
        The model's folder, or the name of one that was downloaded before.
    adapters : tuple of str
        LoRA adapters, merged in this order.
    dtype : "auto", "float32", "bfloat16" or "float16"
        Of the weights; "auto" is bfloat16 on CUDA devices that have it, else float32.
    device : "auto", "cpu", "cuda" or "mps"
        "auto" takes CUDA, then MPS, then the CPU.
    device_map : "none", "auto", "balanced" or "sequential"
        Spread the model over several devices (with accelerate).
    quantize : "none", "8bit" or "4bit"
        With bitsandbytes, on CUDA.
    batch_tokens : int, optional
        Tokens in one pass at most.

    Raises
    ------
    InputError
        A value is unknown.

    Examples
    --------
    >>> Loading.from_name("models/tiny:lora/one:lora/two?dtype=float32").adapters
    ('lora/one', 'lora/two')
    >>> Loading.from_name("models/tiny?dtype=float8")
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: hf: dtype=float8 is unknown; did you mean 'float32'?
    """

    path: str
    adapters: tuple[str, ...] = ()
    dtype: str = "auto"
    device: str = "auto"
    device_map: str = "none"
    quantize: str = "none"
    batch_tokens: int | None = None

    def __post_init__(self) -> None:
        """Check each choice."""
        for name, known in _CHOICES.items():
            if (value := getattr(self, name)) not in known:
                raise InputError(f"hf: {name}={value} is unknown; {nearest(value, known)}")
        if self.batch_tokens is not None and self.batch_tokens < 1:
            raise InputError(f"hf: batch_tokens={self.batch_tokens}; it must be 1 or more")

    @classmethod
    def from_name(cls, name: str) -> Loading:
        """Read ``PATH[:ADAPTER[:ADAPTER]][?key=value&key=value]``.

        Raises
        ------
        InputError
            A key or value is unknown.
        """
        where, _, settings = name.partition("?")
        path, *adapters = where.split(":")
        known = [one.name for one in fields(cls)][2:]
        chosen: dict[str, Any] = dict(parse_qsl(settings, keep_blank_values=True))
        for key in chosen:
            if key not in known:
                raise InputError(f"hf/{name}: unknown key '{key}'; {nearest(key, known)}")
        if (most := chosen.get("batch_tokens")) is not None:
            if not most.isdigit():
                raise InputError(f"hf: batch_tokens={most}; it must be a whole number")
            chosen["batch_tokens"] = int(most)
        return cls(path, tuple(adapters), **chosen)

    @property
    def label(self) -> str:
        """Path and adapters, as they stand in a simulator's name."""
        return ":".join((self.path, *self.adapters))


@dataclass(frozen=True)
class Loaded:
    """A model that can be asked.

    Parameters
    ----------
    model : transformers.PreTrainedModel or peft.PeftModel
    chat : Chat
    device : str
    dtype : str
    longest : int, optional
        Tokens that it takes at most, prompt and reply together.
    notes : tuple of str
    """

    model: Any = field(repr=False)
    chat: Chat = field(repr=False)
    device: str
    dtype: str
    longest: int | None
    notes: tuple[str, ...] = ()


def placed(loading: Loading) -> tuple[str, str]:
    """Say on which device, and in which numbers, a model would run here.

    Raises
    ------
    InputError
        The device is not there, or torch is not installed.
    """
    torch = _torch()
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    device = loading.device
    if device == "auto":
        device = next(one for one in ("cuda", "mps", "cpu") if there[one])
    if not there[device]:
        raise InputError(f"hf: device={device}: torch finds none here; use device=cpu")
    dtype = loading.dtype
    if dtype == "auto":
        has_bfloat16 = device == "cuda" and torch.cuda.is_bf16_supported()
        dtype = "bfloat16" if has_bfloat16 else "float32"
    if loading.quantize != "none" and device != "cuda":
        raise InputError(f"hf: quantize={loading.quantize} needs a CUDA device; leave it out")
    return device, dtype


def _torch() -> Any:
    try:
        import torch
        import transformers  # noqa: F401 - both are needed, and named before a model is read
    except ImportError as error:
        raise InputError(
            f"local models need {error.name}; install it with pip install 'alignsurvey[local]'"
        ) from None
    return torch


def load_model(loading: Loading, *, thinks: bool = False, with_head: bool = False) -> Loaded:
    """Load a model, its adapters and its tokenizer; nothing is downloaded.

    An adapter that was trained for a head is refused, unless it shall have one.

    Raises
    ------
    InputError
        A folder is not what it should be, an adapter or tokenizer belongs to another model, or
        there is too little memory.
    """
    device, dtype = placed(loading)
    folder = model_folder(loading.path)
    adapters = adapters_of(loading.adapters, folder, with_head=with_head)
    _check_memory(loading, folder, device, dtype)
    tuned = [one for one in adapters if (one / "tokenizer.json").exists()]
    chat = load_chat(tuned[-1] if tuned else folder, thinks=thinks)
    with _quiet():
        model = _base(loading, folder, device, dtype)
        _check_vocabulary(model, chat, folder)
        if adapters:
            from alignsurvey.simulators.local.adapters import with_adapters

            model = with_adapters(model, adapters, merge=loading.quantize == "none")
    model.eval()
    forget_habits(model, chat.tokenizer)
    longest = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return Loaded(model, chat, device, dtype, longest, chat.notes)


def _base(loading: Loading, folder: Path, device: str, dtype: str) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    settings: dict[str, Any] = {"dtype": getattr(torch, dtype)}
    if loading.quantize != "none":
        settings["quantization_config"] = _quantization(loading.quantize, dtype)
    if loading.device_map != "none" or loading.quantize != "none":
        settings["device_map"] = "auto" if loading.device_map == "none" else loading.device_map
    try:
        model = AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, **settings
        )
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise InputError(f"{folder}: cannot be loaded: {_first_line(error)}") from error
    return model if "device_map" in settings else model.to(device)


def _quantization(bits: str, dtype: str) -> Any:
    from importlib.util import find_spec

    if find_spec("bitsandbytes") is None:
        raise InputError(f"hf: quantize={bits} needs bitsandbytes; pip install bitsandbytes")
    import torch
    from transformers import BitsAndBytesConfig

    if bits == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=getattr(torch, dtype),
    )


def _check_vocabulary(model: Any, chat: Chat, folder: Path) -> None:
    rows = model.get_input_embeddings().weight.shape[0]
    if len(chat.tokenizer) > rows:
        raise InputError(
            f"{folder}: the tokenizer has {len(chat.tokenizer):,} tokens and the model {rows:,}; "
            "they do not belong together"
        )


def _check_memory(loading: Loading, folder: Path, device: str, dtype: str) -> None:
    """Refuse what cannot fit before minutes are spent on loading it."""
    free = _free_bytes(device)
    if free is None or loading.device_map != "none":
        return
    each = _QUANTIZED_BYTES.get(loading.quantize, _BYTES[dtype])
    needed = parameters_of(folder) * each * _SPARE
    if needed > free:
        raise InputError(
            f"{folder}: needs about {needed / 2**30:.1f} GiB on {device}, where "
            f"{free / 2**30:.1f} GiB are free; use dtype=bfloat16, quantize=4bit, device_map=auto "
            "or a smaller model"
        )


def _free_bytes(device: str) -> int | None:
    if device == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[0])
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out progress bars and remarks; what matters is checked here and raised."""
    from transformers.utils import logging

    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    level = logging.get_verbosity()
    had_bar = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", (FutureWarning, DeprecationWarning))
            yield
    finally:
        logging.set_verbosity(level)
        if had_bar:
            logging.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0][:300]
