"""Parameters of an endpoint: how an answer is elicited, and what is sent along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal, get_args

from alignsurvey.errors import InputError, nearest
from alignsurvey.simulators.endpoints.providers import Provider

__all__ = ["By", "Constrain", "Parameters", "check_parameters"]

By = Literal["sampled", "likelihood", "verbalized"]
Constrain = Literal["none", "schema", "choice"]
_OURS = frozenset({"model", "messages", "n", "stream", "logprobs", "top_logprobs"})


@dataclass(frozen=True)
class Parameters:
    """How a model is asked; part of what a reply is kept under.

    Parameters
    ----------
    by : "sampled", "likelihood" or "verbalized"
        Draws; log-probabilities of the options' letters; shares that the model writes.
    temperature : float
        1 draws from the model's own distribution. Providers' defaults differ, so it is always
        sent.
    top_p : float, optional
        Share of the probability that is drawn from, in (0, 1].
    seed : int, optional
        From which each request's seed is derived, so that no two draws are one.
    max_tokens : int, optional
        Longest reply. Of a likelihood only the first token is needed.
    reasoning_effort : str, optional
        Such as ``low``.
    top_logprobs : int, optional
        How many log-probabilities a token; the provider's most by default.
    constrain : "none", "schema" or "choice"
        Hold replies to a JSON schema or to the options' letters, where the server can.
    extra : mapping
        More fields of the request, sent as they are.

    Raises
    ------
    InputError
        A value is out of range.

    Examples
    --------
    >>> Parameters(temperature=0.7, seed=42).as_dict()
    {'by': 'sampled', 'temperature': 0.7, 'seed': 42}
    """

    by: By = "sampled"
    temperature: float = 1.0
    top_p: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    reasoning_effort: str | None = None
    top_logprobs: int | None = None
    constrain: Constrain = "none"
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Check each value by itself; `check_parameters` checks them against a provider."""
        _one_of("by", self.by, get_args(By))
        _one_of("constrain", self.constrain, get_args(Constrain))
        _in_range("temperature", self.temperature, 0, 2)
        _in_range("top_p", self.top_p, 1e-9, 1)
        _in_range("max_tokens", self.max_tokens, 1, 10**7)
        _in_range("top_logprobs", self.top_logprobs, 1, 20)
        if taken := sorted(_OURS & self.extra.keys()):
            raise InputError(f"extra: '{taken[0]}' is set from the study; leave it out")
        if self.by == "likelihood" and (self.temperature != 1 or self.top_p not in (None, 1)):
            raise InputError(
                "likelihood: servers differ in whether temperature and top_p change "
                "log-probabilities; leave both at 1"
            )

    def as_dict(self) -> dict[str, Any]:
        """Give what was set, for a manifest and for the key that a reply is kept under."""
        plain = {one.name: getattr(self, one.name) for one in fields(self)}
        plain["extra"] = dict(self.extra) or None
        plain["constrain"] = None if self.constrain == "none" else self.constrain
        return {name: value for name, value in plain.items() if value is not None}


def check_parameters(parameters: Parameters, provider: Provider) -> None:
    """Refuse what a provider would ignore or turn down.

    Raises
    ------
    InputError
        With what to do instead.

    Examples
    --------
    >>> from alignsurvey.simulators.endpoints.providers import find_provider
    >>> check_parameters(Parameters(by="likelihood"), find_provider("anthropic"))
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: anthropic: gives no log-probabilities; use --by sampled
    """
    refused = {
        "gives no log-probabilities; use --by sampled": (
            parameters.by == "likelihood" and not provider.top_logprobs
        ),
        "ignores a seed; leave it out": parameters.seed is not None and not provider.seed,
        "takes no reasoning effort; leave it out": (
            parameters.reasoning_effort is not None and not provider.reasoning_effort
        ),
        "holds replies to no JSON schema; leave out --constrain": (
            parameters.constrain == "schema" and not provider.schema
        ),
        "holds replies to no choice of letters; leave out --constrain or use schema": (
            parameters.constrain == "choice" and not provider.choice
        ),
        f"takes a temperature of {provider.max_temperature:g} at most": (
            parameters.temperature > provider.max_temperature
        ),
        f"gives {provider.top_logprobs} log-probabilities a token at most": (
            (parameters.top_logprobs or 0) > max(provider.top_logprobs, 1)
        ),
    }
    for why, wrong in refused.items():
        if wrong:
            raise InputError(f"{provider.name}: {why}")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InputError(f"{name}: '{value}' is unknown; {nearest(value, known)}")


def _in_range(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        shown = 0 if low < 1e-6 else low
        raise InputError(f"{name}: {value} is not between {shown:g} and {high:g}")
