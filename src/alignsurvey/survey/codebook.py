"""The codebook: what was asked, which answers there were, and what counts as missing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError, nearest

Code = int | float | str


class Scale(StrEnum):
    """Level of measurement."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"
    TEXT = "text"


class Missing(StrEnum):
    """Why there is no answer. The kinds are different things and are never merged."""

    REFUSED = "refused"
    DONT_KNOW = "dont_know"
    NOT_ASKED = "not_asked"
    OTHER = "other"


def as_code(value: object) -> Code:
    """Give a code the type it has in the codebook: whole floats are integers.

    Statistical packages store every number as a float, so that 1.0 in a file means the code 1.

    Examples
    --------
    >>> as_code(1.0), as_code(1.5), as_code("1")
    (1, 1.5, '1')
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    if isinstance(value, int | float | str):
        return value
    raise InputError(f"a code must be a number or a text, not {value!r}")


@dataclass(frozen=True, slots=True)
class Category:
    """One answer option.

    Parameters
    ----------
    code : int, float or str
        As stored in the data, in its own type: 1 and "1" are different codes.
    label : str
        As shown to the respondent.
    score : float, optional
        Position on the scale; `Variable.positions` says what holds without one.
    """

    code: Code
    label: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class MissingCode:
    """A code that means that there is no answer, such as 9 or Stata's ``.a``."""

    code: Code
    kind: Missing = Missing.OTHER
    label: str = ""


@dataclass(frozen=True, slots=True)
class MissingRange:
    """A closed range of numeric codes that mean no answer, such as SPSS's ``90 THRU HIGHEST``."""

    low: float
    high: float
    kind: Missing = Missing.OTHER

    def __contains__(self, code: object) -> bool:
        return isinstance(code, int | float) and self.low <= code <= self.high


