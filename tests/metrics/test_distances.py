"""Distances and shares against scipy, closed forms and their own laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.spatial.distance import jensenshannon

from alignsurvey import metrics as m

SHARE_DISTANCES = [m.w1, m.w1_normalized, m.tv, m.jsd, m.ks]
BOUNDED = [m.w1_normalized, m.tv, m.jsd, m.ks]
METRICS = [m.w1, m.w1_normalized, m.tv, m.ks]  # the JSD obeys no triangle inequality


def option_shares(n_options=5):
    counts = arrays(np.float64, n_options, elements=st.integers(0, 50).map(float))
    return counts.filter(lambda count: count.sum() > 0).map(lambda count: count / count.sum())


sample = arrays(np.float64, st.integers(1, 30), elements=st.integers(-5, 5).map(float))


@pytest.mark.parametrize(
    ("codes", "weights", "expected"),
    [
        ([0, 0, 1, 2], None, [0.5, 0.25, 0.25]),
        ([0, 0, -1, 2], None, [2 / 3, 0, 1 / 3]),
        ([0, 1, 2, 2], [2, 1, 0, 1], [0.5, 0.25, 0.25]),
        ([[0, 1], [1, -1]], [1, 2], [0.25, 0.75, 0]),
        ([-1, -1], None, [math.nan] * 3),
        ([0, 1], [0, 0], [math.nan] * 3),
        ([], None, [math.nan] * 3),
        (np.array([0.0, np.nan, 2.0]), None, [0.5, 0, 0.5]),
    ],
)
def test_shares_count_weight_and_leave_out_the_missing(codes, weights, expected):
    codes = np.asarray(codes, dtype=int) if len(codes) == 0 else codes
    np.testing.assert_allclose(m.shares(codes, 3, weights), expected)


@pytest.mark.parametrize(
    ("codes", "weights", "message"),
    [
        ([0, 3], None, "code 3 is outside the 3 options"),
        ([0.5, 1.0], None, "whole numbers"),
        (["a", "b"], None, "option indices"),
        ([0, 1], [1.0], "shape"),
        ([0, 1], [1.0, -1.0], "not negative"),
        ([0, 1], [1.0, np.nan], "finite"),
    ],
)
def test_what_is_not_a_code_or_a_weight_is_named(codes, weights, message):
    with pytest.raises(ValueError, match=message):
        m.shares(codes, 3, weights)


@given(option_shares(), option_shares(), st.permutations([0.0, 1.0, 2.5, 4.0, 7.0]))
def test_w1_of_shares_equals_scipy_on_any_positions(p, q, positions):
    expected = stats.wasserstein_distance(positions, positions, p, q)
    assert float(m.w1(p, q, positions)) == pytest.approx(expected, abs=1e-12)
    assert float(m.w1_normalized(p, q, positions)) == pytest.approx(expected / 7, abs=1e-12)


@given(option_shares(), option_shares())
def test_jsd_is_scipys_distance_squared_in_bits(p, q):
    expected = jensenshannon(p, q, base=2) ** 2
    assert float(m.jsd(p, q)) == pytest.approx(expected, abs=1e-12)


@given(option_shares(), option_shares(), option_shares())
def test_distances_are_symmetric_bounded_and_obey_the_triangle(p, q, r):
    for distance in SHARE_DISTANCES:
        assert float(distance(p, q)) == pytest.approx(float(distance(q, p)), abs=1e-12)
        assert float(distance(p, p)) == 0
        assert float(distance(p, q)) >= 0
    for distance in BOUNDED:
        assert float(distance(p, q)) <= 1
    for distance in METRICS:
        assert distance(p, r) <= distance(p, q) + distance(q, r) + 1e-12


@pytest.mark.parametrize(
    ("distance", "p", "q", "expected"),
    [
        (m.w1, [1, 0, 0, 0], [0, 0, 0, 1], 3),
        (m.w1, [0.5, 0.5], [0.5, 0.5], 0),
        (m.w1, [60, 40], [0.4, 0.6], 0.2),
        (m.tv, [1, 0, 0], [0, 0.5, 0.5], 1),
        (m.jsd, [1, 0], [0.5, 0.5], 1.5 - 0.75 * math.log2(3)),
        (m.ks, [0.2, 0.8], [0.7, 0.3], 0.5),
        (m.entropy_ratio, [0.25] * 4, [0.5, 0.5, 0, 0], 0.5),
        (m.entropy_ratio, [1, 0], [0.5, 0.5], math.nan),
        (m.unused_options, [0.2, 0.3, 0.5, 0], [0, 0, 0.5, 0.5], 2),
        (m.w1_normalized, [1.0], [1.0], math.nan),
        (m.w1, [1.0], [1.0], 0),
    ],
)
def test_closed_forms(distance, p, q, expected):
    assert float(distance(p, q)) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "distance", [*SHARE_DISTANCES, m.entropy_ratio, m.unused_options], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("bad", [[0, 0, 0], [np.nan, 1, 1], [-1, 1, 1], [np.inf, 1, 1]])
def test_undefined_shares_give_nan(distance, bad):
    assert np.isnan(distance(bad, [0.2, 0.3, 0.5]))
    assert np.isnan(distance([0.2, 0.3, 0.5], bad))


@pytest.mark.parametrize("distance", [*SHARE_DISTANCES, m.entropy_ratio, m.unused_options])
def test_leading_axes_broadcast(distance):
    p = np.random.default_rng(1).dirichlet(np.ones(4), size=(6, 2))
    q = np.array([0.4, 0.3, 0.2, 0.1])
    together = distance(p, q)
    assert together.shape == (6, 2)
    assert together[3, 1] == pytest.approx(float(distance(p[3, 1], q)))


def test_shares_over_different_options_are_refused():
    with pytest.raises(ValueError, match="3 and 2 options"):
        m.tv([1, 0, 0], [1, 0])
    with pytest.raises(ValueError, match="one per option"):
        m.w1([1, 0, 0], [0, 0, 1], positions=[1, 2])


def test_options_at_one_position_are_one_point_for_ks_and_w1():
    assert float(m.ks([1, 0, 0], [0, 1, 0], positions=[1, 1, 2])) == 0
    assert float(m.w1([1, 0, 0], [0, 1, 0], positions=[1, 1, 2])) == 0


def test_an_option_is_unused_only_if_humans_use_it():
    mask = m.unused_option_mask([[0.5, 0.5, 0.0]], [[1.0, 0.0, 0.0]])
    assert mask.tolist() == [[False, True, False]]


@given(sample, sample, st.integers(0, 1000))
def test_w1_of_samples_equals_scipy(x, y, seed):
    rng = np.random.default_rng(seed)
    wx, wy = rng.integers(1, 5, len(x)), rng.integers(1, 5, len(y))
    expected = stats.wasserstein_distance(x, y, wx, wy)
    assert float(m.w1_samples(x, y, wx, wy)) == pytest.approx(expected, abs=1e-12)


@given(sample, sample)
def test_ks_of_samples_equals_scipy(x, y):
    with np.errstate(divide="ignore"):  # scipy's p-value of two single scores
        expected = stats.ks_2samp(x, y, method="asymp").statistic
    assert float(m.ks_samples(x, y)) == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(0, 1000))
def test_distance_of_codes_is_the_distance_of_their_shares(codes, seed):
    other = np.random.default_rng(seed).integers(0, 5, 20)
    p, q = m.shares(codes, 5), m.shares(other, 5)
    assert float(m.w1(p, q)) == pytest.approx(float(m.w1_samples(codes, other)), abs=1e-12)
    assert float(m.ks(p, q)) == pytest.approx(float(m.ks_samples(codes, other)), abs=1e-12)


@pytest.mark.parametrize("distance", [m.w1_samples, m.ks_samples])
def test_an_empty_side_is_undefined_and_missing_scores_leave_their_side(distance):
    nan = float("nan")
    assert np.isnan(distance([nan, nan], [1.0, 2.0]))
    assert np.isnan(distance([1.0], [1.0, 2.0], weights_x=[0.0]))
    assert distance([nan, 1.0], [2.0, nan, 3.0]) == distance([1.0], [2.0, 3.0])
    empty = distance([1.0, 2.0], [1.0, 2.0], weights_x=[[0, 0], [1, 1]])
    np.testing.assert_allclose(empty, [nan, 0])


def test_replicates_of_one_side_only_broadcast_against_the_other():
    w = m.replicate_weights(4, 7, seed=0)
    batch = m.w1_samples([1, 2, 3, 4], [2, 5], weights_x=w)
    single = [m.w1_samples([1, 2, 3, 4], [2, 5], weights_x=row) for row in w]
    np.testing.assert_allclose(batch, single)
