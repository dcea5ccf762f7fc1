"""What can become of a question, and how a refusal and a don't-know are recognised."""

from __future__ import annotations

import re
from typing import Literal

Outcome = Literal["answered", "refused", "dont_know", "unparseable", "no_reply"]
OUTCOMES: tuple[Outcome, ...] = ("answered", "refused", "dont_know", "unparseable", "no_reply")

_DONT_KNOW = re.compile(
    r"\b(?:i )?(?:do not|don't|dont) (?:really )?know\b|\b(?:i am|i'm) (?:not sure|unsure)\b"
    r"|\b(?:not sure|no idea|no opinion|can't say|cannot say|can't choose|hard to say|unsure)\b"
    r"|不知道|不清楚|不了解|说不清|说不准|不好说|没有?想法|不确定|难以确定|难说"
)
_REFUSED = re.compile(
    r"\bas an? (?:ai|language model|artificial intelligence)\b"
    r"|\b(?:i|we) (?:can't|cannot|can not|am unable to|am not able to|won't|will not|do not want to"
    r"|don't want to|must decline to) (?:\w+ )?(?:answer|provide|respond|determine|predict|choose"
    r"|select|judge|assess|help|assist|comply|give|simulate|comment|discuss|participate|share)\b"
    r"|\b(?:i (?:must )?(?:decline|refuse)|unable to (?:answer|provide|determine|predict))\b"
    r"|\b(?:prefer not to|refuse to|decline to) (?:answer|say)\b|\brefused\b|\bno answer\b"
    r"|作为(?:一个|一名)?(?:人工智能|ai|语言模型|大模型)"
    r"|(?:我)?(?:无法|不能|不便|不愿|不想|不会)(?:意|给出|进行|做出|作出|对此|准确|直接|为您)*"
    r"(?:回答|判断|作答|提供|预测|透露|确定|得出|选择|评价)|拒绝(?:回答|作答)?|拒答"
)


def kind_of_silence(text: str) -> Outcome | None:
    """Say whether a text refuses to answer or says that the answer is not known.

    Parameters
    ----------
    text : str
        In lower case, with straight apostrophes.

    Returns
    -------
    {"refused", "dont_know"} or None

    Examples
    --------
    >>> kind_of_silence("对不起，我无法回答。"), kind_of_silence("i don't know")
    ('refused', 'dont_know')
    >>> kind_of_silence("满意") is None
    True
    """
    if _REFUSED.search(text):
        return "refused"
    return "dont_know" if _DONT_KNOW.search(text) else None
