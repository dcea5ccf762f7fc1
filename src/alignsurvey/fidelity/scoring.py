"""One simulator's predictions for one set of people, scored on the three axes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
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

    _kept: dict[tuple[str, str], Side | None] = field(default_factory=dict, repr=False)
    _fitted: dict[tuple[str, str], Coefficients] = field(default_factory=dict, repr=False)

    def rows(self, group: Group, target: str) -> NDArray[np.bool_]:
        """Who belongs to a group and has answered."""
        return group.rows & self.answers[target].answered

    def side(self, group: Group, target: str) -> Side | None:
        """People's own answers in a group, None if there are too few."""
        place = group.name, target
        if place not in self._kept:
            rows = self.rows(group, target)
            self._kept[place] = (
                Side(self.answers[target].take(rows), self.weights[:, rows])
                if rows.sum() >= self.minimum_n
                else None
            )
        return self._kept[place]

    def coefficients(self, group: Group, regression: Regression) -> Coefficients:
        """People's own coefficients in a group."""
        outcome = regression.outcome.name
        place = group.name, outcome
        if place not in self._fitted:
            side = self.side(group, outcome)
            assert side is not None  # asked only where there are enough people
            X = regression.X[self.rows(group, outcome)]
            part = Regression(regression.outcome, regression.names, X)
            self._fitted[place] = coefficients(part, side)
        return self._fitted[place]

    def too_small(self) -> Iterator[tuple[str, str]]:
        """Groups that are not scored for a target: (group, target)."""
        for group in self.groups:
            for target in self.scored:
                if self.side(group, target.name) is None:
                    yield group.name, target.name

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
    judges_n: int = 0
    answers: list[tuple[int, str, int, Predictions]] = field(default_factory=list)

    def absorb(self, other: Round) -> None:
        """Add another replicate's finds."""
        self.ledger.absorb(other.ledger)
        for place, gap in other.gaps.items():
            self.gaps.setdefault(place, GapReplicates()).absorb(gap)
        self.elicited.update(other.elicited)
        self.certain.update(other.certain)
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
    def add(axis: str, scores: Scores, target: str, n: int, parsed: float) -> None:
        for variant in variants:
            for metric, values in scores.items():
                key = Key(name, variant, axis, metric, target, group.name)
                ledger.replicates.add(key, values, n, parsed)

    for target in judges.scored:
        human = judges.side(group, target.name)
        if human is None:
            continue
        own = simulated[target.name].take(judges.rows(group, target.name))
        n, both = len(own.scores), int(own.answered.sum())
        if not both:
            ledger.leave_out("target", f"{name}: {target.name}", "no answer could be read")
            continue
        found = marginal_axis(target, human, Side(own, human.weights))
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
    side = Side(own.take(both), human.weights[:, both])
    if not both.all():
        # The people whom the simulator answers for, so that both regress the same rows.
        people = coefficients(part, Side(human.answers.take(both), side.weights))
    fitted = coefficients(part, side, like=people)
    add("structural", structural_axis(people, fitted), outcome, int(both.sum()), both.mean())
    if group.name == OVERALL:
        for predictor, reason in people.dropped:
            ledger.leave_out("predictor", f"{outcome} ~ {predictor}", reason)
        for variant in place[1]:
            pairs = ledger.coefficients.setdefault((place[0], variant, outcome), [])
            pairs.append((people, fitted))
