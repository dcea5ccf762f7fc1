"""The arithmetic of repairs: tilting, powers, couplings, means and the multilevel logit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from alignsurvey.rectify.repair.laplace import (
    INTERCEPT_SPREAD,
    SD_SPREAD,
    SLOPE_SPREAD,
    fit_multilevel,
)
from alignsurvey.rectify.repair.power import choose_powers, powered
from alignsurvey.rectify.repair.quantile_map import coupling, map_quantiles
from alignsurvey.rectify.repair.structure import with_means
from alignsurvey.rectify.repair.tilt import tilt_to


def shares(seed: int, n: int, k: int, spread: float = 2.0) -> np.ndarray:
    drawn = np.exp(np.random.default_rng(seed).normal(0, spread, (n, k)))
    return drawn / drawn.sum(axis=1, keepdims=True)


CASES = st.tuples(
    st.integers(0, 10_000), st.integers(1, 40), st.integers(2, 8), st.floats(0.1, 6.0)
)


@settings(max_examples=60, deadline=None)
@given(CASES)
def test_a_tilt_meets_the_shares_and_keeps_the_order_of_odds(
    case: tuple[int, int, int, float],
) -> None:
    seed, n, k, spread = case
    rng = np.random.default_rng(seed)
    p, wanted, w = shares(seed, n, k, spread), shares(seed + 1, 1, k)[0], rng.uniform(0.1, 3, n)
    tilted = powered(p, 1.0, tilt_to(p, wanted, w))
    assert np.abs(w @ tilted / w.sum() - wanted).max() < 1e-10
    assert np.abs(tilted.sum(axis=1) - 1).max() < 1e-12
    before, after = np.log(p[:, 0] / p[:, 1]), np.log(tilted[:, 0] / tilted[:, 1])
    assert np.ptp(after - before) < 1e-6  # one number is added to everybody's log odds


def test_a_tilt_of_two_options_is_a_root_in_one_number() -> None:
    p, wanted = shares(3, 50, 2), 0.2
    t = tilt_to(p, np.array([1 - wanted, wanted]))
    logit = np.log(p[:, 1] / p[:, 0])
    root = optimize.brentq(
        lambda x: np.mean(1 / (1 + np.exp(-logit - x))) - wanted, -20, 20, xtol=1e-14
    )
    assert t[1] - t[0] == pytest.approx(root, abs=1e-10)


def test_equal_predictions_are_tilted_by_the_log_ratio_of_shares() -> None:
    p, wanted = np.tile([0.2, 0.3, 0.5], (5, 1)), np.array([0.5, 0.3, 0.2])
    t = tilt_to(p, wanted)
    assert np.diff(t) == pytest.approx(np.diff(np.log(wanted / p[0])), abs=1e-12)


def test_a_tilt_is_the_nearest_change_that_meets_the_shares() -> None:
    p, wanted = shares(5, 4, 3, 0.8), np.array([0.2, 0.5, 0.3])
    tilted = powered(p, 1.0, tilt_to(p, wanted))

    def divergence(x: np.ndarray) -> float:
        q = x.reshape(p.shape)
        return float((q * np.log(q / p)).sum())

    rows = [
        {"type": "eq", "fun": lambda x, i=i: x.reshape(p.shape)[i].sum() - 1} for i in range(len(p))
    ]
    margin = {"type": "eq", "fun": lambda x: x.reshape(p.shape).mean(axis=0)[:2] - wanted[:2]}
    found = optimize.minimize(
        divergence, np.full(p.size, 1 / 3), constraints=[*rows, margin],
        bounds=[(1e-9, 1)] * p.size, method="SLSQP", options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    assert found.x.reshape(p.shape) == pytest.approx(tilted, abs=1e-5)


@pytest.mark.parametrize("planted", [0.3, 1.0, 2.5])
def test_the_power_of_a_miscalibrated_simulator_is_found(planted: float) -> None:
    truth = shares(7, 20_000, 4, 1.0)
    rng = np.random.default_rng(8)
    y = (rng.random((len(truth), 1)) > np.cumsum(truth, axis=1)).sum(axis=1)
    said = powered(truth, 1 / planted)

    def loss(b: float) -> float:
        return -float(np.log(powered(said, b)[np.arange(len(y)), y]).sum())

    assert choose_powers([loss])[0] == pytest.approx(planted, rel=0.05)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 9))
def test_a_coupling_brings_one_distribution_into_the_other_and_nobody_overtakes(
    seed: int, k: int
) -> None:
    p, q = shares(seed, 2, k)
    moves = coupling(p, q)
    assert p @ moves == pytest.approx(q, abs=1e-12)
    assert moves.sum(axis=1) == pytest.approx(np.ones(k), abs=1e-12)
    above = np.cumsum(moves, axis=1)
    assert (np.diff(above, axis=0) <= 1e-9).all()


def test_a_coupling_follows_the_order_of_the_scale_not_of_the_codebook() -> None:
    moves = coupling(np.array([0.5, 0.5]), np.array([0.25, 0.75]), order=np.array([1, 0]))
    assert moves.tolist() == [[0.5, 0.5], [0.0, 1.0]]


def test_mapped_scores_are_human_quantiles() -> None:
    rng = np.random.default_rng(1)
    simulated, human = rng.normal(0, 1, 4000), rng.gamma(2, 1, 3000)
    mapped = map_quantiles(simulated, human)
    assert stats.wasserstein_distance(mapped, human) < 0.01
    assert (np.diff(mapped[np.argsort(simulated)]) >= 0).all()
    assert np.isnan(map_quantiles(np.array([np.nan, 1.0]), human)[0])


@settings(max_examples=60, deadline=None)
@given(CASES, st.floats(-1.0, 2.0))
def test_means_are_met_within_the_scale(case: tuple[int, int, int, float], goal: float) -> None:
    seed, n, k, spread = case
    p, positions = shares(seed, n, k, spread), np.linspace(1, 4, k)
    moved = with_means(p, positions, np.full(n, 1 + 3 * goal))
    assert moved.sum(axis=1) == pytest.approx(np.ones(n))
    now = (p @ positions - 1) / 3
    wanted = np.clip(goal, np.minimum(0.001, now), np.maximum(0.999, now))
    assert (moved @ positions - 1) / 3 == pytest.approx(wanted, abs=1e-9)


def binary_case() -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(4)
    n, levels = 240, 6
    group = rng.integers(0, levels, n)
    logit = rng.normal(0, 1, n)
    effect = np.array([-1.2, -0.6, 0.0, 0.2, 0.8, 1.1])
    y = (rng.logistic(0, 1, n) < 0.7 * logit - 0.4 + effect[group]).astype(int)
    logs = np.log(np.column_stack([1 / (1 + np.exp(logit)), 1 / (1 + np.exp(-logit))]))
    return logs, np.eye(levels)[group], y, rng.uniform(0.5, 1.5, n)


def test_the_multilevel_logit_maximises_laplaces_marginal_likelihood() -> None:
    """Against a brute-force mode, a numerical Hessian's determinant, and a grid of sds."""
    logs, X, y, w = binary_case()
    levels, k = X.shape[1], 2

    def penalised(theta: np.ndarray, sd: float) -> float:
        effects = theta[3:].reshape(levels, k)
        logits = theta[0] * logs + theta[1:3] + X @ effects
        fit = logits[np.arange(len(y)), y] - np.logaddexp(logits[:, 0], logits[:, 1])
        prior = stats.norm.logpdf(theta[0], 1, SLOPE_SPREAD)
        prior += stats.norm.logpdf(theta[1:3], 0, INTERCEPT_SPREAD).sum()
        prior += stats.norm.logpdf(theta[3:], 0, sd).sum()
        return -float(w @ fit) - prior

    def evidence(sd: float) -> float:
        start = np.zeros(3 + levels * k)
        mode = optimize.minimize(
            penalised, start, args=(sd,), method="BFGS", options={"gtol": 1e-7}
        )
        step, d = 1e-3, len(start)
        H = np.empty((d, d))
        for i in range(d):
            for j in range(d):
                e, f = np.eye(d)[i] * step, np.eye(d)[j] * step
                H[i, j] = (
                    penalised(mode.x + e + f, sd) - penalised(mode.x + e - f, sd)
                    - penalised(mode.x - e + f, sd) + penalised(mode.x - e - f, sd)
                ) / (4 * step**2)  # fmt: skip
        return -mode.fun - np.linalg.slogdet(H)[1] / 2 - sd**2 / (2 * SD_SPREAD**2)

    found = fit_multilevel(logs, X, (levels,), y, w)
    sd = float(found.spreads[0])
    here = evidence(sd)
    assert here > evidence(sd * 1.1)
    assert here > evidence(sd / 1.1)
    assert here - evidence(sd * 1.02) < 1e-2
    brute = optimize.minimize(penalised, np.zeros(15), args=(sd,), method="BFGS")
    assert found.theta == pytest.approx(brute.x, abs=1e-4)


