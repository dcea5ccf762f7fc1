"""Positions of a group's options: from a codebook where it knows the item, else the prompt's."""

from __future__ import annotations

from typing import Any

import pytest

from alignsurvey.benchmark.rows import FileScore, PredictionRow, Task
from alignsurvey.benchmark.strict import score_strict
from alignsurvey.survey import Codebook, codebook_from_yaml

TEXT = """variables:
  mood: {text: "Content?", scale: ordinal, values: [[3, no, 0], [1, partly, 1], [2, very, 4]]}
  sport: {text: "Which sport?", values: [[1, tennis], [2, chess], [3, golf]]}
  often: {text: "How often?", scale: ordinal, values: [[1, never], [2, often]]}
  seldom: {text: "How seldom?", scale: ordinal, values: [[1, often], [2, never]]}
"""
BOOK = codebook_from_yaml(TEXT, "book.yaml")


def score(
    question: str, options: list[str], predict: str, label: str, book: Codebook | None = BOOK,
    task: Task = Task.RESPONSE_GROUP,
) -> tuple[FileScore, dict[str, Any]]:  # fmt: skip
    lines = "\n".join(f"{'ABCD'[i]}. {text}" for i, text in enumerate(options))
    prompt = f"Survey question:\n{question}\nOptions:\n{lines}\n\nAnswer."
    row = PredictionRow(1, "1", {"prompt": prompt, "predict": predict, "label": label})
    found = score_strict(task, [row], replicates=0, codebook=book)
    return found, dict(found.rows["1"])


@pytest.mark.parametrize("task", [Task.RESPONSE_GROUP, Task.STANCE_GROUP])
@pytest.mark.parametrize("question", ["Content?", "“content?”", "MOOD", "Something else"])
def test_scores_of_the_codebook_hold_whatever_the_order_shown(question: str, task: Task) -> None:
    found, row = score(question, ["very", "no", "partly"], "A: 100%", "B: 100%", task=task)
    assert row["w1"] == 4
    assert found.metrics["w1_normalized"] == 1
    assert not found.problems


def test_without_a_codebook_the_order_of_the_prompt_holds() -> None:
    found, row = score("Content?", ["very", "no", "partly"], "A: 100%", "B: 100%", book=None)
    assert (row["w1"], found.metrics["w1_normalized"]) == (1, 0.5)


def test_a_prompt_may_show_some_of_the_options() -> None:
    assert score("Content?", ["very", "no"], "A: 50%, B: 50%", "B: 100%")[1]["w1"] == 2


def test_a_nominal_item_has_tv_and_no_w1() -> None:
    found, row = score("Which sport?", ["chess", "golf"], "A: 100%", "B: 100%")
    assert row["w1"] is found.metrics["w1"] is found.metrics["w1_with_penalty"] is None
    assert (found.metrics["tv"], found.metrics["n_nominal"]) == (1, 1)
    assert "nominal" in found.problems[0].what


@pytest.mark.parametrize(
    ("question", "options", "why"),
    [
        ("Content?", ["no", "perhaps"], "the codebook's 'mood' lacks 'perhaps'"),
        ("Rich?", ["poor", "rich"], "is not in the codebook"),
        ("At times?", ["never", "often"], "could be several items"),
    ],
)
def test_an_item_that_is_not_found_is_named_and_keeps_the_prompts_order(
    question: str, options: list[str], why: str
) -> None:
    found, row = score(question, options, "A: 100%", "B: 100%")
    assert row["w1"] == 1
    assert why in found.problems[0].what
    assert "order of the prompt" in found.problems[0].what


def test_an_unreadable_reply_is_charged_the_longest_distance_of_the_scale() -> None:
    metrics = score("Content?", ["very", "no"], "?", "A: 100%")[0].metrics
    assert (metrics["w1"], metrics["w1_with_penalty"]) == (None, 4)
