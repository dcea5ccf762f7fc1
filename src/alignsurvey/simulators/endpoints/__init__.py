"""Endpoints: models behind OpenAI-compatible addresses, hosted or of one's own."""

from alignsurvey.simulators.endpoints.endpoint import Endpoint, find_endpoint
from alignsurvey.simulators.endpoints.limits import Limits
from alignsurvey.simulators.endpoints.parameters import Parameters
from alignsurvey.simulators.endpoints.providers import PROVIDERS, Provider, find_provider

__all__ = [
    "PROVIDERS",
    "Endpoint",
    "Limits",
    "Parameters",
    "Provider",
    "find_endpoint",
    "find_provider",
]
