"""Score a prediction file in a mode: which field it is about, which rows are of another task."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from alignsurvey.benchmark.paper.fields import field_in_name, known_field, listed_fields
from alignsurvey.benchmark.prediction_files import read_predictions
from alignsurvey.benchmark.rows import FileScore, PredictionRow, Problem, RowFile, Task
from alignsurvey.errors import InputError
from alignsurvey.survey.codebook import Codebook
from alignsurvey.survey.codebook_yaml import codebook_from_yaml
from alignsurvey.yamlfile import read_text

_JSON_STANCE = re.compile(r'"predict"\s*:.*"reason"\s*:', re.DOTALL)
_SHARES = re.compile(r"[:：]\s*\d+(?:\.\d+)?\s*[%％]")
_SHARED_SHAPE = {
    Task.STANCE: "stance",
    Task.STANCE_GROUP: "group",
    Task.RESPONSE_GROUP: "group",
    Task.ROLE: "option",
    Task.RESPONSE: "option",
}


WITH_CODEBOOK = (Task.ROLE, Task.STANCE_GROUP, Task.RESPONSE_GROUP)
"""Tasks whose strict scores can draw on a codebook."""


class Mode(StrEnum):
    """How to score: right, or as released."""

    STRICT = "strict"
    PAPER = "paper"


def score_file(
    path: Path,
    task: Task,
    mode: Mode,
    field: str | None = None,
    codebook: Codebook | None = None,
) -> FileScore:
    """Read and score one prediction file.

    Parameters
    ----------
    path : Path
    task : Task
    mode : Mode
    field : str or None
        Task 1's field; None: found in the file's name, else each row's own ``field``. In strict
        mode it may be one's own, where prompts or codebook give its options.
    codebook : Codebook or None
        In strict mode: positions of a group's options, options of a role field.

    Returns
    -------
    FileScore
        Its problems are the file's and the task's, in order of lines.

    Raises
    ------
    InputError
        The file cannot be read, holds no row, or does not say which field it is about.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "性别.jsonl"
    >>> _ = path.write_text('{"predict": "女", "label": "女"}', encoding="utf-8")
    >>> score_file(path, Task.ROLE, Mode.PAPER).metrics["accuracy"]
    1.0
    """
    return score_rows(read_rows(path, task), task, mode, field, codebook)


def read_rows(path: Path, task: Task) -> RowFile:
    """Read a prediction file, telling rows that look like another task's.

    Raises
    ------
    InputError
        The file cannot be read, or none of its rows can.
    """
    file = read_predictions(path, labelled=task is not Task.INTERVIEW)
    if not file.rows and not file.problems:
        raise InputError(f"{path}: is an empty array; a prediction file has an object a row")
    if not file.rows:
        first = file.problems[0]
        raise InputError(f"{path}: line {first.line}: {first.what}; no row of the file can be read")
    return replace(file, problems=(*file.problems, *_strangers(file.rows, task)))


def read_codebook(path: Path) -> Codebook:
    """Read a codebook of options and positions.

    Raises
    ------
    InputError
        The file cannot be read, or is no codebook.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "codebook.yaml"
    >>> _ = path.write_text("variables: {mood: {scale: ordinal, values: [[1, low], [2, high]]}}")
    >>> read_codebook(path)["mood"].labels
    ('low', 'high')
    """
    return codebook_from_yaml(read_text(path), str(path))


def score_rows(
    file: RowFile,
    task: Task,
    mode: Mode,
    field: str | None = None,
    codebook: Codebook | None = None,
    workers: int = 1,
) -> FileScore:
    """Score the rows of a file that has been read; strictly with so many threads at most.

    Raises
    ------
    InputError
        Nothing says which field of Task 1 the rows are about, or it has no options.
    """
    about = None
    if task is Task.ROLE:
        ones_own = mode is Mode.STRICT and field is not None
        about = field if ones_own else role_field(file, field)
    if mode is Mode.STRICT:
        from alignsurvey.benchmark.strict import score_strict

        score: FileScore = score_strict(task, file.rows, about, codebook=codebook, workers=workers)
    else:
        from alignsurvey.benchmark.paper import score_paper

        score = score_paper(task, file.rows, about)
    told = {problem.line for problem in score.problems}
    own = [one for one in file.problems if not (one.line in told and _is_echo(one))]
    problems = sorted((*own, *score.problems), key=lambda problem: problem.line)
    return replace(score, problems=tuple(dict.fromkeys(problems)))


def _is_echo(problem: Problem) -> bool:
    """Tell what a scorer says in its own words: how the row, lacking or repeated, was scored."""
    return problem.what.startswith(("no ", "the prediction", "the label (", "the same"))


def role_field(file: RowFile, field: str | None = None) -> str | None:
    """Find the field of Task 1 that a file is about; None: each of its rows says it.

    Raises
    ------
    InputError
        There is no such field, or neither argument, name nor rows say one; with all twelve.

    Examples
    --------
    >>> role_field(RowFile("task1_有车.jsonl", ()))
    '有车'
    """
    found = known_field(field) if field else field_in_name(Path(file.name))
    if found:
        return found
    for row in file.rows:
        about = row.content.get("field")
        if not isinstance(about, str) or not about:
            raise InputError(
                f"{file.name}: line {row.line}: nothing says which field the predictions are "
                f"about; name it with --field: {listed_fields()}"
            )
    return None


def _strangers(rows: Sequence[PredictionRow], task: Task) -> Iterator[Problem]:
    """Tell rows whose label has the shape of another task's; they are scored all the same."""
    expected = _SHARED_SHAPE.get(task)
    for row in rows:
        label = row.content.get("label", row.content.get("output"))
        if expected is None or not isinstance(label, str):
            continue
        shape = "stance" if _JSON_STANCE.search(label) else None
        if shape is None and len(_SHARES.findall(label)) > 1:
            shape = "group"
        if shape is not None and shape != expected:
            yield Problem(row.line, f"the label looks like one of a {shape} task")
