"""What a benchmark run scores: records in parts, a task or one field of the role task each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from alignsurvey.benchmark.respondents import respondents
from alignsurvey.benchmark.rows import PredictionRow, Problem, Task
from alignsurvey.errors import InputError, nearest
from alignsurvey.survey import load_interviews
from alignsurvey.tasks.corpora.from_interviews import interview_records
from alignsurvey.tasks.prompts import write_choice
from alignsurvey.tasks.queries import Query, Shown, letters
from alignsurvey.tasks.records import (
    GroupRow,
    Record,
    RecordTask,
    ResponseRecord,
    RoleRecord,
    read_records,
)
from alignsurvey.tasks.records.own_shapes import is_own
from alignsurvey.tasks.records.rebuild import rebuild_role

VERBALIZED = "verbalized"
"""Name of parts that ask for a group's shares, and of their scores."""


@dataclass(frozen=True)
class Part:
    """Records that are scored together: a task, or one field of the role task."""

    task: Task
    name: str
    records: tuple[Record, ...]

    def rows(self, replies: Sequence[str], queries: Sequence[Query] = ()) -> list[PredictionRow]:
        """Make rows of a prediction file of a model's replies.

        Parameters
        ----------
        replies : sequence of str
            One a record.
        queries : sequence of Query, optional
            How each record was put to the model; otherwise as it stands.
        """
        rows = []
        people = respondents(self.records)
        for place, (record, reply) in enumerate(zip(self.records, replies, strict=True)):
            content: dict[str, Any] = {
                "prompt": record.prompt,
                "predict": reply,
                "label": record.output,
                "person_id": str(people[place]),
            }
            if queries:
                content |= _as_put(record, queries[place])
            elif shown := asked_letters(record):
                content["label"] = write_choice(shown, record.answers)
            rows.append(PredictionRow(place + 1, str(place + 1), content))
        return rows


def question_of(query: Query) -> str:
    """Return the question of a query, without system message and examples."""
    return query.messages[-1].content


def asked_letters(record: Record) -> tuple[Shown, ...]:
    """Return the options of a role record whose prompt shows them lettered, as it shows them.

    Labels and replies have letters then. Released role prompts list values without, and the lists
    of several values keep their own form.
    """
    if not isinstance(record, RoleRecord) or record.output.startswith("["):
        return ()
    if not record.options or f"\nA. {record.options[0].text}\n" not in record.prompt:
        return ()
    names = letters(len(record.options))
    return tuple(
        Shown(letter, option.text, place)
        for place, (letter, option) in enumerate(zip(names, record.options, strict=True))
    )


def _as_put(record: Record, query: Query) -> dict[str, str]:
    """What differs for a record that was put by template: prompt, and how it wants its answer."""
    prompt = question_of(query)
    if prompt == record.prompt:
        return {}
    put = {"prompt": prompt}
    if record.question:
        # A template may put more before the options than the question that rows share.
        put["question"] = record.question
    # Labels that are lists are read as lists, however many options they name.
    single = isinstance(record, RoleRecord | ResponseRecord) and not record.output.startswith("[")
    if single and query.options:
        put["label"] = write_choice(query.options, record.answers)
    return put


def read_parts(
    files: Sequence[Path], tasks: Sequence[str], limit: int | None = None
) -> tuple[list[Part], list[tuple[str, Problem]]]:
    """Read the records of a benchmark and sort them into parts.

    Where there are interviews, the role task is rebuilt from them, with all its fields; released
    role rows are taken where there are none.

    Raises
    ------
    InputError
        A task is unknown, or has no records in the files.
    """
    found: dict[str, list[Record]] = {}
    problems: list[tuple[str, Problem]] = []
    for path in files:
        read = read_records(path)
        found.setdefault(read.task.value, []).extend(read.records)
        problems += [(path.name, Problem(one.line, one.what)) for one in read.problems]
    interviews = found.get("interview", [])
    if "role" in tasks and interviews and not all(is_own(one) for one in interviews):
        # Rows of our own templates do not show the whole dialogue, and come with role rows.
        found["role"] = list(rebuild_role(found["interview"]))  # type: ignore[arg-type]
    return list(_parts(found, tasks, limit, ", ".join(path.name for path in files))), problems


def example_parts(
    language: Literal["en", "zh"], tasks: Sequence[str], limit: int | None = None
) -> tuple[list[Part], list[tuple[str, Problem]]]:
    """Make the parts of the embedded interview corpus, whose people are invented."""
    found = interview_records(load_interviews(language))
    records = {task.value: own for task, own in found.items()}
    return list(_parts(records, tasks, limit, f"the example in '{language}'")), []


def _parts(
    found: Mapping[str, list[Record]], tasks: Sequence[str], limit: int | None, where: str
) -> Iterator[Part]:
    known = [task.value for task in RecordTask]
    for task in tasks:
        if task not in known:
            raise InputError(f"no task '{task}'; {nearest(task, known)}")
        records = found.get(task)
        if not records:
            raise InputError(f"no records of task '{task}' in {where}")
        for name in dict.fromkeys(_field(record) for record in records):
            own = [record for record in records if _field(record) == name]
            yield Part(Task(task), name, tuple(own[:limit] if limit else own))


def _field(record: Record) -> str:
    if isinstance(record, GroupRow):
        return VERBALIZED
    return record.field if isinstance(record, RoleRecord) else ""
