"""Repairs by name, one after the other, cross-fitted for the people they were learned from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from alignsurvey.errors import InputError, nearest
from alignsurvey.predictions import Predictions, concatenate
from alignsurvey.randomness import hash_ids
from alignsurvey.rectify.repair.evidence import Evidence
from alignsurvey.rectify.repair.fitted import FittedRepair, Repair
from alignsurvey.rectify.repair.mrp import Mrp
from alignsurvey.rectify.repair.quantile_map import QuantileMap
from alignsurvey.rectify.repair.rake import Rake
from alignsurvey.rectify.repair.structure import Structure
from alignsurvey.rectify.repair.temperature import Temperature
from alignsurvey.rectify.repair.tilt import Tilt
from alignsurvey.survey.margins import Margin
from alignsurvey.survey.survey import Survey

_ARGUMENTS = re.compile(r"(?P<name>[a-z_]+)(?:\((?P<inside>[^()]*)\))?")


def _tilt(inside: str) -> Repair:
    if inside not in ("", "slope"):
        raise InputError(f"tilt({inside}): tilt takes 'slope' or nothing")
    return Tilt(slope=inside == "slope")


def _rake(name: str) -> Callable[[str], Repair]:
    def make(inside: str) -> Repair:
        if not inside:
            return Rake(one_table=name == "poststratify")
        limits = [part.strip() for part in inside.split(",")]
        try:
            low, high = (float(part) for part in limits)
        except ValueError:
            raise InputError(
                f"{name}({inside}): {name} takes the smallest and the largest weight, such as "
                f"{name}(0.2, 5), or nothing"
            ) from None
        return Rake((low, high), one_table=name == "poststratify")

    return make


def _plain(kind: type[Temperature | QuantileMap | Mrp | Structure]) -> Callable[[str], Repair]:
    def make(inside: str) -> Repair:
        if inside:
            raise InputError(f"{kind().name}({inside}): {kind().name} takes nothing in brackets")
        return kind()

    return make


REPAIRS: Mapping[str, Callable[[str], Repair]] = {
    "tilt": _tilt,
    "temperature": _plain(Temperature),
    "quantile_map": _plain(QuantileMap),
    "rake": _rake("rake"),
    "poststratify": _rake("poststratify"),
    "mrp": _plain(Mrp),
    "structure": _plain(Structure),
}
"""Repairs by name; each is made from what stands in brackets after it."""


@dataclass(frozen=True)
class Chain:
    """Repairs one after the other; each learns from what the one before it made.

    Examples
    --------
    >>> parse_repairs("tilt(slope)|structure").name
    'tilt(slope)|structure'
    """

    steps: tuple[Repair, ...]

    @property
    def name(self) -> str:
        """Names of the steps, as in a study."""
        return "|".join(step.name for step in self.steps)

    @property
    def needs_margins(self) -> bool:
        """Whether a step rakes."""
        return any(isinstance(step, Rake) for step in self.steps)

    def fit(self, evidence: Evidence) -> FittedChain:
        """Fit each step on the pilot as the steps before have repaired it."""
        fitted: list[FittedRepair] = []
        for step in self.steps:
            found = step.fit(evidence)
            fitted.append(found)
            evidence = replace(
                evidence,
                predictions=found.apply(evidence.predictions, evidence.pilot),
                everyone=found.apply(evidence.everyone, evidence.people),
                _items={},
            )
        return FittedChain(tuple(fitted))


@dataclass(frozen=True)
class FittedChain:
    """Repairs that have learned from a pilot."""

    steps: tuple[FittedRepair, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the steps did otherwise than their names say."""
        return tuple(note for step in self.steps for note in step.notes)

    def apply(self, predictions: Predictions, people: Survey) -> Predictions:
        """Repair predictions for people, in their order."""
        for step in self.steps:
            predictions = step.apply(predictions, people)
        return predictions


def parse_repairs(text: str) -> Chain:
    """Read repairs as a study names them: ``tilt``, ``tilt(slope)|rake(0.2, 5)``.

    Raises
    ------
    InputError
        A repair is unknown; with the nearest known one.
    """
    steps = []
    for part in (one.strip() for one in text.split("|")):
        found = _ARGUMENTS.fullmatch(part)
        if not found or found["name"] not in REPAIRS:
            raise InputError(f"no repair '{part}'; {nearest(part.partition('(')[0], REPAIRS)}")
        steps.append(REPAIRS[found["name"]]((found["inside"] or "").strip()))
    return Chain(tuple(steps))


