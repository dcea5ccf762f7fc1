"""Strict scores: each fault of the released scorers, and the right result beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from alignsurvey.benchmark.rows import FileScore, PredictionRow, Task
from alignsurvey.benchmark.strict import score_strict
from alignsurvey.errors import InputError

QUESTION = "背景：\n年龄: {age}\n\n问卷问题：\n您对小区满意吗？\n选项：\n{options}\n\n请答："
ENGLISH = "your age: {age}\n\nSurvey question:\nAre you content?\nOptions:\n{options}\n\nAnswer."
MOOD = ("满意", "一般", "不满意")


def prompt(options: Sequence[str] = MOOD, age: int = 40, frame: str = QUESTION) -> str:
    lines = "\n".join(f"{'ABCDE'[i]}. {text}" for i, text in enumerate(options))
    return frame.format(age=age, options=lines)


def score(task: Task, *contents: dict[str, Any], **kwargs: Any) -> FileScore:
    rows = [PredictionRow(i, str(i), content) for i, content in enumerate(contents, 1)]
    return score_strict(task, rows, kwargs.pop("field", None), replicates=100, **kwargs)


def row(task: Task, predict: Any, label: Any, shown: str | None = None) -> dict[str, Any]:
    content = {"prompt": prompt() if shown is None else shown, "predict": predict, "label": label}
    return dict(score(task, content).rows["1"])


GOLD = "A. 满意: 45%\nB. 一般: 28%\nC. 不满意: 27%"
SHARES = {"满意": 0.45, "一般": 0.28, "不满意": 0.27}


# -- groups -----------------------------------------------------------------------------------


def test_positions_follow_the_prompt_not_code_points() -> None:
    # by code point 一般 < 不满意 < 满意, and all on 一般 would be 1.17 away
    found = row(Task.RESPONSE_GROUP, "A. 满意: 0%\nB. 一般: 100%\nC. 不满意: 0%", GOLD)
    assert found["w1"] == pytest.approx(0.45 + 0.27)
    assert found["gold"] == pytest.approx(SHARES)


@pytest.mark.parametrize(
    "predict",
    [
        "A: 45%\nB: 28%\nC: 27%",
        '{"A": 45, "B": 28, "C": 27}',
        "A、满意: 45%\nB、一般: 28%\nC、不满意: 27%",
        "Ａ．满意：45％\nＢ．一般：28％\nＣ．不满意：27％",
        "（A）满意: 45%\n（B）一般: 28%\n（C）不满意: 27%",
        "<think>满意: 90%</think>满意: 45%\n一般: 28%\n不满意: 27%",
        'analysis A. x: 80% assistantfinal{"满意": "45", "一般": "28", "不满意": "27"}',
        "预测如下\n满意: 45%\n一般: 28%\n不满意: 27%",
        "{'满意': 0.45, '一般': 0.28, '不满意': 0.27,",
    ],
)
@pytest.mark.parametrize("task", [Task.RESPONSE_GROUP, Task.STANCE_GROUP])
def test_shares_are_read_in_every_spelling(task: Task, predict: str) -> None:
    found = row(task, predict, GOLD)
    assert found["shares"] == pytest.approx(SHARES)
    assert found["w1"] == pytest.approx(0)


def test_english_options_are_seen() -> None:
    shown = prompt(("very", "somewhat", "not"), frame=ENGLISH)
    found = row(Task.RESPONSE_GROUP, "A: 10%\nB: 20%\nC: 70%", "A: 10%\nB: 20%\nC: 70%", shown)
    assert list(found["shares"]) == ["very", "somewhat", "not"]


def test_unreadable_shares_are_counted_not_scored_as_the_worst() -> None:
    contents = [
        {"prompt": prompt(), "predict": said, "label": GOLD} for said in (GOLD, "胡说", None)
    ]
    metrics = score(Task.RESPONSE_GROUP, *contents).metrics
    assert metrics["w1"] == pytest.approx(0)
    assert metrics["w1_with_penalty"] == pytest.approx(4 / 3)
    assert metrics["parse_rate"] == pytest.approx(1 / 3)
    assert metrics["outcomes"]["unparseable"] == metrics["outcomes"]["no_reply"] == 1
    assert metrics["n"] == 3


def test_two_unreadable_sides_are_no_perfect_score() -> None:
    found = score(Task.RESPONSE_GROUP, {"prompt": prompt(), "predict": "胡说", "label": "无"})
    assert found.metrics["w1"] is None
    assert found.metrics["n"] == 0
    assert found.metrics["n_left_out"] == 1
    assert "not scored" in found.problems[0].what
    assert found.rows["1"]["w1"] is None


def test_a_prompt_without_options_takes_those_of_the_label_and_says_so() -> None:
    content = {"prompt": "", "predict": "一般: 28%\n满意: 45%\n不满意: 27%", "label": GOLD}
    found = score(Task.RESPONSE_GROUP, content)
    assert found.metrics["w1"] == pytest.approx(0)
    assert "no options in the prompt" in found.problems[0].what


def test_a_label_may_be_an_object() -> None:
    found = row(Task.RESPONSE_GROUP, GOLD, {"满意": 45, "一般": 28, "不满意": 27})
    assert found["w1"] == pytest.approx(0)


def test_normalised_w1_and_tv_stand_beside_w1() -> None:
    metrics = score(
        Task.RESPONSE_GROUP, {"prompt": prompt(), "predict": "C: 100%", "label": "A: 100%"}
    ).metrics
    assert [metrics[name] for name in ("w1", "w1_normalized", "tv")] == [2, 1, 1]


# -- responses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "predict",
    ["A", "(A)", "满意", "A、满意", "Ａ．满意", "（A）满意", "A：满意", "A. 满意。", "**A. 满意**",
     "The answer is A.", "答案是A", "<think>B. 一般</think>A", "x</think>A. 满意",
     "analysisB. 一般assistantfinalA. 满意", '{"answer": "A"}'],
)  # fmt: skip
@pytest.mark.parametrize("label", ["A. 满意", "A", "满意", "(A) 满意"])
def test_the_right_option_is_right_however_it_is_written(predict: str, label: str) -> None:
    found = row(Task.RESPONSE, predict, label)
    assert (found["outcome"], found["answer"], found["correct"]) == ("answered", "满意", True)


def test_the_answer_is_b_is_not_e() -> None:
    shown = prompt(("a", "b", "c", "d", "e"), frame=ENGLISH)
    assert row(Task.RESPONSE, "The answer is B.", "B. b", shown)["answer"] == "b"


def test_two_options_are_unparseable_not_the_first() -> None:
    found = row(Task.RESPONSE, "A. 满意 B. 一般", "A. 满意")
    assert (found["outcome"], found["answer"], found["correct"]) == ("unparseable", None, False)


def test_an_option_is_its_text_whatever_its_letter() -> None:
    turned = ("不满意", "满意", "一般")
    contents = [
        {"prompt": prompt(), "predict": "A", "label": "A. 满意"},
        {"prompt": prompt(turned, age=30), "predict": "B", "label": "B. 满意"},
        {"prompt": prompt(turned, age=31), "predict": "A", "label": "C. 一般"},
    ]
    metrics = score(Task.RESPONSE, *contents).metrics
    # over texts: 满意 has F1 1, 一般 0; 不满意 was nobody's answer
    assert metrics["macro_f1"] == pytest.approx(0.5)
    assert list(metrics["by_question"]) == ["您对小区满意吗？"]
    assert metrics["accuracy"] == pytest.approx(2 / 3)


def test_junk_is_no_class_of_its_own() -> None:
    contents = [
        {"prompt": prompt(age=i), "predict": said, "label": "A. 满意"}
        for i, said in enumerate(["A", "junk one", "junk two", "junk three"])
    ]
    metrics = score(Task.RESPONSE, *contents).metrics
    assert metrics["macro_precision"] == 1
    assert metrics["macro_recall"] == 0.25
    assert metrics["macro_f1"] == pytest.approx(0.4)
    assert metrics["accuracy_of_parsed"] == 1
    assert metrics["accuracy"] == 0.25


def test_f1_is_taken_a_question_at_a_time() -> None:
    other = QUESTION.replace("您对小区满意吗？", "您幸福吗？")
    contents = [
        {"prompt": prompt(), "predict": "A", "label": "A"},
        {"prompt": prompt(age=3), "predict": "B", "label": "B"},
        {"prompt": prompt(frame=other), "predict": "B", "label": "A"},
    ]
    metrics = score(Task.RESPONSE, *contents).metrics
    assert metrics["macro_f1"] == pytest.approx((1 + 0) / 2)
    assert metrics["by_question"]["您幸福吗？"]["accuracy"] == 0
    assert metrics["by_question"]["您对小区满意吗？"]["n"] == 2


def test_a_dont_know_label_counts_where_it_is_an_option() -> None:
    options = (*MOOD, "不了解")
    assert row(Task.RESPONSE, "不了解", "D. 不了解", prompt(options))["correct"] is True
    found = score(Task.RESPONSE, {"prompt": prompt(), "predict": "A", "label": "D. 不了解"})
    assert found.metrics["n_left_out"] == 1
    assert "dont_know" in found.problems[0].what


def test_options_missing_from_a_prompt_are_those_of_the_question_s_labels() -> None:
    contents = [
        {"prompt": "", "question": "您幸福吗？", "predict": said, "label": label}
        for said, label in (("A. 是", "A. 是"), ("是", "A. 否"), ("也许", "B. 否"))
    ]
    found = score(Task.RESPONSE, *contents)
    assert [one["correct"] for one in found.rows.values()] == [True, False, False]
    assert len(found.problems) == 3


# -- stances ----------------------------------------------------------------------------------

REASON = "受访者去过社区医院，体验较好"
STANCE = '{"predict": "积极", "reason": "受访者去过社区医院，体验较好"}'


@pytest.mark.parametrize(
    "predict",
    [
        STANCE[:-1],
        STANCE[:-1] + ",}",
        STANCE.replace('"', "'"),
        f"结果如下：\n```json\n{STANCE}\n```\n以上。",
        f"<think>想</think>\n{STANCE}",
        f"想</think>{STANCE}",
        f"analysis想assistantfinal{STANCE}",
    ],
)
def test_slips_of_json_lose_neither_stance_nor_reason(predict: str) -> None:
    pytest.importorskip("jieba")
    found = row(Task.STANCE, predict, STANCE)
    assert found["correct"] is True
    assert found["rougeL"] == found["jaccard"] == found["cosine"] == 1


def test_a_row_without_reason_still_counts() -> None:
    metrics = score(Task.STANCE, {"predict": '{"predict": "积极"}', "label": STANCE}).metrics
    assert (metrics["n"], metrics["accuracy"], metrics["n_reasons"]) == (1, 1, 0)
    assert metrics["jaccard"] is None


def test_two_unparsed_stances_are_not_right() -> None:
    found = score(Task.STANCE, {"predict": "胡说", "label": "不是JSON"})
    assert found.metrics["accuracy"] is None
    assert found.metrics["n_left_out"] == 1
    assert found.rows["1"]["correct"] is None


def test_stances_are_averaged_over_three_real_ones() -> None:
    labels = ["positive", "neutral", "negative", "positive"]
    said = ["positive", "neutral", "junk", None]
    contents = [{"predict": p, "label": label} for p, label in zip(said, labels, strict=True)]
    found = score(Task.STANCE, *contents)
    assert found.metrics["macro_recall"] == pytest.approx((0.5 + 1 + 0) / 3)
    assert found.metrics["accuracy"] == 0.5
    assert found.metrics["accuracy_of_parsed"] == 1
    assert found.rows["1"]["answer"] == "positive"


# -- roles ------------------------------------------------------------------------------------

ROLE = "请根据对话内容，预测被访者的 “{field}”。\n可选值：{values}。\n请直接输出选项。"
RELATIONS = ROLE.format(field="家庭成员关系", values="父母、配偶、子女")


def test_relations_are_right_as_a_set_with_f1_beside() -> None:
    said = ["['父母']", "['配偶', '父母']", '["父母", "配偶"]', "[]"]
    contents = [{"prompt": RELATIONS, "predict": one, "label": "['父母', '配偶']"} for one in said]
    found = score(Task.ROLE, *contents)
    assert [one["correct"] for one in found.rows.values()] == [False, True, True, False]
    assert [one["set_f1"] for one in found.rows.values()] == pytest.approx([2 / 3, 1, 1, 0])
    assert found.metrics["set_f1"] == pytest.approx((2 / 3 + 2) / 4)
    assert found.rows["2"]["answer"] == ["父母", "配偶"]


@pytest.mark.parametrize(
    ("field", "values", "predict", "label"),
    [
        ("性别", "男、女", "**男**。", "男"),
        ("性别", "男、女", "<think>女", None),
        ("年龄", "18-25岁、26-35岁", "２６—３５岁", "26-35岁"),
        ("家里人口数", "1、2、3、4、5、6及以上", "一家三口", 3),
        ("家庭年收入", "5万以下、5万-20万", "[ '5万-20万' ]", "['5万-20万']"),
        ("家庭月消费主要支出项目", "住房（房贷等）、其他", "住房(房贷等)", "['住房（房贷等）']"),
    ],
)  # fmt: skip
def test_fields_are_read_both_sides_alike(
    field: str, values: str, predict: str, label: Any
) -> None:
    shown = ROLE.format(field=field, values=values)
    found = row(Task.ROLE, predict, "男" if label is None else label, shown)
    assert found["correct"] is (label is not None)


def test_fields_and_their_groups_are_told_apart() -> None:
    contents = [
        {"prompt": ROLE.format(field="性别", values="男、女"), "predict": "男", "label": "男"},
        {"prompt": RELATIONS, "predict": "父母", "label": "['配偶']"},
    ]
    found = score(Task.ROLE, *contents, field="gender")
    assert found.metrics["accuracy_by_group"] == {"Basic": 1, "Family": 0}
    assert found.metrics["by_field"]["家庭成员关系"]["set_f1"] == 0
    assert "not '性别'" in found.problems[0].what


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(InputError, match="no role field 'gendr'; did you mean 'gender'"):
        score(Task.ROLE, {"predict": "男", "label": "男"}, field="gendr")
    found = score(
        Task.ROLE, {"field": "星座", "prompt": "可选值：甲、乙", "predict": "甲", "label": "甲"}
    )
    assert found.metrics["accuracy"] == 1
    assert "none of the twelve" in found.problems[0].what
    bare = score(Task.ROLE, {"field": "星座", "predict": "甲", "label": "甲"})
    assert "no options in the prompt" in bare.problems[-1].what


# -- interviews -------------------------------------------------------------------------------


def test_each_dimension_has_its_own_mean_and_share_read() -> None:
    said = [
        '{"对话自然度": {"评分": 4}, "风格匹配度": {"评分": 3}, "访谈一致性": {"评分": 5}}',
        '{"对话自然度": {"评分": 2}, "风格匹配度": {"评分": 7}}',
        "坏",
    ]
    metrics = score(Task.INTERVIEW, *({"predict": one} for one in said)).metrics
    assert (metrics["naturalness"], metrics["style"], metrics["consistency"]) == (3, 3, 5)
    assert metrics["naturalness_share_read"] == pytest.approx(2 / 3)
    assert metrics["style_share_read"] == pytest.approx(1 / 3)
    assert metrics["outcomes"]["unparseable"] == 1
    assert metrics["n"] == 3


# -- all --------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", list(Task))
def test_an_empty_file_has_no_scores_and_no_error(task: Task) -> None:
    found = score(task)
    assert found.metrics["n"] == 0
    assert found.rows == {}
    assert found.metrics["parse_rate"] is None


@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize(
    "content",
    [{}, {"predict": None}, {"predict": 3, "label": []}, {"label": {"x": [1]}, "prompt": 5},
     {"predict": "{" * 50, "label": "\x00", "instruction": "选项："}, {"predict": ["A"],
     "label": "A", "prompt": "选项：\nA. a\nB. b"}],
    ids=str,
)  # fmt: skip
def test_no_row_is_dropped_and_none_raises(task: Task, content: dict[str, Any]) -> None:
    found = score(task, content, content)
    assert set(found.rows) == {"1", "2"}
    assert found.metrics["n"] + found.metrics["n_left_out"] == found.metrics["n_rows"] == 2
    if found.metrics["n_left_out"]:
        assert any("not scored" in problem.what for problem in found.problems)


def test_a_row_without_prediction_is_no_reply_and_named() -> None:
    found = score(Task.RESPONSE, {"prompt": prompt(), "label": "A"})
    assert found.rows["1"]["outcome"] == "no_reply"
    assert found.metrics["accuracy"] == 0
    assert "no prediction" in found.problems[0].what


def test_cases_that_come_twice_and_repeated_rows_are_named_and_kept() -> None:
    content = {"prompt": prompt(), "predict": "A", "label": "A"}
    rows = [PredictionRow(1, "x", content), PredictionRow(2, "x", content)]
    found = score_strict(Task.RESPONSE, rows)
    assert list(found.rows) == ["x", "x (line 2)"]
    assert found.metrics["n"] == 2
    assert len(found.problems) == 2


def test_intervals_widen_when_rows_are_of_the_same_people() -> None:
    contents = [
        {"prompt": prompt(age=i), "predict": "A" if i % 40 < 20 else "B", "label": "A"}
        for i in range(400)
    ]
    alone = score(Task.RESPONSE, *contents).metrics
    people = [{**one, "person_id": i % 40} for i, one in enumerate(contents)]
    together = score(Task.RESPONSE, *people).metrics
    assert together["resampled"] == "respondents"
    assert (alone["n_units"], together["n_units"]) == (400, 40)
    width = [one["accuracy_high"] - one["accuracy_low"] for one in (alone, together)]
    assert width[0] == pytest.approx(2 * 1.96 * (0.25 / 400) ** 0.5, rel=0.25)
    assert width[1] == pytest.approx(2 * 1.96 * (0.25 / 40) ** 0.5, rel=0.25)


def test_scores_depend_on_the_seed_alone() -> None:
    contents = [{"prompt": prompt(age=i), "predict": "AB"[i % 2], "label": "A"} for i in range(30)]
    one, two, other = (score(Task.RESPONSE, *contents, seed=seed).metrics for seed in (1, 1, 2))
    assert one == two
    assert one["accuracy_low"] != other["accuracy_low"]
