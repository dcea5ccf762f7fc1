"""Likelihoods of a logistic regression under many weights, plain or penalised, and their top."""

from dataclasses import dataclass, replace

import numpy as np

from alignsurvey.metrics._arrays import BoolArray, FloatArray, IntArray, ratio
from alignsurvey.metrics._moments import weighted_gram

# Under separation every Newton step moves the linear predictor by about 1, for ever; an estimate
# that exists is reached long before 30 steps, and before probabilities round to 0 or 1.
LIKELIHOOD_STEPS = 30
PENALISED_STEPS = 80
CAUTIOUS_STEPS = 15
STEP_TOLERANCE = 1e-9
LARGEST_STEP = 5.0


@dataclass(frozen=True)
class Likelihood:
    """Log-likelihoods of one design under (B, n) weights; ``fixed`` coefficients stay 0.

    The penalty is Jeffreys' prior, half the log determinant of the information (Firth 1993).
    """

    design: FloatArray
    outcome: FloatArray
    weights: FloatArray
    fixed: BoolArray
    penalty: bool = False

    def take(self, replicates: IntArray) -> "Likelihood":
        """Return the likelihoods of some replicates."""
        return replace(self, weights=self.weights[replicates], fixed=self.fixed[replicates])

    def value(self, beta: FloatArray) -> FloatArray:
        """Return the (penalised) log-likelihood of each replicate's coefficients, (B, p)."""
        linear = beta @ self.design.T
        fit = (self.weights * (self.outcome * linear - np.logaddexp(0.0, linear))).sum(axis=1)
        if self.penalty:
            information = self._information(self._chances(beta), self.weights)
            fit = fit + 0.5 * np.linalg.slogdet(information)[1]
        return np.asarray(fit)

    def score(self, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the gradient, (B, p), and a positive definite stand-in for its slope."""
        chance = self._chances(beta)
        information = self._information(chance, self.weights)
        residual = self.weights * (self.outcome - chance)
        if self.penalty:
            leverage = self._leverage(chance, information)
            residual += leverage * (0.5 - chance)
            # the penalty is worth `leverage` more answers of 1/2 (Heinze and Schemper 2002)
            information = self._information(chance, self.weights + leverage)
        return np.where(self.fixed, 0.0, residual @ self.design), information

    def slope(self, beta: FloatArray, score: FloatArray) -> FloatArray:
        """Return minus the derivative of the score, (B, p, p), by differences."""
        p = beta.shape[1]
        width = 1e-6 * (1 + np.abs(beta).max(axis=1))
        moved = beta[:, None, :] + width[:, None, None] * np.eye(p)
        change = np.stack([score - self.score(moved[:, j])[0] for j in range(p)], axis=1)
        slope = change / width[:, None, None]
        return self._without_fixed((slope + np.swapaxes(slope, 1, 2)) / 2)

    def _chances(self, beta: FloatArray) -> FloatArray:
        from scipy.special import expit

        chance: FloatArray = expit(beta @ self.design.T)
        # off 0 and 1, where the information would vanish
        return np.asarray(np.clip(chance, 1e-15, 1 - 1e-15), dtype=np.float64)

    def _information(self, chance: FloatArray, weights: FloatArray) -> FloatArray:
        return self._without_fixed(weighted_gram(weights * chance * (1 - chance), self.design))

    def _without_fixed(self, matrix: FloatArray) -> FloatArray:
        either = self.fixed[:, :, None] | self.fixed[:, None, :]
        return np.asarray(np.where(either, np.eye(matrix.shape[-1]), matrix))

    def _leverage(self, chance: FloatArray, information: FloatArray) -> FloatArray:
        either = self.fixed[:, :, None] | self.fixed[:, None, :]
        inverse = np.where(either, 0.0, np.linalg.pinv(information))
        quadratic = np.zeros_like(chance)
        for j in range(self.design.shape[1]):
            quadratic += (inverse[:, j, :] @ self.design.T) * self.design[:, j]
        return np.asarray(self.weights * chance * (1 - chance) * quadratic)


def maximise(likelihood: Likelihood, steps: int) -> tuple[FloatArray, BoolArray]:
    """Climb every likelihood from the intercept alone; return coefficients and who arrived."""
    beta = np.zeros((len(likelihood.weights), likelihood.design.shape[1]))
    weights = likelihood.weights
    chance = np.asarray(ratio(weights @ likelihood.outcome, weights.sum(axis=1)))
    beta[:, 0] = np.log(chance / (1 - chance))
    arrived = np.zeros(len(beta), dtype=np.bool_)
    todo = np.arange(len(beta))
    for taken in range(steps):
        here = likelihood.take(todo)
        step = _step(here, beta[todo], exact=likelihood.penalty and taken >= CAUTIOUS_STEPS)
        beta[todo] = _climb(here, beta[todo], step)
        arrived[todo] = np.abs(step).max(axis=1) < STEP_TOLERANCE * (
            1 + np.abs(beta[todo]).max(axis=1)
        )
        todo = np.flatnonzero(~arrived)
        if len(todo) == 0:
            break
    return beta, arrived


def _step(likelihood: Likelihood, beta: FloatArray, exact: bool) -> FloatArray:
    score, information = likelihood.score(beta)
    if exact:  # the penalty's own curvature: without it the last digits take hundreds of steps
        curvature, axes = np.linalg.eigh(likelihood.slope(beta, score))
        along = (score[:, None, :] @ axes)[:, 0] / np.maximum(np.abs(curvature), 1e-12)
        step = (axes @ along[..., None])[..., 0]  # upward also where the top is still far
    else:
        step = _solve(information, score)
    longest = np.abs(step).max(axis=1, keepdims=True)
    return np.asarray(step * np.minimum(1.0, LARGEST_STEP / np.maximum(longest, 1e-300)))


def _solve(matrices: FloatArray, vectors: FloatArray) -> FloatArray:
    try:
        return np.asarray(np.linalg.solve(matrices, vectors[..., None])[..., 0])
    except np.linalg.LinAlgError:  # one singular matrix would fail all the others
        return np.asarray((np.linalg.pinv(matrices) @ vectors[..., None])[..., 0], dtype=np.float64)


def _climb(likelihood: Likelihood, beta: FloatArray, step: FloatArray) -> FloatArray:
    """Take the step, halved for as long as it leads down."""
    before = likelihood.value(beta)
    slack = 1e-10 * (1 + np.abs(before))
    length = np.ones(len(beta))
    worse = np.arange(len(beta))
    for _ in range(12):
        tried = beta[worse] + length[worse, None] * step[worse]
        after = likelihood.take(worse).value(tried)
        worse = worse[after < (before - slack)[worse]]
        if len(worse) == 0:
            break
        length[worse] /= 2
    return np.asarray(beta + length[:, None] * step)
