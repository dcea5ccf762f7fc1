"""The shapes of the released prompts: which task a prompt is, and its parts; both ways."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from alignsurvey.tasks.records.answers import read_answer, read_stance
from alignsurvey.tasks.records.dialogue import read_turns, write_turns
from alignsurvey.tasks.records.faults import Fault, Mend, RowError
from alignsurvey.tasks.records.nouns import (
    InterviewRecord,
    Layout,
    Option,
    Record,
    ResponseGroupRow,
    ResponseRecord,
    RoleRecord,
    StanceGroupRow,
    StanceRecord,
)
from alignsurvey.tasks.records.options import (
    read_lettered,
    read_listed,
    write_lettered,
    write_listed,
)
from alignsurvey.tasks.records.own_shapes import (
    OWN_INTERVIEW,
    OWN_ROLE,
    OWN_STANCE,
    is_own,
    read_own_interview,
    read_own_role,
    read_own_stance,
    read_speech,
    write_own_interview,
    write_own_role,
)
from alignsurvey.tasks.records.profiles import (
    read_mapping,
    read_pairs,
    write_mapping,
    write_pairs,
)
from alignsurvey.tasks.replies import STANCES, read_shares

_SPEAKERS = ("采访者", "受访者", "提问", "回答", "Interviewer", "Interviewee")
_ROLE = re.compile(
    r"(?P<head>.*?==访谈对话==\n)(?P<dialogue>.*?)"
    r"(?P<ask>\n\n?请根据对话内容，预测被访者的\s*[“\"])(?P<field>[^”\"\n]+)(?P<mark>[”\"][^\n]*)"
    r"(?:(?P<list>\n可选值[：:])(?P<options>[^\n]*?)(?=[。.]?(?:\n|\Z)))?(?P<tail>.*)",
    re.DOTALL,
)
_INTERVIEW = re.compile(
    r"(?P<head>.*?==你的背景==\n)(?P<profile>.*)(?P<before>\n\n==先前对话==\n)(?P<dialogue>.*)"
    r"(?P<ask>\n\n==当前问题==\n)(?P<question>.*)(?P<tail>\n\n请输出你的回答.*?)",
    re.DOTALL,
)
_WINDOW = re.compile(
    r"(?P<head>Based on the following dialogue context, generate the next response\.\n)"
    r"(?P<dialogue>.*)",
    re.DOTALL,
)
_STANCE = re.compile(
    r"(?P<head>.*?背景信息[：:]\n)(?P<profile>.*)(?P<ask>\n\n请判断受访者对)(?P<theme>[^\n]*?)"
    r"(?P<tail>的倾向，并.*)",
    re.DOTALL,
)
_STANCE_LABELS = re.compile(r"predict字段从(?P<labels>.*?)中选择", re.DOTALL)
_RESPONSE = re.compile(
    r"(?P<head>.*?(?:个人背景|的背景|关于你|personal background|background|About you)[：:。]\n)"
    r"(?P<profile>.*)(?P<ask>\n[ \t]*(?:问卷问题|问卷的问题|"
    r"(?i:survey question|the survey asks|question))[：:]\n)(?P<body>.*)",
    re.DOTALL,
)
_GROUP = re.compile(
    # What is asked for at the end tells groups from persons.
    r"(?=.*\n[ \t]*(?:请|(?i:please|give|state))[^\n]*"
    r"(?:百分比|比例|(?i:percent|share))[^\n]*\s*\Z)" + _RESPONSE.pattern,
    re.DOTALL,
)
_CLOSING = re.compile(
    r"\n[ \t]*(?:请|(?i:please|give|state|your answer|answer|reply with)|你的回答|答案)[^\n]*\s*\Z"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of prompt.

    Parameters
    ----------
    pattern : re.Pattern
        Matches the whole prompt of this shape.
    read : callable
        Makes the record from the match and the row's own columns.
    write : callable
        Writes the record's prompt again.
    is_own : bool
        Whether it writes what only our own templates write.
    """

    pattern: re.Pattern[str]
    kind: type[Record]
    read: Callable[[re.Match[str], dict[str, Any]], Record]
    write: Callable[[Record], str]
    is_own: bool = False


