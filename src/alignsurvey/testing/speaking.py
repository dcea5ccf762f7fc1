"""How a population's answer is spoken: letter and text, shares, stances, judges; and its tokens."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from alignsurvey.testing.prompts import Asked, Form

__all__ = ["first_token_log_probabilities", "speak", "tokens_of"]

_TOKEN = re.compile(r" ?[A-Za-z]+| ?\d{1,3}|\s|[^\sA-Za-z\d]")
_TALK = {
    False: ("Well, that depends on the day.", "I would say so, yes.", "Not really, to be honest."),
    True: ("这个要看情况吧。", "我觉得还可以。", "说实话不太好。"),
}
_REASON = {False: "That fits what is known of this person.", True: "这与该受访者的情况相符。"}
_VALUES = {False: ("2", "3", "4", "employed"), True: ("2", "3", "4", "在业")}
_JUDGES = {
    False: (("naturalness", "style", "consistency"), "score", "reason", "It reads like talk."),
    True: (("对话自然度", "风格匹配度", "访谈一致性"), "评分", "理由", "像日常说话。"),
}
_VARIANTS = (("{}", 0.9), (" {}", 0.07), ("{}.", 0.02), (" {}.", 0.01))
"""Ways in which a model writes a label as its first token, with their shares of its mass."""
_OTHERS = ("The", "I", "**", "Option", "Based")


def speak(
    asked: Asked,
    shares: Sequence[float],
    chance: float,
    *,
    constraint: Sequence[str] | Mapping[str, Any] | None = None,
) -> tuple[str, int]:
    """Write an answer in the form that a prompt wants.

    Parameters
    ----------
    asked : Asked
    shares : sequence of float
        Of the options, in the order shown.
    chance : float
        Uniform in [0, 1): which answer is drawn.
    constraint : sequence of str, or a JSON schema, optional
        What the reply must be one of, or look like.

    Returns
    -------
    text : str
    place : int
        Of the option that was drawn; -1 where there are none, or none is drawn.

    Examples
    --------
    >>> asked = Asked(Form.CHOICE, "Happy?", (("A", "yes"), ("B", "no")), (), False, False)
    >>> speak(asked, (0.3, 0.7), 0.5)
    ('B. no', 1)
    >>> speak(asked._replace(form=Form.SHARES), (0.3, 0.7), 0.5)
    ('{"yes": 30.0, "no": 70.0}', -1)
    >>> speak(asked, (0.3, 0.7), 0.5, constraint=["A", "B"])
    ('B', 1)
    """
    place = _drawn(shares, chance) if asked.options else -1
    if constraint and place >= 0 and asked.form not in (Form.SHARES, Form.JUDGE):
        return _constrained(asked, place, constraint), place
    if asked.form is Form.SHARES:
        names = [label if asked.by_label else text for label, text in asked.options]
        return json.dumps(dict(zip(names, _percent(shares), strict=True)), ensure_ascii=False), -1
    if asked.form is Form.CHOICE or asked.form is Form.CHOICES:
        return "{}. {}".format(*asked.options[place]), place
    if asked.form is Form.STANCE:
        reply = {"predict": asked.options[place][1], "reason": _REASON[asked.is_chinese]}
        return json.dumps(reply, ensure_ascii=False), place
    if asked.form is Form.JUDGE:
        return _judged(asked.is_chinese, chance), -1
    said = (_VALUES if asked.form is Form.VALUE else _TALK)[asked.is_chinese]
    return said[int(chance * len(said))], -1


def _drawn(shares: Sequence[float], chance: float) -> int:
    reached = 0.0
    for place, share in enumerate(shares):
        reached += share
        if chance < reached:
            return place
    # The shares' sum may miss 1 by rounding; an option of share 0 must not profit.
    return max(place for place, share in enumerate(shares) if share > 0)


def _percent(shares: Sequence[float]) -> list[float]:
    """Percent with one decimal that sum to 100: the largest remainders are rounded up."""
    floors = [math.floor(share * 1000) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda k: floors[k] - shares[k] * 1000)
    for k in by_remainder[: 1000 - sum(floors)]:
        floors[k] += 1
    return [floor / 10 for floor in floors]


def _judged(is_chinese: bool, chance: float) -> str:
    names, score, reason, words = _JUDGES[is_chinese]
    drawn = int(chance * 125)
    scores = (1 + drawn // 25, 1 + drawn // 5 % 5, 1 + drawn % 5)
    reply = {name: {score: one, reason: words} for name, one in zip(names, scores, strict=True)}
    return json.dumps(reply, ensure_ascii=False)


def _constrained(asked: Asked, place: int, constraint: Sequence[str] | Mapping[str, Any]) -> str:
    label, text = asked.options[place]
    if not isinstance(constraint, Mapping):
        return _matching(label, text, constraint)
    reply: dict[str, Any] = {}
    for name, schema in constraint.get("properties", {}).items():
        choices = schema.get("enum")
        reply[name] = _matching(label, text, choices) if choices else _REASON[asked.is_chinese]
    return json.dumps(reply, ensure_ascii=False)


def _matching(label: str, text: str, choices: Sequence[str]) -> str:
    meant = (label, text, f"{label}. {text}")
    return next((choice for choice in choices if choice in meant), choices[0])


def tokens_of(text: str) -> list[str]:
    """Cut a text into pieces as a tokenizer might; joined they give the text again.

    Examples
    --------
    >>> tokens_of("B. partly so")
    ['B', '.', ' partly', ' so']
    """
    return _TOKEN.findall(text)


def first_token_log_probabilities(
    labels: Sequence[str], shares: Sequence[float], outside_share: float, *, whole: bool = True
) -> list[tuple[str, float]]:
    """Give the most likely first tokens of an answer and their natural log-probabilities.

    Parameters
    ----------
    labels : sequence of str
    shares : sequence of float
    outside_share : float
        Mass on tokens that begin no label.
    whole : bool
        Whether a label such as "10" or "AA" is one token; otherwise its first sign is.

    Returns
    -------
    list of (token, log-probability)
        Most likely first. The probabilities sum to 1.

    Examples
    --------
    >>> pairs = first_token_log_probabilities(["A", "B"], [0.25, 0.75], 0.1)
    >>> [(token, round(math.exp(one), 3)) for token, one in pairs[:3]]
    [('B', 0.608), ('A', 0.202), ('The', 0.05)]
    """
    mass: dict[str, float] = {}
    for label, share in zip(labels, shares, strict=True):
        first = label if whole else label[0]
        for form, part in _VARIANTS:
            token = form.format(first)
            mass[token] = mass.get(token, 0.0) + share * part * (1 - outside_share)
    for place, token in enumerate(_OTHERS):
        mass[token] = outside_share * 2.0 ** -min(place + 1, len(_OTHERS) - 1)
    pairs = [(token, math.log(share)) for token, share in mass.items() if share > 0]
    return sorted(pairs, key=lambda pair: -pair[1])
