"""Regression coefficients from a pilot and simulated answers: the structural axis, rectified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignsurvey.errors import InputError
from alignsurvey.rectify import published
from alignsurvey.rectify.data import Sample, sample_of
from alignsurvey.rectify.estimate import Estimates, Method
from alignsurvey.rectify.models import Fit, logistic_fit, ols_fit
from alignsurvey.rectify.ordinal import ordinal_fit
from alignsurvey.rectify.pipeline import (
    Interval,
    Options,
    check,
    estimate,
    from_published,
    published_lambda,
)

Array = NDArray[np.float64]
_METHODS = ("classical", "imputation", "ppi", "ppi++", "cross", "greg", "multi")


def ols(
    y: ArrayLike | Sample,
    f: ArrayLike | None = None,
    f_rest: ArrayLike | None = None,
    X: ArrayLike | None = None,
    X_rest: ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
    intercept: bool = True,
    method: Method = "ppi++",
    level: float = 0.95,
    interval: Interval = "auto",
    seed: int = 42,
    **design: Any,
) -> Estimates:
    """Estimate the coefficients of a linear regression.

    Parameters
    ----------
    y, f, f_rest
        Human and simulated outcomes, as for `mean`.
    X, X_rest : arrays, shape (n, p) and (N, p)
        Predictors of the pilot and of the rest.
    names : sequence of str, optional
        Of the predictors.
    intercept : bool
        Add one; it comes first.
    method, level, seed, **design
        As for `mean`. Each coefficient has its own lambda.
    interval : {"auto", "z"}
        "auto" is a t interval with the jackknife's standard errors (HC3; degrees of freedom of Bell
        and McCaffrey), HC2 for `logistic`; "z" is ppi-python's.

    Returns
    -------
    Estimates
        In units of y per unit of the predictor.

    Raises
    ------
    InputError
        Predictors are collinear, or there are fewer humans than coefficients and two more.

    References
    ----------
    arXiv 2311.01453; MacKinnon & White (1985).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=2000)
    >>> f = 0.5 * x + rng.normal(size=2000)
    >>> y = f[:80] + 0.3 * x[:80] + rng.normal(0, 0.5, 80)
    >>> fit = ols(y, f[:80], f[80:], x[:80], x[80:], names=["age"])
    >>> fit["age"].low < 0.8 < fit["age"].high, fit["age"].n_eff > 150
    (True, True)
    """
    sample = sample_of(y, f, f_rest, X, X_rest, **design)
    options = Options(method, level, interval, seed, "coefficient")
    return _regress(sample, ols_fit, options, names, intercept=intercept, logit=False)


def logistic(
    y: ArrayLike | Sample,
    f: ArrayLike | None = None,
    f_rest: ArrayLike | None = None,
    X: ArrayLike | None = None,
    X_rest: ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
    intercept: bool = True,
    method: Method = "ppi++",
    level: float = 0.95,
    interval: Interval = "auto",
    seed: int = 42,
    **design: Any,
) -> Estimates:
    """Estimate the coefficients of a logistic regression, in log odds.

    Parameters are those of `ols`, with y 0 or 1 and f a probability. Where predictors separate
    the answers, Firth's penalised estimate is used and the notes say so.

    Examples
    --------
    >>> fit = logistic([0, 0, 1, 0, 1, 1], method="classical", X=[0, 1, 2, 3, 4, 5])
    >>> round(fit[1].value, 3)
    1.214
    """
    sample = sample_of(y, f, f_rest, X, X_rest, **design)
    if not np.isin(sample.y, (0.0, 1.0)).all():
        raise InputError(f"{sample.name}: a logistic outcome is 0 or 1")
    if ((sample.f < 0) | (sample.f > 1)).any() or ((sample.f_rest < 0) | (sample.f_rest > 1)).any():
        raise InputError(f"{sample.name}: simulated answers must be probabilities, 0 to 1")
    if np.ptp(sample.y) == 0:
        raise InputError(
            f"{sample.name}: all {sample.n} humans answer {sample.y[0]:g}; there is nothing to "
            "regress; use a larger pilot, or rectify.share"
        )
    options = Options(method, level, interval, seed, "coefficient")
    sample, options = _without_constants(sample, options)
    return _regress(sample, logistic_fit, options, names, intercept=intercept, logit=True)


def ordinal(
    y: ArrayLike | Sample,
    f: ArrayLike | None = None,
    f_rest: ArrayLike | None = None,
    X: ArrayLike | None = None,
    X_rest: ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
    method: Method = "ppi++",
    level: float = 0.95,
    seed: int = 42,
    **design: Any,
) -> Estimates:
    """Estimate the slopes of a proportional-odds regression, in log odds of a higher answer.

    Parameters are those of `ols`; y and f are answers on the same scale (a simulated one between
    two options counts for both in proportion). Thresholds are not reported.

    Raises
    ------
    InputError
        An option is used by no human: the thresholds of pilot and rest would not be comparable.

    References
    ----------
    McCullagh (1980).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(2)
    >>> x = rng.normal(size=900)
    >>> y = np.digitize(x + rng.logistic(size=900), [-1, 1])
    >>> fit = ordinal(y[:150], y[:150], y[150:], x[:150], x[150:], names=["age"])
    >>> fit["age"].low < 1 < fit["age"].high
    True
    """
    sample = sample_of(y, f, f_rest, X, X_rest, **design)
    options = Options(method, level, "auto", seed, "coefficient")
    levels = np.unique(sample.y)
    if len(levels) < 2 or len(levels) > 20:
        raise InputError(f"{sample.name}: an ordinal outcome has 2 to 20 different answers")
    simulated = np.concatenate([sample.f.ravel(), sample.f_rest.ravel()])
    if len(simulated) and (simulated.min() < levels[0] or simulated.max() > levels[-1]):
        raise InputError(
            f"{sample.name}: simulated answers reach from {simulated.min():g} to "
            f"{simulated.max():g}, humans' from {levels[0]:g} to {levels[-1]:g}; merge "
            "options that no human of the pilot uses"
        )
    return _regress(sample, ordinal_fit(levels), options, names, intercept=False, logit=False)


def _without_constants(sample: Sample, options: Options) -> tuple[Sample, Options]:
    """Leave out simulators whose answers do not vary, for their log odds would be infinite.

    Without any left, it is the pilot alone.
    """
    if not sample.f.shape[1] or not sample.N or options.method == "classical":
        return sample, options
    flat = (np.ptp(sample.f, axis=0) == 0) | (np.ptp(sample.f_rest, axis=0) == 0)
    if not flat.any():
        return sample, options
    names = ", ".join(sample.simulators[k] for k in np.flatnonzero(flat))
    if options.method in ("imputation", "ppi", "greg"):
        raise InputError(
            f"{names} answers the same for everybody, so there is nothing to regress; use "
            'method="classical" or "ppi++"'
        )
    if flat.all():
        said = f"{names} answers the same for everybody: the pilot alone"
        alone = replace(sample, f=sample.f[:, :0], f_rest=sample.f_rest[:, :0])
        return replace(alone, notes=(*sample.notes, said)), replace(options, method="classical")
    kept = tuple(np.array(sample.simulators)[~flat].tolist())
    notes = (*sample.notes, f"{names} answers the same for everybody: left out")
    informative = replace(sample, f=sample.f[:, ~flat], f_rest=sample.f_rest[:, ~flat])
    return replace(informative, simulators=kept, notes=notes), options


def _regress(
    sample: Sample,
    fit: Fit,
    options: Options,
    names: Sequence[str] | None,
    *,
    intercept: bool,
    logit: bool,
) -> Estimates:
    check(options, sample, allowed=_METHODS)
    if sample.X is None or (sample.X_rest is None and options.method != "classical"):
        raise InputError("a regression needs predictors: X of the pilot and X_rest of the rest")
    p = sample.X.shape[1]
    labels = list(names) if names is not None else [f"x{one + 1}" for one in range(p)]
    if len(labels) != p:
        raise InputError(f"{len(labels)} names for {p} predictors; give one each")
    if intercept:
        sample, labels = _with_intercept(sample), ["intercept", *labels]
    if sample.n < len(labels) + 2:
        raise InputError(
            f"{sample.name}: {sample.n} humans are too few for {len(labels)} coefficients; leave "
            "predictors out, or use a larger pilot"
        )
    if options.interval == "bootstrap":
        raise InputError("no bootstrap-t for coefficients; use rectify.bootstrap")
    if options.interval == "z":
        return _published(sample, fit, labels, options, logit=logit)
    return estimate(sample, fit, labels, options, lost_df=len(labels))


def _with_intercept(sample: Sample) -> Sample:
    def grown(X: Array | None) -> Array | None:
        return None if X is None else np.column_stack([np.ones(len(X)), X])

    return replace(sample, X=grown(sample.X), X_rest=grown(sample.X_rest))


def _published(
    sample: Sample, fit: Fit, labels: list[str], options: Options, *, logit: bool
) -> Estimates:
    if sample.X is None or sample.X_rest is None or not sample.f.shape[1]:
        raise InputError('interval="z" needs simulated answers and predictors for everybody')
    for values, X, w in (
        (sample.y, sample.X, sample.design.weights),
        (sample.f_rest[:, 0], sample.X_rest, sample.design_rest.weights),
    ):
        fit(values, X, w)  # refuses collinear predictors by name
    found = published.regression(
        sample.X, sample.y, sample.f[:, 0], sample.X_rest, sample.f_rest[:, 0],
        sample.design.weights, sample.design_rest.weights, published_lambda(options), logit=logit,
    )  # fmt: skip
    return from_published(sample, found, labels, options, fit)
