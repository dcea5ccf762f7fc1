"""Asking on terms: told before, refused or stopped where said, billed after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alignsurvey.errors import InputError, StoppedError
from alignsurvey.running import Asker, ReplyStore
from alignsurvey.running.costs import ModelPrice, Prices
from alignsurvey.running.plan_report import PlanReport, plan_lines, report_plan
from alignsurvey.simulators.endpoints import Limits, Parameters, find_endpoint
from alignsurvey.tasks.queries import Query
from alignsurvey.testing import FakeServer

Plan = Callable[..., list[Query]]
NewModel = Callable[..., Any]
PRICES = Prices({"test/model": ModelPrice(1000, 1000)})
"""Each reply of the test's model has 10 and 2 tokens: 0.012."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "replies.sqlite"


def test_what_would_be_asked_is_counted_with_what_is_in_the_store(
    path: Path, plan: Plan, new_model: NewModel
) -> None:
    with Asker(path, PRICES) as asker:
        asker.ask(new_model(), plan(30))
        [report] = asker.announce([(new_model(), plan(100))])
    assert (report.queries, report.new, report.beyond) == (100, 70, 0)
    with Asker(path, PRICES, max_requests=20) as asker:
        [report] = asker.announce([(new_model(), plan(100))])
    assert (report.queries, report.new, report.beyond) == (100, 20, 50)
    assert plan_lines(report)[0] == (
        "test/model: 100 queries, 20 to ask (30 in the store, or the same as another, "
        "50 beyond the limit)"
    )


def test_announcing_makes_no_store_and_asks_nothing(
    path: Path, plan: Plan, new_model: NewModel
) -> None:
    model, seen = new_model(), []
    with Asker(path, PRICES, on_plan=seen.append) as asker:
        asker.announce([(model, plan(5))])
    assert not path.exists()
    assert not model.asked
    assert [len(report.prompts) for report in seen[0]] == [3]
    assert not asker.has_store


def test_the_cost_of_a_sample_stands_for_all(plan: Plan, new_model: NewModel) -> None:
    few = report_plan(new_model(parameters={"max_tokens": 50}), plan(100), prices=PRICES)
    many = report_plan(new_model(parameters={"max_tokens": 50}), plan(10_000), prices=PRICES)
    assert many.prompt_tokens == pytest.approx(100 * few.prompt_tokens, rel=0.1)
    assert few.reply_tokens == (3000, 5000)
    assert few.cost is not None
    assert few.cost.low < few.cost.high


def test_what_would_cost_too_much_is_refused_before_anything_is_asked(
    path: Path, plan: Plan, new_model: NewModel
) -> None:
    model = new_model()
    with (
        Asker(path, PRICES, max_cost=0.1) as asker,
        pytest.raises(InputError, match=r"--max-cost 0\.10: asking would cost at least"),
    ):
        asker.announce([(model, plan(100)), (new_model("other"), plan(1))])
    assert not model.asked


def test_a_most_without_a_price_is_refused(path: Path, plan: Plan, new_model: NewModel) -> None:
    with (
        Asker(path, Prices({}), max_cost=1) as asker,
        pytest.raises(InputError, match="the cost of 'test/model' is unknown; add its price"),
    ):
        asker.announce([(new_model(), plan(1))])


@pytest.mark.parametrize(("most", "asked"), [(0.6, 50), (0.055, 4), (1.2, 100), (2.0, 100)])
def test_a_run_stops_at_its_cost_and_goes_on_with_more(
    path: Path, plan: Plan, new_model: NewModel, most: float, asked: int
) -> None:
    model = new_model()
    with Asker(path, PRICES, max_cost=most + 1e-9) as asker:
        if asked < 100:
            with pytest.raises(StoppedError, match=f"{asked} of 100 queries have replies, kept in"):
                asker.ask(model, plan(100))
        else:
            asker.ask(model, plan(100))
        assert asker.spent == pytest.approx(0.012 * asked)
        assert asker.spent <= most + 1e-9
    assert len(model.asked) == asked
    with Asker(path, PRICES) as asker:
        assert len(asker.ask(model, plan(100))) == 100
    assert len(model.asked) == 100


def test_a_limit_holds_for_all_simulators_of_a_run(
    path: Path, plan: Plan, new_model: NewModel
) -> None:
    with Asker(path, max_requests=15) as asker:
        asker.ask(new_model("m/a", name="m/a"), plan(10))
        with pytest.raises(StoppedError, match="m/b: stopped by --max-requests 15: 5 of 10"):
            asker.ask(new_model("m/b", name="m/b"), plan(10))
    assert [bill.asked for bill in asker.bills] == [10, 5]
    assert asker.bills[1].outcomes == {"answered": 5, "not asked": 5}


def test_the_bill_tells_this_run_from_all_replies(
    path: Path, plan: Plan, new_model: NewModel
) -> None:
    with Asker(path, PRICES) as asker:
        asker.ask(new_model(), plan(10))
        asker.ask(new_model(fails=lambda query: query.respondent == 12), plan(20))
    first, second = asker.bills
    assert (first.asked, first.cost) == (10, pytest.approx(0.12))
    assert (second.asked, second.usage.prompt_tokens) == (10, 90)
    assert second.usage_of_all.prompt_tokens == 190
    assert second.cost_of_all == pytest.approx(0.228)
    assert second.outcomes == {"answered": 19, "no reply": 1}
    assert second.as_dict()["first_error"] == "no reply after 5 tries: 500"
    assert asker.spent == pytest.approx(0.228)


def test_an_interrupted_run_is_billed_too(path: Path, plan: Plan, new_model: NewModel) -> None:
    with Asker(path, PRICES) as asker, pytest.raises(KeyboardInterrupt):
        asker.ask(new_model(interrupted_after=7), plan(20))
    assert [bill.outcomes for bill in asker.bills] == [{"answered": 7, "not asked": 13}]
    with ReplyStore(path) as store:
        assert store.count() == 7


def test_a_hosted_providers_key_goes_to_no_other_address(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-recognisable-0123456789")
    own, hosted = (
        find_endpoint(name, base_url="http://localhost:9/v1") for name in ("vllm/a", "openai/b")
    )
    with pytest.raises(InputError, match="openai/b: its key would be sent to http://localhost:9"):
        Asker().announce([(own, plan(1)), (hosted, plan(1))])
    Asker().announce([(hosted, plan(1))])
    Asker().announce([(own, plan(1)), (find_endpoint("openai/b"), plan(1))])


def test_a_report_is_plain_values(plan: Plan, new_model: NewModel) -> None:
    report = report_plan(new_model(), plan(2), prices=PRICES)
    assert isinstance(report, PlanReport)
    content = report.as_dict()
    assert content["prompts"][0] == [{"role": "user", "content": "你投票了吗？0"}]
    assert content["new"] == 2


def test_what_is_under_way_is_counted_before_a_run_stops(path: Path, plan: Plan) -> None:
    prices = Prices({"endpoint/*": ModelPrice(1000, 1000)})
    limits = Limits(min_connections=32, max_connections=32)
    with FakeServer(latency_seconds=0.02) as server:
        model = find_endpoint("endpoint/x", Parameters(), base_url=server.url, limits=limits)
        with Asker(path, prices) as asker:
            asker.ask(model, plan(20))
        each = asker.spent / 20
        most = 200.5 * each
        with Asker(path, prices, max_cost=most) as asker, pytest.raises(StoppedError):
            asker.ask(model, plan(1000))
    assert asker.spent == pytest.approx(most, rel=0.05)
    assert server.requests == 20 + asker.asked
