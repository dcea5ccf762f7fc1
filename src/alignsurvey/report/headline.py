"""The findings in words: what one would get wrong if a simulator answered instead of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import polars as pl

from alignsurvey.report.numbers import number, percent, with_interval
from alignsurvey.report.rows import Cell, Row, ScoreRows
from alignsurvey.report.vocabulary import STANDING_WORDS, known, metric_of

if TYPE_CHECKING:
    from alignsurvey.fidelity.result import FidelityResult

HEALTHY_SPREAD = (0.85, 1.15)
HEALTHY_GAPS = (0.8, 1.25)
NEAR_CEILING = 0.9
"""Share of the human ceiling from which relations are said to hold."""

SMALL_SHIFT = 0.03
"""Shift of the mean, as a share of the range, up to which it is called about right."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a simulator gets right or wrong.

    Parameters
    ----------
    subject : str
    right : bool or None
        None where it is neither.
    claim : str
        Part of a sentence.
    numbers : str
        The evidence, with intervals and references.
    """

    subject: str
    right: bool | None
    claim: str
    numbers: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings about one simulator, and a sentence that sums them up."""

    simulator: str
    tag: str
    sentence: str
    findings: tuple[Finding, ...]


def verdicts(result: FidelityResult, rows: ScoreRows) -> list[Verdict]:
    """Say of every simulator that is no trivial baseline what it gets right and wrong."""
    found = []
    for name in dict.fromkeys(row.simulator for row in rows.simulators):
        own = {row.variant: row for row in rows.simulators if row.simulator == name}
        first = next(iter(own.values()))
        if first.kind == "trivial":
            continue
        candidates = (
            _average(result, name),
            _spread(own),
            _shares(own),
            _groups(result, name, own),
            _relations(result, own),
            _persons(own),
            _unanswered(first),
        )
        findings = tuple(one for one in candidates if one is not None)
        found.append(Verdict(name, first.tag, _sentence(findings), findings))
    return found


def preferred(rows: Mapping[str, Row], *variants: str) -> Row:
    """The first of some variants that there is."""
    return next((rows[one] for one in variants if one in rows), next(iter(rows.values())))


def _sentence(findings: tuple[Finding, ...]) -> str:
    right = [one.claim for one in findings if one.right is True]
    wrong = [one.claim for one in findings if one.right is False]
    parts = [_listed(part) for part in (right, wrong) if part]
    if not parts:
        return "Too little was scored to say."
    neither = "".join(f"; {one.claim}" for one in findings if one.right is None and one.claim)
    sentence = ", but ".join(parts) + neither
    return f"{sentence[0].upper()}{sentence[1:]}."


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def mean_shift(table: pl.DataFrame, simulator: str, items: list[str]) -> float | None:
    """Mean over items of the shift of the mean answer, as a share of the item's range."""
    shifts = []
    for item in items:
        own = table.filter((pl.col("simulator") == simulator) & (pl.col("item") == item))
        position = own["position"].cast(pl.Float64, strict=False)
        moved = (position * (own["simulated"] - own["human"])).sum()
        low, high = position.min(), position.max()
        if isinstance(low, float) and isinstance(high, float) and high > low:
            shifts.append(abs(float(moved)) / (high - low))
    shifts = [shift for shift in shifts if known(shift)]
    return sum(shifts) / len(shifts) if shifts else None


def ordered_items(result: FidelityResult) -> list[str]:
    """Items whose answers have an order: those with a Wasserstein distance."""
    scored = result.scores.filter(pl.col("metric") == "w1_normalized")["target"].unique().to_list()
    items = result.distributions["item"].unique(maintain_order=True).to_list()
    return [item for item in items if item in scored]


def _average(result: FidelityResult, name: str) -> Finding | None:
    items = ordered_items(result)
    shift = mean_shift(result.distributions, name, items)
    if shift is None:
        return None
    right = shift <= SMALL_SHIFT
    claim = (
        "the mean is about right" if right else f"the mean is off by {percent(shift)} of the range"
    )
    detail = f"off by {number(shift, 3)} of the range, mean of {len(items)} ordered items"
    return Finding("Mean", right, claim, detail)


def _spread(own: Mapping[str, Row]) -> Finding | None:
    row = preferred(own, "draw", "answers")
    cell = row.cells.get("sd_ratio", Cell(None))
    if cell.value is None:
        return None
    low, high = HEALTHY_SPREAD
    right = low <= cell.value <= high
    claim = "spread is about right" if right else f"spread is {_times(cell.value)} people’s"
    detail = f"SD ratio {_value('sd_ratio', cell)} ({row.variant})"
    expected = own.get("expectation", row).cells.get("sd_ratio", Cell(None))
    if row.variant == "draw" and expected.value is not None:
        detail += f"; of its expectations {_value('sd_ratio', expected)}"
    return Finding("Spread", right, claim, detail)


def _shares(own: Mapping[str, Row]) -> Finding | None:
    row = preferred(own, "draw", "answers")
    name = next((one for one in ("w1_normalized", "tv") if one in row.cells), None)
    cell = row.cells.get(name or "", Cell(None))
    if name is None or cell.value is None:
        return None
    worse = cell.standing == "worse"
    baseline = cell.baseline_name or "a trivial baseline"
    claim = f"shares of answers are further off than those of {baseline}" if worse else ""
    detail = f"{metric_of(name).label} {_evidence(name, cell)} ({row.variant})"
    return Finding("Shares", False if worse else None, claim, detail)


