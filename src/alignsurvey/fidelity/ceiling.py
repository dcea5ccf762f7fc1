"""Human ceilings: what a second sample of people of the same size would score.

Disjoint halves of the people are compared with each other, as simulated and human answers are;
`alignsurvey.metrics.stepped_up` says what that means for a sample of full size.
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
from alignsurvey.metrics import random_halves
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
    lots = [uniforms(units, seed, "halves", split) for split in range(splits)]
    first = random_halves(lots)[:, member]
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


def people_per_half(rows: NDArray[np.bool_], halves: tuple[Floats, Floats]) -> float:
    """Average number of people with a weight in a half, among some rows."""
    return float(np.mean([(half[:, rows] > 0).sum(axis=1).mean() for half in halves]))
