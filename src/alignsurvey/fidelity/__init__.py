"""Fidelity: how far simulated answers are from people's, on three axes."""

from alignsurvey.fidelity.human_worth import Worth, worth
from alignsurvey.fidelity.result import FidelityResult
from alignsurvey.fidelity.run import run_study
from alignsurvey.fidelity.study import Study

__all__ = ["FidelityResult", "Study", "Worth", "run_study", "worth"]
