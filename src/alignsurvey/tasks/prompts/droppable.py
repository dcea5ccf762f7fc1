"""Which pieces of a rendered prompt may lose their middle: marked in templates, kept as spans."""

from __future__ import annotations

import re

from alignsurvey.tasks.queries import Span

# Noncharacters (Unicode 23.7): for a program's own use, never in a text that is exchanged.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_MARK = re.compile(f"[{_OPEN}{_CLOSE}]")


def marked(text: object) -> str:
    """Mark a piece of a template as droppable (the filter ``droppable``)."""
    return f"{_OPEN}{_MARK.sub('', str(text))}{_CLOSE}"


def unmarked(text: str) -> tuple[str, tuple[Span, ...]]:
    """Take the marks out of a text, and say where the droppable pieces are.

    Examples
    --------
    >>> unmarked("About you:\\n" + marked("age: 40") + "\\nHappy?")
    ('About you:\\nage: 40\\nHappy?', ((11, 18),))
    """
    if _OPEN not in text and _CLOSE not in text:
        return text, ()
    pieces, spans, start, length = [], [], None, 0
    for piece in re.split(f"([{_OPEN}{_CLOSE}])", text):
        if piece == _OPEN:
            start = length
        elif piece == _CLOSE:
            if start is not None and start < length:
                spans.append((start, length))
            start = None
        else:
            pieces.append(piece)
            length += len(piece)
    return "".join(pieces), tuple(spans)
