"""Scores brought into rows: one a simulator and variant, with the references that judge it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import mode
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from alignsurvey.report.vocabulary import (
    AXES,
    KEY_METRICS,
    Standing,
    in_order,
    known,
    metric_of,
    standing,
)

if TYPE_CHECKING:
    from alignsurvey.fidelity.result import FidelityResult

Kind = Literal["ceiling", "baseline", "trivial", "constructed", "simulator"]
ANSWERS = "answers"
CEILING = "human ceiling"
BASELINE = "best trivial baseline"


LEADING: dict[str, tuple[tuple[str, ...], ...]] = {
    "structural": (("ccc_bivariate",), ("ccc_ols",), ("sign_agreement",)),
    "marginal": (("w1_normalized", "tv"), ("sd_ratio",)),
    "individual": (("pearson_r",), ("mae", "accuracy")),
}
"""What narrow tables show of each axis: the first metric of each tuple that was computed."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One number with what judges it."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: float | None = None
    baseline: float | None = None
    ceiling: float | None = None
    baseline_name: str = ""
    target: str = ""
    reason: str = ""
    standing: Standing = Standing.UNKNOWN


@dataclass(frozen=True)
class Row:
    """The numbers of one simulator, in one variant.

    Parameters
    ----------
    simulator : str
    variant : str
        "expectation", "draw", or "answers" where a simulator gives single answers; "" for a
        reference.
    kind : str
        "ceiling" and "baseline" are the references.
    cells : mapping of metric name to Cell
    parse_rate : float, optional
    """

    simulator: str
    variant: str
    kind: Kind
    cells: Mapping[str, Cell] = field(default_factory=dict)
    parse_rate: float | None = None

    @property
    def is_reference(self) -> bool:
        """Whether this is no simulator but what simulators are held against."""
        return self.kind in ("ceiling", "baseline")

    @property
    def tag(self) -> str:
        """What a reader must know of it: "constructed", "trivial", or nothing."""
        return self.kind if self.kind in ("constructed", "trivial") else ""

    @property
    def n(self) -> float | None:
        """The largest number of people behind any of its scores."""
        found = [cell.n for cell in self.cells.values() if cell.n is not None]
        return max(found, default=None)


@dataclass(frozen=True)
class ScoreRows:
    """References, simulators, and the metrics of each axis that have a value.

    Parameters
    ----------
    references, simulators : list of Row
    metrics : mapping of axis to list of metric names
    """

    references: list[Row]
    simulators: list[Row]
    metrics: Mapping[str, list[str]]

    def key_metric(self, axis: str) -> str | None:
        """The metric that stands for an axis, None where the axis has none."""
        computed = self.metrics.get(axis, [])
        preferred = [name for name in KEY_METRICS.get(axis, ()) if name in computed]
        return next(iter([*preferred, *computed]), None)


def facts(result: FidelityResult) -> dict[str, dict[str, Any]]:
    """What the result says about each simulator, by name."""
    return {str(one["name"]): dict(one) for one in result.about.get("simulators", ())}


def simulator_kind(fact: Mapping[str, Any]) -> Kind:
    """Whether a simulator is constructed, trivial, or one to be judged."""
    if fact.get("constructed"):
        return "constructed"
    return "trivial" if fact.get("trivial") else "simulator"


def score_rows(result: FidelityResult) -> ScoreRows:
    """Bring the summary of a result into rows.

    A simulator that gives single answers has one row, called "answers", since its expectation and
    its draw are the same.
    """
    table = result.summary
    metrics = {axis: _metrics_of(table, axis) for axis in axes_of(table)}
    simulators = rows_of(table, facts(result))
    return ScoreRows(_references(simulators, metrics), simulators, metrics)


def leading_metrics(rows: ScoreRows) -> list[tuple[str, str, bool]]:
    """What narrow tables show: axis, metric, and whether it is the first of its axis."""
    found = []
    for axis, choices in LEADING.items():
        computed = rows.metrics.get(axis, [])
        chosen = [next((m for m in names if m in computed), None) for names in choices]
        metrics = [metric for metric in chosen if metric is not None]
        found += [(axis, metric, place == 0) for place, metric in enumerate(metrics)]
    return found


