"""Powers of probabilities, ``p^b``: how over- or under-confident a simulator is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOWEST, HIGHEST = 0.05, 5.0
POOLED_SPREAD, ITEM_SPREAD = 1.0, 0.5
"""Prior standard deviations of log b: of the simulator's about 0, of an item's about that."""


def powered(p: Floats, b: float, t: Floats | None = None) -> Floats:
    """``p^b exp(t)``, each row made to sum to 1; shape (n, K).

    Examples
    --------
    >>> powered(np.array([[0.8, 0.2]]), 0.5).round(3)
    array([[0.667, 0.333]])
    """
    logits = b * np.log(p)
    if t is not None:
        logits = logits + t
    logits -= logits.max(axis=1, keepdims=True)
    raised = np.exp(logits)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def surprise(p: Floats, y: NDArray[np.int64], weights: Floats) -> float:
    """Weighted log loss of answers, summed, in nats."""
    chosen = p[np.arange(len(y)), y]
    return -float(weights @ np.log(np.maximum(chosen, 1e-300)))


def choose_powers(losses: Sequence[Callable[[float], float]]) -> list[float]:
    """Choose a power for each item by penalised likelihood, shrunk to the items' common one.

    Parameters
    ----------
    losses : sequence of callables
        Log loss of an item in the pilot as a function of its power.

    Returns
    -------
    list of float
        Between 0.05 and 5. The prior of the common log power is normal about 0 with standard
        deviation 1, that of an item's about the common one with 0.5; so constant answers, or an
        item that the simulator always gets right, give a finite power.

    Examples
    --------
    >>> [round(b, 3) for b in choose_powers([lambda b: 50 * np.log(b / 2) ** 2] * 3)]
    [2.0, 2.0, 2.0]
    """

    def pooled(x: float) -> float:
        return sum(loss(float(np.exp(x))) for loss in losses) + x**2 / (2 * POOLED_SPREAD**2)

    common = _lowest(pooled)

    def own(loss: Callable[[float], float]) -> float:
        return _lowest(lambda x: loss(float(np.exp(x))) + (x - common) ** 2 / (2 * ITEM_SPREAD**2))

    return [float(np.exp(own(loss))) for loss in losses]


def _lowest(loss: Callable[[float], float]) -> float:
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        loss, bounds=(np.log(LOWEST), np.log(HIGHEST)), method="bounded", options={"xatol": 1e-4}
    )
    return float(found.x)
