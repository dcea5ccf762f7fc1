"""Minimizing many smooth convex functions at once: L-BFGS, batched over the first axis.

The folds of a pilot are fits of the same shape; doing them in one array makes choosing a penalty
cost little more than one fit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Objective = Callable[[Array], tuple[Array, Array]]
"""Parameters, shape (B, d) -> values, shape (B,), and gradients, shape (B, d)."""

_SUFFICIENT_DECREASE = 1e-4
_MEMORY = 8


def minimise(
    objective: Objective, start: Array, curvature: Array, *, tolerance: float, steps: int = 2000
) -> Array:
    """Minimize each function of a batch by limited-memory BFGS (Nocedal & Wright 2006, ch. 7).

    Parameters
    ----------
    objective : callable
        Values and gradients of the whole batch.
    start : array, shape (B, d)
    curvature : array, shape (d,)
        Guess of the second derivatives, positive; the better, the fewer steps.
    tolerance : float
        A function is done when a Newton step by the current guess of its curvature would lower
        its value by less than half of this.
    steps : int
        At most.

    Returns
    -------
    array, shape (B, d)

    Examples
    --------
    >>> bowls = lambda x: (((x - 3) ** 2).sum(axis=1), 2 * (x - 3))
    >>> minimise(bowls, np.zeros((2, 1)), np.ones(1), tolerance=1e-12).round(6).ravel()
    array([3., 3.])
    """
    at = start
    value, gradient = objective(at)
    pairs: list[tuple[Array, Array, Array]] = []
    for _ in range(steps):
        direction = _direction(gradient, curvature, pairs)
        slope = np.einsum("bd,bd->b", direction, gradient)
        if bool((-slope <= tolerance).all()):
            break
        direction[-slope <= tolerance] = 0.0
        moved, new_value, new_gradient = _search(objective, at, value, gradient, direction, slope)
        step, turn = moved - at, new_gradient - gradient
        along = np.einsum("bd,bd->b", step, turn)
        usable = along > 1e-14 * np.einsum("bd,bd->b", turn, turn)
        pairs.append((step, turn, np.where(usable, 1.0 / np.where(usable, along, 1.0), 0.0)))
        del pairs[:-_MEMORY]
        at, value, gradient = moved, new_value, new_gradient
        if not step.any():
            break
    return at


def _direction(gradient: Array, curvature: Array, pairs: list[tuple[Array, Array, Array]]) -> Array:
    """The two-loop recursion, with the guess of the curvature in its middle."""
    q = -gradient
    kept = []
    for step, turn, inverse in reversed(pairs):
        alpha = inverse * np.einsum("bd,bd->b", step, q)
        q = q - alpha[:, None] * turn
        kept.append(alpha)
    q = q / curvature
    for (step, turn, inverse), alpha in zip(pairs, reversed(kept), strict=True):
        beta = inverse * np.einsum("bd,bd->b", turn, q)
        q = q + (alpha - beta)[:, None] * step
    return q


def _search(
    objective: Objective, at: Array, value: Array, gradient: Array, direction: Array, slope: Array
) -> tuple[Array, Array, Array]:
    """Halve the steps of those functions that have not gone down enough."""
    length = np.ones(len(at))
    slack = 1e-13 * np.abs(value)
    for _ in range(30):
        moved = at + length[:, None] * direction
        new_value, new_gradient = objective(moved)
        going = direction.any(axis=1)
        allowed = value + _SUFFICIENT_DECREASE * length * slope + slack
        high = going & ~(new_value <= allowed)
        if not high.any():
            return moved, new_value, new_gradient
        length[high] /= 2
    stuck = high[:, None]
    return (
        np.where(stuck, at, moved),
        np.where(high, value, new_value),
        np.where(stuck, gradient, new_gradient),
    )
