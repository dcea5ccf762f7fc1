"""What tests of simulated answers need: a server to ask, a population whose shares are known."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alignsurvey.testing.fake_server import FakeServer as FakeServer
    from alignsurvey.testing.faults import Fault as Fault
    from alignsurvey.testing.faults import Faults as Faults
    from alignsurvey.testing.own_process import FakeServerProcess as FakeServerProcess
    from alignsurvey.testing.population import Population as Population
    from alignsurvey.testing.tiny_models import tiny_model as tiny_model

_HOME = {
    "FakeServer": "fake_server",
    "FakeServerProcess": "own_process",
    "Fault": "faults",
    "Faults": "faults",
    "Population": "population",
    "tiny_model": "tiny_models",
}
__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"alignsurvey.testing.{_HOME[name]}"), name)
    raise AttributeError(f"module 'alignsurvey.testing' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
