"""What the released scorers could read of the replies: parse rates of paper mode.

The released scripts count no parse rate. Where a script has a notion of an unreadable reply, it is
taken from there; where it compares whatever text there is, a reply is read if its rule finds what
it looks for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alignsurvey.benchmark.paper.cleaning import (
    after_first_thought,
    after_last_thought,
    final_prediction,
)
from alignsurvey.benchmark.paper.response import option_of
from alignsurvey.benchmark.paper.stance import ERROR
from alignsurvey.benchmark.rows import FileScore, Task


def paper_read(
    task: Task, replies: Sequence[str], score: FileScore, field: str | None = None
) -> NDArray[np.bool_]:
    """Say of each reply whether the released scorer of its task could read it.

    Parameters
    ----------
    task : Task
    replies : sequence of str, shape (n,)
    score : FileScore
        What `score_paper` gave for them, rows in the order of the replies.
    field : str, optional
        Of the role task.

    Returns
    -------
    array of bool, shape (n,)
        Role: something is left after thoughts are cut, for household size exactly one number, for
        household members an item in quotes. Stance: JSON with a stance and a reason. Response: a
        letter is found, be it that of no option. Groups: shares that do not sum to 0. Interviews:
        the three scores of a judge's reply.

    Examples
    --------
    >>> from alignsurvey.benchmark.paper import score_paper
    >>> from alignsurvey.benchmark.rows import PredictionRow
    >>> replies = ["A. yes", "yes"]
    >>> rows = [PredictionRow(i, str(i), {"predict": one, "label": "A. yes"})
    ...         for i, one in enumerate(replies)]
    >>> paper_read(Task.RESPONSE, replies, score_paper(Task.RESPONSE, rows)).tolist()
    [True, False]
    """
    shown = list(score.rows.values())
    if task is Task.ROLE:
        return np.array([_reads_role(reply, field) for reply in replies], dtype=bool)
    if task is Task.STANCE:
        return np.array(
            [one["counted"] and one["prediction"] != ERROR for one in shown], dtype=bool
        )
    if task is Task.RESPONSE:
        texts = [final_prediction(after_last_thought(reply)) for reply in replies]
        return np.array([bool(option_of(text)[0]) for text in texts], dtype=bool)
    if task is Task.INTERVIEW:
        return np.array([all(s is not None for s in one.values()) for one in shown], dtype=bool)
    return np.array([sum(one["pred_dist"].values()) > 0 for one in shown], dtype=bool)


def _reads_role(reply: str, field: str | None) -> bool:
    text = after_first_thought(final_prediction(reply)).strip()
    if field == "家庭成员关系":
        return text.count("'") > 1
    if field == "家里人口数":
        return len(re.findall(r"\d+", text)) == 1
    return bool(text)
