"""Structural fidelity against scipy and statsmodels, and the laws of concordance."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alignsurvey import metrics as m

NAN = float("nan")
vectors = arrays(np.float64, 6, elements=st.floats(-1, 1, width=16))


def survey(seed=0, n=80, p=4, missing=True):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) @ rng.normal(size=(p, p)) + rng.normal(size=p) * 10
    y = X @ rng.normal(size=p) + 3 * rng.normal(size=n)
    if missing:
        X[rng.random((n, p)) < 0.05] = NAN
        y[rng.random(n) < 0.05] = NAN
    return X, y, rng.integers(0, 4, n).astype(float)


def z_scored(values, weights):
    centre = np.average(values, axis=0, weights=weights)
    return (values - centre) / np.sqrt(np.average((values - centre) ** 2, axis=0, weights=weights))


@pytest.mark.parametrize("seed", range(4))
def test_correlations_drop_missing_pairwise(seed):
    X, y, w = survey(seed)
    found = m.correlations(X, y, w)
    for j, r in enumerate(found):
        rows = ~np.isnan(X[:, j]) & ~np.isnan(y)
        cov = np.cov(X[rows, j], y[rows], aweights=w[rows], ddof=0)
        assert r == pytest.approx(cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1]), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_ols_equals_weighted_least_squares_on_standardised_complete_rows(seed):
    X, y, w = survey(seed)
    rows = ~np.isnan(X).any(axis=1) & ~np.isnan(y)
    zX, zy = z_scored(X[rows], w[rows]), z_scored(y[rows], w[rows])
    expected = sm.WLS(zy, sm.add_constant(zX), weights=w[rows]).fit().params[1:]
    np.testing.assert_allclose(m.ols(X, y, w), expected, atol=1e-10)


def test_one_predictor_has_its_correlation_as_coefficient():
    X, y, w = survey(1, p=1)
    np.testing.assert_allclose(m.ols(X, y, w), m.correlations(X, y, w), atol=1e-12)


@pytest.mark.parametrize("relate", [m.correlations, m.ols, m.logistic])
def test_an_outcome_that_does_not_vary_is_related_to_nothing(relate):
    X, _, w = survey(2)
    np.testing.assert_array_equal(relate(X, np.full(len(X), 0.3), w), np.zeros(4))
    X[:, 1] = 5.1
    np.testing.assert_array_equal(relate(X, np.full(len(X), 0.3), w), [0, NAN, 0, 0])


@pytest.mark.parametrize("relate", [m.ols, m.logistic])
def test_a_constant_predictor_is_nan_and_the_others_are_fitted_without_it(relate):
    X, y, w = survey(3, missing=False)
    y = (y > np.median(y)).astype(float) if relate is m.logistic else y
    rest = relate(X[:, [0, 2, 3]], y, w)
    X[:, 1] = 0.1
    np.testing.assert_allclose(relate(X, y, w), np.insert(rest, 1, NAN), atol=1e-9)


@pytest.mark.parametrize("relate", [m.correlations, m.ols, m.logistic])
def test_a_predictor_constant_in_one_replicate_is_nan_there_only(relate):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=30), np.arange(30) == 7])
    y = (rng.random(30) < 0.5).astype(float)
    w = np.ones((2, 30))
    w[0, 7] = 0
    found = relate(X, y, w)
    assert np.isnan(found).tolist() == [[False, True], [False, False]]
    np.testing.assert_allclose(found[0, 0], relate(X[:, :1], y, w[0])[0], atol=1e-9)


@pytest.mark.parametrize("relate", [m.ols, m.logistic])
def test_collinear_predictors_identify_nothing(relate):
    X, y, _ = survey(5, missing=False)
    X[:, 3] = X[:, 0] - 2 * X[:, 1]
    y = (y > np.median(y)).astype(float)
    assert np.isnan(relate(X, y)).all()


@pytest.mark.parametrize("relate", [m.correlations, m.ols, m.logistic])
@pytest.mark.parametrize(
    ("X", "y", "weights"),
    [
        ([[NAN], [NAN]], [0.0, 1.0], None),
        ([[1.0], [2.0]], [NAN, NAN], None),
        ([[1.0], [2.0]], [0.0, 1.0], [0, 0]),
        ([[1.0]], [1.0], None),
        (np.empty((0, 1)), [], None),
    ],
)
def test_nothing_to_relate_gives_nan(relate, X, y, weights):
    np.testing.assert_array_equal(relate(X, y, weights), [NAN])


def test_no_predictors_give_no_coefficients():
    for relate in (m.correlations, m.ols, m.logistic):
        assert relate(np.empty((3, 0)), [0.0, 1.0, 0.0]).shape == (0,)
        assert relate(np.empty((3, 0)), [0.0, 1.0, 0.0], np.ones((2, 3))).shape == (2, 0)


def test_tables_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match="X must be"):
        m.ols([1.0, 2.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        ([1, 2, 3], [1, 2, 3], 1),
        ([1, 2, 3], [3, 2, 1], -1),
        ([1, 2, 3], [2, 3, 4], 4 / 7),  # the same order, moved by 1
        ([1, 2, 3], [2, 2, 2], 0),
        ([2, 2, 2], [3, 3, 3], 0),
        ([0.1, 0.1, 0.1], [0.1, 0.1, 0.1], NAN),
        ([0, 0], [0, 0], NAN),
        ([1], [1], NAN),
        ([1, 2, NAN, 3], [1, 2, 9, 3], 1),
        ([NAN, NAN], [1, 2], NAN),
        ([], [], NAN),
    ],
)
def test_concordance_closed_forms(x, y, expected):
    assert float(m.ccc(x, y)) == pytest.approx(expected, nan_ok=True)


@given(vectors, vectors)
def test_concordance_is_symmetric_and_at_most_the_correlation(x, y):
    found = float(m.ccc(x, y))
    assert found == pytest.approx(float(m.ccc(y, x)), abs=1e-12, nan_ok=True)
    r = float(m.pearson_r(x, y))
    if not np.isnan(found) and not np.isnan(r):
        assert abs(found) <= abs(r) + 1e-9


@given(vectors, vectors)
def test_concordance_follows_lins_formula(x, y):
    bottom = x.var() + y.var() + (x.mean() - y.mean()) ** 2
    if bottom > 1e-6:
        expected = 2 * np.cov(x, y, ddof=0)[0, 1] / bottom
        assert float(m.ccc(x, y)) == pytest.approx(expected, abs=1e-9)


def test_agreement_of_coefficients_works_over_leading_axes():
    rng = np.random.default_rng(1)
    human, simulated = rng.normal(size=5), rng.normal(size=(7, 3, 5))
    for agree in (m.ccc, m.sign_agreement, m.slope_inflation):
        together = agree(human, simulated)
        assert together.shape == (7, 3)
        assert together[4, 2] == pytest.approx(float(agree(human, simulated[4, 2])))


@pytest.mark.parametrize(
    ("agree", "human", "simulated", "expected"),
    [
        (m.sign_agreement, [1, -1, NAN], [2, 3, 1], 0.5),
        (m.sign_agreement, [0, 1], [0, 0], 0.5),
        (m.sign_agreement, [NAN], [1], NAN),
        (m.slope_inflation, [1, -2], [0.5, -1], 0.5),
        (m.slope_inflation, [0, 0], [1, 1], NAN),
        (m.slope_inflation, [1, NAN], [-1, 5], -1),
    ],
)
def test_signs_and_slopes(agree, human, simulated, expected):
    assert float(agree(human, simulated)) == pytest.approx(expected, nan_ok=True)


def test_usable_predictors_names_what_is_constant_or_collinear():
    rng = np.random.default_rng(2)
    age, sex = rng.normal(45, 12, 50), rng.integers(0, 2, 50).astype(float)
    X = np.column_stack(
        [age, np.full(50, 3.0), age * 12, sex, 1 - sex, age + sex, np.full(50, NAN), age**2]
    )
    names = ["age", "wave", "months", "female", "male", "mix", "blank", "age2"]
    kept, dropped = m.usable_predictors(X, names)
    assert [names[j] for j in kept] == ["age", "female", "age2"]
    assert dropped == [
        ("wave", "constant"),
        ("months", "collinear with age"),
        ("male", "collinear with female"),
        ("mix", "collinear with age, female"),
        ("blank", "no known value"),
    ]
    assert not np.isnan(m.ols(X[:, kept], rng.normal(size=50))).any()


def test_usable_predictors_looks_at_the_rows_that_count():
    X = np.array([[1.0, 1.0], [2.0, 1.0], [3.0, 1.0], [4.0, 9.0]])
    assert m.usable_predictors(X, ["a", "b"], weights=[1, 1, 1, 0])[1] == [("b", "constant")]
    X[3, 0] = NAN
    found = m.usable_predictors(X, ["a", "b"])
    assert found == ([0], [("b", "constant in the complete rows")])
    assert m.usable_predictors(np.empty((0, 2)), ["a", "b"])[0] == []
    with pytest.raises(ValueError, match="1 names for 2"):
        m.usable_predictors(X, ["a"])
