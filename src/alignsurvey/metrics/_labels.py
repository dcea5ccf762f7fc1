"""How group, stratum and cluster labels become indices; None, NaN and -1 are missing."""

from collections.abc import Hashable
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignsurvey.metrics._arrays import BoolArray, IntArray


def missing_labels(labels: NDArray[Any]) -> BoolArray:
    """Return which labels are missing: None, NaN, or a negative whole number."""
    if labels.dtype.kind == "i":
        negative: BoolArray = labels < 0
        return negative
    if labels.dtype.kind == "f":
        nan: BoolArray = np.isnan(labels)
        return nan
    if labels.dtype.kind == "O":
        unknown = (label is None or (isinstance(label, float) and isnan(label)) for label in labels)
        return np.fromiter(unknown, dtype=np.bool_, count=len(labels))
    return np.zeros(labels.shape, dtype=np.bool_)


def index_labels(labels: ArrayLike) -> tuple[IntArray, list[Hashable]]:
    """Return each row's level index (-1 for missing) and the levels, sorted where they sort."""
    array = np.asarray(labels)
    if array.ndim != 1:
        raise ValueError(f"labels must be one per respondent, not an array of {array.shape}")
    missing = missing_labels(array)
    index = np.full(len(array), -1, dtype=np.int64)
    known = array[~missing]
    try:
        levels, inverse = np.unique(known, return_inverse=True)
        index[~missing] = inverse
        return index, levels.tolist()
    except TypeError:  # labels of mixed kinds have no order: keep that of first appearance
        seen = {label: place for place, label in enumerate(dict.fromkeys(known.tolist()))}
        index[~missing] = [seen[label] for label in known.tolist()]
        return index, list(seen)
