"""A line of a table of estimates, and which of the lines is to be published."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from alignsurvey.fidelity.fielded import Fielded
from alignsurvey.rectify.diagnostics import MANY_HUMANS
from alignsurvey.rectify.estimate import Estimate, Method
from alignsurvey.rectify.models import PENALISED

PILOT, ALL = "pilot alone", "all simulators"
WIDER = 1.005
Line = tuple[str, list[str], Method]
"""Label, simulators, method."""


def allowed(plan: Sequence[Line], methods: Sequence[str]) -> list[Line]:
    """Keep the lines of some methods, and the pilot alone; all of them where none are named."""
    return [one for one in plan if not methods or one[2] in (*methods, "classical")]


def line_to_publish(fielded: Fielded, plan: Sequence[Line]) -> tuple[str, Method]:
    """Choose simulator and method before a result is seen; else the pilot alone."""
    plain = [spec.name for spec in fielded.study.simulators]
    chosen: tuple[str, Method] = (ALL, "multi")
    if len(plain) == 1:
        chosen = plain[0], "cross" if plain[0] in fielded.learned else "ppi++"
    there = [(label, method) for label, _, method in plan]
    return chosen if chosen in there else (PILOT, "classical")


def row_of(one: Estimate, limits: tuple[float, float], *, in_group: bool) -> dict[str, Any]:
    """Give an estimate's columns, values within limits; null where there is no number."""
    judged = one.diagnostics
    ratio = judged.width_ratio if judged is not None and one.method != "classical" else None
    verdict = judged.verdict if judged is not None else "use"
    said = [judged.reason] if judged is not None else ["people's own answers"]
    if judged is None and one.n < MANY_HUMANS:
        verdict, said = "use with care", [f"only {one.n} humans"]
    if one.valid and ratio is not None and ratio > WIDER and verdict != "don't use":
        verdict = "use with care"
        where = "this group" if in_group else "it"
        said = [f"the correction makes {where} worse: {100 * (ratio - 1):.0f} % wider than "
                "the pilot alone", *(one for one in said if "as wide as" not in one)]  # fmt: skip
    if verdict == "use" and PENALISED in one.notes:
        verdict = "use with care"
    said += one.notes
    return {
        "value": _number(one.value), "low": _number(max(one.low, limits[0])),
        "high": _number(min(one.high, limits[1])),
        "se": _number(one.se), "n": one.n, "N": one.N, "n_eff": _number(one.n_eff),
        "lambda": _number(one.lambda_), "rho": _number(one.rho) if judged is not None else None,
        "width_ratio": ratio, "level": one.level, "valid": one.valid, "verdict": verdict,
        "reason": "; ".join(dict.fromkeys(said)),
    }  # fmt: skip


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
