"""What may stand in a codebook file, checked by pydantic; `codebook_yaml` is the door to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from alignsurvey.errors import InputError, nearest
from alignsurvey.survey.codebook import (
    Category,
    Code,
    Missing,
    MissingCode,
    MissingRange,
    Scale,
    Variable,
    as_code,
)

INFERABLE = ("scale", "values")


def _one_of(word: object, known: Iterable[str]) -> str:
    names = list(known)
    if word in names:
        return str(word)
    hint = nearest(str(word), names)
    message = f"{word!r} is not one of {', '.join(names)}"
    raise ValueError(message + (f"; {hint}" if hint.startswith("did you mean") else ""))


def _code(value: object) -> Code:
    if isinstance(value, bool):
        flag = str(value).lower()
        raise ValueError(f"{flag} is a flag; write '{flag}' in quotes if the data hold this word")
    if value is None or (isinstance(value, float) and math.isnan(value)):
        raise ValueError("a code is empty; write the number or text that stands in the data")
    if not isinstance(value, int | float | str):
        raise ValueError(f"a code must be a number or a text, not {value!r}")
    return as_code(value)


def _words(value: object) -> str:
    """Take a label or a wording; 1.50 would lose its zero, so that only whole numbers pass."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"{_as_written(value)} is not a text; put it in quotes")


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise ValueError(f"{what} {_as_written(value)} is not a number")
    return value


def _as_written(value: object) -> str:
    if value is None:
        return "an empty value"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _each(value: object, build: Callable[[list[Any]], Any], shape: str) -> tuple[Any, ...]:
    """Build one thing from each entry of a list of lists; a mapping is a list of pairs."""
    if isinstance(value, dict):
        value = [[key, one] for key, one in value.items()]
    if not isinstance(value, list):
        raise ValueError(f"must be a list of {shape}, not {_as_written(value)}")
    built = []
    for place, entry in enumerate(value, start=1):
        if not isinstance(entry, list):
            raise ValueError(f"entry {place} must be {shape}, not {_as_written(entry)}")
        try:
            built.append(build(entry))
        except ValueError as error:
            raise ValueError(f"entry {place}: {error}") from error
    return tuple(built)


def _values(value: object) -> tuple[Category, ...]:
    def build(entry: list[Any]) -> Category:
        if len(entry) not in (2, 3):
            raise ValueError(f"{entry} is not [code, label] or [code, label, score]")
        score = _number(entry[2], "the score") if len(entry) == 3 else None
        return Category(_code(entry[0]), _words(entry[1]), score)

    return _each(value, build, "[code, label]")


def _missing(value: object) -> tuple[MissingCode, ...]:
    def build(entry: list[Any]) -> MissingCode:
        if len(entry) not in (2, 3):
            raise ValueError(f"{entry} is not [code, kind] or [code, kind, label]")
        label = _words(entry[2]) if len(entry) == 3 else ""
        return MissingCode(_code(entry[0]), Missing(_one_of(entry[1], Missing)), label)

    return _each(value, build, "[code, kind]")


def _ranges(value: object) -> tuple[MissingRange, ...]:
    def build(entry: list[Any]) -> MissingRange:
        if len(entry) not in (2, 3):
            raise ValueError(f"{entry} is not [low, high] or [low, high, kind]")
        low, high = _number(entry[0], "the low end"), _number(entry[1], "the high end")
        if low > high:
            raise ValueError(f"[{low}, {high}] runs backwards; write [{high}, {low}]")
        kind = _one_of(entry[2], Missing) if len(entry) == 3 else Missing.OTHER
        return MissingRange(low, high, Missing(kind))

    return _each([value] if _is_one_range(value) else value, build, "[low, high, kind]")


def _is_one_range(value: object) -> bool:
    """`missing_ranges: [90, 99, other]` is one range: the inner brackets are easily forgotten."""
    return isinstance(value, list) and bool(value) and not isinstance(value[0], list)


def _scale(value: object) -> Scale:
    return Scale(_one_of(value, Scale))


