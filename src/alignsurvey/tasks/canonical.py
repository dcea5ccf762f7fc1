"""Canonical JSON: one text for one value, so that its hash is an id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring as quoted
from typing import Any

import numpy as np

from alignsurvey.errors import InputError

_PLAIN = frozenset({str, int, bool, type(None)})

_write = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def canonical_json(value: object) -> str:
    """Write a value as JSON in one way only: keys sorted, no spaces, whole floats as integers.

    Raises
    ------
    InputError
        Something in it has no JSON form: a NaN, an object, a key that is no text.

    Examples
    --------
    >>> canonical_json({"b": (1.0, 2.5), "a": "是"})
    '{"a":"是","b":[1,2.5]}'
    """
    return _write(plain(value))


def digest(value: object) -> str:
    """SHA-256 of a value's canonical JSON, in hexadecimal digits.

    Examples
    --------
    >>> digest({"a": 1})[:12]
    '015abd7f5cc5'
    """
    return text_digest(canonical_json(value))


def text_digest(text: str) -> str:
    """SHA-256 of a text, in hexadecimal digits.

    Half of a surrogate pair can stand in a released text; it has a hash like any other sign.

    Examples
    --------
    >>> text_digest('{"a":1}') == digest({"a": 1.0})
    True
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def scalar_json(value: object) -> str:
    """`canonical_json` of a text or a number, in a tenth of the time; a plan writes millions.

    Examples
    --------
    >>> scalar_json("是"), scalar_json(7), scalar_json(1.0)
    ('"是"', '7', '1')
    """
    if type(value) is str:
        return quoted(value)
    return str(value) if type(value) is int else canonical_json(value)


def plain(value: object) -> Any:
    """Turn a value into texts, numbers, lists and mappings; whole floats into integers.

    Raises
    ------
    InputError
        Something in it has no JSON form.

    Examples
    --------
    >>> plain((1.0, "是"))
    [1, '是']
    """
    # Nearly all that is hashed is plain already, and a plan hashes millions of values: exact types
    # go first, since asking for abstract ones took most of the time of planning.
    if type(value) in _PLAIN:
        return value
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return _made_plain(value)


def _made_plain(value: object) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float) and np.isfinite(value):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        if strange := [key for key in value if not isinstance(key, str)]:
            raise InputError(f"canonical JSON: the key {strange[0]!r} must be a text")
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, Sequence):
        return [plain(one) for one in value]
    raise InputError(f"canonical JSON: {value!r} has no form in it; give texts and finite numbers")
