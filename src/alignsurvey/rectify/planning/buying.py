"""What a human and a simulated answer cost decides how many of each to buy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from alignsurvey.errors import InputError
from alignsurvey.rectify.planning.precision import (
    LEAST_HUMANS,
    Array,
    Assumed,
    humans_for_width,
    interval_width,
)

MOST_TRIED = 200_000


@dataclass(frozen=True)
class Costs:
    """Price of an answer, in any currency.

    Parameters
    ----------
    human : float
        Of a human answer.
    simulated : float
        Of a simulated answer. Whoever is a human in a rectified estimate is simulated too, so n
        humans and N others cost ``human n + simulated (n + N)``.

    Examples
    --------
    >>> Costs(5.0, 0.002).of(100, 10_000)
    520.2
    """

    human: float
    simulated: float

    def __post_init__(self) -> None:
        for name in ("human", "simulated"):
            value = getattr(self, name)
            if not 0 < value < np.inf:
                raise InputError(f"the cost of a {name} answer must be above 0, not {value:g}")

    def of(self, n: Any, N: Any) -> Any:
        """Cost of n humans and N others; without others nobody is simulated."""
        asked = np.where(np.asarray(N) > 0, np.asarray(n) + N, 0.0)
        total = self.human * np.asarray(n) + self.simulated * asked
        return float(total) if total.ndim == 0 else total


@dataclass(frozen=True)
class Purchase:
    """How many to buy, and what the same would be without a simulator.

    Parameters
    ----------
    n, N : int
        Humans, and people with simulated answers only; N is 0 where the simulator does not pay.
    cost, width : float
    humans_only : int
        Humans for the same width (or of the same money) without a simulator.
    cost_humans_only, width_humans_only : float
    """

    n: int
    N: int
    cost: float
    width: float
    humans_only: int
    cost_humans_only: float
    width_humans_only: float

    @property
    def pays(self) -> bool:
        """Whether simulated people are part of it."""
        return self.N > 0


def best_share(assumed: Assumed, costs: Costs) -> float:
    """Humans as a share of all who are simulated, at the lowest cost for a given precision.

    ``sqrt((1 - rho^2) / rho^2 * c_simulated / c_human)``, 1 at most (Cochran 1977, section 12.7).

    Examples
    --------
    >>> round(best_share(Assumed(0.6), Costs(5.0, 0.002)), 4)
    0.0267
    """
    if assumed.r2 == 0:
        return 1.0
    ratio = (1 - assumed.r2) / assumed.r2 * costs.simulated / costs.human
    return float(min(1.0, np.sqrt(ratio)))


def simulator_pays(assumed: Assumed, costs: Costs) -> bool:
    """Whether a simulator saves money at all, in large samples.

    It does where ``sqrt((1 - rho^2) c_human) + rho sqrt(c_simulated) < sqrt(c_human)``.

    Examples
    --------
    >>> simulator_pays(Assumed(0.3), Costs(5.0, 0.002)), simulator_pays(Assumed(0.3), Costs(5, 1))
    (True, False)
    """
    mixed = np.sqrt((1 - assumed.r2) * costs.human) + np.sqrt(assumed.r2 * costs.simulated)
    return bool(mixed < np.sqrt(costs.human) - 1e-12)


def cheapest(
    assumed: Assumed, costs: Costs, width: float, most_simulated: int | None = None
) -> Purchase:
    """Cheapest numbers for an interval of at most some width.

    Every number of humans is tried, each with the fewest simulated people that do.

    Parameters
    ----------
    assumed : Assumed
    costs : Costs
    width : float
        From end to end, in the units of the answers.
    most_simulated : int, optional
        People there are to simulate; as many as pay without it.

    Examples
    --------
    >>> best = cheapest(Assumed(0.6, 0.5), Costs(5.0, 0.002), width=0.1)
    >>> best.n, best.humans_only, round(best.cost), round(best.cost_humans_only)
    (253, 387, 1284, 1935)
    """
    alone = humans_for_width(assumed, width)
    n = _humans_tried(alone)
    N = _fewest_simulated(assumed, n, width)
    N[-1] = 0.0
    limit = np.inf if most_simulated is None else most_simulated
    enough = np.isfinite(N) & (limit >= N)
    cost = np.where(enough, costs.of(n, np.where(enough, N, 0.0)), np.inf)
    best = int(np.argmin(cost))
    chosen, others = int(n[best]), int(N[best])
    return Purchase(
        chosen,
        others,
        float(cost[best]),
        interval_width(assumed, chosen, others),
        alone,
        float(costs.of(alone, 0)),
        interval_width(assumed, alone),
    )


def _fewest_simulated(assumed: Assumed, n: Array, width: float) -> Array:
    """Fewest N for a width with each n; infinite where no N does; shape (len(n),)."""
    t = stats.t.ppf(0.5 + assumed.level / 2, n - 2)
    allowed = (width / (2 * t * assumed.sd)) ** 2 / assumed.design_effect
    room = allowed - (1 - assumed.r2) / n * (n - 1) / (n - 2)
    total = assumed.r2 / np.where(room > 0, room, 1.0)
    N = np.maximum(np.ceil(total - n - 1e-9), 1.0)
    possible = (room > 0) & (assumed.r2 > 0)
    return np.asarray(np.where(possible, N, np.inf))


def _humans_tried(most: int) -> Array:
    """Numbers of humans to compare: all, or where these are many as many on a fine grid."""
    if most <= MOST_TRIED:
        return np.arange(LEAST_HUMANS, most + 1, dtype=float)
    return np.unique(np.round(np.geomspace(LEAST_HUMANS, most, MOST_TRIED)))


def most_precise(
    assumed: Assumed, costs: Costs, budget: float, most_simulated: int | None = None
) -> Purchase:
    """Narrowest interval that a budget buys.

    Parameters
    ----------
    assumed, costs, most_simulated
        See `cheapest`.
    budget : float
        In the currency of the costs.

    Raises
    ------
    InputError
        The budget does not buy four humans.

    Examples
    --------
    >>> best = most_precise(Assumed(0.6, 0.5), Costs(5.0, 0.002), budget=500)
    >>> best.n, best.N, best.humans_only, round(best.width, 3), round(best.width_humans_only, 3)
    (98, 4902, 100, 0.162, 0.198)
    """
    alone = int(budget / costs.human + 1e-9) if np.isfinite(budget) else 0
    if alone < LEAST_HUMANS:
        raise InputError(
            f"a budget of {budget:g} buys {alone} humans at {costs.human:g} each; at least "
            f"{LEAST_HUMANS} are needed"
        )
    n = _humans_tried(alone)
    left = np.floor((budget - costs.human * n) / costs.simulated - n + 1e-9)
    N = np.clip(left, 0, np.inf if most_simulated is None else most_simulated)
    widths = interval_width(assumed, n, N)
    best = int(np.argmin(widths))
    chosen, others = int(n[best]), int(N[best])
    if assumed.r2 == 0 or widths[best] >= interval_width(assumed, alone):
        chosen, others = alone, 0
    return Purchase(
        chosen,
        others,
        float(costs.of(chosen, others)),
        interval_width(assumed, chosen, others),
        alone,
        float(costs.of(alone, 0)),
        interval_width(assumed, alone),
    )
