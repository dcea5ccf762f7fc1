"""The paired t-test: does one simulator score otherwise than another on the same people?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class PairedTest(NamedTuple):
    """The t statistic, its degrees of freedom, and the two-sided p-value."""

    t: float
    df: int
    p: float


def paired_t(first: ArrayLike, second: ArrayLike) -> PairedTest:
    """Test two-sidedly that the mean difference of paired numbers is 0.

    Rows of one respondent are not independent: give one number a respondent, the mean of its rows.

    Parameters
    ----------
    first, second : (n,) one number a respondent; pairs with NaN are left out.

    Returns
    -------
    PairedTest
        NaN with fewer than two pairs, or where all differences are equal and not 0; a p-value of
        1 where all are 0.

    References
    ----------
    Student (1908).

    Examples
    --------
    >>> found = paired_t([0.9, 0.6, 0.8, 0.7], [0.5, 0.5, 0.6, 0.6])
    >>> round(found.t, 2), found.df, round(found.p, 3)
    (2.83, 3, 0.066)
    """
    from scipy.special import stdtr

    difference = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    difference = difference[~np.isnan(difference)]
    df = len(difference) - 1
    if df < 1:
        return PairedTest(float("nan"), df, float("nan"))
    if np.ptp(difference) == 0:
        alike = not difference[0]
        return PairedTest(*((0.0, df, 1.0) if alike else (float("nan"), df, float("nan"))))
    t = float(difference.mean() / (difference.std(ddof=1) / np.sqrt(df + 1)))
    return PairedTest(t, df, float(2 * stdtr(df, -abs(t))))
