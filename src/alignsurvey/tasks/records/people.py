"""Who answered: people by id or by profile, and who stands on both sides of a split."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import asdict, dataclass

from alignsurvey.randomness import stable_hash
from alignsurvey.tasks.records.nouns import Record, attribute_text

PersonKey = tuple[str, Hashable]


def profile_fingerprint(record: Record) -> str | None:
    """Fingerprint a profile by its attributes' texts, whatever their order; None without one.

    Two tasks that print one person's profile in two ways (a dictionary, lines) give one
    fingerprint. It stands for the profile in reports, which must not print personal notes.

    Examples
    --------
    >>> from alignsurvey.tasks.records import ResponseRecord
    >>> one = ResponseRecord(row=1, instruction="…", profile=(("age", 40.0), ("sex", "f")))
    >>> two = ResponseRecord(row=2, instruction="…", profile=(("sex", "f"), ("age", "40")))
    >>> profile_fingerprint(one) == profile_fingerprint(two)
    True
    """
    if not record.profile:
        return None
    parts = sorted(f"{key}\x1e{attribute_text(value)}" for key, value in record.profile)
    return f"{stable_hash(*parts):016x}"


def person_key(record: Record) -> PersonKey | None:
    """Who a record is from: by id, else by profile; None if neither is known.

    People with one profile and no ids count as one person: a split that tells them apart could
    not be checked.
    """
    if record.person is not None:
        return "id", record.person
    fingerprint = profile_fingerprint(record)
    return None if fingerprint is None else ("profile", fingerprint)


def count_people(records: Iterable[Record]) -> tuple[int, str]:
    """Count people, and say how they were told apart: "id", "profile", "mixed" or "unknown"."""
    keys = {person_key(record) for record in records}
    ways = {key[0] if key else "unknown" for key in keys}
    return len(keys - {None}), ways.pop() if len(ways) == 1 else "mixed"


@dataclass(frozen=True)
class Overlap:
    """People on both sides of a split.

    Parameters
    ----------
    people : tuple
        Ids on both sides whose profiles agree, or of whom a side has no profile.
    profiles : tuple of str
        Fingerprints of profiles on both sides whose people have no common id: one person
        numbered anew, or two people with the same attributes. A fingerprint split keeps both on
        one side.
    other_people : tuple
        Ids on both sides that belong to different profiles: two people with one number, which is
        no leak.
    rows : int
        Rows of the second side from those people and profiles.
    n : int
        Rows of the second side.
    """

    people: tuple[Hashable, ...]
    profiles: tuple[str, ...]
    other_people: tuple[Hashable, ...]
    rows: int
    n: int

    def __bool__(self) -> bool:
        return bool(self.people or self.profiles)

    def as_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return asdict(self)


def overlap(train: Iterable[Record], test: Iterable[Record]) -> Overlap:
    """Find the people that stand on both sides of a split.

    Parameters
    ----------
    train, test : iterable of Record
        `Records` of two files, of one task or of two.

    Examples
    --------
    >>> from alignsurvey.tasks.records import ResponseRecord
    >>> def row(person, age):
    ...     return ResponseRecord(row=1, instruction="…", person=person, profile=(("age", age),))
    >>> found = overlap([row(1, 20), row(2, 30), row(3, 40)], [row(1, 20), row(2, 31), row(9, 40)])
    >>> found.people, found.other_people, len(found.profiles), found.rows
    ((1,), (2,), 1, 2)
    """
    test = list(test)
    ids_train, known_train = _sides(train)
    ids_test, known_test = _sides(test)
    people: list[Hashable] = []
    others: list[Hashable] = []
    for person in ids_train.keys() & ids_test.keys():
        here, there = ids_train[person], ids_test[person]
        (others if here and there and not here & there else people).append(person)
    same = set(people)
    profiles = {
        one
        for one in known_train.keys() & known_test.keys()
        if not known_train[one] & known_test[one] & same
    }
    rows = sum(one.person in same or profile_fingerprint(one) in profiles for one in test)
    return Overlap(
        tuple(sorted(people, key=_order)), tuple(sorted(profiles)),
        tuple(sorted(others, key=_order)), rows, len(test),
    )  # fmt: skip


def _sides(
    records: Iterable[Record],
) -> tuple[Mapping[Hashable, set[str]], Mapping[str, set[Hashable]]]:
    """Id -> fingerprints of its profiles, and fingerprint -> ids of its people."""
    ids: dict[Hashable, set[str]] = {}
    profiles: dict[str, set[Hashable]] = {}
    for record in records:
        fingerprint = profile_fingerprint(record)
        if record.person is not None:
            ids.setdefault(record.person, set()).update({fingerprint} - {None})  # type: ignore[arg-type]
        if fingerprint is not None:
            profiles.setdefault(fingerprint, set()).update(
                set() if record.person is None else {record.person}
            )
    return ids, profiles


def _order(person: Hashable) -> tuple[bool, float, str]:
    number = isinstance(person, int | float)
    return not number, float(person) if isinstance(person, int | float) else 0.0, str(person)
