"""Several simulators and baselines together as proxies of the human answer.

The proxies' weights come from least squares on the other folds' people, so that residuals are
honest, and are shrunk as James and Stein do: by ``1 - 1/F``, or to nothing if F is below 1. A
useless proxy then costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alignsurvey.randomness import generator
from alignsurvey.rectify.design import Design
from alignsurvey.rectify.linear import Combined, Linearised, satterthwaite

Array = NDArray[np.float64]
FOLDS = 10


def combine_multi(
    human: Linearised,
    pilot: Sequence[Linearised],
    rest: Sequence[Linearised],
    design: Design,
    design_rest: Design,
    df: Array,
    seed: int,
) -> tuple[Combined, Array]:
    """Rectify with k proxies.

    Parameters
    ----------
    human : Linearised
        The estimator applied to human answers.
    pilot, rest : sequences of k Linearised
        Applied to each proxy, in the pilot and in the rest.
    design, design_rest : Design
    df : array, shape (p,)
        Degrees of freedom of the pilot.
    seed : int
        Of the folds.

    Returns
    -------
    Combined
        Its lambda is the sum of the proxies' weights, its rho the multiple correlation out of
        fold.
    array, shape (p, k)
        The weights.

    References
    ----------
    Control variates: Lavenberg & Welch (1981); shrinkage: James & Stein (1961); cross-fitting:
    Chernozhukov et al. (2018).
    """
    fold = _folds(design, seed)
    columns = [
        _column(human, pilot, rest, design, design_rest, fold, one)
        for one in range(len(human.value))
    ]
    value, pilot_variance, rest_variance, rho = (
        np.array([column[part] for column in columns]) for part in range(4)
    )
    weights = np.array([column[4] for column in columns])
    classical = design.covariance(human.contributions, human.contributions)
    combined = Combined(
        value,
        pilot_variance + rest_variance,
        satterthwaite(pilot_variance, df, rest_variance, max(design_rest.df, 1.0)),
        weights.sum(axis=1),
        classical,
        rho,
    )
    return combined, weights


def _folds(design: Design, seed: int) -> NDArray[np.int64]:
    units, strata = design.units
    count = len(strata)
    order = generator(seed, "multi", count).permutation(count)
    return np.asarray((order % min(FOLDS, count))[units])


def _column(
    human: Linearised,
    pilot: Sequence[Linearised],
    rest: Sequence[Linearised],
    design: Design,
    design_rest: Design,
    fold: NDArray[np.int64],
    j: int,
) -> tuple[float, float, float, float, Array]:
    """Rectify one coordinate: value, variances of pilot and rest, rho, weights."""
    a = human.contributions[:, j]
    B = np.column_stack([one.contributions[:, j] for one in pilot])
    G = np.column_stack([one.contributions[:, j] for one in rest])
    gap = np.array([r.value[j] - p.value[j] for r, p in zip(rest, pilot, strict=True)])
    extra = (G - G.mean(axis=0)).T @ (G - G.mean(axis=0))
    by_fold = np.array([_weights(a, B, extra, fold != v) for v in range(fold.max() + 1)])
    share = np.bincount(fold, weights=design.weights) / design.weights.sum()
    mean_weights = share @ by_fold
    own = by_fold[fold]
    value = human.value[j] + mean_weights @ gap - float(((own - mean_weights) * B).sum())
    residual = (a - (own * B).sum(axis=1))[:, None]
    pilot_variance = float(design.covariance(residual, residual)[0])
    total = (G @ mean_weights)[:, None]
    rest_variance = float(design_rest.covariance(total, total)[0])
    spread = float(((a - a.mean()) ** 2).sum())
    unexplained = float(((residual - residual.mean()) ** 2).sum()) / spread if spread > 0 else 1.0
    rho = float(np.sqrt(max(0.0, 1 - unexplained)))
    return float(value), pilot_variance, rest_variance, rho, mean_weights


def _weights(a: Array, B: Array, extra: Array, train: NDArray[np.bool_]) -> Array:
    """Shrunken least-squares weights of the proxies from some of the people; shape (k,)."""
    m, k = int(train.sum()), B.shape[1]
    grown = len(a) / max(m, 1)
    y, F = a[train] - a[train].mean(), B[train] - B[train].mean(axis=0)
    inner = F.T @ F
    scale = np.diag(inner)
    useful = scale > 1e-18 * max(float(y @ y), 1e-300)
    if m <= k + 2 or not useful.any() or not float(y @ y) > 0:
        return np.zeros(k)
    found = np.zeros(k)
    F, inner = F[:, useful], inner[np.ix_(useful, useful)]
    # A ridge of a millionth lets two proxies be the same.
    ridge = 1e-6 * np.diag(np.diag(inner))
    slope = np.linalg.solve(inner + ridge, F.T @ y)
    left = float(((y - F @ slope) ** 2).sum())
    explained = max(float(y @ y) - left, 0.0)
    size = F.shape[1]
    ratio = (explained / size) / max(left / (m - size - 1), 1e-300)
    shrink = max(0.0, 1 - 1 / max(ratio, 1e-300))
    outer = extra[np.ix_(useful, useful)] / grown
    found[useful] = shrink * np.linalg.solve(inner + ridge + outer, F.T @ y)
    return found
