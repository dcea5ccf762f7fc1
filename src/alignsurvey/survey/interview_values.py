"""Values of an interview's profile and of its closed answers, held against what is declared."""

from __future__ import annotations

from alignsurvey.errors import InputError, nearest
from alignsurvey.survey.codebook import Scale, Variable

Attribute = str | int | float | tuple[str, ...]
"""A profile's value: a text, a number, or several texts."""


def takes_several(variable: Variable) -> bool:
    """Whether an attribute is a list of options: it is text, and yet has options."""
    return variable.scale is Scale.TEXT and bool(variable.categories)


def check_value(variable: Variable, value: Attribute) -> None:
    """Refuse a value that is none of a declared variable's options."""
    if isinstance(value, tuple) and not takes_several(variable):
        raise InputError(
            f"'{variable.name}' has several values; declare it with 'several: true', or keep one"
        )
    if not variable.categories:
        if variable.scale is Scale.INTERVAL and isinstance(value, str):
            raise InputError(f"'{variable.name}': {value!r} is no number")
        return
    for one in value if isinstance(value, tuple) else (value,):
        known = one in variable.labels or variable.index(one) >= 0
        if not known and variable.missing_kind(one) is None:
            hint = nearest(str(one), variable.labels)
            raise InputError(f"'{variable.name}': {one!r} is none of its options; {hint}")
