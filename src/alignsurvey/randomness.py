"""Randomness that is derived from a seed and stable ids, never drawn from a stream.

A respondent's fold, draw or order of options must not depend on who else is in the data, in which
order they come, or in which batch they are asked. So every random number here is a hash of
(seed, purpose, respondent, item).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def stable_hash(*parts: Hashable) -> int:
    """Hash values to 64 bits, the same on every machine and in every process.

    Parameters
    ----------
    *parts : int, float or str
        Floats that are whole count as integers, so that an id survives a trip through a file
        format that only knows floats.

    Returns
    -------
    int
        Between 0 and 2**64 - 1.

    Examples
    --------
    >>> stable_hash("order", 7) == stable_hash("order", 7.0)
    True
    >>> stable_hash("order", 7) == stable_hash("order", "8")
    False
    """
    text = "\x1f".join(_as_text(part) for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def _as_text(part: Hashable) -> str:
    if isinstance(part, float) and part.is_integer():
        return str(int(part))
    return str(part)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64 bits (the finalizer of splitmix64, Steele, Lea & Flood 2014)."""
    x = (x + _GOLDEN).astype(np.uint64)
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


def hash_ids(ids: Iterable[Hashable]) -> NDArray[np.uint64]:
    """Hash respondent ids once, for use in many draws.

    Examples
    --------
    >>> hash_ids(["a", "b"]).shape
    (2,)
    """
    return np.array([stable_hash(one) for one in ids], dtype=np.uint64)


def uniforms(id_hashes: NDArray[np.uint64], *key: Hashable) -> NDArray[np.float64]:
    """Give each respondent a uniform number in [0, 1) that depends on its id and a key alone.

    Parameters
    ----------
    id_hashes : array of uint64, shape (n,)
        From `hash_ids`.
    *key : int, float or str
        What the numbers are for: seed, purpose, item, draw.

    Returns
    -------
    array, shape (n,)

    Examples
    --------
    >>> ids = hash_ids(["a", "b", "c"])
    >>> bool(uniforms(ids, 42, "draw", "vote")[1] == uniforms(ids[1:2], 42, "draw", "vote")[0])
    True
    """
    salted = id_hashes ^ np.uint64(stable_hash(*key))
    bits = _mix(_mix(salted))
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def generator(*key: Hashable) -> np.random.Generator:
    """Make a local NumPy generator from a key, where a stream of numbers is unavoidable.

    Examples
    --------
    >>> bool(generator(1, "bootstrap").random() == generator(1, "bootstrap").random())
    True
    """
    return np.random.Generator(np.random.Philox(key=stable_hash(*key)))
