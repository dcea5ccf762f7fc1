"""Targets: what shares of a group people's answers say, weighted, and shrunk for small groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.survey.survey import Survey

__all__ = ["GroupTargets", "group_targets", "shrunk_shares"]


@dataclass(frozen=True)
class GroupTargets:
    """Shares of each group, and who is in which.

    Parameters
    ----------
    groups : tuple of str
        Group of each respondent, in the survey's order.
    shares : mapping of (group, item) to array, shape (K,)
    """

    groups: tuple[str, ...]
    shares: Mapping[tuple[str, str], NDArray[np.float64]]


def group_targets(
    survey: Survey, items: Sequence[str], by: Sequence[str], strength: float = 10.0
) -> GroupTargets:
    """Weighted shares of each group's answers, drawn toward everybody's.

    Parameters
    ----------
    survey : Survey
        The pilot.
    items : sequence of str
    by : sequence of str
        Variables whose values together make a group; none makes one group of all.
    strength : float
        How many people of the whole sample are added to each group; see `shrunk_shares`.

    Raises
    ------
    InputError
        Nobody answered an item, or the strength is below 0.

    Examples
    --------
    >>> import alignsurvey as als
    >>> anes = als.load_example("anes96")
    >>> found = group_targets(anes, ["vote"], ["educ"])
    >>> len(set(found.groups)), found.shares[found.groups[0], "vote"].round(2)
    (7, array([0.62, 0.38]))
    """
    profiles = survey.profiles(by) if by else [{}] * survey.n
    named = [", ".join(f"{key}: {text}" for key, text in one.items()) for one in profiles]
    member = np.array(named, dtype=object)
    shares: dict[tuple[str, str], NDArray[np.float64]] = {}
    for item in items:
        codes, k = survey.codes(item), len(survey.variable(item).categories)
        if not (codes >= 0).any():
            raise InputError(f"{survey.source}: nobody answered '{item}'; leave the item out")
        everybody = _counts(codes, survey.weights, k)[0]
        everybody = everybody / everybody.sum()
        for group in dict.fromkeys(named):
            mine = member == group
            counts, size = _counts(codes[mine], survey.weights[mine], k)
            shares[group, item] = shrunk_shares(counts, size, everybody, strength)
    return GroupTargets(tuple(named), shares)


def shrunk_shares(
    counts: NDArray[np.float64], size: float, prior: NDArray[np.float64], strength: float
) -> NDArray[np.float64]:
    """Draw a group's shares toward a prior: ``(n share + strength prior) / (n + strength)``.

    It is the posterior mean under a Dirichlet prior with that many answers behind it. Small groups
    are drawn far, large ones hardly.

    Parameters
    ----------
    counts : array, shape (K,)
        Weighted answers.
    size : float
        Effective number of people who gave them (Kish).
    prior : array, shape (K,)
    strength : float

    Raises
    ------
    InputError
        The strength is below 0.

    Examples
    --------
    >>> shrunk_shares(np.array([5.0, 0.0]), 5, np.array([0.5, 0.5]), strength=5)
    array([0.75, 0.25])
    """
    if strength < 0:
        raise InputError(f"strength={strength}: groups are shrunk by 0 people or more")
    total = counts.sum()
    own = counts / total if total > 0 else prior
    if total <= 0 or size + strength == 0:
        return prior.copy()
    shrunk: NDArray[np.float64] = (size * own + strength * prior) / (size + strength)
    return shrunk


def _counts(
    codes: NDArray[np.int64], weights: NDArray[np.float64], k: int
) -> tuple[NDArray[np.float64], float]:
    answered = codes >= 0
    mine = weights[answered]
    counts = np.bincount(codes[answered], weights=mine, minlength=k).astype(np.float64)
    squares = float((mine**2).sum())
    return counts, float(mine.sum() ** 2 / squares) if squares > 0 else 0.0
