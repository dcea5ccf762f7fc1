"""Names of simulators, ``provider/model[:adapter]``, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from alignsurvey.errors import InputError, nearest
from alignsurvey.simulators.protocols import Learner, Simulator

if TYPE_CHECKING:
    from alignsurvey.simulators.endpoints import Limits, Parameters

ENTRY_POINTS = "alignsurvey.simulators"
"""Group of entry points: name of the provider -> ``factory(model, *, seed)``, which gives a
`Learner` or a `Simulator`, whichever can be made of the model."""

TRIVIAL = ("baseline/uniform", "baseline/marginal", "baseline/bootstrap")
"""Baselines that know nothing about the individual."""

PROVIDERS: Mapping[str, str] = {
    "baseline": "statistical models fitted to the pilot",
    "planted": "people's own answers with a known fault",
    "recorded": "a file of replies collected elsewhere",
}
"""Providers of this version, and what each is; third parties add theirs by entry point."""

ENDPOINTS = (
    "openai", "deepseek", "qwen", "mistral", "gemini", "anthropic", "openrouter", "together",
    "vllm", "ollama", "llamacpp", "endpoint",
)  # fmt: skip
"""Providers that are asked over the network; `alignsurvey.simulators.endpoints` has a row each."""

LOCAL = ("hf", "head")
"""Providers of models on this machine: transformers, and those with a trained head."""

_BASELINES: Mapping[str, tuple[str, str]] = {
    "uniform": ("trivial", "Uniform"),
    "marginal": ("trivial", "Marginal"),
    "bootstrap": ("trivial", "Bootstrap"),
    "logit": ("logit", "Logit"),
    "ordinal": ("ordinal", "OrdinalLogit"),
    "ridge": ("ridge", "Ridge"),
    "boosting": ("boosting", "Boosting"),
    "copula": ("copula", "Copula"),
}


@dataclass(frozen=True, slots=True)
class SimulatorName:
    """A simulator's name in its parts.

    Parameters
    ----------
    provider : str
    model : str
        What the provider calls it; the path for ``recorded``.
    adapter : str, optional
        Fine-tuned weights on top of the model.
    """

    provider: str
    model: str
    adapter: str | None = None

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}" + (f":{self.adapter}" if self.adapter else "")


def parse_name(name: str) -> SimulatorName:
    """Take a simulator's name apart.

    Parameters
    ----------
    name : str
        ``provider/model[:adapter]``. Paths of ``recorded`` and models of endpoints may hold
        a colon themselves, and have no adapter.

    Raises
    ------
    InputError
        There is no provider or no model in it.

    Examples
    --------
    >>> parse_name("hf/Qwen/Qwen2.5-7B-Instruct:lora/final")
    SimulatorName(provider='hf', model='Qwen/Qwen2.5-7B-Instruct', adapter='lora/final')
    >>> parse_name("ollama/llama3:8b").model
    'llama3:8b'
    """
    provider, slash, model = name.partition("/")
    if not (provider and slash and model):
        known = [*baseline_names(), *(f"{one}/…" for one in (*PROVIDERS, *ENDPOINTS, *LOCAL))]
        meant = f"baseline/{name}" if name in _BASELINES else name
        raise InputError(
            f"simulator '{name}': a name is provider/model, such as baseline/logit; "
            f"{nearest(meant, known)}"
        )
    if provider in ("recorded", "planted", *ENDPOINTS):
        return SimulatorName(provider, model)
    model, _, adapter = model.partition(":")
    return SimulatorName(provider, model, adapter or None)


def baseline_names() -> tuple[str, ...]:
    """List the baselines, from those that know nothing to those that know most.

    Examples
    --------
    >>> baseline_names()[:4]
    ('baseline/uniform', 'baseline/marginal', 'baseline/bootstrap', 'baseline/logit')
    """
    return tuple(f"baseline/{name}" for name in _BASELINES)


def resolve(name: str, *, seed: int = 42) -> Learner:
    """Find the learner that a name stands for.

    Parameters
    ----------
    name : str
        Such as ``baseline/logit``, or a third party's ``provider/model``.
    seed : int
        From which its randomness is derived.

    Raises
    ------
    InputError
        The name is unknown (with the nearest known one), or stands for something that does not
        learn from a pilot.

    Examples
    --------
    >>> resolve("baseline/logit", seed=42).name
    'baseline/logit'
    >>> resolve("baseline/logitt", seed=42)
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: no simulator 'baseline/logitt'; did you mean 'baseline/logit'?
    """
    parts = parse_name(name)
    if parts.provider == "baseline":
        return _baseline(name, parts, seed)
    if parts.provider == "recorded":
        raise InputError(f"simulator '{name}' is a file and learns nothing; use read_recorded")
    if parts.provider == "planted":
        raise InputError(f"simulator '{name}' is made of people's answers; use planted")
    if parts.provider in (*ENDPOINTS, *LOCAL):
        raise InputError(f"simulator '{name}' is asked, and learns nothing; use find_simulator")
    made = _third_party(name, parts, seed)
    if not isinstance(made, Learner):
        source = third_parties()[parts.provider].value
        raise InputError(
            f"simulator '{name}': {source} gives no learner (an object with a name and "
            "fit(pilot, items, profile)); mend the package that brings it"
        )
    return made


def find_simulator(
    name: str,
    *,
    seed: int = 42,
    parameters: Parameters | None = None,
    limits: Limits | None = None,
    base_url: str | None = None,
) -> Simulator:
    """Find the simulator that answers queries under a name.

    Parameters
    ----------
    name : str
        ``provider/model[:adapter]``.
    seed : int
        From which its randomness is derived. An endpoint's is a parameter of its own.
    parameters, limits, base_url
        Of an endpoint; see `alignsurvey.simulators.endpoints.find_endpoint`. A local model takes
        the parameters alone.

    Raises
    ------
    InputError
        The name is unknown (with the nearest known provider), or stands for something that
        answers no queries.
    EndpointError
        There is no key for it.

    Examples
    --------
    >>> find_simulator("baseline/logit")
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: simulator 'baseline/logit' learns from answers and reads no prompts; name one that does, such as provider/model
    """  # noqa: E501 - a message is one line
    parts = parse_name(name)
    if parts.provider == "baseline":
        raise InputError(
            f"simulator '{name}' learns from answers and reads no prompts; name one that does, "
            "such as provider/model"
        )
    if parts.provider in ("recorded", "planted"):
        raise InputError(f"simulator '{name}' has its replies already and reads no prompts")
    if parts.provider in ENDPOINTS:
        from alignsurvey.simulators.endpoints import find_endpoint

        return find_endpoint(name, parameters, limits=limits, base_url=base_url)
    if parts.provider == "head":
        from alignsurvey.simulators.local.headed import find_head

        return find_head(name, parameters)
    if parts.provider in LOCAL:
        from alignsurvey.simulators.local import find_local

        return find_local(name, parameters, seed=seed)
    made = _third_party(name, parts, seed)
    if not isinstance(made, Simulator):
        source = third_parties()[parts.provider].value
        raise InputError(
            f"simulator '{name}': {source} gives no simulator (an object with a name and "
            "answer(queries)); mend the package that brings it"
        )
    return made


@cache
def third_parties() -> Mapping[str, EntryPoint]:
    """Providers that installed packages add, by name; they are loaded when they are used."""
    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    return {
        name: point for name, point in found.items() if name not in (*PROVIDERS, *ENDPOINTS, *LOCAL)
    }


def _baseline(name: str, parts: SimulatorName, seed: int) -> Learner:
    if parts.model not in _BASELINES or parts.adapter:
        raise InputError(f"no simulator '{name}'; {nearest(name, baseline_names())}")
    module, kind = _BASELINES[parts.model]
    learner: Learner = getattr(import_module(f"alignsurvey.simulators.{module}"), kind)(seed=seed)
    return learner


def _third_party(name: str, parts: SimulatorName, seed: int) -> object:
    """Make what an installed package's provider stands for."""
    others = third_parties()
    if parts.provider in others:
        factory: Callable[..., object] = others[parts.provider].load()
        model = parts.model + (f":{parts.adapter}" if parts.adapter else "")
        return factory(model, seed=seed)
    known = [*PROVIDERS, *ENDPOINTS, *LOCAL, *others]
    raise InputError(
        f"simulator '{name}': no provider '{parts.provider}'; {nearest(parts.provider, known)}"
    )
