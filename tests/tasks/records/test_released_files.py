"""The released files, read at 100 %; skipped where they are not at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from alignsurvey.tasks.records import (
    FIELDS,
    Mend,
    Records,
    RoleRecord,
    build_groups,
    overlap,
    parse_records,
    read_records,
    rebuild_role,
    render,
)

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("ALIGNSURVEY_SHARED_DATA", ROOT.parent / "shared" / "data"))
FOLDER = DATA / "alignsurvey"
SIZES = {
    "task1_role.json": ("role", 180),
    "task2_interview.json": ("interview", 483),
    "task3_stance.json": ("stance", 120),
    "task4_chip.json": ("response", 2285),
}

pytestmark = pytest.mark.skipif(
    not (FOLDER / "task1_role.json").exists(),
    reason="the released AlignSurvey rows are not at hand (set ALIGNSURVEY_SHARED_DATA)",
)


@pytest.fixture(scope="module")
def files() -> dict[str, Records]:
    return {name: read_records(FOLDER / name) for name in SIZES}


@pytest.mark.parametrize("name", SIZES)
def test_every_row_is_read_and_written_again(files: dict[str, Records], name: str) -> None:
    records = files[name]
    task, n = SIZES[name]
    assert (records.task, len(records), records.n) == (task, n, n)
    assert not records.left_out
    assert not records.repairs
    assert all(render(one) == one.prompt for one in records)


@pytest.mark.parametrize("name", ["task1_role.json", "task3_stance.json", "task4_chip.json"])
def test_every_answer_is_one_of_the_options(files: dict[str, Records], name: str) -> None:
    for one in files[name]:
        texts = {option.text for option in one.options}
        assert len(texts) == len(one.options) >= 3
        assert one.answers
        assert set(one.answers) <= texts


def test_questions_are_those_of_the_metadata(files: dict[str, Records]) -> None:
    chip = files["task4_chip.json"]
    assert all(one.question == dict(one.metadata)["question"] for one in chip)
    assert len({one.question for one in chip}) == 9
    assert {len(one.options) for one in chip} == {3}
    # The letter shown in the label is that of the option found.
    assert all(f"{one.options[one.choice].letter}. {one.answer}" == one.output
               for one in chip if one.choice is not None)  # fmt: skip


def test_profiles_have_the_same_attributes_in_both_tasks(files: dict[str, Records]) -> None:
    told = {one.person: one for one in files["task2_interview.json"]}
    shared = 0
    for one in files["task3_stance.json"]:
        assert len(one.profile) == 17
        if one.person in told:
            shared += 1
            for name, _ in one.profile:
                assert one.attribute(name) == told[one.person].attribute(name)
    assert shared


def test_dialogues_are_the_rows_before(files: dict[str, Records]) -> None:
    """The history of an interview row is exactly the last rows of its segment."""
    segments: dict[tuple[object, str], list[tuple[str, str]]] = {}
    for one in files["task2_interview.json"]:
        before = segments.setdefault((one.person, one.theme), [])
        said = [turn.text for turn in one.dialogue]
        expected = [text for pair in before for text in pair]
        assert said == expected[len(expected) - len(said) :]
        assert bool(said) == bool(before)
        before.append((one.question, one.answer))


def test_the_foundation_examples_are_read() -> None:
    qual = read_records(FOLDER / "foundation_qual_as_released.json")
    assert len(qual[0].dialogue) == 5
    assert qual.repaired == {Mend.TRAILING_COMMA.value: 1}
    quan = read_records(FOLDER / "foundation_quan_as_released.json")
    assert (quan[0].answer, quan[0].choice, quan[0].attribute("your age")) == ("average", 1, "20")
    assert len(quan[0].profile) == 10
    assert quan.repaired == {
        Mend.TRAILING_COMMA.value: 1,
        Mend.WHOLE_NUMBER.value: 1,
        Mend.ANSWER_LETTER.value: 1,
        Mend.ANSWER_CASE.value: 1,
    }


def test_the_role_task_is_rebuilt_from_the_interviews(files: dict[str, Records]) -> None:
    rebuilt = rebuild_role(one for one in files["task2_interview.json"])  # type: ignore[misc]
    assert len(rebuilt) == 12 * 180
    assert {one.field for one in rebuilt} == set(FIELDS)
    income = [one for one in rebuilt if one.field == "家庭年收入"]
    for ours, theirs in zip(income, files["task1_role.json"], strict=True):
        assert ours.dialogue == theirs.dialogue
        assert (ours.person, ours.theme, ours.output) == (
            theirs.person,
            theirs.theme,
            theirs.output,
        )
        assert ours.instruction == theirs.instruction


def test_rebuilt_rows_read_back_to_themselves(files: dict[str, Records]) -> None:
    rebuilt = rebuild_role(one for one in files["task2_interview.json"])  # type: ignore[misc]
    rows = [{"instruction": one.instruction, "input": "", "output": one.output} for one in rebuilt]
    read = parse_records(json.dumps(rows), "rebuilt.json")
    assert not read.left_out
    assert not read.repairs
    for ours, theirs in zip(rebuilt, read, strict=True):
        assert isinstance(theirs, RoleRecord)
        assert (ours.field, ours.options, ours.answers) == (
            theirs.field, theirs.options, theirs.answers)  # fmt: skip


def test_groups_hold_everybody_once(files: dict[str, Records]) -> None:
    chip = files["task4_chip.json"]
    groups = build_groups(chip, [(), "您的性别"], minimum=1)
    everyone = [one for one in groups.records if not one.definition]
    assert len(everyone) == 9
    assert sum(one.n for one in everyone) == len(chip)
    assert sum(one.n for one in groups.records) == 2 * len(chip)
    assert all(sum(one.shares) == pytest.approx(1) for one in groups.records)
    happy = next(one for one in everyone if "幸福" in one.options)
    assert happy.options == ("不幸福", "一般", "幸福")


def test_the_tasks_share_their_people(files: dict[str, Records]) -> None:
    found = overlap(files["task2_interview.json"], files["task3_stance.json"])
    assert (len(found.people), len(found.other_people), found.rows) == (30, 0, 120)
