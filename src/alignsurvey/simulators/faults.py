"""Simulators with known faults, built from the human answers themselves: what must a score show?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError, nearest
from alignsurvey.predictions import Outcome, Predictions, Provenance
from alignsurvey.randomness import uniforms
from alignsurvey.simulators.features import level_names
from alignsurvey.survey.codebook import Missing, Scale, Variable
from alignsurvey.survey.survey import Survey, category_scores

Array = NDArray[np.float64]
Answers = tuple[Array, NDArray[np.int8]]
"""Shares, shape (n, K), and outcomes, shape (n,), of one item."""

_MANY_VALUES = 8
_OUTCOMES = {Missing.REFUSED: Outcome.REFUSED, Missing.DONT_KNOW: Outcome.DONT_KNOW}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a planted simulator.

    Parameters
    ----------
    what : str
        In words.
    defaults : mapping of str to float
        Its parameters, in the order in which a name gives them.
    limits : mapping of str to float
        The largest value of each; the smallest is 0.
    plant : callable
        From the humans, an item and the parameters to answers.
    """

    what: str
    defaults: Mapping[str, float]
    limits: Mapping[str, float]
    plant: Callable[[_Humans, str, Mapping[str, float]], Answers]


def planted(
    name: str, humans: Survey, items: Sequence[str], profile: Sequence[str] = (), seed: int = 42
) -> Predictions:
    """Build a simulator with a known fault from people's own answers.

    It shows whether a score sees what it should see, and is never evidence about a model: the
    provenance says "constructed". `FAULTS` lists the faults; docs/simulators.md says what each
    axis must show for each of them.

    Parameters
    ----------
    name : str
        ``planted/FAULT`` or ``planted/FAULT(parameter, …)``, such as ``planted/shrunk(0.4)``.
    humans : Survey
        People whose answers are taken; they are also who is predicted.
    items : sequence of str
    profile : sequence of str
        Attributes whose groups "caricature" and "llm_like" exaggerate.
    seed : int
        For who refuses, is moved or is swapped.

    Returns
    -------
    Predictions
        In the survey's order. Who gave no answer gives none here, for the same reason.

    Raises
    ------
    InputError
        The fault is unknown, a parameter is out of range, or groups are needed and there are none.

    Examples
    --------
    >>> import alignsurvey as als
    >>> anes = als.load_example("anes96")
    >>> shrunk = planted("planted/shrunk(0.4)", anes, ["selfLR"])
    >>> human = anes.scores("selfLR")
    >>> round(float(shrunk.expectation("selfLR").std() / human.std()), 6)
    0.4
    >>> bool(np.isclose(shrunk.expectation("selfLR").mean(), human.mean()))
    True
    """
    fault, parameters = _parse(name)
    people = _Humans(humans, tuple(profile), seed, name)
    answers = {item: fault.plant(people, item, parameters) for item in dict.fromkeys(items)}
    return Predictions(
        humans.ids,
        {item: shares for item, (shares, _) in answers.items()},
        humans.codebook.select(answers),
        Provenance(name, "constructed"),
        {item: outcomes for item, (_, outcomes) in answers.items()},
    )


def _parse(name: str) -> tuple[Fault, Mapping[str, float]]:
    match = re.fullmatch(r"planted/(\w+)\s*(?:\(([^()]*)\))?", name)
    if match is None or match[1] not in FAULTS:
        known = [f"planted/{one}" for one in FAULTS]
        raise InputError(f"no simulator '{name}'; {nearest(name.partition('(')[0], known)}")
    fault = FAULTS[match[1]]
    given = [part.strip() for part in (match[2] or "").split(",") if part.strip()]
    if len(given) > len(fault.defaults):
        raise InputError(
            f"simulator '{name}': {match[1]} has {len(fault.defaults)} parameters "
            f"({', '.join(fault.defaults) or 'none'}), not {len(given)}"
        )
    values = dict(fault.defaults)
    for parameter, text in zip(fault.defaults, given, strict=False):
        values[parameter] = _number(name, parameter, text, fault.limits[parameter])
    return fault, values


