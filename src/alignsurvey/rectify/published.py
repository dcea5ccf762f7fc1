"""PPI++ exactly as ppi-python 0.2.3 computes it: large-sample variances, one lambda, z intervals.

Kept beside the package's own formulas so that published analyses can be repeated. It differs for
small pilots (no leverage, no t), and with weights, which it takes as known inverse probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.rectify.models import STEPS, expit

Array = NDArray[np.float64]
_NONE = (
    "the estimate of ppi-python does not exist here (the predictors separate the answers, or are "
    'collinear); use interval="auto"'
)


@dataclass(frozen=True)
class Published:
    """Values (p,), standard errors (p,) and the lambda of ppi-python."""

    value: Array
    se: Array
    lambda_: float


def tuned(g: Array, h: Array, h_rest: Array, bread: Array) -> float:
    """Optimal lambda from gradients (n, p) and (N, p), clipped to [0, 1] (arXiv 2311.01453, 6)."""
    n, N = len(g), len(h_rest)
    g_c, h_c = g - g.mean(axis=0), h - h.mean(axis=0)
    cross = (g_c.T @ h_c + h_c.T @ g_c) / n
    spread = np.atleast_2d(np.cov(np.concatenate([h, h_rest]).T))
    below = 2 * (1 + n / N) * float(np.trace(bread @ spread @ bread))
    above = float(np.trace(bread @ cross @ bread))
    return float(np.clip(above / below, 0.0, 1.0)) if below > 0 else 0.0


def mean(
    y: Array, f: Array, f_rest: Array, w: Array, w_rest: Array, lambda_: float | None
) -> Published:
    """`ppi_mean_pointestimate` and the standard error of `ppi_mean_ci`."""
    w, w_rest = w / w.mean(), w_rest / w_rest.mean()
    if lambda_ is None:
        theta = float((w_rest * f_rest).mean() + (w * (y - f)).mean())
        g, h, r = ((a * (b - theta))[:, None] for a, b in ((w, y), (w, f), (w_rest, f_rest)))
        lambda_ = tuned(g, h, r, np.eye(1))
    value = float((w_rest * lambda_ * f_rest).mean() + (w * (y - lambda_ * f)).mean())
    variance = (w_rest * lambda_ * f_rest).var() / len(f_rest)
    variance += (w * (y - lambda_ * f)).var() / len(y)
    return Published(np.array([value]), np.array([np.sqrt(variance)]), lambda_)


@dataclass(frozen=True)
class _Regression:
    """Data of a regression with weights of mean 1."""

    X: Array
    y: Array
    f: Array
    X_rest: Array
    f_rest: Array
    w: Array
    w_rest: Array

    def lines(self, lambda_: float) -> Array:
        """Coefficients of two least-squares fits, of the rest and of the rectifier."""
        rest = _wls(self.X_rest, lambda_ * self.f_rest, self.w_rest)
        return rest + _wls(self.X, self.y - lambda_ * self.f, self.w)

    def scores(self, theta: Array, *, logit: bool) -> tuple[Array, Array, Array]:
        """Gradients of the three losses at theta."""
        link = expit if logit else np.asarray
        fitted, rest = link(self.X @ theta), link(self.X_rest @ theta)
        return (
            self.X * (self.w * (fitted - self.y))[:, None],
            self.X * (self.w * (fitted - self.f))[:, None],
            self.X_rest * (self.w_rest * (rest - self.f_rest))[:, None],
        )

    def bread(self, theta: Array, *, logit: bool, rest: bool) -> Array:
        """Inverse Hessian over everybody, or over the pilot."""
        sides = [(self.X, self.w)] + ([(self.X_rest, self.w_rest)] if rest else [])
        total = np.zeros((self.X.shape[1],) * 2)
        for X, w in sides:
            mu = expit(X @ theta)
            inner = w * mu * (1 - mu) if logit else w
            total += (X * inner[:, None]).T @ X
        return np.asarray(np.linalg.inv(total / sum(len(X) for X, _ in sides)))

    def solve(self, lambda_: float, start: Array) -> Array:
        """Zero of the rectified logistic gradient, by Newton steps."""
        theta = start
        for _ in range(STEPS):
            g, h, r = self.scores(theta, logit=True)
            slope = g.mean(axis=0) - lambda_ * h.mean(axis=0) + lambda_ * r.mean(axis=0)
            H = (1 - lambda_) * np.linalg.inv(self.bread(theta, logit=True, rest=False))
            mu = expit(self.X_rest @ theta)
            inner = self.w_rest * mu * (1 - mu) / len(mu)
            H = H + lambda_ * (self.X_rest * inner[:, None]).T @ self.X_rest
            if np.linalg.cond(H) > 1e14:
                break
            step = np.linalg.solve(H, slope)
            theta = theta - step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
            if float(np.abs(step).max()) < 1e-12 * (1 + float(np.abs(theta).max())):
                return theta
        raise InputError(_NONE)


def regression(
    X: Array, y: Array, f: Array, X_rest: Array, f_rest: Array,
    w: Array, w_rest: Array, lambda_: float | None, *, logit: bool,
) -> Published:  # fmt: skip
    """`ppi_ols_pointestimate` or `ppi_logistic_pointestimate`, and standard errors at its lambda.

    The intervals of ppi-python take a lambda of their own, tuned once more at the estimate; pass
    it ``lam`` to compare.
    """
    data = _Regression(X, y, f, X_rest, f_rest, w / w.mean(), w_rest / w_rest.mean())
    try:
        return _regression(data, lambda_, logit=logit)
    except np.linalg.LinAlgError:
        raise InputError(_NONE) from None


def _regression(data: _Regression, lambda_: float | None, *, logit: bool) -> Published:
    start = np.zeros(data.X.shape[1])

    def estimate(at: float) -> Array:
        return data.solve(at, start) if logit else data.lines(at)

    if lambda_ is None:
        theta = estimate(1.0)
        bread = data.bread(theta, logit=logit, rest=True)
        lambda_ = tuned(*data.scores(theta, logit=logit), bread)
    theta = estimate(lambda_)
    bread = data.bread(theta, logit=logit, rest=lambda_ != 0)
    g, h, r = data.scores(theta, logit=logit)
    n, N = len(data.y), len(data.f_rest)
    middle = n / N * np.atleast_2d(np.cov(lambda_ * r.T))
    middle = middle + np.atleast_2d(np.cov(g.T - lambda_ * h.T))
    variance = np.maximum(np.diag(bread @ middle @ bread), 0.0) / n
    return Published(theta, np.sqrt(variance), lambda_)


def _wls(X: Array, y: Array, w: Array) -> Array:
    return np.asarray(np.linalg.solve((X * w[:, None]).T @ X, X.T @ (w * y)))
