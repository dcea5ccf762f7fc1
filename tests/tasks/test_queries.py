"""Queries: ids that never change, orders that depend on nobody else, tables that read back."""

import hashlib
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey.errors import InputError
from alignsurvey.tasks.queries import (
    Message,
    Query,
    Reply,
    Shown,
    Task,
    canonical_json,
    digest,
    letters,
    option_order,
)
from alignsurvey.tasks.query_tables import query_table, read_query_table

QUERY = Query(
    7,
    "mood",
    Task.RESPONSE,
    (Message("system", "You answer."), Message("user", "你幸福吗？\nA. 是\nB. 否", ((0, 5),))),
    (Shown("A", "是", 2), Shown("B", "否", "no")),
    draw=1,
    examples=(3, "x"),
)
TEXT = (
    '{"draw":1,"item":"mood","messages":[["system","You answer."],["user","你幸福吗？\\nA. 是\\nB. '
    '否"]],"options":[["A","是",2],["B","否","no"]],"respondent":"7","task":"response"}'
)


def test_an_id_is_the_hash_of_the_canonical_json_of_content_and_draw() -> None:
    assert QUERY.id == hashlib.sha256(TEXT.encode()).hexdigest()
    # printf '%s' TEXT | sha256sum
    assert QUERY.id == "bd17663ac6f1ef8a63ec3c988af16cee0f2063f05fc0d73d117ba3da76515220"


@pytest.mark.parametrize(
    "change",
    [
        {"respondent": 8},
        {"item": "health"},
        {"task": Task.ROLE},
        {"draw": 0},
        {"options": QUERY.options[::-1]},
        {"messages": QUERY.messages[1:]},
    ],
)
def test_an_id_changes_with_content_and_draw(change: dict[str, object]) -> None:
    assert replace(QUERY, **change).id != QUERY.id  # type: ignore[arg-type]


@pytest.mark.parametrize("respondent", ["7", 7.0, np.int64(7)])
def test_an_id_survives_another_type_of_the_same_respondent(respondent: object) -> None:
    assert replace(QUERY, respondent=respondent).id == QUERY.id  # type: ignore[arg-type]


def test_what_may_be_dropped_is_no_part_of_the_id() -> None:
    bare = tuple(Message(one.role, one.content) for one in QUERY.messages)
    assert replace(QUERY, messages=bare).id == QUERY.id


def test_a_table_reads_back_with_the_same_ids() -> None:
    queries = [QUERY, replace(QUERY, respondent="x", options=(), examples=())]
    table = query_table(queries)
    assert table["respondent"].to_list() == ["7", "x"]
    back = read_query_table(table)
    assert [one.id for one in back] == table["id"].to_list() == [one.id for one in queries]
    assert back[0].messages[1].droppable == ((0, 5),)
    assert back[0].options == QUERY.options
    assert back[0].examples == ("3", "x")


def test_a_table_of_no_queries_has_the_same_columns() -> None:
    assert query_table([]).schema == query_table([QUERY]).schema


def test_letters_go_on_after_z() -> None:
    assert letters(0) == ()
    assert letters(703)[25:28] == ("Z", "AA", "AB")
    assert letters(703)[-1] == "AAA"
    assert len(set(letters(703))) == 703


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1: 2}, {"a": {2, 3}}])
def test_canonical_json_refuses_what_json_lacks(value: object) -> None:
    with pytest.raises(InputError, match="canonical JSON"):
        canonical_json(value)


def test_half_a_surrogate_pair_has_a_hash() -> None:
    assert len(digest("\ud83d")) == 64


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.booleans()))
def test_canonical_json_knows_no_order_of_keys(content: dict[str, object]) -> None:
    assert canonical_json(content) == canonical_json(dict(reversed(content.items())))


@given(st.integers(0, 9), st.integers(), st.text(), st.integers(0, 30))
def test_an_order_holds_each_option_once(n: int, respondent: int, item: str, turn: int) -> None:
    order = option_order(n, seed=42, respondent=respondent, item=item, turn=turn)
    assert sorted(order) == list(range(n))


def test_over_n_orders_each_option_stands_once_at_each_place() -> None:
    orders = [option_order(4, seed=1, respondent="a", item="b", turn=turn) for turn in range(4)]
    assert all(sorted(place) == [0, 1, 2, 3] for place in zip(*orders, strict=True))


def test_all_orders_are_equally_frequent_over_respondents() -> None:
    orders = [option_order(3, seed=42, respondent=one, item="mood") for one in range(6000)]
    counts = np.array([orders.count(one) for one in permutations(range(3))])
    # chi-square with 5 degrees of freedom: above 20.5 once in a thousand seeds
    assert ((counts - 1000) ** 2 / 1000).sum() < 20.5


def test_orders_of_two_items_are_independent() -> None:
    first = [option_order(2, seed=42, respondent=one, item="a")[0] for one in range(4000)]
    second = [option_order(2, seed=42, respondent=one, item="b")[0] for one in range(4000)]
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.05


def test_a_reply_without_text_is_none_not_empty() -> None:
    assert Reply(QUERY.id, None).text is None
