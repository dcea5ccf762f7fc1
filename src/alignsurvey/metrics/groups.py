"""The same metric by group: who is worst off, by how much, and are groups told apart rightly."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignsurvey.metrics._arrays import (
    BoolArray,
    FloatArray,
    Weights,
    as_scores,
    as_weights,
    by_respondent,
    number,
    ratio,
    same_length,
    total_weight,
)
from alignsurvey.metrics._labels import index_labels

Metric = Callable[..., ArrayLike]


class Worst(NamedTuple):
    """The worst-served group and its value; arrays (B,) for replicate weights."""

    group: Any
    value: FloatArray


@dataclass(frozen=True)
class GroupTable:
    """A metric overall and by group.

    Parameters
    ----------
    overall : the metric over all rows, a number or (B,).
    by_group : the metric of each scored group.
    n : rows with weight and without a missing value, of each group, scored or not.
    too_small : groups with fewer than ``minimum_n`` rows, which are not scored.
    minimum_n : the smallest number of rows that is scored.
    higher_is_better : whether a larger value is a better one.
    """

    overall: FloatArray
    by_group: Mapping[Hashable, FloatArray]
    n: Mapping[Hashable, int]
    too_small: tuple[Hashable, ...]
    minimum_n: int
    higher_is_better: bool

    @property
    def difference(self) -> FloatArray:
        """Largest minus smallest group value; NaN without a scored group."""
        return number(self._extreme(np.fmax) - self._extreme(np.fmin))

    @property
    def ratio(self) -> FloatArray:
        """Smallest over largest group value; NaN without a scored group or over 0."""
        return ratio(self._extreme(np.fmin), self._extreme(np.fmax))

    @property
    def worst(self) -> Worst:
        """The group that the simulator serves worst; None and NaN without a defined value."""
        pick = np.fmin if self.higher_is_better else np.fmax
        value = self._extreme(pick)
        group: NDArray[Any] = np.full(value.shape, None, dtype=object)
        for name, values in reversed(list(self.by_group.items())):
            group[np.equal(values, value)] = name
        return Worst(group[()], number(value))

    def _extreme(self, pick: "np.ufunc") -> FloatArray:
        nothing = np.full(np.shape(self.overall), np.nan)
        return np.asarray(pick.reduce([nothing, *self.by_group.values()]))


def group_table(
    metric: Metric,
    labels: ArrayLike,
    data: Sequence[ArrayLike],
    weights: Weights = None,
    *,
    minimum_n: int = 30,
    higher_is_better: bool = True,
) -> GroupTable:
    """Score every group of respondents with one metric.

    Parameters
    ----------
    metric : called as ``metric(*data, weights=...)`` with the rows of a group, and returning
        one number a weight vector: ``accuracy``, or ``functools.partial(macro_f1, n_options=5)``.
    labels : (n,) group of each respondent; None, NaN and -1 are in no group.
    data : arrays whose first axis is respondents.
    weights : None, (n,) or (B, n).
    minimum_n : smaller groups are named in ``too_small`` and not scored.
    higher_is_better : False for distances and losses.

    Returns
    -------
    GroupTable
        The overall value includes respondents without a group.

    References
    ----------
    The vocabulary is that of ``fairlearn.metrics.MetricFrame``.

    Examples
    --------
    >>> from alignsurvey.metrics import accuracy
    >>> found = group_table(
    ...     accuracy, ["f", "f", "m", "m"], ([0, 1, 1, 0], [0, 1, 0, 0]), minimum_n=2
    ... )
    >>> float(found.overall), float(found.difference), found.worst.group
    (0.75, 0.5, 'm')
    """
    arrays = [np.asarray(array) for array in data]
    index, levels = index_labels(labels)
    n = same_length(index, *arrays)
    w = as_weights(weights, n)
    scored = total_weight(w) > 0
    for array in arrays:
        scored = scored & _has_value(array)
    members = {level: np.flatnonzero(index == place) for place, level in enumerate(levels)}
    sizes = {level: int(scored[rows].sum()) for level, rows in members.items()}
    by_group = {
        level: np.asarray(metric(*(array[rows] for array in arrays), weights=w[..., rows]))[()]
        for level, rows in members.items()
        if sizes[level] >= minimum_n
    }
    return GroupTable(
        overall=np.asarray(metric(*arrays, weights=w))[()],
        by_group=by_group,
        n=sizes,
        too_small=tuple(level for level in levels if sizes[level] < minimum_n),
        minimum_n=minimum_n,
        higher_is_better=higher_is_better,
    )


def _has_value(array: NDArray[Any]) -> BoolArray:
    """Return which rows hold a value: any of several items, but all probabilities or scores."""
    flat = by_respondent(array)
    if array.dtype.kind == "f":
        complete: BoolArray = ~np.isnan(flat).any(axis=1)
        return complete
    if array.dtype.kind == "i":
        return np.asarray((flat >= 0).any(axis=1))
    return np.ones(len(array), dtype=np.bool_)


def intersections(*labels: ArrayLike, separator: str = " × ") -> NDArray[np.object_]:
    """Label respondents by several attributes at once.

    Parameters
    ----------
    labels : two or more (n,) arrays of labels.
    separator : what stands between the joined labels.

    Returns
    -------
    (n,) strings as objects; None where any of the labels is missing.

    Examples
    --------
    >>> intersections(["f", "m", "m"], ["young", "old", None]).tolist()
    ['f × young', 'm × old', None]
    """
    indexed = [index_labels(label) for label in labels]
    n = same_length(*(index for index, _ in indexed))
    joined: NDArray[np.object_] = np.full(n, None, dtype=object)
    for row in range(n):
        places = [int(index[row]) for index, _ in indexed]
        if min(places) >= 0:
            names = (levels[place] for place, (_, levels) in zip(places, indexed, strict=True))
            joined[row] = separator.join(str(name) for name in names)
    return joined


def gap_inflation(human_means: ArrayLike, sim_means: ArrayLike) -> FloatArray:
    """Simulated gap between group means relative to the humans' gap (largest minus smallest).

    Parameters
    ----------
    human_means, sim_means : (..., G) means of the same groups; NaN on either side drops one.

    Returns
    -------
    (...) 1 is right, above 1 groups are caricatured, below 1 blurred. NaN when humans have no gap.

    Examples
    --------
    >>> float(gap_inflation([1.0, 2.0, 1.5], [1.0, 3.0, 2.0]))
    2.0
    """
    human, simulated = np.broadcast_arrays(as_scores(human_means), as_scores(sim_means))
    known = ~np.isnan(human) & ~np.isnan(simulated)
    return ratio(_gap(simulated, known), _gap(human, known))


def _gap(means: FloatArray, known: BoolArray) -> FloatArray:
    largest = np.where(known, means, -np.inf).max(axis=-1, initial=-np.inf)
    smallest = np.where(known, means, np.inf).min(axis=-1, initial=np.inf)
    return np.where(known.any(axis=-1), largest - smallest, np.nan)
