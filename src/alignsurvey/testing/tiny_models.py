"""A language model of some million parameters, made on the spot: for tests that need a real one."""

from alignsurvey.simulators.local.tiny import CHAT_TEMPLATE, tiny_model

__all__ = ["CHAT_TEMPLATE", "tiny_model"]
