"""Paper mode, Task 4: which class is read, which rows are dropped, what is averaged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey.benchmark.paper import score_paper
from alignsurvey.benchmark.paper.response import option_of
from alignsurvey.benchmark.rows import FileScore, PredictionRow, Task


def scored(*contents: dict[str, Any]) -> FileScore:
    rows = [PredictionRow(n, str(n), content) for n, content in enumerate(contents, 1)]
    return score_paper(Task.RESPONSE, rows)


@pytest.mark.parametrize(
    ("text", "letter", "rest"),
    [
        # (1) a letter, then a full stop or a space.
        ("A. 满意", "A", "满意"),
        (" b 满意\n", "B", "满意"),
        ("A.", "A", ""),
        ("A.满意\n因为好", "A", "满意\n因为好"),
        ("我 选A. 满意", "我", "选A. 满意"),
        ("é. x", "É", "x"),
        ("I am satisfied", "I", "am satisfied"),
        # (2) in round brackets, to the end of the line.
        ("(A) 满意\n因为好", "A", "满意"),
        ("(a)满意", "A", "满意"),
        ("(A)", "A", ""),
        # (3) the first letter before a full stop, bracket or blank, to the end of the line.
        ("The answer is B. no", "E", "answer is B. no"),
        ("答案：A. 满意\n因为好", "A", "满意"),
        ("**A. 满意**", "A", "满意**"),
        ("选A)满意", "A", "满意"),
        ("（A) 满意", "A", "满意"),
        ("1. a ). 满意", "A", "满意"),
        # (4) none.
        ("A", "", "A"),
        ("A满意", "", "A满意"),
        ("A．满意", "", "A．满意"),
        ("A: 满意", "", "A: 满意"),
        ("A、满意", "", "A、满意"),
        ("（A）满意", "", "（A）满意"),
        ("1. 满意", "", "1. 满意"),
        ("", "", ""),
    ],
)
def test_an_option_is_read_as_released(text: str, letter: str, rest: str) -> None:
    assert option_of(text) == (letter, rest)


@given(st.text())
def test_any_text_has_a_class(text: str) -> None:
    letter, rest = option_of(text)
    assert letter == letter.upper()
    assert isinstance(rest, str)


@pytest.mark.parametrize(
    ("predict", "shown"),
    [
        ("<think>a</think>B. 一般</think>A. 满意", "A满意"),
        ("<think>满意 A. 满意", "A满意"),
        ("想</think>满意", "想</think>满意"),  # a lone closing tag stays
        ("想assistantfinalB. 一般assistantfinalA. 满意", "A满意"),
        (None, ""),
        (3, ""),
    ],
)
def test_thoughts_and_final_channels(predict: object, shown: str) -> None:
    got = scored({"predict": predict, "label": "A. 满意"}).rows["1"]["pred_class"]
    assert got == shown


@pytest.mark.parametrize("label", ["", "  ", "D. 不了解，说不清", "不了解", None, 3])
def test_rows_with_an_empty_or_dont_know_label_are_dropped(label: object) -> None:
    score = scored({"predict": "D. 不了解，说不清", "label": label})
    assert score.rows["1"] == {
        "counted": False, "label_class": None, "pred_class": None, "correct": False,
    }  # fmt: skip
    assert score.metrics["total_count"] == 0
    assert score.metrics["accuracy"] is None
    assert [problem.line for problem in score.problems] == [1]


def test_the_label_is_cleaned_too() -> None:
    rows = scored(
        {"predict": "A. x", "label": "analysisassistantfinalA. x"},
        {"predict": "A. x", "label": "<think>\n</think>A. x"},
        {"prediction": "(a) x", "output": "A. x"},
    ).rows
    assert all(one["correct"] for one in rows.values())


def test_metrics_pool_all_classes_and_split_accuracy_by_label_letter() -> None:
    metrics = scored(
        {"predict": "A. x", "label": "A. x"},
        {"predict": "x", "label": "A. x"},
        {"predict": "B. y", "label": "B. y"},
        {"predict": "?", "label": "D. z"},
        {"predict": "?", "label": "不了解"},
    ).metrics
    assert metrics["accuracy"] == 0.5
    assert (metrics["correct_count"], metrics["total_count"]) == (2, 4)
    assert metrics["accuracy_by_option"] == {"A": 0.5, "B": 1.0, "C": 0.0}
    assert metrics["count_by_option"] == {"A": 2, "B": 1, "C": 0}
    # Classes: Ax, x, By, Dz, ?
    assert metrics["precision_macro"] == pytest.approx(2 / 5)
    assert metrics["recall_macro"] == pytest.approx(1.5 / 5)
    assert metrics["f1_macro"] == pytest.approx((2 / 3 + 1) / 5)
    assert metrics["f1_weighted"] == pytest.approx((2 * 2 / 3 + 1) / 4)
    assert metrics["precision_weighted"] == pytest.approx(3 / 4)
    assert metrics["recall_weighted"] == pytest.approx(0.5)
