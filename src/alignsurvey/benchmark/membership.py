"""Who belongs to which subgroup: by an attribute of the profile, or the paper's own four."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from alignsurvey.tasks.records import Record

AGE_BANDS = ((0, 17), (18, 25), (26, 35), (36, 45), (46, 55), (56, 65), (66, 75), (76, 200))
MOST_VALUES = 8
"""A number with more values than these is cut into quarters."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WHOLE = re.compile(r"\s*-?\d+(?:\.\d+)?\s*")
_AGE = re.compile(r"年龄|\bage\b", re.IGNORECASE)
_NOT_RURAL = re.compile(r"非农|non-?\s?agric|non-?\s?rural|non-?\s?farm", re.IGNORECASE)
_RURAL = re.compile(r"农村|农业|农户|\brural|\bagricultur|\bvillage", re.IGNORECASE)
_SELF_EMPLOYED = re.compile(
    r"个体|自雇|自营|自由职业|私营企业主|self[- ]?employ|own[- ]account|freelanc", re.IGNORECASE
)
_LOW = re.compile(
    r"以下|以内|不足|低于|\bunder\b|\bbelow\b|\bless than\b|\bup to\b|<|≤", re.IGNORECASE
)
_LOW_WORD = re.compile(r"低|低收入|较低|low|very low|low income", re.IGNORECASE)
OTHERS = "others"


@dataclass(frozen=True)
class Membership:
    """The subgroups that an attribute makes of the records of a part.

    Parameters
    ----------
    attribute : str
    groups : tuple of (name, members)
        Members as an array of bool, shape (n,).
    """

    attribute: str
    groups: tuple[tuple[str, NDArray[np.bool_]], ...]


def memberships(records: Sequence[Record], attribute: str) -> Membership | None:
    """Group records by the values of an attribute; None where no profile has it.

    Ages fall into the bands of the released data, other numbers with many values into quarters.

    Examples
    --------
    >>> from alignsurvey.tasks.records import ResponseRecord
    >>> people = [ResponseRecord(row=i, instruction="…", profile=(("age", age),))
    ...           for i, age in enumerate([19, 24, 80])]
    >>> [(name, members.tolist()) for name, members in memberships(people, "age").groups]
    [('18-25', [True, True, False]), ('76+', [False, False, True])]
    """
    values = [record.attribute(attribute) for record in records]
    known = [value for value in values if value is not None]
    if not known:
        return None
    if all(_WHOLE.fullmatch(value) for value in known):
        numbers = np.array([np.nan if value is None else float(value) for value in values])
        if _AGE.search(attribute):
            return Membership(attribute, _cut(numbers, AGE_BANDS))
        if len(set(known)) > MOST_VALUES:
            return Membership(attribute, _quarters(numbers))
    groups = [(name, np.array([value == name for value in values])) for name in sorted(set(known))]
    return Membership(attribute, tuple(groups))


def _cut(
    numbers: NDArray[np.float64], bands: Sequence[tuple[int, int]]
) -> tuple[tuple[str, NDArray[np.bool_]], ...]:
    names = {low: f"{low}-{high}" for low, high in bands} | {0: "under 18", 76: "76+"}
    groups = [(names[low], (numbers >= low) & (numbers < high + 1)) for low, high in bands]
    return tuple((name, members) for name, members in groups if members.any())


def _quarters(numbers: NDArray[np.float64]) -> tuple[tuple[str, NDArray[np.bool_]], ...]:
    edges = np.unique(np.nanquantile(numbers, [0, 0.25, 0.5, 0.75, 1]))
    groups = []
    for low, high in pairwise(edges):
        is_last = high == edges[-1]
        members = (numbers >= low) & ((numbers <= high) if is_last else (numbers < high))
        groups.append((f"{low:g} to {'' if is_last else 'below '}{high:g}", members))
    return tuple(groups)


def paper_memberships(records: Sequence[Record]) -> tuple[list[Membership], list[str]]:
    """Find the paper's four subgroups, each against everybody else whose attribute is known.

    Rural household registration, age 76 and above, self-employed, low income; attributes and
    values in Chinese or English. Low income is the band without a lower end or, where the
    attribute is a number, the lowest fifth.

    Returns
    -------
    found : list of Membership
    absent : list of str
        What cannot be found, a line each.

    References
    ----------
    arXiv 2511.07871, the comparison of demographic groups.

    Examples
    --------
    >>> from alignsurvey.tasks.records import ResponseRecord
    >>> people = [ResponseRecord(row=i, instruction="…", profile=(("户籍状态", one),))
    ...           for i, one in enumerate(["农村", "城镇", "非农业户口"])]
    >>> found, absent = paper_memberships(people)
    >>> found[0].groups[0][1].tolist(), absent[0]
    ([True, False, False], 'age 76+: no profile has such an attribute')
    """
    names = Counter(key for record in records for key, _ in record.profile)
    found, absent = [], []
    for title, looks, members_of in _PAPER:
        own = [name for name in names if looks.search(name)]
        if not own:
            absent.append(f"{title}: no profile has such an attribute")
            continue
        memberships = [_against_others(title, members_of(one, records)) for one in own]
        best = max(memberships, key=lambda one: int(one.groups[0][1].sum()))
        if best.groups[0][1].any():
            found.append(best)
        else:
            absent.append(f"{title}: nobody, by {', '.join(own)}")
    return found, absent


def _against_others(title: str, inside: NDArray[np.float64]) -> Membership:
    return Membership(title, ((title, inside == 1), (OTHERS, inside == 0)))


def _by_value(
    name: str, records: Sequence[Record], belongs: Callable[[str], bool]
) -> NDArray[np.float64]:
    """1 for members, 0 for others, NaN where the attribute is missing."""
    values = [record.attribute(name) for record in records]
    return np.array([np.nan if value is None else float(belongs(value)) for value in values])


def _rural(name: str, records: Sequence[Record]) -> NDArray[np.float64]:
    return _by_value(
        name, records, lambda value: bool(_RURAL.search(value) and not _NOT_RURAL.search(value))
    )


def _old(name: str, records: Sequence[Record]) -> NDArray[np.float64]:
    def belongs(value: str) -> bool:
        lowest = _NUMBER.search(value)
        return lowest is not None and float(lowest[0]) >= AGE_BANDS[-1][0]

    return _by_value(name, records, belongs)


def _self_employed(name: str, records: Sequence[Record]) -> NDArray[np.float64]:
    return _by_value(name, records, lambda value: bool(_SELF_EMPLOYED.search(value)))


def _low_income(name: str, records: Sequence[Record]) -> NDArray[np.float64]:
    values = [record.attribute(name) for record in records]
    known = [value for value in values if value is not None]
    if known and all(_WHOLE.fullmatch(value) for value in known):
        edge = np.quantile([float(value) for value in known], 0.2)
        return _by_value(name, records, lambda value: float(value) <= edge)
    return _by_value(
        name, records, lambda value: bool(_LOW.search(value) or _LOW_WORD.fullmatch(value.strip()))
    )


_PAPER = (
    (
        "rural registration",
        re.compile(r"户籍状态|户籍类型|户口|household registration|hukou", re.IGNORECASE),
        _rural,
    ),
    ("age 76+", _AGE, _old),
    (
        "self-employed",
        re.compile(
            r"职业|就业|工作状|工作性质|occupation|employ|work status|working status", re.IGNORECASE
        ),
        _self_employed,
    ),
    ("low income", re.compile(r"收入|income", re.IGNORECASE), _low_income),
)
"""Subgroup, what its attribute is called, and who is in it."""
