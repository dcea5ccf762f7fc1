"""Variance of a weighted sum under a survey design: weights, strata, clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Design:
    """How n people came into a sample.

    Parameters
    ----------
    weights : array, shape (n,)
    strata, clusters : array of int, shape (n,), optional
    """

    weights: Array
    strata: Ints | None = None
    clusters: Ints | None = None

    @property
    def n(self) -> int:
        """Number of people."""
        return len(self.weights)

    def take(self, rows: NDArray[Any]) -> Design:
        """Keep some people."""
        return Design(
            self.weights[rows],
            None if self.strata is None else self.strata[rows],
            None if self.clusters is None else self.clusters[rows],
        )

    @property
    def units(self) -> tuple[Ints, Ints]:
        """Sampling unit of each person, and stratum of each unit."""
        strata = np.zeros(self.n, dtype=np.int64) if self.strata is None else self.strata
        if self.clusters is None:
            return np.arange(self.n), strata
        pairs = np.column_stack([strata, self.clusters])
        unique, member = np.unique(pairs, axis=0, return_inverse=True)
        return member.reshape(-1), unique[:, 0]

    @property
    def df(self) -> float:
        """Degrees of freedom: sampling units less strata."""
        _, strata = self.units
        return float(len(strata) - len(np.unique(strata)))

    def covariance(self, a: Array, b: Array) -> Array:
        """Covariance of two sums of contributions, column by column.

        Units are taken as drawn with replacement within strata. A stratum of a single unit is
        compared with the mean of all units, which is conservative.

        Parameters
        ----------
        a, b : array, shape (n, p)
            Contributions of each person; the estimates are their sums.

        Returns
        -------
        array, shape (p,)

        References
        ----------
        Särndal, Swensson & Wretman (1992), section 5.5 (Taylor linearisation).

        Examples
        --------
        >>> y = np.array([[1.0], [2.0], [4.0], [5.0]])
        >>> design = Design(np.ones(4))
        >>> contribution = (y - y.mean()) / 4
        >>> float(design.covariance(contribution, contribution)[0]), float(y.var(ddof=1) / 4)
        (0.8333333333333334, 0.8333333333333334)
        """
        if self.strata is None and self.clusters is None:
            n = len(a)
            centred = (a - a.mean(axis=0)) * (b - b.mean(axis=0))
            return np.asarray(centred.sum(axis=0) * n / max(n - 1, 1))
        units, strata = self.units
        first, second = (_centred(_totals(x, units, len(strata)), strata) for x in (a, b))
        sizes = np.bincount(strata)[strata]
        factor = np.where(sizes > 1, sizes / np.maximum(sizes - 1, 1), 1.0)
        return np.asarray((first * second * factor[:, None]).sum(axis=0))


def _totals(x: Array, units: Ints, count: int) -> Array:
    total = np.zeros((count, x.shape[1]))
    np.add.at(total, units, x)
    return total


def _centred(totals: Array, strata: Ints) -> Array:
    sizes = np.bincount(strata)
    sums = np.zeros((len(sizes), totals.shape[1]))
    np.add.at(sums, strata, totals)
    centre = sums / np.maximum(sizes, 1)[:, None]
    centre[sizes == 1] = totals.mean(axis=0)
    return np.asarray(totals - centre[strata])
