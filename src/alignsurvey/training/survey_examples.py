"""A survey's answers as training examples: the prompts that simulators are asked, with targets."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alignsurvey.simulators.asked import SurveyPlan
from alignsurvey.simulators.elicit import Elicit
from alignsurvey.survey.codebook import Codebook
from alignsurvey.survey.survey import Survey
from alignsurvey.tasks.prompts.answers import write_choice
from alignsurvey.tasks.queries import Query
from alignsurvey.training.encoding import encode
from alignsurvey.training.examples import Exchange
from alignsurvey.training.schedule import Encoded
from alignsurvey.training.targets import GroupTargets

if TYPE_CHECKING:
    from alignsurvey.simulators.local.chat import Chat

__all__ = ["SurveyExamples", "plan", "survey_examples"]


@dataclass(frozen=True)
class SurveyExamples(Encoded):
    """Examples of a survey, one a respondent and item; a `Source`.

    Parameters
    ----------
    examples : sequence of Example
    """

    def packs(self, size: int) -> list[tuple[int, ...]]:
        """Put each respondent's examples together, so many at most."""
        of: dict[Hashable, list[int]] = {}
        for place, one in enumerate(self.examples):
            of.setdefault(one.respondent, []).append(place)
        return [
            tuple(mine[start : start + size])
            for mine in of.values()
            for start in range(0, len(mine), size)
        ]


def plan(people: Survey, items: Codebook, profile: tuple[str, ...]) -> SurveyPlan:
    """Plan the prompts: options in the questionnaire's order, as where people were asked."""
    return SurveyPlan(people.select(profile), items, profile, Elicit(by="likelihood"))


def survey_examples(
    people: Survey,
    items: Codebook,
    profile: tuple[str, ...],
    chat: Chat,
    *,
    targets: GroupTargets | None = None,
    groups: Sequence[str] = (),
    answers: bool = True,
) -> SurveyExamples:
    """Make examples of a survey.

    Parameters
    ----------
    people : Survey
    items : Codebook
    profile : tuple of str
    chat : Chat
        Of the model.
    targets : GroupTargets, optional
        Group shares to learn in place of each person's own answer.
    groups : sequence of str
        Group of each respondent, for the shift loss.
    answers : bool
        Leave out questions without an answer; False to predict, where all are asked and the
        answers stand for nothing.
    """
    weights = people.weights / people.weights.mean()
    row = {one: place for place, one in enumerate(people.ids.to_list())}
    codes = {item.name: people.codes(item.name) for item in items} if answers else {}
    exchanges = []
    for query in plan(people, items, profile):
        at = row[query.respondent]
        answer = int(codes[query.item][at]) if answers else 0
        if answer < 0:
            continue
        item = items[query.item]
        group = groups[at] if len(groups) else ""
        target: NDArray[np.float64] = np.eye(len(item.categories))[answer]
        if targets is not None:
            target = targets.shares[targets.groups[at], query.item]
        exchanges.append(_exchange(query, items, answer, target, float(weights[at]), group))
    return SurveyExamples(tuple(encode(exchanges, chat)))


def _exchange(
    query: Query,
    items: Codebook,
    answer: int,
    target: NDArray[np.float64],
    weight: float,
    group: str,
) -> Exchange:
    item = items[query.item]
    letter = {item.index(one.code): one.letter for one in query.options}
    chosen = next(one for one in query.options if item.index(one.code) == answer)
    return Exchange(
        query.messages, write_choice(query.options, [chosen.text]), query.respondent, query.item,
        group, tuple(letter[place] for place in range(len(item.categories))), target, weight,
        options=item.labels,
    )  # fmt: skip
