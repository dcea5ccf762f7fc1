"""Planning: closed forms against simulation, brute force and independent tools."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey.errors import InputError
from alignsurvey.rectify import planning as plan

HALF = plan.Assumed(0.6, 0.5)


def draw(rho: float, n: int, N: int, runs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Answers of people and simulator, variance 1, correlation rho; (runs, n), (runs, n+N)."""
    rng = np.random.default_rng(seed)
    f = rng.normal(size=(runs, n + N))
    y = rho * f[:, :n] + np.sqrt(1 - rho**2) * rng.normal(size=(runs, n))
    return y, f


@pytest.mark.parametrize(("rho", "n", "N"), [(0.0, 50, 500), (0.5, 50, 500), (0.9, 100, 400)])
def test_the_standard_error_is_that_of_simulated_pilots(rho: float, n: int, N: int) -> None:
    y, f = draw(rho, n, N, 4000, 1)
    best = rho * N / (n + N)
    theta = y.mean(1) + best * (f[:, n:].mean(1) - f[:, :n].mean(1))
    assert theta.std() == pytest.approx(plan.standard_error(plan.Assumed(rho), n, N), rel=0.03)


@pytest.mark.parametrize("rho", [0.0, 0.4, 0.8])
def test_the_width_is_that_of_estimates_from_simulated_pilots(rho: float) -> None:
    rectify = pytest.importorskip("alignsurvey.rectify")
    y, f = draw(rho, 60, 600, 150, 2)
    widths = [rectify.mean(y[run], f[run, :60], f[run, 60:]).width for run in range(len(y))]
    planned = plan.interval_width(plan.Assumed(rho), 60, 600)
    assert np.sqrt(np.mean(np.square(widths))) == pytest.approx(planned, rel=0.03)


@given(st.floats(0.05, 0.95), st.integers(4, 500), st.integers(0, 5000), st.floats(0.01, 10))
def test_more_of_anything_never_widens_an_interval(rho: float, n: int, N: int, sd: float) -> None:
    assumed = plan.Assumed(rho, sd)
    now = plan.standard_error(assumed, n, N)
    assert plan.standard_error(assumed, n + 1, N) <= now * (1 + 1e-12)
    assert plan.standard_error(assumed, n, N + 1) <= now * (1 + 1e-12)
    effective = plan.effective_humans(rho, n, N)
    assert plan.standard_error(assumed, effective, 0) == pytest.approx(now)


@pytest.mark.parametrize("width", [0.4, 0.1, 0.03])
@pytest.mark.parametrize("N", [0, 500, 100_000])
def test_the_fewest_humans_for_a_width_are_the_fewest(width: float, N: int) -> None:
    n = plan.humans_for_width(HALF, width, N)
    assert plan.interval_width(HALF, n, N) <= width < plan.interval_width(HALF, n - 1, N)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6, 0.9, 1.0])
@pytest.mark.parametrize("price", [0.001, 0.05, 1.0])
def test_the_cheapest_numbers_are_those_of_brute_force(rho: float, price: float) -> None:
    assumed, costs = plan.Assumed(rho, 0.5), plan.Costs(1.0, price)
    found = plan.cheapest(assumed, costs, 0.35, most_simulated=150)
    options = [
        costs.of(n, N)
        for n, N in itertools.product(range(4, 60), range(0, 151))
        if plan.interval_width(assumed, n, N) <= 0.35
    ]
    assert found.width <= 0.35
    assert found.cost == pytest.approx(min(options))


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_the_most_that_a_budget_buys_is_that_of_brute_force(rho: float) -> None:
    assumed, costs = plan.Assumed(rho, 0.5), plan.Costs(1.0, 0.1)
    found = plan.most_precise(assumed, costs, 40)
    widths = [
        plan.interval_width(assumed, n, N)
        for n, N in itertools.product(range(4, 41), range(0, 400))
        if costs.of(n, N) <= 40 + 1e-9
    ]
    assert found.cost <= 40 + 1e-9
    assert found.width == pytest.approx(min(widths))


def test_in_large_samples_the_cheapest_share_is_cochrans() -> None:
    costs = plan.Costs(5.0, 0.02)
    found = plan.cheapest(plan.Assumed(0.6), costs, 0.02)
    assert found.n / (found.n + found.N) == pytest.approx(
        plan.best_share(plan.Assumed(0.6), costs), rel=0.02
    )


