"""Smaller parts of the page: scores by target, outcomes, unused options, scores without a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from alignsurvey.report.rows import ScoreRows, facts, rows_of
from alignsurvey.report.vocabulary import in_order

if TYPE_CHECKING:
    from alignsurvey.fidelity.result import FidelityResult


def by_target(result: FidelityResult) -> list[dict[str, Any]]:
    """Scores of each simulator and variant: a row a target, a column a metric."""
    table = result.scores.filter(pl.col("group") == "overall")
    about = facts(result)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    metrics = in_order(table["metric"].to_list())
    for (target,), own in table.group_by("target", maintain_order=True):
        for row in rows_of(own, about):
            entry = found.setdefault(
                (row.simulator, row.variant), {"row": row, "metrics": metrics, "targets": []}
            )
            entry["targets"].append((str(target), row))
    order = {name: place for place, name in enumerate(result.simulators)}
    return [found[key] for key in sorted(found, key=lambda one: order[one[0]])]


def outcomes(result: FidelityResult) -> dict[str, Any]:
    """What became of the questions: a row a simulator, a column an outcome."""
    table = result.outcomes
    if table.is_empty():
        return {}
    kinds = table["outcome"].unique(maintain_order=True).to_list()
    rows = []
    for (name,), own in table.group_by("simulator", maintain_order=True):
        n = dict(own.group_by("outcome").agg(pl.col("n").sum()).iter_rows())
        rows.append((name, [n.get(kind, 0) for kind in kinds], sum(n.values())))
    return {"kinds": kinds, "rows": rows}


def unused(result: FidelityResult) -> list[dict[str, Any]]:
    rows = []
    for row in result.unused.to_dicts():
        options = row["options"]
        text = ", ".join(map(str, options)) if isinstance(options, list) else str(options or "")
        if text:
            rows.append({"simulator": row["simulator"], "item": row["item"], "options": text})
    return rows


def unscored(result: FidelityResult) -> list[tuple[str, int]]:
    """Reasons why scores have no value, the most frequent first."""
    table = result.scores.filter(pl.col("value").is_null() & pl.col("reason").is_not_null())
    counts = table.group_by("reason").len().sort("len", "reason", descending=[True, False])
    return [(str(reason), int(n)) for reason, n in counts.iter_rows()]


def targets_of(rows: ScoreRows) -> dict[str, str]:
    """Over what each metric is averaged, as most simulators have it."""
    found: dict[str, str] = {}
    for row in rows.simulators:
        for metric, cell in row.cells.items():
            if cell.target:
                found.setdefault(metric, cell.target)
    return {name: found.get(name, "") for names in rows.metrics.values() for name in names}
