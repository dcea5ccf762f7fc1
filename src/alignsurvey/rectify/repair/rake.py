"""Raking and post-stratification: weights that give simulated people a population's margins."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.predictions import Predictions
from alignsurvey.rectify.repair.evidence import Evidence, kish
from alignsurvey.rectify.repair.fitted import renamed
from alignsurvey.survey.margins import Margin, Span, Value
from alignsurvey.survey.raking import rake
from alignsurvey.survey.survey import Survey

Floats = NDArray[np.float64]

_TRIM_ROUNDS = 50
_OFF = 0.0005


@dataclass(frozen=True)
class RakedWeights:
    """Weights that have the population's margins; see `rake_weights`.

    Parameters
    ----------
    weights : array, shape (n,)
        Their mean is 1.
    design_effect : float
        ``n sum w^2 / (sum w)^2`` (Kish), over those with a weight.
    trimmed : int
        How many weights were cut at a limit.
    margins : polars.DataFrame
        margin, value, wanted, reached (shares).
    notes : tuple of str
        Who got no weight, and which margins trimming leaves unmet.
    """

    weights: Floats
    design_effect: float
    trimmed: int
    margins: pl.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()


def rake_weights(
    people: Survey,
    margins: Sequence[Margin],
    trim: tuple[float, float] | None = None,
) -> RakedWeights:
    """Weight people so that they have margins, starting from their survey weights.

    One margin alone, single or joint, is post-stratification; several are raked. Of all weights
    with these margins, raking's are the nearest to the survey weights (Kullback-Leibler).

    Parameters
    ----------
    people : Survey
    margins : sequence of Margin
        From `read_margins`.
    trim : (float, float), optional
        Smallest and largest weight, the mean being 1. Trimming and raking take turns; where both
        cannot hold, the limits do, and a note names the margins that are off.

    Returns
    -------
    RakedWeights

    Raises
    ------
    InputError
        A margin wants somebody whom the sample lacks, people have a value that no margin names,
        or margins contradict each other; with their names.

    References
    ----------
    Deming & Stephan (1940); Kish (1965); Izrael, Battaglia & Frankel (2009) on trimming.

    Examples
    --------
    >>> import alignsurvey as als
    >>> from alignsurvey.survey.margins import parse_margins
    >>> anes = als.load_example("anes96")
    >>> margins = parse_margins({"vote": {0: 50, 1: 50}}, anes.codebook)
    >>> raked = rake_weights(anes, margins)
    >>> raked.margins["reached"].round(3).to_list(), round(raked.design_effect, 2)
    ([0.5, 0.5], 1.03)
    """
    if not margins:
        raise InputError("raking needs at least one margin of the population")
    used = list(dict.fromkeys(name for margin in margins for name in margin.names))
    table = people.select(used).answers.select(used)
    notes = _refuse_unnamed(table, margins, people)
    w = rake(table, people.weights, margins, people.source)
    counted = w > 0
    w = w / w[counted].mean()
    trimmed = np.zeros(people.n, dtype=bool)
    if trim is not None:
        w, trimmed, notes = _trimmed(table, w, margins, trim, people.source, notes)
    reached = _reached(table, w, margins)
    off = reached.filter((pl.col("wanted") - pl.col("reached")).abs() > _OFF)
    if off.height:
        notes.append(
            "margins left off by trimming: "
            + "; ".join(
                f"{row['margin']} = {row['value']} {100 * row['reached']:.1f} % "
                f"instead of {100 * row['wanted']:.1f} %"
                for row in off.to_dicts()
            )
        )
    return RakedWeights(w, design_effect(w), int(trimmed.sum()), reached, tuple(notes))


def design_effect(weights: Floats) -> float:
    """``n sum w^2 / (sum w)^2`` over those who have a weight (Kish 1965).

    Examples
    --------
    >>> design_effect(np.array([1.0, 1.0, 2.0, 0.0]))
    1.125
    """
    counted = weights[weights > 0]
    return len(counted) / kish(counted)


def _trimmed(
    table: pl.DataFrame,
    w: Floats,
    margins: Sequence[Margin],
    trim: tuple[float, float],
    source: str,
    notes: list[str],
) -> tuple[Floats, NDArray[np.bool_], list[str]]:
    low, high = trim
    if not 0 <= low < 1 < high:
        raise InputError(
            f"weights cannot be trimmed to {low:g} to {high:g}; their mean is 1, so give a lower "
            "limit below 1 and an upper one above it"
        )
    counted, cut = w > 0, np.zeros(len(w), dtype=bool)
    for _ in range(_TRIM_ROUNDS):
        within = np.where(counted, np.clip(w, low, high), 0.0)
        cut |= within != w
        if np.abs(within - w).max() < 1e-9:
            break
        w = rake(table, within, margins, source)
        w = w / w[counted].mean()
    return np.where(counted, np.clip(w, low, high), 0.0), cut, notes


def _refuse_unnamed(table: pl.DataFrame, margins: Sequence[Margin], people: Survey) -> list[str]:
    """Nobody loses their weight unseen: values that no margin names, and missing ones."""
    missing = np.zeros(table.height, dtype=bool)
    for margin in margins:
        rows = np.zeros(table.height, dtype=bool)
        for values in margin.shares:
            rows |= _inside(table, margin.names, values)
        empty = table.select(pl.any_horizontal(pl.col(*margin.names).is_null())).to_series()
        missing |= empty.to_numpy()
        stray = ~rows & ~empty.to_numpy()
        if stray.any():
            values_of = table.select(margin.names).row(int(np.argmax(stray)))
            shown = " & ".join(
                people.codebook[name].label(value)
                for name, value in zip(margin.names, values_of, strict=True)
            )
            raise InputError(
                f"margin '{margin.title}' has no share for {shown}, which {int(stray.sum())} "
                f"people in {people.source} have; add it, with 0 if they shall not count"
            )
    count = int(missing.sum())
    return [f"{count} people without a value in a margin get no weight"] if count else []


def _reached(table: pl.DataFrame, w: Floats, margins: Sequence[Margin]) -> pl.DataFrame:
    rows = []
    for margin in margins:
        for values, wanted in margin.shares.items():
            share = float(w[_inside(table, margin.names, values)].sum() / w.sum())
            shown = " & ".join(_shown(value) for value in values)
            rows.append((margin.title, shown, wanted, share))
    return pl.DataFrame(rows, schema=["margin", "value", "wanted", "reached"], orient="row")


def _inside(
    table: pl.DataFrame, names: Sequence[str], values: Sequence[Value]
) -> NDArray[np.bool_]:
    rows = np.ones(table.height, dtype=bool)
    for name, value in zip(names, values, strict=True):
        column = table[name]
        found = (
            column.cast(pl.Float64).is_between(value.low, value.high)
            if isinstance(value, Span)
            else column == value
        )
        rows &= found.fill_null(value=False).to_numpy()
    return rows


def _shown(value: Value) -> str:
    if isinstance(value, Span):
        return f"{value.low:g}-{value.high:g}" if np.isfinite(value.high) else f"{value.low:g}+"
    return str(value)


@dataclass(frozen=True)
class Rake:
    """Weight the repaired people to the population's margins; their probabilities stay.

    Parameters
    ----------
    trim : (float, float), optional
        See `rake_weights`.
    one_table : bool
        Post-stratification: there must be a single margin, usually a joint one.
    """

    trim: tuple[float, float] | None = None
    one_table: bool = False

    @property
    def name(self) -> str:
        """Name in a study."""
        kind = "poststratify" if self.one_table else "rake"
        return kind if self.trim is None else f"{kind}({self.trim[0]:g}, {self.trim[1]:g})"

    def fit(self, evidence: Evidence) -> FittedRake:
        """Rake the people to be repaired; no answer is looked at.

        Raises
        ------
        InputError
            There are no margins, or several where one table is meant.
        """
        margins = evidence.margins
        if not margins:
            raise InputError(
                f"{self.name} needs the population's margins; name a file of them (in a study: "
                "'margins: FILE')"
            )
        if self.one_table and len(margins) > 1:
            raise InputError(
                f"{self.name} needs one table, and there are {len(margins)} margins "
                f"({', '.join(margin.title for margin in margins)}); give a joint one, or use rake"
            )
        raked = rake_weights(evidence.people, margins, self.trim)
        return FittedRake(self.name, raked, evidence.people.id_hashes, notes=raked.notes)


@dataclass(frozen=True)
class FittedRake:
    """Weights for the people that were raked; others keep what they have."""

    name: str
    raked: RakedWeights
    id_hashes: NDArray[np.uint64] = field(repr=False)
    learned_from: frozenset[Hashable] = field(default=frozenset(), repr=False)
    notes: tuple[str, ...] = ()

    def apply(self, predictions: Predictions, people: Survey) -> Predictions:
        """Give the predictions their people's weights.

        People who were not raked, such as a pilot in whose folds a later repair is fitted, get
        none: weights belong to a whole sample.
        """
        named = renamed(predictions, self.name, self.learned_from)
        if not np.array_equal(people.id_hashes, self.id_hashes):
            return named
        return replace(named, weights=self.raked.weights)
