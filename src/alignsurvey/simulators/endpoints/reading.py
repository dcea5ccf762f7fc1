"""From the bytes that an endpoint sent to replies; nothing here asks again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from alignsurvey.simulators.endpoints.label_tokens import (
    label_log_probabilities,
    read_positions,
)
from alignsurvey.simulators.endpoints.troubles import PassingError, words_of
from alignsurvey.tasks.queries import Reply, Usage

__all__ = ["Choice", "read_choices", "read_reply", "read_usage"]


class Choice(NamedTuple):
    """One of the replies to a request."""

    text: str
    finish_reason: str | None
    logprobs: Any
    body: str
    """What the endpoint sent, of this reply alone."""

    @property
    def was_held_back(self) -> bool:
        """Whether a filter stood between the model and its reply."""
        return self.finish_reason == "content_filter"


def read_choices(raw: bytes) -> tuple[list[Choice], Usage | None]:
    """Read a response to a request for one or several replies.

    Returns
    -------
    tuple of (list of Choice, Usage or None)
        Replies of different index, in the order sent.

    Raises
    ------
    PassingError
        It is no chat completion: cut short, a web page, or an error under HTTP 200.

    Examples
    --------
    >>> raw = b'{"choices":[{"index":0,"message":{"content":"B"},"finish_reason":"stop"}]}'
    >>> choices, usage = read_choices(raw)
    >>> choices[0].text, choices[0].finish_reason, usage
    ('B', 'stop', None)
    """
    try:
        text = raw.decode()
        content = json.loads(text)
        sent = content["choices"]
        if len(sent) == 1:
            return [_choice(sent[0], text)], read_usage(content.get("usage"))
        distinct = {one.get("index", place): one for place, one in enumerate(sent)}
        choices = [
            _choice(one, json.dumps({**content, "choices": [one]}, ensure_ascii=False))
            for one in distinct.values()
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PassingError(f"no chat completion but {words_of(raw)}", may_be_all=True) from error
    if not choices:
        raise PassingError("a response without any reply in it")
    return choices, read_usage(content.get("usage"))


def _choice(sent: Mapping[str, Any], body: str) -> Choice:
    if isinstance(sent.get("error"), Mapping):
        raise PassingError(f"an error in place of a reply: {words_of(body.encode())}")
    message = sent["message"]
    said = message.get("content")
    if isinstance(said, list):
        said = "".join(part.get("text", "") for part in said if part.get("type") == "text")
    if not said:
        said = message.get("refusal") or ""
    if not isinstance(said, str):
        raise TypeError(said)
    return Choice(said, sent.get("finish_reason"), sent.get("logprobs"), body)


def read_usage(sent: Any) -> Usage | None:
    """Read the tokens of a request; None where the endpoint does not count them.

    Examples
    --------
    >>> read_usage({"prompt_tokens": 20, "completion_tokens": 1})
    Usage(prompt_tokens=20, reply_tokens=1, reasoning_tokens=0, cached_tokens=0)
    """
    if not isinstance(sent, Mapping):
        return None
    thought = sent.get("completion_tokens_details") or {}
    kept = sent.get("prompt_tokens_details") or {}
    return Usage(
        sent.get("prompt_tokens") or 0,
        sent.get("completion_tokens") or 0,
        thought.get("reasoning_tokens") or 0,
        kept.get("cached_tokens") or sent.get("prompt_cache_hit_tokens") or 0,
    )


def read_reply(
    query: str,
    choice: Choice,
    usage: Usage | None,
    latency_seconds: float,
    labels: tuple[str, ...] = (),
) -> Reply:
    """Make a reply; with labels, their log-probabilities are read too.

    Raises
    ------
    PassingError
        There are no log-probabilities, though they were asked for.
    UndecidableError
        A token may be one label or the start of another.
    """
    logs: dict[str, float] | None = None
    outside: float | None = None
    if labels and not choice.was_held_back:
        positions = read_positions(choice.logprobs)
        if positions is None:
            raise PassingError("a reply without log-probabilities", ignores_logprobs=True)
        logs, outside = label_log_probabilities(positions, labels)
    return Reply(
        query, choice.text, logs, usage, choice.finish_reason, outside, choice.body, latency_seconds
    )
