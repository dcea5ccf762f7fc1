"""What is scored: items and scales, as people answered and as a simulator answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.fidelity.study import Scale, Study
from alignsurvey.predictions import Predictions
from alignsurvey.survey.codebook import Codebook, Variable
from alignsurvey.survey.survey import Survey, category_scores

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Variant = Literal["expectation", "draw"]
VARIANTS: tuple[Variant, Variant] = ("expectation", "draw")


@dataclass(frozen=True)
class Answers:
    """Answers of n respondents to one target.

    Parameters
    ----------
    scores : array, shape (n,)
        On the target's scale, NaN where there is no answer, and throughout for a nominal item of
        more than two options.
    codes : array of int, shape (n,), or None
        Position of the option chosen (by a simulator: most likely or drawn), -1 for none; None
        for a scale.
    shares : array, shape (n, K), or None
        Probability of each option. One-hot for people and for drawn answers.
    probabilities : array, shape (n, K), or None
        Where they are a simulator's own and no draw: for Brier score and log loss.
    """

    scores: Floats
    codes: Ints | None = None
    shares: Floats | None = None
    probabilities: Floats | None = None

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Who has an answer; shape (n,)."""
        return ~np.isnan(self.scores) if self.codes is None else self.codes >= 0

    def take(self, rows: NDArray[np.bool_]) -> Answers:
        """Keep some respondents' answers."""
        return Answers(
            self.scores[rows],
            None if self.codes is None else self.codes[rows],
            None if self.shares is None else self.shares[rows],
            None if self.probabilities is None else self.probabilities[rows],
        )


@dataclass(frozen=True)
class Target:
    """An item or a scale that is scored.

    Parameters
    ----------
    name : str
    text : str
    variable : Variable, optional
        Of an item.
    scale : Scale, optional
        Of a scale.
    limits : (float, float)
        Smallest and largest score possible; NaN where there are no scores.
    """

    name: str
    text: str
    limits: tuple[float, float]
    variable: Variable | None = None
    scale: Scale | None = None

    @property
    def is_ordered(self) -> bool:
        """Whether distances between answers mean something: W1, not TV, is its distance."""
        return self.variable is None or self.variable.is_ordered

    @property
    def is_binary(self) -> bool:
        """Whether there are just two options, so that its regression is logistic."""
        return self.variable is not None and len(self.variable.categories) == 2

    @property
    def has_scores(self) -> bool:
        """Whether answers are numbers."""
        return bool(np.isfinite(self.limits[0]))


def study_targets(study: Study, codebook: Codebook) -> list[Target]:
    """List the targets of a study: its items in order, then its scales.

    Raises
    ------
    InputError
        An item has no categories, or a scale is made of nominal items.
    """
    items = {name: _item_target(codebook[name]) for name in study.asked}
    targets = list(items.values())
    limits = {name: target.limits for name, target in items.items()}
    for name, scale in sorted(study.scales.items(), key=lambda one: one[1].difference is not None):
        if scale.difference:
            (high_1, low_1), (high_0, low_0) = (limits[part][::-1] for part in scale.difference)
            limits[name] = (low_1 - high_0, high_1 - low_0)
            _check_numbers(name, dict.fromkeys(scale.difference, limits[name]))
            text = f"{scale.difference[0]} less {scale.difference[1]}"
        else:
            limits[name] = _mean_limits(name, scale, items)
            text = f"mean of {', '.join(scale.items)}"
        targets.append(Target(name, text, limits[name], scale=scale))
    return targets


def _item_target(variable: Variable) -> Target:
    if not variable.categories:
        raise InputError(
            f"item '{variable.name}' has no declared categories ({variable.scale}); list its "
            "values in the codebook, or take it out of the items"
        )
    try:
        positions = category_scores(variable)
        limits = (float(positions.min()), float(positions.max()))
    except InputError:
        limits = (float("nan"), float("nan"))
    return Target(variable.name, variable.title, limits, variable=variable)


def _mean_limits(name: str, scale: Scale, items: Mapping[str, Target]) -> tuple[float, float]:
    bounds = {item: items[item].limits for item in scale.items}
    _check_numbers(name, bounds)
    low, high = np.mean(list(bounds.values()), axis=0)
    return float(low), float(high)


def _check_numbers(name: str, bounds: Mapping[str, tuple[float, float]]) -> None:
    for item, bound in bounds.items():
        if not np.isfinite(bound[0]):
            raise InputError(
                f"scale '{name}': '{item}' is nominal and has no numbers to average; declare it "
                "ordinal in the codebook, or take it out of the scale"
            )


def human_answers(survey: Survey, targets: list[Target]) -> dict[str, Answers]:
    """Collect what people answered to each target."""
    found: dict[str, Answers] = {}
    for target in targets:
        if target.variable is not None:
            codes = survey.codes(target.name)
            scores = survey.scores(target.name) if target.has_scores else _no_scores(survey.n)
            found[target.name] = Answers(scores, codes, _one_hot(codes, target.variable))
    return found | _scale_answers(targets, found)


def simulated_answers(
    predictions: Predictions, targets: list[Target], variant: Variant, seed: int
) -> dict[str, Answers]:
    """Collect what a simulator answers to each target, by expectation or by draw."""
    found: dict[str, Answers] = {}
    for target in targets:
        if target.variable is not None:
            make = _expected if variant == "expectation" else _drawn
            found[target.name] = make(predictions, target, seed)
    return found | _scale_answers(targets, found)


def _expected(predictions: Predictions, target: Target, seed: int) -> Answers:
    scores = (
        predictions.expectation(target.name) if target.has_scores else _no_scores(predictions.n)
    )
    shares = predictions.shares[target.name]
    certain = predictions.is_certain
    return Answers(scores, predictions.mode(target.name, seed), shares, None if certain else shares)


def _drawn(predictions: Predictions, target: Target, seed: int) -> Answers:
    variable = target.variable
    assert variable is not None  # only items are drawn
    codes = predictions.draw(target.name, seed)
    scores = _no_scores(predictions.n)
    if target.has_scores:
        scores = np.where(codes >= 0, category_scores(variable)[codes], np.nan)
    return Answers(scores, codes, _one_hot(codes, variable))


def _no_scores(n: int) -> Floats:
    return np.full(n, np.nan)


def _one_hot(codes: Ints, variable: Variable) -> Floats:
    k = len(variable.categories)
    shares = np.eye(k + 1)[codes][:, :k]
    shares[codes < 0] = np.nan
    return shares


def _scale_answers(targets: list[Target], items: Mapping[str, Answers]) -> dict[str, Answers]:
    """Scores of the scales; a respondent without one of the items has none."""
    limits = {target.name: target.limits for target in targets}
    found: dict[str, Answers] = {}
    for target in targets:
        if target.scale is None:
            continue
        if target.scale.difference:
            known = {**items, **found}
            first, second = (known[part].scores for part in target.scale.difference)
            found[target.name] = Answers(first - second)
            continue
        columns = []
        for item in target.scale.items:
            scores = items[item].scores
            turned = sum(limits[item]) - scores if item in target.scale.reverse else scores
            columns.append(turned)
        found[target.name] = Answers(np.mean(columns, axis=0))
    return found
