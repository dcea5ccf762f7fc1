"""Choices made inside the pilot: how much to penalize, judged on respondents left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from alignsurvey.simulators.itemwise import ShareModel
from alignsurvey.simulators.pilot import ItemAnswers

Array = NDArray[np.float64]

PENALTIES = (1e4, 1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0, 0.3)
"""Ridge penalties to choose from, strongest first; the first leaves hardly more than the pilot's
shares. In units of one respondent: 1 / variance of a coefficient's normal prior."""

LOOSE, TIGHT = 1e-6, 1e-13
_PATIENCE = 2


class Penalized(Protocol):
    """A model of one item with a ridge penalty, fitted to several weightings at once."""

    @property
    def design(self) -> Array:
        """Design matrix of the data, in the model's coordinates."""
        ...

    def rotate(self, X: Array) -> Array:
        """Bring a design matrix into the model's coordinates."""
        ...

    def null(self, training: Array) -> Array:
        """Parameters of the null model for each weighting, shape (B, d)."""
        ...

    def minimise(self, training: Array, penalty: float, start: Array, tolerance: float) -> Array:
        """Fit to each weighting, shape (B, n), from a start, shape (B, d)."""
        ...

    def shares(self, at: Array, design: Array) -> Array:
        """Shares of the observed categories, shape (B, n, m)."""
        ...


def log_losses(answers: ItemAnswers, shares: Array) -> Array:
    """Log loss of each respondent, after the smoothing that predictions get.

    Parameters
    ----------
    answers : ItemAnswers
    shares : array, shape (n, m)
        Of the observed categories (or K, of all), for each respondent who answered.

    Returns
    -------
    array, shape (n,)
    """
    truth = answers.observed[answers.target]
    losses: Array = -np.log(answers.spread_out(shares)[np.arange(answers.n), truth])
    return losses


def simplest_good(losses: Sequence[Array], weights: Array) -> int:
    """Choose the simplest candidate that is hardly worse than the best one.

    Hardly worse is within half a standard error of the difference. The best candidate itself
    follows the noise of a small pilot: with a profile that says nothing, it loses more to the
    marginal than this one does, and with a good profile it wins hardly more.

    Parameters
    ----------
    losses : sequence of array, shape (n,)
        Held-out losses of each respondent, the simplest candidate first.
    weights : array, shape (n,)
        Which sum to 1.

    Examples
    --------
    >>> weights = np.full(4, 0.25)
    >>> simplest_good([np.array([2.0, 1, 2, 1]), np.array([1.0, 1.9, 1, 1.9])], weights)
    0
    >>> simplest_good([np.array([2.0, 2, 2, 2]), np.array([1.0, 1.2, 1, 1])], weights)
    1
    """
    table = np.stack(losses)
    best = table[int(np.argmin(table @ weights))]
    excess = (table - best) @ weights
    spread = np.sqrt((weights * (table - best - excess[:, None])) ** 2 @ np.ones(len(weights)))
    return int(np.argmax(excess <= 0.5 * spread + 1e-12))


def fit_by_folds(problem: Penalized, answers: ItemAnswers) -> ShareModel:
    """Fit one item with the penalty that its folds choose.

    The folds and the whole pilot are fitted together, from the strongest penalty to weaker ones,
    each from where the last one ended, until held-out respondents are predicted worse again.
    """
    training = trainings(answers)
    own_fold = (1 + answers.folds(), np.arange(answers.n))
    at, starts, losses = problem.null(training), [], []
    for penalty in PENALTIES:
        at = problem.minimise(training, penalty / answers.size, at, LOOSE)
        starts.append(at[:1])
        losses.append(log_losses(answers, problem.shares(at, problem.design)[own_fold]))
        means = [float(loss @ answers.weights) for loss in losses]
        if len(means) - 1 - int(np.argmin(means)) >= _PATIENCE:
            break
    chosen = simplest_good(losses, answers.weights)
    penalty = PENALTIES[chosen] / answers.size
    found = problem.minimise(answers.weights[None], penalty, starts[chosen], TIGHT)
    return lambda X: problem.shares(found, problem.rotate(X))[0]


def fit_at(problem: Penalized, weights: Array, penalty: float) -> ShareModel:
    """Fit at a given penalty, that is relative to weights that sum to 1."""
    whole = (weights / weights.sum())[None]
    found = problem.minimise(whole, penalty, problem.null(whole), TIGHT)
    return lambda X: problem.shares(found, problem.rotate(X))[0]


def trainings(answers: ItemAnswers) -> Array:
    """Weights of the whole pilot, then of each fold's training part; each sums to 1."""
    folds = answers.folds()
    parts = [answers.weights * (folds != fold) for fold in range(folds.max() + 1)]
    stacked = np.vstack([answers.weights, *parts])
    relative: Array = stacked / stacked.sum(axis=1, keepdims=True)
    return relative
