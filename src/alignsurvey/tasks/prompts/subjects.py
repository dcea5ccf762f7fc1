"""Who is asked what in a record, whichever of the tasks it is of; for individuals and groups."""

from __future__ import annotations

import re
from collections.abc import Hashable

from alignsurvey.randomness import stable_hash
from alignsurvey.tasks.queries import Span, Task
from alignsurvey.tasks.records.groups import GroupRecord
from alignsurvey.tasks.records.nouns import InterviewRecord, Record, RoleRecord, StanceRecord
from alignsurvey.tasks.records.people import profile_fingerprint
from alignsurvey.tasks.replies import stance

Subject = Record | GroupRecord
_CHINESE = re.compile("[\u3400-\u9fff]")
STANCES = {
    "zh": tuple(chinese for chinese, _ in stance.STANCES),
    "en": tuple(english for _, english in stance.STANCES),
}
"""Stances of a record that prints none."""


def task_of(record: Subject) -> Task:
    """Which task a record is of."""
    if isinstance(record, GroupRecord):
        return Task.STANCE_GROUP if record.theme else Task.RESPONSE_GROUP
    return Task(record.task)


def respondent_of(record: Subject) -> Hashable:
    """Who answers: a person's id; without one the profile's fingerprint, else the prompt's hash.

    For a group it is its definition in words. It never depends on a row's place in its file.

    Examples
    --------
    >>> from alignsurvey.tasks.records import ResponseRecord
    >>> respondent_of(ResponseRecord(row=1, instruction="…", profile=(("age", 40),)))
    'profile:d6151887d536e475'
    """
    if isinstance(record, GroupRecord):
        return record.name
    if record.person is not None:
        return record.person
    fingerprint = profile_fingerprint(record)
    if fingerprint is not None:
        return f"profile:{fingerprint}"
    said = [f"{who}\x1e{text}" for who, text in record.dialogue] or [record.prompt]
    return f"text:{stable_hash(*said):016x}"


def item_of(record: Subject) -> str:
    """What is asked: the field, the theme, or the question.

    Examples
    --------
    >>> from alignsurvey.tasks.records import RoleRecord
    >>> item_of(RoleRecord(row=1, instruction="…", theme="work", field="age"))
    'age'
    """
    if isinstance(record, RoleRecord):
        return record.field
    if isinstance(record, InterviewRecord | StanceRecord | GroupRecord):
        return record.theme or record.question
    return record.question


def fingerprint_of(record: Subject) -> str | None:
    """Fingerprint of the profile; for a group its definition."""
    return record.name if isinstance(record, GroupRecord) else profile_fingerprint(record)


def language_of(record: Subject) -> str:
    """Language of a record: "zh" where its question or dialogue has Chinese signs, else "en".

    Examples
    --------
    >>> from alignsurvey.tasks.records import ResponseRecord
    >>> language_of(ResponseRecord(row=1, instruction="…", question="您幸福吗？"))
    'zh'
    """
    texts = [item_of(record), record.question, record.theme]
    if isinstance(record, Record) and record.dialogue:
        texts = [text for _, text in record.dialogue]
    return "zh" if any(_CHINESE.search(text) for text in texts) else "en"


def droppable_in(record: Record) -> tuple[Span, ...]:
    """Where profile and dialogue stand in a released prompt, so that it can lose their middle.

    Empty where the record does not know its layout. The last utterance of a window without a
    question is the question, and stays.
    """
    prompt, frame = record.prompt, record.layout.frame
    if not frame or not prompt.startswith(frame[0]):
        return ()
    if len(frame) == 1:
        last = record.dialogue[-1] if record.dialogue else None
        end = prompt.rfind(f"\n{last.speaker}") if last else -1
        return ((len(frame[0]), end + 1),) if end >= len(frame[0]) else ()
    after = list(frame[1:3]) if isinstance(record, InterviewRecord) else [frame[1]]
    spans: list[Span] = []
    end = len(prompt)
    for text in reversed(after):
        at = prompt.rfind(text, len(frame[0]), end)
        if not text or at < 0:
            return ()
        spans = [(at + len(text), end), *spans]
        end = at
    spans = [(len(frame[0]), end), *spans[:-1]]
    return tuple((start, end) for start, end in spans if start < end)
