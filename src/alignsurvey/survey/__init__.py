"""Surveys: what people were asked and what they answered; no model in sight."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from alignsurvey.survey.codebook import (
    Category,
    Code,
    Codebook,
    Missing,
    MissingCode,
    MissingRange,
    Scale,
    Variable,
    as_code,
)
from alignsurvey.survey.interviews import Interview, Interviews, Segment, Turn
from alignsurvey.survey.survey import Design, Survey, category_scores

if TYPE_CHECKING:
    from alignsurvey.survey.codebook_yaml import codebook_from_yaml as codebook_from_yaml
    from alignsurvey.survey.codebook_yaml import codebook_to_yaml as codebook_to_yaml
    from alignsurvey.survey.dataframe import from_dataframe as from_dataframe
    from alignsurvey.survey.examples import example_names as example_names
    from alignsurvey.survey.examples import load_example as load_example
    from alignsurvey.survey.examples import load_interviews as load_interviews
    from alignsurvey.survey.inspection import inspect_survey as inspect_survey
    from alignsurvey.survey.interview_files import read_interviews as read_interviews
    from alignsurvey.survey.interview_files import write_interviews as write_interviews
    from alignsurvey.survey.reading import read_survey as read_survey
    from alignsurvey.survey.reading import write_survey as write_survey

# Verbs are imported when they are used, and with them the libraries of their file formats.
_HOME = {
    "codebook_from_yaml": "codebook_yaml",
    "codebook_to_yaml": "codebook_yaml",
    "example_names": "examples",
    "from_dataframe": "dataframe",
    "inspect_survey": "inspection",
    "load_example": "examples",
    "load_interviews": "examples",
    "read_interviews": "interview_files",
    "read_survey": "reading",
    "write_interviews": "interview_files",
    "write_survey": "reading",
}

__all__ = [
    "Category",
    "Code",
    "Codebook",
    "Design",
    "Interview",
    "Interviews",
    "Missing",
    "MissingCode",
    "MissingRange",
    "Scale",
    "Segment",
    "Survey",
    "Turn",
    "Variable",
    "as_code",
    "category_scores",
    "codebook_from_yaml",
    "codebook_to_yaml",
    "example_names",
    "from_dataframe",
    "inspect_survey",
    "load_example",
    "load_interviews",
    "read_interviews",
    "read_survey",
    "write_interviews",
    "write_survey",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"alignsurvey.survey.{_HOME[name]}"), name)
    raise AttributeError(f"module 'alignsurvey.survey' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
