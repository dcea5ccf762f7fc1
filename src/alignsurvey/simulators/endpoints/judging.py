"""What a response means for the queries that it answers: replies, another try, or the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alignsurvey.errors import EndpointError
from alignsurvey.simulators.endpoints.capabilities import Capabilities
from alignsurvey.simulators.endpoints.keys import HIDDEN, redact
from alignsurvey.simulators.endpoints.label_tokens import UndecidableError
from alignsurvey.simulators.endpoints.parameters import Parameters
from alignsurvey.simulators.endpoints.providers import Provider
from alignsurvey.simulators.endpoints.reading import read_choices, read_reply
from alignsurvey.simulators.endpoints.requests import RequestWriter, labels_of
from alignsurvey.simulators.endpoints.troubles import (
    is_held_back,
    refuses_several,
    status_trouble,
    words_of,
)
from alignsurvey.tasks.queries import Query, Reply, Usage

if TYPE_CHECKING:
    from alignsurvey.simulators.endpoints.exchange import Response

__all__ = ["Asked", "replies_of"]

_CHARACTERS_A_TOKEN = 3.5
_USUAL_REPLY_TOKENS = 32


@dataclass(frozen=True)
class Asked:
    """Who is asked, and how.

    Parameters
    ----------
    name : str
        The simulator's name, for messages.
    provider : Provider
    model : str
        What the provider calls it.
    parameters : Parameters
    key : str
        To be hidden wherever it turns up.
    """

    name: str
    provider: Provider
    model: str
    parameters: Parameters
    key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Write once what is the same for all requests."""
        writer = RequestWriter(self.model, self.parameters, self.provider)
        object.__setattr__(self, "writer", writer)

    writer: RequestWriter = field(init=False, repr=False, compare=False)

    @property
    def most_replies_to_a_request(self) -> int:
        """How many draws one request may ask for: a likelihood and a certain reply are one."""
        one = self.parameters.by == "likelihood" or self.parameters.temperature == 0
        return 1 if one else self.provider.n

    def estimated_tokens(self, body: bytes, n: int) -> float:
        """Estimate a request's tokens before they are counted."""
        longest = self.parameters.max_tokens or _USUAL_REPLY_TOKENS
        return len(body) / _CHARACTERS_A_TOKEN + n * longest


def replies_of(
    asked: Asked,
    queries: Sequence[Query],
    response: Response,
    wait_seconds: float | None,
    found: Capabilities,
) -> list[Reply]:
    """Read a response to queries with the same messages.

    Parameters
    ----------
    asked : Asked
    queries : sequence of Query
    response : Response
    wait_seconds : float, optional
        How long the endpoint asks to wait.
    found : Capabilities
        What is learnt about the endpoint is added to it.

    Returns
    -------
    list of Reply
        For the first of the queries; fewer than there are where fewer came.

    Raises
    ------
    PassingError
        Another try may do.
    EndpointError
        No other try will.
    """
    raw = _without_key(response.raw, asked.key)
    if response.status != 200:
        return _refused(asked, queries, response.status, raw, wait_seconds, response.seconds, found)
    choices, usage = read_choices(raw)
    labels = labels_of(queries[0]) if asked.parameters.by == "likelihood" else ()
    shares = _shared(usage, min(len(choices), len(queries)))
    try:
        replies = [
            read_reply(query.id, choice, share, response.seconds, labels)
            for query, choice, share in zip(queries, choices, shares, strict=False)
        ]
    except UndecidableError as error:
        raise EndpointError(
            f"{asked.name}: {error} in '{queries[0].item}', and its tokens do not tell; "
            "name the options by letters or use --by sampled"
        ) from error
    found.has_answered = True
    found.gives_logprobs = found.gives_logprobs or (bool(labels) and bool(replies))
    _learn_n(found, asked, len(queries), len(replies))
    return replies


def _without_key(raw: bytes, key: str) -> bytes:
    """Hide a key that an endpoint sent back. A short one is a local server's, and a mere word."""
    secret = key.encode()
    return raw.replace(secret, HIDDEN.encode()) if len(secret) >= 8 and secret in raw else raw


def _learn_n(found: Capabilities, asked: Asked, wanted: int, came: int) -> None:
    if wanted == 1 or found.gives_n:
        return
    if came > 1:
        found.gives_n = True
    elif found.gives_n is None:
        found.gives_n = False
        found.note(f"{asked.name} gives one reply to a request for several: each is asked singly")


def _shared(usage: Usage | None, n: int) -> list[Usage | None]:
    """Share a request's tokens among its replies, so that their sum is what is billed."""
    if usage is None or n == 1:
        return [usage] * n
    parts = [[count // n] * n for count in usage]
    for count, part in zip(usage, parts, strict=True):
        part[0] += count % n
    return [Usage(*one) for one in zip(*parts, strict=True)]


def _refused(
    asked: Asked,
    queries: Sequence[Query],
    status: int,
    raw: bytes,
    wait_seconds: float | None,
    seconds: float,
    found: Capabilities,
) -> list[Reply]:
    held_back = status in (400, 403) and is_held_back(raw)
    if len(queries) > 1 and not found.gives_n and not held_back and refuses_several(status, raw):
        found.gives_n = False
        found.note(f"{asked.name} takes no request for several replies: each is asked singly")
        return []
    if trouble := status_trouble(status, raw, wait_seconds):
        raise trouble
    if held_back:
        # The provider read the question and would not let it be answered.
        text = raw.decode("utf-8", "replace")
        return [
            Reply(one.id, "", finish_reason="content_filter", body=text, latency_seconds=seconds)
            for one in queries
        ]
    words = redact(words_of(raw), asked.key)
    raise EndpointError(f"{asked.name}: {words} (HTTP {status}); {_advice(asked, status)}")


def _advice(asked: Asked, status: int) -> str:
    variable, where = asked.provider.key_variable, asked.provider.base_url
    if status in (401, 403):
        return f"check the key in {variable}"
    if status == 404:
        return f"check the model '{asked.model}' and the address {where}"
    if status in (402, 429):
        return "the account has no credit left; top it up and run the same command again"
    if 300 <= status < 400:
        return f"{where} sends elsewhere; give the final address as base URL"
    return "change what it complains about and run the same command again"
