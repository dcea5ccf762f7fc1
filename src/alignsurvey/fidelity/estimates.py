"""Estimates for publication: every method beside the pilot alone, overall and by group."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey import rectify
from alignsurvey.errors import InputError, nearest
from alignsurvey.fidelity.asking import Terms
from alignsurvey.fidelity.crosstabs import crosstab_rows
from alignsurvey.fidelity.estimate_rows import ALL, PILOT, Line, allowed, line_to_publish, row_of
from alignsurvey.fidelity.estimate_samples import (
    OVERALL,
    groups_of,
    predictors_of,
    sample_for,
    settled,
)
from alignsurvey.fidelity.fielded import Fielded, field_study
from alignsurvey.fidelity.study import Study
from alignsurvey.fidelity.wanted import REGRESSIONS, Wanted, parse_wanted, usual_targets
from alignsurvey.rectify.data import Sample
from alignsurvey.rectify.estimate import Estimate, Method
from alignsurvey.survey.survey import Survey

METHODS: tuple[Method, ...] = (
    "classical", "imputation", "ppi", "ppi++", "cross", "stratified", "greg", "multi"
)  # fmt: skip
SCHEMA: dict[str, Any] = {
    "target": pl.String, "group": pl.String, "name": pl.String, "simulator": pl.String,
    "method": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "se": pl.Float64, "n": pl.Int64, "N": pl.Int64, "n_eff": pl.Float64, "lambda": pl.Float64,
    "rho": pl.Float64, "width_ratio": pl.Float64, "level": pl.Float64, "valid": pl.Boolean,
    "recommended": pl.Boolean, "verdict": pl.String, "reason": pl.String, "known": pl.Float64,
}  # fmt: skip


@dataclass(frozen=True)
class StudyEstimates:
    """Estimates of a study.

    Parameters
    ----------
    table : polars.DataFrame
        A row an estimate: target (as asked for), group, name (of a coefficient or option),
        simulator, method, value, low, high, se, n (humans), N (others), n_eff (humans that the
        pilot alone would need), lambda, rho, width_ratio (standard error over that of the pilot
        alone), level, valid, recommended, verdict, reason (of the verdict, or why there is no
        value), known (the value among all people, where the pilot was drawn from them).
    notes : tuple of str
    """

    table: pl.DataFrame
    notes: tuple[str, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values for JSON; NaN becomes null."""
        rows = [
            {
                k: None if isinstance(v, float) and not math.isfinite(v) else v
                for k, v in row.items()
            }
            for row in self.table.to_dicts()
        ]
        return {"estimates": rows, "about": self.about, "notes": list(self.notes)}


def estimate_study(
    study: Study,
    targets: Sequence[str] = (),
    survey: Survey | None = None,
    terms: Terms | None = None,
    *,
    methods: Sequence[str] = (),
    level: float = 0.95,
    simultaneous: bool = False,
    fielded: Fielded | None = None,
) -> StudyEstimates:
    """Estimate what a study's pilot and simulators tell of everybody.

    Parameters
    ----------
    study : Study
    targets : sequence of str
        See `parse_wanted`; by default every item and scale, and the regressions of ``structure``.
        Means, shares and quantiles are estimated in the study's groups, too.
    survey, terms
        As for `run_study`.
    methods : sequence of str
        Only these of `METHODS`, beside ``classical``.
    level : float
    simultaneous : bool
        Intervals of crosstabs that hold all together.
    fielded : Fielded, optional
        From `field_study`, where there is one already.

    Returns
    -------
    StudyEstimates

    Raises
    ------
    InputError
        A target or method is unknown, or nothing at all can be estimated.

    Examples
    --------
    >>> study = Study.parse({
    ...     "survey": {"example": "anes96"}, "profile": ["age", "educ", "PID"], "items": ["vote"],
    ...     "pilot": {"n": 100}, "simulators": ["baseline/logit"]})
    >>> found = estimate_study(study, ["share:vote=1"], methods=["cross"])
    >>> found.table["method"].to_list()
    ['classical', 'cross']
    >>> found.table["n_eff"][1] > 150
    True
    """
    if not 0.5 < level < 1:
        raise InputError(f"level must lie between .5 and 1, such as .95, not {level:g}")
    for name in methods:
        if name not in METHODS:
            raise InputError(f"no method '{name}'; {nearest(name, METHODS)}")
    fielded = fielded or field_study(study, survey, terms)
    codebook = fielded.everybody.codebook
    asked = list(targets) or usual_targets(study, fielded.targets, codebook)
    wanted = [
        settled(fielded, parse_wanted(one, study, fielded.targets, codebook)) for one in asked
    ]
    rows: list[dict[str, Any]] = []
    for one in wanted:
        if one.kind == "crosstab":
            rows += crosstab_rows(fielded, one, methods, level, simultaneous=simultaneous)
        else:
            rows += _rows(fielded, one, methods, level)
    table = pl.DataFrame([{**dict.fromkeys(SCHEMA), **row} for row in rows], schema=SCHEMA)
    if table["value"].is_null().all():
        raise InputError(f"nothing could be estimated: {table['reason'][0]}")
    pilot = int(fielded.in_pilot.sum())
    about = {
        "survey": fielded.everybody.source, "pilot_n": pilot,
        "others_n": fielded.everybody.n - pilot, "level": level, "pilot_drawn": fielded.is_drawn,
        "simulators": list(fielded.simulated), "seed": study.seed,
    }  # fmt: skip
    return StudyEstimates(table, fielded.notes, about)


