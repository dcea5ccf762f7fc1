"""Bodies of requests: queries and parameters as chat completions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from json.encoder import encode_basestring_ascii
from typing import Any

from alignsurvey.errors import InputError
from alignsurvey.randomness import stable_hash
from alignsurvey.simulators.endpoints.label_tokens import share_a_start
from alignsurvey.simulators.endpoints.parameters import Parameters
from alignsurvey.simulators.endpoints.providers import Provider
from alignsurvey.tasks.queries import Query

__all__ = ["RequestWriter", "labels_of"]

_SEEDS = 2**31 - 1
"""Seeds are kept below this: some servers read them as signed 32-bit integers."""


def labels_of(query: Query) -> tuple[str, ...]:
    """Give what an answer is named by: the options' letters, or their texts without letters."""
    return tuple(one.letter or one.text for one in query.options)


@dataclass(frozen=True)
class RequestWriter:
    """Writes the body of each request; what is the same for all is written once.

    Parameters
    ----------
    model : str
        What the provider calls it.
    parameters : Parameters
    provider : Provider

    Examples
    --------
    >>> from alignsurvey.simulators.endpoints.providers import find_provider
    >>> from alignsurvey.tasks.queries import Message, Task
    >>> query = Query(7, "vote", Task.RESPONSE, (Message("user", "Did you vote?"),))
    >>> RequestWriter("llama3", Parameters(), find_provider("ollama")).body(query)
    b'{"model":"llama3","temperature":1.0,"messages":[{"role":"user","content":"Did you vote?"}]}'
    """

    model: str
    parameters: Parameters
    provider: Provider
    _heads: dict[tuple[str, ...], str] = field(default_factory=dict, compare=False, repr=False)

    def body(self, query: Query, n: int = 1) -> bytes:
        """Write the request for n replies to a query.

        Raises
        ------
        InputError
            Log-probabilities are asked of a query whose options have no letters.
        """
        labels = labels_of(query)
        head = self._heads.get(labels)
        if head is None:
            head = self._heads[labels] = self._head(query, labels)
        if self.parameters.seed is not None:
            seed = stable_hash(self.parameters.seed, query.id) % _SEEDS
            head += f'"{self.provider.seed}":{seed},'
        if n > 1:
            head += f'"n":{n},'
        turns = ",".join(
            f'{{"role":"{one.role}","content":{encode_basestring_ascii(one.content)}}}'
            for one in query.messages
        )
        return f'{head}"messages":[{turns}]}}'.encode("ascii")

    def _head(self, query: Query, labels: tuple[str, ...]) -> str:
        if self.parameters.by == "likelihood" and not all(one.letter for one in query.options):
            raise InputError(f"'{query.item}': likelihood needs lettered options; use --by sampled")
        if self.parameters.by == "likelihood" and not labels:
            raise InputError(f"'{query.item}': likelihood needs options; use --by sampled")
        fields = {"model": self.model, **dict(self._fields(labels)), **self.parameters.extra}
        return json.dumps(fields, separators=(",", ":"))[:-1] + ","

    def _fields(self, labels: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        ours, provider = self.parameters, self.provider
        yield "temperature", ours.temperature
        if ours.top_p is not None:
            yield "top_p", ours.top_p
        if ours.reasoning_effort is not None:
            yield "reasoning_effort", ours.reasoning_effort
        longest = ours.max_tokens
        if ours.by == "likelihood":
            number = ours.top_logprobs or provider.top_logprobs
            yield "logprobs", True if provider.logprobs_as == "flag" else number
            yield "top_logprobs", number
            # "1" may be the start of "10": then the second token tells them apart.
            longest = longest or (2 if share_a_start(labels) else 1)
        if longest is not None:
            yield provider.max_tokens, longest
        if labels and ours.constrain != "none":
            yield from self._constraint(labels)

    def _constraint(self, labels: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        if self.parameters.constrain == "schema":
            schema = _shares(labels) if self.parameters.by == "verbalized" else _answer(labels)
            shape = {"name": "answer", "strict": True, "schema": schema}
            yield "response_format", {"type": "json_schema", "json_schema": shape}
        elif self.provider.choice == "structured_outputs":
            yield "structured_outputs", {"choice": list(labels)}
        else:
            choices = " | ".join(json.dumps(one, ensure_ascii=False) for one in labels)
            yield "grammar", f"root ::= {choices}"


def _answer(labels: tuple[str, ...]) -> dict[str, Any]:
    return _object({"answer": {"type": "string", "enum": list(labels)}})


def _shares(labels: tuple[str, ...]) -> dict[str, Any]:
    return _object({one: {"type": "number"} for one in labels})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
