"""Human ceilings: what a second sample of people of the same size would score.

Disjoint halves of the people are compared with each other, as simulated and human answers are.
Halves are smaller than the sample that a simulator is judged on, so their noise is stepped up to
its size: distances between samples of one population shrink with the root of the size, and the
concordance of two noisy vectors follows Spearman (1910) and Brown (1910).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alignsurvey.fidelity.axes import (
    Regression,
    Scores,
    Side,
    coefficients,
    marginal_axis,
    structural_axis,
)
from alignsurvey.fidelity.targets import Answers, Floats, Target
from alignsurvey.randomness import uniforms
from alignsurvey.survey.survey import Survey

SPLITS = 50
"""Number of random splits that a ceiling is averaged over."""


def half_weights(survey: Survey, seed: int, splits: int = SPLITS) -> tuple[Floats, Floats]:
    """Weight the people of two disjoint halves, for many random splits.

    With clusters in the design, whole clusters fall on one side.

    Returns
    -------
    (array, array), each of shape (splits, n)
        The survey weight in one half, 0 in the other.
    """
    cluster = survey.cluster()
    keys = survey.id_hashes if cluster is None else cluster.astype(np.uint64)
    units, member = np.unique(keys, return_inverse=True)
    first = np.zeros((splits, survey.n), dtype=bool)
    for split in range(splits):
        lot = uniforms(units, seed, "halves", split)
        chosen = np.zeros(len(units), dtype=bool)
        chosen[np.argsort(lot, kind="stable")[: len(units) // 2]] = True
        first[split] = chosen[member]
    return first * survey.weights, ~first * survey.weights


def marginal_ceiling(target: Target, human: Answers, halves: tuple[Floats, Floats]) -> Scores:
    """Compare two halves' distributions of answers; see `marginal_axis`."""
    return marginal_axis(target, Side(human, halves[0]), Side(human, halves[1]))


def structural_ceiling(
    regression: Regression, human: Answers, halves: tuple[Floats, Floats]
) -> Scores:
    """Compare two halves' coefficients; see `structural_axis`."""
    first, second = (coefficients(regression, Side(human, half)) for half in halves)
    return structural_axis(first, second) if first.names == second.names else {}


def stepped_up(metric: str, values: Floats, half: float, n: float) -> float:
    """Average over splits, and step up from halves of size `half` to samples of size `n`.

    Parameters
    ----------
    metric : str
    values : array, shape (splits,)
    half, n : float
        Number of people in a half, and in the sample that a simulator is scored on.

    Returns
    -------
    float
        Distances times ``sqrt(half / n)`` (the Jensen-Shannon divergence, a squared distance,
        times ``half / n``); concordances and slopes by ``k r / (1 + (k - 1) r)`` with
        ``k = n / half``. Ratios and sign agreement as they are.

    Examples
    --------
    >>> stepped_up("w1", np.array([0.1, 0.3]), half=50, n=200)
    0.1
    >>> round(stepped_up("ccc_ols", np.array([0.5]), half=50, n=100), 3)
    0.667
    """
    known = values[~np.isnan(values)]
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


def people_per_half(rows: NDArray[np.bool_], halves: tuple[Floats, Floats]) -> float:
    """Average number of people with a weight in a half, among some rows."""
    return float(np.mean([(half[:, rows] > 0).sum(axis=1).mean() for half in halves]))
