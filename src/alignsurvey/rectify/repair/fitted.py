"""What a repair is, and what it becomes once it has seen a pilot."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from alignsurvey.predictions import Predictions
from alignsurvey.rectify.repair.evidence import Evidence, raised
from alignsurvey.rectify.repair.levels import Levels
from alignsurvey.survey.survey import Survey

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ShareMap = Callable[[Floats, Ints], Floats]
"""Predictions, shape (n, K), and levels of the profile, shape (n, V) -> predictions."""


class FittedRepair(Protocol):
    """A repair that has learned from a pilot."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done otherwise than the name says."""
        ...

    def apply(self, predictions: Predictions, people: Survey) -> Predictions:
        """Repair predictions for people, in their order."""
        ...


class Repair(Protocol):
    """A way to repair predictions by a pilot of human answers."""

    @property
    def name(self) -> str:
        """As it stands in a study, such as ``tilt(slope)``."""
        ...

    def fit(self, evidence: Evidence) -> FittedRepair:
        """Learn from a pilot."""
        ...


@dataclass(frozen=True)
class FittedItems:
    """A repair of each item by itself.

    Parameters
    ----------
    name : str
    maps : mapping of str to ShareMap
        Items without one are left as they are.
    floors : mapping of str to float
        How much of each prediction is spread evenly first.
    levels : Levels
    learned_from : frozenset
        Ids of the pilot.
    notes : tuple of str
    parameters : mapping of str to mapping of str to float
        What was found for each item, for people to read.
    """

    name: str
    maps: Mapping[str, ShareMap]
    floors: Mapping[str, float]
    levels: Levels
    learned_from: frozenset[Hashable] = field(repr=False)
    notes: tuple[str, ...] = ()
    parameters: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def apply(self, predictions: Predictions, people: Survey) -> Predictions:
        """Repair predictions for people, in their order; who has none still has none."""
        levels, shares = self.levels.indices(people), dict(predictions.shares)
        for item, change in self.maps.items():
            rows = predictions.answered(item)
            matrix = shares[item].copy()
            found = change(raised(matrix[rows], self.floors[item]), levels[rows])
            matrix[rows] = found / found.sum(axis=1, keepdims=True)
            shares[item] = matrix
        return renamed(replace(predictions, shares=shares), self.name, self.learned_from)


def renamed(predictions: Predictions, name: str, learned_from: frozenset[Hashable]) -> Predictions:
    """Say in the provenance what was done, and who was learned from."""
    old = predictions.provenance
    new = replace(
        old,
        simulator=f"{old.simulator}|{name}",
        trained_on=old.trained_on | learned_from,
    )
    return replace(predictions, provenance=new)


def fitted_items(
    name: str,
    evidence: Evidence,
    maps: Mapping[str, ShareMap],
    notes: tuple[str, ...] = (),
    parameters: Mapping[str, Mapping[str, float]] | None = None,
) -> FittedItems:
    """Put the maps of the items together."""
    floors = {item: evidence.items[item].floor for item in maps}
    return FittedItems(
        name,
        maps,
        floors,
        evidence.levels,
        frozenset(evidence.pilot.ids.to_list()),
        (*evidence.unrepaired.values(), *notes),
        parameters or {},
    )
