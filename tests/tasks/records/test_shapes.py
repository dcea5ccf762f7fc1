"""Each shape of prompt, read into its parts and written again."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignsurvey.tasks.records import (
    Mend,
    RoleRecord,
    StanceRecord,
    parse_records,
    render,
)


@pytest.mark.parametrize("shape", ["response", "role", "interview", "stance", "window"])
def test_a_row_without_slips_is_written_again(make: SimpleNamespace, shape: str) -> None:
    records = parse_records(make.as_json(getattr(make, shape)()), "rows.json")
    assert not records.repairs
    assert render(records[0]) == records[0].prompt


def test_a_response(make: SimpleNamespace) -> None:
    row = make.response(person_id=7)
    one = parse_records(make.as_json(row), "rows.json")[0]
    assert one.profile == (("居住地", "甲省"), ("您的性别", "女"), ("您的年龄", "41"))
    assert one.question == "您对小区的卫生满意吗？"
    assert [tuple(option) for option in one.options] == [
        ("A", "满意"), ("B", "一般"), ("C", "不满意")]  # fmt: skip
    assert (one.answer, one.choice, one.person) == ("一般", 1, 7)


def test_a_role_keeps_speakers_long_utterances_and_silence(make: SimpleNamespace) -> None:
    one = parse_records(make.as_json(make.role(id=3, question_key="问题1")), "rows.json")[0]
    assert isinstance(one, RoleRecord)
    assert [tuple(turn) for turn in one.dialogue] == [
        ("采访者", "您好，请谈谈近况。"),
        ("受访者", "还可以：\n工作和家里都平稳。"),
        ("采访者", ""),
        ("受访者", ""),
    ]
    assert (one.field, one.answers, one.theme) == ("有房", ("有",), "问题1")


def test_role_options_split_outside_brackets(make: SimpleNamespace) -> None:
    row = make.role("['住房（房贷、租房等）', '其他']", "支出", "住房（房贷、租房等）、交通、其他")
    one = parse_records(make.as_json(row), "rows.json")[0]
    assert [option.text for option in one.options] == ["住房（房贷、租房等）", "交通", "其他"]
    assert one.answers == ("住房（房贷、租房等）", "其他")


def test_interview_history_splits_in_mid_line(make: SimpleNamespace) -> None:
    one = parse_records(make.as_json(make.interview()), "rows.json")[0]
    assert [turn.text for turn in one.dialogue] == ["住哪？", "城里。", "几口人？", "三口。"]
    assert dict(one.profile)["家庭成员关系"] == ("配偶", "子女")
    assert one.attribute("家里人口数") == "3"
    assert (one.question, one.answer) == ("远吗？", "不远。")


def test_a_stance_profile_may_run_over_lines(make: SimpleNamespace) -> None:
    one = parse_records(make.as_json(make.stance()), "rows.json")[0]
    assert isinstance(one, StanceRecord)
    assert [name for name, _ in one.profile] == ["性别", "备注", "职业类型"]
    assert one.attribute("备注") == "（1）常去社区医院；\n（2）说过：不急: 慢慢来。"
    assert (one.theme, one.answer, one.reason) == ("公共服务评价", "积极", "体验较好。")


def test_a_window_has_its_turns(make: SimpleNamespace) -> None:
    one = parse_records(make.as_json(make.window()), "rows.json")[0]
    assert [turn.text for turn in one.dialogue] == ["Well: what now?", "We wait."]
    assert one.answer == "And then?"


@pytest.mark.parametrize(
    ("output", "answer", "mended"),
    [
        ("B. average", "average", []),
        ("Average", "average", [Mend.ANSWER_LETTER, Mend.ANSWER_CASE]),
        ("average", "average", [Mend.ANSWER_LETTER]),
        ("B", "average", [Mend.ANSWER_TEXT]),
        ("b. AVERAGE", None, None),
        ("B．average", "average", []),
        ("B. Average.", "average", [Mend.ANSWER_MARKS]),
        ("A. average", None, None),
        ("below average", None, None),
        ("A or B", None, None),
    ],
)
def test_a_label_is_an_option_or_a_problem(
    make: SimpleNamespace, output: str, answer: str | None, mended: list[Mend] | None
) -> None:
    records = parse_records(
        make.as_json(make.english(output), make.english("A. above average")), "rows.json"
    )
    if answer is None:
        assert [one.row for one in records.left_out] == [1]
    else:
        assert records[0].answer == answer
        assert list(records[0].repairs) == mended


@pytest.mark.parametrize(
    ("profile", "read", "mended"),
    [
        ("age: 64.0\nsex: f", (("age", "64"), ("sex", "f")), [Mend.WHOLE_NUMBER]),
        ("age: \nsex: f\nrace: nan", (("sex", "f"),), [Mend.BLANK_ATTRIBUTE] * 2),
        ("age:\nsex: f", (("sex", "f"),), [Mend.BLANK_ATTRIBUTE]),
        ("年龄：30\n性别：女", (("年龄", "30"), ("性别", "女")), []),
        ("年龄: 30\n性别：女", (("年龄", "30"), ("性别", "女")), [Mend.SEPARATOR]),
        ("年收入（元）？: 5\n备注: 甲：乙", (("年收入（元）？", "5"), ("备注", "甲：乙")), []),
        ("income: 2.5", (("income", "2.5"),), []),
    ],
)
def test_profiles(
    make: SimpleNamespace, profile: str, read: tuple[tuple[str, str], ...], mended: list[Mend]
) -> None:
    one = parse_records(make.as_json(make.response(profile=profile)), "rows.json")[0]
    assert one.profile == read
    assert list(one.repairs) == mended


def test_options_end_at_a_though_the_question_has_lines_like_options(make: SimpleNamespace) -> None:
    row = make.english(
        "B. no", question="Pick one.\nB. is for Bob.\nWell?", options="A. yes\nB. no"
    )
    one = parse_records(make.as_json(row), "rows.json")[0]
    assert one.question == "Pick one.\nB. is for Bob.\nWell?"
    assert [option.text for option in one.options] == ["yes", "no"]


def test_an_option_may_run_over_lines_and_separators_may_differ(make: SimpleNamespace) -> None:
    row = make.response("A. 好，\n很好", options="A. 好，\n很好\nB、不好\nC. 一般")
    one = parse_records(make.as_json(row), "rows.json")[0]
    assert [option.text for option in one.options] == ["好，\n很好", "不好", "一般"]
    assert one.repairs == (Mend.SEPARATOR,)


WORDS = st.text(st.characters(categories=("L", "N"), include_characters=" ，。()（）-"), min_size=1)
LABELS = WORDS.map(str.strip).filter(lambda text: text and not text[0].isdigit())


@settings(max_examples=60, deadline=None)
@given(st.lists(LABELS, min_size=2, max_size=8, unique_by=lambda text: text.casefold()), st.data())
def test_any_options_are_read_back(labels: list[str], data: st.DataObject) -> None:
    from alignsurvey.tasks.records.options import match_answer, read_lettered, write_lettered

    options = [("ABCDEFGH"[place], text) for place, text in enumerate(labels)]
    question, _, read, mark, mended = read_lettered(
        f"How?\n{write_lettered(options)}"  # type: ignore[arg-type]
    )
    assert (question, mark, mended) == ("How?", ". ", [])
    assert [tuple(option) for option in read] == options
    place = data.draw(st.integers(0, len(labels) - 1))
    assert match_answer(f"{options[place][0]}. {labels[place]}", read) == (place, [])
