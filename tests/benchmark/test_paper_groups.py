"""Paper mode, group tasks: options of the prompt, shares of a text, and the distance."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey.benchmark.paper import score_paper
from alignsurvey.benchmark.paper.groups import options_in, score_group, shares_in
from alignsurvey.benchmark.rows import PredictionRow, Task

PROMPT = "满意吗？\n选项：\nA. 满意\nB. 一般\nC. 不满意\n\n请回答："
OPTIONS = {"A": "满意", "B": "一般", "C": "不满意"}
LABEL = "A. 满意: 50%\nB. 一般: 30%\nC. 不满意: 20%"


def one(predict: object, label: object = LABEL, prompt: str = PROMPT) -> dict[str, Any]:
    return score_group(
        PredictionRow(1, "1", {"prompt": prompt, "predict": predict, "label": label})
    )


@pytest.mark.parametrize(
    ("prompt", "options"),
    [
        (PROMPT, OPTIONS),
        ("选项：\nA.满意\n  B. 一般 \n\nC. 不满意", {"A": "满意", "B": "一般"}),
        ("选项：\nA. yes", {"A": "yes"}),
        ("选项：A. yes\nB. no", {"A": "yes", "B": "no"}),
        ("选项:\nA. yes\nB. no\n", {}),
        ("Options:\nA. yes\nB. no\n", {}),
        ("选项：\nA、yes\nB、no\n\n", {}),
        ("选项：\na. yes\n", {}),
        ("", {}),
    ],
)
def test_options_stand_under_the_chinese_heading(prompt: str, options: dict[str, str]) -> None:
    assert options_in(prompt) == options


@pytest.mark.parametrize(
    ("value", "shares"),
    [
        ('{"满意": "45%", "一般": "55.5%"}', {"满意": 0.45, "一般": 0.555}),
        ('{"满意": 45, "一般": 0.5}', {"满意": 45.0, "一般": 0.5}),
        ('{"满意": true, "一般": false}', {"满意": 1.0, "一般": 0.0}),
        ('{"满意": "45", "一般": "55"}', {}),
        ('{"满意": "45%", "一般": 55}', {}),
        ('{"满意": "约45%"}', {}),
        ('{"a": {"满意": 45}}', {}),
        ("{}", {}),
        ("[45, 55]", {}),
        ('```json\n{"满意": 45}\n```', {}),
        ("A. 随便: 45%\nB. x：55%", {"满意": 0.45, "一般": 0.55}),
        ("A.满意:45%，D. **其他**: 5%", {"满意": 0.45, "**其他**": 0.05}),
        ("A. 满意: 45%\nA. 满意: 99%", {"满意": 0.99}),
        ("说: 1%\nA. 满意: 45%", {"满意": 0.45}),
        ("A. 满意 45%\nB. 一般: 55%", {"满意": 0.55}),  # the text runs on to the next colon
        ("满意: 45%\n一般： 55.5%", {"满意": 0.45, "一般": 0.555}),
        ("如下\n满意: 45%\n一般: 55%", {"如下\n满意": 0.45, "一般": 0.55}),
        ("满意: 45%; 一般: 55%", {"满意": 0.45, "; 一般": 0.55}),
        ("预测: 满意: 45%", {"满意": 0.45}),
        ("A: 45%", {"A": 0.45}),
        ("(A) 满意: 45%", {"(A) 满意": 0.45}),
        ("A、满意: 45%", {"A、满意": 0.45}),
        ("a. 满意: 45%", {"a. 满意": 0.45}),
        ("满意: 约45%", {}),
        ("满意: 45", {}),
        ("满意: 45％", {}),
        ("满意 45%", {}),
        ("", {}),
        (None, {}),
        ({"满意": 45}, {}),
    ],
)
def test_shares_are_read_as_released(value: object, shares: dict[str, float]) -> None:
    assert shares_in(value, OPTIONS) == pytest.approx(shares)


@given(st.text(alphabet='A.:：% \n{}"5满意'))
def test_any_text_has_a_distance(text: str) -> None:
    assert one(text)["wd"] >= 0


def test_distance_is_in_the_code_point_order_of_the_names() -> None:
    shown = one("A. 满意: 0%\nB. 一般: 0%\nC. 不满意: 100%")
    assert shown["category_order"] == ["一般", "不满意", "满意"]
    assert shown["wd"] == pytest.approx(0.5 * 1 + 0.3 * 1)
    assert not shown["default_map"]


def test_scale_of_the_weights_does_not_matter() -> None:
    assert one('{"满意": 5, "一般": 3, "不满意": 2}')["wd"] == pytest.approx(0)


def test_new_names_are_new_places() -> None:
    shown = one("A: 50%\nB: 30%\nC: 20%")
    assert len(shown["category_order"]) == 6
    assert shown["wd"] > 2


def test_the_default_options_stand_in_for_any_question() -> None:
    shown = one("A. x: 100%", label="A. y: 50%\nD. z: 50%", prompt="Options:\nA. y\nD. z")
    assert shown["default_map"]
    assert shown["option_map"] == {}
    assert shown["label_dist"] == {"积极": 0.5, "z": 0.5}
    assert shown["pred_dist"] == {"积极": 1.0}


@pytest.mark.parametrize(
    "predict", ["?", None, "A. 满意: 0%", '{"满意": NaN}', '{"满意": -1, "一般": 2}']
)
def test_an_unreadable_or_zero_prediction_is_as_far_as_can_be(predict: object) -> None:
    assert one(predict)["wd"] == 2.0


@pytest.mark.parametrize("label", ["无", {"满意": 45}, "A. 满意: 0%", None])
def test_a_row_with_an_unreadable_label_is_left_out(label: object) -> None:
    shown = one(LABEL, label)
    assert shown["ignored"]
    assert shown["wd"] is None


def test_two_unreadable_sides_agree() -> None:
    shown = one("?", "无")
    assert (shown["ignored"], shown["wd"], shown["category_order"]) == (False, 0.0, [])


@pytest.mark.parametrize("task", [Task.STANCE_GROUP, Task.RESPONSE_GROUP])
def test_the_mean_is_over_the_rows_that_are_left(task: Task) -> None:
    contents = [
        {"prompt": PROMPT, "predict": LABEL, "label": LABEL},
        {"instruction": PROMPT, "prediction": "?", "output": LABEL},
        {"prompt": PROMPT, "predict": LABEL, "label": "?"},
        {"prompt": PROMPT, "predict": "?", "label": "?"},
    ]
    rows = [PredictionRow(n, str(n), content) for n, content in enumerate(contents, 1)]
    score = score_paper(task, rows)
    assert score.metrics["mean_wd"] == pytest.approx((0 + 2 + 0) / 3)
    assert [problem.line for problem in score.problems] == [2, 3, 4]
    assert score_paper(task, rows[2:3]).metrics["mean_wd"] is None
