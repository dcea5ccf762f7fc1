"""Running: what a run leaves behind, so that it can be checked and repeated."""

from alignsurvey.running.folder import RunFolder

__all__ = ["RunFolder"]
