"""Queries and replies: a question to a simulator, with an id that never changes, and its reply."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property
from json.encoder import encode_basestring as quoted
from typing import Literal, NamedTuple

import numpy as np

from alignsurvey.randomness import hash_ids, uniforms
from alignsurvey.tasks.canonical import canonical_json, digest, scalar_json, text_digest

__all__ = [
    "Message",
    "Query",
    "Reply",
    "Role",
    "Shown",
    "Span",
    "Task",
    "Usage",
    "canonical_json",
    "digest",
    "letters",
    "option_order",
    "respondent_text",
]

Role = Literal["system", "user", "assistant"]
Span = tuple[int, int]
"""Start and end of a piece of text, in characters."""


class Task(StrEnum):
    """What can be asked: the four tasks, two of them for groups too, and the judges of task 2.

    RESPONSE_SHARES asks one person how likely each option is, in place of one option.
    """

    ROLE = "role"
    INTERVIEW = "interview"
    STANCE = "stance"
    STANCE_GROUP = "stance-group"
    RESPONSE = "response"
    RESPONSE_SHARES = "response-shares"
    RESPONSE_GROUP = "response-group"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of what a model is shown.

    Parameters
    ----------
    role : "system", "user" or "assistant"
    content : str
    droppable : tuple of (start, end)
        Pieces of the content that may lose their middle where a prompt is too long: the profile
        and the dialogue, never the instruction, the question or its options.
    """

    role: Role
    content: str
    droppable: tuple[Span, ...] = field(default=(), compare=False, repr=False)


class Shown(NamedTuple):
    """An option as it was shown: its letter ("" for none), its text, and the code it stands for.

    The code is the codebook's, or the option's place in the record, from 0.
    """

    letter: str
    text: str
    code: int | float | str


@dataclass(frozen=True)
class Query:
    """One question to a simulator.

    Parameters
    ----------
    respondent : int, float or str
        Who is simulated; for a group its definition.
    item : str
        What is asked: the question, the theme or the field.
    task : Task
    messages : tuple of Message
    options : tuple of Shown
        In the order shown.
    draw : int
        Which of several replies to the same question, from 0.
    examples : tuple
        Respondents whose answers stand in the messages as examples. They must not be among those
        who score the simulator.

    Examples
    --------
    >>> query = Query(7, "vote", Task.RESPONSE, (Message("user", "Did you vote?"),))
    >>> query.id[:12]
    '0bdeb718d753'
    >>> query.id == Query("7", "vote", Task.RESPONSE, (Message("user", "Did you vote?"),)).id
    True
    """

    respondent: Hashable
    item: str
    task: Task
    messages: tuple[Message, ...] = field(repr=False)
    options: tuple[Shown, ...] = ()
    draw: int = 0
    examples: tuple[Hashable, ...] = field(default=(), repr=False)

    @cached_property
    def id(self) -> str:
        """SHA-256 of the canonical JSON of content and draw; 64 hexadecimal digits.

        Respondents count as text, as everywhere, so that an id survives a file format that knows
        no integers.
        """
        # Put together from parts: a plan has a million, and `canonical_json` takes its time.
        messages = [f"[{quoted(one.role)},{quoted(one.content)}]" for one in self.messages]
        options = [
            f"[{quoted(letter)},{quoted(text)},{scalar_json(code)}]"
            for letter, text, code in self.options
        ]
        return text_digest(
            f'{{"draw":{scalar_json(self.draw)},"item":{quoted(self.item)},'
            f'"messages":[{",".join(messages)}],"options":[{",".join(options)}],'
            f'"respondent":{quoted(respondent_text(self.respondent))},'
            f'"task":{quoted(self.task)}}}'
        )


class Usage(NamedTuple):
    """Tokens of one request, as the endpoint counts them."""

    prompt_tokens: int = 0
    reply_tokens: int = 0
    reasoning_tokens: int = 0
    """Of the reply's tokens those that a model thought with."""
    cached_tokens: int = 0
    """Of the prompt's tokens those that the endpoint had kept from an earlier request."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for a query.

    Parameters
    ----------
    query : str
        The query's id.
    text : str or None
        The raw text, never changed; None where no reply came.
    log_probabilities : mapping of str to float, optional
        For each option's letter as shown the natural logarithm of its probability, where the
        simulator gives it.
    usage : Usage, optional
    finish_reason : str, optional
        Why the text ended, in the endpoint's word: ``stop``, ``length``, ``content_filter``.
    outside_share : float, optional
        Probability that lies on none of the options' letters, where there are log-probabilities.
    body : str, optional
        What the endpoint sent, as it sent it.
    latency_seconds : float, optional
    error : str, optional
        Why there is no reply, where asking failed. Such a reply is counted, and never kept as an
        answer: it is asked again.
    """

    query: str
    text: str | None
    log_probabilities: Mapping[str, float] | None = None
    usage: Usage | None = None
    finish_reason: str | None = None
    outside_share: float | None = None
    body: str | None = field(default=None, repr=False)
    latency_seconds: float | None = None
    error: str | None = None


def respondent_text(respondent: Hashable) -> str:
    """Write a respondent's id as text; whole floats as integers.

    Examples
    --------
    >>> respondent_text(7.0), respondent_text("a-3")
    ('7', 'a-3')
    """
    if isinstance(respondent, float) and respondent.is_integer():
        return str(int(respondent))
    return str(respondent)


@cache
def letters(n: int) -> tuple[str, ...]:
    """Name n options: A to Z, then AA, AB and so on.

    Examples
    --------
    >>> letters(3), letters(28)[-2:]
    (('A', 'B', 'C'), ('AA', 'AB'))
    """
    return tuple(_letter(place) for place in range(n))


def _letter(place: int) -> str:
    return (_letter(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)


def option_order(
    n: int, *, seed: int, respondent: Hashable, item: str, turn: int = 0
) -> tuple[int, ...]:
    """Derive the order in which options are shown from seed, respondent and item alone.

    Parameters
    ----------
    n : int
        Number of options.
    seed : int
    respondent : int, float or str
    item : str
    turn : int
        Which of several orders. The first n are one order turned round, so that over n turns each
        option stands once at each place (the cyclic permutations of arXiv 2306.07951).

    Returns
    -------
    tuple of int
        Places of the options in the record or codebook, in the order shown.

    Examples
    --------
    >>> option_order(4, seed=42, respondent=8, item="vote")
    (0, 3, 2, 1)
    >>> [option_order(3, seed=42, respondent=7, item="mood", turn=turn) for turn in range(3)]
    [(1, 0, 2), (0, 2, 1), (2, 1, 0)]
    """
    if n == 0:
        return ()
    lots = uniforms(hash_ids(range(n)), seed, "options", respondent, item, turn // n)
    base = np.argsort(lots, kind="stable").tolist()
    start = turn % n
    return tuple(base[start:] + base[:start])
