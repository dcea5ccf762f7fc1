"""Keys: taken from the environment or a .env file, and never written anywhere."""

from __future__ import annotations

import os
import re
from pathlib import Path

from alignsurvey.errors import EndpointError, InputError
from alignsurvey.simulators.endpoints.providers import Provider

__all__ = ["find_key", "redact"]

HIDDEN = "[key]"
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*")
_LOOKS_LIKE_A_KEY = re.compile(
    r"\b(?:(?:sk|pk|rk|gsk|key|tgp)[-_]|AIza)(?=\S*[0-9*])[A-Za-z0-9*_\-]{6,}|(?<=Bearer )\S+"
)


def find_key(provider: Provider, folder: Path | None = None) -> str:
    """Find a provider's key, "" for a server that needs none and has none.

    Parameters
    ----------
    provider : Provider
    folder : Path, optional
        Where a ``.env`` file is looked for; the working directory by default. The environment
        goes first.

    Raises
    ------
    EndpointError
        There is no key, and the provider needs one.
    InputError
        The key cannot be sent: it holds a line break or a sign that is not ASCII.

    Examples
    --------
    >>> from alignsurvey.simulators.endpoints.providers import find_provider
    >>> find_key(find_provider("ollama"), Path("/nowhere"))
    ''
    """
    variable = provider.key_variable
    key = os.environ.get(variable) or _from_file(folder or Path(), variable) or ""
    key = key.strip()
    if not key and provider.needs_key:
        raise EndpointError(
            f"{provider.name}: no key; set {variable} in the environment or in a .env file here"
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise InputError(f"{variable} holds a sign that no key has; copy the key again")
    return key


def _from_file(folder: Path, variable: str) -> str | None:
    """Read one variable from a .env file; the others are none of our business."""
    path = folder / ".env"
    if not path.is_file():
        return None
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as text; save it as UTF-8") from error
    for line in reversed(lines):
        found = _LINE.fullmatch(line)
        if found and found[1] == variable:
            return _unquoted(found[2])
    return None


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value.split(" #", maxsplit=1)[0].rstrip()


def redact(text: str, key: str = "") -> str:
    """Hide a key, and whatever looks like one, in a text that is shown or kept.

    Examples
    --------
    >>> redact("Incorrect API key provided: sk-abc12******xyz.")
    'Incorrect API key provided: [key].'
    >>> redact("key 0123 is wrong", key="0123")
    'key [key] is wrong'
    """
    if key:
        text = text.replace(key, HIDDEN)
    return _LOOKS_LIKE_A_KEY.sub(HIDDEN, text)
