"""Which option a reply names: every way of writing it, and every way of not doing so."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignsurvey.tasks.replies import OUTCOMES, Options, read_choice

MOOD: Options = (("A", "满意"), ("B", "一般"), ("C", "不满意"))
DEGREES: Options = (("A", "非常满意"), ("B", "满意"), ("C", "不满意"), ("D", "非常不满意"))
JOB: Options = (("A", "very satisfied"), ("B", "somewhat satisfied"), ("C", "not satisfied"))
AGREE: Options = (
    ("A", "strongly agree"),
    ("B", "agree"),
    ("C", "neither agree nor disagree"),
    ("D", "disagree"),
    ("E", "strongly disagree"),
)
AGES: Options = (("A", "18-25岁"), ("B", "26-35岁"), ("C", "6-35岁"))
KNOWS: Options = (("A", "是"), ("B", "否"), ("C", "不知道/说不清"))
DECLINES: Options = (("A", "yes"), ("B", "no"), ("C", "don't know"), ("D", "prefer not to answer"))

ANSWERED = [
    ("B", MOOD, 1),
    ("b", MOOD, 1),
    (" Ｂ ", MOOD, 1),
    ("(B)", MOOD, 1),
    ("（Ｂ）", MOOD, 1),
    ("[B]", MOOD, 1),
    ("B.", MOOD, 1),
    ("B。", MOOD, 1),
    ("选项B", MOOD, 1),
    ("B选项", MOOD, 1),
    ("Option B", JOB, 1),
    ("一般", MOOD, 1),
    ("“一般”。", MOOD, 1),
    ("A. 满意", MOOD, 0),
    ("A、满意", MOOD, 0),
    ("Ａ．满意", MOOD, 0),
    ("（A）满意", MOOD, 0),
    ("A：满意", MOOD, 0),
    ("A: 满意", MOOD, 0),
    ("A满意", MOOD, 0),
    ("A 满意", MOOD, 0),
    ("A) 满意", MOOD, 0),
    ("A.\n满意", MOOD, 0),
    ("A.　满意", MOOD, 0),
    ("- A. 满意", MOOD, 0),
    ("**A. 满意**", MOOD, 0),
    ("A. **满意**", MOOD, 0),
    ("*满意*", MOOD, 0),
    ("`A`", MOOD, 0),
    ("> A. 满意", MOOD, 0),
    ("### A. 满意", MOOD, 0),
    ("A. 满意！", MOOD, 0),
    ("1. 满意", MOOD, 0),
    ("满意（A）", MOOD, 0),
    ("\\boxed{C}", MOOD, 2),
    ("<answer>C</answer>", MOOD, 2),
    ('{"answer": "B"}', MOOD, 1),
    ('{"answer": "B. 一般", "reason": "不是满意，也不是不满意"}', MOOD, 1),
    ("```json\n{'答案': '一般',}\n```", MOOD, 1),
    ('["B"]', MOOD, 1),
    ('My reply: {"choice": "C"}', MOOD, 2),
    ("The answer is B.", MOOD, 1),
    ("The answer is B. somewhat satisfied", JOB, 1),
    ("**Answer:** B\nExplanation: A is too strong.", JOB, 1),
    ("Final answer: C", JOB, 2),
    ("I would choose B because A is too strong", JOB, 1),
    ("I am somewhat satisfied", JOB, 1),
    ("I'm not satisfied with it.", JOB, 2),
    ("Somewhat  Satisfied", JOB, 1),
    ("She would say B.", JOB, 1),
    ("答案是B", MOOD, 1),
    ("答案：A. 满意", MOOD, 0),
    ("答案为 C。", MOOD, 2),
    ("我选择 B", MOOD, 1),
    ("我会选B", MOOD, 1),
    ("我 选A. 满意", MOOD, 0),
    ("我认为是B。", MOOD, 1),
    ("我不选A，我选B", MOOD, 1),
    ("我觉得一般", MOOD, 1),
    ("(A) 满意\n因为物业很好", MOOD, 0),
    ("一般，因为没有满意的地方", MOOD, 1),
    ("非常不满意", DEGREES, 3),
    ("我非常满意", DEGREES, 0),
    ("不满意", DEGREES, 2),
    ("I strongly disagree", AGREE, 4),
    ("I neither agree nor disagree.", AGREE, 2),
    ("I agree", AGREE, 1),
    ("agree (B)", AGREE, 1),
    ("26—35岁", AGES, 1),
    ("２６~３５岁", AGES, 1),
    ("26岁-35岁", AGES, 1),
    ("不知道", KNOWS, 2),
    ("C", KNOWS, 2),
    ("说不清楚", KNOWS, 2),
    ("I don't know", DECLINES, 2),
    ("I prefer not to answer.", DECLINES, 3),
    ("<think>A? no</think>\n\nB. 一般", MOOD, 1),
    ("A or C? </think>B", MOOD, 1),
    ("analysis: 满意?assistantfinal一般", MOOD, 1),
    ("First I thought A. My answer was hasty. Final answer: B", JOB, 1),
]

NOT_ANSWERED = [
    ("", MOOD, "no_reply"),
    (" \n", MOOD, "no_reply"),
    ("<think>A. 满意", MOOD, "no_reply"),
    ("B. 满意", MOOD, "unparseable"),
    ("2. 满意", MOOD, "unparseable"),
    ("A. 满意 B. 一般", MOOD, "unparseable"),
    ("满意或一般", MOOD, "unparseable"),
    ("A, B", MOOD, "unparseable"),
    ("A和B", MOOD, "unparseable"),
    ("A/B", MOOD, "unparseable"),
    ("A. 满意\nB. 一般\nC. 不满意", MOOD, "unparseable"),
    ("The answer is A or B", MOOD, "unparseable"),
    ("The answer is A. very satisfied or B. somewhat satisfied", JOB, "unparseable"),
    ("答案不是A", MOOD, "unparseable"),
    ("The answer is not A.", JOB, "unparseable"),
    ("没什么不满意", MOOD, "unparseable"),
    ("我不太满意", (("A", "满意"), ("B", "一般")), "unparseable"),
    ("I am not very satisfied", (("A", "satisfied"), ("B", "neutral")), "unparseable"),
    ("dissatisfied", (("A", "satisfied"), ("B", "neutral")), "unparseable"),
    ("16-35岁", AGES, "unparseable"),
    ("A. 高兴", MOOD, "unparseable"),
    ("D", MOOD, "unparseable"),
    ("1", MOOD, "unparseable"),
    ("胡说", MOOD, "unparseable"),
    ("null", MOOD, "unparseable"),
    ('{"answer": ["A", "B"]}', MOOD, "unparseable"),
    ("The essay " + "goes on and on " * 20 + "and is somewhat satisfied.", JOB, "unparseable"),
    ("对不起，我无法回答。", MOOD, "refused"),
    ("拒绝回答", MOOD, "refused"),
    ("作为一个人工智能，我没有个人感受。", MOOD, "refused"),
    ("As an AI language model, I have no feelings.", JOB, "refused"),
    ("I’m sorry, but I cannot answer that.", JOB, "refused"),
    ("不知道", MOOD, "dont_know"),
    ("不了解", MOOD, "dont_know"),
    ("说不清", MOOD, "dont_know"),
    ("I don’t know.", JOB, "dont_know"),
    ("x" * 30_000, MOOD, "unparseable"),
    ("A", (), "unparseable"),
]


@pytest.mark.parametrize(("reply", "options", "index"), ANSWERED)
def test_a_reply_that_names_one_option_is_that_option(
    reply: str, options: Options, index: int
) -> None:
    choice = read_choice(reply, options)
    assert (choice.outcome, choice.index) == ("answered", index), choice.note


@pytest.mark.parametrize(("reply", "options", "outcome"), NOT_ANSWERED)
def test_a_reply_without_one_option_is_none(reply: str, options: Options, outcome: str) -> None:
    choice = read_choice(reply, options)
    assert (choice.outcome, choice.index) == (outcome, None)


RENDERINGS = [
    "{letter}",
    "{lower}",
    "({letter})",
    "（{wide}）",
    "{wide}．{text}",
    "{letter}. {text}",
    "{letter}、{text}。",
    "{letter}：{text}",
    "{lower}) {text}",
    "**{letter}. {text}**",
    "{letter}. **{text}**.",
    "`{text}`",
    "“{text}”",
    "{text}",
    "{text}。",
    "['{text}']",
    '{{"answer": "{letter}"}}',
    '```json\n{{"answer": "{letter}. {text}"}}\n```',
    "The answer is {letter}.",
    "The answer is {letter}. {text}",
    "答案是{letter}",
    "答案：{letter}、{text}",
    "我选择{letter}. {text}",
    "<think>maybe something else</think>{letter}. {text}",
    "analysis…assistantfinal{letter}. {text}",
    "{letter}.\n{text}",
]
SETS: list[Options] = [MOOD, DEGREES, JOB, AGREE, AGES, KNOWS, DECLINES,
    (("A", "轻微压力 - 偶尔感到压力，但不影响生活"), ("B", "无压力 - 完全没有感受到压力")),
    (("A", "住房支出（房贷、租房等）"), ("B", "教育支出（学费、教辅等）"), ("C", "其他")),
    (("A", "有"), ("B", "没有"), ("C", "无所谓")),
    (("A", "5万以下"), ("B", "5万-20万"), ("C", "20万-50万"), ("D", "100万以上")),
    (("A", "Yes, definitely"), ("B", "No, but I'd like to"), ("C", "No"), ("D", "Can't choose")),
]  # fmt: skip


@pytest.mark.parametrize("style", RENDERINGS)
@pytest.mark.parametrize("options", SETS, ids=lambda options: options[0][1])
def test_a_rendered_answer_reads_back_as_itself(style: str, options: Options) -> None:
    for index, (letter, text) in enumerate(options):
        wide = chr(ord(letter) + 0xFEE0)
        reply = style.format(letter=letter, lower=letter.lower(), wide=wide, text=text)
        assert read_choice(reply, options).index == index, reply


PIECES = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            ["A. ", "B", "满意", "不", "answer is ", "{", '"answer":', "<think>", "</think>", "\n",
             "（", "[", "assistantfinal", "```", "我选", "not ", "：", "\ud800", "²", "٣.", "\\u12"]
        ),
    ),
    max_size=12,
).map("".join)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(PIECES, st.sampled_from([*SETS, ((), ())[0], (("", "a"), ("", "a")), (("A", "。"),)]))
def test_no_reply_raises(reply: str, options: Options) -> None:
    choice = read_choice(reply, options)
    assert choice.outcome in OUTCOMES
    assert (choice.index is None) == (choice.outcome != "answered")


WORDS = st.text("满意一般高低多少有无收入变化happysadolk ", min_size=2, max_size=10)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(WORDS.map(str.strip), min_size=2, max_size=6, unique_by=lambda t: "".join(t.split())),
    st.sampled_from(["{letter}. {text}", "{text}", "{letter}、{text}。", "**{letter}：{text}**"]),
)
def test_any_options_read_back(texts: list[str], style: str) -> None:
    texts = [text for text in texts if len(text.replace(" ", "")) > 1]
    options = tuple(("ABCDEF"[i], text) for i, text in enumerate(texts))
    for index, (letter, text) in enumerate(options):
        assert read_choice(style.format(letter=letter, text=text), options).index == index


@pytest.mark.parametrize(
    "unit", ["<think>", "A", "满意 ", "{", '["', "\n", " ", "选", "不是", "- "]
)
def test_ten_megabytes_are_read_in_time(unit: str) -> None:
    reply = unit * (10_000_000 // len(unit.encode()))
    assert read_choice(reply, MOOD).outcome in ("unparseable", "no_reply")


@pytest.mark.parametrize(
    "unit", ["<think>", "A", "满意 ", "{", '["', "\n", " x", "选", "\n ", "- "]
)
def test_long_replies_are_read_in_time(unit: str) -> None:
    read_choice((unit * 20_000)[:19_000] + "A", MOOD)