@dataclass(frozen=True)
class Variable:
    """One column of a survey: a question, or an attribute of the respondent.

    Value labels are ordered pairs, not a mapping with text keys: the order is the order of the
    scale, and a mapping written to JSON would turn the code 1 into "1".

    Parameters
    ----------
    name : str
        Name of the column.
    text : str
        Wording of the question (a data file's variable label).
    scale : Scale
    categories : tuple of Category
        In scale order, from the lowest to the highest.
    missing : tuple of MissingCode
    missing_ranges : tuple of MissingRange
    inferred : tuple of str
        Parts that nobody declared and that were read off the data: "scale", "values".
    format : str
        Storage format in the file that it was read from (SPSS ``F8.2``, Stata ``%9.0g``), so that
        writing gives the same file again.
    point_labels : tuple of Category
        Labels at single points of a number, such as 89 "89 or older"; no list of options.

    Examples
    --------
    >>> trust = Variable("trust", "Can people be trusted?", Scale.ORDINAL,
    ...                  (Category(1, "Never"), Category(2, "Sometimes"), Category(3, "Always")))
    >>> trust.positions
    array([1., 2., 3.])
    >>> trust.label(2)
    'Sometimes'
    """

    name: str
    text: str = ""
    scale: Scale = Scale.NOMINAL
    categories: tuple[Category, ...] = ()
    missing: tuple[MissingCode, ...] = ()
    missing_ranges: tuple[MissingRange, ...] = ()
    inferred: tuple[str, ...] = ()
    format: str = ""
    point_labels: tuple[Category, ...] = ()

    def __post_init__(self) -> None:
        labelled = (*self.categories, *self.point_labels)
        _refuse_doubles(self.name, "code", [category.code for category in labelled])
        _refuse_doubles(self.name, "missing code", [one.code for one in self.missing])
        both = {category.code for category in labelled} & {one.code for one in self.missing}
        if both:
            raise InputError(
                f"variable '{self.name}': code {min(both, key=str)!r} is both an answer and "
                "missing; list it once"
            )
        scores = [category.score for category in self.categories]
        if any(score is not None for score in scores) and None in scores:
            unscored = next(c for c in self.categories if c.score is None)
            raise InputError(
                f"variable '{self.name}': category {unscored.code!r} has no score but others "
                "have; give all of them one, or none"
            )

    @property
    def codes(self) -> tuple[Code, ...]:
        """Codes of the answers, in scale order."""
        return tuple(category.code for category in self.categories)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the answers, in scale order."""
        return tuple(category.label for category in self.categories)

    @property
    def title(self) -> str:
        """The wording, or the name where there is none."""
        return self.text or self.name

    @property
    def is_ordered(self) -> bool:
        """Whether distances between answers mean something."""
        return self.scale in (Scale.ORDINAL, Scale.INTERVAL)

    @cached_property
    def positions(self) -> NDArray[np.float64]:
        """Position of each category on the scale, shape (K,).

        Declared scores if there are any. Else, for numeric codes that rise in equal steps, the
        codes themselves, so that means read as in the questionnaire. Else 1, 2, …, K.
        """
        declared = [category.score for category in self.categories]
        if declared and all(score is not None for score in declared):
            return np.array(declared, dtype=np.float64)
        if self.categories and all(isinstance(code, int | float) for code in self.codes):
            codes = np.array(self.codes, dtype=np.float64)
            steps = np.diff(codes)
            rising = bool(np.all(steps > 0))
            if rising and (self.scale is Scale.INTERVAL or np.allclose(steps, steps[:1])):
                return codes
        return np.arange(1.0, len(self.categories) + 1.0)

    @cached_property
    def _index(self) -> Mapping[Code, int]:
        return {code: index for index, code in enumerate(self.codes)}

    @cached_property
    def _labels_by_code(self) -> Mapping[Code, str]:
        return {one.code: one.label for one in self.categories + self.point_labels if one.label}

    def index(self, code: object) -> int:
        """Index of a code among the categories, -1 if it is none of them."""
        return self._index.get(as_code(code), -1) if code is not None else -1

    def label(self, code: object) -> str:
        """Label of a code; the code itself where it has none.

        Examples
        --------
        >>> Variable("age", scale=Scale.INTERVAL).label(64.0)
        '64'
        """
        plain = as_code(code)
        return self._labels_by_code.get(plain, str(plain))

    def missing_kind(self, code: object) -> Missing | None:
        """Kind of missing that a code stands for, None for an answer."""
        plain = as_code(code)
        kind = {one.code: one.kind for one in self.missing}.get(plain)
        return kind or next((span.kind for span in self.missing_ranges if plain in span), None)


def _refuse_doubles(variable: str, what: str, values: list[Code]) -> None:
    seen: set[Code] = set()
    for value in values:
        if value in seen:
            raise InputError(f"variable '{variable}': {what} {value!r} stands twice; keep one")
        seen.add(value)


@dataclass(frozen=True)
class Codebook:
    """The variables of a survey, in order.

    Examples
    --------
    >>> book = Codebook((Variable("age", scale=Scale.INTERVAL), Variable("vote")))
    >>> book.names
    ('age', 'vote')
    >>> "vote" in book, book["age"].scale.value
    (True, 'interval')
    """

    variables: tuple[Variable, ...]
    _by_name: Mapping[str, Variable] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name: dict[str, Variable] = {}
        for variable in self.variables:
            if variable.name in by_name:
                raise InputError(f"variable '{variable.name}' stands twice in the codebook")
            by_name[variable.name] = variable
        object.__setattr__(self, "_by_name", by_name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables, in order."""
        return tuple(self._by_name)

    def __iter__(self) -> Iterator[Variable]:
        return iter(self.variables)

    def __len__(self) -> int:
        return len(self.variables)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Variable:
        try:
            return self._by_name[name]
        except KeyError:
            raise InputError(
                f"no variable '{name}' in the codebook; {nearest(name, self.names)}"
            ) from None

    def select(self, names: Iterable[str]) -> Codebook:
        """Keep some variables, in the order named.

        Raises
        ------
        InputError
            A name is unknown; with the nearest known one.
        """
        return Codebook(tuple(self[name] for name in names))

    def updated(self, *variables: Variable) -> Codebook:
        """Replace variables of the same name, append the others."""
        new = {variable.name: variable for variable in variables}
        kept = tuple(new.pop(one.name, one) for one in self.variables)
        return replace(self, variables=kept + tuple(new.values()))
