"""Groups by aggregation: distances of shares, held against a floor."""

from __future__ import annotations

import numpy as np
import pytest

from alignsurvey import metrics
from alignsurvey.benchmark.aggregate import Question, score_groups


def question(gold: np.ndarray, predicted: np.ndarray, *, ordered: bool = True) -> Question:
    n = len(gold)
    everyone = np.ones(n, dtype=bool)
    groups = [("all", everyone), ("first", np.arange(n) < n // 2)]
    return Question("q", ("a", "b", "c"), ordered, gold, predicted, np.arange(n), groups)


def weights(n: int) -> np.ndarray:
    return np.vstack([np.ones(n), metrics.replicate_weights(n, 200, 1)])


def halves(n: int) -> tuple[np.ndarray, np.ndarray]:
    first = np.random.default_rng(0).permuted(np.tile(np.arange(n) % 2, (40, 1)), axis=1)
    return first.astype(float), 1.0 - first


@pytest.mark.parametrize(("ordered", "expected"), [(True, 2.0), (False, 1.0)])
def test_the_distance_is_w1_for_ordered_and_tv_for_other_questions(
    ordered: bool, expected: float
) -> None:
    gold, predicted = np.zeros(60, dtype=int), np.full(60, 2)
    found = score_groups([question(gold, predicted, ordered=ordered)], weights(60), halves(60))
    assert found is not None
    assert found.distance == expected
    assert found.cells == 2
    assert found.smallest_n == 30


def test_right_shares_of_the_wrong_persons_are_at_the_floor() -> None:
    rng = np.random.default_rng(3)
    gold = rng.integers(0, 3, 400)
    found = score_groups([question(gold, rng.permutation(gold))], weights(400), halves(400))
    assert found is not None
    assert found.low <= found.distance <= found.high
    assert found.distance < 2 * found.floor
    assert 0 < found.floor < 0.15


def test_unread_answers_are_left_out_and_small_groups_too() -> None:
    gold = np.zeros(30, dtype=int)
    predicted = np.where(np.arange(30) < 15, -1, 0)
    found = score_groups([question(gold, predicted)], weights(30), halves(30), minimum_n=20)
    assert found is not None
    assert found.cells == 1
    assert found.distance == 0
    assert score_groups([question(gold, predicted)], weights(30), halves(30), minimum_n=99) is None
