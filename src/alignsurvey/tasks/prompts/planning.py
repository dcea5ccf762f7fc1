"""From records to queries: what each task asks about a respondent, zero-shot or few-shot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from alignsurvey.errors import InputError
from alignsurvey.tasks.prompts.answers import write_choice, write_shares, write_stance
from alignsurvey.tasks.prompts.examples import Examples
from alignsurvey.tasks.prompts.rendering import render
from alignsurvey.tasks.prompts.subjects import (
    STANCES,
    Subject,
    droppable_in,
    item_of,
    language_of,
    respondent_of,
    task_of,
)
from alignsurvey.tasks.prompts.templates import Templates
from alignsurvey.tasks.queries import Message, Query, Shown, Task, letters, option_order
from alignsurvey.tasks.records.groups import GroupRecord
from alignsurvey.tasks.records.nouns import (
    InterviewRecord,
    Record,
    ResponseRecord,
    RoleRecord,
    StanceRecord,
)
from alignsurvey.tasks.replies.role import ROLE_FIELDS

_NUMBERED = re.compile(r"\w{0,10}?\s*\d+")


@dataclass(frozen=True)
class Asking:
    """How records are put to a model.

    Parameters
    ----------
    language : str, optional
        Of the templates; otherwise each record's own ("zh" where it has Chinese signs).
    templates : Templates, optional
        From `load_templates`; otherwise the library's own.
    verbatim : bool
        Put a released record's own instruction and input, unchanged, in place of a template.
    shuffle : bool
        Show options in an order derived from seed, respondent and item; else as the record has
        them, which for released records is a shuffled order already.
    orders : int
        Ask with so many orders of the options, to average over them; needs `shuffle`.
    draws : int
        Ask so many times.
    seed : int
    setting : str
        A sentence about the survey (country, year), put before everything else.
    examples : Examples, optional
        Answers of other respondents to show before the question.
    """

    language: str | None = None
    templates: Templates | None = None
    verbatim: bool = False
    shuffle: bool = False
    orders: int = 1
    draws: int = 1
    seed: int = 42
    setting: str = ""
    examples: Examples | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.orders < 1 or self.draws < 1:
            raise InputError("orders and draws of a question must be 1 or more")
        if self.orders > 1 and not self.shuffle:
            raise InputError("several orders of the options need shuffle=True")
        if self.verbatim and (self.shuffle or self.setting or self.templates):
            raise InputError(
                "verbatim prompts are left as released: no shuffling, setting or templates"
            )


_PLAIN = Asking()


def role_queries(records: Iterable[Record], asking: Asking = _PLAIN) -> list[Query]:
    """Ask which attribute the respondent of a dialogue has (task 1); see `plan`."""
    return plan(_only(records, RoleRecord), asking)


def interview_queries(records: Iterable[Record], asking: Asking = _PLAIN) -> list[Query]:
    """Ask for the next answer of an interview (task 2); see `plan`."""
    return plan(_only(records, InterviewRecord), asking)


def stance_queries(records: Iterable[Record], asking: Asking = _PLAIN) -> list[Query]:
    """Ask for a respondent's stance and its reason (task 3.1); see `plan`."""
    return plan(_only(records, StanceRecord), asking)


def response_queries(records: Iterable[Record], asking: Asking = _PLAIN) -> list[Query]:
    """Ask which option a respondent chooses (task 4.1); see `plan`.

    Examples
    --------
    >>> from alignsurvey.tasks.records import Option
    >>> row = ResponseRecord(row=1, instruction="…", person=7, profile=(("age", 64),),
    ...     question="Happy?", options=(Option("A", "yes"), Option("B", "no")))
    >>> [query] = response_queries([row])
    >>> query.respondent, query.item, query.options[1]
    (7, 'Happy?', Shown(letter='B', text='no', code=1))
    """
    return plan(_only(records, ResponseRecord), asking)


def group_queries(records: Iterable[GroupRecord], asking: Asking = _PLAIN) -> list[Query]:
    """Ask for the shares of a group's stances or answers (tasks 3.2, 4.2); see `plan`."""
    return plan(_only(records, GroupRecord), asking)


def judge_queries(
    records: Iterable[Record],
    replies: Sequence[str],
    asking: Asking = _PLAIN,
    *,
    reference: bool = False,
) -> list[Query]:
    """Ask a judge for three scores of each reply to an interview's question (task 2).

    Parameters
    ----------
    records : iterable of InterviewRecord
    replies : sequence of str
        One a record.
    reference : bool
        Whether the judge sees what the real respondent said.

    Raises
    ------
    InputError
        There are more records than replies, or fewer.
    """
    rows = _only(records, InterviewRecord)
    if len(rows) != len(replies):
        raise InputError(f"judges need one reply a record: {len(rows)} records, {len(replies)}")
    queries = []
    for record, reply in zip(rows, replies, strict=True):
        content = _content(record, (), asking)
        content |= {"answer": reply, "reference": record.output if reference else ""}
        language = asking.language or language_of(record)
        messages = render(Task.JUDGE, language, templates=asking.templates, **content)
        who, item = respondent_of(record), item_of(record)
        queries += [Query(who, item, Task.JUDGE, messages, (), n) for n in range(asking.draws)]
    return queries


