"""Replies collected elsewhere: prediction files matched to the records of a benchmark run."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from pathlib import Path

from alignsurvey.benchmark.prediction_files import read_predictions
from alignsurvey.benchmark.rows import PredictionRow, Problem, RowFile, Task
from alignsurvey.errors import InputError
from alignsurvey.randomness import stable_hash
from alignsurvey.tasks.records import Record


def recorded_replies(
    path: Path, task: Task, records: Sequence[Record]
) -> tuple[list[str], list[Problem]]:
    """Find a recorded reply for every record: by its prompt, or by the mark that a run keeps.

    Parameters
    ----------
    path : Path
        A prediction file, or a folder with ``TASK.jsonl`` or ``TASK.json``.
    task : Task
    records : sequence of Record

    Returns
    -------
    replies : list of str
        "" where there is none.
    problems : list of Problem
        What was odd in the file, how many records have no reply, how many replies no record.

    Raises
    ------
    InputError
        There is no file for the task, or none of its prompts is one of the records'.
    """
    path = _file_of(path, task)
    file = read_predictions(path)
    waiting = _waiting(file)
    replies, missing = [], 0
    for record in records:
        rows = waiting.get(record_mark(record))
        if rows:
            replies.append(_reply(rows.popleft()))
        else:
            replies.append("")
            missing += 1
    if missing == len(records):
        raise InputError(
            f"{path}: none of its prompts is one of the {len(records)} of task '{task.value}'; "
            "name the file that was made from these records"
        )
    problems = list(file.problems)
    if missing:
        problems.append(Problem(0, f"{missing} of {len(records)} records have no reply"))
    unused = sum(len(rows) for rows in waiting.values())
    if unused:
        problems.append(Problem(0, f"{unused} replies belong to no record"))
    return replies, problems


def recorded_shares(
    path: Path, task: Task, prompts: Sequence[str]
) -> tuple[list[str], list[Problem]]:
    """Find what a recording says of groups that were made of individual rows, by their prompts.

    Parameters
    ----------
    path : Path
        A prediction file, or a folder with ``TASK.jsonl`` or ``TASK.json``.
    task : Task
        A group task.
    prompts : sequence of str
        One a group and question.

    Returns
    -------
    replies : list of str
        One a prompt, "" where there is none.
    problems : list of Problem
        That there are none, or how many are missing.
    """
    path = _file_of(path, task)
    waiting = _waiting(read_predictions(path, labelled=False)) if path.exists() else {}
    found = [waiting.get(_marked(prompt)) for prompt in prompts]
    missing = sum(not one for one in found)
    if missing == len(prompts):
        what = f"no verbalized shares: {path} holds none of the {missing} prompts about groups"
        return [""] * missing, [Problem(0, what)]
    odd = [Problem(0, f"{missing} of {len(prompts)} groups have no reply")] if missing else []
    return [_reply(one[0]) if one else "" for one in found], odd


def _file_of(path: Path, task: Task) -> Path:
    if not path.is_dir():
        return path
    candidates = [path / f"{task.value}{ending}" for ending in (".jsonl", ".json")]
    return next((one for one in candidates if one.exists()), candidates[0])


def _waiting(file: RowFile) -> dict[str, deque[PredictionRow]]:
    waiting: dict[str, deque[PredictionRow]] = defaultdict(deque)
    for row in file.rows:
        mark = row.content.get("record")
        waiting[mark if isinstance(mark, str) else _marked(row.prompt)].append(row)
    return waiting


def record_mark(record: Record) -> str:
    """Return the mark by which a kept reply finds its record, however the record was put."""
    return _marked(record.prompt)


def _marked(prompt: str) -> str:
    """Mark a prompt, whatever its white space at ends of lines."""
    return f"{stable_hash(*(line.strip() for line in prompt.strip().splitlines())):016x}"


def _reply(row: PredictionRow) -> str:
    for key in ("predict", "prediction"):
        value = row.content.get(key)
        if isinstance(value, str):
            return value
    return ""
