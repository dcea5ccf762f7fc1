"""Predictions: what a simulator says about each respondent and item, whoever it is.

Everything downstream (scores, rectification, reports) takes `Predictions`: an API, a local model,
a logit and a recording all end here.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.errors import InputError, nearest
from alignsurvey.randomness import hash_ids, uniforms
from alignsurvey.survey.codebook import Codebook
from alignsurvey.survey.survey import category_scores

Elicited = Literal["sampled", "likelihood", "verbalized", "model", "recorded", "constructed"]


class Outcome(IntEnum):
    """What became of a question. The kinds are different things and are counted apart."""

    ANSWERED = 0
    REFUSED = 1
    DONT_KNOW = 2
    UNPARSEABLE = 3
    NO_REPLY = 4


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where predictions come from.

    Parameters
    ----------
    simulator : str
        Its name, such as ``baseline/logit``.
    by : str
        How the answer was elicited: "sampled" (k draws), "likelihood", "verbalized", "model" (a
        statistical model's probabilities), "recorded", or "constructed" (built from the human
        answers themselves; never evidence about a model).
    draws : int, optional
        Number of draws behind each answer.
    trained_on : frozenset
        Ids of the respondents that trained, prompted or calibrated the simulator; scoring and
        rectifying refuse them.
    """

    simulator: str
    by: Elicited
    draws: int | None = None
    trained_on: frozenset[Hashable] = field(default=frozenset(), repr=False)


