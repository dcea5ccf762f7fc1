"""Groups: tables, intersections, gaps, variance between and within."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey import metrics as m

NAN = float("nan")


def panel(seed=0, n=400, items=3):
    rng = np.random.default_rng(seed)
    human = rng.integers(-1, 4, (n, items))
    simulated = np.where(rng.random((n, items)) < 0.5, human, rng.integers(-1, 4, (n, items)))
    labels = rng.choice(np.array(["a", "b", "c", None], dtype=object), n, p=[0.5, 0.3, 0.15, 0.05])
    return human, simulated, labels, rng.random(n)


def test_each_group_has_the_metric_of_its_rows():
    human, simulated, labels, w = panel()
    f1 = partial(m.macro_f1, n_options=4)
    found = m.group_table(f1, labels, (human, simulated), w, minimum_n=30)
    assert list(found.by_group) == ["a", "b", "c"]
    for name, value in found.by_group.items():
        rows = labels == name
        assert value == f1(human[rows], simulated[rows], weights=w[rows])
    assert found.overall == f1(human, simulated, weights=w)
    values = list(found.by_group.values())
    assert found.difference == max(values) - min(values)
    assert found.ratio == min(values) / max(values)
    assert found.worst.value == min(values)
    assert found.by_group[found.worst.group] == min(values)


def test_groups_that_are_too_small_are_named_and_not_scored():
    labels = np.repeat(["big", "small"], [40, 5])
    codes = np.zeros(45, dtype=int)
    found = m.group_table(m.accuracy, labels, (codes, codes))
    assert found.too_small == ("small",)
    assert found.n == {"big": 40, "small": 5}
    assert list(found.by_group) == ["big"]
    assert found.difference == 0
    nobody = m.group_table(m.accuracy, labels, (codes, codes), minimum_n=100)
    assert np.isnan([nobody.difference, nobody.ratio, nobody.worst.value]).all()
    assert nobody.worst.group is None


def test_rows_without_weight_or_answer_do_not_count_towards_the_minimum():
    human = np.array([0, 0, -1, 0, 0, 0])
    labels = ["x", "x", "x", "x", "y", "y"]
    found = m.group_table(m.accuracy, labels, (human, [0] * 6), [1, 1, 1, 0, 1, 1], minimum_n=1)
    assert found.n == {"x": 2, "y": 2}
    scores = np.array([1.0, NAN, 2.0, 3.0, 4.0, 5.0])
    assert m.group_table(m.mean, labels, (scores,), minimum_n=1).n == {"x": 3, "y": 2}


def test_the_worst_group_of_a_loss_is_the_largest():
    labels, scores = ["x", "x", "y", "y"], [1.0, 1.0, 3.0, 3.0]
    table = partial(m.group_table, m.mean, labels, (scores,), minimum_n=1)
    assert table(higher_is_better=False).worst == ("y", 3.0)
    assert table(higher_is_better=True).worst == ("x", 1.0)


def test_replicates_carry_through_the_table():
    human, simulated, labels, w = panel(1)
    replicates = m.replicate_weights(len(w), 8, seed=1, weights=w)
    batch = m.group_table(m.accuracy, labels, (human, simulated), replicates)
    assert batch.difference.shape == batch.ratio.shape == batch.worst.value.shape == (8,)
    for b in range(8):
        one = m.group_table(m.accuracy, labels, (human, simulated), replicates[b], minimum_n=1)
        assert batch.difference[b] == pytest.approx(float(one.difference))
        assert batch.ratio[b] == pytest.approx(float(one.ratio))
        assert batch.worst.group[b] == one.worst.group


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (([1, 2], ["x", "y"]), ["1 × x", "2 × y"]),
        ((["a", None], ["x", "y"]), ["a × x", None]),
        (([1, -1], ["x", "y"]), ["1 × x", None]),
        (([1.0, NAN], ["x", "y"]), ["1.0 × x", None]),
        ((["a"], ["b"], ["c"]), ["a × b × c"]),
    ],
)
def test_intersections_join_labels_and_keep_missing_missing(labels, expected):
    assert m.intersections(*labels).tolist() == expected


def test_labels_of_mixed_kinds_keep_the_order_they_come_in():
    labels = np.array(["other", 3, "other", 1], dtype=object)
    found = m.group_table(m.mean, labels, ([1.0, 2.0, 3.0, 4.0],), minimum_n=1)
    assert list(found.by_group) == ["other", 3, 1]


@pytest.mark.parametrize(
    ("human", "simulated", "expected"),
    [
        ([1, 3], [0, 4], 2),
        ([1, 3, NAN], [0, 4, 99], 2),
        ([2, 2], [0, 4], NAN),
        ([NAN, NAN], [0, 4], NAN),
        ([[1, 3], [0, 1]], [[2, 3], [5, 8]], [0.5, 3]),
        ([], [], NAN),
    ],
)
def test_gap_inflation(human, simulated, expected):
    np.testing.assert_allclose(m.gap_inflation(human, simulated), expected)


@given(st.integers(0, 10_000))
def test_variance_between_and_within_add_up(seed):
    rng = np.random.default_rng(seed)
    scores, labels = rng.normal(size=40), rng.integers(0, 4, 40)
    w = rng.integers(0, 3, 40).astype(float)
    between, within = m.between_within_variance(scores, labels, w)
    assert float(between + within) == pytest.approx(float(m.sd(scores, w)) ** 2, nan_ok=True)
    assert between >= 0
    assert within >= 0


def test_variance_ratios_show_stereotypes():
    human = [1.0, 3.0, 5.0, 7.0, NAN]
    labels = ["a", "a", "b", "b", "b"]
    between, within = m.variance_ratios(human, [0, 0, 8, 8, 8], labels)
    assert between > 1
    assert within == 0
    assert np.isnan(m.variance_ratios([1, 1], [1, 2], ["a", "b"])[0])
    assert np.isnan(m.between_within_variance([NAN], ["a"])).all()
    assert np.isnan(m.between_within_variance([1.0], [None])).all()


def test_calibration_slope_is_the_regression_of_humans_on_the_simulator():
    rng = np.random.default_rng(0)
    simulated = rng.normal(size=50)
    human = 0.4 * simulated + rng.normal(size=50)
    expected = np.polyfit(simulated, human, 1)[0]
    assert float(m.calibration_slope(human, simulated)) == pytest.approx(expected)
    assert np.isnan(m.calibration_slope(human, np.full(50, 0.1)))
    assert float(m.calibration_slope(np.full(50, 0.1), simulated)) == 0


@pytest.mark.parametrize("weighted", [False, True])
def test_the_grouped_bootstrap_equals_the_metrics_on_each_groups_rows(weighted):
    human, simulated, labels, w = panel(2)
    weights = m.replicate_weights(len(w), 6, seed=1, weights=w) if weighted else None
    ages = np.random.default_rng(3).integers(0, 5, len(w))
    found = m.grouped_bootstrap(
        human, simulated, 4, {"kind": labels, "age": ages}, weights, positions=[1, 2, 4, 8]
    )
    for name, values in (("kind", labels), ("age", ages)):
        for place, level in enumerate(found[name].levels):
            rows = values == level
            cut = None if weights is None else weights[:, rows]
            h, s = human[rows], simulated[rows]
            drawn = rows if weights is None else rows & (weights.sum(axis=0) > 0)
            assert found[name].n[place] == drawn.sum()
            np.testing.assert_allclose(found[name].accuracy[..., place], m.accuracy(h, s, cut))
            np.testing.assert_allclose(found[name].macro_f1[..., place], m.macro_f1(h, s, 4, cut))
            distance = m.w1(m.shares(h, 4, cut), m.shares(s, 4, cut), [1, 2, 4, 8])
            np.testing.assert_allclose(found[name].w1[..., place], distance)
