"""Multinomial logit with a ridge penalty, chosen by folds inside the pilot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alignsurvey.simulators.descent import minimise
from alignsurvey.simulators.itemwise import Itemwise, ShareModel
from alignsurvey.simulators.pilot import ItemAnswers
from alignsurvey.simulators.tuning import fit_at, fit_by_folds

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Logit(Itemwise):
    """`baseline/logit`: multinomial logit on the profile.

    One coefficient for each option and column, with a ridge penalty on all but the intercepts. The
    penalty is chosen by log loss over five folds of the pilot, so that a profile without signal
    gives the pilot's shares. The baseline to beat at individual answers.

    Examples
    --------
    >>> import alignsurvey as als
    >>> anes = als.load_example("anes96")
    >>> pilot = anes.pilot(100, seed=1)
    >>> predictor = Logit().fit(pilot, ["vote"], ["PID", "age", "educ"])
    >>> predictor.predict(anes.without(pilot)).shares["vote"].shape
    (844, 2)
    """

    @property
    def name(self) -> str:
        """Its name."""
        return "baseline/logit"

    def fit_item(self, answers: ItemAnswers) -> ShareModel:
        """Fit one item at the penalty that its folds choose."""
        return fit_logit(answers)


def fit_logit(answers: ItemAnswers) -> ShareModel:
    """Fit the logit of one item, with the penalty that predicts held-out folds best."""
    problem = Multinomial.build(answers.X, answers.target, answers.weights)
    return fit_by_folds(problem, answers)


def multinomial(X: Array, target: NDArray[np.int64], weights: Array, penalty: float) -> ShareModel:
    """Fit a multinomial logit at a given penalty.

    Minimizes ``sum w_i log-loss_i / sum w_i + penalty / 2 * sum b^2`` over a coefficient for each
    class and column and an intercept for each class that is not penalized.

    Parameters
    ----------
    X : array, shape (n, p)
    target : array of int, shape (n,)
        0 to m-1, each of which occurs.
    weights : array, shape (n,)
    penalty : float

    Returns
    -------
    callable
        Design matrix -> probabilities of the classes, shape (n, m).
    """
    return fit_at(Multinomial.build(X, target, weights / weights.sum()), weights, penalty)


@dataclass(frozen=True)
class Multinomial:
    """The log loss of a multinomial logit, in coordinates that make it round.

    At the null model its Hessian is C (x) S, where C = diag(share) - share share' and S is the
    covariance of the columns. Rotating the columns to the eigenvectors of S, and the classes to
    those of C, makes it diagonal: a preconditioner that is exact for strong penalties and costs
    nothing. A ridge penalty does not notice a rotation.

    Parameters
    ----------
    design : array, shape (n, p + 1)
        Rotated columns, and a column of ones.
    target : array of int, shape (n,)
    mean : array, shape (p,)
        Of the columns before rotation.
    axes : array, shape (p, p)
        The rotation of the columns.
    classes : array, shape (m - 1, m)
        The rotation of the classes, without the direction that changes no probability.
    hessian : array, shape (p + 1, m - 1)
        At the null model.
    """

    design: Array
    target: NDArray[np.int64]
    mean: Array
    axes: Array
    classes: Array
    hessian: Array

    @classmethod
    def build(cls, X: Array, target: NDArray[np.int64], weights: Array) -> Multinomial:
        """Lay out a problem with weights that sum to 1."""
        share = np.bincount(target, weights=weights)
        mean = weights @ X
        spread, axes = np.linalg.eigh((X - mean).T @ ((X - mean) * weights[:, None]))
        curved, classes = np.linalg.eigh(np.diag(share) - np.outer(share, share))
        design = np.column_stack([(X - mean) @ axes, np.ones(len(X))])
        hessian = np.outer(np.append(np.maximum(spread, 0.0), 1.0), curved[1:])
        return cls(design, target, mean, axes, classes[:, 1:].T, hessian)

    def rotate(self, X: Array) -> Array:
        """Bring a design matrix into these coordinates."""
        return np.column_stack([(X - self.mean) @ self.axes, np.ones(len(X))])

    def null(self, training: Array) -> Array:
        """Parameters that give each training set's own shares; shape (B, (p + 1) (m - 1))."""
        m = self.classes.shape[1]
        shares = np.stack([np.bincount(self.target, weights=w, minlength=m) for w in training])
        start = np.zeros((len(training), *self.hessian.shape))
        start[:, -1] = np.log(np.maximum(shares, 1e-6)) @ self.classes.T
        return start.reshape(len(training), -1)

    def logits(self, at: Array, design: Array) -> Array:
        """Log-odds, shape (B, n, m)."""
        logits: Array = design @ (at.reshape(len(at), *self.hessian.shape) @ self.classes)
        return logits

    def shares(self, at: Array, design: Array) -> Array:
        """Probabilities, shape (B, n, m)."""
        logits = self.logits(at, design)
        odds = np.exp(logits - logits.max(axis=2, keepdims=True))
        shares: Array = odds / odds.sum(axis=2, keepdims=True)
        return shares

    def minimise(self, training: Array, penalty: float, start: Array, tolerance: float) -> Array:
        """Fit each training set, shape (B, n), from a start; shape (B, (p + 1) (m - 1))."""
        rows = np.arange(len(self.target))
        ridge = np.full(self.hessian.shape, penalty)
        ridge[-1] = 0.0
        flat = ridge.ravel()

        def objective(at: Array) -> tuple[Array, Array]:
            logits = self.logits(at, self.design)
            logits -= logits.max(axis=2, keepdims=True)
            odds = np.exp(logits)
            total = odds.sum(axis=2)
            fit = np.log(total) - logits[:, rows, self.target]
            value = (training * fit).sum(axis=1) + (flat * at**2).sum(axis=1) / 2
            odds /= total[:, :, None]
            odds[:, rows, self.target] -= 1.0
            odds *= training[:, :, None]
            slope = self.design.T @ odds @ self.classes.T
            return value, slope.reshape(len(at), -1) + flat * at

        curvature = (self.hessian + ridge).ravel()
        return minimise(objective, start, np.maximum(curvature, 1e-8), tolerance=tolerance)
