"""Replicate weights and what is made of their draws."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from alignsurvey import metrics as m

STRATA = np.repeat(["north", "south", "west"], [2, 5, 13])


def test_counts_of_the_plain_bootstrap_sum_to_n_and_multiply_weights():
    counts = m.replicate_weights(25, 40, seed=1)
    assert counts.shape == (40, 25)
    assert counts.dtype == np.float64
    np.testing.assert_array_equal(counts.sum(axis=1), 25)
    np.testing.assert_array_equal(counts, counts.round())
    weights = np.linspace(0, 2, 25)
    np.testing.assert_allclose(m.replicate_weights(25, 40, 1, weights), counts * weights)


def test_the_seed_decides_and_global_state_does_not():
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first = m.replicate_weights(30, 10, seed=3, strata=np.repeat([1, 2], 15))
    np.testing.assert_array_equal(
        first, m.replicate_weights(30, 10, seed=3, strata=np.repeat([1, 2], 15))
    )
    assert not np.array_equal(
        first, m.replicate_weights(30, 10, seed=4, strata=np.repeat([1, 2], 15))
    )
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("strata", [None, STRATA])
def test_replicates_depend_neither_on_their_number_nor_on_blocks(strata, monkeypatch):
    many = m.replicate_weights(20, 50, seed=5, strata=strata)
    np.testing.assert_array_equal(m.replicate_weights(20, 7, seed=5, strata=strata), many[:7])
    monkeypatch.setattr("alignsurvey.metrics.bootstrap.BLOCK_DRAWS", 20 * 3)
    np.testing.assert_array_equal(m.replicate_weights(20, 50, seed=5, strata=strata), many)


def test_respondents_of_a_cluster_are_drawn_together():
    cluster = np.repeat(["a", "b", "c", "d"], [1, 2, 3, 4])
    w = m.replicate_weights(10, 60, seed=0, cluster=cluster)
    for name in "abcd":
        members = w[:, cluster == name]
        assert (members == members[:, :1]).all()
    first_of_each = w[:, [0, 1, 3, 6]]
    np.testing.assert_array_equal(first_of_each.sum(axis=1), 4)


def test_strata_keep_their_totals_under_rao_wu_rescaling():
    w = m.replicate_weights(20, 300, seed=2, strata=STRATA)
    for name, size in zip(["north", "south", "west"], [2, 5, 13], strict=True):
        np.testing.assert_allclose(w[:, name == STRATA].sum(axis=1), size)


def test_rao_wu_variance_of_a_stratified_mean_is_the_textbook_variance():
    rng = np.random.default_rng(1)
    y = rng.normal(size=20) + 3 * (STRATA == "west")
    draws = m.mean(y, m.replicate_weights(20, 40_000, seed=3, strata=STRATA))
    parts = [
        (name == STRATA).mean() ** 2 * y[name == STRATA].var(ddof=1) / (name == STRATA).sum()
        for name in np.unique(STRATA)
    ]
    assert draws.var() == pytest.approx(sum(parts), rel=0.03)


def test_cluster_labels_may_recur_in_another_stratum():
    strata, cluster = np.repeat(["a", "b"], 4), np.tile([1, 1, 2, 2], 2)
    w = m.replicate_weights(8, 200, seed=1, strata=strata, cluster=cluster)
    assert set(np.unique(w)) == {0.0, 2.0}
    assert not np.array_equal(w[:, 0], w[:, 4])


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"strata": ["a", "a", "b"]}, "stratum 'b' has a single sampling unit"),
        ({"strata": ["a", "a", "a"], "cluster": [1, 1, 1]}, "stratum 'a' has a single"),
        ({"strata": ["a", None, "a"]}, "row 1 has no stratum"),
        ({"cluster": [1, -1, 2]}, "row 1 has no cluster"),
        ({"cluster": [1, 2]}, "2 cluster labels for 3"),
        ({"weights": np.ones((2, 3))}, "one weight per respondent"),
    ],
)
def test_a_design_that_cannot_be_resampled_is_named(design, message):
    with pytest.raises(ValueError, match=message):
        m.replicate_weights(3, 5, seed=0, **design)


def test_no_replicates_are_refused_and_no_respondents_are_fine():
    with pytest.raises(ValueError, match="at least 1"):
        m.replicate_weights(3, 0, seed=0)
    assert m.replicate_weights(0, 5, seed=0).shape == (5, 0)


@pytest.mark.parametrize("method", m.INTERVAL_METHODS)
def test_every_method_agrees_on_symmetric_unbiased_draws(method):
    draws = np.random.default_rng(0).normal(size=20_000)
    draws = np.concatenate([draws, -draws]) + 3
    low, high = m.interval(3.0, draws, method=method)
    assert float(low) == pytest.approx(3 - 1.96, abs=0.03)
    assert float(high) == pytest.approx(3 + 1.96, abs=0.03)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("percentile", (1.0, 9.0)),
        ("basic", (-1.0, 7.0)),
        ("centred", (0.0, 8.0)),
    ],
)
def test_biased_draws_are_moved_as_the_method_says(method, expected):
    low, high = m.interval(4.0, np.linspace(0, 10, 11), level=0.8, method=method)
    assert (float(low), float(high)) == pytest.approx(expected)


@pytest.mark.parametrize("method", m.INTERVAL_METHODS)
def test_missing_draws_are_left_out_and_arrays_are_done_at_once(method):
    rng = np.random.default_rng(2)
    draws = rng.gamma(2.0, size=(200, 3))
    draws[:50, 1] = np.nan
    draws[:, 2] = np.nan
    estimate = np.array([2.0, 2.0, 2.0])
    low, high = m.interval(estimate, draws, method=method)
    assert float(low[0]) == pytest.approx(float(m.interval(2.0, draws[:, 0], method=method).low))
    only_known = m.interval(2.0, draws[50:, 1], method=method)
    assert float(high[1]) == pytest.approx(float(only_known.high))
    assert np.isnan([low[2], high[2]]).all()
    assert np.isnan(m.interval(float("nan"), draws[:, 0], method=method)).all()


def test_the_default_interval_always_holds_the_estimate():
    rng = np.random.default_rng(8)
    draws = rng.normal(size=(50, 40)) + np.linspace(-20, 20, 40)
    low, high = m.interval(np.zeros(40), draws)
    assert (low < 0).all()
    assert (high > 0).all()


def test_intervals_stay_inside_the_range_of_the_metric():
    found = m.interval(0.02, np.linspace(0, 0.3, 50), method="basic", bounds=(0.0, 1.0))
    assert float(found.low) == 0
    with pytest.raises(ValueError, match="method must be one of"):
        m.interval(0.5, [0.4, 0.6], method="bootstrap-t")
    with pytest.raises(ValueError, match="do not belong"):
        m.interval([0.5, 0.6], [0.4, 0.6])


@pytest.mark.parametrize("method", m.INTERVAL_METHODS)
def test_the_p_value_and_the_interval_tell_one_story(method):
    rng = np.random.default_rng(7)
    for shift in (0.0, 0.1, 0.15, 0.2, 0.25, 0.3):
        a, b = rng.gamma(4, 0.05, 4000) + shift, rng.gamma(4, 0.05, 4000)
        found = m.paired_difference(a, b, shift + 0.2, 0.2, method=method)
        excluded = found.low > 0 or found.high < 0
        if abs(found.p - 0.05) > 0.005:
            assert excluded == (found.p < 0.05)
        assert 0 <= found.p <= 1


def test_a_difference_of_paired_draws_is_narrower_than_of_unpaired_ones():
    rng = np.random.default_rng(3)
    human = rng.integers(0, 4, 300)
    one = np.where(rng.random(300) < 0.5, human, rng.integers(0, 4, 300))
    other = np.where(rng.random(300) < 0.95, one, rng.integers(0, 4, 300))
    w, w2 = m.replicate_weights(300, 500, seed=1), m.replicate_weights(300, 500, seed=2)
    estimates = m.accuracy(human, one), m.accuracy(human, other)
    paired = m.paired_difference(m.accuracy(human, one, w), m.accuracy(human, other, w), *estimates)
    loose = m.paired_difference(m.accuracy(human, one, w), m.accuracy(human, other, w2), *estimates)
    assert paired.high - paired.low < 0.6 * (loose.high - loose.low)
    assert paired.difference == estimates[0] - estimates[1]


def test_a_difference_that_is_always_or_never_there():
    w = np.linspace(0, 1, 99)
    same = m.paired_difference(w, w, 0.5, 0.5)
    assert (float(same.difference), float(same.p)) == (0.0, 1.0)
    sure = m.paired_difference(w + 5, w, 5.5, 0.5)
    assert float(sure.p) == pytest.approx(2 / 100)
    read = m.paired_difference(w[::-1] + 5, w, 5.5, 0.5, method="percentile")
    assert float(read.p) == pytest.approx(2 / 100)
    assert np.isnan(m.paired_difference(w * np.nan, w, 0.5, 0.5).p)


@pytest.mark.parametrize("p", [[0.01, 0.04, 0.03], [0.5], [0.9, 0.9, 0.0], [0.02] * 5, []])
def test_holm_equals_statsmodels(p):
    expected = multipletests(p, method="holm")[1] if p else []
    np.testing.assert_allclose(m.holm(p), expected)


def test_holm_does_not_count_comparisons_that_were_not_made():
    found = m.holm([0.01, np.nan, 0.04])
    np.testing.assert_allclose(found, [0.02, np.nan, 0.04])
