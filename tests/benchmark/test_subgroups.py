"""Subgroups: who is in them, and how well they are answered for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from alignsurvey.benchmark.baselines import baseline_replies
from alignsurvey.benchmark.membership import memberships, paper_memberships
from alignsurvey.benchmark.parts import Part
from alignsurvey.benchmark.scored import Scored, score_replies
from alignsurvey.benchmark.subgroups import subgroup_scores
from alignsurvey.errors import InputError
from alignsurvey.tasks.records import ResponseRecord


def people(name: str, *values: str | int | None) -> list[ResponseRecord]:
    return [
        ResponseRecord(
            row=i, instruction="…", profile=() if value is None else ((name, value),)
        )
        for i, value in enumerate(values)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "group"),
    [
        ("户籍状态", "农村", "rural registration"),
        ("户籍状态", "农业户口", "rural registration"),
        ("您目前的户口性质", "农业户口", "rural registration"),
        ("您目前的户口性质", "非农业户口", None),
        ("您目前的户口性质", "居民户口", None),
        ("Household registration", "Rural", "rural registration"),
        ("Household registration", "Non-agricultural", None),
        ("年龄", "76岁及以上", "age 76+"),
        ("您的年龄", 80, "age 76+"),
        ("Age", "66-75", None),
        ("age", "76+", "age 76+"),
        ("职业类型", "个体工商户", "self-employed"),
        ("Employment status", "Self-employed", "self-employed"),
        ("occupation", "employed", None),
        ("家庭年收入", "5万以下", "low income"),
        ("家庭年收入", "5万-20万", None),
        ("Annual household income", "Under 20,000", "low income"),
        ("Annual household income", "20,000 to 50,000", None),
    ],
)
def test_the_papers_subgroups_are_found_in_both_languages(
    name: str, value: str | int, group: str | None
) -> None:
    found, absent = paper_memberships(people(name, value, None))
    assert [one.attribute for one in found] == ([group] if group else [])
    assert len(absent) == (3 if group else 4)
    if found:
        assert [members.tolist() for _, members in found[0].groups] == [[True, False], [False] * 2]
    else:
        assert any(f"nobody, by {name}" in line for line in absent)


def test_a_low_income_in_numbers_is_the_lowest_fifth() -> None:
    found, _ = paper_memberships(people("家庭年收入", *range(1000, 11000, 1000)))
    assert found[0].groups[0][1].tolist() == [True] * 2 + [False] * 8


def test_numbers_are_cut_and_words_are_not() -> None:
    ages = memberships(people("年龄", 17, 18, 25, 26, None, 90), "年龄")
    assert ages is not None
    assert [name for name, _ in ages.groups] == ["under 18", "18-25", "26-35", "76+"]
    quarters = memberships(people("hours", *range(40)), "hours")
    assert quarters is not None
    assert [int(members.sum()) for _, members in quarters.groups] == [10, 10, 10, 10]
    few = memberships(people("size", 1, 2, 2), "size")
    assert few is not None
    assert [name for name, _ in few.groups] == ["1", "2"]
    assert memberships(people("size", 1), "weight") is None


@pytest.fixture(scope="module")
def scored(
    response_part: Callable[..., Part], answered: Callable[..., list[Scored]]
) -> list[Scored]:
    """Model m is right of 80 urban people, wrong of every second of 40 rural ones."""
    persons = list(range(125))
    homes = ["城镇"] * 80 + ["农村"] * 40 + ["其他"] * 5
    golds = [person % 3 and 2 for person in persons]
    part = response_part(golds, persons, [(("户籍状态", home),) for home in homes])
    said = [
        (gold + 1) % 3 if person % 2 and 80 <= person < 120 else gold
        for person, gold in zip(persons, golds, strict=True)
    ]
    majority = baseline_replies("baseline/majority", part.records)
    return [*answered(part, "m", said), *score_replies(part, "baseline/majority", majority, 42)]


def test_subgroups_have_their_own_score_baseline_gap_and_worst(scored: list[Scored]) -> None:
    found, problems = subgroup_scores(scored, ["m"], ["户籍状态"])
    assert not problems
    rows = {row["group"]: row for row in found.filter(mode="strict").iter_rows(named=True)}
    assert rows["城镇"]["value"] == 1
    assert rows["农村"]["value"] == 0.5
    assert rows["农村"]["low"] < 0.5 < rows["农村"]["high"]
    assert (rows["农村"]["n"], rows["农村"]["is_worst"], rows["城镇"]["is_worst"]) == (
        40,
        True,
        False,
    )
    assert rows["农村"]["gap"] == rows["城镇"]["gap"] == 0.5
    golds = np.array([person % 3 != 0 for person in range(80, 120)])
    assert rows["农村"]["baseline"] == pytest.approx(golds.mean())
    assert rows["其他"]["is_too_small"]
    assert rows["其他"]["value"] is None
    assert rows["其他"]["people"] == 5
    assert set(found["mode"]) == {"strict", "paper"}


def test_what_the_preset_does_not_find_is_said(scored: list[Scored]) -> None:
    found, problems = subgroup_scores(scored, ["m"], ["paper"])
    assert set(found["attribute"]) == {"rural registration"}
    assert found.filter(mode="strict")["people"].to_list() == [40, 85]
    assert [one.what for _, one in problems] == [
        "subgroups: age 76+: no profile has such an attribute",
        "subgroups: self-employed: no profile has such an attribute",
        "subgroups: low income: no profile has such an attribute",
    ]


def test_an_unknown_attribute_is_an_error(scored: list[Scored]) -> None:
    with pytest.raises(InputError, match="--subgroups: no profile has the attribute '户籍状太'"):
        subgroup_scores(scored, ["m"], ["户籍状太"])
