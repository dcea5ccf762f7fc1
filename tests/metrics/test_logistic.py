"""Logistic regression against statsmodels, and where data separate."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from alignsurvey import metrics as m


def binary_survey(seed, n=150, p=3, fractional=False):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.1, 20, p) + 5
    chance = 1 / (1 + np.exp(-(X - 5) @ (rng.normal(size=p) / X.std(axis=0))))
    noisy = np.clip(chance + rng.normal(0, 0.1, n), 0, 1)
    y = noisy if fractional else (rng.random(n) < chance).astype(float)
    return X, y, rng.integers(0, 4, n).astype(float)


def z_scored(X, weights):
    centre = np.average(X, axis=0, weights=weights)
    return (X - centre) / np.sqrt(np.average((X - centre) ** 2, axis=0, weights=weights))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("fractional", [False, True])
def test_maximum_likelihood_equals_statsmodels(seed, fractional):
    X, y, w = binary_survey(seed, fractional=fractional)
    design = sm.add_constant(z_scored(X, w))
    family = sm.families.Binomial()
    expected = sm.GLM(y, design, family=family, freq_weights=w).fit(tol=1e-12).params[1:]
    fit = m.logistic_fit(X, y, w)
    np.testing.assert_allclose(fit.coefficients, expected, atol=1e-6)
    assert not fit.penalised


def firth_by_search(X, y, w):
    """Maximise the penalised likelihood without derivatives of it."""
    design = sm.add_constant(z_scored(X, w))
    w = w * (w > 0).sum() / w.sum()

    def loss(beta):
        linear = design @ beta
        chance = expit(linear)
        fit = w @ (y * linear - np.logaddexp(0, linear))
        info = design.T @ (design * (w * chance * (1 - chance))[:, None])
        return -fit - 0.5 * np.linalg.slogdet(info)[1]

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20_000, "maxfev": 20_000}
    start = np.zeros(design.shape[1])
    return minimize(loss, start, method="Nelder-Mead", options=options).x[1:]


SEPARATED = {
    "perfect": lambda x, z: x > 0,
    "partial": lambda x, z: (x > 0.2) | ((x >= 0) & (np.sin(99 * z) > 0)),
    "perfect, of both": lambda x, z: x + z > 0.2,
}


@pytest.mark.parametrize("rule", SEPARATED.values(), ids=SEPARATED.keys())
def test_separated_data_get_firths_estimate(rule):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(40, 2))
    X[:, 0] = np.sign(X[:, 0]) * np.ceil(np.abs(X[:, 0])) * (np.abs(X[:, 0]) > 0.5)
    y = rule(X[:, 0], X[:, 1]).astype(float)
    w = rng.integers(1, 4, 40).astype(float)
    fit = m.logistic_fit(X, y, w)
    assert fit.penalised
    np.testing.assert_allclose(fit.coefficients, firth_by_search(X, y, w), atol=1e-3)


def test_a_rare_category_without_a_case_is_quasi_separation():
    rng = np.random.default_rng(6)
    X = np.column_stack([rng.normal(size=200), np.arange(200) < 6])
    y = ((rng.random(200) < 0.5) & (X[:, 1] == 0)).astype(float)
    fit = m.logistic_fit(X, y)
    assert fit.penalised
    np.testing.assert_allclose(fit.coefficients, firth_by_search(X, y, np.ones(200)), atol=1e-3)


def test_only_the_replicates_that_separate_are_penalised():
    X, y, _ = binary_survey(1, n=40)
    w = m.replicate_weights(40, 30, seed=2)
    w[3] = (X[:, 0] > 5) == (y == 1)  # only those whom the first predictor tells apart
    w[7] = 0
    fit = m.logistic_fit(X, y, w)
    assert fit.penalised[3]
    assert not fit.penalised.all()
    assert np.isnan(fit.coefficients[7]).all()
    assert np.isfinite(np.delete(fit.coefficients, 7, axis=0)).all()
    for b in range(30):
        alone = m.logistic_fit(X, y, w[b])
        assert alone.penalised == fit.penalised[b]
        np.testing.assert_allclose(alone.coefficients, fit.coefficients[b], atol=1e-7)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(8, 25))
def test_small_samples_never_diverge(seed, n):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, 2)), rng.integers(0, 2, n).astype(float)
    fit = m.logistic_fit(X, y, m.replicate_weights(n, 20, seed))
    finite = fit.coefficients[np.isfinite(fit.coefficients)]
    assert finite.size == 0 or np.abs(finite).max() < 1e4


def test_the_estimate_does_not_depend_on_the_scale_of_weights_or_predictors():
    X, y, w = binary_survey(2)
    separated = (X[:, 0] > 5).astype(float)
    for outcome in (y, separated):
        base = m.logistic(X, outcome, w)
        np.testing.assert_allclose(m.logistic(X, outcome, 1e4 * w), base, rtol=1e-6)
        np.testing.assert_allclose(m.logistic(7 * X - 3, outcome, w), base, rtol=1e-6)


def test_missing_rows_are_left_out():
    X, y, w = binary_survey(3)
    X[:5, 1], y[5:9] = np.nan, np.nan
    np.testing.assert_allclose(m.logistic(X, y, w), m.logistic(X[9:], y[9:], w[9:]), atol=1e-9)


def test_an_outcome_outside_zero_to_one_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        m.logistic([[1.0], [2.0]], [0.0, 2.0])