@pytest.mark.parametrize(("rho", "price"), [(0.3, 0.01), (0.3, 0.2), (0.7, 0.2), (0.1, 0.001)])
def test_a_simulator_pays_just_where_the_cheapest_plan_has_one(rho: float, price: float) -> None:
    assumed, costs = plan.Assumed(rho), plan.Costs(1.0, price)
    assert plan.simulator_pays(assumed, costs) == plan.cheapest(assumed, costs, 0.03).pays


def test_neyman_is_the_best_of_all_allocations() -> None:
    shares, sds = {"a": 0.5, "b": 0.3, "c": 0.2}, {"a": 1.0, "b": 2.0, "c": 0.5}
    found = plan.neyman(shares, sds, 40)
    assert sum(found.n.values()) == 40

    def se(n: tuple[int, ...]) -> float:
        parts = zip(shares.values(), sds.values(), n, strict=True)
        return float(np.sqrt(sum(W**2 * s**2 / k for W, s, k in parts)))

    every = ((a, b, 40 - a - b) for a in range(2, 37) for b in range(2, 39 - a))
    assert found.se == pytest.approx(min(map(se, every)), rel=2e-3)
    assert found.se <= found.se_proportional
    with_costs = plan.neyman(shares, sds, 40, {"a": 1.0, "b": 16.0, "c": 1.0})
    assert with_costs.n["b"] < found.n["b"]


@given(st.lists(st.floats(0, 5), min_size=1, max_size=6), st.integers(0, 60), st.integers(1, 3))
def test_an_allocation_gives_everybody_out(sds: list[float], more: int, least: int) -> None:
    names = [str(one) for one in range(len(sds))]
    n = least * len(sds) + more
    found = plan.neyman(dict.fromkeys(names, 1.0), dict(zip(names, sds, strict=True)), n,
                        at_least=least)  # fmt: skip
    assert sum(found.n.values()) == n
    assert min(found.n.values()) >= least


def test_a_division_is_the_best_of_all() -> None:
    curve = plan.LearningCurve(0.6, 30)
    found = plan.divide(80, 5000, curve)
    widths = {
        m: plan.interval_width(plan.Assumed(float(np.sqrt(curve.r2(m)))), 80 - m, 5000)
        for m in range(77)
    }
    assert found.train == min(widths, key=widths.__getitem__)
    assert found.width == pytest.approx(min(widths.values()))
    assert plan.divide(80, 5000, plan.LearningCurve(0.01, 1000)).advice == "humans only"


def test_a_learning_curve_is_found_again() -> None:
    curve = plan.LearningCurve(0.5, 60, 0.1)
    sizes = np.array([0, 20, 50, 100, 400])
    found = plan.fit_learning_curve(sizes, curve.r2(sizes))
    assert (found.top, found.half, found.start) == pytest.approx((0.5, 60, 0.1), rel=0.01)


def test_power_is_that_of_statsmodels_without_a_simulator() -> None:
    from statsmodels.stats.power import TTestIndPower

    for difference, n in [(0.2, 50), (0.5, 20), (0.8, 200), (0.0, 30)]:
        known = TTestIndPower().power(difference, n, 0.05)
        assert plan.power_of_difference(difference, plan.Assumed(0), n) == pytest.approx(known)
    unequal = TTestIndPower().power(0.5, 20, 0.1, ratio=2)
    found = plan.power_of_difference(0.5, plan.Assumed(0, level=0.9), 20, n_second=40)
    assert found == pytest.approx(unequal)


def test_power_is_that_of_simulated_pilots() -> None:
    n, N, rho, difference = 40, 400, 0.7, 0.4
    assumed, t = plan.Assumed(rho), []
    for seed in (1, 2):
        y, f = draw(rho, n, N, 4000, seed)
        best = rho * N / (n + N)
        residual = y - best * f[:, :n]
        variance = residual.var(1, ddof=2) / n + best**2 * f[:, n:].var(1) / N
        t.append((residual.mean(1) + best * f[:, n:].mean(1), variance))
    ratio = np.abs(t[0][0] - t[1][0] + difference) / np.sqrt(t[0][1] + t[1][1])
    planned = plan.power_of_difference(difference, assumed, n, N)
    assert (ratio > 1.99).mean() == pytest.approx(planned, abs=0.025)


