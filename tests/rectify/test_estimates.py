"""Rectified estimates: designs, identities between methods, leaks, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import alignsurvey as als
from alignsurvey import rectify
from alignsurvey.errors import InputError
from alignsurvey.predictions import Predictions, Provenance
from alignsurvey.survey.survey import Survey

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


@pytest.fixture(scope="module")
def anes() -> Survey:
    return als.load_example("anes96")


def _overfitted(anes: Survey, pilot: Survey) -> Predictions:
    """A simulator that knows the pilot's answers by heart and nothing of anybody else."""
    variable = anes.codebook["selfLR"]
    rng = np.random.default_rng(0)
    shares = np.eye(len(variable.categories))[rng.integers(0, 3, anes.n)]
    known = np.isin(anes.id_hashes, pilot.id_hashes)
    shares[known] = np.eye(len(variable.categories))[anes.codes("selfLR")[known]]
    return Predictions(
        anes.ids, {"selfLR": shares}, anes.codebook.select(["selfLR"]),
        Provenance("memory", "model", trained_on=frozenset(pilot.ids.to_list())),
    )  # fmt: skip


class TestLeaks:
    def test_a_pilot_that_trained_the_simulator_is_refused(self, anes: Survey) -> None:
        pilot = anes.pilot(100, seed=1)
        with pytest.raises(InputError, match=r"learned from 100 of the 100.*would not cover"):
            rectify.from_predictions(pilot, _overfitted(anes, pilot), "selfLR")

    def test_without_the_guard_coverage_collapses(self, anes: Survey) -> None:
        truth, held = float(np.nanmean(anes.scores("selfLR"))), 0
        for replicate in range(20):
            pilot = anes.pilot(100, seed=1, replicate=replicate)
            memory = _overfitted(anes, pilot)
            sample = rectify.from_predictions(pilot, memory, "selfLR", _guard=False)
            found = rectify.mean(sample)
            held += found.low <= truth <= found.high
        assert held == 0


class TestFromPredictions:
    def test_pilot_rest_and_design_are_laid_side_by_side(self, anes: Survey) -> None:
        pilot, other = anes.pilot(100, seed=1), anes.pilot(100, seed=2)
        honest = _overfitted(anes, other.without(pilot))
        sample = rectify.from_predictions(
            pilot, honest, "selfLR", everybody=anes, predictors=["age", "educ"], group="vote"
        )
        assert (sample.n, sample.N) == (100, 844)
        assert sample.y.tolist() == pilot.scores("selfLR").tolist()
        assert sample.X_rest is not None
        assert sample.X_rest.shape == (844, 2)
        assert sample.limits == (1, 7)
        assert rectify.ols(sample, names=["age", "educ"])["age"].n == 100

    def test_people_who_are_not_predicted_are_named(self, anes: Survey) -> None:
        pilot = anes.pilot(100, seed=1)
        memory = _overfitted(anes, pilot.where(pl.lit(value=False)))
        absent = memory.align(anes.without(pilot).ids)
        with pytest.raises(InputError, match="100 of 100 people in the pilot are not predicted"):
            rectify.from_predictions(pilot, absent, "selfLR")

    def test_a_share_is_of_a_code_that_exists(self, anes: Survey) -> None:
        pilot = anes.pilot(100, seed=1)
        memory = _overfitted(anes, anes.where(pl.lit(value=False)))
        sample = rectify.from_predictions(pilot, memory, "selfLR", category=4)
        assert set(sample.y.tolist()) == {0.0, 1.0}
        with pytest.raises(InputError, match="no category 99; its codes are"):
            rectify.from_predictions(pilot, memory, "selfLR", category=99)


