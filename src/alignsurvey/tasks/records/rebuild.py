"""Task 1 rebuilt from Task 2: a segment's questions and answers are the role task's dialogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from alignsurvey.errors import InputError, nearest
from alignsurvey.survey.orders import label_order
from alignsurvey.tasks.records.faults import quoted
from alignsurvey.tasks.records.nouns import (
    Attribute,
    InterviewRecord,
    Layout,
    Option,
    RoleRecord,
    Turn,
    attribute_text,
)
from alignsurvey.tasks.records.people import PersonKey, person_key
from alignsurvey.tasks.records.shapes import render

FIELD_GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "basic": ("性别", "年龄", "户籍状态", "职业类型", "最高教育程度"),
        "social": ("有房", "有车", "生活压力程度"),
        "family": ("家里人口数", "家庭成员关系", "家庭年收入", "家庭月消费主要支出项目"),
    }
)
"""The paper's three groups of target fields. Their sizes follow from the published table; which
field is in which group is inferred, so that it can be given anew wherever it is used."""

FIELDS = tuple(field for fields in FIELD_GROUPS.values() for field in fields)

RELEASED_OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"家庭年收入": ("5万以下", "5万-20万", "20万-50万", "50万-100万", "100万以上")}
)
"""The one option list that a released prompt prints; the others are not public."""

_FRAME = (
    "你是一名访谈问卷分析者，正在分析一个关于民众对共同富裕可感可知的调查访谈文本。\n\n==访谈对话==\n",
    "\n\n请根据对话内容，预测被访者的 “",
    "”。\n可选值：",
    "。\n\n请直接输出选项，不要其他解释文本。",
)
_ASKS, _TELLS = "采访者", "受访者"


def rebuild_role(
    interviews: Iterable[InterviewRecord],
    fields: Sequence[str] = FIELDS,
    options: Mapping[str, Sequence[str]] | None = None,
) -> list[RoleRecord]:
    r"""Rebuild the role task from interview rows.

    The released role files hold one field each, and one of twelve is public; the interview rows
    hold every dialogue and every profile. Joined by segment they give the released rows again.

    Parameters
    ----------
    interviews : iterable of InterviewRecord
        All rows of their segments, in order.
    fields : sequence of str
        Attributes of the profile that are to be told. Whoever lacks one has no row for it.
    options : mapping of str to sequence of str, optional
        Options of fields, in the order to be shown. Fields without an entry take those of
        `field_options`.

    Returns
    -------
    list of RoleRecord
        Field by field, segments in the order of the rows.

    Raises
    ------
    InputError
        No profile has a field, or an answer is none of the options given.

    Examples
    --------
    >>> def said(question, answer):
    ...     return InterviewRecord(row=1, instruction="…", person=7, theme="问题1",
    ...         question=question, answers=(answer,), profile=(("有房", "有"), ("有车", "无")))
    >>> rebuilt = rebuild_role([said("住哪？", "城里。"), said("远吗？", "不远。")], ["有车"],
    ...                        {"有车": ["有", "无"]})
    >>> rebuilt[0].field, rebuilt[0].answer, [turn.text for turn in rebuilt[0].dialogue]
    ('有车', '无', ['住哪？', '城里。', '远吗？', '不远。'])
    """
    segments = list(_segments(interviews))
    everyone = [rows[0] for rows in segments]
    found = {name for one in everyone for name, _ in one.profile}
    if strange := [field for field in fields if field not in found]:
        raise InputError(f"no interview has the field '{strange[0]}'; {nearest(strange[0], found)}")
    shown = {**field_options(everyone, fields), **(options or {})}
    rebuilt: list[RoleRecord] = []
    for field in fields:
        for rows in segments:
            values = dict(rows[0].profile)
            if field in values:
                row = len(rebuilt) + 1
                rebuilt.append(_role(rows, row, field, values[field], shown[field]))
    return rebuilt


def field_options(
    interviews: Iterable[InterviewRecord], fields: Sequence[str] = FIELDS
) -> dict[str, tuple[str, ...]]:
    """List the options of the role fields: as released, else the answers that occur.

    Answers that occur come in a known order from low to high if there is one, else in that of
    their signs, so that the list depends on who is among the interviews and not on their order.
    Take it from everybody, before a split.

    Examples
    --------
    >>> one = InterviewRecord(row=1, instruction="…", profile=(("家里人口数", 3),))
    >>> two = InterviewRecord(row=2, instruction="…", profile=(("家里人口数", 2),))
    >>> field_options([one, two], ["家里人口数"])
    {'家里人口数': ('2', '3')}
    """
    seen: dict[str, dict[str, None]] = {field: {} for field in fields}
    for one in interviews:
        for name, value in one.profile:
            if name in seen:
                seen[name].update(dict.fromkeys(_answers(value)))
    return {field: RELEASED_OPTIONS.get(field) or _in_order(seen[field]) for field in fields}


def _in_order(labels: Iterable[str]) -> tuple[str, ...]:
    texts = sorted(labels)
    order = label_order(texts) if len(texts) > 1 else None
    return tuple(texts[place] for place in order) if order else tuple(texts)


def _segments(interviews: Iterable[InterviewRecord]) -> Iterator[list[InterviewRecord]]:
    found: dict[tuple[PersonKey | None, str], list[InterviewRecord]] = {}
    for one in interviews:
        # A window of the foundation corpus has neither; a released question may be empty.
        if one.question or one.profile:
            found.setdefault((person_key(one), one.theme), []).append(one)
    yield from found.values()


def _answers(value: Attribute) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (attribute_text(value),)


def _role(
    rows: Sequence[InterviewRecord], row: int, field: str, value: Attribute, options: Sequence[str]
) -> RoleRecord:
    answers = _answers(value)
    for answer in answers:
        if answer not in options:
            raise InputError(
                f"field '{field}': {quoted(answer)} (row {rows[0].row}) is none of the options; "
                "add it to them"
            )
    record = RoleRecord(
        row=row, instruction="", person=rows[0].person, theme=rows[0].theme, field=field,
        output=repr(list(value)) if isinstance(value, tuple) else attribute_text(value),
        dialogue=tuple(turn for one in rows for turn in (
            Turn(_ASKS, one.question), Turn(_TELLS, one.answer))),
        options=tuple(Option("", text) for text in options), answers=answers,
        layout=Layout(_FRAME),
        metadata=(("id", rows[0].person), ("question_key", rows[0].theme), ("field", field)),
    )  # fmt: skip
    return replace(record, instruction=render(record))
