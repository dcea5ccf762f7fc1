"""Chat completions of a planted population: a request's body in, a reply's body out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from typing import Any

from alignsurvey.testing.faults import OUTCOMES, Fault
from alignsurvey.testing.population import Population
from alignsurvey.testing.prompts import Asked, read_messages
from alignsurvey.testing.speaking import first_token_log_probabilities, speak, tokens_of

__all__ = ["BadRequest", "Completions"]

_SAID: dict[Fault, tuple[str | None, str]] = {
    Fault.CONTENT_FILTER: (None, "content_filter"),
    Fault.EMPTY: ("", "stop"),
    Fault.NULL: (None, "stop"),
    Fault.REFUSAL: ("I'm sorry, but I can't help with that.", "stop"),
    Fault.GIBBERISH: ("§§ lorem ipsum 0x1F", "stop"),
}
_NEVER = 0.999999


class BadRequest(ValueError):  # noqa: N818  # its name in HTTP
    """A request that a provider answers with an error, in its own words."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


@dataclass
class Completions:
    """What a population replies.

    An answer depends on the prompt, its draw and the seed. The draw is the request's own ``seed``
    where it has one; otherwise requests with one prompt are numbered as they come, unless
    ``repeatable`` says that one prompt always gets one answer.

    Parameters
    ----------
    population : Population
    seed : int
    repeatable : bool
    outside_share : float
        Mass of the first token's log-probabilities that begins no label.
    whole_labels : bool
        Whether a label such as "10" is one token.
    most_top_logprobs : int
    reasoning_tokens : int
        Counted in each answer's usage.
    """

    population: Population
    seed: int = 0
    repeatable: bool = False
    outside_share: float = 0.02
    whole_labels: bool = True
    most_top_logprobs: int = 20
    reasoning_tokens: int = 0
    _asked: dict[bytes, int] = field(default_factory=dict, repr=False)

    def complete(
        self,
        body: Mapping[str, Any],
        traits: Collection[Fault],
        outcome_of: Callable[[str, str], Fault | None],
    ) -> dict[str, Any]:
        """Answer a request.

        Parameters
        ----------
        body : mapping
            As parsed from JSON.
        traits : collection of Fault
            Ignored ``n``, ignored ``logprobs``, duplicated choices, or an outcome by script.
        outcome_of : callable of (prompt, draw) to Fault or None

        Raises
        ------
        BadRequest
        """
        _check(body, self.most_top_logprobs)
        messages = body["messages"]
        key = _key(messages)
        asked = read_messages(messages)
        shares = _at_temperature(self.population.shown_shares(asked), body.get("temperature"))
        n = 1 if Fault.NO_N in traits else int(body.get("n") or 1)
        scripted = next((one for one in traits if one in OUTCOMES), None)
        prompt, choices, tokens = key.hex(), [], 0
        for index, draw in enumerate(self._draws(key, body.get("seed"), n)):
            fault = scripted or outcome_of(prompt, draw)
            choice, used = self._choice(index, key, draw, asked, shares, body, fault, traits)
            choices.append(choice)
            tokens += used
        if Fault.DUPLICATED_CHOICES in traits:
            choices = choices + choices
        size = sum(len(str(one.get("content", ""))) for one in messages)
        return _envelope(prompt, body, choices, size // 4 + 8, tokens, self.reasoning_tokens * n)

    def _draws(self, key: bytes, seed: object, n: int) -> Sequence[str]:
        if seed is not None:
            return [f"seed {seed} {index}" for index in range(n)]
        first = 0 if self.repeatable else self._asked.get(key, 0)
        if not self.repeatable:
            self._asked[key] = first + n
        return [str(first + index) for index in range(n)]

    def _choice(
        self,
        index: int,
        key: bytes,
        draw: str,
        asked: Asked,
        shares: Sequence[float],
        body: Mapping[str, Any],
        fault: Fault | None,
        traits: Collection[Fault],
    ) -> tuple[dict[str, Any], int]:
        lot = blake2b(f"{self.seed} {draw}".encode(), digest_size=8, key=key).digest()
        chance = int.from_bytes(lot, "big") / 2**64
        finish = "stop"
        text, place = speak(asked, shares, min(chance, _NEVER), constraint=_constraint(body))
        tokens = tokens_of(text)
        limit = body.get("max_completion_tokens") or body.get("max_tokens")
        if fault is Fault.LENGTH:
            limit = max(1, len(tokens) // 2)
        if limit and len(tokens) > limit:
            tokens, finish = tokens[:limit], "length"
            text = "".join(tokens)
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        if fault in _SAID:
            message["content"], finish = _SAID[fault]
            tokens = tokens_of(message["content"] or "")
        choice = {"index": index, "message": message, "logprobs": None, "finish_reason": finish}
        if body.get("logprobs") and Fault.NO_LOGPROBS not in traits and tokens:
            labels = [label for label, _ in asked.options] if place >= 0 else []
            choice["logprobs"] = self._log_probabilities(tokens, labels, shares, body)
        return choice, len(tokens)

    def _log_probabilities(
        self,
        tokens: Sequence[str],
        labels: Sequence[str],
        shares: Sequence[float],
        body: Mapping[str, Any],
    ) -> dict[str, Any]:
        top = int(body.get("top_logprobs") or 0)
        first = first_token_log_probabilities(
            labels, shares, self.outside_share, whole=self.whole_labels
        ) if labels else [(tokens[0], 0.0)]  # fmt: skip
        known = dict(first)
        content = [_token(tokens[0], known.get(tokens[0], -0.01), first[:top])]
        content += [_token(token, 0.0, [(token, 0.0)][:top]) for token in islice(tokens, 1, None)]
        return {"content": content, "refusal": None}


def _token(token: str, value: float, top: Sequence[tuple[str, float]]) -> dict[str, Any]:
    shown = [{"token": one, "logprob": share, "bytes": None} for one, share in top]
    return {"token": token, "logprob": value, "bytes": None, "top_logprobs": shown}


def _envelope(
    prompt: str,
    body: Mapping[str, Any],
    choices: Sequence[Mapping[str, Any]],
    prompt_tokens: int,
    tokens: int,
    reasoning: int,
) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{prompt}",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": choices,
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": tokens + reasoning,
            "total_tokens": prompt_tokens + tokens + reasoning,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": reasoning},
        },
    }


