"""What an estimation gives: a value that never stands alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, overload

import polars as pl

from alignsurvey.errors import InputError, nearest
from alignsurvey.rectify.diagnostics import Diagnostics

Method = Literal[
    "classical", "imputation", "ppi", "ppi++", "stratified", "cross", "greg", "multi", "bootstrap"
]
METHODS: tuple[Method, ...] = (
    "classical", "imputation", "ppi", "ppi++", "stratified", "cross", "greg", "multi", "bootstrap"
)  # fmt: skip
COLUMNS = ("name", "value", "low", "high", "se", "n", "N", "n_eff", "lambda", "rho", "df",
           "method", "valid", "level", "verdict", "notes")  # fmt: skip


@dataclass(frozen=True)
class Estimate:
    """A number about a population, from a human pilot and simulated answers.

    Parameters
    ----------
    name : str
        What is estimated: an item, or a coefficient.
    value, low, high, se : float
        Estimate, ends of its interval, and standard error, in the units of the answers. NaN only
        with a note that says why.
    n : int
        Humans whose answers count.
    N : int
        People with a simulated answer and without a human one.
    n_eff : float
        Humans that the pilot alone would need for the same standard error.
    lambda_ : float
        Weight of the simulation: 0 the pilot alone, 1 the simulator taken at its word. With
        several proxies the sum of their weights, with strata their mean.
    rho : float
        Correlation of human and simulated answers in the pilot (for a coefficient: of what each
        person contributes to it).
    df : float
        Degrees of freedom of the t quantile; infinite where z is used.
    method : str
    level : float
        Nominal coverage of the interval.
    valid : bool
        Whether the interval claims to cover. False for ``imputation``.
    diagnostics : Diagnostics, optional
    weights : mapping
        Weight of each proxy (``multi``) or stratum (``stratified``).
    notes : tuple of str
        Fallbacks used and rows left out.

    Examples
    --------
    >>> from alignsurvey.rectify import mean
    >>> found = mean([1, 2, 3, 4], [1, 2, 2, 4], [1, 2, 3, 4, 2, 3, 2, 3])
    >>> found.method, found.n, found.N, found.low < found.value < found.high
    ('ppi++', 4, 8, True)
    """

    name: str
    value: float
    low: float
    high: float
    se: float
    n: int
    N: int
    n_eff: float
    lambda_: float
    rho: float
    df: float
    method: Method
    level: float = 0.95
    valid: bool = True
    diagnostics: Diagnostics | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> float:
        """Length of the interval."""
        return self.high - self.low

    def row(self) -> dict[str, object]:
        """Give the estimate as a row of a table, `COLUMNS`."""
        known = {**vars(self), "lambda": self.lambda_, "notes": "; ".join(self.notes)}
        known["verdict"] = self.diagnostics.verdict if self.diagnostics else None
        return {name: known[name] for name in COLUMNS}

    def __str__(self) -> str:
        return str(Estimates((self,)))


@dataclass(frozen=True)
class Estimates:
    """Several estimates of one analysis, such as the coefficients of a regression.

    Parameters
    ----------
    rows : tuple of Estimate

    Examples
    --------
    >>> from alignsurvey.rectify import ols
    >>> fit = ols([1, 2, 2, 4, 5], [1, 2, 3, 4, 4], [2, 3, 4, 1],
    ...           [[1], [2], [3], [4], [5]], [[2], [3], [4], [1]], names=["age"])
    >>> fit.names
    ('intercept', 'age')
    >>> fit["age"].n
    5
    """

    rows: tuple[Estimate, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the estimates."""
        return tuple(row.name for row in self.rows)

    @overload
    def __getitem__(self, key: str) -> Estimate: ...
    @overload
    def __getitem__(self, key: int) -> Estimate: ...
    def __getitem__(self, key: str | int) -> Estimate:
        if isinstance(key, int):
            return self.rows[key]
        if key not in self.names:
            raise InputError(f"no estimate '{key}'; {nearest(key, self.names)}")
        return self.rows[self.names.index(key)]

    def __iter__(self) -> Iterator[Estimate]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def table(self) -> pl.DataFrame:
        """Write the estimates as a table, a row an estimate; see `COLUMNS`."""
        schema = dict.fromkeys(("value", "low", "high", "se", "n_eff", "rho"), pl.Float64)
        return pl.DataFrame([row.row() for row in self.rows], schema_overrides=schema)

    def __str__(self) -> str:
        head = f"{'':<16}{'value':>10}{'se':>9}{'interval':>22}{'n':>6}{'N':>8}{'n_eff':>8}"
        lines = [head + f"{'lambda':>8}{'rho':>7}  method"]
        lines += [_line(row) for row in self.rows]
        said = dict.fromkeys(note for row in self.rows for note in row.notes)
        lines += [f"  note: {note}" for note in said]
        verdicts = dict.fromkeys(
            f"{row.name}: {row.diagnostics.verdict}: {row.diagnostics.reason}"
            for row in self.rows
            if row.diagnostics is not None
        )
        return "\n".join([*lines, *(f"  {one}" for one in verdicts)])


def _line(row: Estimate) -> str:
    interval = f"[{row.low:.4g}, {row.high:.4g}]"
    method = row.method if row.valid else f"{row.method} (not a valid interval)"
    return (
        f"{row.name:<16}{row.value:>10.4g}{row.se:>9.3g}{interval:>22}{row.n:>6}{row.N:>8}"
        f"{row.n_eff:>8.1f}{row.lambda_:>8.2f}{row.rho:>7.2f}  {method}, {row.level:.0%}"
    )
