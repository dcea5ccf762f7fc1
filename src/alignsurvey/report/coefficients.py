"""Coefficients of people and simulators, brought into figures and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from alignsurvey.report.numbers import with_interval
from alignsurvey.report.rows import ANSWERS, facts
from alignsurvey.report.vocabulary import known

if TYPE_CHECKING:
    from alignsurvey.fidelity.result import FidelityResult

KINDS = {
    "bivariate": "correlations with the outcome, one predictor at a time",
    "multivariable": "standardized regression with all predictors",
}


@dataclass(frozen=True)
class CoefficientSet:
    """Coefficients of one outcome and kind.

    Parameters
    ----------
    target, kind, description : str
    points : list of dict
        For `coefficient_chart`: of the simulators that are shown.
    predictors : list of str
    human : list of str
        A coefficient with its interval for each predictor.
    simulated : list of (simulator, variant, list of (text, whether the sign is wrong))
    """

    target: str
    kind: str
    description: str
    points: list[dict[str, Any]]
    predictors: list[str]
    human: list[str]
    simulated: list[tuple[str, str, list[tuple[str, bool]]]]


def coefficient_sets(result: FidelityResult, shown: Sequence[str]) -> list[CoefficientSet]:
    """Part the coefficients of a result by outcome and kind.

    Drawn answers stand for a simulator with probabilities: like people's, they are single answers.

    Parameters
    ----------
    shown : sequence of str
        Simulators that the figures show; the tables have all of them.
    """
    if result.coefficients.is_empty():
        return []
    about = facts(result)
    drawn = _drawn(result.coefficients)
    return [
        _set(str(target), str(kind), own, shown, about)
        for (target, kind), own in drawn.group_by("target", "kind", maintain_order=True)
    ]


def _drawn(table: pl.DataFrame) -> pl.DataFrame:
    has = table.filter(pl.col("variant") == "draw")["simulator"].unique().to_list()
    return table.filter((pl.col("variant") == "draw") | ~pl.col("simulator").is_in(has))


def _set(
    target: str,
    kind: str,
    table: pl.DataFrame,
    shown: Sequence[str],
    about: Mapping[str, Mapping[str, Any]],
) -> CoefficientSet:
    predictors = table["predictor"].unique(maintain_order=True).to_list()
    rows = [row for row in table.to_dicts() if known(row["human"]) and known(row["simulated"])]
    people: dict[str, str] = {}
    for row in rows:
        people.setdefault(row["predictor"], _text(row, "human"))
    simulated = []
    for (name,), own in table.group_by("simulator", maintain_order=True):
        by_name = {row["predictor"]: row for row in own.to_dicts()}
        cells = [
            (_text(by_name[p], "simulated"), is_wrong(by_name[p])) if p in by_name else ("–", False)
            for p in predictors
        ]
        certain = about.get(str(name), {}).get("certain")
        simulated.append((str(name), ANSWERS if certain else str(own["variant"][0]), cells))
    return CoefficientSet(
        target=target,
        kind=kind,
        description=KINDS.get(kind, kind),
        points=[_point(row) for row in rows if row["simulator"] in shown],
        predictors=predictors,
        human=[people.get(name, "–") for name in predictors],
        simulated=simulated,
    )


def is_wrong(row: Mapping[str, Any]) -> bool:
    """Whether people's coefficient is clearly not 0 and the simulated one has the other sign."""
    if not all(known(row[part]) for part in ("human", "simulated", "human_low", "human_high")):
        return False
    return bool(row["human_low"] * row["human_high"] > 0 > row["human"] * row["simulated"])


def _point(row: Mapping[str, Any]) -> dict[str, Any]:
    wrong = is_wrong(row)
    numbers = (
        "human", "human_low", "human_high", "simulated", "simulated_low", "simulated_high",
    )  # fmt: skip
    return {name: row[name] if known(row[name]) else None for name in numbers} | {
        "panel": row["simulator"],
        "mark": "other sign" if wrong else "same sign",
        "name": row["predictor"] if wrong else "",
    }


def _text(row: Mapping[str, Any], side: str) -> str:
    return with_interval(row[side], row[f"{side}_low"], row[f"{side}_high"])
