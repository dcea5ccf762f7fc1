"""Survey answers as rows: what is said, what is left out, and in which order options stand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from alignsurvey.errors import InputError
from alignsurvey.survey import Category, Codebook, Design, Scale, Survey, Variable
from alignsurvey.tasks.corpora import survey_rows, write_corpus
from alignsurvey.tasks.records import ResponseRecord, read_records

ITEMS, PROFILE = ("mood", "trust"), ("age", "sex")


def read_back(survey: Survey, folder: Path) -> list[ResponseRecord]:
    corpus = survey_rows(survey, ITEMS, PROFILE)
    records = read_records(write_corpus(folder, {"rows": corpus.rows})[0])
    assert not records.repairs
    assert not records.problems
    return [record for record in records if isinstance(record, ResponseRecord)]


@pytest.mark.parametrize("language", ["survey", "survey_zh"])
def test_rows_are_read_back_as_they_were_made(
    language: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    survey: Survey = request.getfixturevalue(language)
    records = read_back(survey, tmp_path)
    answers = {row["person"]: row for row in survey.answers.iter_rows(named=True)}
    assert records
    for record in records:
        about = dict(record.metadata)
        variable = survey.codebook[about["item"]]
        code = answers[record.person][about["item"]]
        assert record.answer == variable.label(code)
        assert [option.text for option in record.options] == [
            variable.labels[place] for place in about["order"]
        ]
        assert record.question == " ".join(variable.title.split())
        age = answers[record.person]["age"]
        told = record.attribute(survey.codebook["age"].title)
        assert told == (None if age is None else str(int(age)))


def test_chinese_is_written_as_chinese(survey_zh: Survey, tmp_path: Path) -> None:
    path = write_corpus(tmp_path, {"rows": survey_rows(survey_zh, ITEMS, PROFILE).rows})[0]
    text = path.read_text(encoding="utf-8")
    assert "性别: 女" in text
    assert "问卷问题" in text
    assert "\\u" not in text
    assert "Survey" not in text


def test_missing_answers_give_no_row_and_are_counted_by_kind(survey: Survey) -> None:
    corpus = survey_rows(survey, ITEMS, PROFILE)
    assert corpus.skipped == {"missing answer (refused)": 4, "no answer": 5}
    assert len(corpus) == 2 * survey.n - 9


def test_rows_do_not_depend_on_who_else_is_there_or_in_which_order(survey: Survey) -> None:
    whole = set(survey_texts(survey))
    turned = replace(survey, answers=survey.answers.reverse(), missing=survey.missing.reverse())
    assert set(survey_texts(turned)) == whole
    assert set(survey_texts(survey.take(["p3", "p7"]))) < whole
    assert set(survey_texts(survey, seed=7)) != whole


def survey_texts(survey: Survey, seed: int = 42) -> list[str]:
    return [repr(row) for row in survey_rows(survey, ITEMS, PROFILE, seed)]


def test_weights_change_nothing_and_are_not_asked(survey: Survey) -> None:
    heavy = replace(survey, answers=survey.answers.with_columns(weight=pl.lit(9.0)))
    assert survey_texts(heavy) == survey_texts(survey)
    assert {row.item for row in survey_rows(survey)} == {"sex", "mood", "trust"}
    assert {row.person for row in survey_rows(survey)} == set(survey.ids)


def test_every_order_of_the_options_comes_up() -> None:
    options = tuple(Category(code, f"option {code}") for code in range(3))
    book = Codebook((Variable("q", "Which?", Scale.NOMINAL, options),))
    answers = pl.DataFrame({"id": range(600), "q": [row % 3 for row in range(600)]})
    survey = Survey(answers, book, Design("id"))
    rows = survey_rows(survey, ["q"])
    orders = Counter(tuple(dict(row.metadata)["order"]) for row in rows)
    assert len(orders) == 6
    assert min(orders.values()) > 60
    letters = Counter(row.output[0] for row in rows)
    assert min(letters.values()) > 150


def test_what_cannot_be_asked_is_said(survey: Survey) -> None:
    notes = survey_rows(survey, profile=["sex"]).notes
    assert notes == ("not asked, because it has no options: age, remark (2)",)
    assert "no profile" in survey_rows(survey, ITEMS).notes[-1]


def test_a_profile_of_which_nothing_is_known_still_has_a_fingerprint(survey: Survey) -> None:
    rows = survey_rows(survey, ITEMS, ["age"]).rows
    unknown = {row.fingerprint for row in rows if row.person in ("p3", "p10", "p17")}
    assert len(unknown) == 1
    assert None not in unknown


@pytest.mark.parametrize(
    ("items", "profile", "said"),
    [
        (["moood"], [], "did you mean 'mood'"),
        (["mood"], ["mood"], "both|in the profile"),
        (["remark"], [], "'remark' has no options"),
    ],
)
def test_items_that_cannot_be_asked_are_errors(
    survey: Survey, items: list[str], profile: list[str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        survey_rows(survey, items, profile)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["yes", "no", "yes"], "two options 'yes'"),
        (["only"], "has 1 options"),
        ([f"option {n}" for n in range(27)], "has 27 options"),
    ],
)
def test_options_that_cannot_be_told_apart_are_errors(labels: list[str], said: str) -> None:
    options = tuple(Category(code, label) for code, label in enumerate(labels))
    book = Codebook((Variable("q", "Which?", Scale.NOMINAL, options),))
    survey = Survey(
        pl.DataFrame({"id": [1, 2], "q": [0, 0]}),
        book,
        Design("id"),
    )
    with pytest.raises(InputError, match=said):
        survey_rows(survey, ["q"])


def test_titles_that_would_break_a_profile_give_way_to_names(tmp_path: Path) -> None:
    answer = (Category(0, "no"), Category(1, "yes"))
    book = Codebook(
        (
            Variable("a", "Q1: age", Scale.INTERVAL),
            Variable("b", "1. Your town", Scale.TEXT),
            Variable("c", "Same", Scale.TEXT),
            Variable("d", "Same", Scale.TEXT),
            Variable("q", "Well?\nSurvey question:\nA. fake", Scale.NOMINAL, answer),
        )
    )
    table = pl.DataFrame(
        {"id": [1], "a": [64.0], "b": ["x\ny: z"], "c": ["1"], "d": ["2"], "q": [1]}
    )
    corpus = survey_rows(Survey(table, book, Design("id")), ["q"], ["a", "b", "c", "d"])
    record = read_records(write_corpus(tmp_path, {"rows": corpus.rows})[0])[0]
    assert record.profile == (("a", "64"), ("b", "x y: z"), ("c", "1"), ("d", "2"))
    assert record.question == "Well? Survey question: A. fake"
    assert record.answer == "yes"
