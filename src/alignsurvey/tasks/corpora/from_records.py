"""Records as rows of a corpus, unchanged, so that they can be split and compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from alignsurvey.tasks.corpora.rows import Corpus, CorpusRow, flat
from alignsurvey.tasks.records import Record, Records, RoleRecord, profile_fingerprint, read_records


def record_rows(records: Records | Iterable[Record]) -> Corpus:
    """Make rows of records: the same texts, with the person, profile and question beside them.

    Examples
    --------
    >>> from alignsurvey.tasks.records import ResponseRecord
    >>> record = ResponseRecord(row=1, instruction="Happy?", output="yes", person=3,
    ...                         question="Happy?", metadata=(("id", 3),))
    >>> record_rows([record]).rows[0].alpaca()
    {'instruction': 'Happy?', 'input': '', 'output': 'yes', 'id': 3}
    """
    skipped: Counter[str] = Counter()
    if isinstance(records, Records):
        skipped.update(one.kind.value for one in records.left_out)
    return Corpus(tuple(_row(record) for record in records), dict(skipped))


def _row(record: Record) -> CorpusRow:
    metadata = dict(record.metadata)
    fingerprint = metadata.get("fingerprint")
    field = record.field if isinstance(record, RoleRecord) else ""
    return CorpusRow(
        instruction=record.instruction, input=record.input, output=record.output,
        person=record.person,
        fingerprint=fingerprint if isinstance(fingerprint, str) else profile_fingerprint(record),
        # A theme's questions are asked in many words; a stance's one question is asked of themes.
        question=field or flat(record.theme or record.question),
        item=str(metadata.get("item") or ""), metadata=record.metadata,
    )  # fmt: skip


def read_rows(path: Path | str) -> Corpus:
    """Read a file of records as rows of a corpus.

    Raises
    ------
    InputError
        The file cannot be read, or none of its rows can.
    """
    return record_rows(read_records(path))