@dataclass(frozen=True)
class Predictions:
    """Probability of each answer for each respondent and item.

    Parameters
    ----------
    ids : polars.Series
        Respondent ids, unique.
    shares : mapping of str to array, shape (n, K)
        For each item a probability for each category of the codebook, in its order. A row of NaN
        is a respondent without an answer; `outcomes` says why.
    codebook : Codebook
        Of the items.
    provenance : Provenance
    outcomes : mapping of str to array of int, shape (n,)
        `Outcome` of each question; answered wherever there are shares, else "no reply", if absent.
    lots : mapping of str to array, shape (n,)
        Uniform numbers for drawing, from a simulator that draws its items jointly (a copula, a
        resampled person). Without them items are drawn independently given the profile.
    weights : array, shape (n,), optional
        Weights of the simulated people, where raking gave them their own; their mean is 1.

    Examples
    --------
    >>> import numpy as np, polars as pl
    >>> from alignsurvey.survey import Category, Codebook, Scale, Variable
    >>> mood = Variable("mood", "Mood", Scale.ORDINAL, (Category(1, "bad"), Category(2, "good")))
    >>> predictions = Predictions(pl.Series("id", [7, 8]), {"mood": np.array([[.5, .5], [0, 1]])},
    ...                           Codebook((mood,)), Provenance("example", "model"))
    >>> predictions.expectation("mood")
    array([1.5, 2. ])
    >>> predictions.table().height
    4
    """

    ids: pl.Series
    shares: Mapping[str, NDArray[np.float64]]
    codebook: Codebook
    provenance: Provenance
    outcomes: Mapping[str, NDArray[np.int8]] = field(default_factory=dict)
    lots: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    weights: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.ids.n_unique() != len(self.ids):
            double = self.ids.filter(self.ids.is_duplicated())[0]
            raise InputError(
                f"{self.provenance.simulator}: respondent {double!r} is predicted twice; keep one"
            )
        for item, matrix in self.shares.items():
            expected = (len(self.ids), len(self.codebook[item].categories))
            if matrix.shape != expected:
                raise InputError(
                    f"{self.provenance.simulator}: '{item}' needs probabilities of shape "
                    f"{expected} (respondents, categories), not {matrix.shape}"
                )
            _check_rows(matrix, item, self.provenance.simulator)

    # -- ways to make them --------------------------------------------------------------------

    @classmethod
    def from_codes(
        cls,
        ids: pl.Series,
        codes: Mapping[str, NDArray[np.int64]],
        codebook: Codebook,
        provenance: Provenance,
        outcomes: Mapping[str, NDArray[np.int8]] | None = None,
    ) -> Predictions:
        """Make predictions from draws: positions of the categories chosen.

        Parameters
        ----------
        codes : mapping of str to array of int, shape (n,) or (n, draws)
            -1 where a draw gave no answer; shares are taken over the answered draws.
        """
        shares = {
            item: _tally(np.atleast_2d(drawn.T).T, len(codebook[item].categories))
            for item, drawn in codes.items()
        }
        return cls(ids, shares, codebook.select(codes), provenance, outcomes or {})

    @classmethod
    def from_wide(
        cls,
        table: pl.DataFrame,
        id: str,
        codebook: Codebook,
        provenance: Provenance,
    ) -> Predictions:
        """Make predictions from a table with an id column and one column an item.

        Raises
        ------
        InputError
            A code is not in the codebook; with row and column.
        """
        items = [name for name in codebook.names if name in table.columns]
        codes = {}
        for item in items:
            variable = codebook[item]
            values = table[item].to_list()
            found = np.array([variable.index(value) for value in values], dtype=np.int64)
            for row in np.flatnonzero(found < 0):
                if values[row] is not None and variable.missing_kind(values[row]) is None:
                    raise InputError(
                        f"{provenance.simulator}: row {row + 1}, column '{item}': "
                        f"{values[row]!r} is no code of this item; codes are "
                        f"{', '.join(map(repr, variable.codes))}"
                    )
            codes[item] = found
        return cls.from_codes(table[id], codes, codebook, provenance)

    # -- what can be asked of them ------------------------------------------------------------

    @property
    def items(self) -> tuple[str, ...]:
        """Items predicted."""
        return tuple(self.shares)

    @property
    def n(self) -> int:
        """Number of respondents."""
        return len(self.ids)

    @cached_property
    def id_hashes(self) -> NDArray[np.uint64]:
        """Stable hashes of the ids; shape (n,)."""
        return hash_ids(self.ids.to_list())

    def _matrix(self, item: str) -> NDArray[np.float64]:
        try:
            return self.shares[item]
        except KeyError:
            raise InputError(
                f"{self.provenance.simulator} predicts no '{item}'; {nearest(item, self.shares)}"
            ) from None

    def answered(self, item: str) -> NDArray[np.bool_]:
        """Which respondents have an answer; shape (n,)."""
        return ~np.isnan(self._matrix(item)[:, 0])

    def outcome(self, item: str) -> NDArray[np.int8]:
        """`Outcome` of each respondent's question; shape (n,)."""
        if item in self.outcomes:
            return self.outcomes[item]
        answered = self.answered(item)
        return np.where(answered, Outcome.ANSWERED, Outcome.NO_REPLY).astype(np.int8)

    @property
    def parse_rate(self) -> float:
        """Share of all questions that have an answer."""
        if not self.shares or not self.n:
            return float("nan")
        return float(np.mean([self.answered(item).mean() for item in self.shares]))

    @cached_property
    def is_certain(self) -> bool:
        """Whether each answer is a single option, so that expectation and draw are one."""
        return all(bool(np.all(np.nanmax(m, axis=1, initial=0)[self.answered(item)] == 1.0))
                   for item, m in self.shares.items())  # fmt: skip

    def expectation(self, item: str) -> NDArray[np.float64]:
        """Expected score of each respondent, NaN without an answer; shape (n,).

        Best for ranking respondents; its spread is too small by construction.
        """
        return self._matrix(item) @ category_scores(self.codebook[item])

    def draw(self, item: str, seed: int) -> NDArray[np.int64]:
        """Draw one answer a respondent: position of the category, -1 without one; shape (n,).

        The draw depends on seed, respondent and item alone. It has the right spread and, for the
        same probabilities, a lower correlation with the truth than the expectation.
        """
        matrix = self._matrix(item)
        lot = self.lots[item] if item in self.lots else uniforms(self.id_hashes, seed, "draw", item)
        cumulative = np.cumsum(np.nan_to_num(matrix), axis=1)
        drawn = (lot[:, None] * cumulative[:, -1:] >= cumulative).sum(axis=1)
        return np.where(self.answered(item), np.minimum(drawn, matrix.shape[1] - 1), -1)

    def mode(self, item: str, seed: int) -> NDArray[np.int64]:
        """Most likely answer: position of the category, -1 without one; shape (n,).

        Ties are broken by lot, derived from seed, respondent and item, so that a simulator that
        knows nothing does not always choose the first option.
        """
        matrix = np.nan_to_num(self._matrix(item), nan=-1.0)
        best = matrix >= matrix.max(axis=1, keepdims=True) - 1e-12
        lot = uniforms(self.id_hashes, seed, "mode", item)
        rank = np.cumsum(best, axis=1)
        wanted = np.floor(lot * rank[:, -1]).astype(np.int64) + 1
        chosen = (rank < wanted[:, None]).sum(axis=1)
        return np.where(self.answered(item), chosen, -1)

    def align(self, ids: pl.Series) -> Predictions:
        """Bring the respondents into another order, or keep some of them.

        Raises
        ------
        InputError
            A respondent has no prediction.
        """
        place = {one: row for row, one in enumerate(self.id_hashes.tolist())}
        rows = np.array([place.get(one, -1) for one in hash_ids(ids.to_list()).tolist()], dtype=int)
        if (rows < 0).any():
            first = ids[int(np.argmax(rows < 0))]
            raise InputError(
                f"{self.provenance.simulator}: no prediction for respondent {first!r} "
                f"({int((rows < 0).sum())} respondents in all)"
            )
        return replace(
            self,
            ids=ids,
            shares={item: matrix[rows] for item, matrix in self.shares.items()},
            outcomes={item: kinds[rows] for item, kinds in self.outcomes.items()},
            lots={item: lot[rows] for item, lot in self.lots.items()},
            weights=None if self.weights is None else self.weights[rows],
        )

    def table(self) -> pl.DataFrame:
        """Write the predictions as a long table.

        Returns
        -------
        polars.DataFrame
            Columns respondent, item, code (as text), label, probability; a row a category.
        """
        parts = []
        for item, matrix in self.shares.items():
            variable = self.codebook[item]
            n, k = matrix.shape
            parts.append(
                pl.DataFrame(
                    {
                        "respondent": self.ids.gather(np.repeat(np.arange(n), k)),
                        "item": pl.repeat(item, n * k, eager=True),
                        "code": [str(code) for code in variable.codes] * n,
                        "label": list(variable.labels) * n,
                        "probability": matrix.ravel(),
                    }
                )
            )
        return pl.concat(parts) if parts else pl.DataFrame()


