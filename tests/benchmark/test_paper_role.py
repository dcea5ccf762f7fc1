"""Paper mode, Task 1: each rule of the released scorer on a row of its own."""

from __future__ import annotations

from typing import Any

import pytest

from alignsurvey.benchmark.paper import score_paper
from alignsurvey.benchmark.paper.fields import ROLE_FIELDS, field_in_name, known_field
from alignsurvey.benchmark.rows import FileScore, PredictionRow, Task
from alignsurvey.errors import InputError


def rows_of(*contents: dict[str, Any]) -> list[PredictionRow]:
    return [PredictionRow(n, str(n), content) for n, content in enumerate(contents, 1)]


def judged(field: str, content: dict[str, Any]) -> bool:
    score: FileScore = score_paper(Task.ROLE, rows_of(content), field)
    return bool(score.rows["1"]["correct"])


@pytest.mark.parametrize(
    ("field", "predict", "label", "right"),
    [
        # Final channels and thoughts.
        ("性别", "想assistantfinal女assistantfinal男", "男", True),
        ("性别", "assistantfinal", "", True),
        ("性别", "男", "analysisassistantfinal男", True),
        ("性别", "男", "女analysisassistantfinal女analysisassistantfinal男", True),
        ("性别", "男", "想assistantfinal男", False),  # a label is not cut at the short marker
        ("性别", "<think>女</think>\n男 ", "男", True),
        ("性别", "前文<think>女</think>男", "男", True),
        ("性别", "<think>女</think>男</think>女", "男", True),
        ("性别", "<think>女", "", True),  # nothing is left of an open thought
        ("性别", "想</think>男", "男", False),
        ("性别", "想</think>男", "想</think>男", True),
        ("性别", "男", "<think>女</think>男", True),
        # Members: any overlap of single-quoted items.
        ("家庭成员关系", "['子女', '配偶']", "['父母', '配偶']", True),
        ("家庭成员关系", "我和'父母'住", "['父母']", True),
        ("家庭成员关系", "父母", "父母", False),
        ("家庭成员关系", '["父母"]', "['父母']", False),
        # Size: one run of digits, the whole label.
        ("家里人口数", "共4口人", "4", True),
        ("家里人口数", "4口人，4个", "4", False),
        ("家里人口数", "4", "4人", False),
        ("家里人口数", "没有", "", False),
        # Spending: the first item without its note, if the label has brackets.
        ("家庭月消费主要支出项目", "['a（x）', 'b']", "['a (y)']", True),
        ("家庭月消费主要支出项目", "['a（x）', 'b']", "['a(y)', 'c']", True),
        ("家庭月消费主要支出项目", "a", "['a（x）']", True),
        ("家庭月消费主要支出项目", "a（x）", "['a（x）']", False),
        ("家庭月消费主要支出项目", "['a（x）']", "a（x）", False),
        ("家庭月消费主要支出项目", "[a（x）]", "[a（x）]", True),
        # Income: brackets, then quotes, on both sides, if the label has brackets.
        ("家庭年收入", "5万以下", "['5万以下']", True),
        ("家庭年收入", '["5万以下"]', "['5万以下']", True),
        ("家庭年收入", "[ '5万以下']", "['5万以下']", False),
        ("家庭年收入", "['5万以下']", "5万以下", False),
        ("家庭年收入", "'5万以下'", "'5万以下'", True),
        # All others: equal once trimmed.
        ("职业类型", "\t退休\n", " 退休 ", True),
        ("职业类型", "退休人员", "退休", False),
        ("职业类型", "['退休']", "退休", False),
        # No other field takes brackets off.
        ("年龄", "26-35岁", "['26-35岁']", False),
    ],
)
def test_a_field_is_judged_by_its_rule(field: str, predict: str, label: str, right: bool) -> None:
    assert judged(field, {"predict": predict, "label": label}) is right
    assert judged(field, {"prediction": predict, "output": label}) is right


@pytest.mark.parametrize(
    ("content", "right"),
    [
        ({"predict": None, "label": ""}, True),
        ({"predict": 3, "label": ""}, True),
        ({"predict": ["有"], "label": ""}, True),
        ({"label": "none"}, True),  # an absent prediction is the text "none"
        ({"label": ""}, False),
        ({"predict": "有", "label": "有", "output": "无"}, True),
        ({"predict": "有"}, False),
        ({"predict": "有", "label": None}, False),
    ],
)
def test_missing_sides_are_read_as_released(content: dict[str, Any], right: bool) -> None:
    assert judged("有房", content) is right


def test_accuracy_counts_every_row() -> None:
    score = score_paper(Task.ROLE, rows_of({"predict": "有", "label": "有"}, {}), "有房")
    assert score.metrics == {"accuracy": 0.5, "correct": 1, "total": 2}


def test_rows_may_each_name_their_field() -> None:
    size = {"predict": "3口", "label": "3"}
    score = score_paper(
        Task.ROLE, rows_of(size | {"field": "家里人口数"}, size | {"field": "年龄"}), None
    )
    assert [one["correct"] for one in score.rows.values()] == [True, False]


def test_a_row_without_field_is_an_error_that_lists_the_twelve() -> None:
    with pytest.raises(InputError, match=r"line 1: .*--field") as caught:
        score_paper(Task.ROLE, rows_of({"predict": "3", "label": "3"}), None)
    assert all(field in str(caught.value) for field in ROLE_FIELDS)


def test_an_unknown_field_of_a_row_is_a_problem() -> None:
    score = score_paper(Task.ROLE, rows_of({"predict": "a", "label": "a", "field": "爱好"}), None)
    assert score.rows["1"]["correct"]
    assert "爱好" in score.problems[0].what


def test_the_field_is_found_in_a_file_name(tmp_path: Any) -> None:
    assert field_in_name(tmp_path / "task1_家庭月消费主要支出项目_pred.json")
    assert field_in_name(tmp_path / "有房和有车.json") is None
    assert field_in_name(tmp_path / "年龄" / "task1.json") is None


def test_a_field_may_be_named_in_english() -> None:
    assert known_field("Age".lower()) == known_field("年龄") == "年龄"
    with pytest.raises(InputError, match="no field 'agee' in Task 1: did you mean 'age'"):
        known_field("agee")
