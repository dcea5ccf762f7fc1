"""Nothing is asked twice, nothing is lost, and every query is accounted for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from alignsurvey.errors import EndpointError, InputError
from alignsurvey.running import NOT_ASKED, ReplyStore, Standing, ask, ask_each, unanswered
from alignsurvey.tasks.queries import Message, Query, Reply, Task, Usage

Plan = Callable[..., list[Query]]
NewModel = Callable[..., Any]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReplyStore]:
    with ReplyStore(tmp_path / "replies.sqlite") as opened:
        yield opened


def test_what_is_in_the_store_is_not_asked(
    store: ReplyStore, plan: Plan, new_model: NewModel
) -> None:
    first, second = new_model(), new_model()
    before = ask(first, plan(150), store=store)
    after = ask(second, plan(200), store=store)
    assert [query.respondent for query in second.asked] == list(range(150, 200))
    assert {key: after[key] for key in before} == before
    assert list(after) == [query.id for query in plan(200)]


@pytest.mark.parametrize(
    ("model", "parameters"),
    [("test/other", {}), ("test/model", {"temperature": 0.5}), ("test/model", {"seed": 1})],
)
def test_another_model_or_parameter_is_asked_anew(
    store: ReplyStore, plan: Plan, new_model: NewModel, model: str, parameters: dict[str, float]
) -> None:
    ask(new_model(), plan(10), store=store)
    other = new_model(model, parameters)
    ask(other, plan(10), store=store)
    assert len(other.asked) == 10


def test_people_of_one_profile_get_draws_of_their_own(
    store: ReplyStore, plan: Plan, new_model: NewModel
) -> None:
    replies = ask(new_model(), plan(12, people_a_prompt=4), store=store)
    assert len({reply.text for reply in replies.values()}) == 12
    again = ask(new_model(interrupted_after=0), plan(12, people_a_prompt=4), store=store)
    assert again == replies


@pytest.mark.parametrize("parameters", [{"by": "likelihood"}, {"temperature": 0}])
def test_one_reply_serves_all_where_it_would_be_the_same(
    store: ReplyStore, plan: Plan, new_model: NewModel, parameters: dict[str, Any]
) -> None:
    model = new_model("test/model", parameters)
    profiles = plan(12, people_a_prompt=4)
    replies = ask(model, profiles, store=store)
    assert len(model.asked) == 3
    texts = [replies[query.id].text for query in profiles]
    assert texts == [text for text in texts[::4] for _ in range(4)]
    assert len(set(texts)) == 3
    assert all(key == reply.query for key, reply in replies.items())


def test_with_an_empty_store_the_first_are_asked_before_the_last_are_planned(
    store: ReplyStore, plan: Plan, new_model: NewModel
) -> None:
    queries, has_asked = plan(2000), threading.Event()

    class Planned:
        waited: ClassVar[list[bool]] = []

        def __iter__(self) -> Iterator[Query]:
            yield from queries[:1000]
            self.waited.append(has_asked.wait(20))
            yield from queries[1000:]

    seen: list[Standing] = []
    for _ in ask_each(new_model(), Planned(), seen.append, store=store):
        has_asked.set()
    assert Planned.waited[0]
    assert (seen[-1].total, seen[-1].answered) == (2000, 2000)


def test_failures_are_counted_and_asked_again_next_time(
    store: ReplyStore, plan: Plan, new_model: NewModel
) -> None:
    seen: list[Standing] = []
    failing = new_model(fails=lambda query: query.respondent % 10 == 0)
    replies = ask(failing, plan(50), seen.append, store=store)
    assert [bool(one.error) for one in replies.values()].count(True) == 5
    assert (seen[-1].answered, seen[-1].errors, seen[-1].left) == (45, 5, 0)
    assert seen[-1].first_error == "no reply after 5 tries: 500"
    assert seen[-1].usage == Usage(450, 90)
    again = new_model()
    replies = ask(again, plan(50), seen.append, store=store)
    assert len(again.asked) == 5
    assert not any(one.error for one in replies.values())
    assert (seen[-1].from_store, seen[-1].answered) == (45, 5)


def test_a_failure_where_one_reply_serves_all_is_the_failure_of_all(
    store: ReplyStore, plan: Plan, new_model: NewModel
) -> None:
    model = new_model("test/model", {"temperature": 0}, fails=lambda query: query.respondent == 0)
    seen: list[Standing] = []
    replies = ask(model, plan(8, people_a_prompt=4), seen.append, store=store)
    assert sum(bool(one.error) for one in replies.values()) == 4
    assert (seen[-1].errors, seen[-1].from_store, seen[-1].answered) == (4, 3, 1)


@pytest.mark.parametrize("limit", [0, 1, 64, 65, 200])
def test_a_limit_stops_and_the_next_run_goes_on(
    store: ReplyStore, plan: Plan, new_model: NewModel, limit: int
) -> None:
    model = new_model()
    replies = ask(model, plan(100), store=store, limit=limit)
    assert len(model.asked) == min(limit, 100)
    left = [reply for reply in replies.values() if reply.error == NOT_ASKED]
    assert len(left) == max(100 - limit, 0)
    ask(model, plan(100), store=store)
    assert len(model.asked) == 100


def test_a_run_stops_at_a_cost(store: ReplyStore, plan: Plan, new_model: NewModel) -> None:
    model = new_model()
    ask(model, plan(100), store=store, price=lambda usage: usage.reply_tokens / 2,
        stop=lambda standing: (standing.cost or 0) >= 30)  # fmt: skip
    assert len(model.asked) == 30
    assert store.count() == 30


def test_an_interrupted_run_keeps_what_came(
    store: ReplyStore, plan: Plan, new_model: NewModel
) -> None:
    model = new_model(interrupted_after=70)
    with pytest.raises(KeyboardInterrupt):
        ask(model, plan(100), store=store)
    assert store.count() == 70
    model.interrupted_after = None
    ask(model, plan(100), store=store)
    assert len(model.asked) == 100


def test_an_endpoint_that_gives_up_leaves_what_came(
    store: ReplyStore, plan: Plan, new_model: NewModel
) -> None:
    def fails(query: Query) -> bool:
        if query.respondent == 30:
            raise EndpointError("test: out of credit")
        return False

    with pytest.raises(EndpointError, match="out of credit"):
        ask(new_model(fails=fails), plan(100), store=store)
    assert store.count() == 30


def test_a_consumer_that_leaves_early_leaves_nothing_claimed(
    store: ReplyStore, plan: Plan, new_model: NewModel
) -> None:
    replies = ask_each(new_model(), plan(100), store=store)
    next(replies)
    replies.close()  # type: ignore[attr-defined]
    model = new_model()
    ask(model, plan(100), store=store)
    assert len(model.asked) == 99


@pytest.mark.parametrize("leaves", ["closes", "is interrupted"])
def test_what_had_come_when_a_consumer_leaves_is_kept(
    store: ReplyStore, plan: Plan, new_model: NewModel, leaves: str
) -> None:
    class Received(type(new_model())):  # type: ignore[misc]
        def answer(self, queries: Iterator[Query]) -> Iterator[Reply]:
            came = [reply for _, reply in zip(range(40), super().answer(queries), strict=False)]
            try:
                yield came.pop(0)
            except KeyboardInterrupt:
                yield from came
                raise

    replies: Any = ask_each(Received(), plan(100), store=store)
    next(replies)
    if leaves == "closes":
        replies.close()
    else:
        with pytest.raises(KeyboardInterrupt):
            replies.throw(KeyboardInterrupt())
    assert store.count() == 40
    rest = new_model()
    ask(rest, plan(100), store=store)
    assert len(rest.asked) == 60


def test_a_plan_that_breaks_while_it_is_gone_through_is_said(
    store: ReplyStore, plan: Plan, new_model: NewModel
) -> None:
    class Breaking:
        times = 0

        def __iter__(self) -> Iterator[Query]:
            self.times += 1
            yield from plan(100)[: 100 if self.times == 1 else 50]
            if self.times > 1:
                raise InputError("study.yaml: changed meanwhile")

    with pytest.raises(InputError, match="changed meanwhile"):
        ask(new_model(), Breaking(), store=store)


def test_a_plan_may_be_an_iterator_or_made_anew_each_time(
    store: ReplyStore, plan: Plan, new_model: NewModel
) -> None:
    class Anew:
        def __iter__(self) -> Iterator[Query]:
            return iter(plan(30))

    expected = [query.id for query in plan(30)]
    assert list(ask(new_model(), iter(plan(30)), store=store)) == expected
    model = new_model()
    assert list(ask(model, Anew(), store=store)) == expected
    assert not model.asked
    assert list(ask(new_model("other"), Anew(), store=store)) == expected


@pytest.mark.parametrize("kept", [True, False])
def test_equal_queries_are_asked_once(
    store: ReplyStore, plan: Plan, new_model: NewModel, kept: bool
) -> None:
    model, seen = new_model(), []
    replies = ask(model, [*plan(5), *plan(5)], seen.append, store=store if kept else None)
    assert (len(model.asked), len(replies), seen[-1].total) == (5, 5, 5)


def test_empty_replies_are_kept_as_outcomes(store: ReplyStore, plan: Plan) -> None:
    class Silent:
        name = model = "silent"
        parameters: dict[str, Any] = {}  # noqa: RUF012

        def answer(self, queries: Any) -> Iterator[Reply]:
            yield from (Reply(q.id, None, finish_reason="content_filter") for q in queries)

    ask(Silent(), plan(3), store=store)
    assert [one.finish_reason for one in ask(Silent(), plan(3), store=store).values()] == [
        "content_filter"
    ] * 3
    assert store.count() == 3


@pytest.mark.parametrize(
    "replies",
    [lambda ids: [Reply("f" * 64, "A")], lambda ids: [Reply(ids[0], "A"), Reply(ids[0], "B")]],
)
@pytest.mark.parametrize("kept", [True, False])
def test_replies_that_nobody_asked_for_are_refused(
    store: ReplyStore, plan: Plan, replies: Callable[..., list[Reply]], kept: bool
) -> None:
    class Odd:
        name = model = "odd"
        parameters: dict[str, Any] = {}  # noqa: RUF012

        def answer(self, queries: Any) -> Iterator[Reply]:
            return iter(replies([query.id for query in queries]))

    with pytest.raises(InputError, match=r"'odd' replied to .* not asked or has its reply"):
        ask(Odd(), plan(2), store=store if kept else None)


def test_a_query_that_gets_no_reply_is_counted(store: ReplyStore, plan: Plan) -> None:
    class Forgetful:
        name = model = "forgetful"
        parameters: dict[str, Any] = {}  # noqa: RUF012

        def answer(self, queries: Any) -> Iterator[Reply]:
            yield from (Reply(query.id, "A") for query in list(queries)[1:])

    seen: list[Standing] = []
    first, *rest = ask(Forgetful(), plan(4), seen.append, store=store).values()
    assert first.error
    assert all(one.text == "A" for one in rest)
    assert (seen[-1].answered, seen[-1].errors) == (3, 1)


def test_half_a_sign_at_the_end_of_a_prompt_or_reply_is_kept(store: ReplyStore) -> None:
    class Cut:
        name = model = "cut"
        parameters: dict[str, Any] = {}  # noqa: RUF012

        def answer(self, queries: Any) -> Iterator[Reply]:
            yield from (Reply(query.id, "fine \ud83d", body="b\udc00") for query in queries)

    query = Query(7, "vote", Task.RESPONSE, (Message("user", "a \ud83d b\x00c"),))
    assert ask(Cut(), [query], store=store) == ask(Cut(), [query], store=store)
    assert ask(Cut(), [query], store=store)[query.id].text == "fine \ud83d"


@pytest.mark.parametrize(("parameters", "n"), [({}, 7), ({"temperature": 0}, 1)])
def test_what_would_be_asked_is_known_beforehand(
    store: ReplyStore, plan: Plan, new_model: NewModel, parameters: dict[str, Any], n: int
) -> None:
    model = new_model("test/model", parameters)
    ask(model, plan(4, people_a_prompt=4), store=store)
    asked = len(model.asked)
    expected = list(unanswered(model, plan(11, people_a_prompt=10), store))
    assert len(expected) == n
    ask(model, plan(11, people_a_prompt=10), store=store)
    assert [one.query.id for one in expected] == [one.id for one in model.asked[asked:]]