def _number(name: str, parameter: str, text: str, limit: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= limit:
        raise InputError(
            f"simulator '{name}': {parameter} must be a number from 0 to {limit:g}, not {text!r}"
        )
    return value


@dataclass(frozen=True)
class _Humans:
    """The people, and what the faults need to know of them."""

    survey: Survey
    profile: tuple[str, ...]
    seed: int
    name: str

    def answers(self, item: str) -> Answers:
        """Everyone's own answer, as shares of 0 and 1."""
        codes = self.survey.codes(item)
        shares = np.eye(len(self.survey.codebook[item].categories))[codes]
        shares[codes < 0] = np.nan
        return shares, _outcomes(self.survey, item, codes)

    def chosen(self, item: str, share: float) -> NDArray[np.bool_]:
        """Choose a share of the people by lot, anew for each item."""
        return uniforms(self.survey.id_hashes, self.seed, self.name, item) < share

    @cached_property
    def partners(self) -> NDArray[np.int64]:
        """Whose answers each gets when all are swapped: the next in a ring in random order."""
        ring = np.argsort(uniforms(self.survey.id_hashes, self.seed, "shuffled"), kind="stable")
        partner = np.empty_like(ring)
        partner[ring] = np.roll(ring, 1)
        return partner

    @cached_property
    def groups(self) -> Array:
        """Indicators of the groups of every profile variable, shape (n, columns)."""
        if not self.profile:
            raise InputError(
                f"simulator '{self.name}' exaggerates groups, and there are none; give it a profile"
            )
        return np.hstack([_indicators(self.survey, variable) for variable in self.profile])

    def group_means(self, y: Array, known: NDArray[np.bool_]) -> Array:
        """Fit group means, additive in the profile variables; shape (n, columns of y).

        By weighted least squares, so that the mean of the fit is the people's own in each group
        of each variable.
        """
        root = np.sqrt(self.survey.weights[known])[:, None]
        fit, *_ = np.linalg.lstsq(self.groups[known] * root, y[known] * root, rcond=1e-10)
        means: Array = self.groups @ fit
        return means


def _outcomes(survey: Survey, item: str, codes: NDArray[np.int64]) -> NDArray[np.int8]:
    outcomes = np.where(codes >= 0, Outcome.ANSWERED, Outcome.NO_REPLY).astype(np.int8)
    if item in survey.missing.columns:
        variable = survey.codebook[item]
        for row, code in enumerate(survey.missing[item].to_list()):
            kind = variable.missing_kind(code) if code is not None else None
            if kind in _OUTCOMES and codes[row] < 0:
                outcomes[row] = _OUTCOMES[kind]
    return outcomes


def _indicators(survey: Survey, name: str) -> Array:
    """One column a level; numbers with many values by quarters, and as they are besides."""
    variable = survey.variable(name)
    values = level_names(survey, name)
    if variable.scale in (Scale.NOMINAL, Scale.TEXT) or values.n_unique() <= _MANY_VALUES:
        levels = values.fill_null("").to_numpy()
        hot: Array = (levels[:, None] == np.unique(levels)).astype(np.float64)
        return hot
    scores = survey.scores(name)
    known = ~np.isnan(scores)
    order = np.argsort(scores[known], kind="stable")
    reached = np.cumsum(survey.weights[known][order])
    cuts = scores[known][order][np.searchsorted(reached, reached[-1] * np.array([0.25, 0.5, 0.75]))]
    quarter = np.where(known, np.searchsorted(np.unique(cuts), scores), -1)
    spread = (scores - scores[known].mean()) / (scores[known].std() or 1.0)
    indicators = quarter[:, None] == np.unique(quarter)
    return np.column_stack([indicators, np.where(known, spread, 0.0)])


def _about_means(people: _Humans, item: str, gap: float, spread: float, grouped: bool) -> Answers:
    """Move answers about their means: mean + gap (group - mean) + spread (answer - group)."""
    variable, (own, outcomes) = people.survey.codebook[item], people.answers(item)
    known = outcomes == Outcome.ANSWERED
    has_scores = variable.is_ordered or len(variable.categories) == 2
    y = (own @ category_scores(variable))[:, None] if has_scores else own
    weights = people.survey.weights * known
    mean = weights @ np.nan_to_num(y) / weights.sum()
    group = people.group_means(y, known) if grouped else np.broadcast_to(mean, y.shape)
    moved = mean + gap * (group - mean) + spread * (y - group)
    if has_scores:
        shares = _with_mean(moved[:, 0], float(mean[0]), weights, variable)
    else:
        shares = np.maximum(moved, 0.0)
        shares /= shares.sum(axis=1, keepdims=True)
    return np.where(known[:, None], shares, np.nan), outcomes


def _with_mean(wanted: Array, mean: float, weights: Array, variable: Variable) -> Array:
    """Probabilities of the two options beside each wanted score, which have it as their mean.

    A score beyond the ends of the scale is its end; all are then moved by as much as brings the
    overall mean back.
    """
    positions = category_scores(variable)
    places, first = np.unique(positions, return_index=True)
    kept = weights > 0
    low, high = places[0] - places[-1], places[-1] - places[0]
    for _ in range(60):
        shift = (low + high) / 2
        reached = np.clip(wanted[kept] + shift, places[0], places[-1])
        low, high = (
            (shift, high) if reached @ weights[kept] < mean * weights.sum() else (low, shift)
        )
    inside = wanted[kept]
    fits = bool(len(inside)) and places[0] <= inside.min() and inside.max() <= places[-1]
    score = np.clip(wanted + (0.0 if fits else shift), places[0], places[-1])
    shares = np.zeros((len(wanted), len(positions)))
    if len(places) == 1:
        shares[:, first[0]] = 1.0
        return shares
    left = np.clip(np.searchsorted(places, score, side="right") - 1, 0, len(places) - 2)
    right_share = (score - places[left]) / (places[left + 1] - places[left])
    rows = np.arange(len(wanted))
    shares[rows, first[left]] = 1.0 - right_share
    shares[rows, first[left + 1]] = right_share
    return shares


def _faithful(people: _Humans, item: str, _: Mapping[str, float]) -> Answers:
    return people.answers(item)


def _shrunk(people: _Humans, item: str, p: Mapping[str, float]) -> Answers:
    return _about_means(people, item, 1.0, p["factor"], grouped=False)


def _caricature(people: _Humans, item: str, p: Mapping[str, float]) -> Answers:
    return _about_means(people, item, p["gap"], p["spread"], grouped=True)


def _label_bias(people: _Humans, item: str, p: Mapping[str, float]) -> Answers:
    shares, outcomes = people.answers(item)
    moved = people.chosen(item, p["share"]) & (outcomes == Outcome.ANSWERED)
    shares[moved] = np.eye(shares.shape[1])[0]
    return shares, outcomes


def _refusals(people: _Humans, item: str, p: Mapping[str, float]) -> Answers:
    shares, outcomes = people.answers(item)
    refused = people.chosen(item, p["share"]) & (outcomes == Outcome.ANSWERED)
    shares[refused] = np.nan
    outcomes[refused] = Outcome.REFUSED
    return shares, outcomes


def _shuffled(people: _Humans, item: str, _: Mapping[str, float]) -> Answers:
    shares, outcomes = people.answers(item)
    return shares[people.partners], outcomes[people.partners]


FAULTS: Mapping[str, Fault] = {
    "faithful": Fault("people's own answers", {}, {}, _faithful),
    "shrunk": Fault(
        "the right mean, a part of the spread", {"factor": 0.4}, {"factor": 1.0}, _shrunk
    ),
    "caricature": Fault(
        "the right mean, groups too far apart and too much alike within",
        {"gap": 1.8, "spread": 0.3},
        {"gap": 10.0, "spread": 1.0},
        _caricature,
    ),
    "label_bias": Fault(
        "a share of answers moved to the first option",
        {"share": 0.3},
        {"share": 1.0},
        _label_bias,
    ),
    "refusals": Fault("a share of answers refused", {"share": 0.1}, {"share": 1.0}, _refusals),
    "shuffled": Fault("everyone's answers swapped with somebody else's", {}, {}, _shuffled),
    "llm_like": Fault(
        "the right mean, groups too far apart, and hardly any difference within",
        {"gap": 1.5, "spread": 0.1},
        {"gap": 10.0, "spread": 1.0},
        _caricature,
    ),
}
"""The faults by name."""
