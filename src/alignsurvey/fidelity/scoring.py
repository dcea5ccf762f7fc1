"""One simulator's predictions for one set of people, scored on the three axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alignsurvey.fidelity.axes import (
    Coefficients,
    Regression,
    Scores,
    Side,
    coefficients,
    individual_axis,
    marginal_axis,
    structural_axis,
)
from alignsurvey.fidelity.gaps import GapReplicates, GapTable, add_gaps
from alignsurvey.fidelity.grouping import Group
from alignsurvey.fidelity.judges import Judges
from alignsurvey.fidelity.pooling import Key, Replicates
from alignsurvey.fidelity.result import OVERALL
from alignsurvey.fidelity.targets import (
    VARIANTS,
    Answers,
    Floats,
    Variant,
    simulated_answers,
)
from alignsurvey.predictions import Outcome, Predictions


@dataclass
class Ledger:
    """What scoring collects over replicates."""

    replicates: Replicates = field(default_factory=Replicates)
    coefficients: dict[tuple[str, str, str], list[tuple[Coefficients, Coefficients]]] = field(
        default_factory=dict
    )
    shares: dict[tuple[str, str], list[Floats]] = field(default_factory=dict)
    outcomes: dict[tuple[str, str], NDArray[np.int64]] = field(default_factory=dict)
    left_out: dict[tuple[str, str, str], None] = field(default_factory=dict)

    def leave_out(self, what: str, name: str, reason: str) -> None:
        """Remember, once, that something was not scored."""
        self.left_out[what, name, reason] = None

    def absorb(self, other: Ledger) -> None:
        """Add what another replicate collected."""
        self.replicates.absorb(other.replicates)
        for place, pairs in other.coefficients.items():
            self.coefficients.setdefault(place, []).extend(pairs)
        for one, shares in other.shares.items():
            self.shares.setdefault(one, []).extend(shares)
        for one, counts in other.outcomes.items():
            self.outcomes[one] = self.outcomes.get(one, 0) + counts
        self.left_out.update(other.left_out)


@dataclass
class Round:
    """What one replicate found, or several put together."""

    ledger: Ledger = field(default_factory=Ledger)
    gaps: GapTable = field(default_factory=dict)
    elicited: dict[str, str] = field(default_factory=dict)
    certain: dict[str, bool] = field(default_factory=dict)
    design_effects: dict[str, list[float]] = field(default_factory=dict)
    judges_n: int = 0
    answers: list[tuple[int, str, int, Predictions]] = field(default_factory=list)

    def absorb(self, other: Round) -> None:
        """Add another replicate's finds."""
        self.ledger.absorb(other.ledger)
        for place, gap in other.gaps.items():
            self.gaps.setdefault(place, GapReplicates()).absorb(gap)
        self.elicited.update(other.elicited)
        self.certain.update(other.certain)
        for name, effects in other.design_effects.items():
            self.design_effects.setdefault(name, []).extend(effects)
        self.judges_n = other.judges_n


def score(
    judges: Judges,
    predictions: Predictions,
    name: str,
    seed: int,
    ledger: Ledger,
    gaps: GapTable | None = None,
) -> None:
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
    gaps : GapTable, optional
        To which differences between groups are added; they are not computed without.
    """
    judges.refuse_trained(predictions)
    judges = judges.weighing(predictions.weights)
    _count(judges, predictions, name, ledger)
    variants: Sequence[Variant] = VARIANTS[:1] if predictions.is_certain else VARIANTS
    for variant in variants:
        simulated = simulated_answers(predictions, list(judges.targets), variant, seed)
        # A simulator of single answers is its own expectation and its own draw.
        names = VARIANTS if predictions.is_certain else (variant,)
        for group in judges.groups:
            _score_group(judges, simulated, name, names, group, ledger)
        if gaps is not None:
            for one in names:
                add_gaps(
                    gaps,
                    (name, one),
                    judges.scored,
                    judges.answers,
                    simulated,
                    judges.groups,
                    judges.weights,
                    judges.minimum_n,
                )


def _count(judges: Judges, predictions: Predictions, name: str, ledger: Ledger) -> None:
    for item in predictions.items:
        counts = np.bincount(predictions.outcome(item), minlength=len(Outcome))
        ledger.outcomes[name, item] = ledger.outcomes.get((name, item), 0) + counts
        human = judges.answers[item].answered
        shares = predictions.shares[item]
        use = human & predictions.answered(item)
        weights = (
            judges.people.weights[use]
            if judges.raking is None
            else (judges.people.weights[use] * judges.raking[use])
        )
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
    def add(axis: str, scores: Scores, target: str, n: int, parsed: float) -> None:
        for variant in variants:
            for metric, values in scores.items():
                key = Key(name, variant, axis, metric, target, group.name)
                ledger.replicates.add(key, values, n, parsed)

    for target in judges.scored:
        human = judges.side(group, target.name)
        if human is None:
            continue
        rows = judges.rows(group, target.name)
        own = simulated[target.name].take(rows)
        n, both = len(own.scores), int(own.answered.sum())
        if not both:
            ledger.leave_out("target", f"{name}: {target.name}", "no answer could be read")
            continue
        found = marginal_axis(target, human, Side(own, judges.simulated_weights(human, rows)))
        add("marginal", found, target.name, n, both / n)
        found = individual_axis(target, human.answers, own, human.weights)
        add("individual", found, target.name, both, both / n)
    for regression in judges.regressions:
        _score_regression(judges, regression, simulated, group, add, ledger, (name, variants))


def _score_regression(
    judges: Judges,
    regression: Regression,
    simulated: Mapping[str, Answers],
    group: Group,
    add: Callable[[str, Scores, str, int, float], None],
    ledger: Ledger,
    place: tuple[str, Sequence[Variant]],
) -> None:
    outcome = regression.outcome.name
    human = judges.side(group, outcome)
    if human is None:
        return
    rows = judges.rows(group, outcome)
    own = simulated[outcome].take(rows)
    both = own.answered
    if both.sum() < judges.minimum_n:
        return
    people = judges.coefficients(group, regression)
    part = Regression(regression.outcome, regression.names, regression.X[rows][both])
    side = Side(own.take(both), judges.simulated_weights(human, rows)[:, both])
    if not both.all():
        # The people whom the simulator answers for, so that both regress the same rows.
        people = coefficients(part, Side(human.answers.take(both), human.weights[:, both]))
    fitted = coefficients(part, side, like=people)
    add("structural", structural_axis(people, fitted), outcome, int(both.sum()), both.mean())
    if group.name == OVERALL:
        for predictor, reason in people.dropped:
            ledger.leave_out("predictor", f"{outcome} ~ {predictor}", reason)
        for variant in place[1]:
            pairs = ledger.coefficients.setdefault((place[0], variant, outcome), [])
            pairs.append((people, fitted))
