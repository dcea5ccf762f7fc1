"""What a learner sees of a pilot: answers item by item, weights, folds, and how it smooths."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.randomness import uniforms
from alignsurvey.simulators.features import Features, fit_features
from alignsurvey.survey.codebook import Codebook, Variable
from alignsurvey.survey.survey import Survey


@dataclass(frozen=True)
class ItemAnswers:
    """Who answered one item, and what.

    Parameters
    ----------
    variable : Variable
    observed : array of int, shape (m,)
        Categories that somebody in the pilot chose, in the codebook's order.
    target : array of int, shape (n,)
        Each respondent's answer as a position in `observed`.
    rows : array of int, shape (n,)
        Where these respondents stand in the pilot in id order.
    X : array, shape (n, p)
        Their design matrix.
    weights : array, shape (n,)
        Their survey weights, which sum to 1 here.
    lot : array of int, shape (n,)
        A permutation of 0 to n-1 from which folds are taken.
    """

    variable: Variable
    observed: NDArray[np.int64]
    target: NDArray[np.int64]
    rows: NDArray[np.int64]
    X: NDArray[np.float64]
    weights: NDArray[np.float64]
    lot: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Number of respondents who answered."""
        return len(self.target)

    @property
    def size(self) -> float:
        """Effective number of respondents who answered (Kish), at most `n`."""
        return 1.0 / float((self.weights**2).sum())

    @property
    def shares(self) -> NDArray[np.float64]:
        """Weighted share of each observed category, shape (m,); not smoothed."""
        counts = np.bincount(self.target, weights=self.weights, minlength=len(self.observed))
        return counts.astype(np.float64)

    def folds(self, k: int = 5) -> NDArray[np.int64]:
        """Fold of each respondent for choices made inside the pilot; shape (n,)."""
        return self.lot % min(k, self.n)

    def spread_out(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give every category of the codebook its smoothed share.

        Parameters
        ----------
        shares : array, shape (..., m)
            Of the observed categories, or shape (..., K) of all of them.

        Returns
        -------
        array, shape (..., K)
        """
        k = len(self.variable.categories)
        if shares.shape[-1] == k:
            return smoothed(shares, self.size)
        full = np.zeros((*shares.shape[:-1], k))
        full[..., self.observed] = shares
        return smoothed(full, self.size)


@dataclass(frozen=True)
class TrainingData:
    """A pilot ready for learning, in the order of ids so that the order of rows is nothing.

    Parameters
    ----------
    pilot : Survey
        In id order, without those of zero weight.
    features : Features
    X : array, shape (n, p)
    items : mapping of str to ItemAnswers
    trained_on : frozenset
        Ids of the whole pilot.
    """

    pilot: Survey
    features: Features
    X: NDArray[np.float64]
    items: Mapping[str, ItemAnswers]
    trained_on: frozenset[Hashable]

    @property
    def codebook(self) -> Codebook:
        """Codebook of the items."""
        return self.pilot.codebook.select(self.items)


def prepare(
    pilot: Survey, items: Sequence[str], profile: Sequence[str], seed: int, *, ranks: bool = False
) -> TrainingData:
    """Lay a pilot out for learning.

    Raises
    ------
    InputError
        An item is in the profile, has no declared categories, or nobody in the pilot answered it.
    """
    told = [item for item in items if item in profile]
    if told:
        raise InputError(
            f"item '{told[0]}' is in the profile too, which would tell the simulator the answer; "
            "take it out of one of the two"
        )
    ordered = _in_id_order(pilot)
    features = fit_features(ordered, profile, ranks=ranks)
    X = features.matrix(ordered)
    lot = uniforms(ordered.id_hashes, seed, "folds in the pilot")
    answers = {item: _item_answers(ordered, item, X, lot) for item in dict.fromkeys(items)}
    return TrainingData(ordered, features, X, answers, frozenset(pilot.ids.to_list()))


def smoothed(shares: NDArray[np.float64], size: float) -> NDArray[np.float64]:
    """Add half an answer to each option (Jeffreys' prior; Krichevsky & Trofimov 1981).

    No option is impossible after it. The same rule holds for every baseline that gives
    probabilities, so that a model that has found nothing in the profile is the pilot marginal.

    Parameters
    ----------
    shares : array, shape (..., K)
    size : float
        Effective number of respondents behind the shares.

    Returns
    -------
    array, shape (..., K)

    Examples
    --------
    >>> smoothed(np.array([1.0, 0.0]), size=9)
    array([0.95, 0.05])
    """
    k = shares.shape[-1]
    given: NDArray[np.float64] = (size * shares + 0.5) / (size + k / 2)
    return given


def _in_id_order(pilot: Survey) -> Survey:
    order = np.argsort(pilot.id_hashes, kind="stable")
    order = order[pilot.weights[order] > 0]
    missing = pilot.missing[order] if pilot.missing.width else pilot.missing
    return replace(pilot, answers=pilot.answers[order], missing=missing)


def _item_answers(
    pilot: Survey, item: str, X: NDArray[np.float64], lot: NDArray[np.float64]
) -> ItemAnswers:
    codes = pilot.codes(item)
    rows = np.flatnonzero(codes >= 0)
    if not len(rows):
        raise InputError(
            f"{pilot.source}: nobody in the pilot answered '{item}'; take a larger pilot, or "
            "leave the item out"
        )
    observed, target = np.unique(codes[rows], return_inverse=True)
    weights = pilot.weights[rows]
    return ItemAnswers(
        variable=pilot.codebook[item],
        observed=observed,
        target=target,
        rows=rows,
        X=X[rows],
        weights=weights / weights.sum(),
        lot=np.argsort(np.argsort(lot[rows], kind="stable"), kind="stable"),
    )
