"""Running: asking simulators, and what a run leaves behind to be checked and repeated."""

from alignsurvey.running.asker import Asker
from alignsurvey.running.asking import NOT_ASKED, ask, ask_each
from alignsurvey.running.folder import RunFolder
from alignsurvey.running.standing import Progress, Standing, Stop
from alignsurvey.running.store import ReplyStore
from alignsurvey.running.unanswered import Unanswered, store_path, unanswered

__all__ = [
    "NOT_ASKED",
    "Asker",
    "Progress",
    "ReplyStore",
    "RunFolder",
    "Standing",
    "Stop",
    "Unanswered",
    "ask",
    "ask_each",
    "store_path",
    "unanswered",
]
