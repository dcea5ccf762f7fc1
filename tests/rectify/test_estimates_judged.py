"""Leaks, samples from predictions, verdicts and crosstabs of rectified estimates."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

import alignsurvey as als
from alignsurvey import rectify
from alignsurvey.errors import InputError
from alignsurvey.predictions import Predictions, Provenance
from alignsurvey.survey.survey import Survey


def _population(n: int, N: int, rho: float, seed: int) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    f = rng.normal(size=n + N)
    y = rho * f + np.sqrt(1 - rho**2) * rng.normal(size=n + N) + 1
    return y[:n], f[:n], f[n:]


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
