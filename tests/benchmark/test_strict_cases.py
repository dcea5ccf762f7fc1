"""Rows with the released scorers' results: strict mode differs exactly where a fault is named."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from alignsurvey.benchmark.rows import FileScore, PredictionRow, Task
from alignsurvey.benchmark.strict import score_strict

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("ALIGNSURVEY_SHARED_DATA", ROOT.parent / "shared" / "data"))
CASES = DATA / "scorer_cases"

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(),
    reason="the released scorers' cases are not at hand (set ALIGNSURVEY_SHARED_DATA)",
)

FILES = {
    "task1": Task.ROLE,
    "task2": Task.INTERVIEW,
    "task3": Task.STANCE,
    "task3_group": Task.STANCE_GROUP,
    "task4": Task.RESPONSE,
    "task4_group": Task.RESPONSE_GROUP,
}

# What is odd about a row, and what is then read; all other rows must be read and be right
# wherever the released scorer found them right.
READ = {
    "task1": {
        "none": False, "partial counts full": False, "think removed": False, "wrong": False,
        "substring no": False,
    },
    "task3": {"empty label": "unparseable", "dropped: json null": "unparseable",
              "dropped: no predict": "no_reply", "both unparsed: counted correct": "unparseable"},
    "task4": {"two options": "unparseable", "letter wrong text right": "unparseable",
              "open think": "no_reply", "empty": "no_reply", "refusal zh": "refused",
              "dont know as prediction": "dont_know", "label blank: dropped": "no_reply",
              "label dont know: dropped even if right": "dont_know"},
}  # fmt: skip
UNREAD_ROLES = {
    "apostrophe shifts quotes", "two numbers", "empty", "think not closed", "english", "yes",
    "predict null", "predict is a number",
}  # fmt: skip
UNREAD_SHARES = {
    "half mass: scale is ignored", "sum over 100", "text and letter disagree: letter wins",
    "extra option", "json list", "refusal", "text only", "both unreadable: scored 0",
    "predict null", "all zero: worst value", "last option missing", "repeat: last wins",
    "empty object", "json booleans", "empty", "letter only", "one option, no percent",
}  # fmt: skip


@lru_cache(maxsize=6)
def scored(name: str) -> tuple[list[PredictionRow], FileScore]:
    lines = (CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    contents = [json.loads(line) for line in lines]
    rows = [PredictionRow(i, one["case"], one) for i, one in enumerate(contents, 1)]
    return rows, score_strict(FILES[name], rows, replicates=50)


def readings(name: str) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    rows, score = scored(name)
    return [
        (row.case, row.content["note"], row.content["expected"], dict(score.rows[row.case]))
        for row in rows
    ]


@pytest.mark.parametrize("name", FILES)
def test_every_row_is_shown_and_counted(name: str) -> None:
    rows, score = scored(name)
    assert list(score.rows) == [row.case for row in rows]
    assert score.metrics["n_rows"] == len(rows)
    assert sum(score.metrics["outcomes"].values()) == score.metrics["n"]
    left_out = [problem for problem in score.problems if "not scored" in problem.what]
    assert len(left_out) == score.metrics["n_left_out"]


@pytest.mark.parametrize("name", ["task1", "task3", "task4"])
def test_exact_rows_are_right(name: str) -> None:
    exact = [row for row in readings(name) if row[1].startswith("exact")]
    assert all(row["correct"] is True for _, _, _, row in exact)


def test_roles() -> None:
    for case, note, paper, row in readings("task1"):
        if note in UNREAD_ROLES or (note == "synonym" and row["gold"] == "城镇"):
            assert row["answer"] is None, case
            assert row["correct"] is False, case
        else:
            assert row["correct"] is READ["task1"].get(note, True), case
        if note == "partial counts full":
            assert paper["correct"], case
            assert row["set_f1"] == pytest.approx(2 / 3)


def test_judges() -> None:
    for case, note, paper, row in readings("task2"):
        for dimension, given in paper.items():
            if given is not None and 1 <= given <= 5:
                assert row[dimension] == given, (case, note)
        expected = {"empty": "no_reply", "broken": "unparseable"}.get(note, "answered")
        assert row["outcome"] == expected, (case, note)


def test_stances_and_responses() -> None:
    for name in ("task3", "task4"):
        for case, note, paper, row in readings(name):
            outcome = READ[name].get(note, "answered")
            assert row["outcome"] == outcome, (case, note)
            if outcome == "answered":
                wrong = paper.get("correct") is False and note in ("grid", "four options")
                assert row["correct"] is (not wrong), (case, note)


def test_shares() -> None:
    for name in ("task3_group", "task4_group"):
        for case, note, _, row in readings(name):
            unread = note in UNREAD_SHARES
            assert (row["outcome"] != "answered") is unread, (case, note)
            assert (row["shares"] is None) is unread, (case, note)
            moved = note in ("all on 1", "all on 3", "uniform", "reversed", "decimals",
                             "output instead of label")  # fmt: skip
            if row["gold"] is not None and not unread:
                assert (row["w1"] > 1e-9) is moved, (case, note)


def test_a_distance_of_the_released_scorer_is_ours_where_its_order_is_ours() -> None:
    for name in ("task3_group", "task4_group"):
        for case, note, paper, row in readings(name):
            shares = row["shares"] or {}
            ours = bool(shares) and paper["category_order"] == list(shares)
            if ours and paper["wd"] is not None and set(paper["pred_dist"]) == set(shares):
                assert row["w1"] == pytest.approx(paper["wd"], abs=1e-9), (case, note)
