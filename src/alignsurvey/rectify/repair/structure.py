"""Structure: gaps between groups that a simulator exaggerates are shrunk to the pilot's slopes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.rectify.repair.evidence import Evidence, ItemEvidence
from alignsurvey.rectify.repair.fitted import FittedItems, ShareMap, fitted_items
from alignsurvey.rectify.repair.levels import one_hot
from alignsurvey.survey.codebook import Variable
from alignsurvey.survey.survey import category_scores

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_EDGE = 1e-3
"""How near to an end of the scale a mean may be moved, as a share of the range."""


@dataclass(frozen=True)
class Structure:
    """Move expected scores by their group components: ``m' = m + sum_v (s_v - 1) g_v``.

    `g_v` is what profile variable v contributes to the simulated mean (least squares on all
    profile variables at once, over everyone, centred). The slope `s_v` regresses the pilot's
    answers on it: below 1 where the simulator exaggerates the gap, above 1 where it flattens it.
    It is a ridge estimate, with prior 1 and standard deviation `spread`, so that a variable of
    which the pilot says little stays as simulated. The overall mean stays. Probabilities become
    those of mean m' that are nearest to the simulated ones; a nominal item's shares are moved by
    one slope a variable, and what falls below 0 is cut off.

    Parameters
    ----------
    spread : float
        Prior standard deviation of a slope.

    References
    ----------
    Hoerl & Kennard (1970) on ridge regression.
    """

    spread: float = 1.0

    @property
    def name(self) -> str:
        """Name in a study."""
        return "structure"

    def fit(self, evidence: Evidence) -> FittedItems:
        """Estimate the slope of each profile variable for each item.

        Raises
        ------
        InputError
            There is no profile.
        """
        if not evidence.profile:
            raise InputError(
                "structure repairs gaps between groups of the profile, and there is no profile; "
                "name its variables"
            )
        maps: dict[str, ShareMap] = {}
        parameters = {}
        for item, one in evidence.items.items():
            gaps = _fit_gaps(one, evidence.levels.sizes)
            slopes = _slopes(one, gaps, self.spread)
            maps[item] = _map(one.variable, gaps, slopes)
            found = zip(evidence.levels.names, slopes, strict=True)
            parameters[item] = {f"slope[{name}]": float(s) for name, s in found}
        return fitted_items(self.name, evidence, maps, parameters=parameters)


@dataclass(frozen=True)
class Gaps:
    """What each profile variable contributes to the simulated numbers.

    Parameters
    ----------
    effects : array, shape (levels, columns)
        Least-squares effect of each level.
    centre : array, shape (levels,)
        Mean of each level's indicator over everyone.
    sizes : tuple of int
        Levels of each variable.
    """

    effects: Floats
    centre: Floats
    sizes: tuple[int, ...]

    def components(self, levels: Ints) -> Floats:
        """Contribution of each variable, centred over everyone; shape (n, V, columns)."""
        X = one_hot(levels, self.sizes)
        ends = np.cumsum(self.sizes)
        parts, first = [], 0
        for column, end in enumerate(ends):
            block = slice(first, int(end))
            # Someone with a level that nobody had is at the mean.
            known = (levels[:, column] >= 0)[:, None]
            parts.append(((X[:, block] - self.centre[block]) * known) @ self.effects[block])
            first = int(end)
        return np.stack(parts, axis=1)


def numbers(variable: Variable, p: Floats) -> Floats:
    """What is moved: the expected score, or each option's share of a nominal item; (n, columns)."""
    if variable.is_ordered or len(variable.categories) == 2:
        return (p @ category_scores(variable))[:, None]
    return p


def _fit_gaps(one: ItemEvidence, sizes: tuple[int, ...]) -> Gaps:
    X = one_hot(one.everyone_levels, sizes)
    w = one.everyone_weights
    y = numbers(one.variable, one.everyone)
    centre = w @ X
    root = np.sqrt(w)[:, None]
    effects, *_ = np.linalg.lstsq((X - centre) * root, (y - w @ y) * root, rcond=1e-10)
    return Gaps(np.asarray(effects, dtype=np.float64), centre, sizes)


