"""What a prompt asks, read from its text alone, as a model has to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

__all__ = ["Asked", "Form", "read_messages"]

_OPTION = re.compile(r"^\(?([A-Z]{1,2}|\d{1,2})[.):：、．][ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_PROFILE = re.compile(
    r"^(?:About you|About the respondent|The group|关于你|关于受访者|这个群体)[^\n]*?[:：]\n"
    r"((?:[^\n]+\n?)+)",
    re.MULTILINE,
)
_PAIR = re.compile(r"^([^:：\n]{1,80})[:：][ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


class Form(StrEnum):
    """In which form a prompt wants its answer."""

    CHOICE = "choice"
    CHOICES = "choices"
    SHARES = "shares"
    STANCE = "stance"
    JUDGE = "judge"
    VALUE = "value"
    TALK = "talk"


_SIGNS: tuple[tuple[Form, tuple[str, ...]], ...] = (
    (Form.JUDGE, ('"naturalness"', '"对话自然度"')),
    (Form.STANCE, ('"predict"',)),
    (Form.SHARES, ("percent", "probabilit", "百分之", "概率")),
    (Form.CHOICES, ("each that applies", "逐行写出")),
    (Form.VALUE, ("Reply with the value alone", "请只写答案本身")),
)


class Asked(NamedTuple):
    """A question as a prompt's text has it.

    Parameters
    ----------
    form : Form
    question : str
        The lines before the options.
    options : tuple of (label, text)
        In the order shown.
    profile : tuple of (attribute, value)
    is_chinese : bool
    by_label : bool
        Whether shares are wanted under the options' labels, not under their texts.
    """

    form: Form
    question: str
    options: tuple[tuple[str, str], ...]
    profile: tuple[tuple[str, str], ...]
    is_chinese: bool
    by_label: bool


def read_messages(messages: Sequence[Mapping[str, Any]]) -> Asked:
    """Read what the last user message asks; earlier turns are examples.

    Parameters
    ----------
    messages : sequence of mappings
        With ``role`` and ``content``, as chat completions take them.

    Examples
    --------
    >>> prompt = "About you:\\nage: 64\\n\\nThe survey asks:\\nHappy?\\nA. yes\\nB. no\\n\\nReply."
    >>> asked = read_messages([{"role": "user", "content": prompt}])
    >>> asked.question, asked.options, asked.profile
    ('Happy?', (('A', 'yes'), ('B', 'no')), (('age', '64'),))
    """
    text = next((_text(one) for one in reversed(messages) if one.get("role") == "user"), "")
    start, options = _options(text)
    tail = text[start:] if options else text[text.rfind("\n\n") + 1 :]
    form = Form.CHOICE if options else Form.TALK
    for known, signs in _SIGNS:
        if any(sign in tail for sign in signs) and (options or known in (Form.JUDGE, Form.VALUE)):
            form = known
            break
    found = _PROFILE.search(text)
    profile = tuple(_PAIR.findall(found[1])) if found else ()
    question = _question(text[:start] if options else text)
    by_label = form is Form.SHARES and ("keys are the letters" in tail or "键是选项的字母" in tail)
    return Asked(form, question, options, profile, bool(_CHINESE.search(text)), by_label)


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def _options(text: str) -> tuple[int, tuple[tuple[str, str], ...]]:
    """The last block of lettered lines, and where it starts."""
    block: list[re.Match[str]] = []
    for found in _OPTION.finditer(text):
        if block and text[block[-1].end() : found.start()] != "\n":
            block = []
        block.append(found)
    if not block:
        return len(text), ()
    return block[0].start(), tuple((one[1], one[2]) for one in block)


def _question(before: str) -> str:
    lines = before.rstrip().rpartition("\n\n")[2].split("\n")
    if len(lines) > 1 and lines[0].rstrip().endswith((":", "：")):
        lines = lines[1:]
    return "\n".join(lines).strip()
