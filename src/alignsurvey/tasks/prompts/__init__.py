"""Prompts: what a model is shown for each task, in English and Chinese."""

from alignsurvey.tasks.prompts.answers import write_choice, write_shares, write_stance
from alignsurvey.tasks.prompts.examples import Examples
from alignsurvey.tasks.prompts.planning import (
    Asking,
    group_queries,
    interview_queries,
    judge_queries,
    plan,
    response_queries,
    role_queries,
    stance_queries,
)
from alignsurvey.tasks.prompts.rendering import render
from alignsurvey.tasks.prompts.shortening import shorten
from alignsurvey.tasks.prompts.templates import Templates, load_templates

__all__ = [
    "Asking",
    "Examples",
    "Templates",
    "group_queries",
    "interview_queries",
    "judge_queries",
    "load_templates",
    "plan",
    "render",
    "response_queries",
    "role_queries",
    "shorten",
    "stance_queries",
    "write_choice",
    "write_shares",
    "write_stance",
]
