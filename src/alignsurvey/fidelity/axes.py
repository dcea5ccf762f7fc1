"""The three axes: each takes people's and simulated answers and gives its metrics.

Every function takes two matrices of weights, one for each side, with a row a bootstrap replicate:
for a simulator both are the same people; for the ceiling they are two halves of the people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alignsurvey import metrics
from alignsurvey.fidelity.targets import Answers, Floats, Target

Scores = dict[str, Floats]
"""Metric name -> values, shape (replicates,)."""


def marginal_axis(
    target: Target, human: Answers, simulated: Answers, human_weights: Floats, sim_weights: Floats
) -> Scores:
    """Compare the distributions of answers, whoever gave them.

    Parameters
    ----------
    human, simulated : Answers
        Of the same n people, or of two halves that the weights pick out; people without an answer
        of their own are left out beforehand, a simulator's missing answers carry no weight.
    human_weights, sim_weights : array, shape (B, n)

    Returns
    -------
    dict
        ``w1`` and ``w1_normalized`` for ordered targets, ``tv``, ``jsd`` and ``entropy_ratio``
        for items, ``sd_ratio`` where answers are numbers.
    """
    found: Scores = {}
    if target.variable is not None:
        p, q = _mean_shares(human, human_weights), _mean_shares(simulated, sim_weights)
        found["tv"], found["jsd"] = metrics.tv(p, q), metrics.jsd(p, q)
        found["entropy_ratio"] = metrics.entropy_ratio(p, q)
    if target.is_ordered:
        low, high = target.limits
        if target.variable is not None and _is_drawn(simulated):
            found["w1"] = metrics.w1(p, q, target.variable.positions)
        else:
            found["w1"] = metrics.w1_samples(
                human.scores, simulated.scores, human_weights, sim_weights
            )
        found["w1_normalized"] = found["w1"] / (high - low)
    if target.has_scores:
        spread = metrics.sd(human.scores, human_weights)
        own = metrics.sd(simulated.scores, sim_weights)
        found["sd_ratio"] = np.divide(own, spread, out=np.full_like(own, np.nan), where=spread > 0)
    return found


def _is_drawn(answers: Answers) -> bool:
    """Whether each answer is one option, so that its distribution is one of shares."""
    return answers.shares is not None and bool(np.all(np.nan_to_num(answers.shares) % 1 == 0))


def _mean_shares(answers: Answers, weights: Floats) -> Floats:
    assert answers.shares is not None  # items have shares
    total = weights @ answers.answered.astype(np.float64)
    summed = weights @ np.nan_to_num(answers.shares)
    empty = np.full_like(summed, np.nan)
    return np.divide(summed, total[:, None], out=empty, where=total[:, None] > 0)


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
    """Coefficients of people and simulator, one row a bootstrap replicate, shape (B, p)."""

    names: tuple[str, ...]
    bivariate_human: Floats
    bivariate_simulated: Floats
    multivariable_human: Floats
    multivariable_simulated: Floats


def structural_axis(
    regression: Regression,
    human: Answers,
    simulated: Answers,
    human_weights: Floats,
    sim_weights: Floats,
) -> tuple[Scores, Coefficients, list[tuple[str, str]]]:
    """Compare how predictors relate to the outcome (arXiv 2606.28963, structural axis).

    Returns
    -------
    scores : dict
        ``ccc_bivariate``, ``sign_agreement`` and ``slope_inflation`` of the correlations,
        ``ccc_ols`` of the standardized regression (logistic for a binary outcome).
    coefficients : Coefficients
    dropped : list of (name, reason)
        Predictors that could not enter.
    """
    rows = human.answered & simulated.answered
    X = regression.X[rows]
    w_human, w_sim = human_weights[:, rows], sim_weights[:, rows]
    kept, dropped = metrics.usable_predictors(X, regression.names, w_human[0])
    X = X[:, kept]
    y_human, y_sim = (_outcome(regression.outcome, one)[rows] for one in (human, simulated))
    fit = metrics.logistic if regression.outcome.is_binary else metrics.ols
    found = Coefficients(
        tuple(regression.names[index] for index in kept),
        metrics.correlations(X, y_human, w_human),
        metrics.correlations(X, y_sim, w_sim),
        fit(X, y_human, w_human),
        fit(X, y_sim, w_sim),
    )
    bivariate = (found.bivariate_human, found.bivariate_simulated)
    scores = {
        "ccc_bivariate": metrics.ccc(*bivariate),
        "ccc_ols": metrics.ccc(found.multivariable_human, found.multivariable_simulated),
        "sign_agreement": metrics.sign_agreement(*bivariate),
        "slope_inflation": metrics.slope_inflation(*bivariate),
    }
    return scores, found, dropped


def _outcome(target: Target, answers: Answers) -> Floats:
    """Scores; for a binary outcome from 0 to 1, as a logistic regression needs."""
    if not target.is_binary:
        return answers.scores
    low, high = target.limits
    return (answers.scores - low) / (high - low)