def test_humans_for_power_and_detectable_difference_invert_power() -> None:
    n = plan.humans_for_power(0.2, HALF, 3000)
    assert plan.power_of_difference(0.2, HALF, n, 3000) >= 0.8
    assert plan.power_of_difference(0.2, HALF, n - 1, 3000) < 0.8
    least = plan.detectable_difference(HALF, 60, 3000)
    assert plan.power_of_difference(least, HALF, 60, 3000) == pytest.approx(0.8, abs=1e-6)


def test_the_next_respondents_go_where_intervals_are_widest() -> None:
    rng = np.random.default_rng(3)
    cells = ["young m"] * 40 + ["young f"] * 40 + ["old m"] * 4 + ["old f"] * 16
    residuals = np.column_stack([rng.normal(size=100), 3 * rng.normal(size=100)])
    groups = {"young": ["young m", "young f"], "old": ["old m", "old f"],
              "m": ["young m", "old m"], "f": ["young f", "old f"]}  # fmt: skip
    left = {"young m": 100, "young f": 100, "old m": 10, "old f": 100}
    found = plan.next_respondents(residuals, cells, groups, left, 30, ["a", "b"], [2.0, 2.0])
    asked = dict(found.profiles.select("profile", "ask").rows())
    assert sum(asked.values()) == 30
    assert asked.get("old m", 0) <= 10
    assert asked.get("old m", 0) + asked.get("old f", 0) > 20
    assert found.items["item"].to_list() == ["b", "a"]
    table = found.intervals
    assert (table["width_after"] <= table["width"]).all()
    assert table["width_after"].max() < table["width"].max()  # type: ignore[operator]


def test_a_group_without_humans_comes_first() -> None:
    found = plan.next_respondents(
        [0.0, 1, 2, 3], ["a"] * 4, {"a": ["a"], "b": ["b"]}, {"a": 9, "b": 9}, 3
    )
    assert found.profiles.rows() == [("b", 3, 0, 9)]


def test_those_who_are_not_there_are_not_asked() -> None:
    found = plan.next_respondents([0.0, 1], ["a", "a"], {"b": ["b"]}, {"b": 2}, 5)
    assert found.profiles["ask"].sum() == 2
    assert found.notes == ("only 2 of 5: nobody else is left in these groups",)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plan.Assumed(1.2), "rho is a correlation"),
        (lambda: plan.Assumed(0.2, 0), "sd must be above 0"),
        (lambda: plan.Assumed(0.2, level=95), "level must lie between"),
        (lambda: plan.interval_width(HALF, 3), "4 humans or more"),
        (lambda: plan.standard_error(HALF, 0), "1 or more"),
        (lambda: plan.humans_for_width(HALF, 0), "width must be above 0"),
        (lambda: plan.humans_for_width(HALF, 1e-6), "more than 20,000,000"),
        (lambda: plan.Costs(0, 1), "cost of a human answer"),
        (lambda: plan.most_precise(HALF, plan.Costs(5, 1), 10), "buys 2 humans"),
        (lambda: plan.neyman({"a": 1}, {"b": 1}, 9), "strata differ"),
        (lambda: plan.neyman({"a": 1, "b": 1}, {"a": 1, "b": -1}, 9), "'b' must be"),
        (lambda: plan.neyman({"a": 1, "b": 1}, {"a": 1, "b": 1}, 3), "3 humans cannot"),
        (lambda: plan.divide(5, 100, plan.LearningCurve(0.5, 9)), "too few to divide"),
        (lambda: plan.fit_learning_curve([10], [0.2]), "two different numbers"),
        (lambda: plan.LearningCurve(0.2, 10, 0.4), "rises from start to top"),
        (lambda: plan.humans_for_power(0, HALF), "difference of 0"),
        (lambda: plan.humans_for_power(0.1, HALF, power=80), "power must lie"),
        (lambda: plan.next_respondents([1.0, 2], ["a"], {"a": ["a"]}, {"a": 1}, 1), "profile"),
        (lambda: plan.next_respondents([1.0, 2], ["a"] * 2, {}, {"a": 1}, 1), "nobody is left"),
        (lambda: plan.next_respondents([1.0], ["a"], {"a": ["a"]}, {"a": 1}, 1), "two answers"),
    ],
)  # fmt: skip
def test_bad_input_says_what_is_wrong(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        call()  # type: ignore[operator]
    assert "\n" not in str(caught.value)
