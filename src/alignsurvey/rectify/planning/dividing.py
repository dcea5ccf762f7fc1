"""How to divide a fixed number of humans between training a simulator and rectifying it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignsurvey.errors import InputError
from alignsurvey.rectify.planning.precision import LEAST_HUMANS, Assumed, interval_width

Array = NDArray[np.float64]
CROSS_FOLDS = 5


@dataclass(frozen=True)
class LearningCurve:
    """How much a simulator explains after learning from m humans.

    ``rho^2(m) = start + (top - start) m / (m + half)``: it rises from what it knows untrained to
    what it would know of everybody, and is half-way at m = half.

    Parameters
    ----------
    top : float
        Squared correlation after endless training, 0 to 1.
    half : float
        Humans that bring it half-way.
    start : float
        Squared correlation without training; 0 for a statistical model.

    Examples
    --------
    >>> LearningCurve(top=0.5, half=100).r2(100)
    0.25
    """

    top: float
    half: float
    start: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.top <= 1:
            raise InputError(
                f"a learning curve rises from start to top within 0 and 1, not from "
                f"{self.start:g} to {self.top:g}"
            )
        if not 0 < self.half < np.inf:
            raise InputError(f"half must be a number of humans above 0, not {self.half:g}")

    def r2(self, m: ArrayLike) -> Any:
        """Squared correlation after m humans."""
        humans = np.asarray(m, dtype=float)
        found = self.start + (self.top - self.start) * humans / (humans + self.half)
        return float(found) if found.ndim == 0 else found


def fit_learning_curve(m: ArrayLike, r2: ArrayLike) -> LearningCurve:
    """Fit a learning curve to squared correlations at several sizes, by least squares.

    Parameters
    ----------
    m : array, shape (k,)
        Humans that trained; a size of 0 tells the start, which is 0 without one.
    r2 : array, shape (k,)
        Squared correlations with people who did not train it.

    Raises
    ------
    InputError
        There are fewer than two sizes above 0.

    Examples
    --------
    >>> curve = fit_learning_curve([20, 50, 100, 200], [0.10, 0.20, 0.30, 0.40])
    >>> round(curve.top, 2), round(curve.half)
    (0.6, 100)
    """
    sizes, found = np.asarray(m, dtype=float), np.asarray(r2, dtype=float)
    known = np.isfinite(sizes) & np.isfinite(found)
    sizes, found = sizes[known], found[known]
    trained = sizes > 0
    if len(np.unique(sizes[trained])) < 2:
        raise InputError("a learning curve needs two different numbers of humans, or more")
    start = float(np.clip(found[~trained].mean(), 0, 1)) if (~trained).any() else 0.0
    halves = np.geomspace(sizes[trained].min() / 20, sizes[trained].max() * 20, 2001)
    shape = sizes[trained] / (sizes[trained] + halves[:, None])
    rise = shape @ (found[trained] - start) / (shape**2).sum(axis=1)
    rise = np.clip(rise, 0.0, 1.0 - start)
    error = ((found[trained] - start - rise[:, None] * shape) ** 2).sum(axis=1)
    best = int(np.argmin(error))
    return LearningCurve(start + float(rise[best]), float(halves[best]), start)


@dataclass(frozen=True)
class Division:
    """How to divide the humans.

    Parameters
    ----------
    train, rectify : int
        Humans of each kind in the best division.
    width : float
        Of its interval.
    width_cross : float
        If every human does both, in turns: each fold is rectified with a simulator trained on the
        other folds (cross-fitting).
    width_humans_only : float
        Without a simulator.
    advice : {"cross-fit", "divide", "humans only"}
        The narrowest of the three.
    """

    train: int
    rectify: int
    width: float
    width_cross: float
    width_humans_only: float

    @property
    def advice(self) -> str:
        """What to do."""
        widths = {
            "humans only": self.width_humans_only,
            "cross-fit": self.width_cross,
            "divide": self.width,
        }
        return min(widths, key=lambda name: widths[name])


def divide(
    n: int, N: int, curve: LearningCurve, assumed: Assumed | None = None, folds: int = CROSS_FOLDS
) -> Division:
    """Divide n humans between training and rectifying; nobody may do both for one estimate.

    Parameters
    ----------
    n : int
        Humans in all, 8 or more.
    N : int
        People with simulated answers only.
    curve : LearningCurve
    assumed : Assumed, optional
        For sd, level and design effect; its rho is not used.
    folds : int
        Of cross-fitting.

    Raises
    ------
    InputError
        There are too few humans to divide.

    References
    ----------
    Zrnic & Candès (2024), cross-prediction-powered inference (arXiv 2309.16598).

    Examples
    --------
    >>> found = divide(200, 10_000, LearningCurve(top=0.6, half=30))
    >>> found.train, found.rectify, found.advice
    (35, 165, 'cross-fit')
    """
    if n < 2 * LEAST_HUMANS:
        raise InputError(f"{n} humans are too few to divide; at least {2 * LEAST_HUMANS}")
    if not 2 <= folds <= n:
        raise InputError(f"folds must lie between 2 and {n}, not at {folds}")
    base = assumed or Assumed(0.0)
    train = np.arange(0, n - LEAST_HUMANS + 1)
    widths = [_width(base, curve, int(m), n - int(m), N) for m in train]
    best = int(np.argmin(widths))
    return Division(
        int(train[best]),
        n - int(train[best]),
        widths[best],
        _width(base, curve, n * (folds - 1) // folds, n, N),
        interval_width(base, n),
    )


def _width(base: Assumed, curve: LearningCurve, train: int, rectify: int, N: int) -> float:
    trained = replace(base, rho=float(np.sqrt(curve.r2(train))))
    return float(interval_width(trained, rectify, N))
