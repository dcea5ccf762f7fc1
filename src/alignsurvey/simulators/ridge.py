"""Ridge regression on an item's scores, turned into probabilities of its options."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from alignsurvey.simulators.itemwise import Itemwise, ShareModel
from alignsurvey.simulators.logit import fit_logit
from alignsurvey.simulators.ordinal import nominal_note
from alignsurvey.simulators.pilot import ItemAnswers
from alignsurvey.simulators.tuning import PENALTIES, simplest_good, trainings

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ridge(Itemwise):
    """`baseline/ridge`: linear regression of the score on the profile, with a ridge penalty.

    The penalty is chosen by squared error over five folds of the pilot. An option's probability is
    that of a normal distribution around the fitted score, between the midpoints to the options
    beside it; its standard deviation is the error on held-out respondents. The baseline to beat at
    r and MAE of scales. A nominal item has no score: it gets the multinomial logit, and `notes` of
    the predictor says so.

    Examples
    --------
    >>> import alignsurvey as als
    >>> anes = als.load_example("anes96")
    >>> pilot = anes.pilot(100, seed=1)
    >>> predictor = Ridge().fit(pilot, ["selfLR"], ["PID", "age", "educ"])
    >>> predictor.predict(anes.without(pilot)).shares["selfLR"].shape
    (844, 7)
    """

    @property
    def name(self) -> str:
        """Its name."""
        return "baseline/ridge"

    def fit_item(self, answers: ItemAnswers) -> ShareModel:
        """Fit one item at the penalty that its folds choose."""
        if not answers.variable.is_ordered:
            return fit_logit(answers)
        positions = answers.variable.positions
        line = fit_ridge(answers, positions[answers.observed[answers.target]])
        return lambda X: normal_shares(line.mean(X), line.error, positions)

    def note(self, answers: ItemAnswers) -> str | None:
        """Say that a nominal item goes to the multinomial logit."""
        return nominal_note(self.name, answers)


@dataclass(frozen=True)
class Line:
    """A fitted regression: intercept, slopes, and root mean square error out of fold."""

    intercept: float
    slopes: Array
    error: float

    def mean(self, X: Array) -> Array:
        """Fitted scores, shape (n,)."""
        return self.intercept + X @ self.slopes


def fit_ridge(answers: ItemAnswers, y: Array) -> Line:
    """Regress scores on the design matrix, with the penalty that predicts held-out folds best.

    Parameters
    ----------
    answers : ItemAnswers
        For design matrix, weights and folds.
    y : array, shape (n,)
        Scores.
    """
    penalties = np.array(PENALTIES) / answers.size * _variance(y, answers.weights)
    intercepts, slopes = ridge(answers.X, y, trainings(answers), penalties)
    fold = 1 + answers.folds()
    fitted = intercepts[fold] + np.einsum("np,nlp->nl", answers.X, slopes[fold])
    squares = (y[:, None] - fitted).T ** 2
    chosen = simplest_good(list(squares), answers.weights)
    error = float(np.sqrt(squares[chosen] @ answers.weights))
    return Line(float(intercepts[0, chosen]), slopes[0, chosen], error)


def ridge(X: Array, y: Array, training: Array, penalties: Array) -> tuple[Array, Array]:
    """Fit ridge regressions to several weightings of the same data, at several penalties.

    Minimizes ``sum w_i (y_i - a - x_i b)^2 + penalty * sum b^2`` with weights that sum to 1. (The
    variance of y in the penalty makes one unit of it a prior variance of 1 for b / sd(y).)

    Parameters
    ----------
    X : array, shape (n, p)
    y : array, shape (n,)
    training : array, shape (B, n)
        Weights; each row sums to 1.
    penalties : array, shape (L,)

    Returns
    -------
    intercepts : array, shape (B, L)
    slopes : array, shape (B, L, p)
    """
    mean_x, mean_y = training @ X, training @ y
    weighted = training[:, :, None] * X
    cov_xx = weighted.transpose(0, 2, 1) @ X - mean_x[:, :, None] * mean_x[:, None, :]
    cov_xy = weighted.transpose(0, 2, 1) @ y - mean_x * mean_y[:, None]
    p = X.shape[1]
    system = cov_xx[:, None] + penalties[None, :, None, None] * np.eye(p)
    solved = np.linalg.solve(system, cov_xy[:, None, :, None])[..., 0]
    slopes = np.asarray(solved, dtype=np.float64)
    return mean_y[:, None] - (slopes @ mean_x[:, :, None])[..., 0], slopes


def normal_shares(mean: Array, error: float, positions: Array) -> Array:
    """Cut normal distributions at the midpoints between the options' positions.

    Parameters
    ----------
    mean : array, shape (n,)
    error : float
        Standard deviation; 0 gives all probability to the nearest option.
    positions : array, shape (K,)
        In any order; options at the same position share its probability.

    Returns
    -------
    array, shape (n, K)

    Examples
    --------
    >>> normal_shares(np.array([2.0]), 1.0, np.array([1.0, 2, 3])).round(3)
    array([[0.309, 0.383, 0.309]])
    """
    places, place, count = np.unique(positions, return_inverse=True, return_counts=True)
    middles = (places[1:] + places[:-1]) / 2
    reached = ndtr((middles - mean[:, None]) / max(error, 1e-12))
    shares = np.diff(reached, axis=1, prepend=0.0, append=1.0)
    return (shares / count)[:, place]


def _variance(y: Array, weights: Array) -> float:
    return max(float(weights @ (y - weights @ y) ** 2), 1e-12)
