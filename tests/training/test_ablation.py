"""Ablation: three trainings, judged by others, with paired intervals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alignsurvey.errors import InputError
from alignsurvey.training.ablation import ablate, compare
from alignsurvey.training.config import read_training


def others(rows: list[Any], path: Path) -> Path:
    """The same answers by people of other ids."""
    theirs = [{**one, "person_id": one["person_id"] + 100} for one in rows[:8]]
    path.write_text(json.dumps(theirs), encoding="utf-8")
    return path


def test_each_training_gets_a_line_and_a_paired_gain(
    config: Path, rows: list[Any], tmp_path: Path
) -> None:
    lines = ablate(read_training(config), others(rows, tmp_path / "o.json"), tmp_path / "out")
    assert [one.name for one in lines] == ["base", "full", "without stage1", "without stage2"]
    assert [(one.n, one.people) for one in lines] == [(8, 2)] * 4
    assert lines[1].gain is None
    assert all(low <= value <= high for value, low, high in [one.log_loss for one in lines])
    gain = lines[2].gain
    assert gain is not None
    assert gain[0] == pytest.approx(lines[2].accuracy[0] - lines[1].accuracy[0])


def test_people_who_trained_do_not_judge(config: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="trained this model"):
        ablate(read_training(config), data, tmp_path / "out")


def test_one_stage_alone_cannot_be_ablated(config: Path, data: Path, tmp_path: Path) -> None:
    file = read_training(config).without("stage1")
    with pytest.raises(InputError, match="needs stage1 and stage2"):
        ablate(file, data, tmp_path / "out")


def test_intervals_hold_the_mean_and_narrow_with_more_people() -> None:
    lots = np.random.Generator(np.random.Philox(1))
    widths = []
    for people in (20, 500):
        scores = np.column_stack([lots.random(people) < 0.7, lots.random(people)]).astype(float)
        [line] = compare({"full": scores}, [str(one) for one in range(people)])
        value, low, high = line.accuracy
        assert value == pytest.approx(scores[:, 0].mean())
        assert low <= value <= high
        widths.append(high - low)
    assert widths[1] < widths[0] / 3
