"""Rows that this library's own templates write are read back as what they were made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest

from alignsurvey.survey import load_interviews
from alignsurvey.tasks.corpora.build import Sources, build_corpus
from alignsurvey.tasks.corpora.from_interviews import interview_records
from alignsurvey.tasks.prompts import render as render_prompt
from alignsurvey.tasks.records import (
    INDIVIDUAL_TASKS,
    Record,
    RecordTask,
    StanceRecord,
    parse_records,
    read_records,
    render,
)
from alignsurvey.tasks.records.nouns import Turn, attribute_text
from alignsurvey.tasks.records.profiles import read_mapping, read_pairs
from alignsurvey.tasks.records.shapes import SHAPES

LANGUAGES: tuple[Literal["en", "zh"], ...] = ("en", "zh")


def rows(records: list[Record]) -> str:
    return json.dumps(
        [{"instruction": one.prompt, "output": one.output, "person_id": one.person}
         for one in records], ensure_ascii=False,
    )  # fmt: skip


def named(dialogue: tuple[Turn, ...], language: str) -> tuple[Turn, ...]:
    """Name the speakers of a corpus as the templates of a language do."""
    names = {"interviewer": "采访者", "respondent": "受访者"} if language == "zh" else {}
    return tuple(Turn(names.get(one.speaker, one.speaker), one.text) for one in dialogue)


@pytest.fixture(scope="module")
def written() -> dict[tuple[str, RecordTask], list[Record]]:
    return {
        (language, task): records
        for language in LANGUAGES
        for task, records in interview_records(load_interviews(language)).items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("task", INDIVIDUAL_TASKS)
def test_records_of_the_embedded_interviews_are_read_back(
    written: dict[tuple[str, RecordTask], list[Record]], language: str, task: RecordTask
) -> None:
    own = written[language, task]
    read = parse_records(rows(own), "rows.json")
    assert read.task is task
    assert len(read) == len(own)
    assert not read.repaired
    for before, after in zip(own, read, strict=True):
        assert render(after) == before.prompt
        assert sum(bool(shape.pattern.fullmatch(before.prompt)) for shape in SHAPES) == 1
        for name in ("answers", "person"):
            assert getattr(after, name) == getattr(before, name)
        assert after.dialogue == named(before.dialogue, language)
        assert {one.text for one in after.options} == {one.text for one in before.options}
        assert getattr(after, "field", "") == getattr(before, "field", "")
        assert getattr(after, "reason", "") == getattr(before, "reason", "")
        if task is not RecordTask.RESPONSE:
            assert after.theme == before.theme
        if before.question:
            assert after.question == before.question
        mark = "、" if language == "zh" else ", "
        texts = [(name, mark.join(value) if isinstance(value, tuple) else attribute_text(value))
                 for name, value in before.profile]  # fmt: skip
        assert list(after.profile) == texts


def test_a_stance_prompt_may_show_the_interview() -> None:
    messages = render_prompt(
        "stance", "en", profile={"age": 40}, theme="schools", options=["positive", "negative"],
        dialogue=[("interviewer", "And the schools?"), ("respondent", "Fine.\n\nReally.")],
    )  # fmt: skip
    prompt = "\n\n".join(message.content for message in messages)
    read = parse_records(json.dumps([{"instruction": prompt, "output": "positive"}]), "rows.json")
    record = read[0]
    assert isinstance(record, StanceRecord)
    assert record.profile == (("age", "40"),)
    assert [turn.text for turn in record.dialogue] == ["And the schools?", "Fine.\n\nReally."]
    assert (record.theme, record.answer) == ("schools", "positive")
    assert render(record) == prompt


def test_data_build_writes_files_that_are_read_back(
    written: dict[tuple[str, RecordTask], list[Record]], tmp_path: Path
) -> None:
    source = tmp_path / "stance.json"
    source.write_text(rows(written["en", RecordTask.STANCE]), encoding="utf-8")
    sources = Sources((source,), "records")
    report = build_corpus(sources, tmp_path / "corpus", split="respondent")
    assert report.rows == 36
    train, test = (read_records(tmp_path / "corpus" / f"records_{part}.json")
                   for part in ("train", "test"))  # fmt: skip
    assert len(train) + len(test) == 36
    assert not {one.person for one in train} & {one.person for one in test}


@pytest.mark.parametrize("label", ["None", "none", "N/A", "No", "无"])
def test_a_label_of_nothing_is_a_label(label: str) -> None:
    assert read_pairs(f"religion: {label}\nage: 40")[0][0] == ("religion", label)
    assert read_mapping(repr({"religion": label}))[0] == (("religion", label),)


@pytest.mark.parametrize("blank", ["", "nan", "NaN", "<NA>", "NaT", "null"])
def test_what_data_frames_write_for_nothing_is_missing(blank: str) -> None:
    assert read_pairs(f"age: 40\nreligion: {blank}")[0] == (("age", "40"),)


def test_the_literal_none_of_a_dictionary_is_missing() -> None:
    assert read_mapping("{'age': 40, 'religion': None, 'income': nan}")[0] == (("age", 40),)
