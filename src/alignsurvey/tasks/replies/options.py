"""Find the options, and the question, that a prompt shows."""

from __future__ import annotations

import re
from functools import lru_cache

Option = tuple[str, str]
"""A letter, "" where the prompt has none, and the option's text."""
Options = tuple[Option, ...]

_HEADING = re.compile(
    r"^[ \t]*(?:选项|可选项|备选项|答案选项|options|answer options|choices)[ \t]*[:：][ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_VALUES = re.compile(r"(?:可选值|possible values|allowed values)[ \t]*[:：][ \t]*", re.IGNORECASE)
_MARK = (
    r"[(（\[【]\s*([A-Za-zＡ-Ｚａ-ｚ])\s*[)）\]】][ \t]*[.、．:：]?"
    r"|([A-Za-zＡ-Ｚａ-ｚ])[ \t]*[.、．)）:：]"
)
_LETTERED = re.compile(
    rf"[ \t]*(?:[-*•·][ \t]+)?(?:\*\*)?(?:{_MARK})(?:\*\*)?[ \t\u3000]*(\S.*?)\s*$"
)
_INLINE = re.compile(rf"(?:^|(?<=[\s,，;；、。]))(?:{_MARK})")
_QUESTION = re.compile(
    r"^[ \t]*=*(?:问卷问题|当前问题|调查问题|问题|survey question|question)=*[ \t]*[:：]?[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST_END = 1000
_OPENING, _CLOSING = "（([【", "）)]】"


def read_options(prompt: str) -> Options:
    """Read the options of a prompt, in the order shown.

    They are looked for under a heading (``选项：``, ``Options:``), in a list of values
    (``可选值：a、b、c``), and, failing both, as the last run of lettered lines.

    Parameters
    ----------
    prompt : str

    Returns
    -------
    tuple of (letter, text)
        Letters in upper case, "" for lists without; empty where the prompt shows no options.

    Examples
    --------
    >>> read_options("您满意吗？\\n选项：\\nA. 满意\\nB、一般\\n（Ｃ）不满意\\n\\n请回答：")
    (('A', '满意'), ('B', '一般'), ('C', '不满意'))
    >>> read_options("How are you?\\nA. well\\nB. ill\\n\\nPlease answer directly.")
    (('A', 'well'), ('B', 'ill'))
    >>> read_options("可选值：住房支出（房贷、租房等）、其他。")
    (('', '住房支出（房贷、租房等）'), ('', '其他'))
    """
    return read_prompt(prompt)[1]


def read_question(prompt: str) -> str:
    """Read the question of a prompt: neither the profile before it nor the options after it.

    Two rows with the same question have the same text here, whatever the order of options.

    Examples
    --------
    >>> read_question("您的性别: 女\\n\\n问卷问题：\\n您满意吗？\\n选项：\\nA. 是\\nB. 否")
    '您满意吗？'
    >>> read_question("your age: 40\\n\\nHow are you?\\nA. well\\nB. ill")
    'How are you?'
    """
    return read_prompt(prompt)[0]


def read_prompt(prompt: str) -> tuple[str, Options]:
    """Read question and options of a prompt at once.

    Examples
    --------
    >>> read_prompt("Survey question:\\nHow are you?\\nOptions:\\nA. well\\nB. ill")
    ('How are you?', (('A', 'well'), ('B', 'ill')))
    """
    return _at_the_end(prompt) or _anywhere(prompt)


def _at_the_end(prompt: str) -> tuple[str, Options] | None:
    """Read the last paragraphs alone, which repeat from row to row; None if they lack a heading.

    What is looked for is the last of its kind, so that nothing before can change it.
    """
    end = prompt.rfind("\n\n")
    for _ in range(2):
        tail = prompt[end + 2 :] if end >= 0 else prompt
        if len(tail) > _LONGEST_END:
            return None
        found = _headed(tail)
        if found is not None or end < 0:
            return found
        end = prompt.rfind("\n\n", 0, end)
    return None


@lru_cache(maxsize=4096)
def _headed(tail: str) -> tuple[str, Options] | None:
    """Read a text that has both headings, of the question and of the options; else None."""
    heading = _last(_HEADING, tail)
    options = _block(tail[heading.end() :]) if heading is not None else ()
    if heading is None or not options:
        return None
    body = tail[: heading.start()].rstrip()
    above = _last(_QUESTION, body)
    question = body[above.end() :].strip() if above is not None else ""
    return (question, options) if question else None


def _anywhere(prompt: str) -> tuple[str, Options]:
    options, start = _locate(prompt)
    body = prompt[:start].rstrip() if start >= 0 else prompt.rstrip()
    heading = _last(_QUESTION, body)
    if heading is not None and body[heading.end() :].strip():
        return body[heading.end() :].strip(), options
    return body.rsplit("\n\n", 1)[-1].strip(), options


def _locate(prompt: str) -> tuple[Options, int]:
    """Return the options and where their block starts, -1 without one."""
    heading = _last(_HEADING, prompt)
    if heading is not None:
        below = prompt[heading.end() :]
        options = _block(below) if len(below) < 1000 else _block.__wrapped__(below)
        if options:
            return options, heading.start()
    values = _last(_VALUES, prompt)
    if values is not None:
        options = _list(prompt[values.end() :].split("\n", 1)[0])
        if options:
            return options, values.start()
    return _trailing(prompt)


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    for found in pattern.finditer(text):  # noqa: B007
        pass
    return found


@lru_cache(maxsize=4096)
def _block(text: str) -> Options:
    """Read the lines under a heading, up to the first blank one."""
    lines: list[str] = []
    for line in text.split("\n"):
        if not line.strip():
            if lines:
                break
            continue
        lines.append(line)
    if not lines:
        return ()
    found = [_lettered(line) for line in lines]
    kept: list[Option] = []
    for option in found:
        if option is None:
            break
        kept.append(option)
    if len(kept) == 1:
        inline = _inline(lines[0])
        kept = list(inline) if len(inline) > 1 else kept
    if kept:
        return tuple(kept)
    bare = [line.strip().lstrip("-*•· \t").strip() for line in lines]
    return tuple(("", text) for text in bare) if len(bare) > 1 else _list(lines[0])


def _lettered(line: str) -> Option | None:
    found = _LETTERED.match(line)
    return (_letter(found), found[3].strip("* ")) if found else None


def _letter(found: re.Match[str]) -> str:
    letter = found[1] or found[2]
    code = ord(letter)
    return (chr(code - 0xFEE0) if code > 0xFF00 else letter).upper()


def _inline(line: str) -> Options:
    marks = list(_INLINE.finditer(line))
    ends = [mark.start() for mark in marks[1:]] + [len(line)]
    texts = [
        line[mark.end() : end].strip(" \t,，;；、。") for mark, end in zip(marks, ends, strict=True)
    ]
    return tuple((_letter(mark), text) for mark, text in zip(marks, texts, strict=True) if text)


def _list(line: str) -> Options:
    """Split a list of values at 、 outside of brackets; at ; or | where there is no 、."""
    line = line.strip().rstrip("。.")
    separator = next((mark for mark in "、;；|" if mark in line), "、")
    parts, depth, start = [], 0, 0
    for place, character in enumerate(line):
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth = max(0, depth - 1)
        elif character == separator and depth == 0:
            parts.append(line[start:place])
            start = place + 1
    parts.append(line[start:])
    texts = [part.strip() for part in parts if part.strip()]
    return tuple(("", text) for text in texts) if len(texts) > 1 else ()


def _trailing(prompt: str) -> tuple[Options, int]:
    """Walk up from the end to the last run of lettered lines."""
    lines = prompt.split("\n")
    options: list[Option] = []
    start = -1
    for place in range(len(lines) - 1, -1, -1):
        option = _lettered(lines[place])
        if option is not None and (not options or ord(option[0]) == ord(options[-1][0]) - 1):
            options.append(option)
            start = place
        elif options:
            break
    if len(options) < 2:
        return (), -1
    return tuple(reversed(options)), sum(len(line) + 1 for line in lines[:start])
