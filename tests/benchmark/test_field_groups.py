"""Basic, Social and Family: means over fields whose intervals draw persons, not answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alignsurvey.benchmark.field_groups import field_group_rows, joined_fields
from alignsurvey.benchmark.row_scores import RowScores

FIELDS = ("性别", "年龄", "户籍状态", "职业类型", "最高教育程度")
GROUPS = {"basic": FIELDS}


def fields(hits: np.ndarray, mode: str = "strict") -> list[RowScores]:
    """Rows of people by fields of right and wrong answers."""
    n = len(hits)
    return [
        RowScores("role", field, "m", mode, {"accuracy": hits[:, place].astype(float)},
                  np.ones(n, dtype=bool), list(range(n)), np.zeros(n, dtype=np.int64))
        for place, field in enumerate(FIELDS)
    ]  # fmt: skip


def test_the_score_is_the_mean_over_fields_whatever_their_size() -> None:
    hits = np.ones((20, 5))
    hits[:10, 0] = np.nan
    hits[10:, 0] = 0
    (row,) = field_group_rows(fields(hits), groups=GROUPS)
    assert row["value"] == pytest.approx(0.8)
    assert row["n"] == 90
    assert row["parse_rate"] == 1
    assert row["low"] <= 0.8 <= row["high"]


def test_both_modes_and_only_the_fields_that_were_asked() -> None:
    hits = np.ones((12, 5))
    rows = field_group_rows([*fields(hits)[:2], *fields(hits, "paper")])
    assert [(row["part"], row["mode"], row["n"]) for row in rows] == [
        ("basic", "strict", 24), ("basic", "paper", 60)
    ]  # fmt: skip
    assert not joined_fields([])


def test_fields_are_known_by_their_english_names() -> None:
    own = [replace(one, part=name) for one, name in
           zip(fields(np.ones((12, 5))), ("Gender", "Age", "Hobby", "Owns a car", "Education"),
               strict=True)]  # fmt: skip
    assert [(one.part, len(one.people)) for one in joined_fields(own)] == [
        ("basic", 36), ("social", 12)
    ]  # fmt: skip


def test_persons_who_are_right_throughout_make_the_interval_wider() -> None:
    """The standard error is that of persons' means, not of single answers."""
    rng = np.random.default_rng(2)
    alike = np.repeat(rng.random((200, 1)) < 0.5, 5, axis=1)
    apart = rng.permuted(alike, axis=0)
    widths = []
    for hits in (alike, apart):
        (row,) = field_group_rows(fields(hits), groups=GROUPS)
        widths.append(row["high"] - row["low"])
        expected = hits.mean(axis=1).std() / np.sqrt(200) * 2 * 1.96
        assert widths[-1] == pytest.approx(expected, rel=0.1)
    assert widths[0] > 1.8 * widths[1]


def test_the_interval_covers_the_truth() -> None:
    """Accuracy .3 to .7 by field, answers of a person go together: 95 % of intervals cover .5."""
    rng = np.random.default_rng(7)
    covered = []
    for _ in range(400):
        trait = rng.normal(size=(80, 1))
        hits = trait + rng.normal(size=(80, 5)) < np.sqrt(2) * np.array([-0.524, -0.253, 0, 0.253,
                                                                         0.524])  # fmt: skip
        (row,) = field_group_rows(fields(hits), groups=GROUPS, replicates=400)
        covered.append(row["low"] <= 0.5 <= row["high"])
    assert np.mean(covered) == pytest.approx(0.95, abs=0.03)
