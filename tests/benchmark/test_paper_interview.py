"""Paper mode, Task 2: what is read of a judge's reply."""

from __future__ import annotations

import json

import pytest

from alignsurvey.benchmark.paper import score_paper
from alignsurvey.benchmark.paper.interview import judge_scores
from alignsurvey.benchmark.rows import PredictionRow, Task

NAMES = ("对话自然度", "风格匹配度", "访谈一致性")
Scores = tuple[int | None, int | None, int | None]
NOTHING: Scores = (None, None, None)


def reply(*scores: object) -> str:
    return json.dumps(
        {
            name: {"评分": score, "评语": "好"}
            for name, score in zip(NAMES, scores, strict=True)
            if score != "absent"
        },
        ensure_ascii=False,
    )


FULL = reply("4", 3, 5)


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        (FULL, (4, 3, 5)),
        (f"```json\n{FULL}\n```", (4, 3, 5)),
        (f"如下：\n```json\n{FULL}\n```\n完", (4, 3, 5)),
        (f"  {FULL}\n", (4, 3, 5)),
        (f"如下：{FULL}", NOTHING),
        (f"{FULL}完毕", NOTHING),
        (f"<think>想</think>{FULL}", NOTHING),
        (reply(4.9, 3, 5), (4, 3, 5)),
        (reply("4.5", 3, 5), NOTHING),
        (reply("4分", 3, 5), NOTHING),
        (reply("７", 3, 5), (7, 3, 5)),
        (reply(True, 3, 5), (1, 3, 5)),
        (reply(0, 3, 5), (None, 3, 5)),
        (reply("", 3, 5), (None, 3, 5)),
        (reply("absent", 3, 5), (None, 3, 5)),
        (reply(4, "absent", 5), (4, None, None)),
        (reply(4, 0, 5), (4, None, None)),
        (reply(4, None, "absent"), (4, None, None)),
        (reply(4, 3, "absent"), NOTHING),
        (reply(4, 3, None), NOTHING),
        (reply([4], 3, 5), NOTHING),
        ('{"对话自然度": 4, "风格匹配度": 3, "访谈一致性": 5}', NOTHING),
        ("[4, 3, 5]", NOTHING),
        ("{", NOTHING),
        ("", NOTHING),
        ("{" * 100_000, NOTHING),
    ],
)
def test_json_is_read_as_released(text: str, scores: Scores) -> None:
    assert tuple(judge_scores(text).values()) == scores


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("".join(f"**{name}**：**评分**：{n}\n" for n, name in enumerate(NAMES, 2)), (2, 3, 4)),
        ("".join(f"**{name}**: **评分**: {n}\n" for n, name in enumerate(NAMES, 2)), (2, 3, 4)),
        ("1. 对话自然度（满分5）：**评分**：4", (4, None, None)),
        ("### 对话自然度：\n**评分**：4", (4, None, None)),
        ("对话自然度：评分：4", NOTHING),
        ("对话自然度**评分**：4", NOTHING),
        ("风格匹配度：**评分**：四", NOTHING),
    ],
)
def test_markdown_is_the_fallback(text: str, scores: Scores) -> None:
    assert tuple(judge_scores(text).values()) == scores


@pytest.mark.parametrize("raw", [None, 4, ["4"], {"评分": 4}])
def test_a_reply_that_is_no_text_has_no_scores(raw: object) -> None:
    assert set(judge_scores(raw).values()) == {None}


def test_means_are_over_the_scores_read_with_two_decimals() -> None:
    replies = [reply(4, 3, 5), reply(0, 3, 4), reply(5, 4, 4), "?"]
    rows = [PredictionRow(n, str(n), {"predict": one}) for n, one in enumerate(replies, 1)]
    score = score_paper(Task.INTERVIEW, rows)
    means = {name: score.metrics[name] for name in ("naturalness", "style", "consistency")}
    assert means == {"naturalness": 4.5, "style": 3.33, "consistency": 4.33}
    assert [problem.line for problem in score.problems] == [2, 4]
    assert score_paper(Task.INTERVIEW, rows[3:]).metrics["style"] is None
