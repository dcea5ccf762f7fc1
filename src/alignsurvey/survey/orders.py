"""Known orders of answer labels, English and Chinese: frequencies, agreement, amounts, bands.

A set of labels is ordered only when every one of them has a place in the same order. What is
known stands in ``data/orders.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from alignsurvey.yamlfile import load_yaml


@dataclass(frozen=True)
class _Orders:
    ladders: tuple[Mapping[str, int], ...]
    non_answers: frozenset[str]
    middles: frozenset[str]
    opposites: Mapping[str, str]
    degrees: Mapping[str, float]
    chinese_degrees: Mapping[str, float]
    nothing: frozenset[str]


@cache
def _known() -> _Orders:
    text = files("alignsurvey.survey").joinpath("data/orders.yaml").read_text(encoding="utf-8")
    content = load_yaml(text, "orders.yaml")
    ladders = tuple(
        {label.strip(): place for place, rung in enumerate(rungs) for label in rung.split("|")}
        for rungs in content["ladders"]
    )
    return _Orders(
        ladders,
        non_answers=frozenset(content["non_answers"]),
        middles=frozenset(content["middles"]),
        opposites=content["opposites"],
        degrees=content["degrees"],
        chinese_degrees=content["chinese_degrees"],
        nothing=frozenset(content["nothing"]),
    )


_UNQUALIFIED = 3.0  # "agree" stands between "somewhat agree" and "strongly agree"


def label_order(labels: Sequence[str]) -> list[int] | None:
    """Order labels from low to high.

    Parameters
    ----------
    labels : sequence of str
        All of a variable's answer labels, without those that mean no answer.

    Returns
    -------
    list of int or None
        Positions of the labels from low to high; None if no known order holds them all.

    Examples
    --------
    >>> label_order(["Often", "Never", "Sometimes"])
    [1, 2, 0]
    >>> label_order(["$25,000 or more", "Under $10,000", "$10,000-$24,999"])
    [1, 2, 0]
    >>> label_order(["同意", "非常不同意", "一般"])
    [1, 2, 0]
    >>> label_order(["Pacific", "Mountain"]) is None
    True
    """
    if len(labels) < 2:
        return None
    plain = [_normal(label) for label in labels]
    for places in (*_ladder_places(plain), _degree_places(plain), _number_places(plain)):
        if places is not None and len(set(places)) == len(labels):
            return sorted(range(len(labels)), key=places.__getitem__)
    return None


def is_non_answer(label: str) -> bool:
    """Whether a label says that there is no answer.

    Examples
    --------
    >>> is_non_answer("Prefer not to say"), is_non_answer("No")
    (True, False)
    """
    return _normal(label) in _known().non_answers


def _normal(label: str) -> str:
    text = label.casefold().replace("’", "'").replace("–", "-").replace("—", "-")
    text = re.sub(r"\bper\b", "a", re.sub(r"[\"“”.!?。]", "", text))
    return re.sub(r"\s+", " ", text).strip()


def _ladder_places(labels: list[str]) -> list[list[int] | None]:
    return [
        [places[label] for label in labels] if all(label in places for label in labels) else None
        for places in _known().ladders
    ]


def _degree_places(labels: list[str]) -> list[float] | None:
    """Place labels such as "very X", "not at all X", 比较不X by degree; X must be one thing."""
    places, cores = [], set()
    for label in labels:
        if label in _known().middles:
            places.append(0.0)
            continue
        place, core = _degree(label)
        places.append(place)
        cores.add(core)
    # Two words without any degree, such as "red" and "blue", have two cores.
    return places if len(cores) == 1 and len(set(places)) > 1 else None


def _degree(label: str) -> tuple[float, str]:
    if re.search("[\u4e00-\u9fff]", label):
        return _chinese_degree(label)
    degrees = _known().degrees
    plain = re.sub(r"^(?:yes|no), ", "", label)
    words = re.sub(r"^not (.+) at all$", r"not at all \1", plain).split(" ")
    for length in (3, 2, 1):
        head, tail = " ".join(words[:length]), " ".join(words[-length:])
        if head in degrees:
            return _signed(degrees[head], " ".join(words[length:]))
        # "agree strongly" as well as "strongly agree"
        if tail in degrees and len(words) > length:
            return _signed(degrees[tail], " ".join(words[:-length]))
    return _signed(_UNQUALIFIED, " ".join(words))


def _chinese_degree(label: str) -> tuple[float, str]:
    degrees = _known().chinese_degrees
    stem = max((one for one in degrees if label.startswith(one)), key=len, default="")
    core = label.removeprefix(stem).replace("支持", "赞成")
    return _signed(degrees.get(stem, _UNQUALIFIED), core)


def _signed(degree: float, core: str) -> tuple[float, str]:
    high = _known().opposites.get(core)
    return (degree, core) if high is None else (-degree, high)


_LEAD = (
    r"(?:(?:under|below|less than|fewer than|up to|over|above|more than|at least|about|age|ages|"
    r"[<>≤≥~约]) ?=? ?)*[$€£¥￥]? ?"
)
_FIGURE = re.compile(r"(\d+(?:,\d{3})+|\d+)(\.\d+)? ?(k\b|thousand|m\b|million|千|万|亿)?")
_SCALE = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "千": 1e3, "万": 1e4, "亿": 1e8}
_UNDER = re.compile(
    r"^(?:under|below|less than|fewer than|up to|<|≤)|or (?:less|fewer|under|younger|below)|"
    r"and (?:under|younger|below)|以下|不到|不足|以内"
)
_OVER = re.compile(
    r"^(?:over|above|more than|at least|>|≥)|or (?:more|over|older|above)|\+$|"
    r"and (?:over|older|above|up)|以上|及以上"
)


def _number_places(labels: list[str]) -> list[tuple[float, ...]] | None:
    places = [_number_place(label) for label in labels]
    found = [place for place in places if place is not None]
    enough = len(found) == len(labels) and sum(len(place) > 2 for place in found) > 1
    return found if enough else None


def _number_place(label: str) -> tuple[float, ...] | None:
    """Place a label that leads with a number: (first number, open below or above, the others)."""
    if label in _known().nothing:
        return (float("-inf"), 0)
    lead = re.match(_LEAD, label)
    if not lead or not re.match(r"\d", label[lead.end() :]):
        return None
    found = _FIGURE.findall(label)
    units = [unit for *_, unit in found if unit]
    figures = []
    for whole, decimals, unit in found:
        figure = float(whole.replace(",", "") + decimals)
        # "$75-125k" means thousands on both sides
        shared = units[-1] if units and figure < 1000 else ""
        figures.append(figure * _SCALE.get(unit or shared, 1.0))
    side = -1 if _UNDER.search(label) else 1 if _OVER.search(label) else 0
    return (figures[0], side, *figures[1:], 0.0)
