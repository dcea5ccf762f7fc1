"""Subgroups: a heat map of simulators by groups, and how large differences between groups are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from alignsurvey.report.rows import Cell, cell_of, facts, simulator_kind
from alignsurvey.report.vocabulary import Metric, metric_of

if TYPE_CHECKING:
    from alignsurvey.fidelity.result import FidelityResult

OVERALL = "overall"
SHADED = {"structural": "draw", "marginal": "draw", "individual": "expectation"}
"""Variant that a heat map shows: an expectation has by construction too little spread."""


@dataclass(frozen=True)
class HeatRow:
    """A simulator's mean score in each group, and the group where it is worst."""

    simulator: str
    tag: str
    overall: Cell
    cells: tuple[Cell, ...]
    shades: tuple[float, ...]
    worst: int | None


@dataclass(frozen=True)
class HeatMap:
    """One metric by simulators and groups.

    Parameters
    ----------
    groupings : list of (name, number of groups)
    groups : list of (label, n)
    ceiling : tuple of float or None
        What a second sample of people scores in each group.
    targets : int
        Number of items and scales that a cell is the mean over.
    """

    axis: str
    metric: Metric
    variant: str
    groupings: list[tuple[str, int]]
    groups: list[tuple[str, int | None]]
    rows: list[HeatRow]
    ceiling: tuple[float | None, ...]
    targets: int


def split_group(name: str) -> tuple[str, str]:
    """Part a group's name into its grouping and its label.

    Examples
    --------
    >>> split_group("sex=male"), split_group("sex=male & age=19-34")
    (('sex', 'male'), ('sex & age', 'male & 19-34'))
    """
    parts = [part.partition("=") for part in name.split(" & ")]
    if not all(separator for _, separator, _ in parts):
        grouping, _, label = name.partition("=")
        return grouping, label
    return " & ".join(p[0] for p in parts), " & ".join(p[2] for p in parts)


def heat_map(result: FidelityResult, axis: str, metric_name: str | None) -> HeatMap | None:
    """Average a metric over its targets in each group; None where there are no groups."""
    if metric_name is None:
        return None
    table = result.scores.filter(pl.col("metric") == metric_name)
    groups = [g for g in table["group"].unique(maintain_order=True).to_list() if g != OVERALL]
    if not groups:
        return None
    metric, about = metric_of(metric_name), facts(result)
    averages = _averages(_one_variant(table, SHADED.get(axis, "draw")))
    simulators = table["simulator"].unique(maintain_order=True).to_list()
    table_of = {name: [averages.get((name, group), Cell(None)) for group in groups]
                for name in simulators}  # fmt: skip
    short = {name: [shortfall(metric, cell) for cell in cells] for name, cells in table_of.items()}
    limits = _limits([value for values in short.values() for value in values])
    rows = [
        _heat_row(name, averages.get((name, OVERALL)), table_of[name], short[name], limits, about)
        for name in simulators
    ]
    ceiling = [_shared([averages.get((s, g)) for s in simulators], "ceiling") for g in groups]
    counts = [_shared([averages.get((s, g)) for s in simulators], "n") for g in groups]
    names = [split_group(group) for group in groups]
    return HeatMap(
        axis=axis,
        metric=metric,
        variant=SHADED.get(axis, "draw"),
        groupings=_runs([grouping for grouping, _ in names]),
        groups=[
            (label, None if n is None else round(n))
            for (_, label), n in zip(names, counts, strict=True)
        ],
        rows=rows,
        ceiling=tuple(ceiling),
        targets=table["target"].n_unique(),
    )


def _one_variant(table: pl.DataFrame, wanted: str) -> pl.DataFrame:
    """Keep of each simulator the variant wanted, else the one that it has."""
    has = table.filter(pl.col("variant") == wanted)["simulator"].unique().to_list()
    return table.filter((pl.col("variant") == wanted) | ~pl.col("simulator").is_in(has))


def _averages(table: pl.DataFrame) -> dict[tuple[str, str], Cell]:
    """Mean over targets for each simulator and group; a single target keeps its interval."""
    found: dict[tuple[str, str], Cell] = {}
    for (simulator, group), own in table.group_by("simulator", "group", maintain_order=True):
        cells = [cell_of(row) for row in own.to_dicts()]
        scored = [cell for cell in cells if cell.value is not None]
        if len(cells) == 1 or not scored:
            found[str(simulator), str(group)] = cells[0]
            continue
        found[str(simulator), str(group)] = Cell(
            _mean([cell.value for cell in scored]),
            n=max((cell.n for cell in scored if cell.n is not None), default=None),
            ceiling=_mean([cell.ceiling for cell in scored]),
            baseline=_mean([cell.baseline for cell in scored]),
            target=f"mean of {len(scored)}",
        )
    return found


def _mean(values: list[float | None]) -> float | None:
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers else None


def shortfall(metric: Metric, cell: Cell) -> float | None:
    """How far a value is on the worse side of its group's ceiling, or how bad it is without one.

    Small groups score worse by chance alone, people among themselves too.
    """
    if cell.value is None:
        return None
    if cell.ceiling is None:
        return -metric.goodness(cell.value)
    return max(0.0, metric.goodness(cell.ceiling) - metric.goodness(cell.value))


def _limits(shortfalls: list[float | None]) -> tuple[float, float]:
    known_ones = [value for value in shortfalls if value is not None]
    return min(known_ones, default=0.0), max(known_ones, default=0.0)


def _heat_row(
    name: str,
    overall: Cell | None,
    cells: list[Cell],
    shortfalls: list[float | None],
    limits: tuple[float, float],
    about: Mapping[str, Mapping[str, Any]],
) -> HeatRow:
    low, high = limits
    scored = [(value, -place) for place, value in enumerate(shortfalls) if value is not None]
    worst = max(scored, default=(0.0, 0))
    kind = simulator_kind(about.get(name, {}))
    return HeatRow(
        simulator=name,
        tag=kind if kind in ("constructed", "trivial") else "",
        overall=overall or Cell(None),
        cells=tuple(cells),
        shades=tuple(
            0.0 if value is None or high <= low else (value - low) / (high - low)
            for value in shortfalls
        ),
        worst=-worst[1] if len(scored) > 1 and worst[0] != min(scored)[0] else None,
    )


def _shared(cells: list[Cell | None], part: str) -> float | None:
    values = [getattr(cell, part) for cell in cells if cell is not None]
    return next((value for value in values if value is not None), None)


def _runs(names: list[str]) -> list[tuple[str, int]]:
    runs: list[tuple[str, int]] = []
    for name in names:
        if runs and runs[-1][0] == name:
            runs[-1] = (name, runs[-1][1] + 1)
        else:
            runs.append((name, 1))
    return runs