def concatenate(parts: Sequence[Predictions]) -> Predictions:
    """Put predictions for different respondents together, such as those of folds.

    The result's `trained_on` is empty: each fold's simulator was trained on the others, which
    is the caller's to guarantee.
    """
    first = parts[0]
    return replace(
        first,
        ids=pl.concat([part.ids for part in parts]),
        shares={i: np.concatenate([part.shares[i] for part in parts]) for i in first.shares},
        outcomes={i: np.concatenate([part.outcomes[i] for part in parts]) for i in first.outcomes},
        lots={i: np.concatenate([part.lots[i] for part in parts]) for i in first.lots},
        weights=_joined([part.weights for part in parts]),
        provenance=replace(first.provenance, trained_on=frozenset()),
    )


def _joined(weights: Sequence[NDArray[np.float64] | None]) -> NDArray[np.float64] | None:
    known = [one for one in weights if one is not None]
    return np.concatenate(known) if known and len(known) == len(weights) else None


def _check_rows(matrix: NDArray[np.float64], item: str, simulator: str) -> None:
    empty = np.isnan(matrix).all(axis=1)
    bad = ~empty & ~((np.abs(matrix.sum(axis=1) - 1) < 1e-6) & (matrix.min(axis=1, initial=0) >= 0))
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"{simulator}: row {row + 1}, '{item}': probabilities must be at least 0 and sum to 1, "
            f"these are {np.round(matrix[row], 4).tolist()}"
        )


def _tally(drawn: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    counts = np.stack([(drawn == category).sum(axis=1) for category in range(k)], axis=1)
    total = counts.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.where(total > 0, counts / np.maximum(total, 1), np.nan)
