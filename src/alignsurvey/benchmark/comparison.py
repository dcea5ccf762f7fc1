"""Is one model better than another? Paired tests on the same rows, corrected for their number."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey import metrics
from alignsurvey.benchmark.field_groups import field_columns, joined_fields
from alignsurvey.benchmark.judge_scores import Judged
from alignsurvey.benchmark.paired_groups import (
    SaidShares,
    aggregated_pairs,
    known,
    numbers,
    verbalized_pairs,
)
from alignsurvey.benchmark.row_scores import Floats, RowScores, mean_of_fields, row_scores
from alignsurvey.benchmark.rows import Task
from alignsurvey.benchmark.scored import Scored
from alignsurvey.benchmark.strict.estimates import units
from alignsurvey.errors import InputError, nearest
from alignsurvey.randomness import stable_hash
from alignsurvey.tasks.replies.judge import DIMENSIONS

REPLICATES = 1000
COMPARISONS = {
    "task": pl.String,
    "part": pl.String,
    "mode": pl.String,
    "metric": pl.String,
    "model": pl.String,
    "against": pl.String,
    "difference": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "p_bootstrap": pl.Float64,
    "p_t": pl.Float64,
    "p_holm": pl.Float64,
    "stars": pl.String,
    "n": pl.Int64,
    "people": pl.Int64,
}
"""Columns of `BenchResult.comparisons`."""


def compare(
    scored: Sequence[Scored],
    models: Sequence[str],
    against: str | None = None,
    groups: Sequence[str] = (),
    seed: int = 42,
    judged: Sequence[Judged] = (),
    said: Sequence[SaidShares] = (),
) -> pl.DataFrame:
    """Compare every model with a reference, on the rows that count for both.

    Parameters
    ----------
    scored : sequence of Scored
        Of all models, parts and modes.
    models : sequence of str
        Those that are compared.
    against : str, optional
        The reference, among those scored; the first model by default.
    groups : sequence of str
        Attributes by which stance and response are scored for groups.
    seed : int
    judged : sequence of Judged
        What judges said of interview answers: their mean over judges is compared, over the scores
        that a judge gave to both models.
    said : sequence of SaidShares
        How far the shares that models say of groups are from the real ones.

    Returns
    -------
    polars.DataFrame
        Columns `COMPARISONS`. ``difference`` is model less reference, with a bootstrap interval
        over respondents and its p-value; ``p_t`` is the two-sided paired t-test of the
        respondents' means, which group distances do not have; ``p_holm`` is ``p_t``, else
        ``p_bootstrap``, corrected for all comparisons of the task (groups included) in a mode.
        ``stars`` are of the uncorrected p-value, as in the paper: * below .05, ** below .01.
        ``n`` counts rows, of distances questions times groups.

    Raises
    ------
    InputError
        The reference is not among the models scored.

    References
    ----------
    arXiv 2511.07871, Tables 3 and 4; Holm (1979).
    """
    others = list(dict.fromkeys(models))
    reference = reference_model(others, [one.model for one in scored], against)
    individual = [row_scores(one) for one in scored]
    found = [*_rowwise(individual, others, reference, seed),
             *_by_judges(judged, others, reference, seed),
             *aggregated_pairs(scored, others, reference, groups, seed),
             *verbalized_pairs(said, others, reference)]  # fmt: skip
    return pl.DataFrame(_corrected(found), schema=COMPARISONS)


def reference_model(models: Sequence[str], scored: Sequence[str], against: str | None) -> str:
    """Tell which model the others are compared with.

    Raises
    ------
    InputError
        It is not among those scored.

    Examples
    --------
    >>> reference_model(["a", "b"], ["baseline/majority", "a", "b"], None)
    'a'
    """
    if against is not None and against not in scored:
        known = list(dict.fromkeys(scored))
        raise InputError(f"--against {against}: not among the models; {nearest(against, known)}")
    return against or (models[0] if models else "")


def _rowwise(
    rows: Sequence[RowScores], models: Sequence[str], reference: str, seed: int
) -> Iterator[dict[str, Any]]:
    everything = [*rows, *joined_fields(rows)]
    at = {(one.task, one.part, one.mode): one for one in everything if one.model == reference}
    for one in everything:
        other = at.get((one.task, one.part, one.mode))
        if other is None or one.model == reference or one.model not in models:
            continue
        for metric in one.values.keys() & other.values.keys():
            pair = one.values[metric], other.values[metric]
            found = compare_rows(*pair, one.people, one.fields, seed)
            if found:
                yield {"task": one.task, "part": one.part, "mode": one.mode, "metric": metric,
                       "model": one.model, "against": reference, **found}  # fmt: skip


def compare_rows(
    first: Floats,
    second: Floats,
    people: Sequence[Hashable],
    fields: NDArray[np.int64] | None = None,
    seed: int = 42,
) -> dict[str, Any]:
    """Compare two scores of the same rows.

    The t-test takes one number a respondent, the mean of its rows, since the rows of one
    respondent are not independent; where respondents have different numbers of rows, that mean
    weights respondents equally and the difference weights rows equally.

    Parameters
    ----------
    first, second : array, shape (n,)
        NaN where a row does not count; a row counts if it does on both sides.
    people : sequence, shape (n,)
    fields : array of int, shape (n,), optional
        The score is the mean over these of their mean over rows.
    seed : int

    Returns
    -------
    dict
        difference, low, high, p_bootstrap, p_t, n, people; empty without common rows.

    Examples
    --------
    >>> found = compare_rows(np.array([1.0, 1, 1, 0]), np.array([0.0, 1, 0, 0]), [1, 1, 2, 3])
    >>> found["difference"], round(found["p_t"], 3), found["people"]
    (0.5, 0.225, 3)
    """
    counted = ~np.isnan(first) & ~np.isnan(second)
    if not counted.any():
        return {}
    own = np.zeros(int(counted.sum()), dtype=np.int64) if fields is None else fields[counted]
    unit, n = units([one for one, use in zip(people, counted, strict=True) if use])
    sides = [_by_person(side[counted], own, unit, n) for side in (first, second)]
    k = sides[0].shape[1] // 2
    key = stable_hash(seed, "comparison") >> 32
    weights = np.vstack([np.ones(n), metrics.replicate_weights(n, REPLICATES, key)])
    draws = [_means(weights @ side, k) for side in sides]
    found = metrics.paired_difference(draws[0][1:], draws[1][1:], draws[0][0], draws[1][0])
    tested = metrics.paired_t(*(_means(side, k) for side in sides))
    return {**numbers(found), "p_t": known(tested.p), "n": int(counted.sum()), "people": n}


def _by_person(values: Floats, fields: NDArray[np.int64], unit: Any, n: int) -> Floats:
    columns = field_columns(values, np.ones(len(values), dtype=bool), fields)
    sums = np.zeros((n, columns.shape[1]))
    np.add.at(sums, unit, columns)
    return sums


def _means(sums: Floats, k: int) -> Floats:
    return mean_of_fields(sums[..., :k], sums[..., k:])


def _by_judges(
    judged: Sequence[Judged], models: Sequence[str], reference: str, seed: int
) -> Iterator[dict[str, Any]]:
    """Judges' scores of the answers that the same judge scored of both models."""
    other = next((one for one in judged if one.model == reference), None)
    for one in judged:
        if other is None or one.model == reference or one.model not in models:
            continue
        first, second = one.scores(), other.scores()
        both = np.isfinite(first) & np.isfinite(second)
        own, others = _mean_of_judges(first, both), _mean_of_judges(second, both)
        for place, dimension in enumerate(DIMENSIONS):
            found = compare_rows(own[:, place], others[:, place], one.people, seed=seed)
            if found:
                yield {"task": Task.INTERVIEW.value, "part": "", "mode": "strict",
                       "metric": dimension, "model": one.model, "against": reference,
                       **found}  # fmt: skip


