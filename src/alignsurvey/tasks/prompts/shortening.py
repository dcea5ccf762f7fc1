"""Prompts that are too long lose their middle; the instruction and the question stay whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from alignsurvey.errors import InputError
from alignsurvey.tasks.queries import Message, Span

# Ends of lines and sentences, and between the attributes of a profile written as a dictionary.
_BOUNDARY = re.compile(r"[。！？]+[”’」』）)]*\n?|[.!?]+[\"'”’)]*\s+|\n|, (?='[^'\n]{1,60}': )")
_CJK = re.compile("[\u3400-\u9fff]")
MARKS = ("……", "…")
"""What stands where text was taken out: in Chinese, and in every other language."""


def shorten(
    messages: Sequence[Message], limit: int, tokens: Callable[[str], int]
) -> tuple[Message, ...]:
    """Bring a prompt down to a limit of tokens.

    The oldest examples go first. Then profile and dialogue of the question lose their middle,
    taken together: whole lines or sentences, as few as possible, with a mark in their place.
    Instruction, question and options are never touched; nor is a half attribute ever shown.

    Parameters
    ----------
    messages : sequence of Message
        System message (if any), examples as user and assistant turns, and the question.
    limit : int
        Most tokens of all contents together; leave out of it what the chat format adds.
    tokens : callable
        Number of tokens of a text, by the simulator's own tokenizer.

    Returns
    -------
    tuple of Message
        As given, where they fit.

    Raises
    ------
    InputError
        Instruction and question alone are longer than the limit.

    Examples
    --------
    >>> text = "You are:\\nage: 40\\nsex: f\\njob: cook\\nHappy? A. yes B. no"
    >>> message = Message("user", text, droppable=((9, 34),))
    >>> print(shorten([message], 12, lambda text: len(text.split()))[0].content)
    You are:
    age: 40
    …
    job: cook
    Happy? A. yes B. no
    """
    system, examples, question, after = _parts(messages)
    room = limit - sum(tokens(one.content) for one in (*system, *after))
    costs = [sum(tokens(one.content) for one in example) for example in examples]
    needed = tokens(question.content)
    while examples and needed + sum(costs) > room:
        examples, costs = examples[1:], costs[1:]
    if needed > room:
        question = _without_middle(question, room, limit, tokens)
    return (*system, *(one for example in examples for one in example), question, *after)


Parts = tuple[list[Message], list[list[Message]], Message, list[Message]]


def _parts(messages: Sequence[Message]) -> Parts:
    """System messages, examples (each from one user turn to the next), question, what follows."""
    users = [place for place, one in enumerate(messages) if one.role == "user"]
    if not users:
        raise InputError("a prompt needs a user message; this one has none")
    examples = [list(messages[start:end]) for start, end in pairwise(users)]
    last = users[-1]
    return list(messages[: users[0]]), examples, messages[last], list(messages[last + 1 :])


@dataclass(frozen=True)
class _Middle:
    """A message cut into the units that may go (lines, sentences), each a span."""

    message: Message
    units: tuple[Span, ...]

    def without(self, n: int) -> Message:
        """Leave n units out of the middle."""
        first = (len(self.units) - n + 1) // 2
        gone = self.units[first : first + n]
        mark = MARKS[0 if _CJK.search(self.message.content) else 1]
        pieces: list[str] = []
        spans: list[Span] = []
        at = length = 0

        def keep(text: str) -> None:
            nonlocal length
            pieces.append(text)
            length += len(text)

        for start, end in self.message.droppable:
            keep(self.message.content[at:start])
            begin = length
            inside = [unit for unit in gone if start <= unit[0] < end]
            if inside:
                low, high = inside[0][0], inside[-1][1]
                ends_line = self.message.content[high - 1] == "\n"
                keep(self.message.content[start:low] + mark + "\n" * ends_line)
                keep(self.message.content[high:end])
            else:
                keep(self.message.content[start:end])
            spans.append((begin, length))
            at = end
        keep(self.message.content[at:])
        return Message(self.message.role, "".join(pieces), tuple(spans))


def _units(message: Message) -> tuple[Span, ...]:
    units: list[Span] = []
    for start, end in message.droppable:
        ends = [match.end() for match in _BOUNDARY.finditer(message.content, start, end)]
        units += pairwise(dict.fromkeys([start, *ends, end]))
    return tuple(units)


def _without_middle(
    question: Message, room: int, limit: int, tokens: Callable[[str], int]
) -> Message:
    middle = _Middle(question, _units(question))
    least = middle.without(len(middle.units))
    if not middle.units or tokens(least.content) > room:
        n = limit - room + tokens(least.content)
        raise InputError(
            f"the prompt's instruction and question alone are {n} tokens, more than the limit of "
            f"{limit}; shorten the template or take a simulator with a longer context"
        )
    low, high = 1, len(middle.units)
    while low < high:
        n = (low + high) // 2
        if tokens(middle.without(n).content) <= room:
            high = n
        else:
            low = n + 1
    # A shorter text may have more tokens here and there, so that the search can end too early.
    while tokens((shorter := middle.without(low)).content) > room:
        low += 1
    return shorter