G = np.arange(60) % 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0],), "a pilot of 1 human answers has no variance"),
        (([float("nan")] * 5,), "a pilot of 0 human answers"),
        ((["a", "b"],), "no number"),
        (([1.0, float("inf")],), "infinite"),
        (([1.0, 2.0], [1.0], [1.0, 2.0]), "f has 1 rows, but there are 2 people"),
        (([1.0, 2.0], [1.0, 2.0]), "f and f_rest go together"),
        ((Y, np.ones((60, 2)), np.ones((9, 2))), "'ppi\\+\\+' takes one, 'multi' all"),
        ((Y, np.ones((60, 2)), np.ones(9)), "f has 2 simulated answers a person and f_rest 1"),
    ],
)
def test_bad_arrays_are_one_clear_line(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        rectify.mean(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "method 'magic' is not for this"),
        ({"level": 95}, "level must lie between 0 and 1"),
        ({"interval": "t"}, "none of auto, z, bootstrap"),
        ({"weights": [float("nan")] * 60}, "row 1 is missing or negative \\(60 rows in all\\)"),
        ({"weights": [1, -1] * 30}, "row 2 is missing or negative"),
        ({"weights": np.zeros(60)}, "are all zero"),
        ({"strata": [1, 2]}, "strata \\(pilot\\) has shape \\(2,\\)"),
        ({"method": "stratified"}, "needs the stratum of everybody"),
        ({"inclusion": np.zeros(60)}, "a probability above 0"),
    ],
)
def test_bad_options_are_one_clear_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        rectify.mean(Y, Y, Y, **options)


