"""The design matrix: profile variables as numbers, learnt from the pilot and from nobody else."""

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


class Encoder(Protocol):
    """Turns one profile variable into columns."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        ...

    def columns(self, people: Survey) -> NDArray[np.float64]:
        """Encode people, seen or unseen; shape (n, columns)."""
        ...


@dataclass(frozen=True)
class OneHot:
    """A nominal variable: one column a level, all zero for a level that the pilot lacked."""

    variable: str
    levels: tuple[str, ...]
    has_missing: bool

    @property
    def names(self) -> tuple[str, ...]:
        levels = tuple(f"{self.variable}={level}" for level in self.levels)
        return (*levels, f"{self.variable}=missing") if self.has_missing else levels

    def columns(self, people: Survey) -> NDArray[np.float64]:
        values = level_names(people, self.variable)
        hot = [(values == level).fill_null(value=False).to_numpy() for level in self.levels]
        if self.has_missing:
            hot.append(values.is_null().to_numpy())
        return np.column_stack(hot).astype(np.float64) if hot else np.empty((people.n, 0))


@dataclass(frozen=True)
class Score:
    """An ordered variable: its score, standardized; a missing one is the mean.

    Scores outside the pilot's range count as its nearest end, so that a town of eight million in
    the population is not forty standard deviations out for a model that never saw one.
    """

    variable: str
    mean: float
    spread: float
    low: float
    high: float
    has_missing: bool

    @property
    def names(self) -> tuple[str, ...]:
        return (self.variable, f"{self.variable}=missing")[: 1 + self.has_missing]

    def columns(self, people: Survey) -> NDArray[np.float64]:
        scores = people.scores(self.variable)
        standard = (np.clip(scores, self.low, self.high) - self.mean) / self.spread
        return _with_indicator(standard, self.has_missing)


@dataclass(frozen=True)
class NormalScore:
    """An ordered variable by its rank: the normal quantile of the mid-rank among the pilot."""

    variable: str
    values: NDArray[np.float64]
    quantiles: NDArray[np.float64]
    has_missing: bool

    @property
    def names(self) -> tuple[str, ...]:
        return (self.variable, f"{self.variable}=missing")[: 1 + self.has_missing]

    def columns(self, people: Survey) -> NDArray[np.float64]:
        scores = people.scores(self.variable)
        found = np.interp(scores, self.values, self.quantiles)
        return _with_indicator(np.where(np.isnan(scores), np.nan, found), self.has_missing)


@dataclass(frozen=True)
class Features:
    """How a profile becomes a design matrix; see `fit_features`.

    Examples
    --------
    >>> import alignsurvey as als
    >>> anes = als.load_example("anes96")
    >>> features = fit_features(anes.pilot(100, seed=1), ["age", "vote"])
    >>> features.names
    ('age', 'vote=0', 'vote=1')
    >>> features.matrix(anes).shape
    (944, 3)
    """

    encoders: tuple[Encoder, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(name for encoder in self.encoders for name in encoder.names)

    def matrix(self, people: Survey) -> NDArray[np.float64]:
        """Encode people, seen or unseen; shape (n, columns)."""
        parts = [encoder.columns(people) for encoder in self.encoders]
        return np.hstack(parts) if parts else np.empty((people.n, 0))


def fit_features(pilot: Survey, profile: Sequence[str], *, ranks: bool = False) -> Features:
    """Learn from a pilot how to turn profiles into numbers.

    A nominal variable gives one column for each level that the pilot has; an ordinal or interval
    one its standardized score (weighted mean and standard deviation of the pilot). A missing value
    is all zeros, that is the mean, and has an indicator column if the pilot has missing values
    too. Variables that do not vary in the pilot give no column.

    Parameters
    ----------
    pilot : Survey
    profile : sequence of str
        Names of the profile variables; none is fine and gives a matrix without columns.
    ranks : bool
        Encode ordered variables by the normal quantile of their mid-rank instead of their score.

    Raises
    ------
    InputError
        A variable is unknown, or is text.
    """
    weighty = pilot.where(pilot.weights > 0)
    found = [_encoder(weighty, name, ranks) for name in dict.fromkeys(profile)]
    return Features(tuple(encoder for encoder in found if encoder is not None))


def level_names(people: Survey, name: str) -> pl.Series:
    """Give a nominal variable's values as text that is the same for 1 and 1.0; null if missing."""
    if people.variable(name).categories:
        codes = pl.Series(name, people.codes(name))
        texts = [str(code) for code in people.variable(name).codes]
        return codes.replace_strict(
            list(range(len(texts))), texts, default=None, return_dtype=pl.String
        )
    column = people.answers[name]
    if column.dtype.is_float() and bool((column.drop_nulls() % 1 == 0).all()):
        column = column.cast(pl.Int64)
    return column.cast(pl.String)


def _encoder(pilot: Survey, name: str, ranks: bool) -> Encoder | None:
    scale = pilot.variable(name).scale
    if scale is Scale.TEXT:
        raise InputError(
            f"{pilot.source}: profile variable '{name}' is text, which a baseline cannot use; "
            "leave it out of the profile, or declare its values"
        )
    if scale is Scale.NOMINAL:
        return _one_hot(pilot, name)
    scores = pilot.scores(name)
    known = ~np.isnan(scores)
    if not known.any() or np.ptp(scores[known]) == 0:
        return None
    encode = _normal_score if ranks else _score
    return encode(name, scores[known], pilot.weights[known], not known.all())


def _one_hot(pilot: Survey, name: str) -> Encoder | None:
    values = level_names(pilot, name)
    levels = tuple(sorted(values.drop_nulls().unique().to_list()))
    has_missing = values.null_count() > 0
    return OneHot(name, levels, has_missing) if len(levels) + has_missing > 1 else None


def _score(
    name: str, scores: NDArray[np.float64], weights: NDArray[np.float64], has_missing: bool
) -> Encoder:
    mean = float(np.average(scores, weights=weights))
    spread = float(np.sqrt(np.average((scores - mean) ** 2, weights=weights)))
    return Score(name, mean, spread, float(scores.min()), float(scores.max()), has_missing)


def _normal_score(
    name: str, scores: NDArray[np.float64], weights: NDArray[np.float64], has_missing: bool
) -> Encoder:
    from scipy.special import ndtri

    values, place = np.unique(scores, return_inverse=True)
    shares = np.bincount(place, weights=weights) / weights.sum()
    quantiles = ndtri(np.cumsum(shares) - shares / 2)
    return NormalScore(name, values, quantiles, has_missing)


def _with_indicator(standard: NDArray[np.float64], has_missing: bool) -> NDArray[np.float64]:
    missing = np.isnan(standard)
    columns = [np.where(missing, 0.0, standard), missing.astype(np.float64)]
    return np.column_stack(columns[: 1 + has_missing])
