"""Valid estimates from a small human pilot and many simulated answers.

Every function takes human answers of the pilot, simulated ones of the same people, and simulated
ones of everybody else, or all of it together from `from_predictions`, and gives an `Estimate`.
"""

from alignsurvey.rectify.cross import cross_fit
from alignsurvey.rectify.crosstab import crosstab
from alignsurvey.rectify.data import Sample, sample_of
from alignsurvey.rectify.diagnostics import Diagnostics
from alignsurvey.rectify.estimate import METHODS, Estimate, Estimates
from alignsurvey.rectify.from_predictions import from_predictions
from alignsurvey.rectify.guard import refuse_leak
from alignsurvey.rectify.means import difference, mean, share
from alignsurvey.rectify.quantiles import quantile
from alignsurvey.rectify.regression import logistic, ols, ordinal
from alignsurvey.rectify.resampling import bootstrap

__all__ = [
    "METHODS",
    "Diagnostics",
    "Estimate",
    "Estimates",
    "Sample",
    "bootstrap",
    "cross_fit",
    "crosstab",
    "difference",
    "from_predictions",
    "logistic",
    "mean",
    "ols",
    "ordinal",
    "quantile",
    "refuse_leak",
    "sample_of",
    "share",
]
