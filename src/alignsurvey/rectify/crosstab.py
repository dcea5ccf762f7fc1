"""Rectified means of many items in many groups at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, stats

from alignsurvey.errors import InputError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
SHRINKAGE = 20.0
BLOCK_PEOPLE = 2048


def crosstab(
    y: ArrayLike,
    f: ArrayLike,
    f_rest: ArrayLike,
    groups: ArrayLike,
    groups_rest: ArrayLike,
    *,
    items: Sequence[str] | None = None,
    weights: ArrayLike | None = None,
    weights_rest: ArrayLike | None = None,
    level: float = 0.95,
    simultaneous: bool = False,
) -> pl.DataFrame:
    """Estimate the mean of every item in every group.

    A cell's lambda is shrunk to the item's pooled one by its number of humans,
    ``(n_c l_c + 20 l) / (n_c + 20)``, and clipped to [0, 1]. People count as drawn one by one with
    their weights; with strata or clusters use `mean` or `share` in each group.

    Parameters
    ----------
    y, f : arrays, shape (n, I)
        Human and simulated answers of the pilot; NaN for missing.
    f_rest : array, shape (N, I)
        Simulated answers of everybody else.
    groups, groups_rest : arrays of labels, shapes (n,) and (N,)
    items : sequence of str, optional
        Names of the columns.
    weights, weights_rest : arrays, optional
    level : float
    simultaneous : bool
        Widen the intervals so that all of them hold together with the nominal chance (Sidak).

    Returns
    -------
    polars.DataFrame
        Columns item, group, value, low, high, se, n, N, n_eff, lambda, note; a row a cell, groups
        in the order of their labels. A value is null only with a note that says why.

    References
    ----------
    Sidak (1967); arXiv 2406.04291 for lambda by stratum.

    Examples
    --------
    >>> y = [[1.0], [2.0], [3.0], [5.0], [6.0], [7.0]]
    >>> f, rest = [[1.0], [2.0], [2.0], [5.0], [5.0], [7.0]], [[1.0], [2.0], [5.0], [6.0]]
    >>> cells = crosstab(y, f, rest, list("aaabbb"), list("aabb"), items=["trust"])
    >>> cells["group"].to_list(), cells["n"].to_list()
    (['a', 'b'], [3, 3])
    """
    Y, F, R = (_table(x, name) for x, name in ((y, "y"), (f, "f"), (f_rest, "f_rest")))
    if Y.shape != F.shape or Y.shape[1] != R.shape[1]:
        raise InputError(
            f"y {Y.shape}, f {F.shape} and f_rest {R.shape} need the same items, and y and f the "
            "same people"
        )
    names = list(items) if items is not None else [f"item {i + 1}" for i in range(Y.shape[1])]
    if len(names) != Y.shape[1]:
        raise InputError(f"{len(names)} names for {Y.shape[1]} items; give one each")
    labels, own, rest = _numbered(groups, groups_rest, len(Y), len(R))
    w, w_rest = (_weights(x, len(m)) for x, m in ((weights, Y), (weights_rest, R)))
    pilot = _pilot_sums(Y, F, own, w, len(labels))
    cells = _cells(pilot, _rest_sums(R, rest, w_rest, len(labels)))
    chance = 0.5 + level / 2
    if simultaneous:
        chance = 0.5 + level ** (1 / max(int(np.isfinite(cells.se).sum()), 1)) / 2
    reach = stats.t.ppf(chance, np.maximum(cells.df, 1.0)) * cells.se
    return _frame(cells, reach, names, labels)


@dataclass(frozen=True)
class _Pilot:
    """Cell statistics of the pilot; each (G, I)."""

    n: Array
    mean_y: Array
    mean_f: Array
    var_y: Array
    var_f: Array
    cov: Array
    kish: Array


@dataclass(frozen=True)
class _Rest:
    n: Array
    mean: Array
    var_of_mean: Array


@dataclass(frozen=True)
class _Cells:
    value: Array
    se: Array
    df: Array
    n: Array
    N: Array
    n_eff: Array
    lambda_: Array


def _table(values: ArrayLike, name: str) -> NDArray[np.floating]:
    table = np.asarray(values)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2 or table.dtype.kind not in "fiub":
        raise InputError(f"{name} must be a table of numbers, a row a person and a column an item")
    return table if table.dtype.kind == "f" else table.astype(float)


def _weights(values: ArrayLike | None, n: int) -> Array:
    w = np.ones(n) if values is None else np.asarray(values, dtype=float)
    if w.shape != (n,) or not (w >= 0).all():
        raise InputError(f"weights must be {n} numbers, none missing or negative")
    return w


def _numbered(groups: ArrayLike, rest: ArrayLike, n: int, N: int) -> tuple[list[str], Ints, Ints]:
    first, second = (np.asarray(x) for x in (groups, rest))
    if first.shape != (n,) or second.shape != (N,):
        raise InputError(f"groups must be {n} labels and groups_rest {N}")
    if first.dtype.kind in "iu" and second.dtype.kind in "iu":
        levels, coded = np.unique(np.concatenate([first, second]), return_inverse=True)
        return [str(level) for level in levels.tolist()], coded[:n], coded[n:]
    parts = [pl.Series("g", x.tolist(), strict=False).cast(pl.String) for x in (first, second)]
    both = pl.concat(parts).fill_null("(missing)")
    codes = both.rank("dense").to_numpy().astype(np.int64) - 1
    return both.unique().sort().to_list(), codes[:n], codes[n:]


def _one_hot(groups: Ints, w: Array, count: int) -> sparse.csr_matrix:
    n = len(groups)
    return sparse.csr_matrix((w, (groups, np.arange(n))), shape=(count, n))


def _pilot_sums(
    Y: NDArray[np.floating], F: NDArray[np.floating], groups: Ints, w: Array, count: int
) -> _Pilot:
    known = ~np.isnan(Y) & ~np.isnan(F)
    y, f = (np.where(known, x, 0.0) for x in (Y, F))
    S, S2 = (_one_hot(groups, weight, count) for weight in (w, w**2))
    n, total, square = (
        m @ known.astype(float) for m in (_one_hot(groups, (w > 0).astype(float), count), S, S2)
    )
    total = np.where(total > 0, total, 1.0)
    mean_y, mean_f = S @ y / total, S @ f / total
    e_y, e_f = ((x - mean[groups]) * known for x, mean in ((y, mean_y), (f, mean_f)))
    factor = np.where(n > 1, n / np.maximum(n - 1, 1), np.nan) / total**2
    return _Pilot(
        n, mean_y, mean_f,
        S2 @ e_y**2 * factor, S2 @ e_f**2 * factor, S2 @ (e_y * e_f) * factor,
        total**2 / np.maximum(square, 1e-300),
    )  # fmt: skip


@dataclass
class _Sums:
    """Running sums over the rest, each (G, I): people, and moments of w and of w squared."""

    n: Array
    weight: Array
    total: Array
    weight2: Array
    total2: Array
    square2: Array


def _rest_sums(R: NDArray[np.floating], groups: Ints, w: Array, count: int) -> _Rest:
    """Sums over the many, by blocks of people so that no copy of the table is made."""
    w = w / w.mean() if len(w) else w
    equal = bool(np.ptp(w) == 0) if len(w) else True
    shift = np.nan_to_num(np.nanmean(R[:1000], axis=0)) if len(R) else np.zeros(R.shape[1])
    sums = _Sums(*(np.zeros((count, R.shape[1])) for _ in range(6)))
    workplace = np.empty((BLOCK_PEOPLE, R.shape[1]))
    for start in range(0, len(R), BLOCK_PEOPLE):
        rows = slice(start, start + BLOCK_PEOPLE)
        block = np.subtract(R[rows], shift, out=workplace[: len(R[rows])])
        _add(sums, block, groups[rows], w[rows], count, equal=equal)
    weight = np.where(sums.weight > 0, sums.weight, 1.0)
    centre = sums.total / weight
    # Sum of w^2 (f - centre)^2, with f shifted near its mean so that nothing cancels.
    spread = sums.square2 - 2 * centre * sums.total2 + centre**2 * sums.weight2
    factor = np.where(sums.n > 1, sums.n / np.maximum(sums.n - 1, 1), 1.0)
    return _Rest(sums.n, centre + shift, np.maximum(spread, 0.0) * factor / weight**2)


def _add(sums: _Sums, block: Array, groups: Ints, w: Array, count: int, *, equal: bool) -> None:
    """Add a block of people to the sums; missing answers count for nothing."""
    known: Array | None = None
    if np.isnan(block.sum()):
        missing = np.isnan(block)
        block[missing], known = 0.0, (~missing).astype(float)
    heads = _one_hot(groups, (w > 0).astype(float), count)
    S, S2 = (heads, heads) if equal else (_one_hot(groups, x, count) for x in (w, w**2))
    for so_far, values in ((sums.n, w > 0), (sums.weight, w), (sums.weight2, w**2)):
        if known is None:
            more = np.bincount(groups, weights=values, minlength=count)[:, None]
        else:
            more = _one_hot(groups, values.astype(float), count) @ known
        np.add(so_far, more, out=so_far)
    total = S @ block
    sums.total += total
    sums.total2 += total if equal else S2 @ block
    np.multiply(block, block, out=block)
    sums.square2 += S2 @ block


def _cells(pilot: _Pilot, rest: _Rest) -> _Cells:
    present = pilot.n > 1
    cov, var = (np.where(present, x, 0.0) for x in (pilot.cov, pilot.var_f + rest.var_of_mean))
    # The pooled lambda weighs cells by their humans: variances of means times n squared are sums.
    size = np.where(present, pilot.n, 0.0) ** 2
    pooled = _ratio((cov * size).sum(axis=0), (var * size).sum(axis=0))
    own = _ratio(cov, var)
    lambda_ = (pilot.n * own + SHRINKAGE * pooled) / (pilot.n + SHRINKAGE)
    lambda_ = np.where((rest.n > 1) & present, np.clip(lambda_, 0.0, 1.0), 0.0)
    residual = pilot.var_y - 2 * lambda_ * pilot.cov + lambda_**2 * pilot.var_f
    lost = np.where(lambda_ > 0, pilot.n / (pilot.n + SHRINKAGE), 0.0)
    df = np.maximum(pilot.n - 1 - lost, 1.0)
    residual = np.maximum(residual, 0.0) * (pilot.n - 1) / df
    added = lambda_**2 * rest.var_of_mean
    variance = residual + added
    value = pilot.mean_y + np.where(lambda_ > 0, lambda_ * (rest.mean - pilot.mean_f), 0.0)
    below = residual**2 / df + added**2 / np.maximum(rest.n - 1, 1)
    alike = present & (variance <= 1e-24)
    se = np.where(present & ~alike, np.sqrt(variance), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        n_eff = np.where(variance > 0, pilot.n * pilot.var_y / variance, pilot.n)
        df = np.where(below > 0, variance**2 / below, df)
    return _Cells(
        np.where(pilot.n > 0, value, np.nan), se, np.nan_to_num(df, nan=1.0), pilot.n, rest.n,
        np.where(present, n_eff, pilot.n), lambda_,
    )  # fmt: skip


def _ratio(above: Array, below: Array) -> Array:
    return np.clip(np.where(below > 0, above / np.where(below > 0, below, 1.0), 0.0), 0.0, 1.0)


def _frame(cells: _Cells, reach: Array, names: list[str], labels: list[str]) -> pl.DataFrame:
    G, count = len(labels), len(names)
    note = np.full((G, count), "", dtype=object)
    note[np.isnan(cells.se)] = "all humans of the cell answer alike: no interval"
    note[cells.n == 1] = "one human in the cell: no interval"
    note[cells.n == 0] = "no human in the cell: no estimate"
    note[(cells.lambda_ == 0) & (note == "")] = "the cell's humans alone"
    low, high = cells.value - reach, cells.value + reach

    def column(values: Array) -> Array:
        return values.T.ravel()

    return pl.DataFrame(
        {
            "item": np.repeat(names, G),
            "group": np.tile(np.array(labels, dtype=object), count).tolist(),
            "value": column(cells.value),
            "low": column(low),
            "high": column(high),
            "se": column(cells.se),
            "n": column(cells.n).astype(np.int64),
            "N": column(cells.N).astype(np.int64),
            "n_eff": column(cells.n_eff),
            "lambda": column(cells.lambda_),
            "note": note.T.ravel().tolist(),
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
