"""What is in a file of records: rows, people, questions, label shares, repairs, duplicates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from alignsurvey.tasks.records.faults import Fault, count_kinds
from alignsurvey.tasks.records.nouns import (
    GroupRow,
    InterviewRecord,
    Record,
    RoleRecord,
    StanceRecord,
)
from alignsurvey.tasks.records.people import count_people, person_key
from alignsurvey.tasks.records.reading import Records


@dataclass(frozen=True)
class QuestionSummary:
    """One question, stance theme, role field or interview segment.

    Parameters
    ----------
    name : str
        The question's text, the theme, the field, or the segment.
    n : int
        Rows.
    people : int
        Respondents, where they can be told apart.
    options : tuple of str
        Answer options, most frequent first; empty for free answers.
    shares : tuple of float
        Share of the rows with each option. Where a label is a list they sum to more than 1.
    orders : int
        Different orders in which the options are shown.
    mean_length : float, optional
        Characters of a free answer, on average.
    """

    name: str
    n: int
    people: int
    options: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    orders: int = 0
    mean_length: float | None = None


@dataclass(frozen=True)
class RecordsReport:
    """What is in a file of records. It holds counts and labels, never a profile's values.

    Parameters
    ----------
    source, task : str
    rows : int
        In the file, readable or not.
    read : int
        Among the records.
    people : int
    people_by : str
        How people were told apart: "id", "profile", "mixed" or "unknown".
    questions : tuple of QuestionSummary
    attributes : mapping of str to int
        Profile attribute -> records that have it.
    repairs, problems : mapping of str to int
        By kind.
    left_out : int
        Rows that are not among the records.
    duplicates : int
        Rows that are the same as an earlier one.
    examples : tuple of str
        The first problem of each kind, with its row and line.
    """

    source: str
    task: str
    rows: int
    read: int
    people: int
    people_by: str
    questions: tuple[QuestionSummary, ...]
    attributes: Mapping[str, int]
    repairs: Mapping[str, int]
    problems: Mapping[str, int]
    left_out: int
    duplicates: int
    examples: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return asdict(self)


def report_records(records: Records) -> RecordsReport:
    """Report what is in a file of records.

    Examples
    --------
    >>> from alignsurvey.tasks.records import parse_records
    >>> prompt = "个人背景：\\n性别: 女\\n\\n问卷问题：\\n好吗？\\nA. 好\\nB. 不好\\n\\n请回答："
    >>> import json
    >>> rows = [{"instruction": prompt, "output": label} for label in ("A. 好", "B. 不好", "好")]
    >>> report = report_records(parse_records(json.dumps(rows), "rows.json"))
    >>> report.read, report.people, report.people_by, report.repairs
    (3, 1, 'profile', {'answer without its letter': 1})
    >>> report.questions[0].options, [round(share, 2) for share in report.questions[0].shares]
    (('好', '不好'), [0.67, 0.33])
    """
    people, people_by = count_people(records)
    problems = count_kinds(records.problems)
    firsts = {one.kind: str(one) for one in reversed(records.problems)}
    return RecordsReport(
        source=records.name, task=records.task.value, rows=records.n, read=len(records),
        people=people, people_by=people_by,
        questions=tuple(_question(name, rows) for name, rows in _questions(records).items()),
        attributes=dict(Counter(name for one in records for name, _ in one.profile)),
        repairs=records.repaired, problems=problems, left_out=len(records.left_out),
        duplicates=problems.get(Fault.DUPLICATE.value, 0),
        examples=tuple(firsts[Fault(kind)] for kind in problems),
    )  # fmt: skip


def _questions(records: Records) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for one in records:
        found.setdefault(_name(one), []).append(one)
    return found


def _name(record: Record) -> str:
    if isinstance(record, RoleRecord):
        return record.field
    if isinstance(record, StanceRecord | InterviewRecord):
        return record.theme or "(no theme)"
    return record.question


def _question(name: str, rows: Sequence[Record]) -> QuestionSummary:
    keys = {person_key(one) for one in rows} - {None}
    if isinstance(rows[0], InterviewRecord):
        length = sum(len(one.answer) for one in rows) / len(rows)
        return QuestionSummary(name, len(rows), len(keys), mean_length=length)
    counts = Counter(option.text for one in rows for option in one.options)
    told: defaultdict[str, float] = defaultdict(float)
    for one in rows:
        for label, share in _told(one).items():
            told[label] += share
    options = sorted({**counts, **told}, key=lambda text: (-told[text], text))
    orders = {tuple(option.text for option in one.options) for one in rows if one.options}
    shares = tuple(told[text] / len(rows) for text in options)
    return QuestionSummary(name, len(rows), len(keys), tuple(options), shares, len(orders))


def _told(record: Record) -> dict[str, float]:
    """What a row adds to each label: one to its answer, or a group's shares."""
    if isinstance(record, GroupRow):
        texts = (option.text for option in record.options)
        return dict(zip(texts, record.shares, strict=True))
    return dict.fromkeys(record.answers, 1)
