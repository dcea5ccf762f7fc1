"""Quantile mapping: move answers along the scale until their distribution is the pilot's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.rectify.repair.evidence import Evidence
from alignsurvey.rectify.repair.fitted import FittedItems, ShareMap, fitted_items
from alignsurvey.survey.survey import category_scores

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class QuantileMap:
    """Send each simulated answer to the human one of the same rank, ``F_human^-1(F_sim(f))``.

    For an item that is a coupling of two distributions on its options: the mass of a simulated
    option is divided over the human options that cover the same quantiles. Everyone's marginal
    becomes the pilot's smoothed one, nobody overtakes anybody. Single answers become
    probabilities where an option is divided.

    Items without an order are left as they are, and a note says so.
    """

    @property
    def name(self) -> str:
        """Name in a study."""
        return "quantile_map"

    def fit(self, evidence: Evidence) -> FittedItems:
        """Couple the simulated and the human distribution of each ordered item.

        Raises
        ------
        InputError
            No item has an order.
        """
        maps: dict[str, ShareMap] = {}
        notes = []
        for item, one in evidence.items.items():
            if not one.variable.is_ordered and len(one.variable.categories) > 2:
                notes.append(f"'{item}' has no order and is not mapped; tilt repairs it")
                continue
            order = np.argsort(category_scores(one.variable), kind="stable")
            mass = one.everyone_weights @ one.everyone
            maps[item] = _map(coupling(mass, one.shares, order))
        if not maps:
            raise InputError(
                f"{self.name}: none of the items ({', '.join(evidence.items)}) has an order; "
                "declare one ordinal in the codebook, or use tilt"
            )
        return fitted_items(self.name, evidence, maps, tuple(notes))


def _map(moves: Floats) -> ShareMap:
    return lambda p, levels: p @ moves


def coupling(p: Floats, q: Floats, order: NDArray[np.int64] | None = None) -> Floats:
    """Where each option's mass goes so that shares p become q and ranks stay; shape (K, K).

    Parameters
    ----------
    p, q : array, shape (K,)
        Shares; rows of options without mass in p stay where they are.
    order : array of int, shape (K,), optional
        Options from low to high.

    Examples
    --------
    >>> coupling(np.array([0.5, 0.5]), np.array([0.25, 0.75]))
    array([[0.5, 0.5],
           [0. , 1. ]])
    """
    order = np.arange(len(p)) if order is None else order
    above = np.concatenate([[0.0], np.cumsum(p[order])]) / p.sum()
    wanted = np.concatenate([[0.0], np.cumsum(q[order])]) / q.sum()
    above[-1] = wanted[-1] = 1.0
    top = np.minimum(above[1:, None], wanted[None, 1:])
    bottom = np.maximum(above[:-1, None], wanted[None, :-1])
    shared = np.maximum(top - bottom, 0.0)
    total = shared.sum(axis=1, keepdims=True)
    rows = np.where(total > 0, shared / np.where(total > 0, total, 1.0), np.eye(len(p)))
    moves = np.empty_like(rows)
    moves[np.ix_(order, order)] = rows
    return moves


def map_quantiles(
    scores: Floats,
    human: Floats,
    weights: Floats | None = None,
    human_weights: Floats | None = None,
) -> Floats:
    """Map scores of any kind to the human ones of the same mid-rank.

    For scales and other numbers that are no options: ``F_human^-1(F_sim(f))``, linear between
    the human values' mid-ranks.

    Parameters
    ----------
    scores : array, shape (n,)
        Simulated; NaN stays NaN.
    human : array, shape (m,)
        Of the pilot.
    weights, human_weights : arrays, shapes (n,) and (m,), optional

    Returns
    -------
    array, shape (n,)
        Within the range of the human scores, in the order of the simulated ones.

    Raises
    ------
    InputError
        There is no human score, or no simulated one.

    Examples
    --------
    >>> map_quantiles(np.array([3.0, 4.0, 5.0]), np.array([10.0, 20.0, 30.0]))
    array([10., 20., 30.])
    """
    known = ~np.isnan(scores)
    if not known.any() or np.isnan(human).all():
        side = "simulated" if not known.any() else "human"
        raise InputError(f"there is no {side} score to map quantiles of; give at least one")
    w = np.ones(len(scores)) if weights is None else weights
    people = ~np.isnan(human)
    v = np.ones(len(human)) if human_weights is None else human_weights
    values, rank = _mid_ranks(human[people], v[people])
    own, own_rank = _mid_ranks(scores[known], w[known])
    mapped = np.full(len(scores), np.nan)
    mapped[known] = np.interp(np.interp(scores[known], own, own_rank), rank, values)
    return mapped


def _mid_ranks(scores: Floats, weights: Floats) -> tuple[Floats, Floats]:
    values, place = np.unique(scores, return_inverse=True)
    shares = np.bincount(place, weights) / weights.sum()
    return values, np.cumsum(shares) - shares / 2
