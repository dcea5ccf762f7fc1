"""How many humans to ask in each stratum: where answers differ and the simulator fails, more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Allocation:
    """Humans in each stratum.

    Parameters
    ----------
    n : mapping of str to int
    se : float
        Standard error of the mean over all strata, of the humans' part.
    se_proportional : float
        The same if each stratum had its share of the population.
    """

    n: Mapping[str, int]
    se: float
    se_proportional: float

    @property
    def saved(self) -> float:
        """Share of the humans that proportional allocation would need on top."""
        return (self.se_proportional / self.se) ** 2 - 1 if self.se > 0 else 0.0


def neyman(
    shares: Mapping[str, float],
    sds: Mapping[str, float],
    n: int,
    costs: Mapping[str, float] | None = None,
    at_least: int = 2,
) -> Allocation:
    """Share out n humans over strata so that the mean is as precise as can be.

    ``n_k`` is proportional to ``W_k sd_k / sqrt(c_k)``, with W the stratum's share of the
    population and sd the standard deviation of ``y - lambda f`` there (of y without a simulator).

    Parameters
    ----------
    shares : mapping of str to float
        Of the population; they need not sum to 1.
    sds : mapping of str to float
    n : int
        Humans in all.
    costs : mapping of str to float, optional
        Of a human in each stratum; the same everywhere without it.
    at_least : int
        Humans in each stratum, for a variance needs two.

    Returns
    -------
    Allocation

    Raises
    ------
    InputError
        Strata differ between the arguments, a value is negative, or n is too small.

    References
    ----------
    Neyman (1934); Cochran (1977), section 5.5; arXiv 2406.04291 for the residuals.

    Examples
    --------
    >>> found = neyman({"town": 0.7, "village": 0.3}, {"town": 0.2, "village": 0.8}, n=100)
    >>> found.n
    {'town': 37, 'village': 63}
    >>> round(found.se, 4), round(found.se_proportional, 4)
    (0.038, 0.0469)
    """
    names = list(shares)
    W, sd = _values(shares, names, "shares"), _values(sds, names, "sds")
    c = np.ones(len(names)) if costs is None else _values(costs, names, "costs")
    if W.sum() <= 0 or (c <= 0).any():
        raise InputError("shares must not all be 0, and every cost must be above 0")
    if n < at_least * len(names):
        raise InputError(
            f"{n} humans cannot be shared out over {len(names)} strata with {at_least} in each; "
            "put strata together, or ask more"
        )
    W = W / W.sum()
    wanted = W * sd / np.sqrt(c)
    chosen = _whole(wanted if wanted.sum() > 0 else W, n, at_least)
    plain = _whole(W, n, at_least)
    return Allocation(
        dict(zip(names, chosen.tolist(), strict=True)),
        float(np.sqrt(np.sum(W**2 * sd**2 / chosen))),
        float(np.sqrt(np.sum(W**2 * sd**2 / plain))),
    )


def _values(given: Mapping[str, float], names: list[str], what: str) -> Array:
    odd = sorted(set(given) ^ set(names))
    if odd or not names:
        raise InputError(f"{what}: strata differ ({', '.join(odd) or 'there are none'})")
    values = np.array([given[name] for name in names], dtype=float)
    if not (np.isfinite(values) & (values >= 0)).all():
        bad = names[int(np.argmin(np.isfinite(values) & (values >= 0)))]
        raise InputError(f"{what}: '{bad}' must be a number from 0 on, not {given[bad]!r}")
    return values


def _whole(wanted: Array, n: int, at_least: int) -> NDArray[np.int64]:
    """Whole numbers that sum to n: the least for everyone, the rest by largest remainders.

    Strata that would get less than the least are given it, and the others share what is left.
    """
    least = np.zeros(len(wanted), dtype=bool)
    while True:
        free = n - at_least * int(least.sum())
        total = wanted[~least].sum()
        exact = np.where(least, at_least, free * wanted / total if total > 0 else 0.0)
        below = ~least & (exact < at_least)
        if not below.any():
            break
        least |= below
        if least.all():
            exact = np.full(len(wanted), n / len(wanted))
            break
    found = np.floor(exact + 1e-9).astype(np.int64)
    order = np.argsort(-(exact - found), kind="stable")
    found[order[: n - int(found.sum())]] += 1
    return found
