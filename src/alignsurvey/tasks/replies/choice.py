"""Read which option a reply chooses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from alignsurvey.tasks.replies.matching import Catalogue, Whole, catalogue, negated
from alignsurvey.tasks.replies.options import Options
from alignsurvey.tasks.replies.outcomes import Outcome, kind_of_silence
from alignsurvey.tasks.replies.slips import find_json
from alignsurvey.tasks.replies.thoughts import strip_thoughts
from alignsurvey.tasks.replies.wording import LONGEST_REPLY, fold, plain

_ANSWER_KEYS = (
    "answer", "final_answer", "finalanswer", "final answer", "predict", "prediction", "choice",
    "option", "response", "selected", "selection", "selected_option", "result", "label", "value",
    "答案", "最终答案", "选项", "选择", "回答", "预测", "预测结果", "结果",
)  # fmt: skip
_CUE = re.compile(
    r"\b(?:answer|choice|option|selection|response|prediction|pick)"
    r"(?: is| would be| will be|:| =)+:?"
    r"|\b(?:i|would|'d|will|'ll)(?: most likely| probably)? (?:choose|select|pick|go with|answer"
    r"|say)\b:?"
    r"|(?:答案|选项|选择|回答|预测|结果|判断|结论)[^\S\n]*(?:应该?是|应为|就是|是|为|:)+:?"
    r"|(?<![不没未可备待])选(?:择|了|定|项)?(?:的是|是|为|:)*",
    re.IGNORECASE,
)
_FINAL = re.compile(r"final|最终|最后|综上|因此|所以|therefore|\bso\b|conclu", re.IGNORECASE)
_REASON = re.compile(
    r"(?:[,;.:。，；!?\n (]|^)(?:because|since|as i|due to|reason|explanation|given that)\b"
    r"|因为|由于|理由|原因|解释|说明[:：]|毕竟|考虑到",
    re.IGNORECASE,
)
_LONGEST_SENTENCE = 120
_MOST_CUES = 100


@dataclass(frozen=True)
class Choice:
    """What a reply to a closed question says.

    Parameters
    ----------
    outcome : {"answered", "refused", "dont_know", "unparseable", "no_reply"}
    index : int or None
        Place of the option in the order given; None unless answered.
    note : str
        What had to be decided, or why nothing could be; "" for a plain answer.
    """

    outcome: Outcome
    index: int | None = None
    note: str = ""


def read_choice(reply: str, options: Options) -> Choice:
    """Read the one option that a reply names.

    Letters, texts and both together are read in any width and punctuation, quoted, in Markdown,
    in JSON, or after "The answer is". Two different options, or a letter and a text that
    disagree, are unparseable: the first is never taken for the answer.

    Parameters
    ----------
    reply : str
        As the model wrote it, thoughts included.
    options : tuple of (letter, text)
        In the order shown, as `read_options` returns them.

    Returns
    -------
    Choice

    Examples
    --------
    >>> options = (("A", "满意"), ("B", "一般"), ("C", "不满意"))
    >>> read_choice("**Ｃ、不满意。**", options)
    Choice(outcome='answered', index=2, note='')
    >>> read_choice("The answer is B.", options).index
    1
    >>> read_choice("B. 满意", options)
    Choice(outcome='unparseable', index=None, note='letter and text disagree')
    >>> read_choice("对不起，我无法回答。", options).outcome
    'refused'
    """
    if len(reply) < 400:
        return _read(reply, options)
    return _read.__wrapped__(reply, options)


@lru_cache(maxsize=65536)
def _read(reply: str, options: Options) -> Choice:
    spoken = strip_thoughts(reply)
    if not spoken:
        return Choice("no_reply", note="nothing but thoughts" if reply.strip() else "")
    if len(spoken) > LONGEST_REPLY or not options:
        note = "no options known" if not options else f"longer than {LONGEST_REPLY} characters"
        return Choice("unparseable", note=note)
    return _spoken(spoken, options)


def _spoken(spoken: str, options: Options, in_json: bool = False) -> Choice:
    known = catalogue(options)
    whole = known.whole(spoken)
    if whole.index is not None:
        return Choice("answered", whole.index, whole.note)
    if not in_json and any(mark in spoken for mark in "{[｛"):
        found = _in_json(spoken, options)
        if found is not None:
            return found
    if whole.disagrees:
        return Choice("unparseable", note=whole.note)
    return _in_words(plain(spoken), known)


def _in_json(spoken: str, options: Options) -> Choice | None:
    """Read an answer from JSON; None where the JSON, if any, holds no answer."""
    found = find_json(spoken)
    values = _answers(found.value, 0) if found is not None else None
    if found is None or values is None:
        return None
    choices = [_spoken(value.strip(), options, in_json=True) for value in values]
    indices = {choice.index for choice in choices if choice.index is not None}
    if len(indices) > 1:
        return Choice("unparseable", note="two different options named")
    if len(indices) == 1 and all(choice.outcome == "answered" for choice in choices):
        return Choice("answered", indices.pop())
    if (found.before + found.after).strip():
        return None
    return choices[0] if choices else Choice("unparseable", note="empty list")


def _answers(value: Any, depth: int) -> list[str] | None:
    """Return the texts that stand where a JSON reply has its answer."""
    if isinstance(value, bool) or value is None or depth > 3:
        return None
    if isinstance(value, str | int | float):
        return [_as_text(value)]
    if isinstance(value, list):
        parts = [_answers(item, depth + 1) for item in value]
        return None if None in parts else [text for part in parts for text in part or ()]
    if isinstance(value, dict):
        named = {str(key).strip().lower(): held for key, held in value.items()}
        keys = [key for key in _ANSWER_KEYS if key in named] or list(named)[: len(named) == 1]
        return _answers(named[keys[0]], depth + 1) if keys else None
    return None


def _as_text(value: str | int | float) -> str:
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    try:
        return f"{value}"
    except ValueError:  # more digits than Python writes out
        return ""


def _in_words(text: str, known: Catalogue) -> Choice:
    """Read an answer from running text, the surest sign first."""
    cued = _cued(text, known)
    if cued is not None:
        return cued
    lines = [line for line in text.split("\n") if line.strip()]
    standing = {place.index for place in map(known.whole, lines) if place.index is not None}
    if len(standing) > 1:
        return Choice("unparseable", note="two different options named")
    silence = kind_of_silence(text.casefold())
    if silence is not None and not standing:
        place = known.of_kind(silence)
        if place is not None:
            return Choice("answered", place, "an option that says so")
        return Choice(silence)
    if len(standing) == 1:
        return Choice("answered", standing.pop(), "the line that is an option")
    return _mentioned(lines, known)


def _cued(text: str, known: Catalogue) -> Choice | None:
    """Read what follows "the answer is"; a final answer overrules earlier ones."""
    said: list[tuple[int, bool]] = []
    for clause, final in _clauses(text):
        whole = known.whole(clause)
        if whole.disagrees:
            return Choice("unparseable", note=whole.note)
        named = _named(clause, whole, known)
        if not named and whole.letter is not None:
            named = {whole.letter}
        if len(named) > 1:
            return Choice("unparseable", note="two different options named")
        said.extend((place, final) for place in named)
    finals = {place for place, final in said if final} or {place for place, _ in said}
    if len(finals) > 1:
        return Choice("unparseable", note="two different answers given")
    return Choice("answered", finals.pop(), "after an answer cue") if finals else None


def _clauses(text: str) -> Iterator[tuple[str, bool]]:
    for cue in islice(_CUE.finditer(text), _MOST_CUES):
        if negated(text, cue.start()):
            continue
        rest = text[cue.end() :].lstrip(" ")
        clause = (rest.lstrip("\n") if rest.startswith("\n") else rest).split("\n", 1)[0][:400]
        reason = _REASON.search(clause)
        clause = clause[: reason.start()] if reason else clause
        before = text[max(0, cue.start() - 30) : cue.start()].rsplit("\n", 1)[-1]
        yield clause, bool(_FINAL.search(before))


def _mentioned(lines: list[str], known: Catalogue) -> Choice:
    """Read a sentence that names one option, its reasons apart."""
    first = lines[0] if lines else ""
    reason = _REASON.search(first)
    stated = first[: reason.start()] if reason else first
    whole = known.whole(stated)
    if whole.disagrees:
        return Choice("unparseable", note=whole.note)
    named = _named(stated, whole, known)
    if reason is None:
        named |= known.mentions("\n".join(lines[1:]))
    if named and whole.letter is not None:
        named.add(whole.letter)  # "A: 40%", then "B: 60%": two options, though neither is an answer
    if len(named) > 1:
        return Choice("unparseable", note="two different options named")
    if not named:
        lettered = whole.letter is not None
        note = "the text after the letter is no option" if lettered else "no option named"
        return Choice("unparseable", note=note)
    if len(fold(stated)) > _LONGEST_SENTENCE:
        return Choice("unparseable", note="an option named in passing, without saying it is it")
    return Choice("answered", named.pop(), "in a sentence")


def _named(piece: str, whole: Whole, known: Catalogue) -> set[int]:
    """Return the options that a piece names; a leading letter counts where a text bears it out."""
    if whole.index is not None:
        return {whole.index}
    named = known.mentions(piece, letters=whole.letter is None)
    return named | {whole.letter} if named and whole.letter is not None else named
