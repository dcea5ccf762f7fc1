"""A survey: answers, codebook and design, carried together and never changed in place."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.errors import InputError, nearest
from alignsurvey.randomness import hash_ids
from alignsurvey.survey import sampling
from alignsurvey.survey.answers import (
    category_positions,
    category_scores,
    missing_counts,
    numbers,
)
from alignsurvey.survey.checks import check_columns, check_ids, check_weights
from alignsurvey.survey.codebook import Codebook, Missing, Variable


@dataclass(frozen=True, slots=True)
class Design:
    """Names of the columns that describe how people came into the sample.

    Parameters
    ----------
    id : str
        Respondent identifier, unique.
    weight : str, optional
        Survey weight, positive or zero.
    strata, cluster : str, optional
        Stratum and primary sampling unit; the bootstrap resamples clusters within strata.
    """

    id: str
    weight: str | None = None
    strata: str | None = None
    cluster: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns named, without the absent ones."""
        named = (self.id, self.weight, self.strata, self.cluster)
        return tuple(dict.fromkeys(name for name in named if name is not None))


@dataclass(frozen=True)
class Survey:
    """What people were asked and what they answered.

    Parameters
    ----------
    answers : polars.DataFrame
        One row a respondent: the design columns and the codes of each variable. Missing is null
        here, whatever its kind; nothing downstream can take a 99 for an answer.
    codebook : Codebook
        Variables of `answers` (design columns need no entry).
    design : Design
    missing : polars.DataFrame
        Of the same height: for each variable that has them, the missing code as it stood in the
        file (null where there is an answer or nothing at all).
    language : {"en", "zh"}
    source : str
        File or example it came from, for messages.
    notes : tuple of str
        What was inferred or repaired in reading.

    Examples
    --------
    >>> import alignsurvey as als
    >>> anes = als.load_example("anes96")
    >>> anes.n
    944
    >>> anes.where(pl.col("age") < 30).n
    124
    """

    answers: pl.DataFrame
    codebook: Codebook
    design: Design
    missing: pl.DataFrame = field(default_factory=pl.DataFrame)
    language: str = "en"
    source: str = "survey"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_columns(self.answers.columns, self.codebook, self.design.columns, self.source)
        check_ids(self.answers[self.design.id], self.source)
        if self.design.weight is not None:
            check_weights(self.answers[self.design.weight], self.source)

    # -- size and design ----------------------------------------------------------------------

    @property
    def n(self) -> int:
        """Number of respondents."""
        return self.answers.height

    def __len__(self) -> int:
        return self.n

    @property
    def ids(self) -> pl.Series:
        """Respondent ids, in row order."""
        return self.answers[self.design.id]

    @cached_property
    def id_hashes(self) -> NDArray[np.uint64]:
        """Stable hashes of the ids, from which all randomness is derived; shape (n,)."""
        return hash_ids(self.ids.to_list())

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """Survey weights, 1 where the design has none; shape (n,)."""
        if self.design.weight is None:
            return np.ones(self.n)
        return self.answers[self.design.weight].cast(pl.Float64).to_numpy()

    @property
    def design_effect(self) -> float:
        """Kish's design effect of weighting, ``n sum w^2 / (sum w)^2``."""
        total = float(self.weights.sum())
        return self.n * float((self.weights**2).sum()) / total**2 if total > 0 else float("nan")

    def stratum(self) -> NDArray[np.int64] | None:
        """Stratum of each respondent as an integer, None without strata; shape (n,)."""
        return self._numbered(self.design.strata)

    def cluster(self) -> NDArray[np.int64] | None:
        """Cluster of each respondent as an integer, None without clusters; shape (n,)."""
        return self._numbered(self.design.cluster)

    def _numbered(self, column: str | None) -> NDArray[np.int64] | None:
        if column is None:
            return None
        dense = self.answers[column].cast(pl.String).fill_null("(missing)").rank("dense")
        return dense.cast(pl.Int64).to_numpy() - 1

    # -- answers ------------------------------------------------------------------------------

    def variable(self, name: str) -> Variable:
        """Look a variable up, with a helpful error."""
        if name not in self.codebook:
            raise InputError(
                f"no variable '{name}' in {self.source}; {nearest(name, self.codebook.names)}"
            )
        return self.codebook[name]

    def codes(self, name: str) -> NDArray[np.int64]:
        """Answers as positions among the variable's categories, -1 for missing; shape (n,).

        Raises
        ------
        InputError
            The variable has no categories, or the data hold a code that the codebook lacks.
        """
        return category_positions(self.variable(name), self.answers[name], self.source)

    def scores(self, name: str) -> NDArray[np.float64]:
        """Answers as numbers on the variable's scale, NaN for missing; shape (n,).

        Declared positions of categories; the numbers themselves where there are no categories.
        A nominal variable with two categories gives 0 and 1.

        Raises
        ------
        InputError
            The variable is text, or nominal with more than two categories.
        """
        return numbers(self.variable(name), self.answers[name], self.source)

    def shares(self, name: str) -> NDArray[np.float64]:
        """Weighted share of each category among those who answered; shape (K,)."""
        codes = self.codes(name)
        answered = codes >= 0
        counts = np.bincount(
            codes[answered],
            weights=self.weights[answered],
            minlength=len(self.codebook[name].categories),
        )
        total = counts.sum()
        return counts / total if total > 0 else np.full(len(counts), np.nan)

    def missing_kinds(self, name: str) -> dict[Missing | None, int]:
        """Count the missing answers of a variable by kind; None counts empty cells."""
        variable, empty = self.variable(name), int(self.answers[name].null_count())
        kept = self.missing[name] if name in self.missing.columns else None
        return missing_counts(variable, kept, empty)

    def profiles(self, names: Sequence[str]) -> list[dict[str, str]]:
        """Describe each respondent in words: variable title -> label of the answer.

        Missing attributes are left out, whole numbers are printed as whole numbers.

        Examples
        --------
        >>> import alignsurvey as als
        >>> als.load_example("anes96").profiles(["age", "vote"])[0]
        {'Age in years': '36', 'Expected vote for president': 'Bob Dole'}
        """
        variables = [self.variable(name) for name in names]
        columns = [self.answers[name].to_list() for name in names]
        return [
            {
                variable.title: variable.label(value)
                for variable, value in zip(variables, row, strict=True)
                if value is not None
            }
            for row in zip(*columns, strict=True)
        ]

    # -- parts of a survey --------------------------------------------------------------------

    def where(self, condition: pl.Expr | NDArray[np.bool_] | pl.Series) -> Survey:
        """Keep the respondents that meet a condition (a null counts as not meeting it)."""
        if isinstance(condition, pl.Expr):
            mask = self.answers.select(condition.alias("kept"))["kept"]
        else:
            mask = pl.Series("kept", condition, dtype=pl.Boolean)
        mask = mask.fill_null(value=False)
        missing = self.missing.filter(mask) if self.missing.width else self.missing
        return replace(self, answers=self.answers.filter(mask), missing=missing)

    def select(self, names: Iterable[str]) -> Survey:
        """Keep some variables; the design columns stay."""
        wanted = list(dict.fromkeys(names))
        for name in wanted:
            self.variable(name)
        columns = list(dict.fromkeys([*self.design.columns, *wanted]))
        return replace(
            self,
            answers=self.answers.select(columns),
            codebook=self.codebook.select(wanted),
            missing=self.missing.select([c for c in self.missing.columns if c in wanted]),
        )

    def take(self, ids: Collection[Hashable]) -> Survey:
        """Keep the respondents with these ids, in the survey's order."""
        return self.where(np.isin(self.id_hashes, hash_ids(ids)))

    def without(self, ids: Collection[Hashable] | Survey) -> Survey:
        """Leave out the respondents with these ids, or all of another survey."""
        hashes = ids.id_hashes if isinstance(ids, Survey) else hash_ids(ids)
        return self.where(~np.isin(self.id_hashes, hashes))

    def pilot(self, n: int, seed: int, replicate: int = 0, stratify: str | None = None) -> Survey:
        """Draw a pilot sample of respondents; see `sampling.pilot_rows`."""
        return self.where(sampling.pilot_rows(self, n, seed, replicate, stratify))

    def split(
        self,
        share: float = 0.2,
        seed: int = 42,
        by: sampling.SplitBy = "respondent",
        fingerprint: Sequence[str] = (),
        items: Sequence[str] = (),
    ) -> tuple[Survey, Survey]:
        """Split into a training and a test part that share no respondent, or no question.

        Parameters
        ----------
        share : float
            Share of respondents (or items) in the second part.
        seed : int
        by : {"respondent", "fingerprint", "question"}
            "fingerprint" keeps everyone with the same attributes on one side, so that a model
            cannot learn a profile by heart; "question" holds out whole items of the same people.
        fingerprint : sequence of str
            The attributes, for "fingerprint".
        items : sequence of str
            The items to share out, for "question"; other variables stay in both parts.

        Returns
        -------
        (Survey, Survey)

        Examples
        --------
        >>> import alignsurvey as als
        >>> train, test = als.load_example("anes96").split(0.25, seed=1)
        >>> train.n, test.n
        (708, 236)
        """
        if by == "question":
            first, second = sampling.split_items(self, items, share, seed)
            return self.select(first), self.select(second)
        held = sampling.held_out_rows(self, share, seed, by, fingerprint)
        return self.where(~held), self.where(held)

    def folds(
        self,
        k: int,
        seed: int = 42,
        by: sampling.SplitBy = "respondent",
        fingerprint: Sequence[str] = (),
    ) -> list[tuple[Survey, Survey]]:
        """Cut the respondents into k folds; for each the others, and the fold itself."""
        fold = sampling.fold_numbers(self, k, seed, by, fingerprint)
        return [(self.where(fold != one), self.where(fold == one)) for one in range(k)]


__all__ = ["Design", "Survey", "category_scores"]
