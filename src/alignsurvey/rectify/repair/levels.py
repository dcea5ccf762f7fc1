"""Profile variables as levels: groups whose gaps are repaired, cells that are pooled or raked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.survey.codebook import Scale
from alignsurvey.survey.survey import Survey

Ints = NDArray[np.int64]

MANY = 8
"""An ordered variable with more values than this is cut at its quartiles."""


class VariableLevels(Protocol):
    """Gives each person's level of one variable."""

    @property
    def variable(self) -> str:
        """Its name."""
        ...

    @property
    def size(self) -> int:
        """Number of levels, the one for missing included."""
        ...

    def indices(self, people: Survey) -> Ints:
        """Level of each person, -1 for one that nobody had; shape (n,)."""
        ...


@dataclass(frozen=True)
class Categories:
    """A variable with declared categories: one level each, and one for missing."""

    variable: str
    k: int

    @property
    def size(self) -> int:
        return self.k + 1

    def indices(self, people: Survey) -> Ints:
        codes = people.codes(self.variable)
        return np.where(codes >= 0, codes, self.k)


@dataclass(frozen=True)
class Quarters:
    """An ordered variable with many values: between cuts at its quartiles, and missing."""

    variable: str
    cuts: tuple[float, ...]

    @property
    def size(self) -> int:
        return len(self.cuts) + 2

    def indices(self, people: Survey) -> Ints:
        scores = people.scores(self.variable)
        place = np.searchsorted(self.cuts, scores, side="right")
        return np.where(np.isnan(scores), self.size - 1, place).astype(np.int64)


@dataclass(frozen=True)
class Values:
    """A variable without declared categories: one level a value, and one for missing."""

    variable: str
    values: tuple[str, ...]

    @property
    def size(self) -> int:
        return len(self.values) + 1

    def indices(self, people: Survey) -> Ints:
        column = _as_text(people, self.variable).fill_null("\x00")
        known = [*self.values, "\x00"]
        found = column.replace_strict(
            known, list(range(len(known))), default=-1, return_dtype=pl.Int64
        )
        return found.to_numpy()


@dataclass(frozen=True)
class Levels:
    """Levels of several variables; see `fit_levels`."""

    variables: tuple[VariableLevels, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of levels of each variable."""
        return tuple(one.size for one in self.variables)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables."""
        return tuple(one.variable for one in self.variables)

    def indices(self, people: Survey) -> Ints:
        """Levels of people, seen or unseen; -1 for a value that nobody had; shape (n, V)."""
        columns = [one.indices(people) for one in self.variables]
        return np.column_stack(columns) if columns else np.empty((people.n, 0), dtype=np.int64)


def fit_levels(people: Survey, names: Sequence[str]) -> Levels:
    """Cut profile variables into levels, as these people have them.

    Declared categories are levels; an ordered variable with more than eight values is cut at its
    quartiles; missing is a level of its own.

    Raises
    ------
    InputError
        A variable is unknown, or is text.

    Examples
    --------
    >>> import alignsurvey as als
    >>> fit_levels(als.load_example("anes96"), ["PID", "age"]).sizes
    (8, 5)
    """
    return Levels(tuple(_variable(people, name) for name in dict.fromkeys(names)))


def one_hot(indices: Ints, sizes: Sequence[int]) -> NDArray[np.float64]:
    """Indicators of levels, shape (n, sum of sizes); all zero for an unknown level.

    Examples
    --------
    >>> one_hot(np.array([[0, 1], [1, -1]]), (2, 2))
    array([[1., 0., 0., 1.],
           [0., 1., 0., 0.]])
    """
    if not len(sizes):
        return np.empty((len(indices), 0))
    parts = [
        (column[:, None] == np.arange(size)).astype(np.float64)
        for column, size in zip(indices.T, sizes, strict=True)
    ]
    return np.hstack(parts)


def _variable(people: Survey, name: str) -> VariableLevels:
    variable = people.variable(name)
    if variable.scale is Scale.TEXT:
        raise InputError(
            f"{people.source}: profile variable '{name}' is text and makes no groups; leave it "
            "out of the profile, or declare its values"
        )
    if variable.categories and (len(variable.categories) <= MANY or not variable.is_ordered):
        return Categories(name, len(variable.categories))
    if variable.is_ordered:
        scores = people.scores(name)
        scores = scores[~np.isnan(scores)]
        if len(np.unique(scores)) > MANY:
            cuts = np.unique(np.quantile(scores, [0.25, 0.5, 0.75]))
            return Quarters(name, tuple(cuts.tolist()))
    values = _as_text(people, name).drop_nulls().unique().sort().to_list()
    return Values(name, tuple(values))


def _as_text(people: Survey, name: str) -> pl.Series:
    """Give values as text that is the same for 1 and 1.0."""
    column = people.answers[name]
    if column.dtype.is_float() and bool((column.drop_nulls() % 1 == 0).all()):
        column = column.cast(pl.Int64)
    return column.cast(pl.String)
