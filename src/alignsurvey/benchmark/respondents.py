"""Who each record counts as: folds, intervals and paired tests draw respondents."""

from __future__ import annotations

from collections.abc import Sequence

from alignsurvey.benchmark.rows import Problem
from alignsurvey.randomness import stable_hash
from alignsurvey.tasks.records import GroupRow, Record
from alignsurvey.tasks.records.people import PersonKey, person_key


def respondents(records: Sequence[Record]) -> list[PersonKey]:
    """Tell the respondents of records apart, one key a record.

    A person is known by id, else by profile. Of records with neither, those with one dialogue
    count as one person (the fields of a role segment), and all others as a person each.

    Examples
    --------
    >>> from alignsurvey.tasks.records import RoleRecord, Turn
    >>> said = (Turn("respondent", "I drive a bus."),)
    >>> rows = [RoleRecord(row=1, instruction="…", field=field, dialogue=said)
    ...         for field in ("age", "job")]
    >>> first, second = respondents(rows)
    >>> first == second
    True
    """
    return [person_key(one) or _unnamed(one, place) for place, one in enumerate(records)]


def _unnamed(record: Record, place: int) -> PersonKey:
    if record.dialogue:
        said = (f"{who}\x1e{text}" for who, text in record.dialogue)
        return "dialogue", f"{stable_hash(*said):016x}"
    return "row", place


def unnamed_problem(records: Sequence[Record]) -> Problem | None:
    """Say how many records name no person, None where all do or where none could: of groups."""
    n = sum(not isinstance(one, GroupRow) and person_key(one) is None for one in records)
    if not n:
        return None
    what = (
        f"{n} of {len(records)} records name no person, by id or profile: each dialogue counts as "
        "one of its own, and intervals may be too narrow"
    )
    return Problem(0, what)
