"""A multilevel multinomial logit by empirical Bayes with Laplace's approximation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SLOPE_MEAN, SLOPE_SPREAD, INTERCEPT_SPREAD, SD_SPREAD = 1.0, 1.0, 3.0, 1.0
"""Priors: slope of the simulator's logit, intercepts, and standard deviations of effects."""

SMALLEST_SD, LARGEST_SD = 0.01, 5.0


@dataclass(frozen=True)
class Multilevel:
    """A fitted model.

    Parameters
    ----------
    theta : array, shape (1 + K + K levels,)
        Slope, intercepts, and effects: those of a level are K numbers in a row.
    spreads : array, shape (V,)
        Standard deviation of each variable's effects.
    evidence : float
        Laplace's approximation of the log marginal likelihood, with the prior of the spreads.
    """

    theta: Floats
    spreads: Floats
    evidence: float

    @property
    def slope(self) -> float:
        """Slope of the simulator's logit."""
        return float(self.theta[0])

    def predict(self, logs: Floats, X: Floats) -> Floats:
        """Probabilities, shape (n, K), from the simulator's logs and indicators of levels."""
        k = logs.shape[1]
        effects = self.theta[1 + k :].reshape(-1, k)
        return softmax(self.slope * logs + self.theta[1 : 1 + k] + X @ effects)


@dataclass(frozen=True)
class _Problem:
    Z: Floats
    """Design, shape (n, K, D): column 0 the simulator's logs, then intercepts, then levels."""
    y: Ints
    w: Floats
    prior_mean: Floats
    which: Ints
    """Variance component of each parameter: -1 for fixed ones, else the variable."""

    def precision(self, log_sds: Floats) -> Floats:
        fixed = np.full(len(self.which), INTERCEPT_SPREAD**-2.0)
        fixed[0] = SLOPE_SPREAD**-2.0
        if not len(log_sds):
            return fixed
        return np.where(self.which >= 0, np.exp(-2 * log_sds)[self.which], fixed)


@dataclass(frozen=True)
class _Mode:
    theta: Floats
    p: Floats
    covariance: Floats
    value: float


def fit_multilevel(
    logs: Floats, X: Floats, sizes: tuple[int, ...], y: Ints, weights: Floats
) -> Multilevel:
    """Fit the model to the pilot.

    The mode for given standard deviations is found by Newton's method; these are chosen to
    maximise Laplace's approximation of the marginal likelihood, with its exact gradient.

    Parameters
    ----------
    logs : array, shape (n, K)
        Log probabilities of the simulator.
    X : array, shape (n, L)
        Indicators of the levels of all variables, L their number.
    sizes : tuple of int
        Levels of each variable; they sum to L.
    y : array of int, shape (n,)
    weights : array, shape (n,)

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> y = rng.integers(0, 2, 200)
    >>> X = np.eye(2)[rng.integers(0, 2, 200)]
    >>> model = fit_multilevel(np.log(np.full((200, 2), 0.5)), X, (2,), y, np.ones(200))
    >>> model.predict(np.log(np.full((1, 2), 0.5)), X[:1]).shape
    (1, 2)
    """
    from threadpoolctl import threadpool_limits

    problem = _problem(logs, X, sizes, y, weights)
    with threadpool_limits(1):  # the matrices are small, and sums keep their order
        return _fit(problem, len(sizes))


def _fit(problem: _Problem, n_spreads: int) -> Multilevel:
    from scipy.optimize import minimize

    log_sds = np.full(n_spreads, np.log(0.3))
    kept = [problem.prior_mean.copy()]

    def cost(x: Floats) -> tuple[float, Floats]:
        mode = _mode(problem, x, kept[0])
        kept[0] = mode.theta
        value, gradient = _evidence(problem, x, mode)
        return -value, -gradient

    if n_spreads:
        bounds = [(np.log(SMALLEST_SD), np.log(LARGEST_SD))] * n_spreads
        found = minimize(
            cost, log_sds, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-10}
        )
        log_sds = found.x
    mode = _mode(problem, log_sds, kept[0])
    value, _ = _evidence(problem, log_sds, mode)
    return Multilevel(mode.theta, np.exp(log_sds), value)


def softmax(logits: Floats) -> Floats:
    """Probabilities of logits, row by row."""
    lifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(lifted / lifted.sum(axis=-1, keepdims=True))


