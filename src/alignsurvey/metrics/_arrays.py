"""How codes, scores and weights enter a metric: missing is explicit, weights may be a matrix."""

from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
Weights: TypeAlias = ArrayLike | None

CHUNK_BYTES = 256 * 1024**2


def as_codes(codes: ArrayLike, n_options: int | None = None) -> IntArray:
    """Return option indices as integers with -1 for every missing entry (negative or NaN)."""
    array = np.asarray(codes)
    if array.dtype.kind == "f":
        missing = np.isnan(array)
        whole = np.where(missing, -1.0, array)
        if not np.array_equal(whole, np.floor(whole)):
            raise ValueError("codes must be whole numbers (option indices), -1 or NaN for missing")
        array = whole.astype(np.int64)
    elif array.dtype.kind not in "iub":
        raise ValueError(f"codes must be option indices, not {array.dtype}")
    whole_codes: IntArray = np.maximum(array.astype(np.int64, copy=False), -1)
    if n_options is not None and whole_codes.size and int(whole_codes.max()) >= n_options:
        raise ValueError(f"code {int(whole_codes.max())} is outside the {n_options} options")
    return whole_codes


def as_scores(scores: ArrayLike) -> FloatArray:
    """Return scores as floats; NaN is missing, and so is an infinite score."""
    array = np.asarray(scores, dtype=np.float64)
    finite = np.isfinite(array)
    return array if finite.all() else np.where(finite, array, np.nan)


def as_weights(weights: Weights, n: int) -> FloatArray:
    """Return weights as (n,) or (B, n) floats; ones when none are given."""
    if weights is None:
        return np.ones(n)
    array = np.asarray(weights, dtype=np.float64)
    if array.ndim not in (1, 2) or array.shape[-1] != n:
        raise ValueError(f"weights must have shape ({n},) or (B, {n}), not {array.shape}")
    # min and max carry NaN through, so two passes without a copy find every bad weight
    if array.size and not (array.min() >= 0 and np.isfinite(array.max())):
        raise ValueError("weights must be finite and not negative")
    return array


def same_length(*arrays: NDArray[Any]) -> int:
    """Return the number of respondents, which the arrays must share."""
    lengths = {len(array) for array in arrays}
    if len(lengths) != 1:
        raise ValueError(f"arrays differ in length: {[len(array) for array in arrays]}")
    return lengths.pop()


def by_respondent(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array with one row per respondent, however many items or options follow."""
    return array.reshape(len(array), prod(array.shape[1:]))


def total_weight(weights: FloatArray) -> FloatArray:
    """Return one weight a row, summed over replicates when there are any."""
    return weights if weights.ndim == 1 else weights.sum(axis=0)


def number(values: FloatArray) -> FloatArray:
    """Return a plain number instead of an array without axes."""
    plain: FloatArray = np.asarray(values, dtype=np.float64)[()]
    return plain


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> FloatArray:
    """Return numerator / denominator, NaN wherever the denominator is 0 or NaN."""
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, np.float64)
    usable = np.isfinite(bottom) & (bottom != 0)
    if usable.all():  # the usual case, and most calls are small
        return number(top / bottom)
    shape = np.broadcast_shapes(top.shape, bottom.shape)
    return number(np.divide(top, bottom, out=np.full(shape, np.nan), where=usable))
