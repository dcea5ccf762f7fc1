"""Running: asking simulators, and what a run leaves behind to be checked and repeated."""

from alignsurvey.running.asking import ask
from alignsurvey.running.folder import RunFolder

__all__ = ["RunFolder", "ask"]
