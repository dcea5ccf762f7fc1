"""A population with planted effects: what training should find, and what it cannot know before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.randomness import generator
from alignsurvey.survey import Category, Codebook, Design, Scale, Survey, Variable

__all__ = ["ITEMS", "TRAITS", "PlantedPopulation", "foundation_population", "planted_population"]

TRAITS: Mapping[str, tuple[str, tuple[str, str]]] = {
    "area": ("Lives in", ("city", "village")),
    "school": ("School", ("short", "long")),
    "sex": ("Sex", ("woman", "man")),
    "faith": ("Faith", ("none", "some")),
}
ITEMS: Mapping[str, tuple[str, tuple[float, float, float]]] = {
    "taxes": ("Taxes should rise", (1.0, -1.0, 0.0)),
    "borders": ("Borders should open", (-1.0, 1.0, 0.0)),
    "funds": ("Schools need more money", (1.0, -1.0, 0.0)),
    "custom": ("Old customs are best", (0.0, 0.0, 1.0)),
}
"""Question and effects of area, of school, and of the two together."""
_OPTIONS = ("disagree", "neither", "agree")
_SUBJECTS = ("Rivers", "Roads", "Trains", "Farms", "Courts", "Markets", "Museums", "Forests")
_CLAIMS = ("need more money", "should open", "are best", "should rise")


@dataclass(frozen=True)
class PlantedPopulation:
    """People of whom it is known how their traits move their answers.

    Parameters
    ----------
    survey : Survey
        Traits and answers.
    effects : mapping of str to array, shape (5,)
        For each item the log-odds per step of agreement that each trait adds (half of it is taken
        off those without the trait), in the order of `TRAITS`, and the interaction of the first
        two.
    """

    survey: Survey
    effects: Mapping[str, NDArray[np.float64]] = field(repr=False)

    @property
    def profile(self) -> list[str]:
        """Names of the traits."""
        return list(TRAITS)

    @property
    def items(self) -> list[str]:
        """Names of the items."""
        return list(self.effects)

    def true_shares(self, item: str) -> NDArray[np.float64]:
        """Probability of each option for each person, shape (n, 3)."""
        traits = np.column_stack([self.survey.answers[name].to_numpy() for name in TRAITS])
        return _shares(traits, self.effects[item])


def planted_population(n: int = 480, seed: int = 0, strength: float = 1.5) -> PlantedPopulation:
    """Make people, balanced on the planted traits, with the effects of `ITEMS`.

    Two traits pull three items in opposite directions; on a fourth only their interaction counts.
    Two more traits do nothing.

    Parameters
    ----------
    n : int
    seed : int
    strength : float
        Log-odds of an effect of 1.

    Examples
    --------
    >>> people = planted_population(400, seed=1)
    >>> people.survey.answers.group_by("area", "school").len()["len"].to_list()
    [100, 100, 100, 100]
    >>> people.true_shares("taxes").shape
    (400, 3)
    """
    effects = {
        name: strength * np.array([area, school, 0.0, 0.0, both])
        for name, (_, (area, school, both)) in ITEMS.items()
    }
    return _population(n, seed, "planted", effects, {name: one[0] for name, one in ITEMS.items()})


def foundation_population(n: int = 480, seed: int = 0) -> PlantedPopulation:
    """Make other people who were asked other questions: what stage I learns from.

    Each question has effects of its own, drawn at random for all four traits and the interaction,
    so that they say that traits matter and not how they matter for the planted items.

    Examples
    --------
    >>> foundation = foundation_population(100)
    >>> set(foundation.items) & set(planted_population(100).items)
    set()
    """
    texts = {
        f"f{place}": f"{subject} {claim}"
        for place, (subject, claim) in enumerate(
            (subject, claim) for claim in _CLAIMS for subject in _SUBJECTS
        )
    }
    drawn = generator(seed, "foundation effects").normal(0, 1.5, (len(texts), len(TRAITS) + 1))
    return _population(n, seed, "foundation", dict(zip(texts, drawn, strict=True)), texts)


def _population(
    n: int,
    seed: int,
    name: str,
    effects: Mapping[str, NDArray[np.float64]],
    texts: Mapping[str, str],
) -> PlantedPopulation:
    lots = generator(seed, name, "people")
    cell = np.arange(n) % 4
    others = lots.integers(0, 2, (n, len(TRAITS) - 2))
    traits = np.column_stack([cell // 2, cell % 2, others])
    answers = {
        item: (np.cumsum(_shares(traits, one), axis=1) < lots.random((n, 1))).sum(axis=1)
        for item, one in effects.items()
    }
    columns = {"id": [f"{name}-{seed}-{place}" for place in range(n)]}
    columns |= {trait: traits[:, place] for place, trait in enumerate(TRAITS)} | answers
    profile = [
        Variable(trait, text, Scale.NOMINAL, _categories(labels))
        for trait, (text, labels) in TRAITS.items()
    ]
    asked = [Variable(item, texts[item], Scale.ORDINAL, _categories(_OPTIONS)) for item in effects]
    survey = Survey(pl.DataFrame(columns), Codebook((*profile, *asked)), Design(id="id"))
    return PlantedPopulation(survey, effects)


def _shares(traits: NDArray[np.int64], effects: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjacent-category logits: each step of agreement multiplies the odds alike."""
    signs = 2.0 * traits - 1.0
    pull = signs @ effects[:-1] + 2 * effects[-1] * signs[:, 0] * signs[:, 1]
    steps = np.arange(len(_OPTIONS)) - 1
    # The middle gets a little more, so that it is the best guess of nobody's group by chance.
    weights = np.exp(pull[:, None] * steps + 0.5 * (steps == 0))
    shares: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _categories(labels: tuple[str, ...]) -> tuple[Category, ...]:
    return tuple(Category(code, label) for code, label in enumerate(labels))
