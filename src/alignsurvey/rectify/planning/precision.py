"""How wide an interval will be for n humans and N more simulated people, before they are asked.

For the mean of a question, rectified with the best lambda (PPI++, arXiv 2301.09633, 2311.01453):

    Var(n, N) = sd^2 ((1 - rho^2) / n + rho^2 / (n + N))

which is two-phase sampling with a regression estimator (Cochran 1977, section 12.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alignsurvey.errors import InputError

Array = NDArray[np.float64]
LEAST_HUMANS = 4
MOST_HUMANS = 20_000_000


@dataclass(frozen=True)
class Assumed:
    """What is assumed of a question and a simulator; a pilot tells it, or a guess.

    Parameters
    ----------
    rho : float
        Correlation of human and simulated answers over people, -1 to 1. What is below 0 counts
        as 0: such a simulator is given no weight.
    sd : float
        Standard deviation of the human answers, in their units. For a share p it is
        ``sqrt(p (1 - p))``, .5 at most.
    level : float
        Confidence level of the interval.
    design_effect : float
        Variance over that of a simple random sample of the same size; weights make it above 1.

    Raises
    ------
    InputError
        A value is not possible.

    Examples
    --------
    >>> Assumed(rho=0.6, sd=0.5).gain
    1.5625
    """

    rho: float
    sd: float = 1.0
    level: float = 0.95
    design_effect: float = 1.0

    def __post_init__(self) -> None:
        if not -1 <= self.rho <= 1:
            raise InputError(f"rho is a correlation, from -1 to 1, not {self.rho:g}")
        if not 0 < self.sd < np.inf:
            raise InputError(
                f"sd must be above 0, not {self.sd:g}; of constant answers all is known"
            )
        if not 0.5 < self.level < 1:
            raise InputError(f"level must lie between .5 and 1, such as .95, not {self.level:g}")
        if not 1 <= self.design_effect < np.inf:
            raise InputError(f"design_effect is 1 or more, not {self.design_effect:g}")

    @property
    def r2(self) -> float:
        """Share of the human variance that the simulator explains."""
        return max(self.rho, 0.0) ** 2

    @property
    def gain(self) -> float:
        """Humans that one human is worth with endless simulated people: ``1 / (1 - rho^2)``."""
        return float(np.inf) if self.r2 == 1 else 1 / (1 - self.r2)


def standard_error(assumed: Assumed, n: ArrayLike, N: ArrayLike = 0) -> Any:
    """Standard error of a rectified mean.

    Parameters
    ----------
    assumed : Assumed
    n : int or array
        Humans, who are simulated too.
    N : int or array
        People with simulated answers only; 0 is the pilot alone.

    Returns
    -------
    float or array
        In the units of the answers.

    Examples
    --------
    >>> round(standard_error(Assumed(0.6, 0.5), 100), 3)
    0.05
    >>> round(standard_error(Assumed(0.6, 0.5), 100, 10_000), 3)
    0.04
    """
    humans, others = _counts(n, N)
    variance = (1 - assumed.r2) / humans + assumed.r2 / (humans + others)
    return _plain(assumed.sd * np.sqrt(assumed.design_effect * variance))


def interval_width(assumed: Assumed, n: ArrayLike, N: ArrayLike = 0) -> Any:
    """Width of the interval of a rectified mean, from end to end.

    Student's t makes up for a small pilot, with ``n - 1`` degrees of freedom, or ``n - 2`` where
    lambda is tuned on it; so a weak simulator costs a little.

    Parameters
    ----------
    assumed, n, N
        See `standard_error`; n from 4 on.

    Returns
    -------
    float or array
        In the units of the answers.

    Examples
    --------
    >>> round(interval_width(Assumed(0.6, 0.5), 100), 3)
    0.198
    >>> round(interval_width(Assumed(0.6, 0.5), 100, 10_000), 3)
    0.16
    """
    humans, others = _counts(n, N)
    if (humans < LEAST_HUMANS).any():
        raise InputError(f"an interval is planned for {LEAST_HUMANS} humans or more")
    tuned = (others > 0) & (assumed.r2 > 0)
    df = humans - np.where(tuned, 2.0, 1.0)
    r2 = np.where(tuned, assumed.r2, 0.0)
    variance = (1 - r2) / humans * (humans - 1) / df + r2 / (humans + others)
    se = assumed.sd * np.sqrt(assumed.design_effect * variance)
    return _plain(2 * stats.t.ppf(0.5 + assumed.level / 2, df) * se)


def effective_humans(rho: float, n: ArrayLike, N: ArrayLike) -> Any:
    """Humans that the pilot alone would need for the same standard error.

    ``n (n + N) / (n + (1 - rho^2) N)``; for endless N it is ``n / (1 - rho^2)``.

    Examples
    --------
    >>> round(effective_humans(0.37, 100, 10_000))
    116
    """
    humans, others = _counts(n, N)
    r2 = Assumed(rho).r2
    return _plain(humans * (humans + others) / (humans + (1 - r2) * others))


def humans_for_width(assumed: Assumed, width: float, N: int = 0) -> int:
    """Fewest humans for an interval of at most some width.

    Parameters
    ----------
    assumed : Assumed
    width : float
        From end to end, in the units of the answers.
    N : int
        People with simulated answers only.

    Raises
    ------
    InputError
        The width is not above 0, or so small that more than 20 million humans are needed.

    Examples
    --------
    >>> humans_for_width(Assumed(0.6, 0.5), 0.1), humans_for_width(Assumed(0.6, 0.5), 0.1, 10_000)
    (387, 253)
    """
    if not width > 0:
        raise InputError(f"width must be above 0, not {width:g}")
    low, high = LEAST_HUMANS - 1, LEAST_HUMANS
    while interval_width(assumed, high, N) > width:
        low, high = high, high * 2
        if high > MOST_HUMANS:
            raise InputError(
                f"an interval of width {width:g} needs more than {MOST_HUMANS:,} humans; allow a "
                "wider one"
            )
    while high - low > 1:
        middle = (low + high) // 2
        if interval_width(assumed, middle, N) > width:
            low = middle
        else:
            high = middle
    return high


def _counts(n: ArrayLike, N: ArrayLike) -> tuple[Array, Array]:
    humans, others = np.asarray(n, dtype=float), np.asarray(N, dtype=float)
    if not (humans >= 1).all():
        raise InputError("the number of humans must be 1 or more")
    if not (others >= 0).all():
        raise InputError("the number of simulated people must be 0 or more")
    return humans, others


def _plain(values: Any) -> Any:
    return float(values) if np.ndim(values) == 0 else values
