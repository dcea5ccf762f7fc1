"""Splits: exact, the same whatever the order of rows, and no side shares what it must not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey.errors import InputError
from alignsurvey.survey import Survey
from alignsurvey.tasks.corpora import CorpusRow, leakage, split_rows, survey_rows
from alignsurvey.tasks.corpora.splitting import check_apart


def row(person: object = None, profile: str | None = None, question: str = "q") -> CorpusRow:
    return CorpusRow(
        instruction="…", output="…", person=person, fingerprint=profile, question=question
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("by", ["respondent", "fingerprint", "question"])
def test_sides_share_nothing_and_lose_nothing(survey: Survey, by: str) -> None:
    rows = survey_rows(survey, ["mood", "trust"], ["age", "sex"]).rows
    train, test = split_rows(rows, by, 0.3)
    assert not leakage(train, test, by)
    assert sorted(map(repr, (*train, *test))) == sorted(map(repr, rows))
    shuffled = list(rows)
    random.Random(1).shuffle(shuffled)
    assert {repr(one) for one in split_rows(shuffled, by, 0.3)[1]} == set(map(repr, test))
    assert split_rows(rows, by, 0.3, seed=42) == (train, test)


def test_respondents_are_split_exactly_and_as_surveys_split_them(survey: Survey) -> None:
    # Each of the twenty has a row, because nobody lacks a sex.
    rows = survey_rows(survey, ["sex", "mood"]).rows
    train, test = split_rows(rows, "respondent", 0.25, seed=3)
    first, second = survey.split(0.25, seed=3)
    assert {one.person for one in train} == set(first.ids)
    assert {one.person for one in test} == set(second.ids)
    assert len({one.person for one in test}) == 5


def test_questions_are_split_as_surveys_split_items(survey: Survey) -> None:
    items = ["sex", "mood", "trust"]
    train, _ = split_rows(survey_rows(survey, items).rows, "question", 0.3, seed=5)
    first, _ = survey.split(0.3, seed=5, by="question", items=items)
    assert {one.item for one in train} == set(first.codebook.names) & set(items)


def test_people_with_one_profile_and_profiles_of_one_person_stay_together() -> None:
    rows = [row(1, "a"), row(2, "a"), row(2, "b"), row(3, "b"), row(4, "c"), row(5, "d")]
    for seed in range(20):
        train, test = split_rows(rows, "fingerprint", 0.4, seed)
        sides = [{one.person for one in side} for side in (train, test)]
        assert any({1, 2, 3} <= side for side in sides)
        assert not leakage(train, test, "fingerprint")


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from("abcdef"), st.sampled_from("xyz")),
        min_size=2, max_size=40,
    ),
    st.sampled_from(["respondent", "fingerprint", "question"]),
    st.floats(0.05, 0.95),
    st.integers(0, 99),
)  # fmt: skip
def test_no_split_leaks(
    facts: list[tuple[int, str, str]], by: str, share: float, seed: int
) -> None:
    rows = [row(*fact) for fact in facts]
    try:
        train, test = split_rows(rows, by, share, seed)
    except InputError:
        place = ["respondent", "fingerprint", "question"].index(by)
        # By profile people may hang together who differ; else there is but one.
        assert by == "fingerprint" or len({fact[place] for fact in facts}) == 1
        return
    assert train
    assert test
    assert not leakage(train, test, by)


@pytest.mark.parametrize(
    ("here", "there", "by", "shared"),
    [
        (row(7), row("7"), "respondent", ("7",)),
        (row(7), row(7.0), "fingerprint", ("7",)),
        (row(1, "a"), row(2, "a"), "respondent", ()),
        (row(1, "a"), row(2, "a"), "fingerprint", ("profile a",)),
        (row(1, "a"), row(None, "a"), "respondent", ("profile a",)),
        (row(1, question="q"), row(1, question="r"), "question", ()),
        (row(1, question="q"), row(2, question="q"), "question", ("q",)),
        (row(1, question=""), row(2, question=""), "question", ()),
    ],
)
def test_leaks_are_found(
    here: CorpusRow, there: CorpusRow, by: str, shared: tuple[str, ...]
) -> None:
    found = leakage([here], [there], by)
    assert found.shared == shared
    assert found.rows == len(shared)
    assert leakage([there], [here], by).shared == shared


def test_an_id_and_a_profile_of_one_text_are_two_things() -> None:
    assert not leakage([row("profile a")], [row(2, "a")], "fingerprint")


def test_sides_that_cannot_be_compared_are_not_called_apart() -> None:
    with pytest.raises(InputError, match="nothing to compare by respondent"):
        check_apart([row(1)], [row(None, "a")], "respondent", "these")
    assert check_apart([row(1), row()], [row(2)], "respondent", "these") == 1


@pytest.mark.parametrize(
    ("rows", "by", "share", "said"),
    [
        ([row(1), row(2)], "person", 0.2, "did you mean 'respondent'|known: respondent"),
        ([row(1), row(2)], "respondent", 1.0, "between 0 and 1"),
        ([row(1), row(1)], "respondent", 0.2, "at least two"),
        ([row(1), row()], "respondent", 0.2, "row 2 has neither"),
        ([row(1, "a"), row(2)], "fingerprint", 0.2, "row 2 has no profile"),
        ([row(1), row(2, question="")], "question", 0.2, "row 2 has no question"),
    ],
)
def test_what_cannot_be_split_is_an_error(
    rows: list[CorpusRow], by: str, share: float, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        split_rows(rows, by, share)
