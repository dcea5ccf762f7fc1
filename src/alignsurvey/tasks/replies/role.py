"""Read which attribute of a respondent a reply states: the twelve fields of role modelling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from alignsurvey.tasks.replies.choice import read_choice
from alignsurvey.tasks.replies.matching import Catalogue, catalogue
from alignsurvey.tasks.replies.options import Options
from alignsurvey.tasks.replies.outcomes import Outcome, kind_of_silence
from alignsurvey.tasks.replies.slips import find_json
from alignsurvey.tasks.replies.thoughts import strip_thoughts
from alignsurvey.tasks.replies.wording import LONGEST_REPLY, fold, plain, unwrapped

Kind = Literal["single", "list", "number"]


@dataclass(frozen=True)
class RoleField:
    """A field of role modelling: its names, what its answers are, and words for an option."""

    name: str
    english: str
    kind: Kind = "single"
    group: str = "Basic"
    same: tuple[tuple[str, str], ...] = ()


_OWN = (("没有", "无"),)
ROLE_FIELDS: dict[str, RoleField] = {
    field.name: field
    for field in (
        RoleField("性别", "gender", same=(("男性", "男"), ("女性", "女"))),
        RoleField("年龄", "age"),
        RoleField("户籍状态", "household registration"),
        RoleField("职业类型", "occupation type"),
        RoleField("最高教育程度", "education"),
        RoleField(
            "有房", "owns a home", group="Social", same=(("有房", "有"), ("无房", "无"), *_OWN)
        ),
        RoleField(
            "有车", "owns a car", group="Social", same=(("有车", "有"), ("无车", "无"), *_OWN)
        ),
        RoleField("生活压力程度", "life stress", group="Social"),
        RoleField("家里人口数", "household size", "number", "Family"),
        RoleField("家庭成员关系", "household members", "list", "Family"),
        RoleField("家庭年收入", "annual household income", group="Family"),
        RoleField("家庭月消费主要支出项目", "main monthly spending", "list", "Family"),
    )
}
"""The twelve fields by their Chinese names; groups are inferred from the published table."""

_NUMERALS = {numeral: value for value, numeral in enumerate("零一二三四五六七八九十")} | {"两": 2}
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
          "nine": 9, "ten": 10}  # fmt: skip
_DIGIT = r"\d{1,3}(?:\.0{1,3})?(?![\d.]*\d)|[零一二两三四五六七八九十]{1,3}"
_PEOPLE = re.compile(rf"(?<![\d.])({_DIGIT})\s*(?:口|个人|人|位|people\b|persons?\b|members?\b)")
_ANY_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,12})?")
_OPEN_END = re.compile(r"(\d{1,3})\s*(?:人|口|个)?\s*(?:及以上|以上|或以上|\+|or more|and more)")


@dataclass(frozen=True)
class RoleAnswer:
    """What a reply says about one field.

    Parameters
    ----------
    outcome : {"answered", "refused", "dont_know", "unparseable", "no_reply"}
    answer : tuple of str or None
        The options' texts, in the options' order; one but for list fields, where it may be empty.
    note : str
    """

    outcome: Outcome
    answer: tuple[str, ...] | None = None
    note: str = ""


def read_role(reply: str, field: str, options: Options, kind: Kind | None = None) -> RoleAnswer:
    """Read a respondent's attribute.

    Parameters
    ----------
    reply : str
        As the model wrote it, thoughts included.
    field : str
        Its Chinese name; any other is a field of one's own.
    options : tuple of (letter, text)
        Those of the prompt; a number can be read without.
    kind : {"single", "list", "number"}, optional
        Of a field of one's own; a single choice by default.

    Returns
    -------
    RoleAnswer

    Examples
    --------
    >>> members = (("", "父母"), ("", "配偶"), ("", "子女"))
    >>> read_role("['子女', '父母']", "家庭成员关系", members).answer
    ('父母', '子女')
    >>> size = tuple(("", text) for text in ("1", "2", "3", "4", "5", "6及以上"))
    >>> read_role("一家三口人", "家里人口数", size).answer
    ('3',)
    >>> read_role("7", "家里人口数", size).answer
    ('6及以上',)
    >>> read_role("3-4", "家里人口数", size).outcome
    'unparseable'
    """
    known = ROLE_FIELDS.get(field, RoleField(field, field, kind or "single"))
    spoken = strip_thoughts(reply)
    if not spoken:
        return RoleAnswer("no_reply", note="nothing but thoughts" if reply.strip() else "")
    if len(spoken) > LONGEST_REPLY:
        return RoleAnswer("unparseable", note=f"longer than {LONGEST_REPLY} characters")
    if known.kind == "number":
        return _number(spoken, options, least=1 if field in ROLE_FIELDS else 0)
    if not options:
        return RoleAnswer("unparseable", note="no options known")
    if known.kind == "list":
        return _list(spoken, options)
    return _single(spoken, known, options)


def _single(spoken: str, field: RoleField, options: Options) -> RoleAnswer:
    said = dict(field.same).get(fold(spoken))
    choice = read_choice(said or spoken, options)
    answer = None if choice.index is None else (options[choice.index][1],)
    return RoleAnswer(choice.outcome, answer, choice.note)


def _number(spoken: str, options: Options, least: int) -> RoleAnswer:
    text = plain(spoken)
    known = catalogue(options)
    whole = known.whole(text)
    if whole.index is not None:
        return RoleAnswer("answered", (options[whole.index][1],))
    sizes = _sizes(text)
    if len(sizes) != 1:
        silence = kind_of_silence(text.casefold()) if not sizes else None
        return RoleAnswer(silence or "unparseable", note="two numbers" if sizes else "no number")
    size = sizes.pop()
    if size < least:
        nobody = size == 0
        note = "a household of nobody" if nobody else "no whole number from 0 up"
        return RoleAnswer("unparseable", note=note)
    if not options:
        return RoleAnswer("answered", (f"{size}",))
    place = _bracket(size, known)
    if place is None:
        return RoleAnswer("unparseable", note="a number of no option")
    return RoleAnswer("answered", (options[place][1],))


def _sizes(text: str) -> set[int]:
    """Return the numbers of people a text names: those before a counter, else all of them."""
    counted = {_value(found[1]) for found in _PEOPLE.finditer(text)}
    written = [float(found[0]) for found in _ANY_NUMBER.finditer(text)]
    digits = {int(value) if value == int(value) else -1 for value in written}
    if counted:
        return counted | {value for value in digits if value not in counted}
    if digits:
        return digits if len(written) == 1 else {*digits, -1}
    bare = unwrapped(text).casefold()
    if re.fullmatch("[零一二两三四五六七八九十]{1,3}", bare):
        return {_value(bare)}
    return {_WORDS[bare]} if bare in _WORDS else set()


def _value(numeral: str) -> int:
    if numeral[0].isdigit():
        return int(float(numeral))
    if "十" in numeral:
        tens, _, ones = numeral.partition("十")
        return _NUMERALS.get(tens, 1) * 10 + (_NUMERALS.get(ones, 0) if ones else 0)
    return _NUMERALS[numeral] if len(numeral) == 1 else -1


def _bracket(size: int, known: Catalogue) -> int | None:
    exact = known.texts.get(fold(str(size)))
    if exact is not None:
        return exact
    for place, text in enumerate(known.folded):
        found = _OPEN_END.search(text)
        if found and size >= int(found[1]):
            return place
        counted = _sizes(text) if not found else set()
        if counted == {size}:
            return place
    return None


def _list(spoken: str, options: Options) -> RoleAnswer:
    known = catalogue(options)
    items = _items(spoken, known)
    places: set[int] = set()
    for item in items:
        whole = known.whole(item)
        if whole.index is None:
            silence = kind_of_silence(plain(spoken).casefold())
            return RoleAnswer(silence or "unparseable", note="an item that is no option")
        places.add(whole.index)
    return RoleAnswer("answered", tuple(options[place][1] for place in sorted(places)))


def _items(spoken: str, known: Catalogue) -> list[str]:
    """Split a list as coarsely as its items are options: an option may hold a comma or "and"."""
    for items in ([spoken], spoken.splitlines(), re.split("[,，、;；]", spoken)):
        found = [item for item in items if item.strip()]
        if found and all(known.whole(item).index is not None for item in found):
            return found
    return list_items(spoken)


def list_items(spoken: str) -> list[str]:
    """Split a list: JSON, or items set apart by commas, line ends or 和.

    Examples
    --------
    >>> list_items("['父母', '配偶']"), list_items("父母、配偶和子女")
    (['父母', '配偶'], ['父母', '配偶', '子女'])
    """
    found = find_json(spoken) if any(mark in spoken for mark in "[{［｛") else None
    if found is not None and not re.sub(r"[\s。.,;:，；：]", "", found.before + found.after):
        value = found.value
        if isinstance(value, dict) and len(value) == 1:
            value = next(iter(value.values()))
        if isinstance(value, list):
            return [str(item) for item in value]
        if isinstance(value, str):
            return _split(value)
    return _split(spoken)


def _split(text: str) -> list[str]:
    text = re.sub(r"^[^:\n]{1,30}:\s*", "", plain(text))
    parts, depth, start = [], 0, 0
    for mark in re.finditer(r"[([{]|[)\]}]|[、,;\n和]|\band\b|以及", text):
        if mark[0] in "([{":
            depth += 1
        elif mark[0] in ")]}":
            depth = max(0, depth - 1)
        elif depth == 0:
            parts.append(text[start : mark.start()])
            start = mark.end()
    parts.append(text[start:])
    return [part for part in (piece.strip(" \"'。.") for piece in parts) if part]
