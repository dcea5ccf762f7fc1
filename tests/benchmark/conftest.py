"""Scored replies made here: people who answer questions, and models that are right at times."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from alignsurvey.benchmark.parts import Part
from alignsurvey.benchmark.rows import Task
from alignsurvey.benchmark.scored import Scored, score_replies
from alignsurvey.tasks.records import Option, ResponseRecord
from alignsurvey.tasks.records.nouns import Profile

TEXTS = ("low", "middle", "high")
OPTIONS = tuple(Option(letter, text) for letter, text in zip("ABC", TEXTS, strict=True))
LINES = "\n".join(f"{one.letter}. {one.text}" for one in OPTIONS)


def _response_part(
    golds: Sequence[int], people: Sequence[int], profiles: Sequence[Profile]
) -> Part:
    """A part of the response task: a question a row of a person."""
    asked: dict[int, int] = {}
    records = []
    for row, (gold, person) in enumerate(zip(golds, people, strict=True)):
        asked[person] = asked.get(person, 0) + 1
        question = f"Question {asked[person]}?"
        records.append(
            ResponseRecord(
                row=row, instruction=f"{question}\nOptions:\n{LINES}\n\nAnswer:", question=question,
                output=f"{OPTIONS[gold].letter}. {OPTIONS[gold].text}", options=OPTIONS,
                answers=(OPTIONS[gold].text,), person=person, profile=profiles[row],
            )
        )  # fmt: skip
    return Part(Task.RESPONSE, "", tuple(records))


def _answered(part: Part, model: str, answers: Sequence[int | None]) -> list[Scored]:
    """Score a model's answers, both modes; None is an unreadable reply."""
    replies = [
        "?" if place is None else f"{OPTIONS[place].letter}. {OPTIONS[place].text}"
        for place in answers
    ]
    return list(score_replies(part, model, replies, 42))


@pytest.fixture(scope="session")
def response_part() -> Callable[..., Part]:
    """Make a part of the response task of golds, people and profiles."""
    return _response_part


@pytest.fixture(scope="session")
def answered() -> Callable[..., list[Scored]]:
    """Score a model's answers to a part."""
    return _answered