def _rows(
    fielded: Fielded, wanted: Wanted, methods: Sequence[str], level: float
) -> Iterator[dict[str, Any]]:
    predictors = predictors_of(fielded, wanted)[1]
    for group, members in groups_of(fielded, wanted):
        known = _known(fielded, wanted, members, predictors)
        plan = _plan(fielded, wanted, group, methods)
        publish = line_to_publish(fielded, plan)
        first = True
        for simulator, names, method in plan:
            place = {"target": wanted.text, "group": group, "simulator": simulator,
                     "method": method}  # fmt: skip
            try:
                sample = sample_for(fielded, wanted, names, members)
                found = _estimate(sample, wanted, method, level, fielded.study.seed, predictors)
            except InputError as error:
                yield place | {"valid": method != "imputation", "level": level,
                               "recommended": False, "reason": str(error)}  # fmt: skip
                if first:
                    break  # without the pilot alone there is nothing to compare with
                continue
            first = False
            best = (simulator, method) == publish
            for one in found:
                own = {"name": _name(one, wanted), "known": known.get(one.name),
                       "recommended": best}  # fmt: skip
                limits = _limits(fielded, wanted)
                yield place | own | row_of(one, limits, in_group=group != OVERALL)


def _plan(fielded: Fielded, wanted: Wanted, group: str, methods: Sequence[str]) -> list[Line]:
    """What to estimate with: label, simulators, method; the pilot alone first."""
    names = list(fielded.simulated)
    plan: list[Line] = [(PILOT, [], "classical")]
    for name in names:
        learned = name in fielded.learned
        own: list[Method] = ["imputation", "ppi", "cross" if learned else "ppi++"]
        if group == OVERALL and fielded.study.groups and wanted.kind in ("mean", "share"):
            own.append("stratified")
        plan += [(name, [name], method) for method in own]
    plain = [spec.name for spec in fielded.study.simulators]
    if len(plain) > 1 and wanted.kind != "quantile":
        plan.append((ALL, plain, "multi"))
    if wanted.kind == "quantile":
        plan = [one for one in plan if one[2] != "stratified"]
    return allowed(plan, methods)


def _estimate(
    sample: Sample,
    wanted: Wanted,
    method: Method,
    level: float,
    seed: int,
    predictors: list[str],
) -> list[Estimate]:
    options: dict[str, Any] = {"method": method, "level": level}
    if wanted.kind in REGRESSIONS:
        fit: Callable[..., Any] = getattr(rectify, wanted.kind)
        return list(fit(sample, names=predictors, seed=seed, **options))
    if wanted.kind == "quantile":
        return [rectify.quantile(sample, q=wanted.q, **options)]
    if wanted.kind == "difference":
        assert wanted.pair is not None  # it was settled
        first, second = wanted.pair
        return [rectify.difference(sample, first=first, second=second, seed=seed, **options)]
    run = rectify.share if wanted.kind == "share" else rectify.mean
    return [run(sample, seed=seed, **options)]


def _known(
    fielded: Fielded, wanted: Wanted, members: NDArray[np.bool_], predictors: list[str]
) -> dict[str, float]:
    """Values among all people of a group, where they are known."""
    if not fielded.is_drawn:
        return {}
    try:
        sample = sample_for(fielded, wanted, [], members, everyone=True)
        found = _estimate(sample, wanted, "classical", 0.95, fielded.study.seed, predictors)
    except InputError:
        return {}  # what all people do not tell is not known; the estimate says why
    return {one.name: one.value for one in found}


def _name(one: Estimate, wanted: Wanted) -> str:
    return one.name if wanted.kind in REGRESSIONS else ""


def _limits(fielded: Fielded, wanted: Wanted) -> tuple[float, float]:
    """Smallest and largest value possible, infinite for coefficients and differences."""
    if wanted.kind not in ("mean", "quantile", "share"):
        return -math.inf, math.inf
    return (0.0, 1.0) if wanted.kind == "share" else fielded.targets[wanted.target].limits
