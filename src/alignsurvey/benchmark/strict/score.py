"""Score one prediction file strictly, whatever its task."""

from __future__ import annotations

from collections.abc import Sequence

from alignsurvey.benchmark.collecting import collection_paused
from alignsurvey.benchmark.rows import FileScore, PredictionRow, Problem, Task
from alignsurvey.benchmark.strict.content import missing, names, person, repeated
from alignsurvey.benchmark.strict.estimates import Resampling, units
from alignsurvey.benchmark.strict.groups import score_groups
from alignsurvey.benchmark.strict.interview import score_interview
from alignsurvey.benchmark.strict.response import score_response
from alignsurvey.benchmark.strict.role import score_role
from alignsurvey.benchmark.strict.stance import score_stance
from alignsurvey.survey.codebook import Codebook

REPLICATES = 1000
"""Bootstrap replicates behind each interval."""


def score_strict(
    task: Task,
    rows: Sequence[PredictionRow],
    field: str | None = None,
    *,
    codebook: Codebook | None = None,
    replicates: int = REPLICATES,
    seed: int = 42,
    workers: int = 1,
) -> FileScore:
    """Score predictions as they were meant, and say what could not be read.

    Parameters
    ----------
    task : Task
    rows : sequence of PredictionRow
    field : str, optional
        The field of role modelling, for rows that do not name it themselves: one of the twelve,
        or one's own.
    codebook : Codebook, optional
        Positions of a group's options, which else stand in the order of the prompt; options of a
        role field whose prompts print none.
    replicates : int
        Bootstrap replicates, over respondents where rows name them (``person_id``,
        ``respondent``, ``respondent_id`` or ``id``), else over rows; 0 for no intervals.
    seed : int
    workers : int
        Threads that share the comparison of many reasons; see `similarities`.

    Returns
    -------
    FileScore
        Metrics with ``_low`` and ``_high`` (95 %), outcomes, and every row.

    Raises
    ------
    InputError
        A field is none of the twelve, and its options are neither in a prompt nor in the codebook.

    Examples
    --------
    >>> prompt = "Do you agree?\\nOptions:\\nA. yes\\nB. no"
    >>> rows = [PredictionRow(1, "1", {"prompt": prompt, "predict": "The answer is B.",
    ...                                "label": "B. no"})]
    >>> score = score_strict(Task.RESPONSE, rows)
    >>> score.metrics["accuracy"], score.rows["1"]
    (1.0, {'outcome': 'answered', 'answer': 'no', 'gold': 'no', 'correct': True,
           'note': 'after an answer cue'})
    """
    with collection_paused():
        return _score(
            Task(task),
            rows,
            field,
            codebook,
            Resampling(replicates, seed, [person(row) for row in rows]),
            workers,
        )


def _score(
    task: Task,
    rows: Sequence[PredictionRow],
    field: str | None,
    codebook: Codebook | None,
    resampling: Resampling,
    workers: int,
) -> FileScore:
    keys, problems = names(rows)
    problems += repeated(rows, resampling.people)
    problems += [found for found in map(missing, rows) if found is not None]
    if task is Task.ROLE:
        score = score_role(rows, keys, resampling, field, codebook)
    elif task is Task.INTERVIEW:
        score = score_interview(rows, keys, resampling)
    elif task is Task.STANCE:
        score = score_stance(rows, keys, resampling, workers)
    elif task is Task.RESPONSE:
        score = score_response(rows, keys, resampling)
    else:
        stances = task is Task.STANCE_GROUP
        score = score_groups(rows, keys, resampling, stances=stances, codebook=codebook)
    return _completed(score, problems, resampling)


def _completed(score: FileScore, problems: list[Problem], resampling: Resampling) -> FileScore:
    people = [one for one in resampling.people if one is not None]
    metrics = {
        **score.metrics,
        "n_rows": len(resampling.people),
        "n_left_out": len(resampling.people) - score.metrics["n"],
        "n_units": units(resampling.people)[1],
        "resampled": "respondents" if people else "rows",
    }
    found = sorted((*problems, *score.problems), key=lambda problem: problem.line)
    return FileScore(metrics, score.rows, tuple(found))
