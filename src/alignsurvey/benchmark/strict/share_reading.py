"""Read shares of many replies: most have each option with its percentage, line by line."""

from __future__ import annotations

import math
import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from alignsurvey.tasks.replies import Options, Shares, read_shares

_PLAIN_OPTION = re.compile("[A-Za-z\u4e00-\u9fff]+(?: [A-Za-z\u4e00-\u9fff]+)*")
_PERCENTAGE = r"(\d{1,3}(?:\.\d{1,10})?)%"
_ROUNDING = 0.4
"""Points that percentages may miss 100 by without a note."""


def shares_said(reply: str, options: Options) -> Shares:
    """Read shares of options; see `read_shares`.

    Examples
    --------
    >>> shares_said("A. 满意: 45.0%\\nB. 一般: 55.0%", (("A", "满意"), ("B", "一般"))).shares
    (0.45, 0.55)
    """
    pattern = _as_asked(options)
    found = pattern.fullmatch(reply) if pattern is not None else None
    if found is not None:
        values = [float(value) for value in found.groups()]
        total = math.fsum(values)
        if abs(total - 100) < _ROUNDING:
            return Shares("answered", tuple(value / total for value in values))
    return read_shares(reply, options)


@lru_cache(maxsize=4096)
def _as_asked(options: Options) -> re.Pattern[str] | None:
    """Write a pattern for lines in the order asked; None for options that can be misread."""
    plain = all(letter and _PLAIN_OPTION.fullmatch(text) for letter, text in options)
    if not options or not plain:
        return None
    trial = np.arange(1, len(options) + 1) / sum(range(1, len(options) + 1))
    lines = [f"{letter}. {text}" for letter, text in options]
    asked = "\n".join(f"{one}: {share:.8%}" for one, share in zip(lines, trial, strict=True))
    read = read_shares(asked, options)
    if read.note or not _same(read.shares, trial):
        return None
    return re.compile("\n".join(f"{re.escape(one)}: {_PERCENTAGE}" for one in lines))


def _same(read: tuple[float, ...] | None, put: NDArray[np.float64]) -> bool:
    return read is not None and np.allclose(read, put, rtol=0.0, atol=1e-7)
