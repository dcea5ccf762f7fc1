"""Rectified estimates: designs, identities between methods, several proxies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from alignsurvey import rectify

I = np.arange(60)  # noqa: E741
Y = np.round(3 + np.sin(I * 1.7) + (I % 7) / 5, 3)
W = np.round(1 + 0.8 * np.cos(I * 0.9) ** 2, 3)
X = np.round(np.cos(I * 2.3), 3)
V = ((I * 37) % 11 < 4).astype(float)
DESIGNS: dict[str, dict[str, Any]] = {
    "weights": {},
    "strata": {"strata": I // 20},
    "clusters": {"clusters": I // 4},
    "both": {"strata": I // 20, "clusters": I // 4},
}


# svy 0.35.0: svy.Sample(table, svy.Design(wgt="w", stratum="s", psu="c")).estimation.mean(column)
@pytest.mark.parametrize(
    ("design", "value", "se", "df"),
    [
        ("weights", 3.551631360356938, 0.10885852154230337, 59),
        ("strata", 3.551631360356938, 0.11034916140140663, 57),
        ("clusters", 3.551631360356938, 0.054072626429920716, 14),
        ("both", 3.551631360356938, 0.054664760914341665, 12),
    ],
)
def test_the_pilot_alone_has_the_mean_and_error_of_svy(
    design: str, value: float, se: float, df: int
) -> None:
    found = rectify.mean(Y, method="classical", weights=W, **DESIGNS[design])
    assert (found.value, found.se, found.df) == pytest.approx((value, se, df), abs=1e-6)


@pytest.mark.parametrize(
    ("design", "se"),
    [("weights", 0.06461019046423669), ("strata", 0.06558757587237309),
     ("clusters", 0.03818875515916871), ("both", 0.0401266998531323)],
)  # fmt: skip
def test_a_share_has_the_error_of_svy(design: str, se: float) -> None:
    found = rectify.share(V, method="classical", weights=W, **DESIGNS[design])
    assert found.value == pytest.approx(0.3759611733434592, abs=1e-6)
    assert found.se == pytest.approx(se, abs=1e-6)


def test_coefficients_have_the_errors_of_the_jackknife() -> None:
    from statsmodels.regression.linear_model import WLS

    ones = np.column_stack([np.ones(60), X])
    found = rectify.ols(Y, X=X, method="classical", weights=W)
    known = WLS(Y, ones, weights=W).fit()
    assert [row.value for row in found] == pytest.approx(known.params.tolist(), abs=1e-10)
    left = [WLS(*(np.delete(x, i, axis=0) for x in (Y, ones)), weights=np.delete(W, i)).fit().params
            for i in range(60)]  # fmt: skip
    jackknife = np.sqrt(59 * np.var(left, axis=0))
    assert [row.se for row in found] == pytest.approx(jackknife.tolist(), rel=1e-8)


def test_logistic_coefficients_are_those_of_statsmodels() -> None:
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    known = GLM(V, np.column_stack([np.ones(60), X]), Binomial(), freq_weights=W).fit()
    found = rectify.logistic(V, X=X, method="classical", weights=W)
    assert [row.value for row in found] == pytest.approx(known.params.tolist(), abs=1e-7)


def test_ordinal_slopes_are_those_of_statsmodels() -> None:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    y = np.digitize(Y + X, [2.5, 3.5, 4.5])
    known = OrderedModel(y, X[:, None], distr="logit").fit(disp=0, method="bfgs", gtol=1e-8)
    assert rectify.ordinal(y, X=X, method="classical")[0].value == pytest.approx(
        known.params[0], abs=1e-5
    )


def _population(n: int, N: int, rho: float, seed: int) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    f = rng.normal(size=n + N)
    y = rho * f + np.sqrt(1 - rho**2) * rng.normal(size=n + N) + 1
    return y[:n], f[:n], f[n:]


class TestIdentities:
    def test_lambda_0_is_the_pilot_alone(self) -> None:
        y, f, rest = _population(80, 500, 0.6, 1)
        useless = rectify.mean(y, -f, -rest)
        alone = rectify.mean(y, method="classical")
        assert useless.lambda_ == 0
        assert (useless.value, useless.se) == pytest.approx((alone.value, alone.se))
        assert "not positively related" in useless.notes[0]

    def test_lambda_1_is_the_simulation_plus_the_mean_error(self) -> None:
        y, f, rest = _population(80, 500, 0.6, 1)
        found = rectify.mean(y, f, rest, method="ppi")
        assert found.value == pytest.approx(rest.mean() + (y - f).mean())

    def test_a_perfect_simulator_leaves_only_the_error_of_everybody(self) -> None:
        rng = np.random.default_rng(3)
        y = rng.normal(size=600)
        found = rectify.mean(y[:100], y[:100], y[100:])
        assert found.value == pytest.approx(y.mean(), abs=0.01)
        assert found.se == pytest.approx(y.std() / np.sqrt(600), rel=0.05)
        assert found.n_eff == pytest.approx(600, rel=0.2)  # both spreads are estimates

    def test_effective_size_is_what_the_correlation_promises(self) -> None:
        y, f, rest = _population(400, 40000, 0.7, 5)
        found = rectify.mean(y, f, rest)
        promise = 400 * 40400 / (400 + (1 - found.rho**2) * 40000)
        assert found.n_eff == pytest.approx(promise, rel=0.02)

    def test_two_like_strata_with_one_slope_give_about_the_plain_estimate(self) -> None:
        y, f, rest = _population(200, 2000, 0.6, 7)
        plain = rectify.mean(y, f, rest)
        groups, groups_rest = np.arange(200) % 2, np.arange(2000) % 2
        by = rectify.mean(y, f, rest, method="stratified", groups=groups, groups_rest=groups_rest)
        assert by.value == pytest.approx(plain.value, abs=0.02)
        assert by.se == pytest.approx(plain.se, rel=0.05)

    def test_a_whole_weight_is_a_person_many_times_in_value(self) -> None:
        y, f, rest = _population(60, 300, 0.6, 9)
        w = 1 + (np.arange(60) % 3)
        by_weight = rectify.mean(y, f, rest, method="ppi", weights=w)
        many = np.repeat(np.arange(60), w)
        assert by_weight.value == pytest.approx(
            rectify.mean(y[many], f[many], rest, method="ppi").value
        )

    @pytest.mark.parametrize("method", ["classical", "ppi", "ppi++", "greg", "multi", "stratified"])
    def test_units_of_the_answer_do_not_matter(self, method: Any) -> None:
        y, f, rest = _population(90, 400, 0.6, 11)
        groups = {"groups": np.arange(90) % 3, "groups_rest": np.arange(400) % 3}
        one = rectify.mean(y, f, rest, method=method, **groups)
        ten = rectify.mean(10 * y + 3, 10 * f + 3, 10 * rest + 3, method=method, **groups)
        assert ten.value == pytest.approx(10 * one.value + 3)
        assert ten.width == pytest.approx(10 * one.width)

    def test_a_regression_on_a_constant_is_the_mean(self) -> None:
        y, f, rest = _population(90, 400, 0.6, 13)
        ones = (np.ones(90), np.ones(400))
        slope = rectify.ols(y, f, rest, *ones, intercept=False, method="ppi")[0]
        plain = rectify.mean(y, f, rest, method="ppi")
        assert slope.value == pytest.approx(plain.value)

    def test_a_difference_is_the_slope_of_a_dummy(self) -> None:
        y, f, rest = _population(90, 400, 0.6, 15)
        d, d_rest = np.arange(90) % 2, np.arange(400) % 2
        slope = rectify.ols(y, f, rest, d, d_rest, method="ppi")["x1"]
        found = rectify.difference(
            y, f, rest, method="ppi", groups=d, groups_rest=d_rest, first=1, second=0
        )
        assert found.value == pytest.approx(slope.value)
        assert found.se == pytest.approx(slope.se, rel=0.02)

    def test_the_median_of_humans_alone_is_the_median(self) -> None:
        y = np.arange(1, 102, dtype=float)
        found = rectify.quantile(y, method="classical")
        assert found.value == 51
        assert found.low < 51 < found.high

    def test_the_bootstrap_of_the_mean_is_the_mean(self) -> None:
        y, f, rest = _population(150, 800, 0.6, 17)
        found = rectify.bootstrap(lambda v, w, X: float(np.average(v, weights=w)), y, f, rest)
        plain = rectify.mean(y, f, rest)
        assert found.value == pytest.approx(plain.value, abs=0.02)
        assert found.se == pytest.approx(plain.se, rel=0.1)

    def test_an_inclusion_probability_of_1_leaves_no_error(self) -> None:
        y, f, rest = _population(50, 100, 0.6, 19)
        found = rectify.mean(y, f, rest, method="greg", inclusion=np.ones(50))
        assert found.se == 0

    def test_wilson_is_that_of_scipy(self) -> None:
        from alignsurvey.rectify.small_samples import wilson_interval

        known = stats.binomtest(7, 50).proportion_ci(method="wilson")
        assert wilson_interval(0.14, 50, np.inf, 0.95) == pytest.approx((known.low, known.high))


class TestManyProxies:
    def test_two_half_right_proxies_beat_each_alone(self) -> None:
        rng = np.random.default_rng(21)
        a, b = rng.normal(size=(2, 3000))
        y = a + b + 0.5 * rng.normal(size=3000)
        F = np.column_stack([a, b])
        both = rectify.mean(y[:150], F[:150], F[150:], method="multi", simulators=["llm", "ridge"])
        alone = [rectify.mean(y[:150], F[:150, k], F[150:, k]) for k in (0, 1)]
        assert both.se < 0.8 * min(one.se for one in alone)
        assert set(both.weights) == {"llm", "ridge"}

    def test_the_same_proxy_twice_is_the_proxy_once(self) -> None:
        y, f, rest = _population(150, 3000, 0.6, 23)
        once = rectify.mean(y, f, rest, method="multi")
        twice = rectify.mean(y, np.column_stack([f, f]), np.column_stack([rest, rest]),
                             method="multi")  # fmt: skip
        assert twice.se == pytest.approx(once.se, rel=0.01)

    @pytest.mark.parametrize(("method", "proxies"), [("ppi++", 1), ("multi", 1), ("multi", 3)])
    def test_useless_simulators_cost_at_most_one_percent_of_width(
        self, method: Any, proxies: int
    ) -> None:
        ratios = []
        for seed in range(150):
            rng = np.random.default_rng(seed)
            y, f = rng.normal(size=100), rng.normal(size=(100, proxies))
            rest = rng.normal(size=(1400, proxies))
            found = rectify.mean(y, f, rest, method=method)
            ratios.append(found.width / rectify.mean(y, method="classical").width)
        assert np.mean(ratios) < 1.01