def repair_predictions(
    predictions: Predictions,
    pilot: Survey,
    people: Survey,
    repairs: str | Chain,
    *,
    profile: Sequence[str] = (),
    margins: Sequence[Margin] = (),
    pilot_predictions: Predictions | None = None,
    folds: int = 5,
    seed: int = 42,
) -> Predictions:
    """Repair a simulator's predictions by a pilot of human answers.

    People outside the pilot are repaired by a fit to the whole pilot. People of the pilot, if
    they are predicted too, are repaired by a fit that did not see them (folds over respondents).

    Parameters
    ----------
    predictions : Predictions
        For everybody to be repaired.
    pilot : Survey
        People whose answers are known. Someone who is not among `people` is welcome, too, with
        `pilot_predictions`.
    people : Survey
        Everybody predicted: profile and weights; their answers are never looked at.
    repairs : str or Chain
        Such as ``"tilt|structure"``.
    profile : sequence of str
        Variables whose groups may be repaired, for `mrp` and `structure`.
    margins : sequence of Margin
        For `rake` and `poststratify`.
    pilot_predictions : Predictions, optional
        For the pilot, made without its answers. Needed where the simulator learned from the pilot
        (`cross_predict` makes them), or where `predictions` lack it.
    folds, seed : int
        How pilot people are cross-fitted.

    Returns
    -------
    Predictions
        In the order of `predictions`; `trained_on` has the pilot's ids as well.

    Raises
    ------
    InputError
        The pilot is too small, is not predicted, or trained the simulator.

    Examples
    --------
    >>> import alignsurvey as als
    >>> from alignsurvey.simulators import planted
    >>> anes = als.load_example("anes96")
    >>> skewed = planted("planted/label_bias(0.3)", anes, ["selfLR"])
    >>> pilot = anes.pilot(200, seed=1)
    >>> others = anes.without(pilot)
    >>> repaired = repair_predictions(skewed, pilot, anes, "tilt")
    >>> repaired.provenance.simulator
    'planted/label_bias(0.3)|tilt'
    >>> means = [one.align(others.ids).expectation("selfLR").mean() for one in (skewed, repaired)]
    >>> [round(float(mean - others.scores("selfLR").mean()), 1) for mean in means]
    [-1.0, -0.1]
    """
    chain = parse_repairs(repairs) if isinstance(repairs, str) else repairs
    _check_pilot(pilot, folds)
    people = _in_order(people, predictions)
    inside = np.isin(predictions.id_hashes, pilot.id_hashes)
    own = predictions if pilot_predictions is None else pilot_predictions
    refuse_trained(own, pilot)
    own = own.align(pilot.ids)

    def evidence(learned: Survey) -> Evidence:
        return Evidence(
            learned, own.align(learned.ids), people, predictions, tuple(profile), tuple(margins)
        )

    repaired = chain.fit(evidence(pilot)).apply(predictions, people)
    if not inside.any():
        return repaired
    parts = [repaired.align(predictions.ids.filter(~inside))]
    mine = people.where(inside)
    for others, fold in pilot.folds(min(folds, pilot.n), seed):
        them = mine.where(np.isin(mine.id_hashes, fold.id_hashes))
        if not them.n:
            continue
        fitted = chain.fit(evidence(others))
        # Everyone is repaired and the fold kept, so that weights are those of the whole sample.
        parts.append(fitted.apply(predictions, people).align(them.ids))
    both = concatenate([part for part in parts if part.n]).align(predictions.ids)
    return replace(both, provenance=repaired.provenance)


def _check_pilot(pilot: Survey, folds: int) -> None:
    if pilot.n < 2:
        raise InputError(
            f"{pilot.source}: a pilot of {pilot.n} repairs nothing; at least 2 people are needed, "
            "and 50 are a sensible minimum"
        )
    if folds < 2:
        raise InputError(f"cross-fitting needs at least 2 folds, not {folds}")


def _in_order(people: Survey, predictions: Predictions) -> Survey:
    """Bring people into the order of the predictions."""
    place = {one: row for row, one in enumerate(people.id_hashes.tolist())}
    rows = [place.get(one, -1) for one in predictions.id_hashes.tolist()]
    if -1 in rows:
        first = predictions.ids[rows.index(-1)]
        raise InputError(
            f"{people.source}: has no respondent {first!r}, who is predicted "
            f"({rows.count(-1)} are missing); give everybody's profile and weight"
        )
    missing = people.missing[rows] if people.missing.width else people.missing
    return replace(people, answers=people.answers[rows], missing=missing)


def refuse_trained(predictions: Predictions, pilot: Survey) -> None:
    """Refuse a simulator that learned from the people who would repair it.

    Raises
    ------
    InputError
        It did.
    """
    trained = hash_ids(predictions.provenance.trained_on)
    leaked = np.isin(pilot.id_hashes, trained)
    if leaked.any():
        first = pilot.ids[int(np.argmax(leaked))]
        raise InputError(
            f"{predictions.provenance.simulator} learned from {int(leaked.sum())} of the "
            f"{pilot.n} people who would repair it (such as {first!r}); take other people, or "
            "give pilot_predictions made out of fold (cross_predict)"
        )
