"""Tilting: the smallest change of predictions that gives the pilot's marginals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alignsurvey.rectify.repair.evidence import Evidence, ItemEvidence
from alignsurvey.rectify.repair.fitted import FittedItems, ShareMap, fitted_items
from alignsurvey.rectify.repair.power import choose_powers, powered, surprise

Floats = NDArray[np.float64]

_STEPS, _NEAR, _MET, _LONGEST = 500, 1e-13, 1e-9, 10.0


@dataclass(frozen=True)
class Tilt:
    """Multiply each option's odds by one number, so that the marginal is the pilot's.

    ``p'_ik`` is proportional to ``p_ik^b exp(t_k)``, with t such that the weighted mean of p' over
    everyone to be repaired is the smoothed share of the pilot. With b = 1 this is the change of
    least Kullback-Leibler divergence that has this marginal, and the order of respondents' odds
    between any two options stays.

    Parameters
    ----------
    slope : bool
        Also choose b for each item by the pilot's likelihood: below 1 for an overconfident
        simulator.

    References
    ----------
    Csiszár (1975), I-divergence geometry of probability distributions.
    """

    slope: bool = False

    @property
    def name(self) -> str:
        """Name in a study."""
        return "tilt(slope)" if self.slope else "tilt"

    def fit(self, evidence: Evidence) -> FittedItems:
        """Find t, and b, for each item."""
        items = list(evidence.items.values())
        powers = choose_powers([_loss(one) for one in items]) if self.slope else [1.0] * len(items)
        maps, parameters = {}, {}
        for one, b in zip(items, powers, strict=True):
            t = tilt_to(powered(one.everyone, b), one.shares, one.everyone_weights)
            maps[one.variable.name] = _map(b, t)
            found = {f"t[{code}]": float(x) for code, x in zip(one.variable.codes, t, strict=True)}
            parameters[one.variable.name] = {"slope": b, **found}
        return fitted_items(self.name, evidence, maps, parameters=parameters)


def _map(b: float, t: Floats) -> ShareMap:
    return lambda p, levels: powered(p, b, t)


def _loss(one: ItemEvidence) -> Callable[[float], float]:
    def loss(b: float) -> float:
        t = tilt_to(powered(one.everyone, b), one.shares, one.everyone_weights)
        return surprise(powered(one.p, b, t), one.y, one.weights)

    return loss


def tilt_to(p: Floats, shares: Floats, weights: Floats | None = None) -> Floats:
    """Find t such that the mean of ``p_ik exp(t_k)``, rows made to sum to 1, is given shares.

    Newton's method on the convex dual ``sum_i w_i log sum_k p_ik exp(t_k) - sum_k s_k t_k``.

    Parameters
    ----------
    p : array, shape (n, K)
        Positive probabilities.
    shares : array, shape (K,)
        Positive, of sum 1.
    weights : array, shape (n,), optional

    Returns
    -------
    array, shape (K,)
        Of mean 0; t shifted by a constant is the same tilt.

    Raises
    ------
    ArithmeticError
        No tilt is found; probabilities are so near to 0 and 1 that rounding forbids it.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.6, 0.4]])
    >>> t = tilt_to(p, np.array([0.5, 0.5]))
    >>> powered(p, 1.0, t).mean(axis=0)
    array([0.5, 0.5])
    """
    w = np.full(len(p), 1 / len(p)) if weights is None else weights / weights.sum()
    logs = np.log(p)
    t = np.log(shares) - np.log(w @ p)
    value, tilted = _dual(logs, t, shares, w)
    best, off = t, np.inf
    for _ in range(_STEPS):
        mean = w @ tilted
        gradient = mean - shares
        if np.abs(gradient).max() < off:
            best, off = t, float(np.abs(gradient).max())
        if off < _NEAR:
            break
        step = _newton(np.diag(mean) - (tilted * w[:, None]).T @ tilted, gradient)
        gain = float(gradient @ step)
        if gain < 1e-26:
            break
        size = 1.0
        while True:
            tried, moved = _dual(logs, t - size * step, shares, w)
            # Near the solution the dual is flat to rounding, and the gradient tells more.
            lower = tried <= value - 1e-4 * size * gain
            if lower or np.abs(w @ moved - shares).max() < off / 2 or size < 1e-10:
                break
            size /= 2
        t, value, tilted = t - size * step, tried, moved
    if off > _MET:
        raise ArithmeticError(f"no tilt meets the shares {shares} from {w @ p}; {off:.1g} off")
    return np.asarray(best - best.mean())


def _newton(curvature: Floats, gradient: Floats) -> Floats:
    """Newton's step, of bounded length where answers are so sure that the dual is nearly flat."""
    k = len(gradient)
    # Shifting t changes nothing: the term 1/K makes the curvature invertible along it.
    damped = curvature + 1 / k + np.eye(k) * (1e-12 * np.trace(curvature) + 1e-200)
    step = np.linalg.lstsq(damped, gradient, rcond=None)[0]
    return np.asarray(step * min(1.0, _LONGEST / np.abs(step).max(initial=1e-300)))


def _dual(logs: Floats, t: Floats, shares: Floats, w: Floats) -> tuple[float, Floats]:
    logits = logs + t
    top = logits.max(axis=1, keepdims=True)
    lifted = np.exp(logits - top)
    total = lifted.sum(axis=1, keepdims=True)
    return float(w @ (top + np.log(total))[:, 0] - shares @ t), lifted / total
