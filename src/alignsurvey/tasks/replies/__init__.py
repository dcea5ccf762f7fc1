"""Reading replies: text in, what was answered out; pure, and never an error."""

from alignsurvey.tasks.replies.choice import Choice, read_choice
from alignsurvey.tasks.replies.judge import Judgement, read_judge
from alignsurvey.tasks.replies.options import (
    Option,
    Options,
    read_options,
    read_prompt,
    read_question,
)
from alignsurvey.tasks.replies.outcomes import OUTCOMES, Outcome
from alignsurvey.tasks.replies.role import ROLE_FIELDS, RoleAnswer, RoleField, read_role
from alignsurvey.tasks.replies.shares import Shares, read_shares
from alignsurvey.tasks.replies.stance import STANCES, Stance, read_stance
from alignsurvey.tasks.replies.thoughts import strip_thoughts

__all__ = [
    "OUTCOMES",
    "ROLE_FIELDS",
    "STANCES",
    "Choice",
    "Judgement",
    "Option",
    "Options",
    "Outcome",
    "RoleAnswer",
    "RoleField",
    "Shares",
    "Stance",
    "read_choice",
    "read_judge",
    "read_options",
    "read_prompt",
    "read_question",
    "read_role",
    "read_shares",
    "read_stance",
    "strip_thoughts",
]
