"""Simulators that learn from the pilot: its people are predicted by fits that never saw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import polars as pl

from alignsurvey.errors import InputError
from alignsurvey.predictions import Predictions
from alignsurvey.survey.survey import Survey


class Learner(Protocol):
    """Whatever is fitted to a pilot and then predicts people from their profile."""

    def fit(self, pilot: Survey, items: Sequence[str], profile: Sequence[str]) -> Any:
        """Learn; the result has a method ``predict(people)``."""
        ...


def cross_fit(
    learner: Learner,
    pilot: Survey,
    everybody: Survey,
    items: Sequence[str],
    profile: Sequence[str],
    k: int = 5,
    seed: int = 42,
) -> Predictions:
    """Predict everybody with a learner that learns from the pilot, ready for ``method="cross"``.

    The pilot's people are predicted by the fit to the other folds, the rest by the mean of the k
    fits, so that both come from fits of the same quality.

    Parameters
    ----------
    learner : Learner
        Such as ``resolve("baseline/ridge", seed=1)``.
    pilot, everybody : Survey
    items, profile : sequence of str
    k : int
        Folds of respondents.
    seed : int

    Returns
    -------
    Predictions
        For everybody, the pilot included, in the order pilot, rest. Their `trained_on` is empty,
        for nobody trained the fit that predicted them.

    Raises
    ------
    InputError
        There are fewer humans than folds.

    References
    ----------
    arXiv 2309.16598 (cross-prediction-powered inference).

    Examples
    --------
    >>> import alignsurvey as als
    >>> from alignsurvey.simulators import resolve
    >>> anes = als.load_example("anes96")
    >>> pilot = anes.pilot(100, seed=1)
    >>> ridge = resolve("baseline/ridge", seed=1)
    >>> both = cross_fit(ridge, pilot, anes, ["selfLR"], ["PID", "age", "educ"])
    >>> sample = als.rectify.from_predictions(pilot, both, "selfLR")
    >>> found = als.rectify.mean(sample, method="cross")
    >>> found.n, found.N
    (100, 844)
    """
    if pilot.n < k:
        raise InputError(f"{pilot.n} humans cannot be cut into {k} folds; choose fewer folds")
    rest = everybody.without(pilot).select(profile)
    parts, others = [], []
    for learn, fold in pilot.folds(k, seed):
        predictor = learner.fit(learn, items, profile)
        parts.append(predictor.predict(fold.select(profile)))
        others.append(predictor.predict(rest))
    first = parts[0]
    shares = {
        item: np.concatenate(
            [part.shares[item] for part in parts]
            + [np.mean([other.shares[item] for other in others], axis=0)]
        )
        for item in first.shares
    }
    return Predictions(
        pl.concat([part.ids for part in parts] + [rest.ids]),
        shares,
        first.codebook,
        replace(first.provenance, trained_on=frozenset()),
    )
