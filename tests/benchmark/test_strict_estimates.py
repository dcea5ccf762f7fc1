"""Bootstrap and similarity of strict scores against closed forms and independent tools."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignsurvey.benchmark.strict.estimates import (
    Cells,
    Resampling,
    estimates,
    precision_recall_f1,
)
from alignsurvey.benchmark.strict.similarity import (
    cosine,
    jaccard,
    rouge_l,
    rouge_n,
    similarity,
    words,
)

TEXTS = st.lists(st.sampled_from("abcde"), max_size=12)


def longest_common(left: list[str], right: list[str]) -> int:
    table = np.zeros((len(left) + 1, len(right) + 1), dtype=int)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            table[i + 1, j + 1] = (
                table[i, j] + 1 if a == b else max(table[i, j + 1], table[i + 1, j])
            )
    return int(table[-1, -1])


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_rouge_l_is_the_longest_common_subsequence(left: list[str], right: list[str]) -> None:
    common = longest_common(left, right)
    expected = 2 * common / (len(left) + len(right)) if common else 0.0
    assert rouge_l(left, right) == pytest.approx(expected)
    assert rouge_l(left, right) == rouge_l(right, left)


@pytest.mark.parametrize(
    ("left", "right", "rouge1", "rouge2", "rougel"),
    [
        # Lin (2004), section 3.1
        ("police killed the gunman", "police kill the gunman", 3 / 4, 1 / 3, 3 / 4),
        ("police killed the gunman", "the gunman kill police", 3 / 4, 1 / 3, 1 / 2),
        ("a a b", "a b b", 2 / 3, 1 / 2, 2 / 3),
        ("a", "a", 1, 0, 1),
        ("a", "b", 0, 0, 0),
        ("", "b", 0, 0, 0),
    ],
)
def test_rouge_of_known_texts(
    left: str, right: str, rouge1: float, rouge2: float, rougel: float
) -> None:
    a, b = left.split(), right.split()
    found = (rouge_n(a, b, 1), rouge_n(a, b, 2), rouge_l(a, b))
    assert found == pytest.approx((rouge1, rouge2, rougel))


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
def test_jaccard_and_cosine_are_those_of_scikit_learn(left: list[str], right: list[str]) -> None:
    from sklearn.metrics.pairwise import cosine_similarity

    counts = [[text.count(word) for word in "abcde"] for text in (left, right)]
    assert cosine(left, right) == pytest.approx(cosine_similarity(counts)[0, 1])
    union = set(left) | set(right)
    expected = len(set(left) & set(right)) / len(union) if union else 0.0
    assert jaccard(left, right) == pytest.approx(expected)


def test_words_of_two_languages() -> None:
    pytest.importorskip("jieba")
    assert words("社区医院Wi-Fi，很好！") == ["社区", "医院", "wi", "fi", "很", "好"]
    assert similarity("社区医院很好", "社区医院很好。") == (1, 1, 1, 1, 1)
    assert similarity("社区医院", "，。！") == (0, 0, 0, 0, 0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30),
)
def test_precision_recall_f1_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    from sklearn.metrics import precision_recall_fscore_support

    gold, said = np.array(pairs).T
    table = np.zeros((3, 4))
    np.add.at(table, (gold, said), 1)
    found = precision_recall_f1(table)
    expected = precision_recall_fscore_support(
        gold, said, labels=np.unique(gold), average="macro", zero_division=0
    )
    assert [float(value) for value in found.values()] == pytest.approx(list(expected[:3]))


def mean(sums: np.ndarray) -> dict[str, np.ndarray]:
    return {"mean": sums[..., 1] / sums[..., 0]}


@pytest.mark.parametrize("n", [300, 3000])
def test_intervals_of_a_mean_have_the_width_of_its_standard_error(n: int) -> None:
    right = (np.arange(n) % 4 == 0).astype(float)
    columns = np.stack([np.ones(n), right], axis=1)
    found = estimates(columns, mean, Resampling(2000, 1, [None] * n))
    width = 2 * 1.96 * (0.25 * 0.75 / n) ** 0.5
    assert found["mean"] == 0.25
    assert found["mean_high"] - found["mean_low"] == pytest.approx(width, rel=0.08)


def test_cells_and_columns_give_the_same_intervals() -> None:
    n = 400
    code = np.arange(n) % 5 // 4  # one in five right
    people = [f"p{i // 2}" for i in range(n)]
    for who in ([None] * n, people):
        resampling = Resampling(4000, 3, who)
        one_hot = np.eye(2)[code]
        rate = lambda sums: {"rate": sums[..., 1] / sums.sum(axis=-1)}  # noqa: E731
        cells = estimates(Cells(code, 2), rate, resampling)
        columns = estimates(one_hot, rate, resampling)
        for key, value in columns.items():
            assert cells[key] == pytest.approx(value, abs=0.004)


def test_undefined_metrics_are_none() -> None:
    found = estimates(np.zeros((3, 2)), mean, Resampling(10, 1, [None] * 3))
    assert found == {"mean": None, "mean_low": None, "mean_high": None}
