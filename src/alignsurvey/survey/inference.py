"""Scale and values of a column that nobody declared, read off the data and marked as such."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from alignsurvey.survey.codebook import Category, Scale, Variable, as_code
from alignsurvey.survey.orders import is_non_answer, label_order

_SHORT = 120  # characters; a longer text is an answer in somebody's own words
_FEW_TEXTS = 20
_MANY_TEXTS, _MANY_SHORT, _MANY_EACH = 60, 40, 10  # states, provinces: many but often repeated
_FEW_NUMBERS = 11  # 0 to 10
_SMALL = range(-9, 21)
_LONGEST_COUNT = 25  # codes 0 or 1 to 25 without a gap, such as income bands


def infer_variable(name: str, column: pl.Series) -> Variable:
    """Guess what an undeclared column is.

    Texts that repeat become categories: ordinal where their labels have a known order (never to
    always, 非常不同意 to 非常同意, bands that lead with a number), else nominal in alphabetical
    order. Few small whole numbers become categories labelled by the code, ordinal from three on.
    Other numbers are interval, other texts are text. Codes that only look like missing, such as
    -1 or 99, stay answers: `inspect_survey` points at them.

    Parameters
    ----------
    name : str
    column : polars.Series
        Numbers or texts, null where missing.

    Returns
    -------
    Variable
        With `inferred` naming what was guessed.

    Examples
    --------
    >>> often = infer_variable("news", pl.Series(["Often", "Never", "Never", "Often"]))
    >>> often.scale.value, often.labels, often.inferred
    ('ordinal', ('Never', 'Often'), ('scale', 'values'))
    >>> infer_variable("age", pl.Series([18, 33, 47, 64])).scale.value
    'interval'
    """
    answered = column.drop_nulls()
    if column.dtype == pl.Boolean:
        return _declare(name, Scale.NOMINAL, (Category(0, "No"), Category(1, "Yes")))
    if column.dtype.is_numeric():
        return _numbers(name, answered)
    if column.dtype == pl.String:
        return _texts(name, answered)
    if isinstance(column.dtype, pl.Enum | pl.Categorical):
        return _texts(name, answered.cast(pl.String))
    return _declare(name, Scale.TEXT)


def complete_variable(variable: Variable, column: pl.Series) -> Variable:
    """Fill in what a codebook leaves open: scale and values, or the values alone.

    Examples
    --------
    >>> declared = Variable("mood", "How are you?", Scale.ORDINAL)
    >>> full = complete_variable(declared, pl.Series([1, 2, 3, 2]))
    >>> full.text, full.codes, full.inferred
    ('How are you?', (1, 2, 3), ('values',))
    """
    open_scale = "scale" in variable.inferred and variable.scale is Scale.NOMINAL
    if variable.categories or not (open_scale or variable.scale in (Scale.NOMINAL, Scale.ORDINAL)):
        return variable
    guess = infer_variable(variable.name, column)
    if open_scale:
        kept = guess
    else:
        categories = guess.categories or _every_value(column)
        kept = replace(guess, scale=variable.scale, categories=categories, inferred=("values",))
    return replace(
        kept,
        text=variable.text,
        missing=variable.missing,
        missing_ranges=variable.missing_ranges,
        format=variable.format,
        point_labels=variable.point_labels,
    )


def _declare(name: str, scale: Scale, categories: tuple[Category, ...] = ()) -> Variable:
    inferred = ("scale", "values") if categories else ("scale",)
    return Variable(name, scale=scale, categories=categories, inferred=inferred)


def _every_value(column: pl.Series) -> tuple[Category, ...]:
    values = sorted({as_code(value) for value in column.drop_nulls().to_list()}, key=_by_type)
    return tuple(Category(value, str(value)) for value in values)


def _by_type(code: object) -> tuple[bool, float, str]:
    is_text = isinstance(code, str)
    return (is_text, 0.0 if is_text else float(str(code)), str(code))


def _numbers(name: str, answered: pl.Series) -> Variable:
    if answered.dtype.is_float() and answered.len():
        # Beyond 2**53 floats skip integers; such numbers are measured, not coded.
        if not ((answered == answered.round(0)) & (answered.abs() < 2**53)).all():
            return _declare(name, Scale.INTERVAL)
        answered = answered.cast(pl.Int64)
    codes = answered.unique().sort()
    if not len(codes):
        # Nothing is known of an empty column; "nominal" claims the least.
        return Variable(name, scale=Scale.NOMINAL, inferred=("scale", "values"))
    if not _are_codes(codes, len(answered)):
        return _declare(name, Scale.INTERVAL)
    categories = tuple(Category(int(code), str(int(code))) for code in codes)
    return _declare(name, Scale.ORDINAL if len(categories) > 2 else Scale.NOMINAL, categories)


def _are_codes(codes: pl.Series, n: int) -> bool:
    low, high, k = int(codes[0]), int(codes[-1]), len(codes)
    if k <= _FEW_NUMBERS:
        return (low in _SMALL and high in _SMALL) or n >= 5 * k
    # A band is chosen more than once; row numbers are not.
    return low in (0, 1) and high - low == k - 1 and k <= _LONGEST_COUNT and n >= 2 * k


def _texts(name: str, answered: pl.Series) -> Variable:
    labels = sorted(answered.unique().to_list())
    if not labels:
        return Variable(name, scale=Scale.NOMINAL, inferred=("scale", "values"))
    longest = max(map(len, labels))
    if len(labels) > _MANY_TEXTS or longest > _SHORT:
        return _declare(name, Scale.TEXT)
    answers = [label for label in labels if not is_non_answer(label)]
    order = label_order(answers) if len(labels) <= _FEW_TEXTS else None
    repeats = len(answered) >= 2 * len(labels) or len(labels) == 1
    few = len(labels) <= _FEW_TEXTS and (repeats or order is not None)
    many = longest <= _MANY_SHORT and len(answered) >= _MANY_EACH * len(labels)
    if not (few or many):
        return _declare(name, Scale.TEXT)
    others = [label for label in labels if is_non_answer(label)]
    ordered = [answers[place] for place in order] if order else answers
    # "No answer" has no place in an order: it must be declared missing first.
    scale = Scale.ORDINAL if order and not others else Scale.NOMINAL
    return _declare(name, scale, tuple(Category(label, label) for label in ordered + others))
