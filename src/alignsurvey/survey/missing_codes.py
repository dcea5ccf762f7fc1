"""How missing codes of one format are told in another: SPSS's numbers, Stata's letters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import polars as pl

from alignsurvey.survey.codebook import Code, MissingRange, Variable, as_code

_LETTERS = [f".{chr(letter)}" for letter in range(ord("a"), ord("z") + 1)]
_MOST_DISCRETE = 3  # SPSS: three codes, or one range and one code
Span = tuple[float, float]


def is_letter(code: Code) -> bool:
    """Whether a code is one of Stata's extended missing values, ".a" to ".z"."""
    return isinstance(code, str) and len(code) == 2 and code[0] == "." and "a" <= code[1] <= "z"


def fits(code: Code, is_text: bool) -> bool:
    """Whether a code can stand in a column of texts, or in one of numbers and letters."""
    return isinstance(code, str) if is_text else not isinstance(code, str) or is_letter(code)


def codes_in_use(variable: Variable, gaps: pl.Series, is_text: bool = False) -> list[Code]:
    """List a variable's missing codes: those declared that can occur, then others that do."""
    declared = [one.code for one in variable.missing if fits(one.code, is_text)]
    found = [as_code(value) for value in gaps.drop_nulls().unique().sort().to_list()]
    return list(dict.fromkeys([*declared, *found]))


def as_numbers(variable: Variable, codes: Sequence[Code], valid: pl.Series) -> dict[Code, float]:
    """Give each missing code a number that no answer has.

    Numbers stay. Texts, such as Stata's ".a", become whole numbers below zero and below every
    number in use, in order: with answers 1 to 5, ".a" is -1 and ".b" is -2; with answers from -3
    on, ".a" is -4. A text that is a number ("-1") is that number.

    Parameters
    ----------
    variable : Variable
    codes : sequence of int, float or str
        Missing codes in use.
    valid : polars.Series
        Answers as numbers.

    Examples
    --------
    >>> as_numbers(Variable("vote"), [".b", ".a", 9], pl.Series([1.0, 2.0]))
    {'.b': -2.0, '.a': -1.0, 9: 9.0}
    """
    numbers = {code: number for code in codes if (number := _number(code)) is not None}
    texts = sorted(str(code) for code in codes if code not in numbers)
    lowest = valid.min()
    used = labelled_numbers(variable)
    used += [span.low for span in variable.missing_ranges if math.isfinite(span.low)]
    used += [*numbers.values(), 0.0] + ([float(str(lowest))] if lowest is not None else [])
    floor = math.floor(min(used))
    places = {text: float(floor - 1 - place) for place, text in enumerate(texts)}
    return {code: numbers.get(code, places.get(str(code), 0.0)) for code in codes}


def labelled_numbers(variable: Variable) -> list[float]:
    """List the labelled codes of answers that are numbers."""
    labelled = variable.categories + variable.point_labels
    return [float(one.code) for one in labelled if not isinstance(one.code, str)]


def _number(code: Code) -> float | None:
    try:
        number = float(code)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def as_letters(codes: Sequence[Code]) -> dict[Code, str]:
    """Give each missing code a letter from ".a" on, in the order of the codes.

    Letters stay; numbers come next in rising order, then texts. More than 26 codes get none.

    Examples
    --------
    >>> as_letters([9, 8, ".a"])
    {9: '.c', 8: '.b', '.a': '.a'}
    """
    kept = {code for code in codes if is_letter(code)}
    free = [letter for letter in _LETTERS if letter not in kept]
    others = sorted({_sort_key(code) for code in codes if code not in kept})
    letters = dict(zip(others, free, strict=False)) | {_sort_key(c): str(c) for c in kept}
    return {code: letters[_sort_key(code)] for code in codes if _sort_key(code) in letters}


def _sort_key(code: Code) -> tuple[bool, float, str]:
    """Numbers before texts; a text that is a number is the same as the number."""
    number = _number(code)
    return (True, 0.0, str(code)) if number is None else (False, number, "")


def spss_declaration(
    numbers: Sequence[float], ranges: Sequence[MissingRange], valid: Sequence[float]
) -> tuple[list[Span], list[float]] | None:
    """Declare missing numbers the way that SPSS can: three codes, or one range and one code.

    Where there are more, the narrowest range that holds no answer takes their place.

    Returns
    -------
    (list of (low, high), list of float) or None
        None where answers lie between the missing codes, so that no range can hold them.

    Examples
    --------
    >>> spss_declaration([8, 9], [], [1, 2])
    ([], [8, 9])
    >>> spss_declaration([-1, 96, 97, 98, 99], [], [1, 2])
    ([(96, 99)], [-1])
    >>> spss_declaration([-2, -1, 98, 99], [], [1, 2]) is None
    True
    """
    spans = list(dict.fromkeys((span.low, span.high) for span in ranges))
    alone = [one for one in numbers if not any(low <= one <= high for low, high in spans)]
    if not spans and len(alone) <= _MOST_DISCRETE:
        return [], alone
    if len(spans) == 1 and len(alone) <= 1:
        return spans, alone
    for single in (None, *sorted(alone)):
        rest = [*spans, *((one, one) for one in alone if one != single)]
        low, high = min(low for low, _ in rest), max(high for _, high in rest)
        holds_single = single is not None and low <= single <= high
        if not holds_single and not any(low <= answer <= high for answer in valid):
            return [(low, high)], [] if single is None else [single]
    return None


def replaced(gaps: pl.Series, plan: Mapping[Code, float]) -> pl.Series:
    """Give missing codes as the numbers planned for them."""
    if gaps.dtype != pl.String:
        return gaps.cast(pl.Float64)
    numbers = {str(code): number for code, number in plan.items()}
    return gaps.replace_strict(list(numbers), list(numbers.values()), return_dtype=pl.Float64)
