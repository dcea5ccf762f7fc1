"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

from alignsurvey.running.shown_progress import LINE_EVERY_SECONDS, Display, progress_on

__all__ = ["LINE_EVERY_SECONDS", "Display", "progress_on"]
