"""The three axes: each takes people's and simulated answers and gives its metrics.

The two sides have weights of their own, with a row a bootstrap replicate: for a simulator both
are the same people; for the ceiling they are two halves of the people.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alignsurvey import metrics
from alignsurvey.fidelity.targets import Answers, Floats, Target

Scores = dict[str, Floats]
"""Metric name -> values, shape (replicates,)."""


@dataclass(frozen=True)
class Side:
    """Answers of n people to a target, with weights; what many comparisons need is kept.

    Parameters
    ----------
    answers : Answers
    weights : array, shape (B, n)
    """

    answers: Answers
    weights: Floats

    @cached_property
    def shares(self) -> Floats:
        """Mean share of each option among those who answered, shape (B, K)."""
        assert self.answers.shares is not None  # items have shares
        total = self.weights @ self.answers.answered.astype(np.float64)
        summed = self.weights @ np.nan_to_num(self.answers.shares)
        mean: Floats = np.divide(
            summed, total[:, None], out=np.full_like(summed, np.nan), where=total[:, None] > 0
        )
        return mean

    @cached_property
    def sd(self) -> Floats:
        """Standard deviation of the scores, shape (B,)."""
        return metrics.sd(self.answers.scores, self.weights)

    @cached_property
    def is_drawn(self) -> bool:
        """Whether each answer is one option, so that its distribution is one of shares."""
        shares = self.answers.shares
        return shares is not None and bool(np.all(np.nan_to_num(shares) % 1 == 0))


def marginal_axis(target: Target, human: Side, simulated: Side) -> Scores:
    """Compare the distributions of answers, whoever gave them.

    Returns
    -------
    dict
        ``w1`` and ``w1_normalized`` for ordered targets, ``tv``, ``jsd`` and ``entropy_ratio``
        for items, ``sd_ratio`` where answers are numbers.
    """
    found: Scores = {}
    if target.variable is not None:
        p, q = human.shares, simulated.shares
        found["tv"], found["jsd"] = metrics.tv(p, q), metrics.jsd(p, q)
        found["entropy_ratio"] = metrics.entropy_ratio(p, q)
    if target.is_ordered:
        low, high = target.limits
        if target.variable is not None and human.is_drawn and simulated.is_drawn:
            found["w1"] = metrics.w1(p, q, target.variable.positions)
        else:
            found["w1"] = metrics.w1_samples(
                human.answers.scores, simulated.answers.scores, human.weights, simulated.weights
            )
        found["w1_normalized"] = found["w1"] / (high - low)
    if target.has_scores:
        found["sd_ratio"] = np.divide(
            simulated.sd, human.sd, out=np.full_like(human.sd, np.nan), where=human.sd > 0
        )
    return found


def individual_axis(target: Target, human: Answers, simulated: Answers, weights: Floats) -> Scores:
    """Compare each respondent's answer with the simulated one.

    Returns
    -------
    dict
        ``accuracy`` and ``macro_f1`` for items, ``brier`` and ``log_loss`` where the simulator
        gives probabilities, ``pearson_r`` where answers are numbers, ``mae`` where these are
        ordered.
    """
    found: Scores = {}
    if target.variable is not None and human.codes is not None and simulated.codes is not None:
        options = len(target.variable.categories)
        table = metrics.confusion(human.codes, simulated.codes, options, weights)
        found["accuracy"] = metrics.accuracy_from_confusion(table)
        found["macro_f1"] = metrics.macro_f1_from_confusion(table)
        if simulated.probabilities is not None:
            known = np.where(simulated.answered, human.codes, -1)
            found["brier"] = metrics.brier(simulated.probabilities, known, weights)
            found["log_loss"] = metrics.log_loss(simulated.probabilities, known, weights)
    if target.has_scores:
        found["pearson_r"] = metrics.pearson_r(human.scores, simulated.scores, weights)
        if target.is_ordered:
            found["mae"] = metrics.mae(human.scores, simulated.scores, weights)
    return found


@dataclass(frozen=True)
class Regression:
    """Predictors of a structure, as numbers.

    Parameters
    ----------
    outcome : Target
    names : tuple of str
        One a column of `X`; a nominal predictor has a column for each option but the first.
    X : array, shape (n, p)
    """

    outcome: Target
    names: tuple[str, ...]
    X: Floats


@dataclass(frozen=True)
class Coefficients:
    """Coefficients of a regression, one row a bootstrap replicate, shape (B, p).

    Parameters
    ----------
    names : tuple of str
        Predictors that could enter.
    bivariate : array
        Correlations.
    multivariable : array
        Standardized OLS, or logistic for a binary outcome.
    dropped : tuple of (name, reason)
        Predictors that could not enter.
    """

    names: tuple[str, ...]
    bivariate: Floats
    multivariable: Floats
    dropped: tuple[tuple[str, str], ...] = ()
    kept: tuple[int, ...] = ()


def coefficients(
    regression: Regression, side: Side, like: Coefficients | None = None
) -> Coefficients:
    """Regress the outcome on its predictors, among those who answered.

    Parameters
    ----------
    like : Coefficients, optional
        Of the same rows: the predictors that could enter there are taken.
    """
    rows = side.answers.answered
    X, weights = regression.X[rows], side.weights[:, rows]
    if like is None:
        usable, unusable = metrics.usable_predictors(X, regression.names, weights[0])
        kept, dropped = tuple(usable), tuple(unusable)
    else:
        kept, dropped = like.kept, like.dropped
    X, y = X[:, kept], _outcome(regression.outcome, side.answers)[rows]
    fit = metrics.logistic if regression.outcome.is_binary else metrics.ols
    return Coefficients(
        tuple(regression.names[index] for index in kept),
        metrics.correlations(X, y, weights),
        fit(X, y, weights),
        dropped,
        kept,
    )


def structural_axis(human: Coefficients, simulated: Coefficients) -> Scores:
    """Compare how predictors relate to the outcome (arXiv 2606.28963, structural axis).

    Parameters
    ----------
    human, simulated : Coefficients
        With the same predictors.

    Returns
    -------
    dict
        ``ccc_bivariate``, ``sign_agreement`` and ``slope_inflation`` of the correlations,
        ``ccc_ols`` of the regression.
    """
    return {
        "ccc_bivariate": metrics.ccc(human.bivariate, simulated.bivariate),
        "ccc_ols": metrics.ccc(human.multivariable, simulated.multivariable),
        "sign_agreement": metrics.sign_agreement(human.bivariate, simulated.bivariate),
        "slope_inflation": metrics.slope_inflation(human.bivariate, simulated.bivariate),
    }


def _outcome(target: Target, answers: Answers) -> Floats:
    """Scores; for a binary outcome from 0 to 1, as a logistic regression needs."""
    if not target.is_binary:
        return answers.scores
    low, high = target.limits
    return (answers.scores - low) / (high - low)
