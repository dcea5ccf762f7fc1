"""What looks wrong in a survey: each check gives at most one line, for all columns together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import polars as pl

from alignsurvey.survey.codebook import Code, Scale, Variable
from alignsurvey.survey.dataframe import ROW_NUMBER
from alignsurvey.survey.inspection import Oddity, VariableSummary
from alignsurvey.survey.missing_labels import guess_missing_kind
from alignsurvey.survey.orders import is_non_answer
from alignsurvey.survey.survey import Survey

_NAMED = 5  # columns named in a line
_NEARLY_EMPTY_SHARE = 0.05
_USUAL_MISSING = frozenset(
    {7, 8, 9, 66, 77, 88, 96, 97, 98, 99, 777, 888, 995, 996, 997, 998, 999, 7777, 8888, 9997}
    | {9998, 9999, 99997, 99998, 99999, 999998, 999999}
)
_GAP = 2  # 8 and 9 after 1 to 5 stand apart, 8 after 1 to 7 does not
_WEIGHT_NAME = re.compile(r"(?:^|[_.\s])(?:p?s?weights?|wt\w*|wgt\w*|pw)\d*$|权重|加权|权数", re.I)
_ID_NAME = re.compile(
    r"(?:^|_)(?:id|uuid|index|caseid|respid|respondent_?id|personid|person_id)$"
    r"|编号|序号|个案号|respondentid",
    re.I,
)

Check = Callable[[Survey, Sequence[VariableSummary]], Iterator[Oddity]]


def find_oddities(survey: Survey, variables: Sequence[VariableSummary]) -> tuple[Oddity, ...]:
    """Run every check.

    Examples
    --------
    >>> import polars as pl
    >>> from alignsurvey.survey import from_dataframe, inspect_survey
    >>> survey = from_dataframe(pl.DataFrame({"trust": [1, 2, 3, 99] * 5, "empty": [None] * 20}))
    >>> for oddity in inspect_survey(survey).warnings:
    ...     print(oddity.kind, oddity.columns)
    no_id ('row',)
    missing_like_codes ('trust',)
    nearly_empty ('empty',)
    """
    return tuple(oddity for check in _CHECKS for oddity in check(survey, variables))


def _no_id(survey: Survey, variables: Sequence[VariableSummary]) -> Iterator[Oddity]:
    """Rows were numbered because nobody named an id: which column could be it?"""
    if survey.design.id != ROW_NUMBER:
        return
    unique = [
        one.name
        for one in variables
        if one.n == survey.n == one.distinct and survey.n > 1 and not _is_fraction(survey, one.name)
    ]
    doubled = [
        f"'{one.name}' ({one.n - one.distinct:,} doubled)"
        for one in variables
        if _ID_NAME.search(one.name) and one.name not in unique and one.distinct > survey.n / 2
    ]
    text = "rows are numbered, so that pilots and folds depend on their order; name an id column"
    if unique:
        text += f": {_listed(unique)} {'is' if len(unique) == 1 else 'are'} unique"
    if doubled:
        text += f"; not unique: {', '.join(doubled)}"
    yield Oddity("no_id", text, (survey.design.id, *unique))


def _is_fraction(survey: Survey, name: str) -> bool:
    return survey.answers[name].dtype.is_float()


def _unnamed_weight(survey: Survey, variables: Sequence[VariableSummary]) -> Iterator[Oddity]:
    if survey.design.weight is not None:
        return
    found = [one.name for one in variables if _looks_like_weight(survey.answers[one.name])]
    if found:
        name = f"'{found[0]}'" if len(found) == 1 else "one of them"
        text = f"{_listed(found)} looks like a survey weight, but none is named; name {name}"
        yield Oddity("unnamed_weight", text, tuple(found))


def _looks_like_weight(column: pl.Series) -> bool:
    if not column.dtype.is_numeric() or not column.count():
        return False
    values = column.drop_nulls().cast(pl.Float64)
    low = float(values.to_numpy().min())
    if _WEIGHT_NAME.search(column.name):
        return low >= 0 and values.n_unique() > 2
    # Weights are mostly scaled to a mean of one; so are no codes, and no answers in fractions.
    mean = float(values.to_numpy().mean())
    return column.dtype.is_float() and low > 0 and abs(mean - 1) < 0.01 and values.n_unique() > 10


def _missing_like(survey: Survey, variables: Sequence[VariableSummary]) -> Iterator[Oddity]:
    """Codes such as -1, 9 or 99 that stand apart from the answers and have no label."""
    found: dict[str, list[str]] = {}
    for one in variables:
        codes = missing_like_codes(survey.codebook[one.name], survey.answers[one.name])
        if codes:
            found.setdefault(", ".join(map(str, codes)), []).append(one.name)
    if found:
        where = [f"{codes} in {_listed(names)}" for codes, names in found.items()]
        text = (
            f"codes that look like missing count as answers: {_listed(where, '; ', quote=False)}; "
            f"if they are, declare their kind, such as missing: "
            f"{{{next(iter(found)).split(',')[0]}: refused}}"
        )
        yield Oddity(
            "missing_like_codes", text, tuple(n for names in found.values() for n in names)
        )


def missing_like_codes(variable: Variable, column: pl.Series) -> list[Code]:
    """List a column's codes that usually mean missing and lie outside the other answers.

    Examples
    --------
    >>> import polars as pl
    >>> missing_like_codes(Variable("age", scale=Scale.INTERVAL), pl.Series([18, 44, 90, 998, 999]))
    [998, 999]
    >>> missing_like_codes(Variable("trust"), pl.Series([-1, 0, 1, 2]))
    [-1]
    """
    if not column.dtype.is_integer():
        return []
    values = column.drop_nulls().unique().sort().to_list()
    labelled = {c.code for c in variable.categories if c.label not in ("", str(c.code))}
    below = [value for value in values if -1000 < value < 0]
    answers = [value for value in values if value >= 0]
    # A scale such as -3 to 3 has as many sides as it has signs.
    has_sides = len(below) > 1 and bool(answers) and -below[0] == answers[-1]
    found = [] if has_sides or not answers else below
    gap = _GAP if variable.scale is not Scale.INTERVAL else 10 * _GAP
    for place in range(len(answers) - 1, 0, -1):
        if answers[place] not in _USUAL_MISSING:
            break
        step = answers[place] - answers[place - 1]
        if step >= gap and answers[place] > 2 * gap:
            found += answers[place:]
            break
        if step > 1:
            break
    return [code for code in found if code not in labelled]


def _non_answers(survey: Survey, variables: Sequence[VariableSummary]) -> Iterator[Oddity]:
    found: dict[str, Code] = {}
    for one in variables:
        for answer in one.answers:
            if answer.n and is_non_answer(answer.label):
                found.setdefault(one.name, answer.code)
    if found:
        name, code = next(iter(found.items()))
        kind = guess_missing_kind(survey.codebook[name].label(code)).value
        text = (
            f"labels that say there is no answer count as answers: {_listed(list(found))}; declare "
            f"them, for '{name}': missing: {{{code}: {kind}}}"
        )
        yield Oddity("non_answer_labels", text, tuple(found))


def _undeclared(_: Survey, variables: Sequence[VariableSummary]) -> Iterator[Oddity]:
    found = {
        one.name: ", ".join(str(answer.code) for answer in strays[:3])
        for one in variables
        if (strays := [answer for answer in one.answers if not answer.declared])
    }
    if found:
        where = [f"{codes} in '{name}'" for name, codes in found.items()]
        text = (
            f"codes that the codebook lacks: {_listed(where, quote=False)}; add them to the values "
            "or to the missing codes"
        )
        yield Oddity("codes_without_labels", text, tuple(found))


def _unlabelled(survey: Survey, variables: Sequence[VariableSummary]) -> Iterator[Oddity]:
    """Some codes have a label and some only their number."""
    found = []
    for one in variables:
        labels = [(answer.label, str(answer.code)) for answer in one.answers if answer.declared]
        bare = [label in ("", code) for label, code in labels]
        is_text = any(isinstance(answer.code, str) for answer in one.answers)
        if any(bare) and not all(bare) and not is_text:
            found.append(one.name)
    if found:
        text = (
            f"some codes have a label and some have none: {_listed(found)}; a model is shown the "
            "bare code"
        )
        yield Oddity("codes_without_labels", text, tuple(found))


def _unused(_: Survey, variables: Sequence[VariableSummary]) -> Iterator[Oddity]:
    found = {
        one.name: [answer.label for answer in one.answers if not answer.n]
        for one in variables
        if one.n and any(not answer.n for answer in one.answers)
    }
    if found:
        where = [f"'{labels[0]}' in '{name}'" for name, labels in found.items()]
        text = f"labels without data: {_listed(where, quote=False)}"
        yield Oddity("labels_without_data", text, tuple(found))


def _constant(survey: Survey, variables: Sequence[VariableSummary]) -> Iterator[Oddity]:
    alike = [one.name for one in variables if one.distinct == 1]
    constant = [one.name for one in variables if one.distinct == 1 and one.n == survey.n > 1]
    partly = [name for name in alike if name not in constant]
    if constant:
        text = f"everybody has the same answer: {_listed(constant)}; nothing can be compared"
        yield Oddity("constant", text, tuple(constant))
    if partly and survey.n > 1:
        text = (
            f"only one answer occurs beside missing ones: {_listed(partly)}; if an empty cell "
            "means 'not chosen', code it as an answer"
        )
        yield Oddity("one_answer", text, tuple(partly))


def _nearly_empty(survey: Survey, variables: Sequence[VariableSummary]) -> Iterator[Oddity]:
    found = [one.name for one in variables if one.n <= _NEARLY_EMPTY_SHARE * survey.n]
    if found and survey.n:
        share = f"{_NEARLY_EMPTY_SHARE:.0%}"
        text = f"{share} or fewer of the respondents answered: {_listed(found)}"
        yield Oddity("nearly_empty", text, tuple(found))


def _texts(_: Survey, variables: Sequence[VariableSummary]) -> Iterator[Oddity]:
    found = [one.name for one in variables if one.scale == Scale.TEXT.value and one.n]
    if found:
        text = f"texts, which cannot be items with options to choose from: {_listed(found)}"
        yield Oddity("text", text, tuple(found))


def _listed(names: Sequence[str], comma: str = ", ", quote: bool = True) -> str:
    """Name the first few and count the others."""
    shown = [f"'{_short(name)}'" if quote else name for name in names[:_NAMED]]
    more = len(names) - len(shown)
    return comma.join(shown) + (f" and {more} more" if more else "")


def _short(name: str) -> str:
    return name if len(name) <= 40 else name[:39] + "…"


_CHECKS: tuple[Check, ...] = (
    _no_id,
    _unnamed_weight,
    _missing_like,
    _non_answers,
    _undeclared,
    _unlabelled,
    _unused,
    _constant,
    _nearly_empty,
    _texts,
)
