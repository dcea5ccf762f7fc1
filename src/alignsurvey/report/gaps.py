"""How large differences between groups are, simulated over people's: a row a simulator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from alignsurvey.report.rows import ANSWERS, facts, simulator_kind
from alignsurvey.report.vocabulary import known

if TYPE_CHECKING:
    from alignsurvey.fidelity.result import FidelityResult


@dataclass(frozen=True, slots=True)
class Middle:
    """Median of a ratio over items and scales, with the least and the largest."""

    value: float | None
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True)
class GapRow:
    """Differences between groups of one simulator, in one variant.

    Parameters
    ----------
    inflation : tuple of Middle
        Of each grouping.
    between, within : Middle
        Variance ratios, over all groupings.
    worst : mapping
        The row of `FidelityResult.gaps` where a group's mean is furthest off, as a share of
        people's gap.
    details : list of mapping
        The rows behind it.
    """

    simulator: str
    tag: str
    variant: str
    inflation: tuple[Middle, ...]
    between: Middle
    within: Middle
    worst: Mapping[str, Any]
    details: list[dict[str, Any]]


@dataclass(frozen=True)
class GapTable:
    """The rows, and the groupings with their number of groups."""

    groupings: list[tuple[str, int]]
    rows: list[GapRow]


def gap_table(result: FidelityResult) -> GapTable | None:
    """Summarise the gaps of each simulator by medians over items and scales."""
    table = result.gaps
    if table.is_empty():
        return None
    about = facts(result)
    sizes = dict(table.select("grouping", "groups").iter_rows())
    groupings = [(str(name), int(n)) for name, n in sizes.items()]
    rows: dict[tuple[str, str], GapRow] = {}
    for (name, variant), own in table.group_by("simulator", "variant", maintain_order=True):
        fact = about.get(str(name), {})
        shown = ANSWERS if fact.get("certain") else str(variant)
        kind = simulator_kind(fact)
        tag = kind if kind in ("constructed", "trivial") else ""
        row = _gap_row(str(name), tag, shown, own.to_dicts(), groupings)
        rows.setdefault((row.simulator, row.variant), row)
    return GapTable(groupings, list(rows.values()))


def _gap_row(
    simulator: str,
    tag: str,
    variant: str,
    details: list[dict[str, Any]],
    groupings: list[tuple[str, int]],
) -> GapRow:
    scored = [row for row in details if known(row["worst_error"]) and row["worst_group"]]
    return GapRow(
        simulator=simulator,
        tag=tag,
        variant=variant,
        inflation=tuple(
            middle(row["gap_inflation"] for row in details if row["grouping"] == name)
            for name, _ in groupings
        ),
        between=middle(row["between_ratio"] for row in details),
        within=middle(row["within_ratio"] for row in details),
        worst=max(scored, key=_relative_error, default={}),
        details=details,
    )


def _relative_error(row: Mapping[str, Any]) -> float:
    """Error of the worst group in units of people's gap, so that scales can be compared."""
    gap = row["gap_human"]
    return abs(float(row["worst_error"])) / gap if known(gap) and gap > 0 else 0.0


def middle(values: Iterable[float | None]) -> Middle:
    """Median, least and largest of the values that there are."""
    found = [value for value in values if value is not None and known(value)]
    if not found:
        return Middle(None, None, None, 0)
    return Middle(median(found), min(found), max(found), len(found))
