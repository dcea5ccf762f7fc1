"""A simulated data set: drawn answers as codes, their missing kinds, and the mark in every row."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.predictions import Outcome, Predictions
from alignsurvey.randomness import stable_hash
from alignsurvey.survey import (
    Category,
    Code,
    Codebook,
    Missing,
    MissingCode,
    Scale,
    Survey,
    Variable,
)

__all__ = ["SIMULATED", "SIMULATOR", "with_answers"]

SIMULATED, SIMULATOR = "simulated", "simulator"

_MARK = Variable(
    SIMULATED,
    "Simulated: nobody gave these answers",
    Scale.NOMINAL,
    (Category(0, "person"), Category(1, "simulated")),
)
_NAME = Variable(SIMULATOR, "Simulator that gave the answers", Scale.TEXT)

_KINDS: dict[Outcome, tuple[Missing, str]] = {
    Outcome.REFUSED: (Missing.REFUSED, "Refused (simulated)"),
    Outcome.DONT_KNOW: (Missing.DONT_KNOW, "Don't know (simulated)"),
    Outcome.UNPARSEABLE: (Missing.OTHER, "Reply could not be read"),
    Outcome.NO_REPLY: (Missing.OTHER, "No reply"),
}


def with_answers(
    people: Survey, predictions: Predictions, codebook: Codebook, simulator: str, seed: int
) -> Survey:
    """Put drawn answers beside profiles.

    Parameters
    ----------
    people : Survey
        Profiles.
    predictions : Predictions
        Of the same people; one answer is drawn from each person's probabilities.
    codebook : Codebook
        Of the survey that is simulated. A missing code that it has is used for its kind; otherwise
        one is added that it does not use.
    simulator : str
    seed : int

    Raises
    ------
    InputError
        A variable has the name of one of the marks.
    """
    names = (*people.codebook.names, *predictions.items)
    for taken in (SIMULATED, SIMULATOR):
        if taken in names:
            raise InputError(f"'{taken}' marks simulated rows; rename the study's variable")
    answers, missing, items = people.answers, pl.DataFrame(), []
    lot = stable_hash(seed, "answers") >> 32
    for item in predictions.items:
        outcome = predictions.outcome(item)
        variable, codes = _with_missing_codes(codebook[item], outcome)
        drawn = predictions.draw(item, lot)
        answers = answers.with_columns(_column(item, list(variable.codes), drawn))
        lost = np.array([codes.get(Outcome(one), -1) for one in range(len(Outcome))])
        place = np.where(drawn < 0, lost[outcome], -1)
        if (place >= 0).any():
            gaps = _column(item, [one.code for one in variable.missing], place)
            missing = missing.with_columns(gaps) if missing.width else pl.DataFrame([gaps])
        items.append(variable)
    marks = [
        pl.lit(1, dtype=pl.Int64).alias(SIMULATED),
        pl.lit(simulator, dtype=pl.String).alias(SIMULATOR),
    ]
    book = Codebook((*people.codebook, *items, _MARK, _NAME))
    return replace(people, answers=answers.with_columns(marks), codebook=book, missing=missing)


def _column(name: str, codes: Sequence[Code], places: NDArray[np.int64]) -> pl.Series:
    """Write codes by their places; null where a place is below 0."""
    values = [None if place < 0 else codes[place] for place in places.tolist()]
    is_text = any(isinstance(code, str) for code in codes)
    if is_text:
        return pl.Series(name, [None if one is None else str(one) for one in values], pl.String)
    whole = all(isinstance(code, int) for code in codes)
    return pl.Series(name, values, pl.Int64 if whole else pl.Float64)


def _with_missing_codes(
    variable: Variable, outcome: NDArray[np.int8]
) -> tuple[Variable, dict[Outcome, int]]:
    """Give the outcomes that occur a missing code each; their places among the missing codes."""
    found: dict[Outcome, int] = {}
    missing = list(variable.missing)
    for kind in sorted({Outcome(one) for one in outcome.tolist()} - {Outcome.ANSWERED}):
        meant, label = _KINDS[kind]
        place = next(
            (at for at, one in enumerate(missing) if one.kind is meant and meant != Missing.OTHER),
            None,
        )
        if place is None:
            place = len(missing)
            missing.append(MissingCode(_unused(variable, missing), meant, label))
        found[kind] = place
    return replace(variable, missing=tuple(missing)), found


def _unused(variable: Variable, missing: Sequence[MissingCode]) -> Code:
    """Find a code that neither an answer nor a missing one has: -97 and below, or a text."""
    taken = {*variable.codes, *(one.code for one in missing)}
    if any(isinstance(code, str) for code in variable.codes):
        return next(f"missing{n}" for n in itertools.count(1) if f"missing{n}" not in taken)
    return next(
        code for code in itertools.count(-97, -1)
        if code not in taken and variable.missing_kind(code) is None
    )  # fmt: skip
