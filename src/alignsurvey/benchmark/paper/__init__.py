"""The released AlignSurvey scorers, faults included: published numbers can be compared."""

from __future__ import annotations

from collections.abc import Sequence

from alignsurvey.benchmark.rows import FileScore, PredictionRow, Task


def score_paper(task: Task, rows: Sequence[PredictionRow], field: str | None = None) -> FileScore:
    """Score prediction rows as the released scripts do.

    Parameters
    ----------
    task : Task
    rows : sequence of PredictionRow
    field : str or None
        Of Task 1: the field that all rows are about; None: each row's own ``field``.

    Returns
    -------
    FileScore
        Metrics and fields of rows carry the names of the released scripts.

    Raises
    ------
    InputError
        A Task 1 row whose field nobody names, or jieba is missing for Task 3.

    Examples
    --------
    >>> rows = [PredictionRow(1, "1", {"predict": "The answer is B. no", "label": "B. no"})]
    >>> score_paper(Task.RESPONSE, rows).rows["1"]["pred_class"]
    'Eanswer is B. no'
    """
    match task:
        case Task.ROLE:
            from alignsurvey.benchmark.paper.role import score_role

            return score_role(rows, field)
        case Task.INTERVIEW:
            from alignsurvey.benchmark.paper.interview import score_interview

            return score_interview(rows)
        case Task.STANCE:
            from alignsurvey.benchmark.paper.stance import score_stance

            return score_stance(rows)
        case Task.RESPONSE:
            from alignsurvey.benchmark.paper.response import score_response

            return score_response(rows)
        case Task.STANCE_GROUP | Task.RESPONSE_GROUP:
            from alignsurvey.benchmark.paper.groups import score_groups

            return score_groups(rows)


__all__ = ["score_paper"]
