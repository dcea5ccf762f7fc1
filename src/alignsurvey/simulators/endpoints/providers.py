"""Providers of chat completions: one row each, with what they document that they can do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from alignsurvey.errors import InputError, nearest

__all__ = ["PROVIDERS", "Provider", "find_provider"]

BASE_URL_VARIABLE = "ALIGNSURVEY_BASE_URL"
KEY_VARIABLE = "ALIGNSURVEY_API_KEY"


@dataclass(frozen=True, slots=True)
class Provider:
    """What is known about a provider before it is asked.

    Parameters
    ----------
    name : str
        First part of a simulator's name.
    base_url : str
        To which ``/chat/completions`` is added; "" where it has to be given.
    key_variable : str
        Environment variable that holds the key.
    needs_key : bool
        Whether there is no asking without one.
    top_logprobs : int
        How many log-probabilities it gives a token; 0 where it gives none.
    logprobs_as : "flag" or "number"
        Whether ``logprobs`` is true or the number of log-probabilities.
    n : int
        The most replies that it may give to one request; whether it does is found out by trying.
    schema : bool
        Whether it holds a reply to a JSON schema (``response_format``).
    choice : "structured_outputs", "grammar" or None
        Its way of holding a reply to one of several texts.
    seed : str
        Its name for a seed; "" where it ignores one.
    max_tokens : str
        Its name for the longest reply.
    reasoning_effort : bool
        Whether it takes one.
    max_temperature : float
    max_connections : int
        The most requests at a time where the user names no other number.
    """

    name: str
    base_url: str = ""
    key_variable: str = KEY_VARIABLE
    needs_key: bool = True
    top_logprobs: int = 20
    logprobs_as: Literal["flag", "number"] = "flag"
    n: int = 1
    schema: bool = True
    choice: Literal["structured_outputs", "grammar"] | None = None
    seed: str = "seed"
    max_tokens: str = "max_tokens"
    reasoning_effort: bool = True
    max_temperature: float = 2.0
    max_connections: int = 128

    @property
    def is_local(self) -> bool:
        """Whether its address is the user's to give, and is looked for in the environment."""
        return not self.needs_key


# Read again in November 2026; docs/endpoints.md says what where. Where nothing was known the row
# says no: a parameter that may be ignored would be in the manifest and not in the reply.
_ROWS = (
    Provider("openai", "https://api.openai.com/v1", "OPENAI_API_KEY", n=128,
             max_tokens="max_completion_tokens"),
    Provider("deepseek", "https://api.deepseek.com", "DEEPSEEK_API_KEY", schema=False, seed="",
             reasoning_effort=False),
    # Qwen's `n` is for some of its models only.
    Provider("qwen", "https://dashscope.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY",
             top_logprobs=5, n=4, reasoning_effort=False),
    Provider("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", top_logprobs=0, n=16,
             seed="random_seed", reasoning_effort=False, max_temperature=1.5),
    Provider("gemini", "https://generativelanguage.googleapis.com/v1beta/openai",
             "GEMINI_API_KEY", top_logprobs=0, n=8, seed=""),
    Provider("anthropic", "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", top_logprobs=0,
             schema=False, seed="", reasoning_effort=False, max_temperature=1.0),
    # OpenRouter ignores `n`.
    Provider("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    Provider("together", "https://api.together.xyz/v1", "TOGETHER_API_KEY",
             logprobs_as="number", n=128),
    Provider("vllm", "http://localhost:8000/v1", needs_key=False, n=64,
             choice="structured_outputs", max_connections=256),
    Provider("ollama", "http://localhost:11434/v1", needs_key=False, max_connections=16),
    # llama.cpp gives as many replies as it has slots, and an error for more; its cache of prompts
    # makes single requests as cheap. Older versions ignore an effort.
    Provider("llamacpp", "http://localhost:8080/v1", needs_key=False, choice="grammar",
             reasoning_effort=False, max_connections=16),
    Provider("endpoint", "", needs_key=False, n=16),
)  # fmt: skip

PROVIDERS: Mapping[str, Provider] = {one.name: one for one in _ROWS}
"""Providers by name. ``endpoint`` is any other server that speaks chat completions."""


def find_provider(name: str, base_url: str | None = None) -> Provider:
    """Find a provider, with the address that it is asked at.

    Parameters
    ----------
    name : str
        Such as ``openai``.
    base_url : str, optional
        Instead of the provider's own. Servers of one's own (``vllm``, ``ollama``, ``llamacpp``,
        ``endpoint``) are otherwise looked for under ``ALIGNSURVEY_BASE_URL``. A hosted provider
        never is, so that its key goes nowhere else by a forgotten variable.

    Raises
    ------
    InputError
        There is no such provider, no address, or an address that is none.

    Examples
    --------
    >>> find_provider("mistral").base_url
    'https://api.mistral.ai/v1'
    >>> find_provider("endpoint", "http://localhost:9000/v1/").base_url
    'http://localhost:9000/v1'
    """
    if name not in PROVIDERS:
        raise InputError(f"no provider '{name}'; {nearest(name, PROVIDERS)}")
    found = PROVIDERS[name]
    given = base_url or (os.environ.get(BASE_URL_VARIABLE) if found.is_local else None)
    if not (given or found.base_url):
        raise InputError(
            f"'{name}/…' needs an address; give a base URL or set {BASE_URL_VARIABLE}, such as "
            "http://localhost:8000/v1"
        )
    return replace(found, base_url=_checked(given)) if given else found


def _checked(url: str) -> str:
    """Check an address and write it without the slash or the path that is added to it."""
    url = url.strip().rstrip("/").removesuffix("/chat/completions").rstrip("/")
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        known = False
    if not known:
        raise InputError(f"base URL '{url}' is no address; write it as http://host:port/v1")
    if parts.username or parts.password or parts.query:
        raise InputError(
            "the base URL holds a password or a query, and would be recorded; give the key in the "
            "environment instead"
        )
    return url