def _groups(result: FidelityResult, name: str, own: Mapping[str, Row]) -> Finding | None:
    # Draws, since people's gaps hold sampling noise too, which an expectation is without.
    if result.gaps.is_empty():
        return None
    table = result.gaps.filter(
        (pl.col("simulator") == name) & pl.col("gap_inflation").cast(pl.Float64).is_finite()
    )
    variant = next(
        (one for one in ("draw", "expectation") if one in table["variant"].to_list()), ""
    )
    ratios = table.filter(pl.col("variant") == variant)["gap_inflation"].to_list()
    if not ratios:
        return None
    middle = median(ratios)
    low, high = HEALTHY_GAPS
    right = low <= middle <= high
    about = "differences between groups are"
    claim = f"{about} about right" if right else f"{about} {_times(middle)} people’s"
    variant = variant if variant in own else "answers"
    detail = (
        f"ratio {number(middle)}, median of {len(ratios)} pairs of item and grouping, "
        f"from {number(min(ratios))} to {number(max(ratios))} ({variant})"
    )
    return Finding("Groups", right, claim, detail)


def _relations(result: FidelityResult, own: Mapping[str, Row]) -> Finding | None:
    row = preferred(own, "draw", "answers")
    name = next((one for one in ("ccc_ols", "ccc_bivariate") if one in row.cells), None)
    cell = row.cells.get(name or "", Cell(None))
    if name is None or cell.value is None:
        return None
    wrong, clear = wrong_signs(result.coefficients, row)
    right = not wrong and cell.value >= NEAR_CEILING * (cell.ceiling or 1.0)
    claim = "relations with the predictors hold"
    if not right:
        claim = f"relations with the predictors agree to {number(cell.value)}"
        if cell.ceiling is not None:
            claim += f" where people reach {number(cell.ceiling)}"
        if wrong:
            claim = f"{wrong} of {clear} clear relations have the wrong sign"
    detail = f"{metric_of(name).label} {_evidence(name, cell)} ({row.variant})"
    detail += f"; {wrong} of {clear} clear relations have the wrong sign" if clear else ""
    return Finding("Relations", right, claim, detail)


def wrong_signs(table: pl.DataFrame, row: Row) -> tuple[int, int]:
    """Count people's clear coefficients (no 0 in the interval): of the wrong sign, and all."""
    if table.is_empty():
        return 0, 0
    kinds = table["kind"].unique().to_list()
    kind = "multivariable" if "multivariable" in kinds else kinds[0]
    own = table.filter((pl.col("simulator") == row.simulator) & (pl.col("kind") == kind))
    variants = own["variant"].unique().to_list()
    variant = row.variant if row.variant in variants else (variants or [""])[0]
    clear = own.filter(
        (pl.col("variant") == variant) & (pl.col("human_low") * pl.col("human_high") > 0)
    )
    return clear.filter(pl.col("human") * pl.col("simulated") < 0).height, clear.height


def _persons(own: Mapping[str, Row]) -> Finding | None:
    row = preferred(own, "expectation", "answers")
    name = next((one for one in ("pearson_r", "accuracy") if one in row.cells), None)
    cell = row.cells.get(name or "", Cell(None))
    if name is None or cell.value is None:
        return None
    behind = cell.standing in ("worse", "same")
    label = "accuracy" if name == "accuracy" else "r"
    claim = (
        f"of who answers what it knows no more than {cell.baseline_name or 'a trivial baseline'}"
        if behind
        else f"individual answers correlate at {number(cell.value)}"
        if name == "pearson_r"
        else f"{percent(cell.value)} of individual answers are met"
    )
    detail = f"{label} {_evidence(name, cell)} ({row.variant})"
    return Finding("Persons", False if behind else None, claim, detail)


def _unanswered(row: Row) -> Finding | None:
    if row.parse_rate is None or not known(row.parse_rate) or row.parse_rate > 0.995:
        return None
    share = percent(1 - row.parse_rate)
    return Finding(
        "Replies", False, f"{share} of the questions have no answer",
        f"{percent(row.parse_rate, 1)} parsed; scores are of these alone",
    )  # fmt: skip


def _value(metric: str, cell: Cell) -> str:
    return with_interval(cell.value, cell.low, cell.high, metric_of(metric).digits)


def _evidence(metric: str, cell: Cell) -> str:
    """A number with interval, ceiling and baseline."""
    digits, value = metric_of(metric).digits, _value(metric, cell)
    references = [
        f"{word} {number(reference, digits)}"
        for word, reference in (("ceiling", cell.ceiling), ("baseline", cell.baseline))
        if reference is not None
    ]
    return f"{value}, {', '.join(references)}" if references else value


def _times(ratio: float) -> str:
    return f"{number(ratio)} of" if ratio < 1 else f"{number(ratio, 1)} times"


def leaders(rows: ScoreRows) -> list[dict[str, Any]]:
    """The simulator that does best on each axis, constructed and trivial ones set aside."""
    found = []
    for axis in rows.metrics:
        name = rows.key_metric(axis)
        if name is None:
            continue
        metric = metric_of(name)
        judged = [
            (row, row.cells[name])
            for row in rows.simulators
            if row.kind == "simulator" and name in row.cells and row.cells[name].value is not None
        ]
        if judged:
            row, cell = max(judged, key=lambda one: metric.goodness(one[1].value or 0.0))
            found.append({"axis": axis, "metric": metric.label, "simulator": row.simulator,
                          "variant": row.variant, "evidence": _evidence(name, cell),
                          "standing": STANDING_WORDS[cell.standing]})  # fmt: skip
    return found
