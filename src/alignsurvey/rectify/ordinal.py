"""Proportional-odds regression with its linearisation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.rectify.linear import Linearised
from alignsurvey.rectify.models import STEPS, Fit, expit

Array = NDArray[np.float64]
SMOOTHING = 1e-3


def ordinal_fit(levels: Array) -> Fit:
    """Make the estimator of the slopes for answers on the given levels, ascending.

    The model is ``P(y <= k) = expit(a_k - x b)`` (McCullagh 1980). Contributions use the
    sandwich with a degrees-of-freedom factor ``n / (n - q)``.
    """

    def fit(values: Array, X: Array, w: Array) -> Linearised:
        shares = _shares(values, levels)
        if (shares.sum(axis=0) == 0).any():
            # Simulators leave options unused, which would put a threshold at infinity.
            shares = (1 - SMOOTHING) * shares + SMOOTHING / len(levels)
        w = w * len(w) / w.sum()
        theta = _maximum(shares, X, w)
        K, n = len(levels) - 1, len(w)
        scores = _scores(theta, shares, X, K)
        bread = np.linalg.inv(-_hessian(theta, shares, X, w, K))
        q = len(theta)
        contributions = (scores * w[:, None]) @ bread * np.sqrt(n / max(n - q, 1))
        return Linearised(theta[K:], contributions[:, K:])

    return fit


def _shares(values: Array, levels: Array) -> Array:
    """Spread each answer over the two levels beside it; shape (n, K)."""
    upper = np.clip(np.searchsorted(levels, values), 1, len(levels) - 1).astype(np.int64)
    part = np.clip((values - levels[upper - 1]) / (levels[upper] - levels[upper - 1]), 0, 1)
    shares = np.zeros((len(values), len(levels)))
    rows = np.arange(len(values))
    shares[rows, upper - 1] = 1 - part
    shares[rows, upper] += part
    return np.asarray(shares)


def _probabilities(theta: Array, X: Array, K: int) -> tuple[Array, Array]:
    """Cumulative probabilities padded with 0 and 1, and their densities; shapes (n, K + 2)."""
    eta = theta[:K][None, :] - (X @ theta[K:])[:, None]
    below = np.pad(expit(eta), ((0, 0), (1, 1)))
    below[:, -1] = 1.0
    return below, below * (1 - below)


def _scores(theta: Array, shares: Array, X: Array, K: int) -> Array:
    """Gradient of each person's log likelihood; shape (n, K + p)."""
    below, density = _probabilities(theta, X, K)
    p = np.maximum(np.diff(below, axis=1), 1e-12)
    ratio = shares / p
    thresholds = density[:, 1:-1] * (ratio[:, :-1] - ratio[:, 1:])
    slope = -(ratio * np.diff(density, axis=1)).sum(axis=1)
    return np.column_stack([thresholds, X * slope[:, None]])


def _likelihood(theta: Array, shares: Array, X: Array, w: Array, K: int) -> float:
    if (np.diff(theta[:K]) <= 0).any():
        return -np.inf
    below, _ = _probabilities(theta, X, K)
    each = (shares * np.log(np.maximum(np.diff(below, axis=1), 1e-12))).sum(axis=1)
    return float(w @ each)


def _hessian(theta: Array, shares: Array, X: Array, w: Array, K: int) -> Array:
    """Second derivatives by central differences of the gradient."""
    rows = []
    for one in range(len(theta)):
        step = np.zeros(len(theta))
        step[one] = 1e-5 * (1 + abs(theta[one]))
        ahead, behind = (w @ _scores(theta + s * step, shares, X, K) for s in (1, -1))
        rows.append((ahead - behind) / (2 * step[one]))
    H = np.array(rows)
    return np.asarray((H + H.T) / 2)


def _maximum(shares: Array, X: Array, w: Array) -> Array:
    """Newton's method with halved steps."""
    K = shares.shape[1] - 1
    cumulative = np.cumsum(w @ shares)[:-1] / w.sum()
    padded = np.clip(cumulative, 1e-4, 1 - 1e-4) + 1e-6 * np.arange(K)
    theta = np.concatenate([np.log(padded / (1 - padded)), np.zeros(X.shape[1])])
    current = _likelihood(theta, shares, X, w, K)
    for _ in range(STEPS):
        gradient = w @ _scores(theta, shares, X, K)
        try:
            step = np.linalg.solve(-_hessian(theta, shares, X, w, K), gradient)
        except np.linalg.LinAlgError:
            break
        size = 1.0
        while size > 1e-8:
            new = _likelihood(theta + size * step, shares, X, w, K)
            if new >= current - 1e-12 * abs(current):
                break
            size /= 2
        theta, current = np.asarray(theta + size * step), new
        if float(np.abs(size * step).max()) < 1e-9 * (1 + float(np.abs(theta).max())):
            if float(np.abs(theta).max()) > 30:
                break
            return theta
    raise InputError(
        "ordinal: no estimate found (an answer that hardly anybody gives, or predictors that "
        "separate the answers); merge options, use fewer predictors, or rectify.ols"
    )
