"""Surveys: what people were asked and what they answered; no model in sight."""

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
from alignsurvey.survey.survey import Design, Survey, category_scores

__all__ = [
    "Category",
    "Code",
    "Codebook",
    "Design",
    "Missing",
    "MissingCode",
    "MissingRange",
    "Scale",
    "Survey",
    "Variable",
    "as_code",
    "category_scores",
]
