"""Simulators: who answers instead of people. Baselines, planted faults, recorded replies.

Names are loaded when they are first used: scipy and scikit-learn are for those who fit.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alignsurvey.simulators.boosting import Boosting as Boosting
    from alignsurvey.simulators.copula import Copula as Copula
    from alignsurvey.simulators.crossfit import cross_predict as cross_predict
    from alignsurvey.simulators.faults import FAULTS as FAULTS
    from alignsurvey.simulators.faults import planted as planted
    from alignsurvey.simulators.features import Features as Features
    from alignsurvey.simulators.features import fit_features as fit_features
    from alignsurvey.simulators.logit import Logit as Logit
    from alignsurvey.simulators.ordinal import OrdinalLogit as OrdinalLogit
    from alignsurvey.simulators.protocols import Learner as Learner
    from alignsurvey.simulators.protocols import Predictor as Predictor
    from alignsurvey.simulators.protocols import Simulator as Simulator
    from alignsurvey.simulators.recorded import read_recorded as read_recorded
    from alignsurvey.simulators.registry import PROVIDERS as PROVIDERS
    from alignsurvey.simulators.registry import TRIVIAL as TRIVIAL
    from alignsurvey.simulators.registry import SimulatorName as SimulatorName
    from alignsurvey.simulators.registry import baseline_names as baseline_names
    from alignsurvey.simulators.registry import find_simulator as find_simulator
    from alignsurvey.simulators.registry import parse_name as parse_name
    from alignsurvey.simulators.registry import resolve as resolve
    from alignsurvey.simulators.ridge import Ridge as Ridge
    from alignsurvey.simulators.trivial import Bootstrap as Bootstrap
    from alignsurvey.simulators.trivial import Marginal as Marginal
    from alignsurvey.simulators.trivial import Uniform as Uniform

_HOME = {
    "FAULTS": "faults",
    "PROVIDERS": "registry",
    "TRIVIAL": "registry",
    "Boosting": "boosting",
    "Bootstrap": "trivial",
    "Copula": "copula",
    "Features": "features",
    "Learner": "protocols",
    "Logit": "logit",
    "Marginal": "trivial",
    "OrdinalLogit": "ordinal",
    "Predictor": "protocols",
    "Ridge": "ridge",
    "Simulator": "protocols",
    "SimulatorName": "registry",
    "Uniform": "trivial",
    "baseline_names": "registry",
    "cross_predict": "crossfit",
    "find_simulator": "registry",
    "fit_features": "features",
    "parse_name": "registry",
    "planted": "faults",
    "read_recorded": "recorded",
    "resolve": "registry",
}

__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"alignsurvey.simulators.{_HOME[name]}"), name)
    raise AttributeError(f"module 'alignsurvey.simulators' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
