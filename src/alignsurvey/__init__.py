"""alignsurvey: how far a language model's survey answers are from people's.

Names are loaded when they are first used, so that `import alignsurvey` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from alignsurvey._version import __version__
from alignsurvey.errors import InputError

if TYPE_CHECKING:
    from alignsurvey import fidelity as fidelity
    from alignsurvey import metrics as metrics
    from alignsurvey import rectify as rectify
    from alignsurvey.fidelity import Study as Study
    from alignsurvey.fidelity import run_study as run_study
    from alignsurvey.predictions import Predictions as Predictions
    from alignsurvey.survey import Category as Category
    from alignsurvey.survey import Codebook as Codebook
    from alignsurvey.survey import Scale as Scale
    from alignsurvey.survey import Survey as Survey
    from alignsurvey.survey import Variable as Variable
    from alignsurvey.survey import from_dataframe as from_dataframe
    from alignsurvey.survey import load_example as load_example
    from alignsurvey.survey import read_survey as read_survey
    from alignsurvey.survey import write_survey as write_survey

_HOME = {
    "Category": "alignsurvey.survey",
    "Codebook": "alignsurvey.survey",
    "Predictions": "alignsurvey.predictions",
    "Scale": "alignsurvey.survey",
    "Study": "alignsurvey.fidelity",
    "Survey": "alignsurvey.survey",
    "Variable": "alignsurvey.survey",
    "from_dataframe": "alignsurvey.survey",
    "load_example": "alignsurvey.survey",
    "read_survey": "alignsurvey.survey",
    "run_study": "alignsurvey.fidelity",
    "write_survey": "alignsurvey.survey",
}
_MODULES = ("fidelity", "metrics", "rectify")

__all__ = ["InputError", "__version__", *sorted(_HOME), *_MODULES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _MODULES:
        return import_module(f"alignsurvey.{name}")
    raise AttributeError(f"module 'alignsurvey' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
