"""The contract of all weighted metrics: a matrix of weights is a loop, a count is a repetition."""

from functools import partial

import numpy as np
import pytest

from alignsurvey import metrics as m

N = 60
rng = np.random.default_rng(11)
HUMAN = rng.integers(-1, 4, N)
SIMULATED = np.where(rng.random(N) < 0.5, HUMAN, rng.integers(-1, 4, N))
PROBABILITIES = rng.dirichlet(np.ones(4), N)
SCORE = np.where(rng.random(N) < 0.1, np.nan, rng.normal(3, 1, N))
OTHER = np.where(rng.random(N) < 0.1, np.nan, rng.normal(3, 1, N))
X = np.where(rng.random((N, 3)) < 0.03, np.nan, rng.normal(size=(N, 3)))
VOTE = np.where(rng.random(N) < 0.1, np.nan, rng.random(N) < 0.5)
LABELS = rng.choice(["a", "b", "c"], N)

# name: function of (rows, weights), and how much rounding is allowed
METRICS = {
    "shares": lambda i, w: m.shares(HUMAN[i], 4, w),
    "w1 of shares": lambda i, w: m.w1(m.shares(HUMAN[i], 4, w), m.shares(SIMULATED[i], 4, w)),
    "w1_samples": lambda i, w: m.w1_samples(SCORE[i], OTHER[i], w, w),
    "ks_samples": lambda i, w: m.ks_samples(SCORE[i], OTHER[i], w, w),
    "mean": lambda i, w: m.mean(SCORE[i], w),
    "sd": lambda i, w: m.sd(SCORE[i], w),
    "sd_ratio": lambda i, w: m.sd_ratio(SCORE[i], OTHER[i], w),
    "accuracy": lambda i, w: m.accuracy(HUMAN[i], SIMULATED[i], w),
    "confusion": lambda i, w: m.confusion(HUMAN[i], SIMULATED[i], 4, w),
    "macro_f1": lambda i, w: m.macro_f1(HUMAN[i], SIMULATED[i], 4, w),
    "brier": lambda i, w: m.brier(PROBABILITIES[i], HUMAN[i], w),
    "log_loss": lambda i, w: m.log_loss(PROBABILITIES[i], HUMAN[i], w),
    "pearson_r": lambda i, w: m.pearson_r(SCORE[i], OTHER[i], w),
    "mae": lambda i, w: m.mae(SCORE[i], OTHER[i], w),
    "correlations": lambda i, w: m.correlations(X[i], SCORE[i], w),
    "ols": lambda i, w: m.ols(X[i], SCORE[i], w),
    "logistic": lambda i, w: m.logistic(X[i], VOTE[i], w),
    "between": lambda i, w: m.between_within_variance(SCORE[i], LABELS[i], w)[0],
    "within": lambda i, w: m.between_within_variance(SCORE[i], LABELS[i], w)[1],
    "calibration_slope": lambda i, w: m.calibration_slope(SCORE[i], OTHER[i], w),
}
EVERYONE = np.arange(N)
each_metric = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())


@each_metric
def test_a_matrix_of_weights_is_a_loop_over_its_rows(metric):
    weights = m.replicate_weights(N, 25, seed=1, weights=rng.random(N))
    together = metric(EVERYONE, weights)
    alone = np.stack([metric(EVERYONE, row) for row in weights])
    assert together.shape == alone.shape
    np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-12)


@each_metric
def test_a_whole_weight_is_a_repeated_row(metric):
    counts = np.random.default_rng(2).integers(0, 4, N)
    repeated = metric(np.repeat(EVERYONE, counts), None)
    np.testing.assert_allclose(metric(EVERYONE, counts.astype(float)), repeated, atol=1e-9)


@each_metric
def test_order_and_scale_of_weights_do_not_matter(metric):
    order = np.random.default_rng(3).permutation(N)
    weights = np.random.default_rng(4).random(N)
    scale = 1.0 if metric is METRICS["confusion"] else 1000.0
    np.testing.assert_allclose(
        metric(order, weights[order] * scale), metric(EVERYONE, weights), rtol=1e-9, atol=1e-9
    )


@each_metric
def test_nobody_is_undefined_and_raises_nothing(metric):
    weights = np.zeros((2, N))
    weights[1] = 1
    found = metric(EVERYONE, weights)
    empty = 0.0 if metric is METRICS["confusion"] else np.nan
    np.testing.assert_array_equal(found[0], np.full_like(found[0], empty))
    np.testing.assert_allclose(found[1], metric(EVERYONE, None), rtol=1e-12, atol=1e-12)


@each_metric
def test_blocks_of_replicates_change_nothing(metric, monkeypatch):
    weights = m.replicate_weights(N, 11, seed=5)
    whole = metric(EVERYONE, weights)
    for module in ("distances", "logistic_regression"):
        monkeypatch.setattr(f"alignsurvey.metrics.{module}.CHUNK_BYTES", 3 * 64 * N)
    np.testing.assert_allclose(metric(EVERYONE, weights), whole, rtol=1e-12, atol=1e-12)


def test_one_weight_vector_gives_a_plain_number():
    for metric in (m.mean, m.sd, partial(m.mae, SCORE), partial(m.pearson_r, SCORE)):
        assert isinstance(metric(OTHER), float)
    assert isinstance(m.w1([1, 0], [0, 1]), float)
    assert isinstance(m.accuracy(HUMAN, SIMULATED), float)
    assert isinstance(m.ccc([1, 2], [2, 3]), float)
    assert isinstance(m.design_effect(np.ones(3)), float)
