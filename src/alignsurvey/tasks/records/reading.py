"""A file of released rows, read back into records; what cannot be read is shown by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError, nearest
from alignsurvey.tasks.records.alpaca import (
    ANSWER_KEYS,
    PROMPT_KEYS,
    AlpacaFile,
    Row,
    parse_alpaca,
    read_alpaca,
)
from alignsurvey.tasks.records.faults import Fault, Mend, Problem, Repair, RowError, count_kinds
from alignsurvey.tasks.records.nouns import InterviewRecord, Record, RecordTask
from alignsurvey.tasks.records.shapes import read_prompt

_PERSON_KEYS = ("person_id", "respondent_id", "respondent", "person", "pid", "id")
_SEGMENT_KEYS = ("question_key", "qua", "segment", "theme")
_USED = {*PROMPT_KEYS, *ANSWER_KEYS, "input", "system", "history"}


@dataclass(frozen=True)
class Records:
    """The records of a file.

    Parameters
    ----------
    name : str
        What the file is called in messages.
    task : RecordTask
        Given, or that of most rows.
    records : tuple of Record
        In the file's order; all of one task.
    n : int
        Rows in the file, readable or not.
    repairs : tuple of Repair
    problems : tuple of Problem
        Rows that were left out, and rows that are odd.
    """

    name: str
    task: RecordTask
    records: tuple[Record, ...] = field(repr=False)
    n: int
    repairs: tuple[Repair, ...] = field(default=(), repr=False)
    problems: tuple[Problem, ...] = field(default=(), repr=False)

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __getitem__(self, place: int) -> Record:
        return self.records[place]

    @property
    def repaired(self) -> dict[str, int]:
        """Repairs by kind."""
        return count_kinds(self.repairs)

    @property
    def left_out(self) -> tuple[Problem, ...]:
        """Rows that are in the file and not among the records; one problem each."""
        return tuple(one for one in self.problems if one.left_out)


def read_records(path: Path | str, task: RecordTask | str | None = None) -> Records:
    """Read a file of released rows (Alpaca JSON, an array or lines) into records.

    Parameters
    ----------
    path : Path or str
    task : RecordTask or str, optional
        "role", "interview", "stance", "response", "stance-group" or "response-group"; otherwise
        that of most rows. Rows of another task are problems.

    Raises
    ------
    InputError
        The file cannot be read, no row of it can, or there is no such task.
    """
    return _records(read_alpaca(path), _known(task))


def parse_records(data: bytes | str, name: str, task: RecordTask | str | None = None) -> Records:
    r"""Read records from the content of a file; as `read_records`.

    Examples
    --------
    >>> prompt = (r"Your personal background:\nage: 40.0\nsex: \n\nSurvey question:\n"
    ...           r"Your income?\nA. above average\nB. average\n\nPlease answer.")
    >>> text = f'[{{"instruction": "{prompt}", "input": "", "output": "Average"}},]'
    >>> records = parse_records(text, "rows.json")
    >>> records[0].profile, records[0].answer, records[0].choice
    ((('age', '40'),), 'average', 1)
    >>> for kind, n in records.repaired.items(): print(n, kind)
    1 trailing comma
    1 whole number written as a float
    1 blank attribute left out
    1 answer without its letter
    1 answer in other upper and lower case
    """
    return _records(parse_alpaca(data, name), _known(task))


def _known(task: RecordTask | str | None) -> RecordTask | None:
    if task is None:
        return None
    try:
        return RecordTask(task)
    except ValueError:
        known = [one.value for one in RecordTask]
        raise InputError(f"no task '{task}'; {nearest(str(task), known)}") from None


def _records(file: AlpacaFile, task: RecordTask | None) -> Records:
    read: list[tuple[Row, Record]] = []
    problems = list(file.problems)
    repairs = list(file.repairs)
    for row in file.rows:
        try:
            read.append((row, _record(row)))
        except RowError as error:
            problems.append(Problem(error.kind, row.number, row.line, str(error)))
    if not read:
        first = next((one for one in problems if one.left_out), None)
        raise InputError(f"{file.name}: none of its {file.n:,} rows can be read; first {first}")
    chosen = task or Counter(record.task for _, record in read).most_common(1)[0][0]
    kept = [(row, record) for row, record in read if record.task is chosen]
    problems.extend(_strangers(read, chosen, given=task is not None))
    if not kept:
        raise InputError(f"{file.name}: no rows of the task '{chosen}'; first {problems[-1]}")
    lines = {row.number: row.line for row in file.rows}
    repairs.extend(Repair(kind, row.number, row.line) for row, one in kept for kind in one.repairs)
    records = _people([record for _, record in kept])
    problems.extend(_oddities(kept))
    problems.sort(key=lambda one: (one.row, lines.get(one.row, one.line)))
    return Records(file.name, chosen, records, file.n, tuple(repairs), tuple(problems))


def _record(row: Row) -> Record:
    content = row.content
    instruction = next((content[key] for key in PROMPT_KEYS if content.get(key)), None)
    if not isinstance(instruction, str) or not instruction.strip():
        raise RowError(Fault.NO_PROMPT, "has no 'instruction' (a text)")
    given = content.get("input") or ""
    if not isinstance(given, str):
        raise RowError(Fault.NO_PROMPT, "its 'input' is no text")
    output, mended = _output(content)
    segment = next((content[key] for key in _SEGMENT_KEYS if content.get(key)), "")
    columns = {
        "row": row.number, "instruction": instruction, "input": given, "output": output,
        "theme": str(segment),
        "metadata": tuple((key, one) for key, one in content.items() if key not in _USED),
    }  # fmt: skip
    prompt = f"{instruction}\n{given}" if given.strip() else instruction
    record = read_prompt(prompt, columns)
    return replace(record, repairs=(*mended, *record.repairs)) if mended else record


def _output(content: Mapping[str, Any]) -> tuple[str, list[Mend]]:
    for key in ANSWER_KEYS:
        value = content.get(key)
        if isinstance(value, str):
            return value, []
        if isinstance(value, list):
            return repr([str(one) for one in value]), [Mend.ANSWER_TYPE]
        if isinstance(value, dict):
            import json

            return json.dumps(value, ensure_ascii=False), [Mend.ANSWER_TYPE]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return f"{value:g}", [Mend.ANSWER_TYPE]
    raise RowError(Fault.NO_ANSWER, "has no 'output' (or 'label')")


def _strangers(
    read: Sequence[tuple[Row, Record]], chosen: RecordTask, *, given: bool
) -> Iterator[Problem]:
    for row, record in read:
        if record.task is not chosen:
            asked = f"'{chosen}' was asked for" if given else f"most rows are '{chosen}'"
            what = f"is a row of the task '{record.task}', {asked}; keep one task a file"
            yield Problem(Fault.OTHER_TASK, row.number, row.line, what)


def _oddities(kept: Sequence[tuple[Row, Record]]) -> Iterator[Problem]:
    """Rows that are among the records and yet odd: twice the same, or without an answer."""
    first: dict[str, int] = {}
    for row, record in kept:
        content = repr(sorted(row.content.items(), key=lambda item: item[0]))
        earlier = first.setdefault(content, row.number)
        if earlier != row.number:
            what = f"is the same as row {earlier}; both are kept"
            yield Problem(Fault.DUPLICATE, row.number, row.line, what, left_out=False)
        if isinstance(record, InterviewRecord) and not record.answer.strip():
            what = "its answer is empty: the respondent said nothing; kept"
            yield Problem(Fault.EMPTY_ANSWER, row.number, row.line, what, left_out=False)


def _people(records: Sequence[Record]) -> tuple[Record, ...]:
    """Say who answered, where a column has ids for people.

    A column that is called only ``id`` may number the rows: it names people if some id comes
    twice, or if no profile does.
    """
    found = [dict(record.metadata) for record in records]
    key = next((one for one in _PERSON_KEYS if any(one in row for row in found)), None)
    if key is None:
        return tuple(records)
    ids: list[Hashable] = [_hashable(row.get(key)) for row in found]
    if key == "id" and len(set(ids)) == len(ids):
        profiles = [record.profile for record in records]
        if len(set(profiles)) < len(profiles):
            return tuple(records)
    return tuple(replace(one, person=person) for one, person in zip(records, ids, strict=True))


def _hashable(value: object) -> Hashable:
    return value if isinstance(value, str | int | float) or value is None else str(value)
