"""Keys: under what a reply is kept, the same for the same question in every process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b, sha256
from json.encoder import encode_basestring
from typing import Any

from alignsurvey.tasks.canonical import canonical_json
from alignsurvey.tasks.queries import Query

__all__ = ["Numbering", "Setting", "messages_text"]


@dataclass(frozen=True)
class Setting:
    """Who is asked and how: what all replies of a run have in common.

    Parameters
    ----------
    model : str
    parameters : mapping
        Whatever changes the replies, with values that JSON knows.

    Examples
    --------
    >>> from alignsurvey.tasks.canonical import digest
    >>> setting = Setting("openai/gpt-4o-mini", {"temperature": 1.0})
    >>> messages = [["user", "Did you vote?"]]
    >>> setting.key(messages_text(messages), 0).hex() == digest({
    ...     "model": "openai/gpt-4o-mini", "parameters": {"temperature": 1},
    ...     "messages": messages, "draw": 0})
    True
    """

    model: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def content(self) -> str:
        """Model and parameters as canonical JSON."""
        return canonical_json({"model": self.model, "parameters": dict(self.parameters)})

    @property
    def is_deterministic(self) -> bool:
        """Whether the same messages give the same reply, so that one serves all who ask so."""
        return self.parameters.get("by") == "likelihood" or self.parameters.get("temperature") == 0

    @cached_property
    def _tail(self) -> bytes:
        return b"," + self.content[1:].encode("utf-8", "surrogatepass")

    def key(self, messages: bytes, draw: int) -> bytes:
        """SHA-256 of the canonical JSON of draw, messages, model and parameters; 32 bytes.

        The text is put together from parts, since a million of them would take minutes else.
        """
        return sha256(b'{"draw":%d,"messages":%b%b' % (draw, messages, self._tail)).digest()


def messages_text(messages: list[list[str]]) -> bytes:
    """Write messages, pairs of role and content, as canonical JSON.

    Half of a surrogate pair can stand in a released text; it is kept like any other sign.
    """
    pairs = ",".join(
        f"[{encode_basestring(role)},{encode_basestring(content)}]" for role, content in messages
    )
    return f"[{pairs}]".encode("utf-8", "surrogatepass")


class Numbering:
    """Numbers queries of the same messages 0, 1, 2 in the order of the plan.

    Two people of one profile get two draws, and no reply serves both; where replies are
    deterministic all have number 0.

    Examples
    --------
    >>> from alignsurvey.tasks.queries import Message, Task
    >>> plan = [Query(who, "vote", Task.RESPONSE, (Message("user", "Vote?"),)) for who in (7, 8)]
    >>> numbering = Numbering(Setting("m"))
    >>> [numbering.key(query)[1] for query in plan]
    [0, 1]
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._seen: dict[bytes, int] = {}

    def key(self, query: Query) -> tuple[bytes, int]:
        """Give the key that a query's reply is kept under, and its number among equals."""
        text = messages_text([[one.role, one.content] for one in query.messages])
        draw = 0
        if not self._setting.is_deterministic:
            short = blake2b(text, digest_size=16).digest()
            draw = self._seen.get(short, 0)
            self._seen[short] = draw + 1
        return self._setting.key(text, draw), draw