def _key(messages: Sequence[Mapping[str, Any]]) -> bytes:
    text = "\x1e".join(f"{one.get('role')}\x1f{one.get('content')}" for one in messages)
    return blake2b(text.encode(), digest_size=12).digest()


def _check(body: Mapping[str, Any], most_top_logprobs: int) -> None:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("'messages' is required and must not be empty")
    if not isinstance(body.get("model"), str):
        raise BadRequest("you must provide a model parameter")
    if body.get("stream"):
        raise BadRequest("'stream' is not supported by this server")
    if body.get("top_logprobs") and not body.get("logprobs"):
        raise BadRequest("'logprobs' must be true where 'top_logprobs' is given")
    if (body.get("top_logprobs") or 0) > most_top_logprobs:
        raise BadRequest(f"'top_logprobs' must be at most {most_top_logprobs}")
    if not 0 <= (body.get("temperature") or 0) <= 2:
        raise BadRequest("'temperature' must be from 0 to 2")
    if not 1 <= (body.get("n") or 1) <= 128:
        raise BadRequest("'n' must be from 1 to 128")


def _at_temperature(shares: Sequence[float], temperature: float | None) -> Sequence[float]:
    """Shares ^ (1 / temperature), normalized; the largest alone at 0."""
    if temperature is None or temperature == 1 or not shares:
        return shares
    top = max(shares)
    if temperature == 0:
        best = shares.index(top)
        return [float(place == best) for place in range(len(shares))]
    raised = [(share / top) ** (1 / temperature) for share in shares]
    total = sum(raised)
    return [one / total for one in raised]


def _constraint(body: Mapping[str, Any]) -> Sequence[str] | Mapping[str, Any] | None:
    """What a reply must look like, in OpenAI's form or in vLLM's."""
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        schema: Mapping[str, Any] = form["json_schema"]["schema"]
        return schema
    structured = body.get("structured_outputs") or {}
    return (
        structured.get("choice")
        or structured.get("json")
        or body.get("guided_choice")
        or body.get("guided_json")
    )
