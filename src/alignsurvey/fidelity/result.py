"""What a fidelity study found: finished tables, ready for a terminal, a report or a file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from alignsurvey.fidelity.rectified import Rectified

SCORE_COLUMNS = (
    "simulator",
    "variant",
    "axis",
    "metric",
    "target",
    "group",
    "value",
    "low",
    "high",
    "n",
    "baseline",
    "ceiling",
    "baseline_name",
    "parse_rate",
    "reason",
)
OVERALL = "overall"


@dataclass(frozen=True)
class FidelityResult:
    """The tables of a study.

    Parameters
    ----------
    scores : polars.DataFrame
        A row a number: simulator, variant ("expectation" or "draw"), axis ("structural",
        "marginal", "individual"), metric, target (an item, a scale, or a structure's outcome),
        group ("overall" or "variable=label"), value, low, high, n, baseline (the best trivial
        baseline's value), ceiling (the value of a second human sample of the same size; null
        where that takes the same people asked twice), baseline_name, parse_rate, and the reason
        where value is null.
    summary : polars.DataFrame
        The same columns, each metric averaged over its targets (`target` says how many).
    comparisons : polars.DataFrame
        Paired differences between simulators on the summary metrics: axis, metric, variant,
        simulator_a, simulator_b, difference, low, high, p, p_holm.
    gaps : polars.DataFrame
        Differences between groups: simulator, variant, target, grouping, groups (how many),
        gap_human, gap_simulated (largest less smallest group mean), gap_inflation (their ratio),
        low, high (of the ratio), between_ratio, within_ratio (variance between and within
        groups, simulated over human), worst_group (where the simulated mean is furthest off),
        worst_error.
    distributions : polars.DataFrame
        simulator, item, code, label, position, human, simulated (shares).
    coefficients : polars.DataFrame
        simulator, variant, target, kind ("bivariate" or "multivariable"), predictor, human,
        human_low, human_high, simulated, simulated_low, simulated_high.
    outcomes : polars.DataFrame
        simulator, item, outcome, n: what became of the questions.
    unused : polars.DataFrame
        simulator, item, options: what people chose and the simulator never did.
    left_out : polars.DataFrame
        what, name, reason: whatever could not be scored.
    about : mapping
        Facts for the report: "survey" (source, n, language, weight, design_effect), "profile",
        "items" and "scales" (name -> text), "groups", "pilot" (n, replicates, seed, or None),
        "scored_n", "bootstrap" (replicates, level), "simulators" (a list of name, use, by,
        constructed, trivial, certain), "version".
    notes : tuple of str
        What was inferred, repaired or should be known by a reader.
    rectified : Rectified, optional
        Estimates and a plan from the first pilot; in a run folder only.
    """

    scores: pl.DataFrame
    summary: pl.DataFrame
    comparisons: pl.DataFrame
    gaps: pl.DataFrame
    distributions: pl.DataFrame
    coefficients: pl.DataFrame
    outcomes: pl.DataFrame
    unused: pl.DataFrame
    left_out: pl.DataFrame
    about: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    rectified: Rectified | None = None

    @property
    def simulators(self) -> list[str]:
        """Simulators in the order of the study."""
        return self.scores["simulator"].unique(maintain_order=True).to_list()

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values for JSON; NaN becomes null."""
        tables = {
            "scores": self.scores,
            "summary": self.summary,
            "comparisons": self.comparisons,
            "gaps": self.gaps,
            "coefficients": self.coefficients,
            "outcomes": self.outcomes,
            "unused_options": self.unused,
            "left_out": self.left_out,
        }
        return {name: _rows(table) for name, table in tables.items()} | {
            "about": dict(self.about),
            "notes": list(self.notes),
            "rectified": self.rectified.as_dict() if self.rectified else None,
        }

    def to_json(self) -> str:
        """Write everything as JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=1, allow_nan=False)


def _rows(table: pl.DataFrame) -> list[dict[str, Any]]:
    return [{key: _plain(value) for key, value in row.items()} for row in table.to_dicts()]


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
