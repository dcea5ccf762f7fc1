"""Group records (tasks 3.2 and 4.2): shares of the answers of everyone in a group."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from alignsurvey.errors import InputError, nearest
from alignsurvey.survey.orders import label_order
from alignsurvey.tasks.records.nouns import Record, ResponseRecord, StanceRecord
from alignsurvey.tasks.records.people import PersonKey, person_key


@dataclass(frozen=True)
class GroupRecord:
    """What a group answers to a question.

    Parameters
    ----------
    definition : tuple of (attribute, value)
        Who is in the group; empty for everyone.
    theme : str
        Of a stance; "" for a survey question.
    question : str
    options : tuple of str
        From low to high where their order is known or given.
    shares : tuple of float
        Weighted share of each option; they sum to 1.
    n : int
        Respondents.
    weight : float
        Sum of their weights; `n` without weights.
    n_effective : float
        Respondents that the weights leave: (sum w)^2 / sum w^2 (Kish 1965).
    """

    definition: tuple[tuple[str, str], ...]
    theme: str
    question: str
    options: tuple[str, ...]
    shares: tuple[float, ...]
    n: int
    weight: float
    n_effective: float

    @property
    def name(self) -> str:
        """The group in words."""
        return ", ".join(f"{key}: {value}" for key, value in self.definition) or "everyone"

    def as_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Groups:
    """Group records, and the groups that were too small for one.

    Parameters
    ----------
    records : tuple of GroupRecord
    too_small : tuple of (definition, question, n)
        Groups with fewer than the minimum of respondents for a question.
    without_attribute : mapping of str to int
        Attribute -> people who lack it and are in no group by it.
    """

    records: tuple[GroupRecord, ...]
    too_small: tuple[tuple[tuple[tuple[str, str], ...], str, int], ...] = ()
    without_attribute: Mapping[str, int] | None = None


Answered = dict[PersonKey | int, Record]


def build_groups(
    records: Iterable[Record],
    by: Sequence[str | Sequence[str]],
    minimum: int = 10,
    weights: Mapping[Hashable, float] | None = None,
    orders: Mapping[str, Sequence[str]] | None = None,
) -> Groups:
    """Build group records from the rows of individuals.

    Parameters
    ----------
    records : iterable of StanceRecord or ResponseRecord
    by : sequence of str or of sequences of str
        Attributes that make groups, each value one; or combinations of attributes, such as
        ``["sex", ("sex", "region")]``. An empty combination ``()`` is everyone.
    minimum : int
        Fewest respondents for a record.
    weights : mapping of person id to float, optional
        Survey weights; every person needs one.
    orders : mapping of question (or theme) to sequence of str, optional
        The options of a question from low to high. Otherwise a known order of the labels, else
        that of their signs: rows show options shuffled, which is no order.

    Raises
    ------
    InputError
        No record has an attribute; a person has no weight, or two answers to one question; the
        options of a question differ between rows.

    Examples
    --------
    >>> from alignsurvey.tasks.records import Option
    >>> def row(person, sex, answer):
    ...     return ResponseRecord(row=person, instruction="…", person=person, answers=(answer,),
    ...         profile=(("sex", sex),), question="Happy?",
    ...         options=(Option("A", "yes"), Option("B", "no")))
    >>> rows = [row(1, "f", "yes"), row(2, "f", "no"), row(3, "m", "no")]
    >>> groups = build_groups(rows, ["sex"], minimum=2, weights={1: 3.0, 2: 1.0, 3: 1.0})
    >>> for one in groups.records: print(one.name, one.options, one.shares, one.n, one.n_effective)
    sex: f ('no', 'yes') (0.25, 0.75) 2 1.6
    >>> groups.too_small
    (((('sex', 'm'),), 'Happy?', 1),)
    """
    rows = [one for one in records if isinstance(one, StanceRecord | ResponseRecord)]
    if not rows:
        raise InputError("groups need stance or response records; there are none")
    if minimum < 1:
        raise InputError(f"the minimum of a group must be 1 or more, not {minimum}")
    combinations = [(one,) if isinstance(one, str) else tuple(one) for one in by]
    known = dict.fromkeys(name for one in rows for name, _ in one.profile)
    for name in (name for one in combinations for name in one):
        if name not in known:
            raise InputError(f"no profile has the attribute '{name}'; {nearest(name, known)}")
    questions = _by_question(rows)
    options = {key: _options(key, list(one.values()), orders) for key, one in questions.items()}
    made: list[GroupRecord] = []
    small: list[tuple[tuple[tuple[str, str], ...], str, int]] = []
    for names in combinations:
        for (theme, question), answered in questions.items():
            for definition, members in _members(answered, names).items():
                if len(members) < minimum:
                    small.append((definition, question, len(members)))
                    continue
                shown = options[theme, question]
                made.append(_group(definition, theme, question, shown, members, weights))
    return Groups(tuple(made), tuple(small), _lacking(rows, combinations))


def _by_question(rows: Sequence[Record]) -> dict[tuple[str, str], Answered]:
    """Question -> person -> answer; a row that comes twice counts once."""
    found: dict[tuple[str, str], Answered] = {}
    for place, one in enumerate(rows):
        theme = one.theme if isinstance(one, StanceRecord) else ""
        answered = found.setdefault((theme, one.question), {})
        # Without ids two people of one profile are two people: rows are all there is.
        key: PersonKey | int = place if one.person is None else ("id", one.person)
        earlier = answered.setdefault(key, one)
        if earlier.answer != one.answer:
            raise InputError(
                f"rows {earlier.row} and {one.row}: person {one.person!r} gives two answers to "
                "one question; keep one"
            )
    return found


def _options(
    key: tuple[str, str], rows: Sequence[Record], orders: Mapping[str, Sequence[str]] | None
) -> tuple[str, ...]:
    theme, question = key
    shown = {frozenset(option.text for option in one.options): one.row for one in rows}
    if len(shown) > 1:
        first, second = list(shown.values())[:2]
        raise InputError(
            f"rows {first} and {second} show different options of one question; "
            "give each version its own question"
        )
    labels = sorted(next(iter(shown)))
    given = (orders or {}).get(question) or (orders or {}).get(theme)
    if given is not None:
        if sorted(given) != labels:
            raise InputError(f"the order given for '{theme or question}' must name {labels}")
        return tuple(given)
    order = label_order(labels)
    return tuple(labels[place] for place in order) if order else tuple(labels)


def _members(
    answered: Answered, names: Sequence[str]
) -> dict[tuple[tuple[str, str], ...], list[Record]]:
    found: dict[tuple[tuple[str, str], ...], list[Record]] = {}
    for one in answered.values():
        values = [(name, one.attribute(name)) for name in names]
        definition = tuple((name, value) for name, value in values if value is not None)
        if len(definition) == len(names):
            found.setdefault(definition, []).append(one)
    return dict(sorted(found.items()))


def _group(
    definition: tuple[tuple[str, str], ...],
    theme: str,
    question: str,
    options: tuple[str, ...],
    members: Sequence[Record],
    weights: Mapping[Hashable, float] | None,
) -> GroupRecord:
    w = [_weight(one, weights) for one in members]
    total = sum(w)
    if total <= 0:
        raise InputError(f"the weights of a group of {len(w)} sum to 0; leave it out")
    shares = tuple(
        sum(weight for one, weight in zip(members, w, strict=True) if one.answer == text) / total
        for text in options
    )
    n_effective = total**2 / sum(weight**2 for weight in w)
    return GroupRecord(
        definition, theme, question, options, shares, len(w), float(total), n_effective
    )


def _weight(record: Record, weights: Mapping[Hashable, float] | None) -> float:
    if weights is None:
        return 1.0
    weight = weights.get(record.person)
    if weight is None or not 0 <= weight < float("inf"):
        raise InputError(f"row {record.row}: person {record.person!r} needs a weight of 0 or more")
    return float(weight)


def _lacking(rows: Sequence[Record], combinations: Sequence[Sequence[str]]) -> dict[str, int]:
    names = dict.fromkeys(name for one in combinations for name in one)
    lacking: dict[str, set[object]] = {name: set() for name in names}
    for place, one in enumerate(rows):
        for name in names:
            if one.attribute(name) is None:
                lacking[name].add(person_key(one) or place)
    return {name: len(who) for name, who in lacking.items() if who}
