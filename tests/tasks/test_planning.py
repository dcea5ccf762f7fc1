"""From records to queries: each task's prompt, orders, draws, and examples of other people."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignsurvey.errors import InputError
from alignsurvey.tasks.prompts import (
    Asking,
    Examples,
    group_queries,
    interview_queries,
    judge_queries,
    plan,
    response_queries,
    role_queries,
    stance_queries,
)
from alignsurvey.tasks.queries import Message, Shown
from alignsurvey.tasks.records import (
    InterviewRecord,
    Option,
    Record,
    ResponseRecord,
    RoleRecord,
    StanceRecord,
    Turn,
    parse_records,
    read_records,
)
from alignsurvey.tasks.records.groups import GroupRecord

YES_NO = (Option("A", "yes"), Option("B", "no"))


def _response(person: int | None, question: str = "Happy?", **other: Any) -> ResponseRecord:
    about = {
        "row": 1, "instruction": f"You are {person}. {question}", "person": person,
        "profile": (("age", 20 + (person or 0)), ("sex", "fm"[(person or 0) % 2])),
        "question": question, "options": YES_NO, "answers": ("yes",), "output": "A. yes",
    }  # fmt: skip
    return ResponseRecord(**(about | other))


def _one_of_each() -> list[Record | GroupRecord]:
    turns = (Turn("问", "忙吗？"), Turn("答", "忙。"))
    plain = {"row": 1, "instruction": "…", "person": 9}
    has = (Option("", "有"), Option("", "无"))
    return [
        RoleRecord(**plain, dialogue=turns, field="有车", options=has),
        InterviewRecord(**plain, dialogue=turns, question="累吗？", theme="问题3"),
        StanceRecord(**plain, profile=(("性别", "女"),), theme="公共服务"),
        _response(9),
        GroupRecord((("sex", "f"),), "", "Happy?", ("no", "yes"), (0.25, 0.75), 8, 8.0, 8.0),
    ]  # fmt: skip


def test_each_task_gets_its_prompt_in_the_records_language() -> None:
    queries = plan(_one_of_each(), Asking(draws=2))
    assert [str(one.task) for one in queries[::2]] == [
        "role", "interview", "stance", "response", "response-group",
    ]  # fmt: skip
    assert [one.item for one in queries[::2]] == ["有车", "问题3", "公共服务", "Happy?", "Happy?"]
    assert len({one.id for one in queries}) == 10
    role, interview, stance, response, group = (one.messages[-1].content for one in queries[::2])
    assert "A. 有\nB. 无" in role
    assert "访谈员现在问：\n累吗？" in interview
    assert "A. 积极\nB. 中立\nC. 消极" in stance
    assert "A. yes\nB. no" in response
    assert "The group (8 respondents):\nsex: f" in group


def test_role_prompts_never_show_the_profile() -> None:
    record = _one_of_each()[0]
    assert isinstance(record, RoleRecord)
    told = RoleRecord(**{**vars(record), "profile": (("有车", "秘密"),)})
    assert "秘密" not in role_queries([told])[0].messages[-1].content


def test_fields_with_several_answers_ask_for_several() -> None:
    record = vars(_one_of_each()[0])
    several = role_queries([RoleRecord(**{**record, "field": "家庭成员关系"})])
    assert "逐行" in several[0].messages[-1].content
    assert "逐行" not in role_queries([RoleRecord(**record)])[0].messages[-1].content


def test_verbatim_uses_instruction_and_input_unchanged() -> None:
    prompt = (
        "Your personal background:\nage: 40.0\n\n"
        "Survey question:\nHappy?\nA. yes\nB. no\n\nPlease say:"
    )
    text = json.dumps([{"instruction": prompt, "input": " \n", "output": "B. no"}])
    records = parse_records(text, "rows.json")
    [query] = response_queries(records, Asking(verbatim=True))
    assert query.messages == (Message("user", prompt),)
    [(start, end)] = query.messages[0].droppable
    assert prompt[start:end] == "age: 40.0"
    assert [one.letter for one in query.options] == ["A", "B"]


ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("ALIGNSURVEY_SHARED_DATA", ROOT.parent / "shared" / "data"))
RELEASED = DATA / "alignsurvey"


@pytest.mark.skipif(
    not (RELEASED / "task4_chip.json").is_file(),
    reason="the released AlignSurvey rows are not at hand (set ALIGNSURVEY_SHARED_DATA)",
)
@pytest.mark.parametrize("name", ["task1_role", "task2_interview", "task3_stance", "task4_chip"])
def test_released_rows_are_asked_verbatim_and_know_their_middle(name: str) -> None:
    records = read_records(RELEASED / f"{name}.json")
    for record, query in zip(records, plan(records, Asking(verbatim=True)), strict=True):
        [message] = query.messages
        assert message.content == record.prompt
        dropped = "".join(message.content[start:end] for start, end in message.droppable)
        assert dropped
        for _, text in record.dialogue:
            assert text in dropped
        kept = message.content[message.droppable[-1][1] :]
        assert all(option.text in kept for option in record.options)
        if record.task != "stance":  # its question is put together from two places
            assert record.question in kept
    few_shot = plan(records, Asking(examples=Examples(records.records)))
    assert all(query.respondent not in query.examples for query in few_shot)


def test_verbatim_refuses_what_would_change_the_prompt() -> None:
    with pytest.raises(InputError, match="left as released"):
        Asking(verbatim=True, shuffle=True)
    with pytest.raises(InputError, match="groups have no released prompt"):
        group_queries(_one_of_each()[4:], Asking(verbatim=True))  # type: ignore[arg-type]


def test_orders_and_examples_do_not_depend_on_the_batch() -> None:
    people = [_response(one, item) for one in range(1, 13) for item in ("Happy?", "Safe?")]
    asking = Asking(shuffle=True, orders=2, examples=Examples(people))
    whole = [one.id for one in response_queries(people, asking)]
    turned = Asking(shuffle=True, orders=2, examples=Examples(people[::-1]))
    alone = [one.id for person in people for one in response_queries([person], turned)]
    assert whole == alone
    assert len(set(whole)) == len(whole) == 48


def test_options_keep_the_place_they_had() -> None:
    shown = {
        one.options for one in response_queries(map(_response, range(20)), Asking(shuffle=True))
    }
    assert shown == {
        (Shown("A", "yes", 0), Shown("B", "no", 1)),
        (Shown("A", "no", 1), Shown("B", "yes", 0)),
    }


def test_a_respondent_without_an_id_is_known_by_the_profile() -> None:
    one, two = response_queries([_response(None, row=1), _response(None, row=5, question="Safe?")])
    assert one.respondent == two.respondent
    assert str(one.respondent).startswith("profile:")


def test_records_of_another_task_are_refused() -> None:
    for ask in (role_queries, interview_queries, stance_queries):
        with pytest.raises(InputError, match="record 1 is a ResponseRecord"):
            ask([_response(1)])


def test_judges_get_one_query_a_reply() -> None:
    record = _one_of_each()[1]
    queries = judge_queries([record], ["很累。"], Asking(draws=2))  # type: ignore[list-item]
    assert [one.draw for one in queries] == [0, 1]
    assert "需要评价的回答：\n很累。" in queries[0].messages[-1].content
    with pytest.raises(InputError, match="one reply a record: 1 records, 0"):
        judge_queries([record], [])  # type: ignore[list-item]


PEOPLE = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 2), st.sampled_from(["Happy?", "Safe?"])),
    min_size=1, max_size=25,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(PEOPLE, st.sampled_from(["seed", "nearest"]), st.integers(0, 3), st.integers(1, 3))
def test_examples_never_come_from_the_respondent(
    people: list[tuple[int, int, str]], by: Any, seed: int, k: int
) -> None:
    rows = [_response(who, asked, profile=(("age", age),)) for who, age, asked in people]
    examples = Examples(rows, k=k, by=by)
    for row in rows:
        try:
            chosen = examples.choose(row, seed)
        except InputError:
            continue
        assert len(chosen) == k
        assert row.person not in {one.person for one in chosen}  # type: ignore[union-attr]
        assert row.profile not in {one.profile for one in chosen}  # type: ignore[union-attr]
        assert len({one.person for one in chosen}) == k  # type: ignore[union-attr]


def test_examples_are_turns_before_the_question() -> None:
    [query] = response_queries([_response(1)], Asking(examples=Examples(_people(8), k=2)))
    assert [one.role for one in query.messages] == [
        "system", "user", "assistant", "user", "assistant", "user",
    ]  # fmt: skip
    assert query.messages[2].content == "A. yes"
    assert len(query.examples) == 2


def _people(n: int, question: str = "Happy?") -> list[Record]:
    return [_response(one, question) for one in range(1, n + 1)]


def test_examples_of_the_same_question_come_first_and_stand_last() -> None:
    pool = [*_people(9, "Safe?"), _response(30)]
    chosen = Examples(pool).choose(_response(99), seed=42)
    assert [one.question for one in chosen] == ["Safe?", "Safe?", "Happy?"]


def test_the_nearest_profile_stands_next_to_the_question() -> None:
    near = _response(50, profile=(("age", 21), ("sex", "m"), ("town", "X")))
    chosen = Examples([*_people(9), near], by="nearest").choose(_response(1), seed=42)
    assert chosen[-1] == near


def test_another_seed_draws_other_examples() -> None:
    examples = Examples(_people(40))
    drawn = [[one.person for one in examples.choose(_response(99), seed)] for seed in range(5)]  # type: ignore[union-attr]
    assert len(set(map(tuple, drawn))) == 5


def test_records_without_an_answer_are_no_examples() -> None:
    pool = [*_people(3), _response(7, answers=()), _response(8, answers=("maybe",))]
    assert {one.person for one in Examples(pool).choose(_response(99), 1)} == {1, 2, 3}  # type: ignore[union-attr]


def test_too_few_examples_are_said() -> None:
    with pytest.raises(InputError, match=r"1 of 3 examples found for respondent 1, 'Happy\?'"):
        response_queries(_people(2), Asking(examples=Examples(_people(2))))


def test_groups_that_could_share_a_member_are_no_examples() -> None:
    def group(**who: str) -> GroupRecord:
        return GroupRecord(tuple(who.items()), "", "Happy?", ("no", "yes"), (0.25, 0.75), 8, 8, 8)

    pool = [group(sex="f"), group(sex="m"), group(age="20"), group(sex="f", age="20"), group()]
    chosen = Examples(pool, k=1).choose(group(sex="f"), seed=42)
    assert chosen == (group(sex="m"),)
    [query] = group_queries([group(sex="f")], Asking(examples=Examples(pool, k=1)))
    assert query.messages[2] == Message("assistant", '{"no": 25, "yes": 75}')