def _problem(logs: Floats, X: Floats, sizes: tuple[int, ...], y: Ints, weights: Floats) -> _Problem:
    n, k = logs.shape
    Z = np.zeros((n, k, 1 + k + k * X.shape[1]))
    Z[:, :, 0] = logs
    for option in range(k):
        Z[:, option, 1 + option] = 1.0
        Z[:, option, 1 + k + option :: k] = X
    owner = np.repeat(np.arange(len(sizes)), [k * size for size in sizes])
    which = np.concatenate([np.full(1 + k, -1), owner]).astype(np.int64)
    prior_mean = np.zeros(Z.shape[2])
    prior_mean[0] = SLOPE_MEAN
    return _Problem(Z, y, weights, prior_mean, which)


def _posterior(problem: _Problem, theta: Floats, precision: Floats) -> tuple[float, Floats]:
    logits = problem.Z @ theta
    p = softmax(logits)
    chosen = np.log(np.maximum(p[np.arange(len(problem.y)), problem.y], 1e-300))
    away = theta - problem.prior_mean
    return float(problem.w @ chosen - away @ (precision * away) / 2), p


def _curvature(problem: _Problem, p: Floats, precision: Floats) -> Floats:
    Z, w = problem.Z, problem.w
    flat = Z.reshape(-1, Z.shape[2])
    mean = np.einsum("ik,ikd->id", p, Z)
    H = (flat * (p * w[:, None]).reshape(-1, 1)).T @ flat - (mean * w[:, None]).T @ mean
    H[np.diag_indices_from(H)] += precision
    return np.asarray(H)


def _mode(problem: _Problem, log_sds: Floats, start: Floats) -> _Mode:
    """Newton's method with halved steps; the posterior is concave."""
    precision, theta = problem.precision(log_sds), start
    value, p = _posterior(problem, theta, precision)
    hot = np.eye(p.shape[1])[problem.y]
    for _ in range(100):
        residual = (hot - p) * problem.w[:, None]
        gradient = np.einsum("ik,ikd->d", residual, problem.Z)
        gradient -= precision * (theta - problem.prior_mean)
        step = np.linalg.solve(_curvature(problem, p, precision), gradient)
        size = 1.0
        while True:
            tried, moved = _posterior(problem, theta + size * step, precision)
            if tried >= value or size < 1e-6:
                break
            size /= 2
        theta, p = theta + size * step, moved
        done = np.abs(size * step).max() < 1e-9
        value = tried
        if done:
            break
    return _Mode(
        theta,
        p,
        np.asarray(np.linalg.inv(_curvature(problem, p, precision)), dtype=np.float64),
        value,
    )


def _evidence(problem: _Problem, log_sds: Floats, mode: _Mode) -> tuple[float, Floats]:
    """Laplace's log marginal likelihood and its exact gradient in the log standard deviations."""
    precision = problem.precision(log_sds)
    sds = np.exp(log_sds)
    log_det = -np.linalg.slogdet(mode.covariance)[1]
    prior = -float(sds @ sds) / (2 * SD_SPREAD**2)
    value = mode.value + float(np.log(precision).sum()) / 2 - log_det / 2 + prior
    member = problem.which[None, :] == np.arange(len(log_sds))[:, None]
    away = precision * (mode.theta - problem.prior_mean)
    spent = member @ (away * (mode.theta - problem.prior_mean))
    variances = member @ (precision * np.diag(mode.covariance))
    # The curvature also changes because the mode moves with the standard deviation.
    moves = mode.covariance @ (2 * (member * away).T)
    shift = np.einsum("ikd,dv->ikv", problem.Z, moves)
    bent = np.einsum("i,ik,ikv->v", problem.w, _bend(problem, mode), shift)
    gradient = spent - member.sum(axis=1) + variances - bent / 2 - sds**2 / SD_SPREAD**2
    return value, gradient


def _bend(problem: _Problem, mode: _Mode) -> Floats:
    """Derivative of the log determinant in each logit: ``p_k (a_k - sum_j p_j a_j)``.

    With ``C = Z_i H^-1 Z_i'`` and ``a_k = C_kk - 2 (C p)_k``, from the third derivatives of the
    multinomial likelihood.
    """
    p = mode.p
    C = np.einsum("ikd,de,ije->ikj", problem.Z, mode.covariance, problem.Z, optimize=True)
    a = np.einsum("ikk->ik", C) - 2 * np.einsum("ikj,ij->ik", C, p)
    return np.asarray(p * (a - (p * a).sum(axis=1, keepdims=True)))
