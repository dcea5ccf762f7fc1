"""Language models on this machine: transformers with their weights on disk.

Nothing here loads torch before a model is asked.
"""

from alignsurvey.simulators.local.hf import LocalModel, find_local
from alignsurvey.simulators.local.loading import Loading

__all__ = ["Loading", "LocalModel", "find_local"]
