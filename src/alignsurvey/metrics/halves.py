"""Random halves of the people, and what their disagreement says of samples of full size.

The halves of one sample play two samples of one population. They are smaller than the sample that
a simulator is judged on, so their noise is stepped up to its size: distances between samples
shrink with the root of the size, and the concordance of two noisy vectors follows Spearman (1910)
and Brown (1910).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from alignsurvey.metrics._arrays import BoolArray


def random_halves(lots: ArrayLike) -> BoolArray:
    """Cut sampling units into two halves, once a split, by lots.

    Parameters
    ----------
    lots : (splits, units) a number a unit; the lower half of a split's lots is its first half.

    Returns
    -------
    (splits, units) True in the first half, which is the smaller one of an odd number.

    Examples
    --------
    >>> random_halves([[0.3, 0.1, 0.9, 0.2]]).tolist()
    [[False, True, False, True]]
    """
    drawn = np.asarray(lots)
    order = np.argsort(drawn, axis=1, kind="stable")
    first = np.zeros(drawn.shape, dtype=bool)
    np.put_along_axis(first, order[:, : drawn.shape[1] // 2], values=True, axis=1)
    return first


def stepped_up(metric: str, values: ArrayLike, half: float, n: float) -> float:
    """Average over splits, and step up from halves of size `half` to samples of size `n`.

    Parameters
    ----------
    metric : name of the metric that was taken of the halves.
    values : (splits,) the metric; NaN is left out.
    half, n : number of people in a half, and in the sample that a simulator is scored on.

    Returns
    -------
    float
        Distances times ``sqrt(half / n)`` (the Jensen-Shannon divergence, a squared distance,
        times ``half / n``); concordances and slopes by ``k r / (1 + (k - 1) r)`` with
        ``k = n / half``. Ratios and sign agreement as they are. NaN without a known value.

    References
    ----------
    Spearman (1910); Brown (1910).

    Examples
    --------
    >>> stepped_up("w1", [0.1, 0.3], half=50, n=200)
    0.1
    >>> round(stepped_up("ccc_ols", [0.5], half=50, n=100), 3)
    0.667
    """
    splits = np.asarray(values, dtype=np.float64)
    known = splits[~np.isnan(splits)]
    if not len(known) or n <= 0:
        return float("nan")
    mean = float(known.mean())
    if metric in ("w1", "w1_normalized", "tv"):
        return mean * float(np.sqrt(half / n))
    if metric == "jsd":
        return mean * half / n
    if metric in ("ccc_bivariate", "ccc_ols", "slope_inflation") and 0 < mean < 1:
        k = n / half
        return k * mean / (1 + (k - 1) * mean)
    return mean