def plan(records: Iterable[Subject], asking: Asking = _PLAIN) -> list[Query]:
    """Plan the queries of records, in their order; for each its orders, for each order its draws.

    Two records that are equal in respondent, item and every word give one id.

    Raises
    ------
    InputError
        A record lacks what its task asks about, a template is wrong, or there are too few
        examples.
    """
    return [
        query for record in records for turn in range(asking.orders)
        for query in _queries(record, turn, asking)
    ]  # fmt: skip


def _queries(record: Subject, turn: int, asking: Asking) -> list[Query]:
    examples = asking.examples.choose(record, asking.seed) if asking.examples else ()
    options = _options(record, asking, turn)
    *system, question = _messages(record, options, asking)
    shown: list[Message] = []
    for one in examples:
        theirs = _options(one, asking, turn)
        shown += [_messages(one, theirs, asking)[-1], _answer(one, theirs, asking)]
    messages = (*system, *shown, question)
    who, item, task = respondent_of(record), item_of(record), task_of(record)
    people = tuple(respondent_of(one) for one in examples)
    return [Query(who, item, task, messages, options, draw, people) for draw in range(asking.draws)]


def _options(record: Subject, asking: Asking, turn: int) -> tuple[Shown, ...]:
    if isinstance(record, GroupRecord):
        texts: tuple[str, ...] = record.options
    else:
        if asking.verbatim:
            return tuple(Shown(*one, place) for place, one in enumerate(record.options))
        texts = tuple(option.text for option in record.options)
    if not texts and isinstance(record, StanceRecord):
        language = asking.language or language_of(record)
        texts = STANCES.get(language, STANCES["en"])
    order: Sequence[int] = range(len(texts))
    if asking.shuffle:
        who, item = respondent_of(record), item_of(record)
        order = option_order(len(texts), seed=asking.seed, respondent=who, item=item, turn=turn)
    return tuple(
        Shown(letter, texts[place], place)
        for letter, place in zip(letters(len(texts)), order, strict=True)
    )


def _messages(record: Subject, options: tuple[Shown, ...], asking: Asking) -> tuple[Message, ...]:
    if asking.verbatim:
        if isinstance(record, GroupRecord):
            raise InputError("groups have no released prompt to use verbatim; use the templates")
        return (Message("user", record.prompt, droppable_in(record)),)
    language = asking.language or language_of(record)
    content = _content(record, options, asking)
    return render(task_of(record), language, templates=asking.templates, **content)


def _content(record: Subject, options: tuple[Shown, ...], asking: Asking) -> dict[str, Any]:
    content: dict[str, Any] = {"setting": asking.setting}
    if isinstance(record, GroupRecord):
        asked = {"theme": record.theme} if record.theme else {"question": record.question}
        return content | asked | {"group": record.definition, "n": record.n, "options": options}
    if isinstance(record, RoleRecord):
        known = {name for one in ROLE_FIELDS.values() if one.kind == "list"
                 for name in (one.name, one.english)}  # fmt: skip
        content |= {"field": record.field, "several": record.field.casefold() in known}
    else:
        content["profile"] = record.profile
    if not isinstance(record, ResponseRecord):
        # The released rows number their segments (问题3), which tells a model nothing.
        theme = "" if _NUMBERED.fullmatch(record.theme) else record.theme
        content |= {"theme": theme, "dialogue": record.dialogue}
    if isinstance(record, InterviewRecord | ResponseRecord):
        content["question"] = record.question
    return content if isinstance(record, InterviewRecord) else content | {"options": options}


def _answer(record: Subject, options: tuple[Shown, ...], asking: Asking) -> Message:
    """How an example's answer is written: in the form that the prompt asks for."""
    if isinstance(record, GroupRecord):
        text = write_shares(options, [record.shares[int(one.code)] for one in options])
    elif asking.verbatim or isinstance(record, InterviewRecord):
        text = record.output.strip()
    elif isinstance(record, StanceRecord):
        text = write_stance(record.answer, record.reason)
    else:
        text = write_choice(options, record.answers)
    return Message("assistant", text)


def _only(records: Iterable[Any], kind: type[Any]) -> list[Any]:
    rows = list(records)
    for place, one in enumerate(rows):
        if not isinstance(one, kind):
            raise InputError(
                f"record {place + 1} is a {type(one).__name__}, a {kind.__name__} is needed"
            )
    return rows
