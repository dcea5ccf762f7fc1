"""Rectified estimates of bad input: one clear line, or a fallback that is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from alignsurvey import rectify
from alignsurvey.errors import InputError

I = np.arange(60)  # noqa: E741
Y = np.round(3 + np.sin(I * 1.7) + (I % 7) / 5, 3)
W = np.round(1 + 0.8 * np.cos(I * 0.9) ** 2, 3)
X = np.round(np.cos(I * 2.3), 3)
V = ((I * 37) % 11 < 4).astype(float)
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
