"""Population margins: how the values of attributes are distributed among those to be simulated."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError, nearest
from alignsurvey.survey.codebook import Code, Codebook, Variable
from alignsurvey.yamlfile import read_yaml

__all__ = ["Margin", "Span", "parse_margins", "read_margins"]

ROUNDING = 0.005
"""By how much shares may miss their sum, or two margins each other, through rounding."""

LEAST_COUNT = 200
"""Whole numbers that sum to less are percent with a mistake, not counts of a population."""

_SPAN = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(?:(?:-|–|to)\s*(-?\d+(?:\.\d+)?)|(\+))\s*")


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers from low to high, both included, such as ages 18 to 29."""

    low: float
    high: float

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low:g}"
        return f"{self.low:g}+" if math.isinf(self.high) else f"{self.low:g}-{self.high:g}"


Value = Code | Span


@dataclass(frozen=True)
class Margin:
    """Shares of the values of an attribute, or of the combinations of several.

    Parameters
    ----------
    names : tuple of str
    shares : mapping of tuple to float
        A value of each attribute (a code, or a span of numbers) -> share; they sum to 1.
    total : float, optional
        What the file's counts sum to; None where it had shares or percent.
    """

    names: tuple[str, ...]
    shares: Mapping[tuple[Value, ...], float]
    total: float | None = None

    @property
    def title(self) -> str:
        """The attributes, as the file has them."""
        return " & ".join(self.names)

    def onto(self, names: Sequence[str]) -> dict[tuple[Value, ...], float]:
        """Sum the shares over all but some of the attributes."""
        places = [self.names.index(name) for name in names]
        found: dict[tuple[Value, ...], float] = {}
        for values, share in self.shares.items():
            key = tuple(values[place] for place in places)
            found[key] = found.get(key, 0.0) + share
        return found


def read_margins(path: str | Path, codebook: Codebook) -> tuple[Margin, ...]:
    """Read a file of margins; see `parse_margins`."""
    return parse_margins(read_yaml(Path(path)), codebook, str(path))


def parse_margins(content: Any, codebook: Codebook, name: str = "margins") -> tuple[Margin, ...]:
    """Read margins given as plain values.

    Parameters
    ----------
    content : mapping
        Attribute -> {label or code: share}, as shares, percent or counts. Of numbers without
        categories spans, such as ``18-29`` or ``65+``. Joint margins stand under
        ``sex & educ`` and are nested: ``{male: {low: 0.2, high: 0.3}, female: …}``.
    codebook : Codebook

    Raises
    ------
    InputError
        An attribute or value is unknown, shares do not sum to 1 or 100, or two margins contradict
        each other; with their names.

    Examples
    --------
    >>> from alignsurvey.survey import Category
    >>> sex = Variable("sex", categories=(Category(1, "male"), Category(2, "female")))
    >>> parse_margins({"sex": {"male": 49, "female": 51}}, Codebook((sex,)))[0].shares
    {(1,): 0.49, (2,): 0.51}
    """
    if not isinstance(content, Mapping) or not content:
        raise InputError(f"{name}: margins are lines of 'attribute: {{value: share}}'")
    margins = tuple(_margin(str(key), value, codebook, name) for key, value in content.items())
    for first, second in combinations(margins, 2):
        _refuse_contradiction(first, second, codebook, name)
    return margins


def _margin(key: str, content: Any, codebook: Codebook, name: str) -> Margin:
    names = tuple(part.strip() for part in key.split("&"))
    for one in names:
        if one not in codebook:
            raise InputError(f"{name}: no attribute '{one}'; {nearest(one, codebook.names)}")
    if len(set(names)) < len(names):
        raise InputError(f"{name}: '{key}' names an attribute twice")
    where = f"{name}: {key}"
    amounts: dict[tuple[Value, ...], float] = {}
    for values, amount in _leaves(content, [codebook[one] for one in names], where):
        if values in amounts:
            raise InputError(f"{where}: the value {values[-1]!r} stands twice, by code and label")
        amounts[values] = amount
    total = math.fsum(amounts.values())
    counts = _is_count(total, amounts, where)
    shares = {values: amount / total for values, amount in amounts.items()}
    return Margin(names, shares, total if counts else None)


def _leaves(
    content: Any, variables: Sequence[Variable], where: str
) -> Iterator[tuple[tuple[Value, ...], float]]:
    if not isinstance(content, Mapping):
        raise InputError(f"{where}: needs {{value: share}}, nested once for each attribute")
    variable, *others = variables
    for key, value in content.items():
        code = _value(key, variable, where)
        if others:
            for rest, amount in _leaves(value, others, f"{where}: {key}"):
                yield (code, *rest), amount
            continue
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or value < 0:
            raise InputError(f"{where}: {key}: {value!r} is no share; write a number of 0 or more")
        yield (code,), float(value)


def _value(key: Any, variable: Variable, where: str) -> Value:
    if variable.categories:
        by_label = {one.label: one.code for one in variable.categories if one.label}
        if key in by_label:
            return by_label[key]
        for code in variable.codes:
            if code == key or str(code) == str(key):
                return code
        known = list(dict.fromkeys([*by_label, *map(str, variable.codes)]))
        raise InputError(f"{where}: no value '{key}'; {nearest(str(key), known)}")
    found = _SPAN.fullmatch(str(key))
    if found:
        low = float(found[1])
        span = Span(low, math.inf if found[3] else float(found[2]))
        if span.high < span.low:
            raise InputError(f"{where}: '{key}' ends before it begins")
        return span
    if isinstance(key, int | float) and not isinstance(key, bool):
        return Span(key, key)
    raise InputError(f"{where}: no value '{key}'; write a number, or a span such as 18-29 or 65+")


def _is_count(total: float, amounts: Mapping[tuple[Value, ...], float], where: str) -> bool:
    """Whether amounts are counts; else they are shares or percent."""
    if abs(total - 1) <= ROUNDING or abs(total / 100 - 1) <= ROUNDING:
        return False
    if total > LEAST_COUNT and all(amount.is_integer() for amount in amounts.values()):
        return True
    raise InputError(
        f"{where}: sums to {total:g}; shares sum to 1, percent to 100, counts are whole numbers"
    )


def _refuse_contradiction(first: Margin, second: Margin, codebook: Codebook, name: str) -> None:
    both = f"{name}: '{first.title}' and '{second.title}' contradict each other"
    if first.total and second.total and abs(first.total / second.total - 1) > ROUNDING:
        raise InputError(
            f"{both}: they count {first.total:,.0f} and {second.total:,.0f} people; give both of "
            "the same population, or as shares"
        )
    shared = [one for one in first.names if one in second.names]
    if not shared:
        return
    one, other = first.onto(shared), second.onto(shared)
    for values in {**one, **other}:
        here, there = one.get(values, 0.0), other.get(values, 0.0)
        if abs(here - there) > ROUNDING:
            shown = " & ".join(
                _shown(value, codebook[which]) for value, which in zip(values, shared, strict=True)
            )
            raise InputError(
                f"{both}: {' & '.join(shared)} = {shown} is {100 * here:.1f} % in one and "
                f"{100 * there:.1f} % in the other"
            )


def _shown(value: Value, variable: Variable) -> str:
    return str(value) if isinstance(value, Span) else variable.label(value)
