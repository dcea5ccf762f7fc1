"""Individual fidelity against scikit-learn and scipy."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    mean_absolute_error,
)
from sklearn.metrics import log_loss as sklearn_log_loss

from alignsurvey import metrics as m

NAN = float("nan")


def answers(seed, n=60, n_options=5, sloppy=False):
    rng = np.random.default_rng(seed)
    human = rng.integers(0, n_options - 1 if sloppy else n_options, n)
    simulated = np.where(rng.random(n) < 0.4, human, rng.integers(1, n_options, n))
    return human, simulated, rng.integers(0, 4, n).astype(float)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("weighted", [False, True])
def test_codes_score_as_in_sklearn(seed, weighted):
    human, simulated, weights = answers(seed, sloppy=seed % 2 == 0)
    weights = weights if weighted else np.ones(len(human))
    real = np.unique(human[weights > 0])
    assert float(m.accuracy(human, simulated, weights)) == pytest.approx(
        accuracy_score(human, simulated, sample_weight=weights), abs=1e-12
    )
    f1 = f1_score(
        human, simulated, labels=real, average="macro", zero_division=0, sample_weight=weights
    )
    assert float(m.macro_f1(human, simulated, 5, weights)) == pytest.approx(f1, abs=1e-12)
    table = confusion_matrix(human, simulated, labels=range(5), sample_weight=weights)
    np.testing.assert_allclose(m.confusion(human, simulated, 5, weights), table)


@pytest.mark.parametrize(
    ("human", "simulated", "expected"),
    [
        ([0, 0, 1, 1], [0, 0, 1, 1], 1),
        ([0, 0, 1, 1], [1, 1, 0, 0], 0),
        ([0, 0, 0, 0], [0, 0, 2, 2], 2 / 3),  # option 2 is no human's: not averaged over
        ([0, 0, 1, 1], [0, 0, 0, 0], 1 / 3),  # option 1 is never named: F1 0
        ([0, -1, 1], [0, 1, -1], 1),
        ([-1, -1], [0, 1], NAN),
    ],
)
def test_macro_f1_averages_over_the_options_of_humans(human, simulated, expected):
    assert float(m.macro_f1(human, simulated, 3)) == pytest.approx(expected, nan_ok=True)


def test_an_option_chosen_only_by_people_of_weight_zero_is_not_real():
    with_absent = m.macro_f1([0, 0, 1], [0, 0, 0], 2, weights=[1, 1, 0])
    assert with_absent == m.macro_f1([0, 0], [0, 0], 2) == 1


def test_items_of_one_respondent_are_pooled_and_weighted_together():
    human, simulated = np.array([[0, 1], [1, -1], [2, 2]]), np.array([[0, 0], [1, 1], [2, 0]])
    w = np.array([1.0, 2.0, 3.0])
    flat = (human.ravel(), simulated.ravel())
    assert m.accuracy(human, simulated, w) == m.accuracy(*flat, np.repeat(w, 2))
    assert m.macro_f1(human, simulated, 3, w) == m.macro_f1(*flat, 3, np.repeat(w, 2))
    np.testing.assert_array_equal(
        m.confusion(human, simulated, 3, w), m.confusion(*flat, 3, np.repeat(w, 2))
    )


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_accuracy_and_f1_follow_from_the_confusion_table(seed):
    human, simulated, weights = answers(seed)
    table = m.confusion(human, simulated, 5, weights)
    assert m.accuracy_from_confusion(table) == pytest.approx(
        float(m.accuracy(human, simulated, weights))
    )
    assert 0 <= m.macro_f1_from_confusion(table) <= 1


@pytest.mark.parametrize("n_options", [2, 4])
@pytest.mark.parametrize("seed", range(3))
def test_probabilities_score_as_in_sklearn(n_options, seed):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(n_options), 50)
    p[0] = np.eye(n_options)[0]
    codes = rng.integers(0, n_options, 50)
    codes[:n_options] = np.arange(n_options)
    w = rng.integers(0, 3, 50).astype(float)
    brier = brier_score_loss(
        codes, p, sample_weight=w, scale_by_half=False, labels=range(n_options)
    )
    assert float(m.brier(p, codes, w)) == pytest.approx(brier, abs=1e-12)
    loss = sklearn_log_loss(codes, p, sample_weight=w, labels=range(n_options))
    assert float(m.log_loss(p, codes, w)) == pytest.approx(loss, abs=1e-9)


def test_losses_at_the_edges():
    assert float(m.brier([[0, 1]], [0])) == 2
    assert float(m.log_loss([[0, 1]], [0])) == pytest.approx(-math.log(1e-15))
    assert float(m.log_loss([[0, 1]], [1])) == 0
    assert np.isnan(m.brier([[NAN, 1], [0.5, 0.5]], [0, -1]))
    assert np.isnan(m.log_loss([[NAN, 1], [0.5, 0.5]], [0, -1]))
    assert float(m.log_loss([[0.5, 0.5], [NAN, NAN]], [0, 0])) == pytest.approx(math.log(2))


@pytest.mark.parametrize("seed", range(5))
def test_scores_correlate_as_in_scipy_after_pairwise_deletion(seed):
    rng = np.random.default_rng(seed)
    human = rng.normal(size=40)
    simulated = human + rng.normal(size=40)
    human[:3], simulated[2:6] = NAN, NAN
    known = ~np.isnan(human) & ~np.isnan(simulated)
    expected = stats.pearsonr(human[known], simulated[known]).statistic
    assert float(m.pearson_r(human, simulated)) == pytest.approx(expected, abs=1e-12)
    error = mean_absolute_error(human[known], simulated[known])
    assert float(m.mae(human, simulated)) == pytest.approx(error, abs=1e-12)


@pytest.mark.parametrize("offset", [0.0, 1e6, 0.1])
def test_correlation_keeps_its_digits_far_from_zero(offset):
    rng = np.random.default_rng(3)
    x = rng.normal(size=200)
    y = x + rng.normal(size=200)
    w = m.replicate_weights(200, 20, seed=1)
    shifted = m.pearson_r(x + offset, y + offset, w)
    np.testing.assert_allclose(shifted, m.pearson_r(x, y, w), atol=1e-9)


@pytest.mark.parametrize(
    ("human", "simulated"),
    [
        ([1, 2, 3], [0.1, 0.1, 0.1]),
        ([0.1, 0.1, 0.1], [1, 2, 3]),
        ([0.1 + 0.2, 0.3, 0.3], [1, 2, 3]),  # constant but for rounding
        ([1, NAN], [1, 2]),
        ([NAN], [NAN]),
    ],
)
def test_correlation_without_variation_is_undefined(human, simulated):
    assert np.isnan(m.pearson_r(human, simulated))


def test_a_replicate_that_draws_only_equal_scores_has_no_correlation():
    human, simulated = np.array([0.1, 0.1, 0.1, 5.0]), np.array([1.0, 2.0, 3.0, 4.0])
    weights = np.array([[1, 2, 1, 0], [1, 1, 1, 1.0]])
    found = m.pearson_r(human, simulated, weights)
    assert np.isnan(found[0])
    assert found[1] > 0


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="differ"):
        m.accuracy([0, 1], [0])
    with pytest.raises(ValueError, match="differ in length"):
        m.mae([0.0, 1.0], [0.0])
