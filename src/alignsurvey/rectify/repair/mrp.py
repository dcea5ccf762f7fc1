"""MRP: a multilevel logit of the pilot's answers on the simulator's, pooled over profile groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alignsurvey.rectify.repair.evidence import Evidence, ItemEvidence
from alignsurvey.rectify.repair.fitted import FittedItems, ShareMap, fitted_items
from alignsurvey.rectify.repair.laplace import Multilevel, fit_multilevel
from alignsurvey.rectify.repair.levels import one_hot

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Mrp:
    """Multilevel regression on the simulator's logit, for post-stratification.

    The odds of option k for person i are
    ``exp(b log p_ik + t_k + sum_v u_v[level of i, k])``: the simulator's own logit with a slope,
    an intercept an option, and effects of each level of each profile variable. Effects of a
    variable are normal about 0; their standard deviations are found by empirical Bayes with
    Laplace's approximation, so that the pilot decides how far a group may go its own way. No
    sampler is run. Everyone gets the probabilities of the mode; summing them over the population
    with its weights is the post-stratification.

    Priors: b is normal about 1 with standard deviation 1, t about 0 with 3, and a standard
    deviation is half-normal with 1; they keep separated data finite.

    References
    ----------
    Park, Gelman & Bafumi (2004); Tierney & Kadane (1986) on Laplace's approximation.
    """

    @property
    def name(self) -> str:
        """Name in a study."""
        return "mrp"

    def fit(self, evidence: Evidence) -> FittedItems:
        """Fit one multilevel logit an item."""
        maps: dict[str, ShareMap] = {}
        parameters = {}
        sizes = evidence.levels.sizes
        for item, one in evidence.items.items():
            model = fit_item(one, sizes)
            maps[item] = _map(model, sizes)
            spreads = zip(evidence.levels.names, model.spreads, strict=True)
            parameters[item] = {"slope": model.slope} | {
                f"sd[{name}]": float(sd) for name, sd in spreads
            }
        return fitted_items(self.name, evidence, maps, parameters=parameters)


def fit_item(one: ItemEvidence, sizes: tuple[int, ...]) -> Multilevel:
    """Fit the multilevel logit of one item."""
    return fit_multilevel(np.log(one.p), one_hot(one.levels, sizes), sizes, one.y, one.weights)


def _map(model: Multilevel, sizes: tuple[int, ...]) -> ShareMap:
    return lambda p, levels: model.predict(np.log(p), one_hot(levels, sizes))
