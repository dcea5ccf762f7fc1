"""Logit, proportional odds and ridge against independent tools at a given penalty."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model import Ridge as SklearnRidge
from statsmodels.miscmodels.ordinal_model import OrderedModel

from alignsurvey.simulators.descent import minimise
from alignsurvey.simulators.logit import multinomial
from alignsurvey.simulators.ordinal import ProportionalOdds, _Newton, proportional_odds
from alignsurvey.simulators.ridge import normal_shares, ridge


def sample(m: int, n: int = 160, p: int = 5, seed: int = 0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.arange(1, p + 1)
    latent = X @ np.linspace(1, -1, p) / p + rng.logistic(size=n)
    target = np.digitize(latent, np.quantile(latent, np.linspace(0, 1, m + 1)[1:-1]))
    return X, target, rng.uniform(0.2, 3, n)


@pytest.mark.parametrize("m", [3, 5, 12])
@pytest.mark.parametrize("penalty", [0.003, 0.1, 3.0])
def test_logit_agrees_with_sklearn(m, penalty):
    X, target, weights = sample(m)
    ours = multinomial(X, target, weights, penalty)(X)
    oracle = LogisticRegression(C=1 / (penalty * weights.sum()), tol=1e-10, max_iter=10_000)
    theirs = oracle.fit(X, target, sample_weight=weights).predict_proba(X)
    assert ours == pytest.approx(theirs, abs=1e-5)


def test_logit_with_two_options_penalizes_half_of_what_a_binary_logit_does():
    """Two opposite coefficients b/2 cost (b/2)^2 + (b/2)^2 = b^2/2."""
    X, target, weights = sample(2)
    ours = multinomial(X, target, weights, 0.1)(X)
    oracle = LogisticRegression(C=2 / (0.1 * weights.sum()), tol=1e-10, max_iter=10_000)
    theirs = oracle.fit(X, target, sample_weight=weights).predict_proba(X)
    assert ours == pytest.approx(theirs, abs=1e-5)


def test_proportional_odds_agree_with_statsmodels():
    X, target, _ = sample(4)
    ours = proportional_odds(X, target, np.ones(len(X)), 0.0)(X)
    oracle = OrderedModel(target, X, distr="logit")
    fitted = oracle.fit(method="bfgs", disp=0, gtol=1e-8)
    assert ours == pytest.approx(oracle.predict(fitted.params, exog=X), abs=1e-6)


def test_proportional_odds_with_two_options_are_a_binary_logit():
    X, target, weights = sample(2)
    ours = proportional_odds(X, target, weights, 0.05)(X)
    oracle = LogisticRegression(C=1 / (0.05 * weights.sum()), tol=1e-10, max_iter=10_000)
    assert ours == pytest.approx(
        oracle.fit(X, target, sample_weight=weights).predict_proba(X), abs=1e-5
    )


def test_penalized_proportional_odds_are_at_the_minimum_that_scipy_finds():
    X, target, weights = sample(4, p=3)
    relative = weights / weights.sum()
    problem = ProportionalOdds.build(X, target, relative, imaginary=0.0)
    newton = _Newton.build(problem, relative[None], 0.2)
    start = problem.null(relative[None])
    ours = problem.minimise(relative[None], 0.2, start, 1e-13)
    theirs = minimize(lambda at: newton.value(at[None])[0], start[0], method="Nelder-Mead",
                      options={"maxiter": 20_000, "xatol": 1e-7, "fatol": 1e-13})  # fmt: skip
    assert newton.value(ours)[0] <= theirs.fun + 1e-10
    assert ours[0] == pytest.approx(theirs.x, abs=1e-4)


def test_derivatives_of_proportional_odds_are_those_of_their_value():
    X, target, weights = sample(5, p=2)
    relative = weights / weights.sum()
    problem = ProportionalOdds.build(X, target, relative, imaginary=0.01)
    newton = _Newton.build(problem, relative[None], 0.3)
    at = np.array([-1.2, -0.1, 0.4, 1.9, 0.3, -0.5])
    gradient, hessian = newton.derivatives(at[None])
    numeric = approx_fprime(at, lambda x: newton.value(x[None])[0], 1e-7)
    assert gradient[0] == pytest.approx(numeric, abs=1e-5)
    numeric = approx_fprime(at, lambda x: newton.derivatives(x[None])[0][0], 1e-7)
    assert hessian[0] == pytest.approx(numeric, abs=1e-4)


def test_an_option_that_a_fold_lacks_does_not_break_the_thresholds():
    X, target, _ = sample(5)
    weights = np.stack([np.ones(len(X)), (target != 2) * 1.0, (target != 4) * 1.0])
    weights /= weights.sum(axis=1, keepdims=True)
    problem = ProportionalOdds.build(X, target, weights[0], imaginary=1e-4)
    at = problem.minimise(weights, 0.01, problem.null(weights), 1e-12)
    shares = problem.shares(at, problem.design)
    assert np.isfinite(shares).all()
    assert shares[1, :, 2].max() < 1e-3
    assert shares[2, :, 4].max() < 1e-3


@pytest.mark.parametrize("penalty", [0.01, 0.5])
def test_ridge_agrees_with_sklearn(penalty):
    X, _, weights = sample(3)
    y = X @ [1, 0, -1, 0.5, 0] + np.random.default_rng(1).normal(size=len(X))
    intercepts, slopes = ridge(X, y, (weights / weights.sum())[None], np.array([penalty]))
    oracle = SklearnRidge(alpha=penalty * weights.sum()).fit(X, y, sample_weight=weights)
    assert slopes[0, 0] == pytest.approx(oracle.coef_)
    assert intercepts[0, 0] == pytest.approx(oracle.intercept_)


@pytest.mark.parametrize("fit", [multinomial, proportional_odds])
def test_weights_are_replication(fit):
    X, target, _ = sample(4, n=60)
    times = np.random.default_rng(3).integers(1, 4, len(X))
    weighted = fit(X, target, times.astype(float), 0.05)(X)
    replicated = fit(
        np.repeat(X, times, axis=0), np.repeat(target, times), np.ones(times.sum()), 0.05
    )(X)
    assert weighted == pytest.approx(replicated, abs=1e-6)


@pytest.mark.parametrize("fit", [multinomial, proportional_odds])
def test_only_the_ratio_of_weights_counts(fit):
    X, target, weights = sample(3)
    assert fit(X, target, weights, 0.1)(X) == pytest.approx(
        fit(X, target, 1e6 * weights, 0.1)(X), abs=1e-9
    )


@pytest.mark.parametrize("fit", [multinomial, proportional_odds])
def test_an_endless_penalty_leaves_the_shares(fit):
    X, target, weights = sample(4)
    shares = np.bincount(target, weights=weights) / weights.sum()
    assert fit(X, target, weights, 1e9)(X) == pytest.approx(np.tile(shares, (len(X), 1)), abs=1e-6)


@pytest.mark.parametrize("fit", [multinomial, proportional_odds])
def test_perfect_separation_is_held_by_the_penalty(fit):
    X = np.linspace(-1, 1, 40)[:, None]
    shares = fit(X, (X[:, 0] > 0).astype(int), np.ones(40), 1e-4)(X)
    assert np.isfinite(shares).all()
    assert shares[0, 0] > 0.95


@pytest.mark.parametrize("fit", [multinomial, proportional_odds])
def test_columns_that_repeat_each_other_are_fitted(fit):
    X, target, weights = sample(3, p=2)
    once = fit(X, target, weights, 0.1)(X)
    doubled = np.hstack([X, X]) / np.sqrt(2)
    assert fit(doubled, target, weights, 0.1)(doubled) == pytest.approx(once, abs=1e-6)


def test_normal_shares_are_areas_between_midpoints():
    positions = np.array([1.0, 2.0, 4.0])
    shares = normal_shares(np.array([1.7]), 0.8, positions)
    cuts = norm.cdf([1.5, 3.0], 1.7, 0.8)
    assert shares[0] == pytest.approx([cuts[0], cuts[1] - cuts[0], 1 - cuts[1]])


def test_normal_shares_of_options_out_of_order_or_at_one_place():
    shares = normal_shares(np.array([1.0]), 1.0, np.array([3.0, 1.0, 2.0, 2.0]))[0]
    ordered = normal_shares(np.array([1.0]), 1.0, np.array([1.0, 2.0, 3.0]))[0]
    assert shares == pytest.approx([ordered[2], ordered[0], ordered[1] / 2, ordered[1] / 2])


def test_without_error_the_nearest_option_has_it_all():
    assert normal_shares(np.array([2.2]), 0.0, np.array([1.0, 2.0, 3.0])).tolist() == [[0, 1, 0]]


def test_a_batch_is_minimized_function_by_function():
    """Rosenbrock's valley and two bowls, from one start."""

    def objective(x):
        a, b = x[:, 0], x[:, 1]
        valley = (1 - a) ** 2 + 100 * (b - a**2) ** 2
        slope = np.stack([-2 * (1 - a) - 400 * a * (b - a**2), 200 * (b - a**2)], axis=1)
        bowl = ((x - [3, -4]) ** 2).sum(axis=1)
        first = np.array([True, False, False])[: len(x)]
        return np.where(first, valley, bowl), np.where(first[:, None], slope, 2 * (x - [3, -4]))

    found = minimise(objective, np.zeros((3, 2)), np.ones(2), tolerance=1e-14, steps=500)
    assert found == pytest.approx(np.array([[1, 1], [3, -4], [3, -4]]), abs=1e-4)
