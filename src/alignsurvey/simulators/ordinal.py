"""Proportional-odds logit with a ridge penalty, chosen by folds inside the pilot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from alignsurvey.simulators.itemwise import Itemwise, ShareModel
from alignsurvey.simulators.logit import fit_logit
from alignsurvey.simulators.pilot import ItemAnswers
from alignsurvey.simulators.tuning import fit_at, fit_by_folds

Array = NDArray[np.float64]

_IMAGINARY = 0.01
"""Respondents, shared out evenly over the options at the mean profile: enough to keep apart the
thresholds around an option that one fold lacks, too little to be seen in the fit."""


@dataclass(frozen=True)
class OrdinalLogit(Itemwise):
    """`baseline/ordinal`: proportional-odds logit on the profile (McCullagh 1980).

    ``logit P(answer <= k) = threshold_k - profile . b``, with a ridge penalty on b chosen by log
    loss over five folds of the pilot. One coefficient a column, whatever the number of options, so
    that it needs fewer respondents than the multinomial logit where the order is real. A nominal
    item has no order: it gets the multinomial logit, and `notes` of the predictor says so.

    Examples
    --------
    >>> import alignsurvey as als
    >>> anes = als.load_example("anes96")
    >>> pilot = anes.pilot(100, seed=1)
    >>> predictor = OrdinalLogit().fit(pilot, ["selfLR", "vote"], ["PID", "age", "educ"])
    >>> predictor.notes
    ("baseline/ordinal: 'vote' is nominal and was given to the multinomial logit",)
    """

    @property
    def name(self) -> str:
        """Its name."""
        return "baseline/ordinal"

    def fit_item(self, answers: ItemAnswers) -> ShareModel:
        """Fit one item at the penalty that its folds choose."""
        if not answers.variable.is_ordered:
            return fit_logit(answers)
        problem = ProportionalOdds.build(
            answers.X, answers.target, answers.weights, _IMAGINARY / answers.size
        )
        return fit_by_folds(problem, answers)

    def note(self, answers: ItemAnswers) -> str | None:
        """Say that a nominal item goes to the multinomial logit."""
        return nominal_note(self.name, answers)


def nominal_note(learner: str, answers: ItemAnswers) -> str | None:
    """Say that a nominal item goes to the multinomial logit, if it is one."""
    if answers.variable.is_ordered:
        return None
    name = answers.variable.name
    return f"{learner}: '{name}' is nominal and was given to the multinomial logit"


def proportional_odds(
    X: Array, target: NDArray[np.int64], weights: Array, penalty: float
) -> ShareModel:
    """Fit a proportional-odds logit at a given penalty.

    Minimizes ``sum w_i log-loss_i / sum w_i + penalty / 2 * sum b^2``.

    Parameters
    ----------
    X : array, shape (n, p)
    target : array of int, shape (n,)
        0 to m-1 in the order of the scale, each of which occurs.
    weights : array, shape (n,)
    penalty : float

    Returns
    -------
    callable
        Design matrix -> probabilities of the categories, shape (n, m).
    """
    problem = ProportionalOdds.build(X, target, weights / weights.sum(), imaginary=0.0)
    return fit_at(problem, weights, penalty)


class _Tails(NamedTuple):
    """Each respondent's category: probability, and logistic CDF and density at its two ends."""

    p: Array
    above: Array
    below: Array
    density_above: Array
    density_below: Array


@dataclass(frozen=True)
class ProportionalOdds:
    """The log loss of a proportional-odds logit, minimized by Newton's method.

    Convex in (thresholds, b) (Pratt 1981), and small, so that the exact Hessian is cheaper than
    anything cleverer.

    Parameters
    ----------
    design : array, shape (n, p)
        Centred columns.
    target : array of int, shape (n,)
    mean : array, shape (p,)
    m : int
        Number of categories.
    imaginary : float
        Weight of the imaginary respondents, relative to all others.
    """

    design: Array
    target: NDArray[np.int64]
    mean: Array
    m: int
    imaginary: float

    @classmethod
    def build(
        cls, X: Array, target: NDArray[np.int64], weights: Array, imaginary: float
    ) -> ProportionalOdds:
        """Lay out a problem with weights that sum to 1."""
        mean = weights @ X
        return cls(X - mean, target, mean, int(target.max()) + 1, imaginary)

    def rotate(self, X: Array) -> Array:
        """Bring a design matrix into these coordinates."""
        return X - self.mean

    def null(self, training: Array) -> Array:
        """Parameters that give each training set's own shares; shape (B, m - 1 + p)."""
        counts = np.stack([np.bincount(self.target, weights=w, minlength=self.m) for w in training])
        reached = np.cumsum(counts + max(self.imaginary, 1e-9) / self.m, axis=1)
        thresholds = logit(reached[:, :-1] / reached[:, -1:])
        return np.hstack([thresholds, np.zeros((len(training), self.design.shape[1]))])

    def shares(self, at: Array, design: Array) -> Array:
        """Probabilities, shape (B, n, m)."""
        thresholds, slopes = at[:, None, : self.m - 1], at[:, self.m - 1 :]
        reached = expit(thresholds - (slopes @ design.T)[:, :, None])
        return np.diff(reached, axis=2, prepend=0.0, append=1.0)

    def minimise(self, training: Array, penalty: float, start: Array, tolerance: float) -> Array:
        """Fit each training set, shape (B, n), from a start; shape (B, m - 1 + p)."""
        problem = _Newton.build(self, training, penalty)
        at, value = start, problem.value(start)
        for _ in range(100):
            gradient, hessian = problem.derivatives(at)
            step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
            going = np.einsum("bd,bd->b", step, gradient) > tolerance
            if not going.any():
                break
            at, value = _backtrack(problem, at, value, step * going[:, None])
        return at


