"""Who goes where: pilots, splits and folds, derived from a seed and the respondents' ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.errors import InputError, nearest
from alignsurvey.randomness import stable_hash, uniforms

if TYPE_CHECKING:
    from alignsurvey.survey.survey import Survey

SplitBy = Literal["respondent", "fingerprint", "question"]


def pilot_rows(
    survey: Survey, n: int, seed: int, replicate: int = 0, stratify: str | None = None
) -> NDArray[np.bool_]:
    """Choose the respondents of a pilot, without replacement.

    Parameters
    ----------
    n : int
        Size of the pilot; people must be left over to judge it.
    seed, replicate : int
        A person's place in the lottery depends on these and the id alone.
    stratify : str, optional
        A variable whose shares in the pilot shall be those of the survey (proportional
        allocation, largest remainders).

    Returns
    -------
    array of bool, shape (survey.n,)

    Raises
    ------
    InputError
        `n` is not between 1 and the number of respondents less one.
    """
    if not 1 <= n < survey.n:
        raise InputError(
            f"{survey.source}: a pilot of {n} cannot be drawn from {survey.n} respondents and "
            "leave somebody to judge it; choose a pilot size from 1 to "
            f"{survey.n - 1}"
        )
    lot = uniforms(survey.id_hashes, seed, "pilot", replicate)
    if stratify is None:
        chosen = np.argsort(lot, kind="stable")[:n]
    else:
        chosen = _proportional(_levels(survey, stratify), lot, n)
    rows = np.zeros(survey.n, dtype=bool)
    rows[chosen] = True
    return rows


def held_out_rows(
    survey: Survey, share: float, seed: int, by: SplitBy, fingerprint: Sequence[str]
) -> NDArray[np.bool_]:
    """Choose the respondents of a test part; exact to one respondent, or to one fingerprint."""
    _check_share(share)
    keys = _split_keys(survey, by, fingerprint)
    groups, member = np.unique(keys, return_inverse=True)
    order = np.argsort(uniforms(groups, seed, "split", by), kind="stable")
    reached = np.cumsum(np.bincount(member)[order])
    held = order[: max(1, int(np.searchsorted(reached, share * survey.n, side="right")))]
    return np.isin(member, held)


def split_items(
    survey: Survey, items: Sequence[str], share: float, seed: int
) -> tuple[list[str], list[str]]:
    """Share out items between two parts; gives the variables of each, other variables in both."""
    _check_share(share)
    if len(items) < 2:
        raise InputError("a split by question needs at least two items to share out")
    for name in items:
        survey.variable(name)
    order = sorted(items, key=lambda name: stable_hash(seed, "items", name))
    held = set(order[: max(1, round(share * len(items)))])
    others = [name for name in survey.codebook.names if name not in set(items)]
    return (
        others + [name for name in items if name not in held],
        others + [name for name in items if name in held],
    )


def fold_numbers(
    survey: Survey, k: int, seed: int, by: SplitBy, fingerprint: Sequence[str]
) -> NDArray[np.int64]:
    """Number the respondents' folds 0 to k-1, of equal size to one respondent (or fingerprint)."""
    groups, member = np.unique(_split_keys(survey, by, fingerprint), return_inverse=True)
    if not 2 <= k <= len(groups):
        raise InputError(
            f"{survey.source}: {k} folds need between 2 and {len(groups)}, the number of "
            f"{by}s there are"
        )
    rank = np.argsort(np.argsort(uniforms(groups, seed, "folds"), kind="stable"), kind="stable")
    return (rank % k)[member]


def _check_share(share: float) -> None:
    if not 0 < share < 1:
        raise InputError(f"the share of a split must lie between 0 and 1, not at {share}")


def _split_keys(survey: Survey, by: SplitBy, fingerprint: Sequence[str]) -> NDArray[np.uint64]:
    if by == "respondent":
        return survey.id_hashes
    if by != "fingerprint":
        raise InputError(f"cannot split by '{by}'; {nearest(by, ['respondent', 'fingerprint'])}")
    if not fingerprint:
        raise InputError("a split by fingerprint needs the attributes that make it up")
    for name in fingerprint:
        survey.variable(name)
    rows = survey.answers.select(fingerprint).iter_rows()
    return np.array([stable_hash("fingerprint", *row) for row in rows], dtype=np.uint64)


def _levels(survey: Survey, name: str) -> NDArray[np.int64]:
    survey.variable(name)
    text = survey.answers[name].cast(pl.String).fill_null("")
    return text.rank("dense").to_numpy().astype(np.int64)


def _proportional(levels: NDArray[np.int64], lot: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Choose n rows with each level's share kept (largest remainders), by lot within a level."""
    groups, counts = np.unique(levels, return_counts=True)
    exact = counts * n / len(levels)
    quota = np.floor(exact).astype(int)
    for index in np.argsort(-(exact - quota), kind="stable")[: n - int(quota.sum())]:
        quota[index] += 1
    order = np.argsort(lot, kind="stable")
    chosen = [
        order[levels[order] == group][:take] for group, take in zip(groups, quota, strict=True)
    ]
    return np.concatenate(chosen)
