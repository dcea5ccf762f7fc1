"""A model's folder on disk: what must be there, and a fingerprint of its weights."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError

__all__ = [
    "HEAD", "adapter_folder", "adapters_of", "check_base", "fingerprint", "model_folder",
    "parameters_of", "weights_of",
]  # fmt: skip

HEAD = "head"
"""Name of a head's files beside its adapter: ``head.safetensors`` and ``head.json``."""

_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_BLOCKS, _BLOCK_BYTES = 64, 1 << 16


def model_folder(path: str) -> Path:
    """Find a model's folder, and check that it holds a model.

    Parameters
    ----------
    path : str
        A folder, or the name of a model that was downloaded before. Nothing is downloaded.

    Raises
    ------
    InputError
        There is no such folder, or it has no configuration, no tokenizer, or no safetensors.

    Examples
    --------
    >>> model_folder("no/such/model")
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: hf/no/such/model: no such folder, and no model of this name in the local cache; download it first (hf download no/such/model), or give the folder's path
    """  # noqa: E501 - a message is one line
    folder = Path(path).expanduser()
    if not folder.is_dir():
        folder = _cached(path)
    if (folder / "adapter_config.json").exists() and not (folder / "config.json").exists():
        base = _json(folder / "adapter_config.json").get("base_model_name_or_path") or "BASE"
        raise InputError(f"{folder}: an adapter and no model; write hf/{base}:{path}")
    if not (folder / "config.json").exists():
        raise InputError(f"{folder}: no model, since there is no config.json")
    _json(folder / "config.json")
    if not any((folder / name).exists() for name in _TOKENIZERS):
        raise InputError(f"{folder}: no tokenizer (tokenizer.json); copy the model's own there")
    _check_weights(folder)
    return folder


def adapter_folder(path: str, *, with_head: bool = False) -> Path:
    """Find an adapter's folder, and check that it holds one.

    Parameters
    ----------
    path : str
    with_head : bool
        Whether it may have a head. Such an adapter was trained for its head, not to write.

    Raises
    ------
    InputError
        It does not, its weights are no safetensors, or it has a head and should not.
    """
    folder = Path(path).expanduser()
    if not (folder / "adapter_config.json").exists():
        raise InputError(f"{path}: no adapter, since there is no adapter_config.json")
    _json(folder / "adapter_config.json")
    _check_weights(folder)
    if (folder / f"{HEAD}.json").exists() and not with_head:
        raise InputError(f"{path}: was trained with a head, and writes nothing; use head/{path}")
    return folder


def adapters_of(paths: Iterable[str], base: Path, *, with_head: bool = False) -> list[Path]:
    """Find the folders of adapters that belong to a base.

    Raises
    ------
    InputError
        One is no adapter, or one of other weights.
    """
    found = [adapter_folder(one, with_head=with_head) for one in paths]
    for one in found:
        check_base(one, base)
    return found


def check_base(adapter: Path, base: Path) -> None:
    """Make sure that an adapter is put on the weights that it was trained on.

    Its ``training.json`` says which; an adapter that was trained elsewhere says nothing.

    Raises
    ------
    InputError
        They are others.
    """
    path = adapter / "training.json"
    if not path.exists():
        return
    record = _json(path)
    known = record.get("base_weights")
    if known is not None and known != weights_of(base):
        raise InputError(
            f"{adapter}: was trained on {record.get('base')}, and {base} has other weights; name "
            "the base that it was trained on"
        )


def _cached(path: str) -> Path:
    """Find the folder of a model that was downloaded before."""
    wrong = InputError(
        f"hf/{path}: no such folder, and no model of this name in the local cache; download it "
        f"first (hf download {path}), or give the folder's path"
    )
    if path.count("/") != 1 or path.startswith((".", "/", "~")):
        raise wrong
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError:
        raise wrong from None
    try:
        return Path(snapshot_download(path, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        raise wrong from None


def _check_weights(folder: Path) -> None:
    if any(folder.glob("*.safetensors")):
        return
    pickles = sorted(one.name for pattern in _PICKLES for one in folder.glob(pattern))
    if pickles:
        raise InputError(
            f"{folder}: {pickles[0]} is a pickle, which can run any code when it is read; "
            "convert it to safetensors"
        )
    raise InputError(f"{folder}: no weights (*.safetensors)")


def parameters_of(folder: Path) -> int:
    """Count a model's parameters from the heads of its files, without reading the weights.

    Raises
    ------
    InputError
        A file is no safetensors file.
    """
    total = 0
    for path in folder.glob("*.safetensors"):
        try:
            with path.open("rb") as file:
                length = int.from_bytes(file.read(8), "little")
                head = json.loads(file.read(min(length, path.stat().st_size)))
            shapes = [one["shape"] for key, one in head.items() if key != "__metadata__"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: no safetensors file; copy it anew") from error
        total += sum(math.prod(shape) for shape in shapes)
    return total


def fingerprint(*folders: Path) -> str:
    """Tell weights, tokenizer and template from others, so that no replies are mixed up.

    Of each file the size and 64 blocks of 64 KiB, evenly spaced, are hashed: other training
    changes all of a weight file, and reading 15 GB at each start would take minutes.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    return _hashed(
        path
        for folder in folders
        for path in sorted(one for one in folder.iterdir() if _counts(one))
    )


def weights_of(folder: Path) -> str:
    """Tell a model's weights from others, whatever lies beside them; as `fingerprint` does."""
    return _hashed(sorted(folder.glob("*.safetensors")))


def _hashed(paths: Iterable[Path]) -> str:
    found = sha256()
    for path in paths:
        size = path.stat().st_size
        found.update(f"{path.name}:{size}\n".encode())
        with path.open("rb") as file:
            for block in range(_BLOCKS):
                start = block * max(size - _BLOCK_BYTES, 0) // (_BLOCKS - 1)
                file.seek(start)
                found.update(file.read(_BLOCK_BYTES))
                if size <= _BLOCK_BYTES:
                    break
    return found.hexdigest()[:16]


def _counts(path: Path) -> bool:
    """Whether a file changes what a model answers."""
    named = ("config.json", "generation_config.json", "adapter_config.json", "head.json")
    others = ("tokenizer_config.json", "special_tokens_map.json", "merges.txt")
    return path.is_file() and (
        path.suffix in (".safetensors", ".jinja") or path.name in (*named, *others, *_TOKENIZERS)
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no JSON that can be read ({error})") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: no JSON object")
    return content