@dataclass(frozen=True)
class _Newton:
    """Value, gradient and Hessian for a batch of training sets, imaginary respondents included."""

    design: Array
    target: NDArray[np.int64]
    training: Array
    upper: Array
    lower: Array
    ridge: Array

    @classmethod
    def build(cls, problem: ProportionalOdds, training: Array, penalty: float) -> _Newton:
        m, p = problem.m, problem.design.shape[1]
        design, target = problem.design, problem.target
        if problem.imaginary > 0:
            design = np.vstack([design, np.zeros((m, p))])
            target = np.append(target, np.arange(m))
            extra = np.full((len(training), m), problem.imaginary / m)
            training = np.hstack([training, extra])
        ends = np.eye(m)[target]
        ridge = np.append(np.zeros(m - 1), np.full(p, penalty))
        return cls(design, target, training, ends[:, :-1], ends[:, 1:], ridge)

    def tails(self, at: Array) -> _Tails:
        m = self.upper.shape[1] + 1
        position = at[:, m - 1 :] @ self.design.T
        edge = np.full((len(at), 1), np.inf)
        thresholds = np.hstack([-edge, at[:, : m - 1], edge])
        high, low = thresholds[:, self.target + 1] - position, thresholds[:, self.target] - position
        # In the upper tail both CDFs are next to 1 and their difference is rounding; mirror it.
        mirror = np.where(np.isinf(high), low, np.where(np.isinf(low), high, high + low)) > 0
        p = np.where(mirror, expit(-low) - expit(-high), expit(high) - expit(low))
        above, below = expit(high), expit(low)
        return _Tails(p, above, below, above * expit(-high), below * expit(-low))

    def value(self, at: Array) -> Array:
        """Penalized log loss, shape (B,); infinite where thresholds are out of order."""
        p = self.tails(at).p
        loss = -np.log(np.maximum(p, 1e-300))
        total = (self.training * loss).sum(axis=1) + (self.ridge * at**2).sum(axis=1) / 2
        return np.where((p > 0).all(axis=1), total, np.inf)

    def derivatives(self, at: Array) -> tuple[Array, Array]:
        """Gradient, shape (B, d), and Hessian, shape (B, d, d)."""
        w, m = self.training, self.upper.shape[1] + 1
        p, above, below, up, down = self.tails(at)
        up_p, down_p = up / p, down / p
        gradient = np.hstack(
            [
                (w * down_p) @ self.lower - (w * up_p) @ self.upper,
                (w * (1.0 - above - below)) @ self.design,
            ]
        )
        hessian = np.zeros((len(at), at.shape[1], at.shape[1]))
        k = np.arange(m - 1)
        hessian[:, k, k] = (w * (up_p**2 - up_p * (1 - 2 * above))) @ self.upper
        hessian[:, k, k] += (w * (down_p**2 + down_p * (1 - 2 * below))) @ self.lower
        beside = -((w * up_p * down_p) @ self.upper)[:, 1:]
        hessian[:, k[1:], k[:-1]] = beside
        hessian[:, k[:-1], k[1:]] = beside
        ends = (w * up)[:, :, None] * self.upper + (w * down)[:, :, None] * self.lower
        cross = -ends.transpose(0, 2, 1) @ self.design
        hessian[:, : m - 1, m - 1 :] = cross
        hessian[:, m - 1 :, : m - 1] = cross.transpose(0, 2, 1)
        curved = (w * (up + down))[:, None, :] * self.design.T
        hessian[:, m - 1 :, m - 1 :] = curved @ self.design
        hessian[:, range(at.shape[1]), range(at.shape[1])] += self.ridge + 1e-12
        return gradient + self.ridge * at, hessian


def _backtrack(problem: _Newton, at: Array, value: Array, step: Array) -> tuple[Array, Array]:
    """Halve the steps of those fits that a whole step would make worse."""
    length = np.ones(len(at))
    for _ in range(40):
        moved = at - length[:, None] * step
        new = problem.value(moved)
        worse = ~(new <= value + 1e-13 * np.abs(value))
        if not worse.any():
            return moved, new
        length[worse] /= 2
    return np.where(worse[:, None], at, moved), np.where(worse, value, new)
