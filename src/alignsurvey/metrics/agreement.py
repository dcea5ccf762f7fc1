"""Agreement of several judges: Krippendorff's alpha, with missing ratings and replicate weights."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from alignsurvey.metrics._arrays import (
    FloatArray,
    Weights,
    as_scores,
    as_weights,
    number,
    ratio,
)

Level = Literal["nominal", "ordinal", "interval"]


def krippendorff_alpha(
    ratings: ArrayLike, level: Level = "ordinal", weights: Weights = None
) -> FloatArray:
    """Krippendorff's alpha: 1 for judges that agree, 0 for judges that rate at random.

    What is rated by fewer than two judges plays no part. ``alpha = 1 - D_o / D_e``: the
    disagreement found within what is rated, over that of ratings paired at random.

    Parameters
    ----------
    ratings : (judges, n) numbers; NaN where a judge gave none.
    level : how far two ratings lie apart: "nominal" equal or not, "interval" their squared
        difference, "ordinal" the squared number of ratings that lie between them.
    weights : None, (n,) or (B, n) weights of what is rated. They are scaled to sum to n, so
        that a unit drawn twice in a bootstrap counts as two units.

    Returns
    -------
    A number, or (B,). 1 at most; below 0 where judges disagree systematically. NaN where
    nothing is rated twice, or where all ratings are one value: agreement is then undefined.

    Raises
    ------
    ValueError
        The ratings are no matrix, or the level is unknown.

    References
    ----------
    Krippendorff (2011), "Computing Krippendorff's alpha-reliability".

    Examples
    --------
    >>> nan = float("nan")
    >>> ratings = [[1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
    ...            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
    ...            [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
    ...            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan]]
    >>> [round(float(krippendorff_alpha(ratings, level)), 3)
    ...  for level in ("nominal", "ordinal", "interval")]
    [0.743, 0.815, 0.849]
    """
    if level not in get_args(Level):
        raise ValueError(f"level must be one of {', '.join(get_args(Level))}, not {level!r}")
    table = as_scores(ratings)
    if table.ndim != 2:
        raise ValueError(f"ratings must have shape (judges, n), not {table.shape}")
    weight = as_weights(weights, table.shape[1])
    values = np.unique(table[np.isfinite(table)])
    if not values.size:
        return number(np.full(weight.shape[:-1], np.nan))
    counts = (table[:, :, None] == values).sum(axis=0, dtype=np.float64)
    each = [_alpha(_coincidences(counts, one), values, level) for one in np.atleast_2d(weight)]
    found = np.array(each)
    return number(found.reshape(weight.shape[:-1]))


def _coincidences(counts: FloatArray, weight: FloatArray) -> FloatArray:
    """Add up pairs of ratings of one unit, (K, K); a unit rated m times gives m in all."""
    given = counts.sum(axis=1)
    paired = np.where(given > 1, weight * ratio(len(weight), weight.sum()), 0.0)
    each = np.divide(paired, given - 1, out=np.zeros_like(paired), where=given > 1)
    scaled = counts.T * each
    return np.asarray(scaled @ counts - np.diag(scaled.sum(axis=1)))


def _alpha(pairs: FloatArray, values: FloatArray, level: Level) -> float:
    margin = pairs.sum(axis=1)
    total = margin.sum()
    if level == "nominal":
        apart = 1.0 - np.eye(len(values))
    else:
        # An ordinal rating lies at its mean rank: half of its own kind are below it.
        place = values if level == "interval" else np.cumsum(margin) - margin / 2
        apart = np.subtract.outer(place, place) ** 2
    by_chance = ratio((np.outer(margin, margin) * apart).sum(), max(total - 1, 0.0))
    return 1.0 - float(ratio((pairs * apart).sum(), by_chance))
