"""Parse rates of paper mode: what the released scorers themselves could read."""

from __future__ import annotations

import pytest

from alignsurvey.benchmark.paper import score_paper
from alignsurvey.benchmark.paper.reading import paper_read
from alignsurvey.benchmark.rows import PredictionRow, Task

STANCE = '{"predict": "积极", "reason": "好"}'


@pytest.mark.parametrize(
    ("task", "field", "label", "reply", "read"),
    [
        (Task.RESPONSE, None, "A. 满意", "A. 满意", True),
        (Task.RESPONSE, None, "A. 满意", "The answer is A.", True),
        (Task.RESPONSE, None, "A. 满意", "满意", False),
        (Task.RESPONSE, None, "A. 满意", "", False),
        (Task.RESPONSE, None, "A. 满意", "<think>A. 满意</think>满意", False),
        (Task.STANCE, None, STANCE, STANCE, True),
        (Task.STANCE, None, STANCE, STANCE[:-2], True),
        (Task.STANCE, None, STANCE, "积极", False),
        (Task.STANCE, None, STANCE, '{"predict": "积极"}', False),
        (Task.ROLE, "性别", "男", "男性", True),
        (Task.ROLE, "性别", "男", "<think>男", False),
        (Task.ROLE, "家里人口数", "3", "家里有3口人", True),
        (Task.ROLE, "家里人口数", "3", "3到4人", False),
        (Task.ROLE, "家庭成员关系", "['父母']", "['配偶']", True),
        (Task.ROLE, "家庭成员关系", "['父母']", "父母", False),
        (Task.RESPONSE_GROUP, None, "满意: 100%", "满意: 60%\n一般: 40%", True),
        (Task.RESPONSE_GROUP, None, "满意: 100%", "大多数满意", False),
        (Task.RESPONSE_GROUP, None, "满意: 100%", "满意: 0%", False),
    ],
)
def test_a_reply_is_read_if_the_released_rule_finds_what_it_looks_for(
    task: Task, field: str | None, label: str, reply: str, read: bool
) -> None:
    row = PredictionRow(1, "1", {"predict": reply, "label": label})
    score = score_paper(task, [row], field)
    assert paper_read(task, [reply], score, field).tolist() == [read]
