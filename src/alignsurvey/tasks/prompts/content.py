"""What goes into a prompt, cleaned: missing is left out, whole numbers are printed whole."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from alignsurvey.errors import InputError, nearest
from alignsurvey.tasks.queries import Shown, Task, letters

CONTENT: Mapping[Task, tuple[str, ...]] = {
    Task.ROLE: ("setting", "theme", "dialogue", "field", "options", "several"),
    Task.INTERVIEW: ("setting", "theme", "profile", "dialogue", "question"),
    Task.STANCE: ("setting", "theme", "profile", "dialogue", "options"),
    Task.STANCE_GROUP: ("setting", "theme", "group", "n", "options"),
    Task.RESPONSE: ("setting", "profile", "question", "options"),
    Task.RESPONSE_SHARES: ("setting", "profile", "question", "options"),
    Task.RESPONSE_GROUP: ("setting", "group", "n", "question", "options"),
    Task.JUDGE: ("setting", "theme", "profile", "dialogue", "question", "answer", "reference"),
}
"""What the template of each task can name."""

_EMPTY: Mapping[str, object] = {
    "setting": "",
    "theme": "",
    "profile": (),
    "group": (),
    "dialogue": (),
    "question": "",
    "field": "",
    "options": (),
    "several": False,
    "n": None,
    "answer": "",
    "reference": "",
}
_NEEDED: Mapping[Task, tuple[str, ...]] = {
    Task.ROLE: ("dialogue", "field"),
    Task.INTERVIEW: (),
    Task.STANCE: ("theme", "options"),
    Task.STANCE_GROUP: ("theme", "options"),
    Task.RESPONSE: ("question", "options"),
    Task.RESPONSE_SHARES: ("question", "options"),
    Task.RESPONSE_GROUP: ("question", "options"),
    Task.JUDGE: ("answer",),
}


def complete(task: Task, content: Mapping[str, object]) -> dict[str, Any]:
    """Check and clean the content of a prompt, and add what was not given as empty.

    Raises
    ------
    InputError
        The task has no such content, or a part that it needs is empty.
    """
    for name in content:
        if name not in CONTENT[task]:
            raise InputError(f"prompt '{task}' has no '{name}'; {nearest(name, CONTENT[task])}")
    full: dict[str, Any] = {name: content.get(name, _EMPTY[name]) for name in CONTENT[task]}
    for name in ("profile", "group"):
        if name in full:
            full[name] = attributes(full[name])
    if "dialogue" in full:
        full["dialogue"] = [(str(who), str(said)) for who, said in full["dialogue"]]
    if "options" in full:
        full["options"] = shown_options(full["options"])
    for name in _NEEDED[task]:
        if not full[name]:
            raise InputError(f"prompt '{task}': '{name}' is empty; it is part of what is asked")
    return full


def attributes(profile: Mapping[str, object] | Iterable[tuple[str, object]]) -> list[Any]:
    """Clean a profile: pairs in their order, without those that are missing.

    Missing are None, NaN, blank texts and empty lists.

    Examples
    --------
    >>> attributes({"age": 64.0, "income": float("nan"), "region": " ", "owns": ["car", None]})
    [('age', 64), ('owns', ('car',))]
    """
    pairs = profile.items() if isinstance(profile, Mapping) else profile
    return [(key, value) for key, raw in pairs if (value := _clean(raw)) is not None]


def _clean(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() else value
    if value is None or isinstance(value, str):
        return value if value and value.strip() else None
    if isinstance(value, Sequence | set | frozenset):
        several = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        parts = tuple(part for one in several if (part := _clean(one)) is not None)
        return parts or None
    return str(value)


def shown_options(options: Iterable[object]) -> tuple[Shown, ...]:
    """Letter options in the order given; those that are lettered already stay as they are.

    Examples
    --------
    >>> shown_options(["yes", "no"])
    (Shown(letter='A', text='yes', code=0), Shown(letter='B', text='no', code=1))
    """
    options = tuple(options)
    return tuple(
        one if isinstance(one, Shown) else Shown(letter, str(one), place)
        for place, (letter, one) in enumerate(zip(letters(len(options)), options, strict=True))
    )


def as_pairs(
    profile: Iterable[tuple[str, object]],
    colon: str = ": ",
    joint: str = ", ",
    yes: str = "yes",
    no: str = "no",
) -> str:
    r"""Write a profile as lines (the filter ``pairs``).

    Examples
    --------
    >>> print(as_pairs([("age", 64), ("owns", ("home", "car")), ("works", False)]))
    age: 64
    owns: home, car
    works: no
    """

    def text(value: object) -> str:
        if isinstance(value, bool):
            return yes if value else no
        return joint.join(map(text, value)) if isinstance(value, tuple) else str(value)

    return "\n".join(f"{key}{colon}{text(value)}" for key, value in profile)


def as_turns(
    dialogue: Iterable[tuple[str, str]],
    colon: str = ": ",
    interviewer: str = "interviewer",
    respondent: str = "respondent",
) -> str:
    """Write a dialogue, one utterance a line (the filter ``turns``).

    Interview corpora tell speakers apart as interviewer and respondent, in whatever language; a
    template names them in its own. Speakers with other names keep these.

    Examples
    --------
    >>> print(as_turns([("interviewer", "你好。"), ("老王", "嗯。")], "：", "采访者", "受访者"))
    采访者：你好。
    老王：嗯。
    """
    names = {"interviewer": interviewer, "respondent": respondent}
    return "\n".join(f"{names.get(who, who)}{colon}{said}" for who, said in dialogue)


def as_lettered(options: Iterable[Shown], mark: str = ". ") -> str:
    """Write options as lines (the filter ``lettered``)."""
    return "\n".join(f"{one.letter}{mark}{one.text}" for one in options)
