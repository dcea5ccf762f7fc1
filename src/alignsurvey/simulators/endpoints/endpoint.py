"""A model behind an OpenAI-compatible address, as a simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError
from alignsurvey.simulators.endpoints.capabilities import Capabilities
from alignsurvey.simulators.endpoints.judging import Asked
from alignsurvey.simulators.endpoints.keys import find_key
from alignsurvey.simulators.endpoints.limits import Limits
from alignsurvey.simulators.endpoints.parameters import Parameters, check_parameters
from alignsurvey.simulators.endpoints.providers import Provider, find_provider
from alignsurvey.simulators.endpoints.thread import iterate
from alignsurvey.tasks.queries import Query, Reply

__all__ = ["Endpoint", "find_endpoint"]


@dataclass(frozen=True)
class Endpoint:
    """A model that answers over the network; a `Simulator`.

    `find_endpoint` makes one from a name.

    Parameters
    ----------
    provider : Provider
    model_name : str
        What the provider calls the model.
    settings : Parameters
    limits : Limits
    key : str, optional
        Never shown, recorded or written. Otherwise it is found when there is something to ask:
        replies that are kept need none.
    folder : Path, optional
        Where a ``.env`` file with the key is looked for; the working directory by default.

    Examples
    --------
    >>> endpoint = find_endpoint("ollama/llama3:8b", Parameters(seed=42))
    >>> endpoint.name, endpoint.parameters
    ('ollama/llama3:8b', {'by': 'sampled', 'temperature': 1.0, 'seed': 42})
    """

    provider: Provider
    model_name: str
    settings: Parameters = field(default_factory=Parameters)
    limits: Limits = field(default_factory=Limits)
    key: str | None = field(default=None, repr=False, compare=False)
    folder: Path | None = field(default=None, repr=False, compare=False)
    found: Capabilities = field(default_factory=Capabilities, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what the provider would ignore."""
        if not self.model_name:
            raise InputError(f"'{self.provider.name}/' names no model; write provider/model")
        check_parameters(self.settings, self.provider)

    @property
    def name(self) -> str:
        """``provider/model``."""
        return f"{self.provider.name}/{self.model_name}"

    @property
    def model(self) -> str:
        """What replies are kept under; the address is no part of it, since servers move."""
        return self.name

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What was set, for a manifest and the reply store."""
        return self.settings.as_dict()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found out about the endpoint that a user should know."""
        return tuple(self.found.notes)

    def find_key(self) -> str:
        """Find the key, "" for a server that needs none.

        Raises
        ------
        EndpointError
            There is none, and the provider needs one.
        """
        return find_key(self.provider, self.folder) if self.key is None else self.key

    def answer(self, queries: Sequence[Query]) -> Iterator[Reply]:
        """Ask each query once and yield the replies as they come.

        A query that gets none, for all retries, gets a reply that says why. Closing the iterator
        ends the requests that are under way.

        Raises
        ------
        EndpointError
            The endpoint cannot be asked: no key or a wrong one, no such model, unreachable, out of
            credit, or without log-probabilities where they were asked for.
        """
        from alignsurvey.simulators.endpoints.client import Client

        waiting = iter(queries)
        first = next(waiting, None)
        if first is None:
            return
        key = self.find_key()
        asked = Asked(self.name, self.provider, self.model_name, self.settings, key)

        async def ask_all(deliver: Callable[[Reply], None]) -> None:
            everything = chain((first,), waiting)
            await Client(asked, key, self.limits, self.found, deliver).run(everything)

        yield from iterate(ask_all)


def find_endpoint(
    name: str,
    parameters: Parameters | None = None,
    *,
    limits: Limits | None = None,
    base_url: str | None = None,
    folder: Path | None = None,
) -> Endpoint:
    """Find the endpoint that a simulator's name stands for.

    Parameters
    ----------
    name : str
        ``provider/model``, such as ``openai/gpt-4o-mini`` or ``vllm/Qwen/Qwen2.5-7B-Instruct``;
        ``endpoint/NAME`` for any other server.
    parameters : Parameters, optional
    limits : Limits, optional
        The provider's own number of connections by default.
    base_url : str, optional
    folder : Path, optional
        Where a ``.env`` file is looked for; the working directory by default.

    Raises
    ------
    InputError
        No such provider, no address, or parameters that it ignores.
    """
    provider_name, _, model = name.partition("/")
    provider = find_provider(provider_name, base_url)
    settings = parameters or Parameters()
    check_parameters(settings, provider)
    limits = limits or replace(Limits(), max_connections=provider.max_connections)
    return Endpoint(provider, model, settings, limits, folder=folder)
