"""What the worth of a simulator is told from: answers as numbers, one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignsurvey.errors import InputError
from alignsurvey.predictions import Predictions
from alignsurvey.rectify.guard import refuse_leak
from alignsurvey.survey.survey import Survey, category_scores

Array = NDArray[np.float64]


def numbers(values: ArrayLike, name: str) -> Array:
    """Human or simulated answers to a question, without the missing ones."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"'{name}' holds something that is no number") from None
    array = array[~np.isnan(array)] if array.ndim == 1 else array
    if array.ndim != 1 or len(array) < 2:
        raise InputError(f"'{name}' needs two answers or more, as a list of numbers")
    return array


def people_of(
    humans: Mapping[str, ArrayLike] | Survey, answers: Mapping[str, Array]
) -> dict[str, Array]:
    """Human answers to those of the questions that have two or more."""
    if not isinstance(humans, Survey):
        return {name: numbers(values, name) for name, values in humans.items()}
    found = {}
    for name in answers:
        if name in humans.codebook:
            own = humans.scores(name)
            if (~np.isnan(own)).sum() >= 2:
                found[name] = own[~np.isnan(own)]
    return found


def has_numbers(predictions: Predictions, item: str) -> bool:
    """Whether answers to an item have a mean."""
    variable = predictions.codebook[item]
    return variable.is_ordered or len(variable.categories) == 2


def limits_of(predictions: Predictions, item: str) -> tuple[float, float]:
    """Smallest and largest answer possible."""
    scores = category_scores(predictions.codebook[item])
    return float(scores.min()), float(scores.max())


def drawn(predictions: Predictions, item: str, seed: int) -> Array:
    """One answer a person, as a number."""
    codes = predictions.draw(item, seed)
    return numbers(category_scores(predictions.codebook[item])[codes[codes >= 0]], item)


def refuse_trained(humans: Survey, predictions: Predictions) -> None:
    """Refuse people who trained the simulator."""
    refuse_leak(humans.ids.to_list(), predictions.provenance.trained_on,
                predictions.provenance.simulator)  # fmt: skip


def paired_correlations(
    humans: Survey, predictions: Predictions, items: Sequence[str]
) -> dict[str, float]:
    """Correlation of human answers with the simulator's expectation, over the same people."""
    known = humans.where(np.isin(humans.id_hashes, predictions.id_hashes))
    found: dict[str, float] = {}
    if known.n < 3:
        return found
    own = predictions.align(known.ids)
    for item in items:
        if item not in humans.codebook:
            continue
        y, f = known.scores(item), own.expectation(item)
        use = ~np.isnan(y) & ~np.isnan(f)
        if use.sum() > 2 and np.ptp(y[use]) > 0 and np.ptp(f[use]) > 0:
            found[item] = float(np.corrcoef(y[use], f[use])[0, 1])
    return found
