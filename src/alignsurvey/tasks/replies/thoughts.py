"""Take a model's thinking off its reply, and the fences off its answer."""

from __future__ import annotations

import re

_TAG = re.compile(
    r"<\s*(/?)\s*(?:think|thinking|thought|thoughts|reasoning|reflection|analysis|scratchpad)\s*>",
    re.IGNORECASE,
)
_FINAL = ("assistantfinal", "<|channel|>final<|message|>")
_UNFINISHED = re.compile(r"\s*(?:<\|channel\|>)?analysis(?:<\|message\|>|(?=[A-Z\u3400-\u9fff]))")
_FENCE = re.compile(r"```(?:[A-Za-z]+(?=\s))?|^~~~+[A-Za-z]*[ \t]*$", re.MULTILINE)


def strip_thoughts(reply: str) -> str:
    """Return what a reply says once its thinking is taken off.

    Closed blocks are cut out; after a closing tag that was never opened the rest is kept; an
    opening tag that is never closed takes everything after it. Of a reply in channels the last
    ``assistantfinal`` is kept; an analysis without one leaves nothing.

    Parameters
    ----------
    reply : str
        As the model wrote it.

    Returns
    -------
    str
        Trimmed, without code fences; "" if there was nothing but thought.

    Examples
    --------
    >>> strip_thoughts("<think>A or B?</think>B. agree"), strip_thoughts("A or B?</think> B")
    ('B. agree', 'B')
    >>> strip_thoughts("<think>A. agree"), strip_thoughts("analysis A?assistantfinalB")
    ('', 'B')
    >>> strip_thoughts("```json\\n{}\\n```")
    '{}'
    """
    for marker in _FINAL:
        place = reply.rfind(marker)
        if place >= 0:
            reply = reply[place + len(marker) :]
    if "<" in reply:
        reply = _outside(reply)
    if _UNFINISHED.match(reply):
        return ""
    if "```" in reply or "~~~" in reply:
        reply = _FENCE.sub("", reply)
    return reply.replace("<|return|>", "").replace("<|end|>", "").strip()


def _outside(reply: str) -> str:
    """Keep what stands outside of thinking tags."""
    kept: list[str] = []
    start, open_ = 0, False
    for tag in _TAG.finditer(reply):
        closing = bool(tag[1])
        if not open_ and closing:
            kept = []  # a thought whose opening tag the chat template had already written
        elif not open_:
            kept.append(reply[start : tag.start()])
        open_ = not closing
        start = tag.end()
    if not open_:
        kept.append(reply[start:])
    return "".join(kept)
