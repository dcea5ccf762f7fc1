"""What is in a survey and what looks wrong with it, before anything is computed from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from alignsurvey.survey.codebook import Code, Missing, Scale, Variable
from alignsurvey.survey.survey import Survey


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """One answer of a variable.

    Parameters
    ----------
    code : int, float or str
    label : str
    n : int
        Respondents who gave it.
    share : float
        Weighted share among those who answered.
    declared : bool
        Whether the codebook lists the code.
    """

    code: Code
    label: str
    n: int
    share: float
    declared: bool = True


@dataclass(frozen=True, slots=True)
class VariableSummary:
    """One variable and its answers.

    Parameters
    ----------
    name, text : str
    scale : str
    inferred : tuple of str
        What nobody declared: "scale", "values".
    n : int
        Respondents who answered.
    missing : dict of str to int
        Missing answers by kind: refused, dont_know, not_asked, other, and "empty" for cells that
        hold nothing.
    distinct : int
        Number of different answers given.
    answers : tuple of AnswerCount
        In the order of the codebook, codes that it lacks at the end; empty without categories.
    low, mean, high : float, optional
        Least, (weighted) mean and greatest answer of a variable of numbers.
    """

    name: str
    text: str
    scale: str
    inferred: tuple[str, ...]
    n: int
    missing: dict[str, int]
    distinct: int
    answers: tuple[AnswerCount, ...] = ()
    low: float | None = None
    mean: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class WeightSummary:
    """Survey weights.

    Parameters
    ----------
    column : str
    low, mean, high : float
    zeros : int
        Respondents with weight zero.
    design_effect : float
        Kish's, ``n sum w^2 / (sum w)^2``.
    n_effective : float
        Respondents divided by the design effect.
    """

    column: str
    low: float
    mean: float
    high: float
    zeros: int
    design_effect: float
    n_effective: float


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something that looks wrong.

    Parameters
    ----------
    kind : str
        A short name for programs, such as "missing_like_codes".
    text : str
        One line: what is odd and what to do if it is wrong.
    columns : tuple of str
        Where.
    """

    kind: str
    text: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What `inspect_survey` found.

    Parameters
    ----------
    source : str
        File or example.
    n : int
        Number of respondents.
    id : str
        Column with the ids.
    variables : tuple of VariableSummary
    weights : WeightSummary, optional
        None where the design names no weight.
    notes : tuple of str
        What was inferred or repaired in reading.
    warnings : tuple of Oddity
        What looks wrong.
    """

    source: str
    n: int
    id: str
    variables: tuple[VariableSummary, ...]
    weights: WeightSummary | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[Oddity, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values, ready for JSON."""
        return asdict(self)


def inspect_survey(survey: Survey) -> Inspection:
    """Describe a survey: its variables, weights, missing answers, and what looks wrong.

    Parameters
    ----------
    survey : Survey
        As it was read; codes that the codebook lacks are reported, not refused.

    Returns
    -------
    Inspection

    Examples
    --------
    >>> import alignsurvey as als
    >>> from alignsurvey.survey import inspect_survey
    >>> found = inspect_survey(als.load_example("anes96"))
    >>> vote = next(one for one in found.variables if one.name == "vote")
    >>> [(answer.label, answer.n) for answer in vote.answers]
    [('Bill Clinton', 551), ('Bob Dole', 393)]
    """
    from alignsurvey.survey.oddities import find_oddities

    variables = tuple(summarize(survey, variable) for variable in survey.codebook)
    return Inspection(
        survey.source,
        survey.n,
        survey.design.id,
        variables,
        _weights(survey),
        survey.notes + _what_was_inferred(survey),
        find_oddities(survey, variables),
    )


def summarize(survey: Survey, variable: Variable) -> VariableSummary:
    """Count a variable's answers and missing answers."""
    column = survey.answers[variable.name]
    table = (
        pl.DataFrame({"answer": column, "weight": survey.weights})
        .drop_nulls("answer")
        .group_by("answer")
        .agg(n=pl.len(), weight=pl.col("weight").sum())
        .sort("answer")
    )
    numbers = column.dtype.is_numeric() and variable.scale is Scale.INTERVAL and table.height > 0
    low = mean = high = None
    if numbers:
        values = table["answer"].cast(pl.Float64).to_numpy()
        weights = table["weight"].to_numpy()
        low, high = float(values[0]), float(values[-1])
        mean = float(values @ weights / weights.sum()) if weights.sum() else None
    return VariableSummary(
        variable.name,
        variable.text,
        variable.scale.value,
        variable.inferred,
        int(column.count()),
        _missing(survey, variable.name),
        table.height,
        _answers(variable, table) if variable.categories else (),
        low,
        mean,
        high,
    )


def _answers(variable: Variable, table: pl.DataFrame) -> tuple[AnswerCount, ...]:
    total = float(table["weight"].sum()) or float("nan")
    counts = [0] * len(variable.categories)
    shares = [0.0] * len(variable.categories)
    strays = []
    for answer, n, weight in table.select("answer", "n", "weight").iter_rows():
        place = variable.index(answer)
        if place < 0:
            strays.append(
                AnswerCount(answer, variable.label(answer), n, weight / total, declared=False)
            )
        else:
            counts[place], shares[place] = n, weight / total
    listed = (
        AnswerCount(category.code, category.label, n, share)
        for category, n, share in zip(variable.categories, counts, shares, strict=True)
    )
    return (*listed, *strays)


def _missing(survey: Survey, name: str) -> dict[str, int]:
    kinds = survey.missing_kinds(name)
    order = [*Missing, None]
    return {
        "empty" if kind is None else kind.value: kinds[kind]
        for kind in sorted(kinds, key=order.index)
    }


def _weights(survey: Survey) -> WeightSummary | None:
    if survey.design.weight is None or not survey.n:
        return None
    weights = survey.weights
    return WeightSummary(
        survey.design.weight,
        float(weights.min()),
        float(weights.mean()),
        float(weights.max()),
        int((weights == 0).sum()),
        survey.design_effect,
        survey.n / survey.design_effect,
    )


def _what_was_inferred(survey: Survey) -> tuple[str, ...]:
    guessed = [variable for variable in survey.codebook if variable.inferred]
    if not guessed:
        return ()
    scale = sum("scale" in variable.inferred for variable in guessed)
    values = sum("values" in variable.inferred for variable in guessed)
    return (
        f"inferred from the data: the scale of {scale} and the values of {values} of "
        f"{len(survey.codebook)} variables; declare them in a codebook",
    )
