"""Power to find a difference between two groups, with and without simulated people."""

from __future__ import annotations

import numpy as np
from scipy import stats

from alignsurvey.errors import InputError
from alignsurvey.rectify.planning.precision import (
    LEAST_HUMANS,
    MOST_HUMANS,
    Assumed,
    standard_error,
)


def power_of_difference(
    difference: float,
    first: Assumed,
    n: int,
    N: int = 0,
    second: Assumed | None = None,
    n_second: int | None = None,
    N_second: int | None = None,
) -> float:
    """Probability that a two-sided test finds a difference between the means of two groups.

    Parameters
    ----------
    difference : float
        True difference, in the units of the answers.
    first : Assumed
        Of the first group; its level gives the test's, alpha = 1 - level.
    n, N : int
        Humans and further simulated people in the first group.
    second, n_second, N_second
        Of the second group; as the first without.

    Returns
    -------
    float

    References
    ----------
    Noncentral t (Cohen 1988, chapter 2), with the rectified standard error.

    Examples
    --------
    >>> round(power_of_difference(0.2, Assumed(0.0, 0.5), 100), 2)
    0.8
    >>> round(power_of_difference(0.2, Assumed(0.6, 0.5), 100, 10_000), 2)
    0.94
    """
    other = second or first
    n_other = n if n_second is None else n_second
    N_other = N if N_second is None else N_second
    if min(n, n_other) < LEAST_HUMANS:
        raise InputError(f"power is planned for {LEAST_HUMANS} humans or more in each group")
    se = np.hypot(standard_error(first, n, N), standard_error(other, n_other, N_other))
    tuned = (N > 0 and first.r2 > 0) + (N_other > 0 and other.r2 > 0)
    df = n + n_other - 2 - tuned
    critical = stats.t.ppf(0.5 + first.level / 2, df)
    shift = abs(difference) / se
    # Beyond 37 standard errors the noncentral t underflows; the test cannot miss there.
    if shift > 37:
        return 1.0
    return float(stats.nct.sf(critical, df, shift) + stats.nct.cdf(-critical, df, shift))


def humans_for_power(difference: float, assumed: Assumed, N: int = 0, power: float = 0.8) -> int:
    """Fewest humans in each of two equal groups that find a difference with some power.

    Parameters
    ----------
    difference : float
        In the units of the answers, not 0.
    assumed : Assumed
        Of both groups.
    N : int
        Further simulated people in each group.
    power : float

    Raises
    ------
    InputError
        The difference is 0, or more than 20 million humans are needed.

    Examples
    --------
    >>> humans_for_power(0.2, Assumed(0.0, 0.5)), humans_for_power(0.2, Assumed(0.6, 0.5), 10_000)
    (100, 65)
    """
    _check(power)
    if not 0 < abs(difference) < np.inf:
        raise InputError("a difference of 0 is never found; give one that would matter")
    low, high = LEAST_HUMANS - 1, LEAST_HUMANS
    while power_of_difference(difference, assumed, high, N) < power:
        low, high = high, high * 2
        if high > MOST_HUMANS:
            raise InputError(f"to find {difference:g} takes more than {MOST_HUMANS:,} humans")
    while high - low > 1:
        middle = (low + high) // 2
        if power_of_difference(difference, assumed, middle, N) < power:
            low = middle
        else:
            high = middle
    return high


def detectable_difference(assumed: Assumed, n: int, N: int = 0, power: float = 0.8) -> float:
    """Smallest difference that n humans in each of two groups find with some power.

    Examples
    --------
    >>> round(detectable_difference(Assumed(0.0, 0.5), 100), 3)
    0.199
    """
    _check(power)
    se = float(np.sqrt(2) * standard_error(assumed, n, N))
    low, high = 0.0, 30 * se
    while high - low > 1e-9 * se:
        middle = (low + high) / 2
        if power_of_difference(middle, assumed, n, N) < power:
            low = middle
        else:
            high = middle
    return high


def _check(power: float) -> None:
    if not 0.05 < power < 1:
        raise InputError(f"power must lie between .05 and 1, such as .8, not {power:g}")
