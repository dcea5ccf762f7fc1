"""Planning: how many humans, whom, and what a simulator would save."""

from alignsurvey.rectify.planning.allocation import Allocation, neyman
from alignsurvey.rectify.planning.buying import (
    Costs,
    Purchase,
    best_share,
    cheapest,
    most_precise,
    simulator_pays,
)
from alignsurvey.rectify.planning.dividing import (
    Division,
    LearningCurve,
    divide,
    fit_learning_curve,
)
from alignsurvey.rectify.planning.next_respondents import NextRespondents, next_respondents
from alignsurvey.rectify.planning.power import (
    detectable_difference,
    humans_for_power,
    power_of_difference,
)
from alignsurvey.rectify.planning.precision import (
    Assumed,
    effective_humans,
    humans_for_width,
    interval_width,
    standard_error,
)

__all__ = [
    "Allocation",
    "Assumed",
    "Costs",
    "Division",
    "LearningCurve",
    "NextRespondents",
    "Purchase",
    "best_share",
    "cheapest",
    "detectable_difference",
    "divide",
    "effective_humans",
    "fit_learning_curve",
    "humans_for_power",
    "humans_for_width",
    "interval_width",
    "most_precise",
    "next_respondents",
    "neyman",
    "power_of_difference",
    "simulator_pays",
    "standard_error",
]
