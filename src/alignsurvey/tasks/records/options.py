"""Options in prompts, and which of them an answer is; both ways."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from alignsurvey.tasks.records.faults import Fault, Mend, RowError, quoted
from alignsurvey.tasks.records.nouns import Option

_LETTERED = re.compile(r"\s*([A-Z]|\d{1,2})(\s*[.．、:：)）]\s*)(.*)", re.DOTALL)
_OPENING = "（(「『“《[【"
_CLOSING = "）)」』”》]】"
_HEADING = re.compile(r"(?:选项|可选项|备选项|options?|choices|answer options)\s*[:：]?", re.I)


def read_lettered(text: str) -> tuple[str, str, tuple[Option, ...], str, list[Mend]]:
    r"""Read lettered options from the end of a text upwards.

    Upwards, because the question above may itself have lines that look like options; the block
    ends at A (or 1). A heading such as ``选项：`` may stand above it or be missing.

    Returns
    -------
    question : str
        What stands above the options and their heading.
    between : str
        What stands between question and options: a line break, or the heading in line breaks.
    options : tuple of Option
    separator : str
        Between letter and text, as most options have it.
    mended : list of Mend

    Examples
    --------
    >>> read_lettered("Happy?\nA. yes\nB. no")[:3]
    ('Happy?', '\n', (Option(letter='A', text='yes'), Option(letter='B', text='no')))
    >>> _, between, _, separator, mended = read_lettered("好吗？\n选项：\nA. 是\nB、否")
    >>> between, separator, [kind.name for kind in mended]
    ('\n选项：\n', '. ', ['SEPARATOR'])
    """
    lines = text.split("\n")
    found = _walk_up(lines)
    if not found:
        return text, "", (), ". ", []
    top, options, separators = found
    separator = max(separators, key=separators.count)
    mended = [Mend.SEPARATOR for one in separators if one != separator]
    first = top
    while first and (not lines[first - 1].strip() or _HEADING.fullmatch(lines[first - 1].strip())):
        first -= 1
    between = "\n" + "".join(f"{line}\n" for line in lines[first:top]) if first else ""
    return "\n".join(lines[:first]), between, options, separator, mended


def _walk_up(lines: Sequence[str]) -> tuple[int, tuple[Option, ...], list[str]] | None:
    options: list[Option] = []
    separators: list[str] = []
    below: list[str] = []
    for place in range(len(lines) - 1, -1, -1):
        match = _LETTERED.fullmatch(lines[place])
        if not match or (options and match[1] != _before(options[-1].letter)):
            if not lines[place].strip():
                return None
            below.append(lines[place])
            continue
        options.append(Option(match[1], "\n".join([match[3], *reversed(below)])))
        separators.append(match[2])
        below = []
        if match[1] in ("A", "1"):
            return place, tuple(reversed(options)), separators[::-1]
    return None


def _before(letter: str) -> str:
    return str(int(letter) - 1) if letter.isdigit() else chr(ord(letter) - 1)


def write_lettered(options: Sequence[Option], separator: str = ". ") -> str:
    r"""Write options as lines.

    Examples
    --------
    >>> write_lettered((Option("A", "yes"), Option("B", "no")))
    'A. yes\nB. no'
    """
    return "\n".join(f"{letter}{separator}{text}" for letter, text in options)


def read_listed(text: str) -> tuple[Option, ...]:
    """Read options that stand in one line, split at 、 outside brackets.

    Examples
    --------
    >>> [option.text for option in read_listed("住房（房贷、租房等）、交通、其他")]
    ['住房（房贷、租房等）', '交通', '其他']
    """
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in _OPENING) - (sign in _CLOSING)
        if sign == "、" and depth <= 0:
            parts.append("")
            depth = 0
        else:
            parts[-1] += sign
    return tuple(Option("", part) for part in parts if part)


def write_listed(options: Sequence[Option]) -> str:
    """Write options in one line.

    Examples
    --------
    >>> write_listed((Option("", "有"), Option("", "无")))
    '有、无'
    """
    return "、".join(option.text for option in options)


def match_answer(answer: str, options: Sequence[Option]) -> tuple[int, list[Mend]]:
    """Find which option a label is.

    A label may be letter and text, the text alone, or the letter alone; upper and lower case,
    full-width signs and spacing make no difference, and are counted where they differ.

    Returns
    -------
    int
        Place of the option, from 0.
    list of Mend

    Raises
    ------
    RowError
        It is none of them; letter and text are two different options; or two options have the
        text. Nothing is guessed.

    Examples
    --------
    >>> options = (Option("A", "above average"), Option("B", "average"))
    >>> match_answer("B. average", options)
    (1, [])
    >>> place, mended = match_answer("Average", options)
    >>> place, [kind.value for kind in mended]
    (1, ['answer without its letter', 'answer in other upper and lower case'])
    """
    texts = [option.text for option in options]
    lettered = any(option.letter for option in options)
    place = _only(answer, texts, answer)
    if place is not None:
        return place, [Mend.ANSWER_LETTER] * lettered
    match = _LETTERED.fullmatch(answer)
    if match and lettered and match[3]:
        by_letter = _place(match[1], options)
        by_text = _match_text(match[3], texts, answer)
        if by_text and by_letter == by_text[0]:
            return by_letter, by_text[1]
        if by_text or by_letter is not None:
            raise RowError(
                Fault.OUTSIDE_OPTIONS, f"the answer {quoted(answer)}: letter and text do not agree"
            )
    if by_text := _match_text(answer, texts, answer):
        return by_text[0], [Mend.ANSWER_LETTER] * lettered + by_text[1]
    letter = re.fullmatch(r"[（(]?\s*([A-Z]|\d{1,2})\s*[.．、:：)）]?", answer.strip(), re.I)
    by_letter = _place(letter[1].upper(), options) if letter and lettered else None
    if by_letter is not None:
        return by_letter, [Mend.ANSWER_TEXT]
    shown = ", ".join(quoted(text, 16) for text in texts[:6]) + ", …" * (len(texts) > 6)
    raise RowError(
        Fault.OUTSIDE_OPTIONS, f"the answer {quoted(answer)} is none of the options {shown}"
    )


def _place(letter: str, options: Sequence[Option]) -> int | None:
    letters = [option.letter for option in options]
    return letters.index(letter) if letter in letters else None


def _only(wanted: str, texts: Sequence[str], answer: str) -> int | None:
    places = [place for place, text in enumerate(texts) if text == wanted]
    if len(places) > 1:
        raise RowError(
            Fault.AMBIGUOUS_OPTIONS, f"the answer {quoted(answer)} is the text of two options"
        )
    return places[0] if places else None


def _match_text(wanted: str, texts: Sequence[str], answer: str) -> tuple[int, list[Mend]] | None:
    for mend, form in (
        (None, str),
        (Mend.ANSWER_CASE, str.casefold),
        (Mend.ANSWER_MARKS, _loose),
    ):
        place = _only(form(wanted), [form(text) for text in texts], answer)
        if place is not None:
            return place, [mend] if mend else []
    return None


def _loose(text: str) -> str:
    """Without what typing makes different: width of signs, spacing, case, a full stop."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold().rstrip(".。")
