"""What planted faults are made of: people's answers, their groups, and answers moved about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.predictions import Outcome
from alignsurvey.randomness import uniforms
from alignsurvey.simulators.features import level_names
from alignsurvey.survey.codebook import Missing, Scale
from alignsurvey.survey.survey import Survey, category_scores

Array = NDArray[np.float64]
Answers = tuple[Array, NDArray[np.int8]]
"""Shares, shape (n, K), and outcomes, shape (n,), of one item."""

_MANY_VALUES = 8
_OUTCOMES = {Missing.REFUSED: Outcome.REFUSED, Missing.DONT_KNOW: Outcome.DONT_KNOW}


@dataclass(frozen=True)
class Humans:
    """The people, and what the faults need to know of them."""

    survey: Survey
    profile: tuple[str, ...]
    seed: int
    name: str

    def answers(self, item: str) -> Answers:
        """Everyone's own answer, as shares of 0 and 1."""
        codes = self.survey.codes(item)
        shares = np.eye(len(self.survey.codebook[item].categories))[codes]
        shares[codes < 0] = np.nan
        return shares, human_outcomes(self.survey, item, codes)

    def chosen(self, item: str, share: float) -> NDArray[np.bool_]:
        """Choose a share of the people by lot, anew for each item."""
        fault = self.name.partition("(")[0]  # a larger share contains a smaller one
        return uniforms(self.survey.id_hashes, self.seed, fault, item) < share

    @cached_property
    def partners(self) -> NDArray[np.int64]:
        """Whose answers each gets when all are swapped: the next in a ring in random order."""
        ring = np.argsort(uniforms(self.survey.id_hashes, self.seed, "shuffled"), kind="stable")
        partner = np.empty_like(ring)
        partner[ring] = np.roll(ring, 1)
        return partner

    @cached_property
    def groups(self) -> Array:
        """Indicators of the groups of every profile variable, shape (n, columns)."""
        if not self.profile:
            raise InputError(
                f"simulator '{self.name}' exaggerates groups, and there are none; give it a profile"
            )
        return np.hstack([_indicators(self.survey, variable) for variable in self.profile])

    def group_means(self, y: Array, known: NDArray[np.bool_]) -> Array:
        """Fit group means, additive in the profile variables; shape (n, columns of y).

        By weighted least squares, so that the mean of the fit is the people's own in each group
        of each variable.
        """
        root = np.sqrt(self.survey.weights[known])[:, None]
        fit, *_ = np.linalg.lstsq(self.groups[known] * root, y[known] * root, rcond=1e-10)
        means: Array = self.groups @ fit
        return means


def human_outcomes(survey: Survey, item: str, codes: NDArray[np.int64]) -> NDArray[np.int8]:
    outcomes = np.where(codes >= 0, Outcome.ANSWERED, Outcome.NO_REPLY).astype(np.int8)
    if item in survey.missing.columns:
        variable = survey.codebook[item]
        for row, code in enumerate(survey.missing[item].to_list()):
            kind = variable.missing_kind(code) if code is not None else None
            if kind in _OUTCOMES and codes[row] < 0:
                outcomes[row] = _OUTCOMES[kind]
    return outcomes


def _indicators(survey: Survey, name: str) -> Array:
    """One column a level; numbers with many values by quarters, and as they are besides."""
    variable = survey.variable(name)
    values = level_names(survey, name)
    if variable.scale in (Scale.NOMINAL, Scale.TEXT) or values.n_unique() <= _MANY_VALUES:
        levels = values.fill_null("").to_numpy()
        hot: Array = (levels[:, None] == np.unique(levels)).astype(np.float64)
        return hot
    scores = survey.scores(name)
    known = ~np.isnan(scores)
    order = np.argsort(scores[known], kind="stable")
    reached = np.cumsum(survey.weights[known][order])
    cuts = scores[known][order][np.searchsorted(reached, reached[-1] * np.array([0.25, 0.5, 0.75]))]
    quarter = np.where(known, np.searchsorted(np.unique(cuts), scores), -1)
    spread = (scores - scores[known].mean()) / (scores[known].std() or 1.0)
    indicators = quarter[:, None] == np.unique(quarter)
    return np.column_stack([indicators, np.where(known, spread, 0.0)])


def about_means(people: Humans, item: str, gap: float, spread: float, *, grouped: bool) -> Answers:
    """Move answers about their means: mean + gap (group - mean) + spread (answer - group).

    Where an item has scores, the moved score becomes probabilities of the two options beside it,
    whose mean it is exactly. A nominal item's shares are moved in the same way, each option's by
    itself; what falls below 0 is cut off.

    Parameters
    ----------
    grouped : bool
        Whether there are groups; without them each group mean is the overall mean.
    """
    variable, (own, outcomes) = people.survey.codebook[item], people.answers(item)
    known = outcomes == Outcome.ANSWERED
    if not known.any():
        return own, outcomes
    has_scores = variable.is_ordered or len(variable.categories) == 2
    y = (own @ category_scores(variable))[:, None] if has_scores else own
    weights = people.survey.weights[known]
    weights = weights if weights.any() else np.ones_like(weights)
    mean = np.average(y[known], axis=0, weights=weights)
    group = people.group_means(y, known) if grouped else np.broadcast_to(mean, y.shape)
    moved = mean + gap * (group - mean) + spread * (y - group)
    shares = np.full(own.shape, np.nan)
    if has_scores:
        positions = category_scores(variable)
        within = keep_mean(moved[known, 0], float(mean[0]), weights, positions)
        shares[known] = beside(within, positions)
    else:
        cut = np.maximum(moved[known], 0.0)
        shares[known] = cut / cut.sum(axis=1, keepdims=True)
    return shares, outcomes


def keep_mean(wanted: Array, mean: float, weights: Array, positions: Array) -> Array:
    """Bring scores onto the scale, and all of them back to a mean if some were beyond its ends.

    Examples
    --------
    >>> keep_mean(np.array([0.0, 2, 4]), 2.0, np.ones(3), np.array([1.0, 2, 3]))
    array([1., 2., 3.])
    >>> keep_mean(np.array([0.0, 2, 2]), 1.5, np.ones(3), np.array([1.0, 2, 3])).round(3)
    array([1.  , 1.75, 1.75])
    """
    low, high = float(positions.min()), float(positions.max())
    # Rounding alone may put a score beyond the ends.
    if wanted.min() >= low - 1e-9 and wanted.max() <= high + 1e-9:
        return np.clip(wanted, low, high)
    down, up = low - high, high - low
    for _ in range(60):
        shift = (down + up) / 2
        if np.average(np.clip(wanted + shift, low, high), weights=weights) < mean:
            down = shift
        else:
            up = shift
    return np.clip(wanted + (down + up) / 2, low, high)


def beside(scores: Array, positions: Array) -> Array:
    """Probabilities of the two options beside each score, whose mean is the score; shape (n, K).

    Examples
    --------
    >>> beside(np.array([1.25, 3.0]), np.array([1.0, 2, 3]))
    array([[0.75, 0.25, 0.  ],
           [0.  , 0.  , 1.  ]])
    """
    places, first = np.unique(positions, return_index=True)
    shares = np.zeros((len(scores), len(positions)))
    if len(places) == 1:
        shares[:, first[0]] = 1.0
        return shares
    left = np.clip(np.searchsorted(places, scores, side="right") - 1, 0, len(places) - 2)
    upper = (scores - places[left]) / (places[left + 1] - places[left])
    rows = np.arange(len(scores))
    shares[rows, first[left]] = 1.0 - upper
    shares[rows, first[left + 1]] = upper
    return shares
