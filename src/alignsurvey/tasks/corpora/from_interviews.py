"""The four tasks from an interview corpus: one's own material, or the embedded one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from alignsurvey.survey.interviews import Interview, Interviews, Segment
from alignsurvey.tasks.prompts import Asking, plan, write_choice
from alignsurvey.tasks.records import (
    INDIVIDUAL_TASKS,
    InterviewRecord,
    Option,
    Record,
    RecordTask,
    ResponseRecord,
    RoleRecord,
    StanceRecord,
    Turn,
)
from alignsurvey.tasks.records.nouns import attribute_text

LAST_UTTERANCES = 5
"""Utterances before the question that the interview task shows, as in the paper."""

_STANCES = {
    "en": {"positive": "positive", "neutral": "neutral", "negative": "negative"},
    "zh": {"positive": "积极", "neutral": "中立", "negative": "消极"},
}


def interview_records(corpus: Interviews, seed: int = 42) -> dict[RecordTask, list[Record]]:
    """Make records of the four tasks from interviews, their profiles and closed answers.

    Role: each segment's dialogue and each declared attribute. Interview: each answer after its
    question, with up to five earlier utterances of the segment. Stance: each segment that has
    one. Response: each closed answer, options in an order derived from respondent and item.

    Parameters
    ----------
    corpus : Interviews
    seed : int
        Of the order of options.

    Returns
    -------
    dict
        Task -> records; a task without material has none.

    Examples
    --------
    >>> from alignsurvey.survey import load_interviews
    >>> found = interview_records(load_interviews("en"))
    >>> {task.value: len(records) for task, records in found.items()}["stance"]
    36
    """
    found: dict[RecordTask, list[Record]] = {task: [] for task in INDIVIDUAL_TASKS}
    for interview in corpus:
        asking = Asking(language=interview.language, shuffle=True, seed=seed)
        for record in _records(corpus, interview):
            task = record.task
            found[task].append(_asked(record, len(found[task]) + 1, asking))
    return found


def _records(corpus: Interviews, interview: Interview) -> Iterator[Record]:
    base: dict[str, Any] = {"row": 0, "instruction": "", "person": interview.id}
    for segment in interview.segments:
        turns = tuple(Turn(turn.speaker, turn.text) for turn in segment.turns)
        yield from _role_records(corpus, interview, segment, turns)
        for place, turn in enumerate(turns):
            if turn.speaker != "respondent" or not place:
                continue
            yield InterviewRecord(
                **base, profile=interview.profile, theme=segment.theme,
                dialogue=turns[max(0, place - 1 - LAST_UTTERANCES) : place - 1],
                question=turns[place - 1].text, answers=(turn.text,), output=turn.text,
            )  # fmt: skip
        if segment.stance is not None:
            words = _STANCES[interview.language]
            answer, reason = words[segment.stance], segment.reason or ""
            yield StanceRecord(
                **base, profile=interview.profile, theme=segment.theme, answers=(answer,),
                options=tuple(Option("", word) for word in words.values()), reason=reason,
                output=json.dumps({"predict": answer, "reason": reason}, ensure_ascii=False),
            )  # fmt: skip
    for item, label in interview.answers:
        variable = corpus.questionnaire[item]
        yield ResponseRecord(
            **base, profile=interview.profile, question=variable.title, answers=(str(label),),
            options=tuple(Option("", text) for text in variable.labels),
        )  # fmt: skip


def _role_records(
    corpus: Interviews, interview: Interview, segment: Segment, turns: tuple[Turn, ...]
) -> Iterator[Record]:
    for name, value in interview.profile:
        labels = corpus.attributes[name].labels if name in corpus.attributes else ()
        several = isinstance(value, tuple)
        answers = value if isinstance(value, tuple) else (attribute_text(value),)
        yield RoleRecord(
            row=0, instruction="", person=interview.id, theme=segment.theme, dialogue=turns,
            field=name, options=tuple(Option("", label) for label in labels), answers=answers,
            output=str(list(answers)) if several else answers[0],
        )  # fmt: skip


def _asked(record: Record, row: int, asking: Asking) -> Record:
    """Put a record into words: its prompt, and its options as they are shown."""
    query = plan([record], asking)[0]
    prompt = "\n\n".join(message.content for message in query.messages)
    if not isinstance(record, ResponseRecord):
        # Put again, the record shows its options in the same order, under the same letters.
        texts = tuple(Option("", shown.text) for shown in query.options)
        return replace(record, row=row, instruction=prompt, options=texts)
    options = tuple(Option(shown.letter, shown.text) for shown in query.options)
    output = write_choice(query.options, record.answers)
    return replace(record, row=row, instruction=prompt, options=options, output=output)
