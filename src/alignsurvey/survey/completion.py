"""What a labelled file leaves open: the scale, and categories for codes without a label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from alignsurvey.survey.codebook import Category, Code, Scale, Variable, as_code
from alignsurvey.survey.inference import complete_variable, infer_variable
from alignsurvey.survey.orders import label_order

# A variable whose unlabelled values are more than this is a number or a text, whatever its
# declared level says: SPSS calls every text nominal and respondent numbers too.
MOST_LISTED_VALUES = 100
# 0 to 10 with labels at the ends is a rating; age with "89 or older" is not.
_LONGEST_RATING, _HIGHEST_RATING = 11, 20


@dataclass
class Remarks:
    """What was inferred, collected by kind so that a wide file does not give a note a column."""

    scales: list[str] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)
    open_lists: list[str] = field(default_factory=list)

    def notes(self) -> tuple[str, ...]:
        found = (
            ("no level of measurement declared, so it was inferred", self.scales),
            ("codes without a label stand for themselves", self.unlabelled),
            ("too many values without a label to list them as categories", self.open_lists),
        )
        return tuple(f"{what}: {_shortened(names)}" for what, names in found if names)


def _shortened(names: list[str]) -> str:
    more = len(names) - 12
    return ", ".join(names[:12]) + (f" and {more} more" if more > 0 else "")


def complete(variable: Variable, answers: pl.Series, is_closed: bool, remarks: Remarks) -> Variable:
    """Add what the file does not say: the scale, and categories for codes without a label."""
    is_open = "scale" in variable.inferred and variable.scale is Scale.NOMINAL
    if answers.dtype.is_temporal():
        return replace(variable, scale=Scale.INTERVAL, inferred=())
    if "scale" in variable.inferred:
        remarks.scales.append(variable.name)
    if not variable.categories:
        return _list_values(variable, answers, remarks)
    values = answers.drop_nulls().unique().sort()
    unlabelled = values.filter(~is_one_of(values, variable.codes))
    bare = [] if is_closed else [as_code(value) for value in unlabelled.to_list()]
    if is_open:
        variable = replace(variable, scale=_scale_of_labels(variable, bare))
    if not bare:
        return variable
    if variable.scale not in (Scale.NOMINAL, Scale.ORDINAL) or len(bare) > MOST_LISTED_VALUES:
        if variable.scale in (Scale.NOMINAL, Scale.ORDINAL):
            remarks.open_lists.append(variable.name)
        return replace(variable, categories=(), point_labels=variable.categories)
    remarks.unlabelled.append(f"{variable.name} ({_shortened([str(code) for code in bare])})")
    labels = {c.code: c.label for c in variable.categories} | {code: str(code) for code in bare}
    inferred = tuple(dict.fromkeys([*variable.inferred, "values"]))
    return replace(variable, categories=sorted_categories(labels), inferred=inferred)


def _scale_of_labels(variable: Variable, unlabelled: Sequence[Code]) -> Scale:
    """Infer the scale of a variable with value labels.

    Labels that cover the answers, or nearly, are ordinal only if they have a known order that
    runs with the codes. Labels at a few points of many are those of a rating or a number.
    """
    codes = variable.codes
    if unlabelled and not any(isinstance(code, str) for code in codes):
        low, high = min(map(float, codes)), max(map(float, codes))
        within = all(low < float(code) < high for code in unlabelled)
        if len(unlabelled) > len(codes) or (within and len(unlabelled) >= len(codes) - 1):
            every = [*map(float, codes), *map(float, unlabelled)]
            is_short = len(every) <= _LONGEST_RATING and max(map(abs, every)) <= _HIGHEST_RATING
            is_rating = is_short and all(code.is_integer() for code in every)
            return Scale.ORDINAL if is_rating else Scale.INTERVAL
    order = label_order(variable.labels) if len(codes) > 2 and not unlabelled else None
    runs_along = order is not None and order in (sorted(order), sorted(order, reverse=True))
    return Scale.ORDINAL if runs_along else Scale.NOMINAL


def _list_values(variable: Variable, answers: pl.Series, remarks: Remarks) -> Variable:
    if "scale" not in variable.inferred and variable.scale in (Scale.NOMINAL, Scale.ORDINAL):
        # SPSS calls every text nominal, also what people said in their own words.
        is_nominal_text = answers.dtype == pl.String and variable.scale is Scale.NOMINAL
        if is_nominal_text and infer_variable(variable.name, answers).scale is Scale.TEXT:
            return replace(variable, scale=Scale.TEXT)
        if answers.n_unique() > MOST_LISTED_VALUES:
            remarks.open_lists.append(variable.name)
            return variable
    completed = complete_variable(variable, answers)
    if completed.categories and "scale" not in completed.inferred:
        remarks.unlabelled.append(variable.name)
    return completed


def sorted_categories(labels: Mapping[Code, str]) -> tuple[Category, ...]:
    """Make categories of value labels: numbers in rising order, texts as they stand."""
    codes = list(labels)
    if not any(isinstance(code, str) for code in codes):
        codes.sort(key=float)
    return tuple(Category(code, labels[code] or str(code)) for code in codes)


def is_one_of(values: pl.Series, codes: Sequence[Code]) -> pl.Series:
    """Compare within the column's own type: 1 is 1.0 but never "1"; null is nothing."""
    if values.dtype == pl.String:
        texts = [code for code in codes if isinstance(code, str)]
        return values.is_in(texts).fill_null(value=False)
    numbers = [float(code) for code in codes if not isinstance(code, str)]
    return values.cast(pl.Float64).is_in(numbers).fill_null(value=False)
