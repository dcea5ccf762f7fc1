"""Blocks: prompts and raw bodies of neighbouring replies, packed together.

A respondent's prompts begin alike and an endpoint's bodies all look alike, so that they shrink to
a fraction together, and hardly at all one by one.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable

__all__ = ["Messages", "pack", "unpack"]

_LEVEL = 1
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
Messages = list[list[str]]


def pack(pairs: Iterable[tuple[Messages, str | None]]) -> bytes:
    """Pack pairs of messages and raw body.

    Examples
    --------
    >>> pairs = [([["user", "Did you vote? 您投票了吗？"]], '{"choices": []}')] * 20
    >>> len(pack(pairs)) < 120, unpack(pack(pairs)) == pairs
    (True, True)
    """
    text = _write([list(pair) for pair in pairs])
    return zlib.compress(text.encode("utf-8", "surrogatepass"), _LEVEL)


def unpack(content: bytes) -> list[tuple[Messages, str | None]]:
    """Give the pairs of messages and raw body back.

    Raises
    ------
    ValueError
        The block is damaged.
    """
    try:
        pairs = json.loads(zlib.decompress(content).decode("utf-8", "surrogatepass"))
    except zlib.error as error:
        raise ValueError(f"damaged block: {error}") from error
    return [(messages, body) for messages, body in pairs]
