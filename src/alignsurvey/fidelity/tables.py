"""From what was collected over pilots to the finished tables of a study."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from alignsurvey._version import __version__
from alignsurvey.fidelity.gaps import gap_rows
from alignsurvey.fidelity.harm import repair_notes
from alignsurvey.fidelity.measures import MEASURES, SCALE_DEPENDENT
from alignsurvey.fidelity.pooling import (
    Key,
    Replicates,
    holm,
    pooled,
    pooled_difference,
    pooled_metrics,
)
from alignsurvey.fidelity.repairing import repair_fact, study_lines
from alignsurvey.fidelity.result import OVERALL, SCORE_COLUMNS, FidelityResult
from alignsurvey.fidelity.scoring import Ledger, Round
from alignsurvey.fidelity.targets import VARIANTS, Floats
from alignsurvey.fidelity.yardsticks import Yardsticks
from alignsurvey.predictions import Outcome
from alignsurvey.simulators import TRIVIAL

if TYPE_CHECKING:
    from alignsurvey.fidelity.setup import Setup

_REASONS = {
    "pearson_r": "one side does not vary",
    "sd_ratio": "people's answers do not vary",
    "entropy_ratio": "people's answers do not vary",
    "ccc_bivariate": "fewer than two predictors vary",
    "ccc_ols": "the regression cannot be fitted",
    "sign_agreement": "no predictor varies",
    "slope_inflation": "people's coefficients are all zero",
}

SCHEMA = {
    name: pl.Float64 if name in ("value", "low", "high", "baseline", "ceiling", "parse_rate")
    else pl.Int64 if name == "n" else pl.String
    for name in SCORE_COLUMNS
}  # fmt: skip


def assemble(setup: Setup, found: Round) -> FidelityResult:
    """Make the tables of a study from what its replicates collected."""
    ledger, judges_n = found.ledger, found.judges_n
    replicates, summaries = ledger.replicates, _summaries(setup, ledger.replicates)
    yardsticks = Yardsticks(setup, replicates)
    level = setup.study.bootstrap.level
    gap_table = [row for row in gap_rows(found.gaps, level) if row["simulator"] in setup.listed]
    return FidelityResult(
        scores=_scores(setup, replicates, yardsticks),
        summary=_scores(setup, summaries, Yardsticks(setup, summaries, yardsticks)),
        comparisons=_comparisons(setup, summaries),
        gaps=pl.DataFrame(gap_table, infer_schema_length=None),
        distributions=_distributions(setup, ledger),
        coefficients=_coefficients(setup, ledger),
        outcomes=_outcomes(setup, ledger),
        unused=_unused(setup, ledger, judges_n),
        left_out=pl.DataFrame(
            list(ledger.left_out), schema=["what", "name", "reason"], orient="row"
        ).cast(pl.String),
        about=_about(setup, found),
        notes=(
            *setup.survey.notes,
            *setup.notes,
            *repair_notes(study_lines(setup.study), replicates, found.design_effects, level),
        ),
    )


def _scores(setup: Setup, replicates: Replicates, yardsticks: Yardsticks) -> pl.DataFrame:
    order = {name: place for place, name in enumerate(setup.listed)}
    metrics = list(MEASURES)
    keys = [key for key in replicates.keys() if key.simulator in order]  # noqa: SIM118
    keys.sort(key=lambda key: (order[key.simulator], key.variant != "expectation",
                               metrics.index(key.metric)))  # fmt: skip
    rows = []
    pooled_values = pooled_metrics(replicates, keys, setup.study.bootstrap.level)
    for key, (value, low, high) in zip(keys, pooled_values, strict=True):
        baseline, baseline_name = yardsticks.baseline(key)
        reason = _REASONS.get(key.metric, "undefined here") if math.isnan(value) else None
        rows.append(
            (*key, value, low, high, replicates.n(key), baseline, yardsticks.ceiling(key),
             baseline_name, replicates.parse_rate(key), reason)
        )  # fmt: skip
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return table.with_columns(pl.col(pl.Float64).fill_nan(None))


def _summaries(setup: Setup, replicates: Replicates) -> Replicates:
    """Average each metric over its targets, replicate by replicate, for the whole sample."""
    limits = {target.name: target.limits for target in setup.targets}
    by_metric: dict[tuple[str, str, str, str], list[Key]] = {}
    for key in replicates.keys():  # noqa: SIM118
        if key.group == OVERALL:
            by_metric.setdefault(key[:4], []).append(key)
    found = Replicates()
    for (simulator, variant, axis, metric), keys in by_metric.items():
        if metric in SCALE_DEPENDENT and len({limits[key.target] for key in keys}) > 1:
            continue
        tables = [replicates.table(key) for key in keys]
        pilots = min(len(table) for table in tables)
        mean = _mean_known(np.stack([table[:pilots] for table in tables]))
        target = keys[0].target if len(keys) == 1 else f"mean of {len(keys)}"
        key = Key(simulator, variant, axis, metric, target, OVERALL)
        n = round(float(np.mean([replicates.n(one) for one in keys])))
        parsed = float(np.mean([replicates.parse_rate(one) for one in keys]))
        for row in mean:
            found.add(key, row, n, parsed)
    return found


def _mean_known(tables: Floats) -> Floats:
    known = ~np.isnan(tables)
    count = known.sum(axis=0)
    total = np.where(known, tables, 0.0).sum(axis=0)
    mean: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def _comparisons(setup: Setup, summaries: Replicates) -> pl.DataFrame:
    """Compare all pairs of simulators on each summary metric that has a better end."""
    names = [line.name for line in setup.lines]
    keys = {(key.simulator, key.variant, key.metric): key for key in summaries.keys()}  # noqa: SIM118
    rows: list[dict[str, Any]] = []
    for metric, measure in MEASURES.items():
        if measure.better == "nearer 1":
            continue
        for variant in VARIANTS:
            family, p_values = [], []
            for first, second in itertools.combinations(names, 2):
                a, b = keys.get((first, variant, metric)), keys.get((second, variant, metric))
                if a is None or b is None or a.target != b.target:
                    continue
                difference, low, high, p = pooled_difference(
                    *_matched(summaries.table(a), summaries.table(b)), setup.study.bootstrap.level
                )
                if math.isnan(difference):
                    continue
                p_values.append(p)
                family.append(
                    {"axis": measure.axis, "metric": metric, "variant": variant,
                     "simulator_a": first, "simulator_b": second, "difference": difference,
                     "low": low, "high": high, "p": p}
                )  # fmt: skip
            corrected = holm(p_values)
            rows += [row | {"p_holm": p} for row, p in zip(family, corrected, strict=True)]
    return pl.DataFrame(rows, infer_schema_length=None)


def _matched(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    pilots = min(len(first), len(second))
    return first[:pilots], second[:pilots]


def _coefficients(setup: Setup, ledger: Ledger) -> pl.DataFrame:
    level, rows = setup.study.bootstrap.level, []
    for (simulator, variant, target), pairs in ledger.coefficients.items():
        if simulator not in setup.listed:
            continue
        for kind in ("bivariate", "multivariable"):
            for name in dict.fromkeys(name for human, _ in pairs for name in human.names):
                human, simulated = (
                    pooled(
                        np.stack(
                            [
                                getattr(one, kind)[:, one.names.index(name)]
                                for one in side
                                if name in one.names
                            ]
                        ),
                        level,
                    )
                    for side in zip(*pairs, strict=True)
                )
                rows.append(
                    {"simulator": simulator, "variant": variant, "target": target, "kind": kind,
                     "predictor": name, "human": human.value, "human_low": human.low,
                     "human_high": human.high, "simulated": simulated.value,
                     "simulated_low": simulated.low, "simulated_high": simulated.high}
                )  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def _distributions(setup: Setup, ledger: Ledger) -> pl.DataFrame:
    rows = []
    for (simulator, item), parts in ledger.shares.items():
        if simulator not in setup.listed:
            continue
        variable = setup.survey.codebook[item]
        human, simulated = setup.survey.shares(item), np.mean(parts, axis=0)
        for index, category in enumerate(variable.categories):
            rows.append(
                {"simulator": simulator, "item": item, "code": str(category.code),
                 "label": variable.label(category.code),
                 "position": float(variable.positions[index]),
                 "human": float(human[index]), "simulated": float(simulated[index])}
            )  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def _outcomes(setup: Setup, ledger: Ledger) -> pl.DataFrame:
    rows = [
        (simulator, item, Outcome(kind).name.lower(), int(count))
        for (simulator, item), counts in ledger.outcomes.items()
        if simulator in setup.listed
        for kind, count in enumerate(counts)
        if count
    ]
    schema = {"simulator": pl.String, "item": pl.String, "outcome": pl.String, "n": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _unused(setup: Setup, ledger: Ledger, judges_n: int) -> pl.DataFrame:
    """Options that people chose and a simulator gives to less than half a person."""
    rows = []
    for (simulator, item), parts in ledger.shares.items():
        never = (setup.survey.shares(item) > 0) & (np.mean(parts, axis=0) * judges_n < 0.5)
        if never.any() and simulator in setup.listed:
            labels = setup.survey.codebook[item].labels
            named = "; ".join(label for label, one in zip(labels, never, strict=True) if one)
            rows.append((simulator, item, named))
    schema = {"simulator": pl.String, "item": pl.String, "options": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _about(setup: Setup, found: Round) -> dict[str, Any]:
    study, survey = setup.study, setup.survey
    items = {target.name: target.text for target in setup.targets if target.variable is not None}
    scales = {target.name: target.text for target in setup.targets if target.variable is None}
    return {
        "survey": {
            "source": survey.source,
            "n": survey.n,
            "language": survey.language,
            "weight": survey.design.weight,
            "design_effect": survey.design_effect,
        },
        "profile": list(study.profile),
        "items": items,
        "scales": scales,
        "groups": [" & ".join(name for name, _ in grouping) for grouping in study.groups],
        "pilot": study.pilot.model_dump() if study.pilot else None,
        "scored_n": found.judges_n,
        "bootstrap": study.bootstrap.model_dump(),
        "simulators": list(_simulators(setup, found)),
        "version": __version__,
    }


def _simulators(setup: Setup, found: Round) -> Iterable[dict[str, Any]]:
    for line in study_lines(setup.study):
        yield {
            "name": line.name,
            "use": line.spec.use,
            "by": found.elicited.get(line.name, "model"),
            "constructed": line.spec.use.startswith("planted/"),
            "trivial": line.spec.use in TRIVIAL and line.repair is None,
            "certain": found.certain.get(line.name, False),
            "asked": _report(setup, line.spec.name),
            **repair_fact(line),
        }


def _report(setup: Setup, name: str) -> dict[str, Any] | None:
    report = setup.asked.reports.get(name)
    return report.as_dict() if report else None
