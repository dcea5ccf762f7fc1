"""One simulator's predictions for one set of people, scored on the three axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.fidelity.axes import (
    Coefficients,
    Regression,
    Scores,
    individual_axis,
    marginal_axis,
    structural_axis,
)
from alignsurvey.fidelity.grouping import Group
from alignsurvey.fidelity.pooling import Key, Replicates
from alignsurvey.fidelity.result import OVERALL
from alignsurvey.fidelity.targets import (
    VARIANTS,
    Answers,
    Floats,
    Target,
    Variant,
    simulated_answers,
)
from alignsurvey.predictions import Outcome, Predictions
from alignsurvey.randomness import hash_ids
from alignsurvey.survey.survey import Survey


@dataclass(frozen=True)
class Judges:
    """The people that judge: who they are, what they answered, and their replicate weights.

    Parameters
    ----------
    people : Survey
    answers : mapping of target name to Answers
    targets : sequence of Target
        Every target that is computed.
    scored : sequence of Target
        Those that are scored.
    regressions : sequence of Regression
    groups : sequence of Group
    weights : array, shape (1 + B, n)
        The survey weights, then those of each bootstrap replicate.
    minimum_n : int
        Smaller groups are not scored.
    """

    people: Survey
    answers: Mapping[str, Answers]
    targets: Sequence[Target]
    scored: Sequence[Target]
    regressions: Sequence[Regression]
    groups: Sequence[Group]
    weights: Floats
    minimum_n: int

    def refuse_trained(self, predictions: Predictions) -> None:
        """Training people never judge.

        Raises
        ------
        InputError
            A judge trained, prompted or calibrated the simulator.
        """
        trained = hash_ids(predictions.provenance.trained_on)
        leaked = np.isin(self.people.id_hashes, trained)
        if leaked.any():
            first = self.people.ids[int(np.argmax(leaked))]
            raise InputError(
                f"{predictions.provenance.simulator} was trained on {int(leaked.sum())} of the "
                f"people who would judge it (such as {first!r}); leave them out of one of the two"
            )


@dataclass
class Ledger:
    """What scoring collects over replicates."""

    replicates: Replicates = field(default_factory=Replicates)
    coefficients: dict[tuple[str, str, str], list[Coefficients]] = field(default_factory=dict)
    shares: dict[tuple[str, str], list[Floats]] = field(default_factory=dict)
    outcomes: dict[tuple[str, str], NDArray[np.int64]] = field(default_factory=dict)
    left_out: dict[tuple[str, str, str], None] = field(default_factory=dict)

    def leave_out(self, what: str, name: str, reason: str) -> None:
        """Remember, once, that something was not scored."""
        self.left_out[what, name, reason] = None


def score(judges: Judges, predictions: Predictions, name: str, seed: int, ledger: Ledger) -> None:
    """Score a simulator on all axes, targets and groups, by expectation and by draw.

    Parameters
    ----------
    predictions : Predictions
        For the judges, in their order.
    name : str
        The simulator's name in tables.
    seed : int
        Of the draws.
    ledger : Ledger
        To which everything is added.
    """
    judges.refuse_trained(predictions)
    _count(judges, predictions, name, ledger)
    variants: Sequence[Variant] = VARIANTS[:1] if predictions.is_certain else VARIANTS
    for variant in variants:
        simulated = simulated_answers(predictions, list(judges.targets), variant, seed)
        # A simulator of single answers is its own expectation and its own draw.
        names = VARIANTS if predictions.is_certain else (variant,)
        for group in judges.groups:
            _score_group(judges, simulated, name, names, group, ledger)


def _count(judges: Judges, predictions: Predictions, name: str, ledger: Ledger) -> None:
    for item in predictions.items:
        counts = np.bincount(predictions.outcome(item), minlength=len(Outcome))
        ledger.outcomes[name, item] = ledger.outcomes.get((name, item), 0) + counts
        human = judges.answers[item].answered
        shares = predictions.shares[item]
        use = human & predictions.answered(item)
        weights = judges.people.weights[use]
        if weights.sum() > 0:
            mean = weights @ shares[use] / weights.sum()
            ledger.shares.setdefault((name, item), []).append(mean)


def _score_group(
    judges: Judges,
    simulated: Mapping[str, Answers],
    name: str,
    variants: Sequence[Variant],
    group: Group,
    ledger: Ledger,
) -> None:
    whole = group.name == OVERALL

    def add(axis: str, scores: Scores, target: str, n: int, parsed: float) -> None:
        for variant in variants:
            for metric, values in scores.items():
                key = Key(name, variant, axis, metric, target, group.name)
                ledger.replicates.add(key, values, n, parsed)

    for target in judges.scored:
        rows = group.rows & judges.answers[target.name].answered
        if not _enough(rows, judges, group, target.name, ledger):
            continue
        human, own = judges.answers[target.name].take(rows), simulated[target.name].take(rows)
        if not own.answered.any():
            ledger.leave_out("target", f"{name}: {target.name}", "no answer could be read")
            continue
        weights, parsed = judges.weights[:, rows], float(own.answered.mean())
        n = int(rows.sum())
        add("marginal", marginal_axis(target, human, own, weights, weights), target.name, n, parsed)
        both = int(own.answered.sum())
        add("individual", individual_axis(target, human, own, weights), target.name, both, parsed)
    for regression in judges.regressions:
        outcome = regression.outcome.name
        rows = group.rows & judges.answers[outcome].answered
        if not _enough(rows, judges, group, outcome, ledger):
            continue
        part = Regression(regression.outcome, regression.names, regression.X[rows])
        human, own = judges.answers[outcome].take(rows), simulated[outcome].take(rows)
        if own.answered.sum() < judges.minimum_n:
            continue
        weights = judges.weights[:, rows]
        scores, coefficients, dropped = structural_axis(part, human, own, weights, weights)
        parsed = float(own.answered.mean())
        add("structural", scores, outcome, int(own.answered.sum()), parsed)
        for predictor, reason in dropped if whole else ():
            ledger.leave_out("predictor", f"{outcome} ~ {predictor}", reason)
        if whole:
            for variant in variants:
                place = (name, variant, outcome)
                ledger.coefficients.setdefault(place, []).append(coefficients)


def _enough(
    rows: NDArray[np.bool_], judges: Judges, group: Group, target: str, ledger: Ledger
) -> bool:
    if rows.sum() >= judges.minimum_n:
        return True
    reason = f"fewer than {judges.minimum_n} people who answered '{target}'"
    ledger.leave_out("group", group.name, reason)
    return False
