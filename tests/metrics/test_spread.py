"""Weighted moments and the cost of weighting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alignsurvey import metrics as m

NAN = float("nan")
scores = arrays(np.float64, 12, elements=st.floats(-100, 100, width=32))
counts = arrays(np.float64, 12, elements=st.integers(0, 4).map(float)).filter(np.any)


@given(scores, counts)
def test_moments_are_those_of_replicated_rows(x, w):
    rows = np.repeat(x, w.astype(int))
    assert float(m.mean(x, w)) == pytest.approx(rows.mean(), abs=1e-9)
    assert float(m.sd(x, w)) == pytest.approx(rows.std(), abs=1e-6)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (m.mean([1.0, NAN, 3.0]), 2),
        (m.mean([NAN, NAN]), NAN),
        (m.mean([1.0, 2.0], [0, 0]), NAN),
        (m.mean([1.0, np.inf]), 1),
        (m.sd([0.1] * 7), 0),
        (m.sd([4.0]), 0),
        (m.sd([NAN]), NAN),
        (m.sd_ratio([1, 2, 3], [2, 2, 2]), 0),
        (m.sd_ratio([2, 2, 2], [1, 2, 3]), NAN),
        (m.sd_ratio([1, 3, NAN], [NAN, 0, 4]), 2),
        (m.design_effect([1, 1, 1]), 1),
        (m.design_effect([0, 0]), NAN),
        (m.design_effect([3, 1]), 1.25),
        (m.n_effective([3, 1]), 1.6),
        (m.n_effective([5, 5, 0]), 2),
        (m.n_effective([1e200, 1e200]), 2),
        (m.n_effective([]), NAN),
    ],
)
def test_closed_forms(found, expected):
    assert float(found) == pytest.approx(expected, nan_ok=True)


def test_a_constant_replicate_has_no_deviation_at_all():
    found = m.sd([0.1, 0.1, 7.3], [[1, 3, 0], [1, 1, 1]])
    assert found[0] == 0
    assert found[1] > 0


def test_design_effect_times_effective_size_is_the_sample_size():
    w = m.replicate_weights(50, 9, seed=4)
    np.testing.assert_allclose(m.design_effect(w) * m.n_effective(w), (w > 0).sum(axis=1))