def _mean_of_judges(scores: Floats, use: NDArray[np.bool_]) -> Floats:
    """Average the scores to use over judges, shape (answers, 3); NaN where there are none."""
    n = use.sum(axis=0)
    means = np.full(n.shape, np.nan)
    np.divide(np.where(use, scores, 0.0).sum(axis=0), n, out=means, where=n > 0)
    return means


def _corrected(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add Holm's p-values over a task's comparisons in a mode, and the stars."""
    families: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in found:
        row["p"] = row["p_bootstrap"] if row["p_t"] is None else row["p_t"]
        families.setdefault((row["task"].removesuffix("-group"), row["mode"]), []).append(row)
    for family in families.values():
        values = [np.nan if row["p"] is None else row["p"] for row in family]
        for row, adjusted in zip(family, metrics.holm(values), strict=True):
            row["p_holm"] = known(adjusted)
            row["stars"] = stars(row.pop("p"))
    tasks = list(dict.fromkeys(row["task"] for row in found))
    parts = list(dict.fromkeys(row["part"] for row in found))
    return sorted(
        found,
        key=lambda row: (tasks.index(row["task"]), parts.index(row["part"]), row["metric"]),
    )


def stars(p: float | None) -> str:
    """Mark a p-value as the paper does.

    Examples
    --------
    >>> stars(0.03), stars(0.001), stars(0.2)
    ('*', '**', '')
    """
    if p is None or p >= 0.05:
        return ""
    return "**" if p < 0.01 else "*"
