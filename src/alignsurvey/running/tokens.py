"""Tokens of prompts before they are asked: counted where the tokenizer is here, else estimated."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from alignsurvey.tasks.queries import Message

__all__ = ["Counter", "estimate_tokens", "find_counter"]

_WIDE = re.compile(r"[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef"
                   r"\U00020000-\U0003ffff]")  # fmt: skip
_ASCII_A_TOKEN = 4.0
_WIDE_TOKENS = 0.8
_OTHER_A_TOKEN = 2.5
_FRAME = 4
"""Tokens that a chat template puts around a message, about."""


@dataclass(frozen=True)
class Counter:
    """Counts the tokens of a text.

    Parameters
    ----------
    count : callable of str to int
    how : str
        By what it counts, for the user.
    is_estimate : bool
    """

    count: Callable[[str], int]
    how: str
    is_estimate: bool

    def of(self, messages: Sequence[Message]) -> int:
        """Count a prompt's tokens, with those of the chat's frame."""
        return sum(self.count(one.content) + _FRAME for one in messages)


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text from its characters, of whatever tokenizer.

    Four characters of ASCII are about one token; a Chinese, Japanese or Korean sign is about 0.8
    (newer tokenizers need 0.6 to 0.8, older ones 1 and more); of other scripts 2.5 signs are one.

    Examples
    --------
    >>> estimate_tokens("How happy are you?"), estimate_tokens("您幸福吗？")
    (5, 4)
    """
    wide = len(_WIDE.findall(text))
    narrow = len(text.encode("ascii", "ignore"))
    other = len(text) - wide - narrow
    exact = narrow / _ASCII_A_TOKEN + wide * _WIDE_TOKENS + other / _OTHER_A_TOKEN
    return -int(-exact // 1)


ESTIMATE = Counter(estimate_tokens, "estimated from characters, up to a quarter off", True)


def find_counter(model: str) -> Counter:
    """Find what counts a model's tokens on this machine; nothing is fetched for it.

    Parameters
    ----------
    model : str
        A simulator's name. ``openai/…`` is counted by tiktoken where that is installed, a model of
        open weights by its own tokenizer where that lies on the disk.

    Examples
    --------
    >>> find_counter("anthropic/claude-haiku-4-5").how
    'estimated from characters, up to a quarter off'
    """
    provider, _, name = model.partition("/")
    if provider == "openai":
        return _tiktoken(name) or ESTIMATE
    file = _tokenizer_file(name)
    return (_tokenizer(file) if file else None) or ESTIMATE


def _tiktoken(name: str) -> Counter | None:
    if find_spec("tiktoken") is None:
        return None
    import tiktoken

    try:
        encoding = tiktoken.encoding_for_model(name)
    except (KeyError, OSError):
        # A model that it does not know, or whose ranks it can neither find nor fetch.
        return None
    return Counter(
        lambda text: len(encoding.encode_ordinary(text)), f"counted by tiktoken {encoding.name}",
        False,
    )  # fmt: skip


def _tokenizer_file(name: str) -> Path | None:
    """Find tokenizer.json of a model, in a folder of that name or in the cache of the hub."""
    local = Path(name) / "tokenizer.json"
    if local.is_file():
        return local
    if find_spec("huggingface_hub") is None or name.count("/") != 1:
        return None
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(name, "tokenizer.json")
    except HFValidationError:
        return None
    return Path(found) if isinstance(found, str) else None


def _tokenizer(file: Path) -> Counter | None:
    if find_spec("tokenizers") is None:
        return None
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    return Counter(
        lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids),
        "counted by the model's own tokenizer", False,
    )  # fmt: skip