def _inferred(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else [value]
    return tuple(_one_of(part, INFERABLE) for part in parts)


class VariableEntry(BaseModel):
    """One variable as it stands in the file."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    text: Annotated[str, BeforeValidator(_words)] = ""
    scale: Annotated[Scale | None, BeforeValidator(_scale)] = None
    values: Annotated[tuple[Category, ...], BeforeValidator(_values)] = ()
    missing: Annotated[tuple[MissingCode, ...], BeforeValidator(_missing)] = ()
    missing_ranges: Annotated[tuple[MissingRange, ...], BeforeValidator(_ranges)] = ()
    inferred: Annotated[tuple[str, ...], BeforeValidator(_inferred)] = ()
    format: Annotated[str, BeforeValidator(_words)] = ""
    point_labels: Annotated[tuple[Category, ...], BeforeValidator(_values)] = ()

    def variable(self, name: str) -> Variable:
        """Make the variable; what the file does not declare is marked as inferred."""
        inferred = self.inferred
        if self.scale is None:
            inferred = tuple(p for p in INFERABLE if p == "scale" or not self.values)
        return Variable(
            name,
            self.text,
            self.scale or Scale.NOMINAL,
            self.values,
            self.missing,
            self.missing_ranges,
            inferred,
            self.format,
            self.point_labels,
        )


class CodebookFile(BaseModel):
    """A codebook file: variables by name, in order, and what is missing in every one of them."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    variables: dict[Annotated[str, Field(strict=True)], VariableEntry]
    missing: Annotated[tuple[MissingCode, ...], BeforeValidator(_missing)] = ()

    def each(self) -> Iterator[Variable]:
        """Make the variables."""
        for key, entry in self.variables.items():
            yield _without(entry.variable(key), self.missing)


def _without(variable: Variable, missing: tuple[MissingCode, ...]) -> Variable:
    """Take codes that are missing everywhere out of a variable's answers, if it has answers.

    What the variable itself says of a code goes before. An inferred scale of two answers that
    are left is nominal, as it would have been inferred without the missing code.
    """
    own = {one.code for one in variable.missing}
    new = tuple(one for one in missing if one.code not in own)
    codes = {one.code for one in new}
    kept = tuple(category for category in variable.categories if category.code not in codes)
    changed = len(kept) < len(variable.categories)
    flat = changed and "scale" in variable.inferred and len(kept) == 2
    return replace(
        variable,
        categories=kept,
        missing=variable.missing + new,
        scale=Scale.NOMINAL if flat else variable.scale,
    )


def parse_codebook(content: object, name: str) -> tuple[Variable, ...]:
    """Check the content of a codebook file and make its variables.

    Raises
    ------
    InputError
        One line with the path to the first thing that is wrong.
    """
    try:
        checked = CodebookFile.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{name}: {_first_problem(error)}") from error
    try:
        return tuple(checked.each())
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def _first_problem(error: ValidationError) -> str:
    problems = error.errors(include_url=False)
    first = problems[0]
    loc = [str(part) for part in first["loc"]]
    kind, given = first["type"], first["input"]
    model = VariableEntry if len(loc) > 1 else CodebookFile
    if loc[-1:] == ["[key]"]:
        loc.pop()
        said = f"a variable's name must be a text; write '{given}' in quotes"
    elif kind == "extra_forbidden":
        said = f"unknown key; {nearest(loc[-1], model.model_fields)}"
    elif kind == "missing":
        loc.pop()
        keys = given if isinstance(given, dict) else ()
        said = "'variables:' is missing; put the variables under it" + (
            f" (found: {', '.join(map(str, list(keys)[:5]))})" if keys else ""
        )
    elif kind == "value_error":
        said = str(first["ctx"]["error"])
    else:
        said = f"must be a mapping (key: value), not {_as_written(given)}"
    others = len(problems) - 1 if kind != "missing" else 0
    more = f" (and {others} more)" if others else ""
    return ": ".join([*([".".join(loc)] if loc else []), said]) + more
