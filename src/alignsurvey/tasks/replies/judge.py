"""Read a judge's three scores of an interview answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from alignsurvey.tasks.replies.outcomes import Outcome, kind_of_silence
from alignsurvey.tasks.replies.slips import find_json
from alignsurvey.tasks.replies.thoughts import strip_thoughts
from alignsurvey.tasks.replies.wording import plain

DIMENSIONS: tuple[str, ...] = ("naturalness", "style", "consistency")

_NAMES = re.compile(
    r"(?P<naturalness>(?:对话)?自然度|(?:conversational |dialogue )?naturalness)"
    r"|(?P<style>风格(?:匹配|一致|契合)?度?|style(?:[ _-](?:match(?:ing)?|fit))?)"
    r"|(?P<consistency>(?:访谈|内容)?一致性|(?:interview |content )?consistency)",
    re.IGNORECASE,
)
_SCORE_KEYS = ("评分", "分数", "得分", "score", "rating", "value", "points")
_SCALE = re.compile(r"[(\[]?\s*1\s*(?:-|to|至|到)\s*5\s*(?:分|points?)?\s*[)\]]?")
_SCORE = re.compile(r"([1-5])(?:\.0{1,9})?\s*(?:分|points?|/\s*5|out of 5)?", re.IGNORECASE)
_FIRST_NUMBER = re.compile(r"[^0-9]{0,60}?(-?\d{1,9}(?:\.\d{1,9})?)\s*(?:/\s*(\d+))?")
_LONGEST = 200_000


@dataclass(frozen=True)
class Judgement:
    """Scores of one answer by one judge.

    Parameters
    ----------
    outcome : {"answered", "refused", "dont_know", "unparseable", "no_reply"}
        "answered" where at least one dimension could be read.
    naturalness, style, consistency : int or None
        From 1 to 5; None where this dimension could not be read.
    note : str
    """

    outcome: Outcome
    naturalness: int | None = None
    style: int | None = None
    consistency: int | None = None
    note: str = ""

    @property
    def scores(self) -> dict[str, int | None]:
        """Score of each dimension."""
        return dict(zip(DIMENSIONS, (self.naturalness, self.style, self.consistency), strict=True))


def read_judge(reply: str) -> Judgement:
    """Read naturalness, style match and consistency, each on its own.

    A score is a whole number from 1 to 5; anything else is unreadable for its dimension only.

    Parameters
    ----------
    reply : str
        JSON or Markdown, in Chinese or English.

    Returns
    -------
    Judgement

    Examples
    --------
    >>> read_judge('{"对话自然度": {"评分": "4"}, "风格匹配度": 3, "访谈一致性": {"评分": 9}}')
    Judgement(outcome='answered', naturalness=4, style=3, consistency=None,
              note='not read: consistency')
    >>> read_judge("**Naturalness**: 4/5\\n**Style**: 3\\n**Consistency**: 5").scores
    {'naturalness': 4, 'style': 3, 'consistency': 5}
    """
    spoken = strip_thoughts(reply)
    if not spoken:
        return Judgement("no_reply", note="nothing but thoughts" if reply.strip() else "")
    found = find_json(spoken) if "{" in spoken or "｛" in spoken else None
    scores = _from_json(found.value, 0) if found is not None else {}
    if not scores:
        scores = _from_words(plain(spoken[:_LONGEST]))
    missing = [name for name in DIMENSIONS if scores.get(name) is None]
    if len(missing) == len(DIMENSIONS):
        return Judgement(kind_of_silence(plain(spoken[:2000]).casefold()) or "unparseable")
    note = f"not read: {', '.join(missing)}" if missing else ""
    naturalness, style, consistency = (scores.get(name) for name in DIMENSIONS)
    return Judgement("answered", naturalness, style, consistency, note)


def _from_json(value: Any, depth: int) -> dict[str, int | None]:
    """Return the dimensions that a JSON reply names; None where the score is no 1-5."""
    scores: dict[str, int | None] = {}
    if not isinstance(value, dict) or depth > 3:
        return scores
    for key, held in value.items():
        name = _NAMES.search(str(key))
        if name is not None and name.lastgroup is not None:
            scores[name.lastgroup] = _score(held)
    if not scores:
        for held in value.values():
            scores = scores or _from_json(held, depth + 1)
    return scores


def _score(value: Any) -> int | None:
    if isinstance(value, dict):
        members = {str(key).strip().lower(): held for key, held in value.items()}
        found = next((members[key] for key in _SCORE_KEYS if key in members), None)
        return None if isinstance(found, dict) else _score(found)
    if isinstance(value, bool) or value is None:
        return None
    read = _SCORE.fullmatch(plain(f"{value}"))
    return int(read[1]) if read else None


def _from_words(text: str) -> dict[str, int | None]:
    """Read the first number after each dimension's name, up to the next name."""
    text = _SCALE.sub(" ", text)
    names = list(_NAMES.finditer(text))
    found: dict[str, set[int | None]] = {}
    for place, name in enumerate(names):
        end = names[place + 1].start() if place + 1 < len(names) else len(text)
        number = _FIRST_NUMBER.match(text, name.end(), end)
        if number is not None and name.lastgroup is not None:
            of_five = number[2] in (None, "5")
            found.setdefault(name.lastgroup, set()).add(_score(number[1]) if of_five else None)
    return {name: next(iter(read)) if len(read) == 1 else None for name, read in found.items()}
