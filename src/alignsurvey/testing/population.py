"""A population whose shares are known, to find out whether they are found again."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from alignsurvey.errors import InputError
from alignsurvey.randomness import stable_hash
from alignsurvey.testing.prompts import Asked

__all__ = ["Population"]

Shares = Mapping[str, float]
Profile = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Population:
    """People of whom it is known how they answer.

    Parameters
    ----------
    shares : mapping of question to mapping of option to share
        A question that holds the name in its text is meant too, so that a theme is enough.
    shares_by : mapping of (question, attribute, value) to mapping of option to share
        Shares of those who have a value of an attribute. Where several attributes of a person are
        named, their log-odds against the question's own shares add up.
    first_letter_bias : float
        Log-odds added to the option that is shown first: a model's bias for A.
    spread : float
        Questions that are not named get shares derived from their text, options and profile. The
        log-weights of the options have this standard deviation, and each attribute adds half as
        much.
    seed : int

    Examples
    --------
    >>> people = Population(
    ...     {"Happy?": {"yes": 0.6, "no": 0.4}},
    ...     {("Happy?", "sex", "female"): {"yes": 0.8, "no": 0.2}},
    ... )
    >>> people.true_shares("Happy?", ["no", "yes"], {"sex": "male"})
    (0.4, 0.6)
    >>> [round(one, 3) for one in people.true_shares("Happy?", ["no", "yes"], {"sex": "female"})]
    [0.2, 0.8]
    """

    shares: Mapping[str, Shares] = field(default_factory=dict)
    shares_by: Mapping[tuple[str, str, str], Shares] = field(default_factory=dict)
    first_letter_bias: float = 0.0
    spread: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, planted in (*self.shares.items(), *self.shares_by.items()):
            if min(planted.values(), default=-1) < 0 or sum(planted.values()) <= 0:
                raise InputError(f"population: {name}: shares must be 0 or more, and not all 0")
        for question, attribute, value in self.shares_by:
            if question not in self.shares:
                raise InputError(
                    f"population: shares by {attribute} {value} need the shares of all people for "
                    f"'{question}' too"
                )

    def true_shares(
        self, question: str, options: Sequence[str], profile: Mapping[str, str]
    ) -> tuple[float, ...]:
        """Give the shares of people with a profile, in the order of the options, without bias."""
        return _normalized(self._log_weights(question, options, tuple(profile.items())))

    def shown_shares(self, asked: Asked) -> tuple[float, ...]:
        """Give the shares as asked, with the bias for the option that is shown first."""
        options = [text for _, text in asked.options]
        weights = self._log_weights(asked.question, options, asked.profile)
        if self.first_letter_bias and weights:
            weights[0] += self.first_letter_bias
        return _normalized(weights)

    def _log_weights(self, question: str, options: Sequence[str], profile: Profile) -> list[float]:
        name = self._named(question)
        if name is None:
            return self._derived(question, options, profile)
        planted = self.shares[name]
        weights = [_log(planted.get(option, 0.0)) for option in options]
        for attribute, value in profile:
            theirs = self.shares_by.get((name, attribute, value))
            if theirs is None:
                continue
            for place, option in enumerate(options):
                # An option that nobody takes has no odds to multiply.
                if weights[place] > -math.inf:
                    weights[place] += _log(theirs.get(option, 0.0)) - _log(planted[option])
        return weights

    def _named(self, question: str) -> str | None:
        if question in self.shares:
            return question
        return next((name for name in self.shares if name in question), None)

    def _derived(self, question: str, options: Sequence[str], profile: Profile) -> list[float]:
        half = self.spread / 2
        return [
            self.spread * _derived_weight(self.seed, question, option)
            + half * sum(_derived_weight(self.seed, question, option, *one) for one in profile)
            for option in options
        ]


@lru_cache(maxsize=1 << 16)
def _derived_weight(*key: Hashable) -> float:
    """A log-weight of mean 0 and standard deviation 1, the same for the same key."""
    return (stable_hash(*key) / 2**64 - 0.5) * math.sqrt(12)


def _log(share: float) -> float:
    return math.log(share) if share > 0 else -math.inf


def _normalized(weights: list[float]) -> tuple[float, ...]:
    top = max(weights, default=0.0)
    if top == -math.inf:
        return tuple(1 / len(weights) for _ in weights)
    raised = [math.exp(weight - top) for weight in weights]
    total = sum(raised)
    return tuple(one / total for one in raised)
