"""Splits of rows by respondent, profile or question, and who or what stands on both sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from alignsurvey.errors import InputError, nearest
from alignsurvey.randomness import hash_ids, stable_hash, uniforms
from alignsurvey.tasks.corpora.rows import CorpusRow

SplitBy = Literal["respondent", "fingerprint", "question"]
WAYS: tuple[SplitBy, ...] = get_args(SplitBy)


@dataclass(frozen=True)
class Leak:
    """What stands on both sides.

    Parameters
    ----------
    by : str
        "respondent", "fingerprint" or "question".
    shared : tuple of str
        Ids, fingerprints or questions on both sides, sorted.
    rows : int
        Rows of the second side that they touch.
    """

    by: str
    shared: tuple[str, ...]
    rows: int

    def __bool__(self) -> bool:
        return bool(self.shared)

    def __str__(self) -> str:
        what = {
            "respondent": "people",
            "fingerprint": "people or profiles",
            "question": "questions",
        }
        shown = ", ".join(_short(one) for one in self.shared[:5])
        more = ", …" * (len(self.shared) > 5)
        return f"{len(self.shared):,} {what[self.by]} on both sides ({shown}{more})"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def known_way(by: str) -> SplitBy:
    """Check the name of a way to split."""
    for way in WAYS:
        if by == way:
            return way
    raise InputError(f"cannot split by '{by}'; {nearest(by, WAYS)}")


def split_rows(
    rows: Sequence[CorpusRow], by: str = "respondent", share: float = 0.2, seed: int = 42
) -> tuple[tuple[CorpusRow, ...], tuple[CorpusRow, ...]]:
    """Split rows into a training and a test part that share no respondent, profile or question.

    Sides depend on the seed and on the ids (profiles, questions) alone, never on the order of the
    rows. With the same seed and share the people are those of `Survey.split`, as long as each
    has a row.

    Parameters
    ----------
    rows : sequence of CorpusRow
    by : {"respondent", "fingerprint", "question"}
        Rows without an id go by their profile. "fingerprint" keeps everyone with one profile, and
        everything of one person, on one side.
    share : float
        Share of respondents (of questions) in the second part; never more, save the first one.
    seed : int

    Returns
    -------
    (rows, rows)
        In the order given.

    Raises
    ------
    InputError
        A row has neither id nor profile (no profile, no question), or there is nothing to share
        out.

    Examples
    --------
    >>> rows = [CorpusRow(instruction="…", output="…", person=p) for p in range(10) for _ in "ab"]
    >>> train, test = split_rows(rows, share=0.3)
    >>> len(train), len(test), bool(leakage(train, test))
    (14, 6, False)
    """
    way = known_way(by)
    if not 0 < share < 1:
        raise InputError(f"the share of a split must lie between 0 and 1, not at {share}")
    groups = _groups(rows, way)
    if len(set(groups)) < 2:
        raise InputError(f"a split by {way} needs at least two {way}s, and there is one")
    held = _held_questions(rows, share, seed) if way == "question" else None
    if held is None:
        held = _held_groups(rows, groups, way, share, seed)
    sides: tuple[list[CorpusRow], list[CorpusRow]] = ([], [])
    for row, group in zip(rows, groups, strict=True):
        sides[group in held].append(row)
    return tuple(sides[0]), tuple(sides[1])


def _groups(rows: Sequence[CorpusRow], by: SplitBy) -> list[str]:
    """Say for each row which group it belongs to, none of which may be torn."""
    if by == "question":
        return [_needed(row.question, number, by) for number, row in enumerate(rows, 1)]
    keys = [_who(row, number, by) for number, row in enumerate(rows, 1)]
    if by == "respondent":
        return keys
    # Two profiles of one person (another wave, another file) belong together.
    root: dict[str, str] = {}

    def find(one: str) -> str:
        while root.setdefault(one, one) != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for row, key in zip(rows, keys, strict=True):
        if row.person_text is not None:
            first, second = sorted((find(key), find(f"person {row.person_text}")))
            root[second] = first
    # Named by its least fingerprint, so that the order of the rows makes no difference.
    least: dict[str, str] = {}
    for key in keys:
        top = find(key)
        least[top] = min(least.get(top, key), key)
    return [least[find(key)] for key in keys]


def _who(row: CorpusRow, number: int, by: SplitBy) -> str:
    if by == "fingerprint":
        return _needed(row.fingerprint, number, by)
    if row.person_text is not None:
        return row.person_text
    return "profile " + _needed(row.fingerprint, number, by)


def _needed(key: str | None, number: int, by: SplitBy) -> str:
    if key:
        return key
    lacking = {
        "respondent": "neither an id of a person nor a profile",
        "fingerprint": "no profile",
        "question": "no question and no theme",
    }[by]
    raise InputError(f"row {number} has {lacking}, so it cannot be split by {by}; split otherwise")


def _held_groups(
    rows: Sequence[CorpusRow], groups: Sequence[str], by: SplitBy, share: float, seed: int
) -> set[str]:
    """Choose groups by lot while the people in them do not pass the share."""
    people: defaultdict[str, set[str]] = defaultdict(set)
    for row, group in zip(rows, groups, strict=True):
        people[group].add(row.person_text or group)
    names = sorted(people)
    hashes = hash_ids(names)
    # As in Survey.split: equal lots, equal people.
    by_hash = np.argsort(hashes, kind="stable")
    lots = uniforms(hashes[by_hash], seed, "split", by)
    order = [names[place] for place in by_hash[np.argsort(lots, kind="stable")]]
    reached = np.cumsum([len(people[name]) for name in order])
    most = share * int(reached[-1])
    n = max(1, int(np.searchsorted(reached, most, side="right")))
    return set(order[: min(n, len(order) - 1)])


def _held_questions(rows: Sequence[CorpusRow], share: float, seed: int) -> set[str]:
    """Choose questions as `Survey.split` chooses items; one wording is one question."""
    names: dict[str, str] = {}
    for row in rows:
        name = row.item or row.question
        names[row.question] = min(names.get(row.question, name), name)
    order = sorted(names, key=lambda question: stable_hash(seed, "items", names[question]))
    return set(order[: min(max(1, round(share * len(order))), len(order) - 1)])


def leakage(train: Iterable[CorpusRow], test: Iterable[CorpusRow], by: str = "respondent") -> Leak:
    """Find the people, profiles or questions that stand on both sides.

    One id is one person: people of two studies that have the same numbers count as a leak, because
    a leak that goes unseen costs more than numbering people anew. A row without an id is compared
    by its profile.

    Parameters
    ----------
    train, test : iterable of CorpusRow
    by : {"respondent", "fingerprint", "question"}
        "fingerprint" finds shared people too.

    Returns
    -------
    Leak
        False if there is none.

    Examples
    --------
    >>> here = [CorpusRow(instruction="…", output="…", person=7, question="Happy?")]
    >>> there = [CorpusRow(instruction="…", output="…", person="7", question="Rich?")]
    >>> leakage(here, there).shared, bool(leakage(here, there, "question"))
    (('7',), False)
    """
    way = known_way(by)
    here, there = list(train), list(test)
    if way == "question":
        pairs = [{row.question} - {""} for row in there]
        both = {row.question for row in here} & set().union(*pairs)
    else:
        nameless = way == "fingerprint"
        pairs = [_marks(row) for row in there]
        both = set().union(*map(_marks, here)) & set().union(*pairs)
        if not nameless:
            unnamed = {
                f"profile {row.fingerprint}"
                for row in (*here, *there)
                if row.person is None and row.fingerprint
            }
            both = {one for one in both if one.startswith("person ") or one in unnamed}
    rows = sum(bool(one & both) for one in pairs)
    return Leak(way, tuple(sorted(one.removeprefix("person ") for one in both)), rows)


def _marks(row: CorpusRow) -> set[str]:
    by_id = {f"person {row.person_text}"} if row.person is not None else set()
    return by_id | ({f"profile {row.fingerprint}"} if row.fingerprint else set())


def check_apart(train: Sequence[CorpusRow], test: Sequence[CorpusRow], by: str, what: str) -> int:
    """Make sure that two sides share nobody (no profile, no question).

    Parameters
    ----------
    train, test : sequence of CorpusRow
    by : {"respondent", "fingerprint", "question"}
    what : str
        How to name the two sides in the message.

    Returns
    -------
    int
        Rows that could not be compared, because they say nothing of whom (what) they are about.

    Raises
    ------
    InputError
        There is a leak, or nothing by which the two sides could be compared.
    """
    found = leakage(train, test, by)
    if found:
        raise InputError(
            f"{what}: {found}, {found.rows:,} rows; nothing is written: leave them out of one side"
        )
    kinds = [_kinds(train, by), _kinds(test, by)]
    if not kinds[0] & kinds[1]:
        raise InputError(
            f"{what}: nothing to compare by {by}: the two have no ids, profiles or questions of "
            "one kind; build both with ids and the same profile"
        )
    return sum(not _kinds([row], by) for row in (*train, *test))


def _kinds(rows: Iterable[CorpusRow], by: str) -> set[str]:
    if by == "question":
        return {"question" for row in rows if row.question}
    return {mark.split(" ")[0] for row in rows for mark in _marks(row)}
