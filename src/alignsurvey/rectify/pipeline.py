"""From checked arrays to estimates: choose the method, rectify, make the interval, judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError, nearest
from alignsurvey.rectify.data import Sample
from alignsurvey.rectify.diagnostics import diagnose
from alignsurvey.rectify.estimate import METHODS, Estimate, Estimates, Method
from alignsurvey.rectify.greg import combine_greg
from alignsurvey.rectify.linear import (
    Combined,
    Parts,
    combine,
    simulation_only,
    tuned_lambda,
)
from alignsurvey.rectify.models import Fit
from alignsurvey.rectify.multi import combine_multi
from alignsurvey.rectify.published import Published
from alignsurvey.rectify.small_samples import all_alike, bootstrap_t, t_interval, wilson_interval
from alignsurvey.rectify.stratified import combine_stratified

Array = NDArray[np.float64]
Interval = Literal["auto", "z", "bootstrap"]
Kind = Literal["mean", "share", "coefficient"]


@dataclass(frozen=True)
class Options:
    """How to estimate: method, level, kind of interval, seed."""

    method: Method = "ppi++"
    level: float = 0.95
    interval: Interval = "auto"
    seed: int = 42
    kind: Kind = "mean"


def check(options: Options, sample: Sample, *, allowed: Sequence[str] = METHODS) -> None:
    """Refuse a method or level that does not exist, or that lacks what it needs."""
    method = options.method
    if method not in METHODS or method not in allowed:
        raise InputError(f"method '{method}' is not for this; {nearest(method, allowed)}")
    if options.interval not in ("auto", "z", "bootstrap"):
        raise InputError(f"interval '{options.interval}' is none of auto, z, bootstrap")
    if not 0 < options.level < 1:
        raise InputError(f"level must lie between 0 and 1, not {options.level}; 0.95 is usual")
    if method != "classical" and (not sample.f.shape[1] or sample.N < 2):
        raise InputError(
            f"method '{method}' needs simulated answers for the pilot (f) and for at least two "
            'other people (f_rest); give both, or use method="classical"'
        )
    sides = [sample.design] if method == "classical" else [sample.design, sample.design_rest]
    if any(side.df < 1 for side in sides):
        raise InputError(
            f"{sample.name}: the design has one sampling unit a stratum, which leaves no variance "
            "to estimate; merge strata, or leave the clusters out"
        )
    if method not in ("multi", "classical") and sample.f.shape[1] > 1:
        raise InputError(
            f"there are {sample.f.shape[1]} simulators; method '{method}' takes one, 'multi' all"
        )


def estimate(
    sample: Sample, fit: Fit, names: Sequence[str], options: Options, lost_df: int = 1
) -> Estimates:
    """Estimate by any method that works on linearised estimators.

    Parameters
    ----------
    sample : Sample
    fit : Fit
        The estimator, applied to human and simulated answers alike.
    names : sequence of str
        Of its p values.
    options : Options
    lost_df : int
        Degrees of freedom that the estimator itself takes: 1 for a mean, p for a regression.
    """
    notes, by_proxy = list(sample.notes), None
    if options.method == "classical":
        parts = _parts(sample, fit, lost_df, alone=sample.f.shape[1] != 1 or sample.N < 2)
        combined, weights = combine(parts, np.zeros(len(parts.human.value)), tuned=False), {}
    elif options.method == "multi":
        parts, combined, by_proxy = _multi(sample, fit, lost_df, options)
        weights = dict(zip(sample.simulators, by_proxy.mean(axis=0).tolist(), strict=True))
    else:
        parts = _parts(sample, fit, lost_df)
        combined, weights, more = _rectify(sample, fit, parts, options)
        notes += more
    notes += [*parts.human.notes, *_fallbacks(sample, combined, options)]
    rows = []
    for j, name in enumerate(names):
        own = None if by_proxy is None else by_proxy[j]
        rows.append(_one(sample, parts, combined, j, name, options, weights, notes, own))
    return Estimates(tuple(rows))


def _parts(sample: Sample, fit: Fit, lost_df: int, *, alone: bool = False) -> Parts:
    X, X_rest = _predictors(sample)
    human = fit(sample.y, X, sample.design.weights)
    if alone:
        return Parts(human, human, human, sample.design, sample.design, lost_df)
    pilot = fit(sample.f[:, 0], X, sample.design.weights)
    rest = fit(sample.f_rest[:, 0], X_rest, sample.design_rest.weights)
    return Parts(human, pilot, rest, sample.design, sample.design_rest, lost_df)


def _predictors(sample: Sample) -> tuple[Array, Array]:
    X = np.empty((sample.n, 0)) if sample.X is None else sample.X
    X_rest = np.empty((sample.N, 0)) if sample.X_rest is None else sample.X_rest
    return X, X_rest


def _multi(
    sample: Sample, fit: Fit, lost_df: int, options: Options
) -> tuple[Parts, Combined, Array]:
    X, X_rest = _predictors(sample)
    parts = _parts(sample, fit, lost_df, alone=True)
    pilot = [fit(f, X, sample.design.weights) for f in sample.f.T]
    rest = [fit(f, X_rest, sample.design_rest.weights) for f in sample.f_rest.T]
    combined, weights = combine_multi(
        parts.human, pilot, rest, sample.design, sample.design_rest, parts.df, options.seed
    )
    return parts, combined, weights


def _rectify(
    sample: Sample, fit: Fit, parts: Parts, options: Options
) -> tuple[Combined, dict[str, float], tuple[str, ...]]:
    match options.method:
        case "imputation":
            return simulation_only(parts), {}, ("simulated answers taken for people's own",)
        case "ppi":
            return combine(parts, np.ones(len(parts.human.value)), tuned=False), {}, ()
        case "greg":
            return combine_greg(sample, fit, parts), {}, ()
        case "stratified":
            if options.kind == "coefficient":
                raise InputError("stratified is for means and shares; use ppi++ or multi here")
            return combine_stratified(sample, parts)
        case _:
            return combine(parts, tuned_lambda(parts), tuned=True), {}, ()


def _fallbacks(sample: Sample, combined: Combined, options: Options) -> list[str]:
    """Say where the simulation could not count."""
    if options.method in ("classical", "imputation"):
        return []
    flat = sample.simulators[0] if len(sample.f) and np.ptp(sample.f, axis=0).max() == 0 else None
    if flat is not None and options.method != "ppi":
        return [f"{flat} answers the same for every human of the pilot: the pilot alone"]
    if options.method in ("ppi++", "cross") and (combined.lambda_ == 0).all():
        return ["simulated and human answers are not positively related: the pilot alone"]
    return []


def _one(
    sample: Sample,
    parts: Parts,
    combined: Combined,
    j: int,
    name: str,
    options: Options,
    weights: dict[str, float],
    notes: list[str],
    proxy_weights: Array | None,
) -> Estimate:
    value, variance, df = (float(x[j]) for x in (combined.value, combined.variance, combined.df))
    classical = float(combined.classical_variance[j])
    valid = options.method != "imputation"
    low, high, more = _interval(sample, parts, combined, j, options)
    if options.kind == "share" and not 0 <= value <= 1:
        more = (*more, f"the estimate {value:.4g} was moved into [0, 1]")
        value = float(np.clip(value, 0, 1))
    ratio = float(np.sqrt(variance / classical)) if classical > 0 else 1.0
    lambda_ = float(combined.lambda_[j])
    judged = None
    if sample.f.shape[1]:
        judged = diagnose(
            sample, ratio, lambda_, valid=valid, proxy_weights=proxy_weights,
            contributions=parts.human.contributions[:, j],
        )  # fmt: skip
    n_eff = sample.n * classical / variance if variance > 0 and valid else float(sample.n)
    return Estimate(
        name, value, low, high, float(np.sqrt(variance)), sample.n, sample.N,
        n_eff if valid else 0.0, lambda_, float(combined.rho[j]), df, options.method,
        options.level, valid, judged, weights, (*notes, *more),
    )  # fmt: skip


def _interval(
    sample: Sample, parts: Parts, combined: Combined, j: int, options: Options
) -> tuple[float, float, tuple[str, ...]]:
    """Interval of one value, and what has to be said about it."""
    value, variance, df = (float(x[j]) for x in (combined.value, combined.variance, combined.df))
    w = sample.design.weights
    kish = float(w.sum() ** 2 / (w**2).sum())
    alike = options.kind != "coefficient" and float(np.ptp(sample.y)) == 0
    # At its word, a simulator whose answers vary brings in an error of its own.
    alike = alike and (options.method != "ppi" or float(np.ptp(sample.f)) == 0)
    if options.kind == "share" and options.method != "imputation":
        own, moved = float(parts.human.value[j]), float(np.clip(value, 0, 1))
        spread = own * (1 - own) if own * (1 - own) > 0 else moved * (1 - moved)
        size = kish if spread <= 0 or variance <= 1e-24 else spread / variance
        low, high = wilson_interval(moved, size, df, options.level)
        return low, high, ()
    if alike and options.method != "imputation":
        if sample.limits is None:
            said = f"all {sample.n} humans answer alike: no interval without limits="
            return float("nan"), float("nan"), (said,)
        said = f"all {sample.n} humans answer alike: the interval is exact binomial"
        own = float(parts.human.value[j])
        ends = all_alike(own, kish, sample.limits, options.level)
        return value + ends[0] - own, value + ends[1] - own, (said,)
    if options.interval == "bootstrap":
        if options.method in ("multi", "stratified", "greg", "imputation"):
            raise InputError(f"no bootstrap-t for '{options.method}'; use rectify.bootstrap")
        residual = parts.human.contributions[:, j]
        residual = residual - combined.lambda_[j] * parts.pilot.contributions[:, j]
        pilot = float(sample.design.covariance(residual[:, None], residual[:, None])[0])
        rest = max(variance - pilot, 0.0) if options.method != "classical" else 0.0
        found = bootstrap_t(value, residual, sample.design, rest, options.level, options.seed)
        if found is not None:
            return (*found, ())
        said = "too few different answers for a bootstrap: Student's t"
        return (*t_interval(value, float(np.sqrt(variance)), df, options.level), (said,))
    return (*t_interval(value, float(np.sqrt(variance)), df, options.level), ())


def from_published(
    sample: Sample, found: Published, names: Sequence[str], options: Options, fit: Fit
) -> Estimates:
    """Wrap what ppi-python would give: z intervals and one lambda."""
    X, _ = _predictors(sample)
    alone = fit(sample.y, X, sample.design.weights).contributions
    classical = sample.design.covariance(alone, alone)
    rows = []
    for j, name in enumerate(names):
        value, se = float(found.value[j]), float(found.se[j])
        low, high = t_interval(value, se, np.inf, options.level)
        ratio = se / float(np.sqrt(classical[j])) if classical[j] > 0 else 1.0
        rows.append(
            Estimate(
                name, value, low, high, se, sample.n, sample.N,
                sample.n / ratio**2 if ratio > 0 else float(sample.n), found.lambda_,
                float("nan"), np.inf, options.method, options.level,
                diagnostics=diagnose(sample, ratio, found.lambda_, valid=True),
                notes=(*sample.notes, "z interval as ppi-python's: no small-sample correction; "
                       "rho not computed"),
            )
        )  # fmt: skip
    return Estimates(tuple(rows))


PUBLISHED_LAMBDA: dict[str, float | None] = {"ppi": 1.0, "ppi++": None, "classical": 0.0}


def published_lambda(options: Options) -> float | None:
    """Give the lambda that a method fixes, None where it is tuned."""
    if options.method not in PUBLISHED_LAMBDA:
        raise InputError(
            f"interval=\"z\" is ppi-python's, which has no method '{options.method}'; "
            'use interval="auto"'
        )
    return PUBLISHED_LAMBDA[options.method]
