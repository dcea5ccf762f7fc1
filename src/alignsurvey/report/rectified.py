"""Estimates before and after rectification, for a page: a line a simulator beside the pilot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from alignsurvey.report.estimates import legend, significant_digits
from alignsurvey.report.numbers import count, interval, number
from alignsurvey.report.planning import MOST_PANELS, planning_context

if TYPE_CHECKING:
    from alignsurvey.fidelity.estimates import StudyEstimates
    from alignsurvey.fidelity.result import FidelityResult

Line = dict[str, Any]
NOTHING = "–", ""


def rectified_context(result: FidelityResult) -> dict[str, Any]:
    """Prepare the sections on estimates and planning; empty where a study has none."""
    found = result.rectified
    if found is None:
        return {"rectified": None, "planning_figure": None}
    parts = [
        ("Coefficients of the regressions", found.structure),
        ("Means and shares", found.estimates),
    ]
    shown = [(title, list(before_and_after(part)), legend(part)) for title, part in parts if part]
    context: dict[str, Any] = {"rectified": {"parts": shown, "notes": found.notes}}
    if found.plan is None:
        return context | {"planning_figure": None}
    return context | planning_context(found.plan) | {"planning_panels": MOST_PANELS}


def before_and_after(found: StudyEstimates) -> Iterator[Line]:
    """Put each simulator's own and rectified estimate in a line, beside the pilot alone.

    Returns
    -------
    iterator of dict
        target, group, known, alone, n, span (lines of the same target and group on the first of
        them, 0 on the others), simulator, before (simulated answers taken for people's own), after,
        n_eff, verdict, reason, harms (whether the correction widens the interval). Estimates are
        pairs of value and interval.
    """
    table = found.table
    for place, rows in table.group_by("target", "group", "name", maintain_order=True):
        target, group, name = (str(part or "") for part in place)
        own = rows.to_dicts()
        alone = next((row for row in own if row["method"] == "classical"), None)
        if alone is None:
            continue
        before = {row["simulator"]: _cell(row) for row in own if row["method"] == "imputation"}
        rest = [row for row in own if row["method"] not in ("classical", "imputation")]
        start = {
            "target": f"{target}: {name}" if name else target, "group": group,
            "known": number(alone["known"], significant_digits(alone)), "alone": _cell(alone),
            "n": count(alone["n"]),
        }  # fmt: skip
        for place_in, row in enumerate(rest or [alone]):
            yield start | {
                "span": 0 if place_in else len(rest or [alone]),
                "simulator": row["simulator"] if rest else "",
                "before": before.get(row["simulator"], NOTHING),
                "after": _cell(row) if rest else NOTHING,
                "n_eff": count(row["n_eff"]) if rest else "–",
                "verdict": row["verdict"] or "", "reason": row["reason"] or "",
                "harms": bool(row["width_ratio"] and row["width_ratio"] > 1.005),
                "recommended": row["recommended"] and bool(rest),
            }  # fmt: skip


def _cell(row: Line) -> tuple[str, str]:
    digits = significant_digits(row)
    return number(row["value"], digits), interval(row["low"], row["high"], digits)
