"""Thoughts, options, stances, roles and judges: tables of what was written and what it says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignsurvey.tasks.replies import (
    OUTCOMES,
    ROLE_FIELDS,
    STANCES,
    Options,
    read_judge,
    read_options,
    read_question,
    read_role,
    read_stance,
    strip_thoughts,
)
from alignsurvey.tasks.replies.slips import find_json


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("B", "B"),
        ("<think>A</think>B", "B"),
        ("<think>A</think>\n\nB\n", "B"),
        ("<THINK>A</THINK >B", "B"),
        ("<thinking>A</thinking>B", "B"),
        ("<reasoning>A</reasoning>B", "B"),
        ("<think></think>B", "B"),
        ("A</think>B", "B"),
        ("<think>a</think>C</think>B", "B"),
        ("<think>a<think>b</think>B", "B"),
        ("<think>A", ""),
        ("B<think>A", "B"),
        ("analysis A assistantfinalB", "B"),
        ("analysisAassistantfinalCassistantfinalB", "B"),
        ("analysisassistantfinalB", "B"),
        ("analysisThe user wants", ""),
        ("analysis用户", ""),
        ("analysis of the matter", "analysis of the matter"),
        ("<|channel|>analysis<|message|>A<|end|><|channel|>final<|message|>B<|return|>", "B"),
        ("```json\n{}\n```", "{}"),
        ("```\nB\n```", "B"),
        ("text\n```json\n{}\n```\nend", "text\n\n{}\n\nend"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("", ""),
    ],
)
def test_thoughts_are_taken_off(reply: str, said: str) -> None:
    assert strip_thoughts(reply) == said


ABC = (("A", "满意"), ("B", "一般"), ("C", "不满意"))


@pytest.mark.parametrize(
    ("prompt", "options"),
    [
        ("问？\n选项：\nA. 满意\nB. 一般\nC. 不满意\n\n请直接输出你的答案：", ABC),
        ("问？\n选项:\nA. 满意\nB. 一般\nC. 不满意", ABC),
        ("问？\nOptions:\nA. 满意\nB. 一般\nC. 不满意\n", ABC),
        ("问？\n选项：\nA、满意\nB、一般\nC、不满意", ABC),
        ("问？\n选项：\nＡ．满意\nＢ．一般\nＣ．不满意", ABC),
        ("问？\n选项：\n（A）满意\n（B）一般\n（C）不满意", ABC),
        ("问？\n选项：\n(a) 满意\n(b) 一般\n(c) 不满意", ABC),
        ("问？\n选项：\nA：满意\nB：一般\nC：不满意", ABC),
        ("问？\n选项：\nA) 满意\nB) 一般\nC) 不满意", ABC),
        ("问？\n选项：\n\nA.满意\nB.一般\nC.不满意\n\nD. 与此无关", ABC),
        ("问？\n选项：A. 满意 B. 一般 C. 不满意\n请答", ABC),
        ("问？\n选项：A、满意；B、一般；C、不满意", ABC),
        ("问？\nA. 满意\nB. 一般\nC. 不满意\n\nPlease provide your answer directly.", ABC),
        ("A. 旧\nB. 旧二\n\n问？\nA. 满意\nB. 一般\nC. 不满意", ABC),
        ("问？\n- A. 满意\n- B. 一般\n- C. 不满意", ABC),
        (
            "可选值：住房支出（房贷、租房等）、其他。\n请答",
            (("", "住房支出（房贷、租房等）"), ("", "其他")),
        ),
        ("选项：\n满意\n一般", (("", "满意"), ("", "一般"))),
        ("没有选项的问题？", ()),
        ("A. only one", ()),
        ("", ()),
    ],
)
def test_options_are_found(prompt: str, options: Options) -> None:
    assert read_options(prompt) == options


def test_a_question_is_the_same_whatever_the_profile_and_the_order() -> None:
    one = "背景：\n年龄: 40\n\n问卷问题：\n您满意吗？\n选项：\nA. 是\nB. 否\n\n请答："
    two = "背景：\n年龄: 64\n\n问卷问题：\n您满意吗？\n选项：\nA. 否\nB. 是\n\n请答："
    assert read_question(one) == read_question(two) == "您满意吗？"
    english = "your age: 40\n\nSurvey question:\nhow satisfied are you?\nA. very\nB. not\n\nAnswer."
    assert read_question(english) == "how satisfied are you?"


GOOD = {"predict": "积极", "reason": "他说“好”，不错"}


@pytest.mark.parametrize(
    "written",
    [
        json.dumps(GOOD, ensure_ascii=False),
        json.dumps(GOOD),
        json.dumps(GOOD, ensure_ascii=False, indent=2),
        "```json\n" + json.dumps(GOOD, ensure_ascii=False) + "\n```",
        "结果：" + json.dumps(GOOD, ensure_ascii=False) + "\n以上。",
        json.dumps(GOOD, ensure_ascii=False)[:-1],
        json.dumps(GOOD, ensure_ascii=False)[:-2],
        json.dumps(GOOD, ensure_ascii=False)[:-1] + ",}",
        str(GOOD),
        '｛"predict"："积极"，"reason"："他说“好”，不错"｝',
        '{predict: 积极, reason: "他说“好”，不错"}',
        '{"predict": "积极" "reason": "他说“好”，不错"}',
    ],
)
def test_slips_of_json_are_repaired(written: str) -> None:
    found = find_json(written)
    assert found is not None
    assert found.value == GOOD


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (r'{"predict": "积极", "reason": "a \d b"}', r"a \d b"),
        (r'{"predict": "积极", "reason": "a \u12 b"}', r"a \u12 b"),
        ('{"predict": "积极", "reason": "一行\n二行"}', "一行\n二行"),
        ('{"predict": "积极", "reason": "他说"好"的"}', '他说"好"的'),
        (r'{"predict": "积极", "reason": "引号 \u0022 内"}', '引号 " 内'),
        ('{"predict": "积极", "reason": ["甲", "乙"]}', "甲 乙"),
        ('{"predict": ["积极"], "reason": 3}', "3"),
        ('{"Predict": "积极 ", "Reason": "好"}', "好"),
        ('{"预测": "Positive", "理由": "好"}', "好"),
        ('{"predict": "积极"}', ""),
        ('{"predict": "积极"', ""),
        ('"积极"', ""),
        ("积极。理由：服务好", "服务好"),
        ("A. 积极", ""),
        ("**Positive**\nReason: good", "good"),
        ('<think>{"predict": "消极"}</think>{"predict": "积极", "reason": "好"}', "好"),
    ],
)
def test_stances_and_reasons_are_read(written: str, reason: str) -> None:
    stance = read_stance(written)
    assert (stance.outcome, stance.index, stance.reason) == ("answered", 0, reason)


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        ("", "no_reply"),
        ("<think>积极", "no_reply"),
        ("胡说", "unparseable"),
        ("null", "unparseable"),
        ("{}", "unparseable"),
        ('{"predict": "", "reason": "好"}', "unparseable"),
        ('{"predict": "积极/消极", "reason": "好"}', "unparseable"),
        ('{"predict": ["积极", "消极"]}', "unparseable"),
        ('{"predict": "乐观", "reason": "好"}', "unparseable"),
        ("不积极", "unparseable"),
        ("无法判断", "refused"),
        ('{"predict": "不知道", "reason": ""}', "dont_know"),
    ],
)
def test_what_is_no_stance_is_none(written: str, outcome: str) -> None:
    stance = read_stance(written)
    assert (stance.outcome, stance.index) == (outcome, None)


MEMBERS: Options = tuple(
    ("", text) for text in ("父母", "配偶", "子女", "祖父母/外祖父母", "其他亲属", "其他非亲属")
)
SPENDING: Options = (
    ("", "住房支出（房贷、租房等）"),
    ("", "教育支出（学费、教辅等）"),
    ("", "其他"),
)
SIZE: Options = tuple(("", text) for text in ("1", "2", "3", "4", "5", "6及以上"))
INCOME: Options = tuple(
    ("", text) for text in ("5万以下", "5万-20万", "20万-50万", "50万-100万", "100万以上")
)
OWNS: Options = (("", "有"), ("", "无"))


@pytest.mark.parametrize(
    ("reply", "field", "options", "answer"),
    [
        ("['配偶', '父母']", "家庭成员关系", MEMBERS, ("父母", "配偶")),
        ('["父母", "配偶"]', "家庭成员关系", MEMBERS, ("父母", "配偶")),
        ("父母、配偶", "家庭成员关系", MEMBERS, ("父母", "配偶")),
        ("父母和子女", "家庭成员关系", MEMBERS, ("父母", "子女")),
        ("家庭成员：父母，配偶。", "家庭成员关系", MEMBERS, ("父母", "配偶")),
        ("- 父母\n- 祖父母/外祖父母", "家庭成员关系", MEMBERS, ("父母", "祖父母/外祖父母")),
        ("'父母'", "家庭成员关系", MEMBERS, ("父母",)),
        ("['父母', '父母']", "家庭成员关系", MEMBERS, ("父母",)),
        ("[]", "家庭成员关系", MEMBERS, ()),
        ("['妻子', '父母']", "家庭成员关系", MEMBERS, None),
        ("it's 'spouse' and '父母'", "家庭成员关系", MEMBERS, None),
        (
            "住房支出(房贷、租房等)",
            "家庭月消费主要支出项目",
            SPENDING,
            ("住房支出（房贷、租房等）",),
        ),
        (
            "教育支出、住房支出",
            "家庭月消费主要支出项目",
            SPENDING,
            ("住房支出（房贷、租房等）", "教育支出（学费、教辅等）"),
        ),
        ("3", "家里人口数", SIZE, ("3",)),
        ("３", "家里人口数", SIZE, ("3",)),
        ("[3]", "家里人口数", SIZE, ("3",)),
        ("3.0", "家里人口数", SIZE, ("3",)),
        ("5口人", "家里人口数", SIZE, ("5",)),
        ("家里有3口人", "家里人口数", SIZE, ("3",)),
        ("三", "家里人口数", SIZE, ("3",)),
        ("两个人", "家里人口数", SIZE, ("2",)),
        ("一家四口", "家里人口数", SIZE, ("4",)),
        ("十一口人", "家里人口数", SIZE, ("6及以上",)),
        ("6及以上", "家里人口数", SIZE, ("6及以上",)),
        ("8", "家里人口数", SIZE, ("6及以上",)),
        ("3", "家里人口数", (), ("3",)),
        ("3-4", "家里人口数", SIZE, None),
        ("3.5", "家里人口数", SIZE, None),
        ("0", "家里人口数", SIZE, None),
        ("2个父母1个孩子", "家里人口数", SIZE, None),
        ("['50万-100万']", "家庭年收入", INCOME, ("50万-100万",)),
        ("[ '100万以上' ]", "家庭年收入", INCOME, ("100万以上",)),
        ("50—100万", "家庭年收入", INCOME, ("50万-100万",)),
        ("5万-20万。", "家庭年收入", INCOME, ("5万-20万",)),
        ("['5万-20万', '20万-50万']", "家庭年收入", INCOME, None),
        ("15万-20万", "家庭年收入", INCOME, None),
        ("有房", "有房", OWNS, ("有",)),
        ("没有", "有车", OWNS, ("无",)),
        ("有", "有车", OWNS, ("有",)),
        ("有或无", "有车", OWNS, None),
        ("男性", "性别", (("", "男"), ("", "女")), ("男",)),
        ("<think>男", "性别", (("", "男"), ("", "女")), None),
    ],
)
def test_roles_are_read(
    reply: str, field: str, options: Options, answer: tuple[str, ...] | None
) -> None:
    read = read_role(reply, field, options)
    assert read.answer == answer, read
    assert (read.outcome == "answered") == (answer is not None)


def test_the_twelve_fields_are_those_of_the_paper() -> None:
    groups = [field.group for field in ROLE_FIELDS.values()]
    assert [groups.count(group) for group in ("Basic", "Social", "Family")] == [5, 3, 4]


@pytest.mark.parametrize(
    ("reply", "scores"),
    [
        ('{"对话自然度": {"评分": "4"}, "风格匹配度": {"评分": 3}, "访谈一致性": 5}', (4, 3, 5)),
        ('{"naturalness": 4, "style_match": "3分", "consistency": "5/5"}', (4, 3, 5)),
        ('{"scores": {"Naturalness": {"score": 4.0}, "Style": 3, "Consistency": 5}}', (4, 3, 5)),
        ("<think>1</think>```json\n{'对话自然度': 4, '风格匹配度': 3, '访谈一致性': 5", (4, 3, 5)),
        ("**对话自然度**: **评分**: 4\n**风格匹配度**：3分\n**访谈一致性** 5/5", (4, 3, 5)),
        ("- Naturalness (1-5): 4\n- Style match (1–5): 3\n- Consistency (1-5): 5", (4, 3, 5)),
        ("| 对话自然度 | 4 |\n| 风格匹配度 | 3 |\n| 访谈一致性 | 5 |", (4, 3, 5)),
        ('{"对话自然度": {"评分": 0}, "风格匹配度": {"评分": 3}}', (None, 3, None)),
        ('{"对话自然度": 7, "风格匹配度": "4.5", "访谈一致性": true}', (None, None, None)),
        ("对话自然度：评分：4", (4, None, None)),
        ("Naturalness: 14", (None, None, None)),
        ("Naturalness: 8/10, style: 3", (None, 3, None)),
        ("Naturalness: 4 … Naturalness: 2", (None, None, None)),
        ("", (None, None, None)),
        ("{", (None, None, None)),
    ],
)
def test_judges_are_read_a_dimension_at_a_time(
    reply: str, scores: tuple[int | None, int | None, int | None]
) -> None:
    read = read_judge(reply)
    assert tuple(read.scores.values()) == scores
    assert (read.outcome == "answered") == any(scores)


ANY = st.lists(
    st.one_of(
        st.text(max_size=6),
        st.sampled_from(
            ["{", "}", "[", '"', "'", "predict", ":", "：", ",", "积极", "评分", "自然度", "3",
             "三", "口", "<think>", "</think>", "\n", "、", "和", "\\", "\\u", "-", "1e999",
             "９" * 40, "选项：", "A. ", "Ｂ、", "可选值："]
        ),
    ),
    max_size=14,
).map("".join)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(ANY)
def test_no_text_raises(text: str) -> None:
    assert read_stance(text).outcome in OUTCOMES
    assert read_judge(text).outcome in OUTCOMES
    for field, options in (
        ("家庭成员关系", MEMBERS),
        ("家里人口数", SIZE),
        ("有房", OWNS),
        ("家里人口数", ()),
    ):
        assert read_role(text, field, options).outcome in OUTCOMES
    for letter, option in read_options(text):
        assert len(letter) <= 1
        assert option.strip()
    read_question(text)
    strip_thoughts(text)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([word for pair in STANCES for word in pair]),
    st.text(st.characters(codec="utf-8", exclude_characters="<"), max_size=30),
    st.sampled_from(["{}", "```json\n{}\n```", "<think>消极</think>{}", "assistantfinal{}"]),
    st.booleans(),
)
def test_a_rendered_stance_reads_back(word: str, reason: str, style: str, ascii_: bool) -> None:
    written = json.dumps({"predict": word, "reason": reason}, ensure_ascii=ascii_)
    if "```" in reason or "~~~" in reason:
        return
    read = read_stance(style.replace("{}", written))
    assert read.index is not None
    assert word in STANCES[read.index]
    assert read.reason == reason.strip()


@settings(max_examples=100, deadline=None)
@given(
    st.sets(st.integers(0, len(MEMBERS) - 1)),
    st.sampled_from(["list", "json", "、", "，", "\n- ", "; "]),
)
def test_a_rendered_list_reads_back(places: set[int], style: str) -> None:
    texts = [MEMBERS[place][1] for place in sorted(places)]
    if style == "list":
        reply = str(texts)
    elif style == "json":
        reply = json.dumps(texts)
    else:
        reply = style.join(texts)
    if texts or reply:
        assert read_role(reply, "家庭成员关系", MEMBERS).answer == tuple(texts)


@pytest.mark.parametrize(
    "unit", ["{", '{"', '{"a":', "[", "自然度", "\n", "评分：", "“", "三口", "和"]
)
def test_ten_megabytes_are_read_in_time(unit: str) -> None:
    text = unit * (10_000_000 // len(unit.encode()))
    read_stance(text)
    read_judge(text)
    read_role(text, "家里人口数", SIZE)
