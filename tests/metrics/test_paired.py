"""Paired t-tests and halves, against independent tools."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

from alignsurvey import metrics


@pytest.mark.parametrize("n", [2, 5, 40, 400])
def test_the_paired_t_test_is_scipys(n: int) -> None:
    rng = np.random.default_rng(n)
    first, second = rng.normal(0.1, 1, n), rng.normal(0, 1, n)
    found, expected = metrics.paired_t(first, second), ttest_rel(first, second)
    assert found.t == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue)
    assert found.df == n - 1


def test_pairs_with_an_unknown_side_are_left_out() -> None:
    found = metrics.paired_t([1, np.nan, 3, 2, 0], [0, 1, 1, np.nan, 0.5])
    assert found == metrics.paired_t([1, 3, 0], [0, 1, 0.5])


def test_where_a_t_test_says_nothing() -> None:
    assert metrics.paired_t([1, 2], [1, 2]).p == 1
    assert np.isnan(metrics.paired_t([1, 2], [0, 1]).p)
    assert np.isnan(metrics.paired_t([1], [0]).p)


def test_halves_are_halves() -> None:
    first = metrics.random_halves(np.random.default_rng(0).random((200, 7)))
    assert (first.sum(axis=1) == 3).all()
    assert first.mean(axis=0) == pytest.approx(np.full(7, 3 / 7), abs=0.12)