class TestFallbacks:
    def test_constant_predictions_give_the_pilot_alone_and_say_so(self) -> None:
        found = rectify.mean(Y, np.ones(60), np.ones(100))
        assert found.lambda_ == 0
        assert "answers the same for every human" in found.notes[0]
        assert found.width == pytest.approx(rectify.mean(Y, method="classical").width)

    def test_constant_answers_have_an_interval_within_limits(self) -> None:
        found = rectify.mean(np.full(40, 5.0), Y[:40], Y, limits=(1, 5))
        assert (found.value, found.high) == (5, 5)
        assert 4.5 < found.low < 5
        assert "exact binomial" in found.notes[-1]

    def test_without_limits_the_missing_interval_has_its_reason(self) -> None:
        found = rectify.mean(np.full(40, 5.0), Y[:40], Y)
        assert np.isnan(found.low)
        assert "no interval without limits=" in found.notes[-1]

    def test_a_share_of_nobody_has_an_interval_above_0(self) -> None:
        found = rectify.share(np.zeros(40), np.full(40, 0.2), np.full(100, 0.2))
        assert found.low == 0
        assert 0.05 < found.high < 0.12

    def test_a_share_never_leaves_its_range(self) -> None:
        y = np.r_[np.zeros(38), 1, 1]
        found = rectify.share(y, 0.3 + 0.5 * y, np.full(400, 0.0) + 0.1, method="ppi")
        assert (found.value, found.low) == (0, 0)
        assert "moved into [0, 1]" in found.notes[-1]

    def test_strata_without_humans_are_put_together_by_name(self) -> None:
        groups = np.array(["a"] * 55 + ["b"] * 5)
        groups_rest = np.array(["a"] * 50 + ["b"] * 40 + ["c"] * 10)
        found = rectify.mean(Y, Y, np.resize(Y, 100), method="stratified",
                             groups=groups, groups_rest=groups_rest)  # fmt: skip
        assert "fewer than 5 humans put together: b + c" in found.notes[0]
        assert set(found.weights) == {"a", "b + c"}

    def test_separation_in_a_logit_is_named_and_finite(self) -> None:
        y = (X > 0).astype(float)
        found = rectify.logistic(y, X=X, method="classical")
        assert np.isfinite(found["x1"].high)
        assert "Firth's penalised estimate" in found["x1"].notes[0]

    def test_a_simulator_without_a_vote_leaves_the_logit_to_the_pilot(self) -> None:
        found = rectify.logistic(V, np.ones(60), np.ones(100), X, np.resize(X, 100))["x1"]
        assert found.method == "classical"
        assert found.notes == ("simulator 1 answers the same for everybody: the pilot alone",)
        f, rest = np.column_stack([V, np.ones(60)]), np.column_stack([np.resize(V, 100)] * 2)
        rest[:, 1] = 1
        both = rectify.logistic(V, f, rest, X, np.resize(X, 100), method="multi")["x1"]
        assert both.notes == ("simulator 2 answers the same for everybody: left out",)

    def test_options_that_a_simulator_never_uses_leave_ordinal_slopes_finite(self) -> None:
        y, f = np.digitize(Y, [2.5, 3.5, 4.5]), np.digitize(Y, [2.5, 3.5])
        found = rectify.ordinal(y, f, np.resize(f, 100), X, np.resize(X, 100))["x1"]
        assert np.isfinite(found.high)
        assert found.n_eff > 60

    @pytest.mark.parametrize(
        ("design", "message"),
        [({"clusters": np.zeros(60)}, "one sampling unit a stratum"),
         ({"strata": I}, "one sampling unit a stratum"),
         ({"limits": (0, 1)}, "human answers lie outside limits= 0 to 1")],
    )  # fmt: skip
    def test_a_design_without_variance_is_refused(
        self, design: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(InputError, match=message):
            rectify.mean(Y, method="classical", **design)

    @pytest.mark.parametrize("regress", [rectify.ols, rectify.ordinal])
    def test_collinear_predictors_are_refused(self, regress: Any) -> None:
        with pytest.raises(InputError, match=r"collinear|no estimate found"):
            regress(G, G, G, np.column_stack([X, X]), np.column_stack([X, X]))

    def test_a_logit_of_equal_answers_is_refused(self) -> None:
        with pytest.raises(InputError, match="all 60 humans answer 1"):
            rectify.logistic(np.ones(60), X=X, method="classical")

    def test_people_without_an_answer_are_left_out_and_counted(self) -> None:
        y = np.where(I < 4, np.nan, Y)
        found = rectify.mean(y, Y, np.r_[Y, np.nan])
        assert (found.n, found.N) == (56, 60)
        assert found.notes[:2] == (
            "4 of 60 people in the pilot left out: no human or simulated answer",
            "1 of 61 people of the rest left out: no simulated answer",
        )

    def test_a_group_too_small_for_a_difference_is_named(self) -> None:
        with pytest.raises(InputError, match="group 'z' has 0 humans"):
            rectify.difference(Y, Y, Y, groups=G, groups_rest=G, first=1, second="z")


class TestDiagnostics:
    def test_a_good_simulator_may_be_used(self) -> None:
        found = rectify.mean(*_population(200, 2000, 0.8, 25))
        assert found.diagnostics is not None
        assert found.diagnostics.verdict == "use"
        assert "narrower than the pilot's own" in found.diagnostics.reason

    def test_a_bad_simulator_at_its_word_is_not_used(self) -> None:
        y, f, rest = _population(200, 2000, 0.1, 25)
        found = rectify.mean(y, 3 * f, 3 * rest, method="ppi")
        assert found.diagnostics is not None
        assert found.diagnostics.verdict == "don't use"
        assert "times that of the pilot alone" in found.diagnostics.reason

    def test_a_pilot_unlike_the_rest_is_seen(self) -> None:
        y, f, rest = _population(200, 2000, 0.8, 25)
        found = rectify.mean(y, f, rest + 1)
        assert found.diagnostics is not None
        assert found.diagnostics.verdict == "use with care"
        assert "random sample" in found.diagnostics.reason

    def test_a_slope_that_few_people_decide_is_used_with_care(self) -> None:
        rng = np.random.default_rng(41)
        x = np.r_[rng.normal(size=97), 8, 8, 8]
        y = np.r_[x[:97] + rng.normal(size=97), -6, -6, -6]
        few = rectify.ols(y, X=x, f=x, f_rest=x, X_rest=x, names=["age"])["age"].diagnostics
        many = rectify.ols(y[:97], x[:97], x, x[:97], x, names=["age"])["age"].diagnostics
        assert few is not None
        assert many is not None
        assert "a few people decide it" in few.reason
        assert "few people" not in many.reason

    def test_several_proxies_are_judged_by_their_fitted_sum(self) -> None:
        y, f, rest = _population(200, 2000, 0.8, 25)
        F, R = np.column_stack([3 * f, -f]), np.column_stack([3 * rest, -rest])
        found = rectify.mean(y, F, R, method="multi").diagnostics
        assert found is not None
        assert (found.verdict, round(found.slope, 1)) == ("use", 1.1)

    def test_a_single_group_is_not_named_beside_itself(self) -> None:
        y, f, rest = _population(60, 2000, 0.1, 25)
        found = rectify.mean(y, -f, -rest, method="ppi", groups=np.full(60, "all")).diagnostics
        assert found is not None
        assert found.harmed == ()

    def test_groups_that_the_correction_harms_are_named(self) -> None:
        y, f, rest = _population(200, 2000, 0.8, 25)
        groups = np.where(np.arange(200) % 4, "many", "few")
        f = np.where(groups == "few", -f, f)
        found = rectify.mean(y, f, rest, groups=groups)
        assert found.diagnostics is not None
        assert found.diagnostics.harmed == ("few",)
        assert found.diagnostics.slope_by_group["few"] < 0

    def test_simulation_alone_is_marked_in_print(self) -> None:
        text = str(rectify.mean(*_population(50, 200, 0.5, 27), method="imputation"))
        assert "not a valid interval" in text
        assert "don't use" in text


class TestCrosstab:
    def test_a_cell_of_many_humans_is_about_the_group_mean(self) -> None:
        y, f, rest = _population(4000, 9000, 0.7, 29)
        groups, groups_rest = np.arange(4000) % 2, np.arange(9000) % 2
        cells = rectify.crosstab(y, f, rest, groups, groups_rest)
        one = rectify.mean(y[groups == 0], f[groups == 0], rest[groups_rest == 0])
        row = cells.row(0, named=True)
        for column, known in (("value", one.value), ("low", one.low), ("n_eff", one.n_eff)):
            assert row[column] == pytest.approx(known, rel=0.01)

    def test_weights_and_missing_answers_count_as_in_the_mean(self) -> None:
        rng = np.random.default_rng(31)
        y, f, rest = _population(3000, 5000, 0.7, 31)
        rest[::7], y[::5] = np.nan, np.nan
        w, w_rest = rng.random(3000) + 0.5, rng.random(5000) + 0.5
        cells = rectify.crosstab(
            y, f, rest, np.zeros(3000), np.zeros(5000), weights=w, weights_rest=w_rest
        )
        one = rectify.mean(y, f, rest, weights=w, weights_rest=w_rest)
        assert cells["n"].item() == one.n
        assert cells["value"].item() == pytest.approx(one.value, rel=2e-3)
        assert cells["se"].item() == pytest.approx(one.se, rel=2e-3)

    def test_a_cell_without_an_estimate_says_why(self) -> None:
        y, f, rest = _population(6, 30, 0.7, 33)
        y[3:5] = 1.0
        cells = rectify.crosstab(y, f, rest, list("aaabbc"), [*"abcd" * 7, "a", "b"])
        notes = dict(zip(cells["group"], cells["note"], strict=True))
        assert notes["c"] == "one human in the cell: no interval"
        assert notes["d"] == "no human in the cell: no estimate"
        empty = cells.filter(pl.col("low").is_null())
        assert (empty["note"] != "").all()

    def test_simultaneous_intervals_hold_together(self) -> None:
        held = 0
        for seed in range(200):
            rng = np.random.default_rng(seed)
            f = rng.normal(size=(1300, 5))
            y = f + rng.normal(size=(1300, 5))
            groups = np.arange(1300) % 4
            cells = rectify.crosstab(y[:300], f[:300], f[300:], groups[:300], groups[300:],
                                     simultaneous=True)  # fmt: skip
            held += bool(((cells["low"] < 0) & (cells["high"] > 0)).all())
        assert 0.91 < held / 200 < 0.995
