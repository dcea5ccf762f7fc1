"""Windows of dialogues: who is to speak, what stands before, and nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignsurvey.survey import load_interviews
from alignsurvey.tasks.corpora import (
    dialogue_windows,
    interview_windows,
    record_windows,
    write_corpus,
)
from alignsurvey.tasks.records import InterviewRecord, Option, RoleRecord, Turn, read_records

ALONE = {"respondent's utterance with nothing before it": 1}
MUTE = {"dialogue in which no respondent speaks": 1}
ASKS, SAYS = "Interviewer", "Interviewee"


def talk(n: int) -> list[tuple[str, str]]:
    return [(SAYS if place % 2 else ASKS, f"line {place}") for place in range(n)]


@pytest.mark.parametrize(
    ("turns", "outputs", "longest", "skipped"),
    [
        (talk(10), ["line 1", "line 3", "line 5", "line 7", "line 9"], 5, {}),
        (talk(2), ["line 1"], 1, {}),
        (talk(1), [], 0, MUTE),
        ([(SAYS, "alone")], [], 0, ALONE),
        ([], [], 0, MUTE),
        ([(ASKS, "Well?"), (SAYS, " "), (SAYS, "Yes.")], ["Yes."], 1,
         {"utterance without text": 1}),
        ([(SAYS, "a"), (SAYS, "b")], ["b"], 1, ALONE),
    ],
)  # fmt: skip
def test_each_utterance_of_the_respondent_gets_what_stands_before_it(
    turns: list[tuple[str, str]], outputs: list[str], longest: int, skipped: dict[str, int]
) -> None:
    corpus = dialogue_windows(turns)
    assert [row.output for row in corpus] == outputs
    assert max((row.input.count("\n") + 1 for row in corpus), default=0) == longest
    assert corpus.skipped == skipped


def test_an_interview_record_is_one_window_that_ends_with_its_question() -> None:
    turns = tuple(Turn("受访者" if place % 2 else "采访者", f"第{place}句") for place in range(6))
    record = InterviewRecord(
        row=1, instruction="…", dialogue=turns, question="好吗？", answers=("好。",), person=3,
        theme="问题3", profile=(("性别", "女"),),
    )  # fmt: skip
    (row,) = record_windows([record])
    assert row.input.split("\n") == [
        "采访者：第2句", "受访者：第3句", "采访者：第4句", "受访者：第5句", "采访者：好吗？",
    ]  # fmt: skip
    assert (row.output, row.person, row.question) == ("好。", 3, "问题3")


def test_a_dialogue_that_many_fields_share_is_cut_once() -> None:
    turns = tuple(Turn(*one) for one in talk(4))
    records = [
        RoleRecord(row=1, instruction="…", dialogue=turns, field=field, person=1,
                   options=(Option("", "x"),), answers=("x",))
        for field in ("sex", "age", "income")
    ]  # fmt: skip
    corpus = record_windows(records)
    assert len(corpus) == 2
    assert corpus.skipped == {"dialogue that stands in an earlier record": 2}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_windows_are_read_back_with_their_turns_and_made_again_the_same(
    language: str, tmp_path: Path
) -> None:
    corpus = interview_windows(load_interviews(language))
    path = write_corpus(tmp_path, {"talk": corpus.rows})[0]
    records = read_records(path)
    assert not records.problems
    assert len(records) == len(corpus)
    for record, row in zip(records, corpus, strict=True):
        assert 1 <= len(record.dialogue) <= 5
        assert (record.person, record.theme) == (row.person, row.question)
    again = record_windows(records)
    assert [row.output for row in again] == [row.output for row in corpus]
    assert [row.input for row in again] == [row.input for row in corpus]
