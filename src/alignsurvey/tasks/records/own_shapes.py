"""The shapes of prompts that this library's own templates write, in English and Chinese."""

from __future__ import annotations

import re
from typing import Any

from alignsurvey.tasks.records.answers import read_answer, read_stance
from alignsurvey.tasks.records.dialogue import Joints, read_turns, write_turns
from alignsurvey.tasks.records.nouns import (
    InterviewRecord,
    Layout,
    Option,
    Record,
    RoleRecord,
    StanceRecord,
    Turn,
)
from alignsurvey.tasks.records.options import read_lettered
from alignsurvey.tasks.records.profiles import read_pairs, write_pairs

SPEAKERS = (
    "采访者", "受访者", "访谈员", "提问", "回答", "Interviewer", "Interviewee", "Respondent",
    "interviewer", "interviewee", "respondent",
)  # fmt: skip
OWN_ROLE = re.compile(
    r"(?P<head>.*?(?:Here is one part of an interview(?: \((?P<theme_en>[^\n]*)\))?\.|"
    r"以下是一段访谈(?:（(?P<theme_zh>[^\n]*)）)?。)\n\n)(?P<dialogue>.*)"
    r"(?P<ask>\n\n(?:What is this respondent's \"|这位受访者的“))(?P<field>[^\n]+?)"
    r"(?P<mark>\"\?|”是什么？)(?P<tail>\n.*)",
    re.DOTALL,
)
OWN_INTERVIEW = re.compile(
    r"(?P<head>(?:.*?\n)?(?:About you:|关于你：)\n)(?P<profile>.*?)"
    r"(?P<before>(?:\n\n(?:What has been said so far:|此前的对话：)\n(?=(?P<dialogue>.*)\n\n"
    r"(?:The interviewer now asks|访谈员现在问)))?)"
    r"(?(dialogue)(?P=dialogue))"
    r"(?P<ask>\n\n(?:The interviewer now asks|访谈员现在问))(?: \((?P<theme_en>[^\n]*)\)|"
    r"（(?P<theme_zh>[^\n]*)）)?(?P<colon>[:：]\n)(?P<question>.*)"
    r"(?P<tail>\n\n(?:Reply with your answer alone|请只写你的回答)[^\n]*)",
    re.DOTALL,
)
OWN_STANCE = re.compile(
    r"(?P<head>(?:.*?\n)?(?:About the respondent:|关于受访者：)\n)(?P<profile>.*?)"
    r"(?P<ask>(?:\n\n(?:From the interview:|访谈内容：)\n(?P<dialogue>.*))?\n\n"
    r"(?:Which stance does this respondent take on \"|这位受访者对“))(?P<theme>[^\n]*)"
    r"(?P<mark>\"\?\n|”持哪种态度？\n)(?P<options>.*?)(?P<tail>\n\n[^\n]*\"predict\".*)",
    re.DOTALL,
)


def read_own_role(match: re.Match[str], columns: dict[str, Any]) -> Record:
    """Read a role record: dialogue, field, and options on lines of their own if it has any."""
    turns, joints, colon = read_speech(match["dialogue"])
    block = match["tail"].strip("\n").split("\n\n")[0]
    options = _texts(read_lettered(block)[2] if block else ())
    answers, mended = read_answer(columns["output"], options, whole_lists=True)
    theme = match["theme_en"] or match["theme_zh"] or columns["theme"]
    frame = tuple(match[part] for part in ("head", "ask", "mark", "tail"))
    return RoleRecord(
        **{**columns, "theme": theme}, dialogue=turns, field=match["field"], options=options,
        answers=answers, repairs=tuple(mended),
        layout=Layout(("own", *frame), turns=joints, colon=colon),
    )  # fmt: skip


def write_own_role(record: Record) -> str:
    """Write a role record's prompt again."""
    assert isinstance(record, RoleRecord)
    _, head, ask, mark, tail = record.layout.frame
    dialogue = write_turns(record.dialogue, record.layout.turns, record.layout.colon)
    return head + dialogue + ask + record.field + mark + tail


def read_own_interview(match: re.Match[str], columns: dict[str, Any]) -> Record:
    """Read an interview record: profile on lines, earlier utterances if there are, question."""
    profile, separator, mended = read_pairs(match["profile"])
    turns, joints, colon = read_speech(match["dialogue"] or "")
    theme = match["theme_en"] or match["theme_zh"]
    parts = [match[part] for part in ("head", "before", "ask", "colon", "tail")]
    return InterviewRecord(
        **{**columns, "theme": theme or columns["theme"]}, profile=profile, dialogue=turns,
        question=match["question"], answers=(columns["output"],), repairs=tuple(mended),
        layout=Layout(("own", *parts, "theme" if theme else ""), separator, "", joints, colon),
    )  # fmt: skip


def write_own_interview(record: Record) -> str:
    """Write an interview record's prompt again."""
    _, head, before, ask, colon, tail, themed = record.layout.frame
    brackets = ("（", "）") if colon.startswith("：") else (" (", ")")
    theme = record.theme.join(brackets) if themed else ""
    dialogue = write_turns(record.dialogue, record.layout.turns, record.layout.colon)
    profile = write_pairs(record.profile, record.layout.pair)
    return head + profile + before + dialogue + ask + theme + colon + record.question + tail


def read_own_stance(match: re.Match[str], columns: dict[str, Any]) -> Record:
    """Read a stance record: profile on lines, the interview if it is shown, theme, options."""
    profile, separator, mended = read_pairs(match["profile"])
    turns, joints, colon = read_speech(match["dialogue"] or "")
    options = _texts(read_lettered(match["options"])[2])
    answers, reason, slips = read_stance(columns["output"], options)
    asked = (match["ask"] + match["theme"] + match["mark"]).rstrip("\n")
    tail = match["mark"] + match["options"] + match["tail"]
    return StanceRecord(
        **{**columns, "theme": match["theme"]}, profile=profile, dialogue=turns, options=options,
        answers=answers, reason=reason, question=asked.rpartition("\n")[2],
        repairs=(*mended, *slips),
        layout=Layout((match["head"], match["ask"], tail), separator, ". ", joints, colon),
    )  # fmt: skip


def is_own(record: Record) -> bool:
    """Whether a role or interview record was read from a prompt of our templates."""
    return record.layout.frame[:1] == ("own",)


def read_speech(text: str) -> tuple[tuple[Turn, ...], Joints, str]:
    """Read a dialogue whose speakers have known names, or any: who begins lines with a name."""
    found = read_turns(text, SPEAKERS)
    if found[0]:
        return found
    names = dict.fromkeys(re.findall(r"^([^:：\n]{1,40})[:：] ?", text, re.MULTILINE))
    return read_turns(text, tuple(names)) if names else ((), (), "")


def _texts(options: tuple[Option, ...]) -> tuple[Option, ...]:
    """Options without letters: our labels of roles and stances are texts, which is no slip."""
    return tuple(Option("", option.text) for option in options)
