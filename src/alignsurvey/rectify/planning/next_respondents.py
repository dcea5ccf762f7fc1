"""Whom to ask next: the profiles that shrink the widest intervals of a pilot so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alignsurvey.errors import InputError

Array = NDArray[np.float64]
SHRINKAGE = 10.0
"""A group of this many humans gives its own variance half the say."""


@dataclass(frozen=True)
class NextRespondents:
    """Whom to field next.

    Parameters
    ----------
    profiles : polars.DataFrame
        profile, ask (how many), in_pilot, not_asked (how many there are), in order of need.
    intervals : polars.DataFrame
        group, item, humans, width, humans_after, width_after; widest first. Widths are of the
        interval from end to end, as a share of the item's range.
    items : polars.DataFrame
        item, widest_group, width, width_after; the items that need humans most first.
    notes : tuple of str
    """

    profiles: pl.DataFrame
    intervals: pl.DataFrame
    items: pl.DataFrame
    notes: tuple[str, ...] = ()


def next_respondents(
    residuals: ArrayLike,
    cells: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    available: Mapping[str, int],
    ask: int,
    items: Sequence[str] | None = None,
    ranges: ArrayLike | None = None,
    level: float = 0.95,
) -> NextRespondents:
    """Choose profiles for the next respondents, one after another.

    Each time the widest interval of all groups and items is looked up; of the profiles in its
    group that has people left, the one is asked that narrows all intervals most. A group's
    variance is shrunk to that of all, so that two alike answers do not make it seem known.

    Parameters
    ----------
    residuals : array, shape (n,) or (n, k)
        Of the pilot's people for k items: ``y - lambda f``, or y without a simulator. NaN where
        there is no answer.
    cells : sequence of str, length n
        Profile of each.
    groups : mapping of str to sequence of str
        The profiles that make up each group whose interval matters.
    available : mapping of str to int
        People not yet asked, by profile.
    ask : int
        How many to ask.
    items : sequence of str, optional
        Names of the k items.
    ranges : array, shape (k,), optional
        Largest less smallest answer possible, so that items compare.
    level : float

    Raises
    ------
    InputError
        Nobody is left to ask, or an item has fewer than two answers.

    Examples
    --------
    >>> found = next_respondents([0, 1, 0, 1, 1, 0], ["m"] * 5 + ["f"],
    ...                          {"men": ["m"], "women": ["f"]}, {"m": 50, "f": 50}, ask=4)
    >>> found.profiles.rows()
    [('f', 4, 1, 50)]
    """
    state = _state(residuals, cells, groups, available, ranges, level)
    names = list(items) if items is not None else [f"item {k + 1}" for k in range(state.k)]
    if len(names) != state.k:
        raise InputError(f"{len(names)} names for {state.k} items")
    if ask < 1:
        raise InputError(f"the number to ask must be 1 or more, not {ask}")
    before, counts = state.widths(state.counts), state.counts.copy()
    left = state.left.copy()
    asked: dict[int, int] = {}
    for _ in range(min(ask, int(left.sum()))):
        cell = state.best(counts, left)
        if cell is None:
            break
        asked[cell] = asked.get(cell, 0) + 1
        left[cell] -= 1
        counts += state.member[:, cell][:, None]
    after = state.widths(counts)
    notes = []
    if sum(asked.values()) < ask:
        notes.append(f"only {sum(asked.values())} of {ask}: nobody else is left in these groups")
    return NextRespondents(
        _profiles(state, asked), _intervals(state, names, before, counts, after),
        _items(state, names, before, after), tuple(notes),
    )  # fmt: skip


@dataclass(frozen=True)
class _State:
    """Groups (g), profiles (c) and items (k) as numbers."""

    groups: list[str]
    cells: list[str]
    member: NDArray[np.int64]
    counts: NDArray[np.int64]
    variance: Array
    left: NDArray[np.int64]
    in_pilot: NDArray[np.int64]
    scale: Array
    level: float

    @property
    def k(self) -> int:
        return int(self.counts.shape[1])

    def widths(self, counts: NDArray[np.int64]) -> Array:
        """Width of each interval; shape (g, k). Groups of fewer than two humans as of one."""
        df = np.maximum(counts - 1, 1)
        t = stats.t.ppf(0.5 + self.level / 2, df)
        return np.asarray(2 * t * np.sqrt(self.variance / np.maximum(counts, 0.5)) / self.scale)

    def best(self, counts: NDArray[np.int64], left: NDArray[np.int64]) -> int | None:
        """Profile to ask next, None if nobody is left."""
        now = self.widths(counts)
        drop = (now - self.widths(counts + 1)).sum(axis=1)
        gain = np.where(left > 0, drop @ self.member, -np.inf)
        for group in np.argsort(-now.max(axis=1), kind="stable"):
            own = np.where(self.member[group] > 0, gain, -np.inf)
            if np.isfinite(own.max()):
                return int(np.argmax(own))
        return None


def _state(
    residuals: ArrayLike,
    cells: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    available: Mapping[str, int],
    ranges: ArrayLike | None,
    level: float,
) -> _State:
    values = np.asarray(residuals, dtype=float)
    values = values[:, None] if values.ndim == 1 else values
    if len(values) != len(cells):
        raise InputError(f"{len(values)} people with answers and {len(cells)} with a profile")
    if not groups or sum(available.values()) < 1:
        raise InputError("nobody is left to ask: there is no group, or no profile with people")
    known = ~np.isnan(values)
    if (known.sum(axis=0) < 2).any():
        raise InputError("every item needs two answers or more before the next are planned")
    names = list(dict.fromkeys([*available, *cells]))
    place = {name: index for index, name in enumerate(names)}
    member = np.array([[int(name in set(own)) for name in names] for own in groups.values()])
    cell = np.array([place[name] for name in cells], dtype=np.int64)
    belongs = member[:, cell]
    counts = belongs @ known.astype(np.int64)
    pooled = np.nanvar(values, axis=0, ddof=1)
    filled = np.nan_to_num(values)
    mean = (belongs @ filled) / np.maximum(counts, 1)
    own = np.maximum((belongs @ filled**2) - counts * mean**2, 0)
    # The squares of a group with n humans have n - 1 degrees of freedom.
    variance = (own + SHRINKAGE * pooled) / (np.maximum(counts - 1, 0) + SHRINKAGE)
    scale = np.ones(values.shape[1]) if ranges is None else np.asarray(ranges, dtype=float)
    return _State(
        list(groups), names, member, counts, variance,
        np.array([available.get(name, 0) for name in names]),
        np.bincount(cell, minlength=len(names)), scale, level,
    )  # fmt: skip


def _profiles(state: _State, asked: Mapping[int, int]) -> pl.DataFrame:
    order = sorted(asked, key=lambda cell: -asked[cell])
    return pl.DataFrame(
        {
            "profile": [state.cells[cell] for cell in order],
            "ask": [asked[cell] for cell in order],
            "in_pilot": [int(state.in_pilot[cell]) for cell in order],
            "not_asked": [int(state.left[cell]) for cell in order],
        }
    )


def _intervals(
    state: _State, names: list[str], before: Array, counts: NDArray[np.int64], after: Array
) -> pl.DataFrame:
    g, k = before.shape
    table = pl.DataFrame(
        {
            "group": np.repeat(state.groups, k),
            "item": names * g,
            "humans": state.counts.ravel(),
            "width": before.ravel(),
            "humans_after": counts.ravel(),
            "width_after": after.ravel(),
        }
    )
    return table.sort("width", descending=True, maintain_order=True)


def _items(state: _State, names: list[str], before: Array, after: Array) -> pl.DataFrame:
    widest = before.argmax(axis=0)
    table = pl.DataFrame(
        {
            "item": names,
            "widest_group": [state.groups[group] for group in widest],
            "width": before.max(axis=0),
            "width_after": after.max(axis=0),
        }
    )
    return table.sort("width", descending=True, maintain_order=True)
