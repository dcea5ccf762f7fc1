"""Estimators with their linearisation: mean, contrast, linear and logistic regression."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.rectify.linear import Linearised

Array = NDArray[np.float64]
Fit = Callable[[Array, Array, Array], Linearised]
"""``fit(values (n,), X (n, p), weights (n,))``."""

STEPS = 60
PENALISED_STEPS = 500
"""Firth's estimate is reached at a constant rate only, slow where separation is strong."""
MANY_PEOPLE = 400
SEPARATED = 15.0
"""Log odds beyond which a logistic fit counts as separated."""
PENALISED = "predictors separate the answers: Firth's penalised estimate"


def mean_fit(values: Array, X: Array, w: Array) -> Linearised:
    """Weighted mean; a person contributes ``w (y - mean) / sum w``."""
    share = w / w.sum()
    centre = float(share @ values)
    return Linearised(np.array([centre]), (share * (values - centre))[:, None])


def contrast_fit(values: Array, X: Array, w: Array) -> Linearised:
    """Mean of the people with X = 1 less mean of those with X = 0."""
    first, second = (mean_fit(values[rows], X, w[rows]) for rows in (X[:, 0] == 1, X[:, 0] == 0))
    contributions = np.empty((len(values), 1))
    contributions[X[:, 0] == 1] = first.contributions
    contributions[X[:, 0] == 0] = -second.contributions
    return Linearised(first.value - second.value, contributions)


def ols_fit(values: Array, X: Array, w: Array) -> Linearised:
    """Weighted least squares with the contributions of the jackknife (HC3, MacKinnon & White 1985).

    Contributions are ``(n - 1)/n (X'WX)^-1 x w e / (1 - h)``: what leaving the person out changes.
    Degrees of freedom are those of Bell and McCaffrey.
    """
    bread = _inverse(X, w)
    beta = bread @ (X.T @ (w * values))
    kept = 1 - _leverage(X, w, bread)
    contributions = (X * (w * (values - X @ beta) / kept)[:, None]) @ bread
    # The design's n / (n - 1) is for contributions without a correction of their own.
    contributions *= (len(X) - 1) / len(X)
    return Linearised(beta, contributions, df=_bell_mccaffrey(X, w, bread, kept))


def _bell_mccaffrey(X: Array, w: Array, bread: Array, kept: Array) -> Array | None:
    """Degrees of freedom of each coefficient's variance: few where few people decide it.

    With many people they do not matter, and the n-by-n matrix would.

    References
    ----------
    Bell & McCaffrey (2002); Imbens & Kolesár (2016).
    """
    if len(X) > MANY_PEOPLE:
        return None
    R = np.sqrt(w)[:, None] * X
    M = np.eye(len(X)) - R @ bread @ R.T
    a = ((R @ bread) / kept[:, None]) ** 2
    below = (a * ((M * M) @ a)).sum(axis=0)
    return np.asarray(np.where(below > 0, (np.diag(M) @ a) ** 2 / np.where(below > 0, below, 1), 1))


def logistic_fit(values: Array, X: Array, w: Array) -> Linearised:
    """Weighted logistic regression of shares or of 0 and 1, Firth's (1993) where it separates."""
    w = w * len(w) / w.sum()
    beta = newton_logistic(values, X, w, np.zeros(X.shape[1]))
    notes: tuple[str, ...] = ()
    if beta is None:
        beta = newton_logistic(values, X, w, np.zeros(X.shape[1]), penalised=True)
        notes = (PENALISED,)
    if beta is None:
        raise InputError("logistic: no estimate found; use fewer predictors or more people")
    mu = expit(X @ beta)
    inner = w * mu * (1 - mu)
    bread = _inverse(X, inner)
    # HC2 for the logit: HC3 is too wide here (benchmarks/rectify_coverage.py).
    residual = (values - mu) / np.sqrt(1 - _leverage(X, inner, bread))
    return Linearised(beta, (X * (w * residual)[:, None]) @ bread, notes)


def newton_logistic(
    values: Array, X: Array, w: Array, start: Array, *, penalised: bool = False
) -> Array | None:
    """Maximise the (penalised) weighted likelihood by Newton steps; None if there is no maximum."""
    beta, current = start.copy(), -np.inf
    for _ in range(PENALISED_STEPS if penalised else STEPS):
        mu = expit(X @ beta)
        inner = np.maximum(w * mu * (1 - mu), 1e-300)
        try:
            bread = np.linalg.inv((X * inner[:, None]).T @ X)
        except np.linalg.LinAlgError:
            return None
        score = w * (values - mu)
        if penalised:
            score = score + ((X @ bread) * X).sum(axis=1) * inner * (0.5 - mu)
        step = bread @ (X.T @ score)
        step *= min(1.0, 5.0 / max(float(np.abs(X @ step).max()), 1e-300))
        if not np.isfinite(step).all():
            return None
        if penalised:
            step, current = _uphill(values, X, w, beta, step, current)
        beta = beta + step
        if float(np.abs(step).max()) < (1e-7 if penalised else 1e-10) * (
            1 + float(np.abs(beta).max())
        ):
            far = float(np.abs(X @ beta).max()) > 2 * SEPARATED
            return None if far and not penalised else beta
    return None


def _uphill(
    values: Array, X: Array, w: Array, beta: Array, step: Array, current: float
) -> tuple[Array, float]:
    """Halve a step until Firth's likelihood does not fall."""
    for _ in range(40):
        eta = X @ (beta + step)
        mu = expit(eta)
        gram = (X * np.maximum(w * mu * (1 - mu), 1e-300)[:, None]).T @ X
        new = float(w @ (values * eta - np.logaddexp(0, eta))) + np.linalg.slogdet(gram)[1] / 2
        if new >= current - 1e-12 * (1 + abs(current)):
            return step, float(new)
        step = step / 2
    return step, current


def expit(x: Array) -> Array:
    """Inverse logit, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


def _inverse(X: Array, w: Array) -> Array:
    gram = (X * w[:, None]).T @ X
    scale = np.sqrt(np.diag(gram))
    if (scale == 0).any() or np.linalg.cond(gram / np.outer(scale, scale)) > 1e12:
        raise InputError(
            "predictors are collinear among the humans or the rest (or one does not vary); leave "
            "one out, or use a larger pilot"
        )
    return np.asarray(np.linalg.inv(gram))


def _leverage(X: Array, w: Array, bread: Array) -> Array:
    """Leverage of each row, at most .95."""
    return np.asarray(np.minimum(((X @ bread) * X).sum(axis=1) * w, 0.95))
