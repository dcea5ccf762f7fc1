"""Means, shares and differences from a pilot and simulated answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from alignsurvey.errors import InputError
from alignsurvey.rectify import published
from alignsurvey.rectify.data import Sample, sample_of
from alignsurvey.rectify.estimate import Estimate, Method
from alignsurvey.rectify.models import contrast_fit, mean_fit
from alignsurvey.rectify.pipeline import (
    Interval,
    Options,
    check,
    estimate,
    from_published,
    published_lambda,
)


def mean(
    y: ArrayLike | Sample,
    f: ArrayLike | None = None,
    f_rest: ArrayLike | None = None,
    *,
    method: Method = "ppi++",
    level: float = 0.95,
    interval: Interval = "auto",
    seed: int = 42,
    **design: Any,
) -> Estimate:
    """Estimate a population mean.

    Parameters
    ----------
    y : array, shape (n,), or Sample
        Human answers of the pilot; or everything together, from `from_predictions`.
    f : array, shape (n,) or (n, k)
        Simulated answers of the same people; k simulators for ``multi``.
    f_rest : array, shape (N,) or (N, k)
        Simulated answers of everybody else.
    method : str
        ``classical`` the pilot alone; ``imputation`` the simulation alone, not valid; ``ppi``
        with lambda 1; ``ppi++`` with lambda tuned; ``stratified`` by ``groups``; ``cross`` for
        cross-fitted predictions; ``greg`` for a probability sample from a list; ``multi``.
    level : float
        Nominal coverage.
    interval : {"auto", "z", "bootstrap"}
        "auto" is Student's t; "z" is ppi-python's large-sample interval; "bootstrap" is the
        bootstrap-t, for skewed answers.
    seed : int
        Of folds and resamples.
    **design
        ``weights, weights_rest, strata, strata_rest, clusters, clusters_rest, groups,
        groups_rest, inclusion, limits, name, simulators``; see `sample_of`.

    Returns
    -------
    Estimate

    Raises
    ------
    InputError
        See `sample_of`; or the method needs something that is not given.

    References
    ----------
    arXiv 2301.09633, 2311.01453.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> f = rng.normal(3, 1, 5000)
    >>> y = f[:100] + rng.normal(0.5, 0.5, 100)
    >>> alone, both = mean(y, method="classical"), mean(y, f[:100], f[100:])
    >>> round(alone.width, 2), round(both.width, 2), round(both.n_eff)
    (0.4, 0.21, 356)
    """
    sample = sample_of(y, f, f_rest, **design)
    options = Options(method, level, interval, seed, "mean")
    return _mean_or_share(sample, options)


def share(
    y: ArrayLike | Sample,
    f: ArrayLike | None = None,
    f_rest: ArrayLike | None = None,
    *,
    method: Method = "ppi++",
    level: float = 0.95,
    interval: Interval = "auto",
    seed: int = 42,
    **design: Any,
) -> Estimate:
    """Estimate the share of people who give an answer; the interval stays inside [0, 1].

    Parameters are those of `mean`, with y 0 or 1 and f a probability or 0 and 1. The interval is
    Wilson's with the effective sample size of the method.

    Raises
    ------
    InputError
        An answer is not 0 or 1, or a simulated one is outside [0, 1].

    Examples
    --------
    >>> found = share([0] * 40, [0.1, 0.2] * 20, [0.1, 0.2] * 100)
    >>> found.value, round(found.low, 3), round(found.high, 3)
    (0.0, 0.0, 0.093)
    """
    sample = sample_of(y, f, f_rest, **design)
    if not np.isin(sample.y, (0.0, 1.0)).all():
        raise InputError(
            f"{sample.name}: a share is of answers that are 0 or 1; name a category= or make y 0/1"
        )
    if ((sample.f < 0) | (sample.f > 1)).any() or ((sample.f_rest < 0) | (sample.f_rest > 1)).any():
        raise InputError(f"{sample.name}: simulated answers of a share lie between 0 and 1")
    return _mean_or_share(
        replace(sample, limits=(0.0, 1.0)), Options(method, level, interval, seed, "share")
    )


def _mean_or_share(sample: Sample, options: Options) -> Estimate:
    allowed = ("classical", "imputation", "ppi", "ppi++", "stratified", "cross", "greg", "multi")
    check(options, sample, allowed=allowed)
    if options.interval == "z":
        lambda_ = published_lambda(options)
        f, f_rest = (x[:, 0] if x.shape[1] else np.zeros(len(x)) for x in (sample.f, sample.f_rest))
        if not len(f_rest):
            f_rest = np.zeros(1)
        w_rest = sample.design_rest.weights if sample.N else np.ones(1)
        found = published.mean(sample.y, f, f_rest, sample.design.weights, w_rest, lambda_)
        return from_published(sample, found, [sample.name], options, mean_fit)[0]
    return estimate(sample, mean_fit, [sample.name], options)[0]


def difference(
    y: ArrayLike | Sample,
    f: ArrayLike | None = None,
    f_rest: ArrayLike | None = None,
    *,
    first: object,
    second: object,
    method: Method = "ppi++",
    level: float = 0.95,
    interval: Interval = "auto",
    seed: int = 42,
    **design: Any,
) -> Estimate:
    """Estimate the difference of two groups' means (or shares): first less second.

    Parameters
    ----------
    y, f, f_rest, method, level, interval, seed, **design
        As for `mean`; ``groups`` and ``groups_rest`` are needed.
    first, second : labels
        The two groups; other people are left out.

    Raises
    ------
    InputError
        A group has fewer than two humans, or nobody in the rest.

    Examples
    --------
    >>> found = difference([1, 2, 3, 5, 6, 7], method="classical", first="b", second="a",
    ...                    groups=["a", "a", "a", "b", "b", "b"])
    >>> found.value, found.df
    (4.0, 4.0)
    """
    sample = sample_of(y, f, f_rest, **design)
    options = Options(method, level, interval, seed, "coefficient")
    allowed = ("classical", "imputation", "ppi", "ppi++", "cross", "multi")
    check(options, sample, allowed=allowed)
    if options.interval == "z":
        raise InputError('interval="z" is ppi-python\'s, which has no differences; use "auto"')
    kept = _two_groups(sample, first, second, alone=method == "classical")
    name = f"{sample.name}: {first} - {second}"
    return estimate(kept, contrast_fit, [name], options)[0]


def _two_groups(sample: Sample, first: object, second: object, *, alone: bool) -> Sample:
    """Keep two groups; groups count as strata, for their sizes are given."""
    if sample.groups is None or (sample.groups_rest is None and not alone):
        raise InputError("a difference needs groups= (and groups_rest=) to tell people apart")
    groups = sample.groups
    rest = np.empty(0, object) if sample.groups_rest is None else sample.groups_rest
    for group in (first, second):
        humans, others = int((groups == group).sum()), int((rest == group).sum())
        if humans < 2 or (others < 2 and not alone):
            raise InputError(
                f"group {group!r} has {humans} humans and {others} others with simulated answers; "
                "at least two of each are needed"
            )
    pilot_rows = (groups == first) | (groups == second)
    rest_rows = (rest == first) | (rest == second)
    if not len(rest):
        rest_rows = np.zeros(sample.N, dtype=bool)
    kept = sample.take(pilot_rows, rest_rows)
    one = (groups[pilot_rows] == first).astype(float)
    one_rest = (rest[rest_rows] == first).astype(float) if len(rest) else np.empty(0)
    return replace(
        kept,
        X=one[:, None],
        X_rest=one_rest[:, None],
        design=_by_group(kept.design, one),
        design_rest=_by_group(kept.design_rest, one_rest),
    )


def _by_group(design: Any, group: Any) -> Any:
    if design.clusters is not None:
        return design  # a cluster may hold both groups, which are then no strata
    strata = np.zeros(design.n, dtype=np.int64) if design.strata is None else design.strata
    return replace(design, strata=2 * strata + group.astype(np.int64))
