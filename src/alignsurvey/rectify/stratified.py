"""A weight of the simulation for each stratum: where the simulator is good, it counts more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.rectify.data import Sample
from alignsurvey.rectify.linear import Combined, Parts, combine, correlation, tuned_lambda
from alignsurvey.rectify.models import mean_fit

Array = NDArray[np.float64]
LEAST_HUMANS = 5
SHRINKAGE = 20.0
"""A stratum of this many humans gives its own lambda half the say."""


def combine_stratified(
    sample: Sample, pooled: Parts
) -> tuple[Combined, dict[str, float], tuple[str, ...]]:
    """Rectify a mean stratum by stratum and put the strata together by their true shares.

    Each stratum's lambda is shrunk to the pooled one by its number of humans,
    ``(n_s l_s + 20 l) / (n_s + 20)``. Strata with fewer than 5 humans are put together, and the
    notes say so. Shares of the strata are those of everybody; that everybody is a sample too adds
    ``sum W_s (theta_s - theta)^2 / (n + N)``.

    Returns
    -------
    Combined, lambda by stratum, notes

    References
    ----------
    arXiv 2406.04291 (stratified prediction-powered inference).
    """
    labels, labels_rest, notes = _strata(sample)
    frame = _frame(sample)
    pooled_lambda = float(tuned_lambda(pooled)[0])
    values, variances, dfs, shares, lambdas = [], [], [], [], {}
    for stratum in dict.fromkeys(labels.tolist()):
        rows, others = labels == stratum, labels_rest == stratum
        parts = _parts(sample.take(rows, others))
        own = float(tuned_lambda(parts)[0])
        n = int(rows.sum())
        lambda_ = (n * own + SHRINKAGE * pooled_lambda) / (n + SHRINKAGE)
        lambda_ = lambda_ if others.sum() > 1 else 0.0
        one = combine(parts, np.array([lambda_]), tuned=False)
        # Part of the lambda was tuned in this stratum: it costs that part of a degree of freedom.
        lost = n / (n + SHRINKAGE) if lambda_ > 0 else 0.0
        values.append(float(one.value[0]))
        variances.append(float(one.variance[0]) * (n - 1) / max(n - 1 - lost, 1.0))
        dfs.append(max(float(one.df[0]) - lost, 1.0))
        shares.append(float(frame[0][rows].sum() + frame[1][others].sum()))
        lambdas[str(stratum)] = lambda_
    W = np.array(shares) / np.sum(shares)
    theta = float(W @ values)
    weight = np.concatenate(frame)
    size = float(weight.sum() ** 2 / (weight**2).sum())
    between = float(W @ (np.array(values) - theta) ** 2) / size
    parts_of_variance = W**2 * np.array(variances)
    total = float(parts_of_variance.sum())
    below = float((parts_of_variance**2 / np.array(dfs)).sum())
    df = (total + between) ** 2 / (below + between**2 / size) if total > 0 else sample.n - 1.0
    design = pooled.pilot_design
    classical = design.covariance(pooled.human.contributions, pooled.human.contributions)
    combined = Combined(
        np.array([theta]),
        np.array([total + between]),
        np.array([df]),
        np.array([float(W @ list(lambdas.values()))]),
        classical,
        correlation(pooled),
    )
    return combined, lambdas, notes


def _parts(sample: Sample) -> Parts:
    empty = np.empty((0, 0))
    human = mean_fit(sample.y, empty, sample.design.weights)
    pilot = mean_fit(sample.f[:, 0], empty, sample.design.weights)
    if not sample.N:
        return Parts(human, pilot, pilot, sample.design, sample.design)
    rest = mean_fit(sample.f_rest[:, 0], empty, sample.design_rest.weights)
    return Parts(human, pilot, rest, sample.design, sample.design_rest)


def _frame(sample: Sample) -> tuple[Array, Array]:
    """Weights of everybody, pilot and rest on one scale."""
    rest = sample.design_rest.weights
    return np.full(sample.n, rest.mean()), rest


def _strata(
    sample: Sample,
) -> tuple[NDArray[np.object_], NDArray[np.object_], tuple[str, ...]]:
    """Labels of the strata, the small ones put together."""
    if sample.groups is None or sample.groups_rest is None:
        raise InputError("stratified needs the stratum of everybody; give groups= and groups_rest=")
    labels, rest = (np.array([str(x) for x in g.tolist()], dtype=object)
                    for g in (sample.groups, sample.groups_rest))  # fmt: skip
    names, counts = np.unique(labels.astype(str), return_counts=True)
    humans = dict(zip(names.tolist(), counts.tolist(), strict=True))
    small = [name for name in dict.fromkeys([*labels.tolist(), *rest.tolist()])
             if humans.get(name, 0) < LEAST_HUMANS]  # fmt: skip
    if not small:
        return labels, rest, ()
    gathered = sum(humans.get(name, 0) for name in small)
    if gathered < LEAST_HUMANS:
        # The smallest of the others takes them in, which blurs the fewest people.
        others = sorted((size, name) for name, size in humans.items() if name not in small)
        small = [*small, others[0][1]] if others else small
    merged = " + ".join(sorted(small))
    labels[np.isin(labels.astype(str), small)] = merged
    rest[np.isin(rest.astype(str), small)] = merged
    return labels, rest, (f"strata with fewer than {LEAST_HUMANS} humans put together: {merged}",)