def shape_of(prompt: str) -> tuple[Shape, re.Match[str]] | None:
    """Find the shape of a prompt, by its headings; None if it is of no known task."""
    for shape in SHAPES:
        if match := shape.pattern.fullmatch(prompt):
            return shape, match
    return None


def read_prompt(prompt: str, columns: dict[str, Any]) -> Record:
    """Read a prompt and its answer back into a record.

    Parameters
    ----------
    prompt : str
        Instruction and input.
    columns : dict
        Fields that do not come from the prompt: ``row``, ``instruction``, ``output``, ….

    Raises
    ------
    RowError
        It is of no known task, or a part of it cannot be read.
    """
    found = shape_of(prompt)
    if found is None:
        raise RowError(Fault.UNKNOWN_SHAPE, "its prompt is of no known task")
    shape, match = found
    record = shape.read(match, columns)
    if not record.repairs and shape.write(record) != prompt:
        record = replace(record, repairs=(Mend.LAYOUT,))
    return record


def render(record: Record) -> str:
    r"""Write a record's prompt (instruction and input) from its parts.

    It equals `Record.prompt` wherever nothing was mended.

    Examples
    --------
    >>> prompt = "Your personal background:\nage: 40\n\nSurvey question:\nHappy?\nA. yes\nB. no"
    >>> record = read_prompt(prompt, {"row": 1, "instruction": prompt, "output": "B. no"})
    >>> render(record) == prompt
    True
    """
    windowed = isinstance(record, InterviewRecord) and not record.profile and not record.question
    for shape in SHAPES:
        fits = is_own(record) == shape.is_own and (shape.pattern is _WINDOW) == windowed
        if shape.kind is type(record) and fits:
            return shape.write(record)
    raise RowError(Fault.UNKNOWN_SHAPE, "the record is of no known task")


def _read_role(match: re.Match[str], columns: dict[str, Any]) -> Record:
    turns, joints, colon = read_turns(match["dialogue"], _SPEAKERS)
    options = read_listed(match["options"] or "")
    answers, mended = read_answer(columns["output"], options, whole_lists=True)
    frame = (match["head"], match["ask"], match["mark"] + (match["list"] or ""), match["tail"])
    return RoleRecord(
        **columns, dialogue=turns, field=match["field"], options=options, answers=answers,
        repairs=tuple(mended), layout=Layout(frame, turns=joints, colon=colon),
    )  # fmt: skip


def _write_role(record: Record) -> str:
    assert isinstance(record, RoleRecord)
    head, ask, mark, tail = record.layout.frame
    dialogue = write_turns(record.dialogue, record.layout.turns, record.layout.colon)
    return head + dialogue + ask + record.field + mark + write_listed(record.options) + tail


def _read_interview(match: re.Match[str], columns: dict[str, Any]) -> Record:
    profile, mended = read_mapping(match["profile"])
    turns, joints, colon = read_turns(match["dialogue"], _SPEAKERS, mid_line=True)
    frame = tuple(match[part] for part in ("head", "before", "ask", "tail"))
    return InterviewRecord(
        **columns, profile=profile, dialogue=turns, question=match["question"],
        answers=(columns["output"],), repairs=tuple(mended),
        layout=Layout(frame, turns=joints, colon=colon),
    )  # fmt: skip


def _write_interview(record: Record) -> str:
    head, before, ask, tail = record.layout.frame
    dialogue = write_turns(record.dialogue, record.layout.turns, record.layout.colon)
    return head + write_mapping(record.profile) + before + dialogue + ask + record.question + tail


def _read_window(match: re.Match[str], columns: dict[str, Any]) -> Record:
    turns, joints, colon = read_speech(match["dialogue"])
    return InterviewRecord(
        **columns, dialogue=turns, answers=(columns["output"],),
        layout=Layout((match["head"],), turns=joints, colon=colon),
    )  # fmt: skip


def _write_window(record: Record) -> str:
    layout = record.layout
    return layout.frame[0] + write_turns(record.dialogue, layout.turns, layout.colon)