def test_the_multilevel_logit_agrees_with_statsmodels_posterior_mode() -> None:
    """BinomialBayesMixedGLM.fit_map with the same fixed priors, its sd fixed to ours."""
    sm = pytest.importorskip("statsmodels.genmod.bayes_mixed_glm")
    logs, X, y, _ = binary_case()
    found = fit_multilevel(logs, X, (6,), y, np.ones(len(y)))
    logit = logs[:, 1] - logs[:, 0]
    exog = np.column_stack([np.ones(len(y)), logit])
    model = sm.BinomialBayesMixedGLM(y, exog, X, np.zeros(6, int), vcp_p=0.5, fe_p=3)
    fitted = model.fit_map()
    ours = found.predict(logs, X)[:, 1]
    linear = exog @ fitted.fe_mean + X @ fitted.vc_mean
    assert np.corrcoef(ours, 1 / (1 + np.exp(-linear)))[0, 1] > 0.995
    assert np.abs(ours - 1 / (1 + np.exp(-linear))).max() < 0.08


def test_the_gradient_of_the_marginal_likelihood_is_exact() -> None:
    from alignsurvey.rectify.repair import laplace

    rng = np.random.default_rng(2)
    p, y = shares(2, 60, 3, 1.0), rng.integers(0, 3, 60)
    X = np.hstack([np.eye(4)[rng.integers(0, 4, 60)], np.eye(3)[rng.integers(0, 3, 60)]])
    problem = laplace._problem(np.log(p), X, (4, 3), y, rng.uniform(0.5, 2, 60))

    def at(x: np.ndarray) -> tuple[float, np.ndarray]:
        return laplace._evidence(problem, x, laplace._mode(problem, x, problem.prior_mean))

    place, step = np.log([0.4, 0.9]), 1e-4
    numeric = [(at(place + step * e)[0] - at(place - step * e)[0]) / (2 * step) for e in np.eye(2)]
    assert at(place)[1] == pytest.approx(numeric, rel=1e-5)


@pytest.mark.parametrize("answers", ["constant", "separated"])
def test_data_without_a_maximum_give_finite_probabilities(answers: str) -> None:
    logs, X, y, w = binary_case()
    y = np.zeros_like(y) if answers == "constant" else X[:, :3].any(axis=1).astype(int)
    found = fit_multilevel(logs, X, (6,), y, w)
    p = found.predict(logs, X)
    assert np.isfinite(found.theta).all()
    assert (p > 0).all()
    assert p[np.arange(len(y)), y].mean() > 0.8
