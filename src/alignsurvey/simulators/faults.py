"""Simulators with known faults, built from the human answers themselves: what must a score show?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alignsurvey.errors import InputError, nearest
from alignsurvey.predictions import Outcome, Predictions, Provenance
from alignsurvey.simulators.planting import Answers, Humans, about_means
from alignsurvey.survey.survey import Survey


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
    plant: Callable[[Humans, str, Mapping[str, float]], Answers]


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
    people = Humans(humans, tuple(profile), seed, name)
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


def _faithful(people: Humans, item: str, _: Mapping[str, float]) -> Answers:
    return people.answers(item)


def _shrunk(people: Humans, item: str, p: Mapping[str, float]) -> Answers:
    return about_means(people, item, 1.0, p["factor"], grouped=False)


def _caricature(people: Humans, item: str, p: Mapping[str, float]) -> Answers:
    return about_means(people, item, p["gap"], p["spread"], grouped=True)


def _label_bias(people: Humans, item: str, p: Mapping[str, float]) -> Answers:
    shares, outcomes = people.answers(item)
    moved = people.chosen(item, p["share"]) & (outcomes == Outcome.ANSWERED)
    shares[moved] = np.eye(shares.shape[1])[0]
    return shares, outcomes


def _refusals(people: Humans, item: str, p: Mapping[str, float]) -> Answers:
    shares, outcomes = people.answers(item)
    refused = people.chosen(item, p["share"]) & (outcomes == Outcome.ANSWERED)
    shares[refused] = np.nan
    outcomes[refused] = Outcome.REFUSED
    return shares, outcomes


def _shuffled(people: Humans, item: str, _: Mapping[str, float]) -> Answers:
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
        "the right mean, groups too far apart, and no difference within",
        {"gap": 1.5, "spread": 0.0},
        {"gap": 10.0, "spread": 1.0},
        _caricature,
    ),
}
"""The faults by name."""
