"""alignsurvey: how far a language model's survey answers are from people's."""

from alignsurvey._version import __version__

__all__ = ["__version__"]