def axes_of(table: pl.DataFrame) -> list[str]:
    """The axes of a table of scores, the known ones first."""
    found = table["axis"].unique(maintain_order=True).to_list() if "axis" in table.columns else []
    return [axis for axis in AXES if axis in found] + [axis for axis in found if axis not in AXES]


def _metrics_of(table: pl.DataFrame, axis: str) -> list[str]:
    known_values = table.filter((pl.col("axis") == axis) & _has_number("value"))
    return in_order(known_values["metric"].to_list())


def _has_number(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64).is_finite().fill_null(False)


def rows_of(table: pl.DataFrame, about: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """One row a simulator and variant of a table with one score a metric."""
    found: dict[tuple[str, str], dict[str, Cell]] = {}
    parsed: dict[str, float | None] = {}
    for score in table.iter_rows(named=True):
        simulator = str(score["simulator"])
        certain = bool(about.get(simulator, {}).get("certain"))
        key = (simulator, ANSWERS if certain else str(score["variant"]))
        cell = cell_of(score)
        cells = found.setdefault(key, {})
        if score["metric"] not in cells or not known(cells[score["metric"]].value):
            cells[score["metric"]] = cell
        parsed.setdefault(simulator, score.get("parse_rate"))
    order = {name: place for place, name in enumerate(dict.fromkeys(name for name, _ in found))}
    return [
        Row(name, variant, simulator_kind(about.get(name, {})), cells, parsed[name])
        for (name, variant), cells in sorted(found.items(), key=lambda one: order[one[0][0]])
    ]


def cell_of(score: Mapping[str, Any]) -> Cell:
    """Read one score of a table."""
    value, low, high, n, baseline, ceiling = (
        score.get(name) if known(score.get(name)) else None
        for name in ("value", "low", "high", "n", "baseline", "ceiling")
    )
    return Cell(
        value,
        low,
        high,
        n,
        baseline,
        ceiling,
        baseline_name=score.get("baseline_name") or "",
        target=str(score.get("target") or ""),
        reason=score.get("reason") or "",
        standing=standing(metric_of(score["metric"]), (value, low, high), baseline, ceiling),
    )


def _references(rows: Iterable[Row], metrics: Mapping[str, list[str]]) -> list[Row]:
    """The ceiling, and the best trivial baseline: a row for each variant if these differ."""
    names = [name for axis in metrics.values() for name in axis]
    rows = list(rows)
    ceilings = {name: _common([row.cells[name] for row in rows if name in row.cells], "ceiling")
                for name in names}  # fmt: skip
    variants = list(dict.fromkeys(row.variant for row in rows if row.variant != ANSWERS))
    baselines = [
        (
            variant,
            {
                name: _common(
                    [r.cells[name] for r in rows if name in r.cells and r.variant == variant],
                    "baseline",
                )
                for name in names
            },
        )
        for variant in variants or [ANSWERS]
    ]
    first = baselines[0][1]
    if all(_agree(first, other) for _, other in baselines):
        merged = {name: _first(name, [cells for _, cells in baselines]) for name in names}
        baselines = [("", merged)]
    return [Row(CEILING, "", "ceiling", ceilings)] + [
        Row(BASELINE, variant, "baseline", cells) for variant, cells in baselines
    ]


def _common(cells: list[Cell], reference: Literal["ceiling", "baseline"]) -> Cell:
    """The reference that most rows of a metric share: a simulator may lack some targets."""
    values = [
        (getattr(cell, reference), cell.baseline_name if reference == "baseline" else "")
        for cell in cells
        if known(getattr(cell, reference))
    ]
    if not values:
        return Cell(None)
    value, name = mode(values)
    return Cell(value, baseline_name=name)


def _agree(one: Mapping[str, Cell], other: Mapping[str, Cell]) -> bool:
    shared = [name for name in one if one[name].value is not None and name in other]
    return all(other[name].value in (None, one[name].value) for name in shared)


def _first(name: str, candidates: list[dict[str, Cell]]) -> Cell:
    values = [cells[name] for cells in candidates if cells[name].value is not None]
    return values[0] if values else Cell(None)
