"""Who may stand as an example in prompts: people held out of everything that is scored."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np

from alignsurvey.benchmark.parts import Part
from alignsurvey.benchmark.rows import Task
from alignsurvey.errors import InputError
from alignsurvey.randomness import hash_ids, uniforms
from alignsurvey.tasks.prompts.subjects import respondent_of
from alignsurvey.tasks.queries import Query, respondent_text
from alignsurvey.tasks.records import Record
from alignsurvey.tasks.records.people import profile_fingerprint

SHARE = 0.1
"""Share of the people who are held out, where so many suffice."""
LARGEST_SHARE = 0.5

PartKey = tuple[str, str]
"""Task and name of a part."""


@dataclass(frozen=True)
class HeldOut:
    """The parts of a benchmark without the people whose answers are shown as examples.

    Parameters
    ----------
    parts : tuple of Part
        Their records are asked and scored.
    pools : mapping of (task, part) to tuple of Record
        Records whose answers may be shown.
    people : tuple of str
        Respondents of the pools, as text.
    n_people : int
        Respondents before any was held out.
    rows : int
        Records that are left out of the scores for it.
    """

    parts: tuple[Part, ...]
    pools: Mapping[PartKey, tuple[Record, ...]] = field(default_factory=dict, repr=False)
    people: tuple[str, ...] = ()
    n_people: int = 0
    rows: int = 0

    def limited(self, limit: int | None) -> HeldOut:
        """Keep the first records of each part; all of them where there is no limit."""
        if limit is None:
            return self
        kept = tuple(replace(part, records=part.records[:limit]) for part in self.parts)
        return replace(self, parts=kept)

    def settings(self) -> dict[str, object]:
        """What a manifest keeps of it."""
        return {
            "people": list(self.people),
            "of_people": self.n_people,
            "records_left_out": self.rows,
        }


def hold_out(parts: Sequence[Part], k: int, seed: int) -> HeldOut:
    """Hold out people whose answers serve as examples, by lots that depend on seed and id alone.

    They are a tenth of the people, or as many as give each part k people with an answer. Whoever
    has an id or a profile in common with one of them is scored in no part.

    Parameters
    ----------
    parts : sequence of Part
    k : int
        Examples a question; 0 holds nobody out.
    seed : int

    Raises
    ------
    InputError
        More than half of the people would be needed.
    """
    if k == 0:
        return HeldOut(tuple(parts))
    groups = tuple(part for part in parts if _is_of_groups(part))
    parts = [part for part in parts if not _is_of_groups(part)]
    if not parts:
        return HeldOut(groups)
    ordered = _by_lot(parts, seed)
    most = int(LARGEST_SHARE * len(ordered))
    for n in range(max(1, ceil(SHARE * len(ordered))), most + 1):
        people = set(ordered[:n])
        pools = {_key(part): _of(part, people) for part in parts}
        if all(_distinct(pool) >= k for pool in pools.values()):
            held = _without(parts, pools, tuple(ordered[:n]), len(ordered))
            return replace(held, parts=(*held.parts, *groups))
    raise InputError(
        f"few-shot: {k} examples a question would need more than half of the {len(ordered)} "
        "people, who could not be scored then; give more people or a smaller k"
    )


def check_examples(queries: Iterable[Query], records: Iterable[Record]) -> None:
    """Make sure that nobody who stands as an example in a prompt is scored.

    Raises
    ------
    InputError
        Somebody does.

    Examples
    --------
    >>> from alignsurvey.tasks.queries import Message, Task
    >>> from alignsurvey.tasks.records import ResponseRecord
    >>> query = Query(7, "vote", Task.RESPONSE, (Message("user", "…"),), examples=(8,))
    >>> check_examples([query], [ResponseRecord(row=1, instruction="…", person=9)])
    >>> check_examples([query], [ResponseRecord(row=1, instruction="…", person="8")])
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: respondent '8' stands as an example in prompts and is scored; hold example people out with hold_out
    """  # noqa: E501 - a message is one line
    shown = {respondent_text(one) for query in queries for one in query.examples}
    for record in records if shown else ():
        who = respondent_text(respondent_of(record))
        if who in shown:
            raise InputError(
                f"respondent {who!r} stands as an example in prompts and is scored; hold example "
                "people out with hold_out"
            )


def _by_lot(parts: Sequence[Part], seed: int) -> list[str]:
    people = sorted({_who(record) for part in parts for record in part.records})
    lots = uniforms(hash_ids(people), seed, "benchmark examples")
    return [people[place] for place in np.argsort(lots, kind="stable")]


def _without(
    parts: Sequence[Part],
    pools: Mapping[PartKey, tuple[Record, ...]],
    people: tuple[str, ...],
    n_people: int,
) -> HeldOut:
    marks = {mark for part in parts for record in part.records if _who(record) in set(people)
             for mark in _marks(record)}  # fmt: skip
    kept = tuple(
        replace(part, records=tuple(one for one in part.records if not marks & _marks(one)))
        for part in parts
    )
    for part in kept:
        if not part.records:
            raise InputError(
                f"few-shot: nobody is left to be scored in task '{part.task}' {part.name}".rstrip()
                + "; give more people or a smaller k"
            )
    rows = sum(len(part.records) for part in parts) - sum(len(part.records) for part in kept)
    return HeldOut(kept, pools, people, n_people, rows)


def _is_of_groups(part: Part) -> bool:
    """Released groups name no people and are asked without examples: nobody is held out."""
    return part.task in (Task.STANCE_GROUP, Task.RESPONSE_GROUP)


def _key(part: Part) -> PartKey:
    return part.task.value, part.name


def _who(record: Record) -> str:
    return respondent_text(respondent_of(record))


def _marks(record: Record) -> set[tuple[str, Hashable]]:
    """What a person is known by: the same id or the same profile may be the same person."""
    found: set[tuple[str, Hashable]] = {("respondent", _who(record))}
    profile = profile_fingerprint(record)
    return found if profile is None else found | {("profile", profile)}


def _of(part: Part, people: set[str]) -> tuple[Record, ...]:
    return tuple(one for one in part.records if one.answer.strip() and _who(one) in people)


def _distinct(records: Sequence[Record]) -> int:
    """How many people of different profiles there are: no two examples are of one."""
    return len({profile_fingerprint(one) or _who(one) for one in records})
