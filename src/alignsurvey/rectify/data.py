"""A pilot of people beside simulated answers for them and for everybody else, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignsurvey.errors import InputError
from alignsurvey.rectify.design import Design

Array = NDArray[np.float64]
LEAST_HUMANS = 2


@dataclass(frozen=True)
class Sample:
    """Human and simulated answers of a pilot (n people) and simulated ones of the rest (N).

    Parameters
    ----------
    y : array, shape (n,)
        Human answers.
    f, f_rest : arrays, shape (n, k) and (N, k)
        Simulated answers; k simulators, usually one, none for ``classical``.
    design, design_rest : Design
        Weights, strata and clusters.
    X, X_rest : arrays, shape (n, p) and (N, p), optional
        Predictors of a regression.
    groups, groups_rest : arrays of labels, optional
    name : str
    simulators : tuple of str
        Names of the k proxies.
    limits : (float, float), optional
        Smallest and largest answer possible.
    inclusion : array, shape (n,), optional
        Probability with which each person came into the pilot, for ``greg``.
    notes : tuple of str
        Rows left out.

    Examples
    --------
    >>> sample = sample_of([1, 2, 3], [1, 2, 2], [1, 2, 3, 3])
    >>> sample.n, sample.N
    (3, 4)
    """

    y: Array
    f: Array
    f_rest: Array
    design: Design
    design_rest: Design
    X: Array | None = None
    X_rest: Array | None = None
    groups: NDArray[Any] | None = None
    groups_rest: NDArray[Any] | None = None
    name: str = "y"
    simulators: tuple[str, ...] = ()
    limits: tuple[float, float] | None = None
    inclusion: Array | None = None
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Humans."""
        return len(self.y)

    @property
    def N(self) -> int:  # noqa: N802
        """People with simulated answers only."""
        return len(self.f_rest)

    def take(self, pilot: NDArray[Any], rest: NDArray[Any]) -> Sample:
        """Keep some people of the pilot and some of the rest."""
        return replace(
            self,
            y=self.y[pilot],
            f=self.f[pilot],
            f_rest=self.f_rest[rest],
            design=self.design.take(pilot),
            design_rest=self.design_rest.take(rest),
            X=None if self.X is None else self.X[pilot],
            X_rest=None if self.X_rest is None else self.X_rest[rest],
            groups=None if self.groups is None else self.groups[pilot],
            groups_rest=None if self.groups_rest is None else self.groups_rest[rest],
            inclusion=None if self.inclusion is None else self.inclusion[pilot],
        )


def sample_of(
    y: ArrayLike | Sample,
    f: ArrayLike | None = None,
    f_rest: ArrayLike | None = None,
    X: ArrayLike | None = None,
    X_rest: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    weights_rest: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    strata_rest: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    clusters_rest: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    groups_rest: ArrayLike | None = None,
    name: str = "y",
    simulators: Sequence[str] = (),
    limits: tuple[float, float] | None = None,
    inclusion: ArrayLike | None = None,
) -> Sample:
    """Check arrays and put them together; rows without an answer are left out and counted.

    Raises
    ------
    InputError
        Lengths differ, a weight is missing or negative, or fewer than two humans are left.

    Examples
    --------
    >>> sample_of([1, 2, float("nan")], [1, 2, 2], [1, 2, 3]).notes
    ('1 of 3 people in the pilot left out: no human or simulated answer',)
    """
    if isinstance(y, Sample):
        if any(given is not None for given in (f, f_rest, X, X_rest, weights, strata, clusters)):
            raise InputError("a Sample holds all arrays already; give nothing beside it")
        return y
    human = _column(y, "y")
    pilot, rest = _proxies(f, len(human), "f"), _proxies(f_rest, None, "f_rest")
    if (f is None) != (f_rest is None):
        raise InputError(
            "f and f_rest go together: simulated answers for the pilot and for everybody else"
        )
    if pilot.shape[1] != rest.shape[1]:
        raise InputError(
            f"f has {pilot.shape[1]} simulated answers a person and f_rest {rest.shape[1]}; give "
            "the same simulators for the pilot and for the rest"
        )
    if inclusion is not None:
        inclusion = _inclusion(inclusion, len(human))
        weights = 1 / inclusion if weights is None else weights
    sample = Sample(
        human,
        pilot,
        rest,
        _design(len(human), weights, strata, clusters, "pilot"),
        _design(len(rest), weights_rest, strata_rest, clusters_rest, "rest"),
        _matrix(X, len(human), "X"),
        _matrix(X_rest, len(rest), "X_rest"),
        _labels(groups, len(human), "groups"),
        _labels(groups_rest, len(rest), "groups_rest"),
        name,
        tuple(simulators) or tuple(f"simulator {one + 1}" for one in range(pilot.shape[1])),
        limits,
        inclusion,
    )
    return _complete(sample)