def _slopes(one: ItemEvidence, gaps: Gaps, spread: float) -> Floats:
    """Ridge estimate of the slopes, shape (V,); centred, so that means do not matter."""
    g = gaps.components(one.levels)
    people = numbers(one.variable, np.eye(one.p.shape[1])[one.y])
    rest = people - numbers(one.variable, one.p)
    w = one.weights / one.weights.sum()
    rest = rest - w @ rest
    g = g - np.einsum("i,ivk->vk", w, g)
    # Least squares of the stacked columns; the noise of an answer that the ridge is measured by.
    moments = np.einsum("i,ivk,iuk->vu", one.weights, g, g)
    cross = np.einsum("i,ivk,ik->v", one.weights, g, rest)
    noise = float(np.einsum("i,ik,ik->", w, rest, rest)) / max(1, rest.shape[1] - 1)
    if noise == 0:  # the simulator is right about everyone in the pilot
        return np.ones(len(cross))
    ridge = np.eye(len(cross)) * noise / spread**2
    return np.asarray(1 + np.linalg.solve(moments + ridge, cross))


def _map(variable: Variable, gaps: Gaps, slopes: Floats) -> ShareMap:
    def change(p: Floats, levels: Ints) -> Floats:
        moved = np.einsum("v,ivk->ik", slopes - 1, gaps.components(levels))
        if variable.is_ordered or len(variable.categories) == 2:
            positions = category_scores(variable)
            return with_means(p, positions, p @ positions + moved[:, 0])
        cut = np.maximum(p + moved, 0.0)
        return np.asarray(cut / cut.sum(axis=1, keepdims=True))

    return change


def with_means(p: Floats, positions: Floats, wanted: Floats) -> Floats:
    """Probabilities of given means that are nearest to those given; shape (n, K).

    ``p'_k`` is proportional to ``p_k exp(a x_k)``, with a for each row such that the mean is met:
    the least Kullback-Leibler divergence. Means beyond the ends are moved a thousandth inside.

    Parameters
    ----------
    p : array, shape (n, K)
        Positive probabilities.
    positions : array, shape (K,)
    wanted : array, shape (n,)

    Examples
    --------
    >>> p = with_means(np.array([[0.25, 0.5, 0.25]]), np.array([1.0, 2, 3]), np.array([2.5]))
    >>> bool(abs(p @ [1.0, 2, 3] - 2.5) < 1e-9)
    True
    """
    low, high = float(positions.min()), float(positions.max())
    if high == low:
        return p
    x = (positions - low) / (high - low)
    now = p @ x
    goal = (wanted - low) / (high - low)
    # Whoever is already nearer to an end than the limit stays; nobody else is moved beyond it.
    goal = np.clip(goal, np.minimum(_EDGE, now), np.maximum(1 - _EDGE, now))
    return _moved(np.log(p), x, goal)


def _moved(logs: Floats, x: Floats, goal: Floats) -> Floats:
    """Solve each row's slope by Newton steps kept inside a shrinking bracket."""
    below, above = np.full(len(goal), -200.0), np.full(len(goal), 200.0)
    a = np.zeros(len(goal))
    for _ in range(200):
        logits = logs + a[:, None] * x
        lifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = lifted / lifted.sum(axis=1, keepdims=True)
        mean = p @ x
        error = mean - goal
        if np.abs(error).max(initial=0.0) < 1e-12:
            break
        below, above = np.where(error < 0, a, below), np.where(error > 0, a, above)
        variance = np.maximum(p @ x**2 - mean**2, 1e-300)
        step = a - error / variance
        a = np.where((step > below) & (step < above), step, (below + above) / 2)
    return np.asarray(p)
