"""From the log-probabilities of tokens to those of whole labels."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

__all__ = ["UndecidableError", "label_log_probabilities", "plain_label", "share_a_start"]

_BEFORE = " \t\r\n▁Ġ\"'`*([{<"
_AFTER = " \t\r\n\"'`*)]}>.:,;、"
_NEGLIGIBLE = 0.01
"""A share that may be given to the shorter of two labels where it cannot be told which is meant."""
_NO_PROBABILITY = -9000.0
"""Some servers write -9999 where they have none."""

Tokens = Sequence[tuple[str, float]]


class UndecidableError(ValueError):
    """A token may be one label whole or the start of another, and nothing tells which."""


def share_a_start(labels: Sequence[str]) -> bool:
    """Whether one label is the start of another, as "1" is of "10".

    Examples
    --------
    >>> share_a_start(["A", "B"]), share_a_start(["1", "2", "10"])
    (False, True)
    """
    return any(one != other and other.startswith(one) for one in labels for other in labels)


def label_log_probabilities(
    positions: Sequence[Tokens], labels: Sequence[str]
) -> tuple[dict[str, float], float]:
    """Sum the probability of each label over the tokens that mean it.

    "A", " A", "A.", "(A" and the full-width A mean A. "a" does not: it is how "a person like me"
    begins. "10" never counts for "1", and "1" counts for itself only as far as it is not the
    first half of "10": where the tokenizer splits "10", the second token tells them apart.

    Parameters
    ----------
    positions : sequence of sequences of (token, log-probability)
        For the first and, if there is one, the second token of the reply: the token that was
        drawn, and then the alternatives to it.
    labels : sequence of str

    Returns
    -------
    tuple of (mapping, float)
        Natural logarithms of the labels' probabilities, not renormalized, labels among no token
        left out; and the probability that lies on none of them.

    Raises
    ------
    UndecidableError
        A label may be the start of another, with a share that matters.

    Examples
    --------
    >>> found, outside = label_log_probabilities(
    ...     [[(" A", -1.0), ("A", -2.0), ("B.", -1.5), ("I", -3.0)]], ["A", "B"])
    >>> [f"{label} {math.exp(value):.3f}" for label, value in found.items()], f"{outside:.3f}"
    (['A 0.503', 'B 0.223'], '0.274')
    """
    known = set(labels)
    masses: dict[str, float] = {}
    # The drawn token stands among the alternatives too, so that tokens are counted once by name.
    for token, value in dict(positions[0]).items():
        label = plain_label(token)
        if label in known and value > _NO_PROBABILITY:
            masses[label] = masses.get(label, 0.0) + math.exp(value)
    if share_a_start(labels):
        _part_shared_starts(masses, positions, labels)
    inside = math.fsum(masses.values())
    logs = {one: math.log(masses[one]) for one in labels if masses.get(one, 0.0) > 0}
    return logs, min(1.0, max(0.0, 1.0 - inside))


@lru_cache(maxsize=65536)
def plain_label(token: str) -> str:
    """Take off what may stand before and after a label within its token.

    Examples
    --------
    >>> plain_label(" A."), plain_label("a")
    ('A', 'a')
    """
    return unicodedata.normalize("NFKC", token).lstrip(_BEFORE).rstrip(_AFTER)


def _part_shared_starts(
    masses: dict[str, float], positions: Sequence[Tokens], labels: Sequence[str]
) -> None:
    """Give a label's share to the longer labels that it may be the start of."""
    for short in sorted(labels, key=len):
        # A longer label that came whole has a token of its own, and is not written in two.
        longer = {
            one for one in labels if one != short and one.startswith(short) and one not in masses
        }
        share = masses.get(short, 0.0)
        if not longer or share < _NEGLIGIBLE:
            continue
        drawn = plain_label(positions[0][0][0])
        if drawn != short or len(positions) < 2 or max(map(len, longer)) > len(short) + 1:
            raise UndecidableError(f"'{short}' may be the start of '{min(longer)}'")
        for rest, part in _continuations(short, positions[1], longer).items():
            masses[rest] = masses.get(rest, 0.0) + share * part
            masses[short] -= share * part


def _continuations(start: str, second: Tokens, longer: set[str]) -> Mapping[str, float]:
    """Share of each longer label among what follows its start."""
    shares: dict[str, float] = {}
    for token, value in dict(second).items():
        whole = start + token.rstrip(_AFTER)
        if whole in longer and value > _NO_PROBABILITY:
            shares[whole] = shares.get(whole, 0.0) + math.exp(value)
    return shares


def read_positions(logprobs: Any) -> list[Tokens] | None:
    """Read log-probabilities in either of the two forms that servers send; None without any.

    ``content`` holds a list of tokens with their alternatives (OpenAI and most); ``tokens``,
    ``token_logprobs`` and ``top_logprobs`` are three lists beside each other (older completions).

    Examples
    --------
    >>> read_positions({"tokens": ["A"], "token_logprobs": [-0.1], "top_logprobs": [{"B": -2.4}]})
    [[('A', -0.1), ('B', -2.4)]]
    >>> read_positions({"content": []}) is None
    True
    """
    if not isinstance(logprobs, Mapping):
        return None
    positions: list[Tokens] = []
    try:
        if logprobs.get("content"):
            for one in logprobs["content"][:2]:
                others = [(top["token"], float(top["logprob"])) for top in one["top_logprobs"]]
                positions.append([(one["token"], float(one["logprob"])), *others])
        elif logprobs.get("tokens"):
            lists = (logprobs["tokens"], logprobs["token_logprobs"], logprobs["top_logprobs"])
            for token, value, top in list(zip(*lists, strict=True))[:2]:
                positions.append([(token, float(value)), *((t, float(v)) for t, v in top.items())])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    first = positions[0] if positions else []
    return positions if any(v > _NO_PROBABILITY for _, v in first[1:]) else None
