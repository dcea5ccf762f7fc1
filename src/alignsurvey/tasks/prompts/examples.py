"""Few-shot examples: whose answers stand before a question, and never the respondent's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.randomness import stable_hash, uniforms
from alignsurvey.tasks.prompts.subjects import Subject, fingerprint_of, item_of, respondent_of
from alignsurvey.tasks.records.groups import GroupRecord
from alignsurvey.tasks.records.nouns import attribute_text

By = Literal["seed", "nearest"]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Examples:
    """Records whose answers may be shown to a model before it is asked.

    Parameters
    ----------
    pool : sequence of Record or of GroupRecord
        Records without an answer among their options are passed over.
    k : int
        Examples a question.
    by : "seed" or "nearest"
        Whether they are drawn by lot, or are those with the largest share of equal attributes
        (attributes that either has count; ties by lot).

    Examples
    --------
    >>> from alignsurvey.tasks.records import Option, ResponseRecord
    >>> def row(person, age):
    ...     return ResponseRecord(row=person, instruction="…", person=person, question="Happy?",
    ...         profile=(("age", age), ("town", person)), answers=("yes",),
    ...         options=(Option("A", "yes"), Option("B", "no")))
    >>> people = [row(1, 40), row(2, 40), row(3, 70), row(4, 40)]
    >>> [one.person for one in Examples(people, k=2, by="nearest").choose(people[0], seed=42)]
    [2, 4]
    """

    pool: Sequence[Subject] = field(repr=False)
    k: int = 3
    by: By = "seed"

    def __post_init__(self) -> None:
        if self.k < 1:
            raise InputError(f"few-shot: the number of examples must be 1 or more, not {self.k}")
        if self.by not in ("seed", "nearest"):
            raise InputError(f"few-shot: examples are chosen by 'seed' or 'nearest', not {self.by}")

    @cached_property
    def _index(self) -> _Index:
        return _Index(tuple(one for one in self.pool if _has_answer(one)))

    def choose(self, record: Subject, seed: int) -> tuple[Subject, ...]:
        """Choose the examples for one question; the best stands last, next to the question.

        Those of the same question, theme or field come first; others fill up. Never one of the
        same respondent or with the same profile (for groups: one that could share a member), and
        no two of one respondent. The choice depends on seed, respondent, item and the pool alone.

        Raises
        ------
        InputError
            The pool has too few.
        """
        index = self._index
        allowed = index.allowed(record)
        same = index.of_item(record)
        chosen: list[int] = []
        for rows in (same[allowed[same]], np.flatnonzero(allowed)):
            ranked = index.ranked(rows, record, seed, nearest=self.by == "nearest")
            index.extend(chosen, ranked, self.k)
            if len(chosen) == self.k:
                return tuple(index.records[row] for row in reversed(chosen))
        raise InputError(
            f"few-shot: {len(chosen)} of {self.k} examples found for respondent "
            f"{respondent_of(record)!r}, '{item_of(record)}'; give more people or a smaller k"
        )


def _has_answer(record: Subject) -> bool:
    if isinstance(record, GroupRecord):
        return len(record.shares) == len(record.options) > 0
    texts = {option.text for option in record.options}
    return bool(record.answers) and (not texts or texts.issuperset(record.answers))


class _Index:
    """The pool as arrays: with 50,000 records a choice takes about a millisecond."""

    def __init__(self, records: tuple[Subject, ...]) -> None:
        self.records = records
        self.respondents = _hashes([str(respondent_of(one)) for one in records])
        self.fingerprints = _hashes([fingerprint_of(one) or "" for one in records])
        self.lots = _hashes([_content(one) for one in records])
        self.kinds = _hashes([_kind(one) for one in records])
        self.items: dict[tuple[str, str], list[int]] = {}
        self.columns: dict[str, int] = {}
        self.values: dict[tuple[str, str], int] = {}
        cells: list[tuple[int, int, int]] = []
        for row, one in enumerate(records):
            self.items.setdefault((_kind(one), item_of(one)), []).append(row)
            for key, text in _attributes(one):
                column = self.columns.setdefault(key, len(self.columns))
                cells.append((row, column, self.values.setdefault((key, text), len(self.values))))
        self.matrix = np.full((len(records), len(self.columns)), -1, dtype=np.int64)
        if cells:
            rows, columns, codes = np.array(cells).T
            self.matrix[rows, columns] = codes
        self.sizes = (self.matrix >= 0).sum(axis=1)

    def allowed(self, record: Subject) -> NDArray[np.bool_]:
        """Which records may be shown to a respondent at all."""
        respondent = np.uint64(stable_hash(respondent_of(record)))
        fine = (self.kinds == np.uint64(stable_hash(_kind(record)))) & (
            self.respondents != respondent
        )
        fingerprint = fingerprint_of(record)
        if fingerprint:
            fine &= self.fingerprints != np.uint64(stable_hash(fingerprint))
        if isinstance(record, GroupRecord):
            fine &= np.array([_disjoint(record, one) for one in self.records], dtype=bool)
        return np.asarray(fine, dtype=bool)

    def of_item(self, record: Subject) -> Rows:
        return np.array(self.items.get((_kind(record), item_of(record)), []), dtype=np.int64)

    def ranked(self, rows: Rows, record: Subject, seed: int, *, nearest: bool) -> Rows:
        """Order rows from best to worst."""
        key = (seed, "examples", respondent_of(record), item_of(record))
        lot = uniforms(self.lots[rows], *key)
        if not nearest:
            return rows[np.argsort(lot, kind="stable")]
        return rows[np.lexsort((lot, -self._nearness(rows, record)))]

    def _nearness(self, rows: Rows, record: Subject) -> NDArray[np.float64]:
        own = _attributes(record)
        known = [
            (self.columns[key], self.values.get((key, text), -2))
            for key, text in own
            if key in self.columns
        ]
        columns = [column for column, _ in known]
        codes = np.array([code for _, code in known], dtype=np.int64)
        cells = self.matrix[rows][:, columns]
        equal = (cells == codes).sum(axis=1)
        either = len(own) + self.sizes[rows] - (cells >= 0).sum(axis=1)
        return np.asarray(equal / np.maximum(either, 1), dtype=np.float64)

    def extend(self, chosen: list[int], ranked: Rows, k: int) -> None:
        """Take the best, no two of one respondent or profile, up to k."""
        seen = {self.respondents[row] for row in chosen} | {self._profile(row) for row in chosen}
        for row in ranked.tolist():
            if len(chosen) == k:
                return
            who = {self.respondents[row], self._profile(row)} - {None}
            if not who & seen:
                chosen.append(row)
                seen |= who

    def _profile(self, row: int) -> tuple[str, np.uint64] | None:
        has_one = fingerprint_of(self.records[row]) is not None
        return ("profile", self.fingerprints[row]) if has_one else None


def _hashes(texts: Sequence[str]) -> NDArray[np.uint64]:
    return np.array([stable_hash(text) for text in texts], dtype=np.uint64)


def _kind(record: Subject) -> str:
    return type(record).__name__


def _content(record: Subject) -> str:
    """What tells a record from others in the pool, so that its place there does not matter."""
    if isinstance(record, GroupRecord):
        return "\x1e".join((record.name, record.theme, record.question))
    who = str(respondent_of(record))
    return "\x1e".join((who, item_of(record), record.prompt, record.output))


def _attributes(record: Subject) -> list[tuple[str, str]]:
    if isinstance(record, GroupRecord):
        return list(record.definition)
    return list({key: attribute_text(value) for key, value in record.profile}.items())


def _disjoint(one: GroupRecord, other: Subject) -> bool:
    """Whether nobody can be in both: an attribute defines both, with two values."""
    if not isinstance(other, GroupRecord):
        return False
    values = dict(other.definition)
    return any(values.get(key, value) != value for key, value in one.definition)