def _inclusion(values: ArrayLike, n: int) -> Array:
    chance = _column(values, "inclusion")
    if len(chance) != n or not ((chance > 0) & (chance <= 1)).all():
        raise InputError(
            f"inclusion must be a probability above 0 and up to 1 for each of the {n} humans"
        )
    return chance


def _complete(sample: Sample) -> Sample:
    """Leave out rows that lack an answer or predictor, or that have no weight."""
    pilot = ~np.isnan(sample.y) & ~np.isnan(sample.f).any(axis=1) & (sample.design.weights > 0)
    rest = ~np.isnan(sample.f_rest).any(axis=1) & (sample.design_rest.weights > 0)
    if sample.X is not None:
        pilot &= ~np.isnan(sample.X).any(axis=1)
    if sample.X_rest is not None:
        rest &= ~np.isnan(sample.X_rest).any(axis=1)
    notes = list(sample.notes)
    if not pilot.all():
        notes.append(
            f"{int((~pilot).sum())} of {sample.n} people in the pilot left out: no human or "
            "simulated answer"
        )
    if not rest.all():
        notes.append(
            f"{int((~rest).sum())} of {sample.N} people of the rest left out: no simulated answer"
        )
    if pilot.sum() < LEAST_HUMANS:
        raise InputError(
            f"{sample.name}: a pilot of {int(pilot.sum())} human answers has no variance, so "
            f"there is no interval; at least {LEAST_HUMANS} are needed"
        )
    if sample.limits is not None:
        low, high = sample.limits
        if not (low <= sample.y[pilot]).all() or not (sample.y[pilot] <= high).all():
            raise InputError(
                f"{sample.name}: human answers lie outside limits= {low:g} to {high:g}; give the "
                "ends of the scale"
            )
    kept = sample if pilot.all() and rest.all() else sample.take(pilot, rest)
    return replace(kept, notes=tuple(notes))


def _column(values: ArrayLike, name: str) -> Array:
    array = _numeric(values, name)
    if array.ndim != 1:
        raise InputError(f"{name} must be one number a person, not of shape {array.shape}")
    return array


def _numeric(values: ArrayLike, name: str) -> Array:
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name} holds something that is no number; give numbers") from None
    if np.isinf(array).any():
        raise InputError(f"{name} holds an infinite value; leave it missing (NaN) instead")
    return array


def _proxies(values: ArrayLike | None, n: int | None, name: str) -> Array:
    found = _matrix(values, n, name)
    return np.empty((n or 0, 0)) if found is None else found


def _matrix(values: ArrayLike | None, n: int | None, name: str) -> Array | None:
    if values is None:
        return None
    array = _numeric(values, name)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or (n is not None and len(array) != n):
        raise InputError(f"{name} has {len(array)} rows, but there are {n} people in this part")
    return array


def _design(
    n: int,
    weights: ArrayLike | None,
    strata: ArrayLike | None,
    clusters: ArrayLike | None,
    part: str,
) -> Design:
    w = np.ones(n) if weights is None else _column(weights, f"weights ({part})")
    if len(w) != n:
        raise InputError(f"weights ({part}) has {len(w)} rows, but there are {n} people there")
    bad = np.isnan(w) | (w < 0)
    if bad.any():
        raise InputError(
            f"weights ({part}): row {int(np.argmax(bad)) + 1} is missing or negative "
            f"({int(bad.sum())} rows in all); every person needs a weight, or leave them all out"
        )
    if n and not w.sum() > 0:
        raise InputError(f"weights ({part}) are all zero; nobody would count")
    s, c = _labels(strata, n, f"strata ({part})"), _labels(clusters, n, f"clusters ({part})")
    return Design(w, _numbered(s), _numbered(c))


def _labels(values: ArrayLike | None, n: int, name: str) -> NDArray[Any] | None:
    if values is None:
        return None
    array = np.asarray(values)
    if array.shape != (n,):
        raise InputError(f"{name} has shape {array.shape}, but there are {n} people in this part")
    return array


def _numbered(labels: NDArray[Any] | None) -> NDArray[np.int64] | None:
    if labels is None:
        return None
    return np.unique(labels.astype(str), return_inverse=True)[1].reshape(-1).astype(np.int64)
