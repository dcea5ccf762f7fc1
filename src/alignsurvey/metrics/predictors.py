"""Which predictors can enter a regression: constant and collinear ones are named and left out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from alignsurvey.metrics._arrays import FloatArray, Weights, as_scores, as_weights, total_weight
from alignsurvey.metrics._moments import is_constant

COLLINEAR_R2 = 1 - 1e-8


def usable_predictors(
    X: ArrayLike, names: Sequence[str], weights: Weights = None
) -> tuple[list[int], list[tuple[str, str]]]:
    """Find the predictors that identify a regression, and say why the others do not.

    Columns are taken in their order: of a collinear set the later ones are dropped.

    Parameters
    ----------
    X : (n, p) predictors, NaN for missing. Collinearity is judged on complete rows.
    names : p names, used in the reasons.
    weights : None, (n,) or (B, n); only which rows have weight at all matters.

    Returns
    -------
    kept : indices of usable columns, in order.
    dropped : (name, reason) of every other column.

    Examples
    --------
    >>> usable_predictors([[1, 2, 0], [2, 4, 0], [4, 8, 0]], ["age", "months", "wave"])
    ([0], [('months', 'collinear with age'), ('wave', 'constant')])
    """
    columns = as_scores(X)
    n, p = columns.shape
    if len(names) != p:
        raise ValueError(f"{len(names)} names for {p} predictors")
    columns = columns[total_weight(as_weights(weights, n)) > 0]
    reasons = {j: reason for j in range(p) if (reason := _unusable_alone(columns[:, j]))}
    candidates = [j for j in range(p) if j not in reasons]
    complete = columns[~np.isnan(columns[:, candidates]).any(axis=1)]
    kept: list[int] = []
    for j in candidates:
        reason = _unusable_beside(complete, j, kept, names)
        if reason:
            reasons[j] = reason
        else:
            kept.append(j)
    return kept, [(names[j], reasons[j]) for j in sorted(reasons)]


def _unusable_alone(column: FloatArray) -> str:
    known = column[~np.isnan(column)]
    if known.size == 0:
        return "no known value"
    return "constant" if is_constant(known) else ""


def _unusable_beside(
    complete: FloatArray, column: int, kept: list[int], names: Sequence[str]
) -> str:
    """Return why a column adds nothing to the kept ones, or nothing."""
    x = complete[:, column]
    if is_constant(x):
        return "constant in the complete rows"
    if not kept:
        return ""
    others = complete[:, kept]
    others = (others - others.mean(axis=0)) / others.std(axis=0)
    z = (x - x.mean()) / x.std()
    slopes = np.linalg.lstsq(others, z, rcond=None)[0]
    unexplained = float(((z - others @ slopes) ** 2).mean())
    if 1 - unexplained <= COLLINEAR_R2:
        return ""
    guilty = [names[k] for k, slope in zip(kept, slopes, strict=True) if abs(slope) > 1e-6]
    return f"collinear with {', '.join(guilty)}"
