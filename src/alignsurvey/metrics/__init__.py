"""Metrics of simulated against human answers: arrays in, numbers out, replicate weights welcome."""

from alignsurvey.metrics.agreement import krippendorff_alpha
from alignsurvey.metrics.bootstrap import replicate_weights
from alignsurvey.metrics.distances import (
    jsd,
    ks,
    ks_samples,
    tv,
    w1,
    w1_normalized,
    w1_samples,
)
from alignsurvey.metrics.groups import (
    GroupTable,
    Worst,
    gap_inflation,
    group_table,
    intersections,
)
from alignsurvey.metrics.halves import random_halves, stepped_up
from alignsurvey.metrics.individual import (
    accuracy,
    accuracy_from_confusion,
    brier,
    confusion,
    log_loss,
    macro_f1,
    macro_f1_from_confusion,
    mae,
    pearson_r,
)
from alignsurvey.metrics.intervals import (
    INTERVAL_METHODS,
    Interval,
    PairedDifference,
    holm,
    interval,
    paired_difference,
)
from alignsurvey.metrics.logistic_regression import LogisticFit, logistic, logistic_fit
from alignsurvey.metrics.marginals import (
    entropy,
    entropy_ratio,
    shares,
    unused_option_mask,
    unused_options,
)
from alignsurvey.metrics.paired import PairedTest, paired_t
from alignsurvey.metrics.pooled import GroupedScores, grouped_bootstrap
from alignsurvey.metrics.predictors import usable_predictors
from alignsurvey.metrics.spread import design_effect, mean, n_effective, sd, sd_ratio
from alignsurvey.metrics.structural import (
    ccc,
    correlations,
    ols,
    sign_agreement,
    slope_inflation,
)
from alignsurvey.metrics.variance import (
    between_within_variance,
    calibration_slope,
    variance_ratios,
)

__all__ = [
    "INTERVAL_METHODS",
    "GroupTable",
    "GroupedScores",
    "Interval",
    "LogisticFit",
    "PairedDifference",
    "PairedTest",
    "Worst",
    "accuracy",
    "accuracy_from_confusion",
    "between_within_variance",
    "brier",
    "calibration_slope",
    "ccc",
    "confusion",
    "correlations",
    "design_effect",
    "entropy",
    "entropy_ratio",
    "gap_inflation",
    "group_table",
    "grouped_bootstrap",
    "holm",
    "intersections",
    "interval",
    "jsd",
    "krippendorff_alpha",
    "ks",
    "ks_samples",
    "log_loss",
    "logistic",
    "logistic_fit",
    "macro_f1",
    "macro_f1_from_confusion",
    "mae",
    "mean",
    "n_effective",
    "ols",
    "paired_difference",
    "paired_t",
    "pearson_r",
    "random_halves",
    "replicate_weights",
    "sd",
    "sd_ratio",
    "shares",
    "sign_agreement",
    "slope_inflation",
    "stepped_up",
    "tv",
    "unused_option_mask",
    "unused_options",
    "usable_predictors",
    "variance_ratios",
    "w1",
    "w1_normalized",
    "w1_samples",
]
