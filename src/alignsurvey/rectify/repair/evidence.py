"""What a repair learns from: a pilot's answers beside predictions, and who is to be repaired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.predictions import Predictions
from alignsurvey.rectify.repair.levels import Levels, fit_levels
from alignsurvey.survey.codebook import Variable
from alignsurvey.survey.margins import Margin
from alignsurvey.survey.survey import Survey

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

IMPOSSIBLE = 1e-6
"""A probability below this counts as "the simulator never says so"."""


@dataclass(frozen=True)
class ItemEvidence:
    """One item: people's answers and predictions in the pilot, predictions for everyone.

    Parameters
    ----------
    variable : Variable
    p : array, shape (n, K)
        Predictions for those of the pilot who answered and are predicted; no option is impossible.
    y : array of int, shape (n,)
        What they answered.
    weights : array, shape (n,)
        Their survey weights; they sum to the effective number of people (Kish).
    levels : array of int, shape (n, V)
        Their profile.
    shares : array, shape (K,)
        Smoothed shares of all in the pilot who answered.
    floor : float
        How much of each prediction was spread evenly over the options, 0 if none was impossible.
    everyone : array, shape (N, K)
        Predictions for the people to be repaired who have one; no option is impossible.
    everyone_weights : array, shape (N,)
        Their survey weights, which sum to 1.
    everyone_levels : array of int, shape (N, V)
    """

    variable: Variable
    p: Floats
    y: Ints
    weights: Floats
    levels: Ints
    shares: Floats
    floor: float
    everyone: Floats
    everyone_weights: Floats
    everyone_levels: Ints


@dataclass(frozen=True)
class Evidence:
    """What a repair learns from.

    Parameters
    ----------
    pilot : Survey
        People whose answers are known.
    predictions : Predictions
        For the pilot, made without its answers, in its order.
    people : Survey
        Who is to be repaired: profile and weights; their answers are never looked at.
    everyone : Predictions
        For these people, in their order.
    profile : tuple of str
        Variables whose groups may be repaired.
    margins : tuple of Margin
        Of the population, for raking.
    """

    pilot: Survey
    predictions: Predictions
    people: Survey
    everyone: Predictions
    profile: tuple[str, ...] = ()
    margins: tuple[Margin, ...] = ()
    _items: dict[str, ItemEvidence] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def levels(self) -> Levels:
        """Levels of the profile variables, as the people to be repaired have them."""
        return fit_levels(self.people, self.profile)

    @cached_property
    def _pilot_levels(self) -> Ints:
        return self.levels.indices(self.pilot)

    @cached_property
    def _people_levels(self) -> Ints:
        return self.levels.indices(self.people)

    @property
    def items(self) -> Mapping[str, ItemEvidence]:
        """Every item that has predictions; for the others `unrepaired` says why.

        Raises
        ------
        InputError
            Nobody in the pilot answered an item.
        """
        for item in self.everyone.items:
            if item not in self._items and item not in self.unrepaired:
                self._items[item] = self._item(item)
        return self._items

    @cached_property
    def unrepaired(self) -> Mapping[str, str]:
        """Items that stay as they are because nobody is predicted, and why."""
        found: dict[str, str] = {}
        for item in self.everyone.items:
            answered = (self.pilot.codes(item) >= 0) & (self.pilot.weights > 0)
            if not (self.everyone.answered(item) & (self.people.weights > 0)).any():
                found[item] = f"'{item}' has no prediction and stays without one"
            elif answered.any() and not (answered & self.predictions.answered(item)).any():
                found[item] = f"'{item}' has no prediction in the pilot and stays as it is"
        return found

    def _item(self, item: str) -> ItemEvidence:
        simulator, variable = self.everyone.provenance.simulator, self.everyone.codebook[item]
        codes, weights = self.pilot.codes(item), self.pilot.weights
        answered = (codes >= 0) & (weights > 0)
        if not answered.any():
            raise InputError(
                f"{self.pilot.source}: nobody in the pilot answered '{item}', so {simulator} "
                "cannot be repaired on it; take a larger pilot, or leave the item out"
            )
        both = answered & self.predictions.answered(item)
        predicted = self.everyone.answered(item) & (self.people.weights > 0)
        size = kish(weights[answered])
        p, everyone = self.predictions.shares[item][both], self.everyone.shares[item][predicted]
        lowest = min(float(p.min()), float(everyone.min()))
        floor = evenly(size, p.shape[1]) if lowest < IMPOSSIBLE else 0.0
        counts = np.bincount(codes[answered], weights[answered], p.shape[1])
        among = self.people.weights[predicted]
        return ItemEvidence(
            variable=variable,
            p=raised(p, floor),
            y=codes[both],
            weights=weights[both] / weights[both].sum() * kish(weights[both]),
            levels=self._pilot_levels[both],
            shares=smoothed(counts / counts.sum(), size),
            floor=floor,
            everyone=raised(everyone, floor),
            everyone_weights=among / among.sum(),
            everyone_levels=self._people_levels[predicted],
        )


def kish(weights: Floats) -> float:
    """Effective number of people behind weights, ``(sum w)^2 / sum w^2`` (Kish 1965).

    Examples
    --------
    >>> kish(np.array([1.0, 1.0, 2.0])).__round__(2)
    2.67
    """
    return float(weights.sum() ** 2 / (weights**2).sum())


def smoothed(shares: Floats, size: float) -> Floats:
    """Add half an answer to each option (Jeffreys' prior), as the baselines do.

    Parameters
    ----------
    shares : array, shape (K,)
    size : float
        Effective number of people behind the shares.

    Examples
    --------
    >>> smoothed(np.array([1.0, 0.0]), size=9)
    array([0.95, 0.05])
    """
    k = len(shares)
    return np.asarray((size * shares + 0.5) / (size + k / 2))


def evenly(size: float, k: int) -> float:
    """Weight of half an answer an option beside `size` people: the share that is spread evenly."""
    return (k / 2) / (size + k / 2)


def raised(p: Floats, floor: float) -> Floats:
    """Spread a share of each prediction evenly over the options; shape (n, K).

    Examples
    --------
    >>> raised(np.array([[1.0, 0.0]]), 0.1)
    array([[0.95, 0.05]])
    """
    return p if floor == 0 else np.asarray((1 - floor) * p + floor / p.shape[1])