def _read_stance(match: re.Match[str], columns: dict[str, Any]) -> Record:
    profile, separator, mended = read_pairs(match["profile"])
    labels = _STANCE_LABELS.search(match["tail"])
    found = re.findall(r"[\"“”']([^\"“”']+)[\"“”']", labels["labels"]) if labels else []
    options = tuple(Option("", label) for label in found)
    answers, reason, answer_mended = read_stance(columns["output"], options)
    columns = {**columns, "theme": match["theme"]}
    return StanceRecord(
        **columns, profile=profile, options=options, answers=answers, reason=reason,
        question=(match["ask"] + match["theme"] + match["tail"]).split("\n")[2],
        repairs=(*mended, *answer_mended),
        layout=Layout(tuple(match[part] for part in ("head", "ask", "tail")), pair=separator),
    )  # fmt: skip


def _write_stance(record: Record) -> str:
    head, ask, tail = record.layout.frame
    return head + write_pairs(record.profile, record.layout.pair) + ask + record.theme + tail


def _closed_question(match: re.Match[str]) -> tuple[dict[str, Any], list[Mend]]:
    """Read profile, question and options of a closed question."""
    profile, separator, mended = read_pairs(match["profile"].rstrip("\n"))
    spare = match["profile"][len(match["profile"].rstrip("\n")) :]
    body = match["body"]
    closing = _CLOSING.search(body)
    asked, tail = (body[: closing.start()], closing[0]) if closing else (body, "")
    stripped = asked.rstrip()
    tail = asked[len(stripped) :] + tail
    question, between, options, mark, option_mended = read_lettered(stripped)
    if not options:
        raise RowError(Fault.NO_OPTIONS, "its prompt has no lettered options below the question")
    frame = (match["head"], spare + match["ask"], between, tail)
    layout = Layout(frame, pair=separator, option=mark)
    parts = {"profile": profile, "question": question, "options": options, "layout": layout}
    return parts, [*mended, *option_mended]


def _read_response(match: re.Match[str], columns: dict[str, Any]) -> Record:
    parts, mended = _closed_question(match)
    answers, answer_mended = read_answer(columns["output"], parts["options"])
    return ResponseRecord(**columns, **parts, answers=answers, repairs=(*mended, *answer_mended))


def _read_group(match: re.Match[str], columns: dict[str, Any]) -> Record:
    parts, mended = _closed_question(match)
    read = read_shares(columns["output"], parts["options"])
    if read.shares is None:
        what = f"its shares cannot be read ({read.note or read.outcome})"
        raise RowError(Fault.OUTSIDE_OPTIONS, what)
    texts = {option.text for option in parts["options"]}
    stances = any(texts == set(own) for own in zip(*STANCES, strict=True))
    kind = StanceGroupRow if stances else ResponseGroupRow
    return kind(**columns, **parts, shares=read.shares, repairs=tuple(mended))


def _write_response(record: Record) -> str:
    head, ask, between, tail = record.layout.frame
    profile = write_pairs(record.profile, record.layout.pair)
    options = write_lettered(record.options, record.layout.option)
    return head + profile + ask + record.question + between + options + tail


SHAPES = (
    Shape(_ROLE, RoleRecord, _read_role, _write_role),
    Shape(_INTERVIEW, InterviewRecord, _read_interview, _write_interview),
    Shape(_WINDOW, InterviewRecord, _read_window, _write_window),
    Shape(_STANCE, StanceRecord, _read_stance, _write_stance),
    Shape(OWN_ROLE, RoleRecord, read_own_role, write_own_role, is_own=True),
    Shape(OWN_INTERVIEW, InterviewRecord, read_own_interview, write_own_interview, is_own=True),
    Shape(OWN_STANCE, StanceRecord, read_own_stance, _write_stance),
    Shape(_GROUP, StanceGroupRow, _read_group, _write_response),
    Shape(_GROUP, ResponseGroupRow, _read_group, _write_response),
    Shape(_RESPONSE, ResponseRecord, _read_response, _write_response),
)
"""Told apart by their headings, groups before persons; the first that matches counts."""
