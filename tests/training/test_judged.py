"""The model card's table: judges who did not train, numbers that can be counted by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alignsurvey.tasks.records import parse_records, read_records
from alignsurvey.training.board import Board
from alignsurvey.training.config import read_training
from alignsurvey.training.guards import who_trained
from alignsurvey.training.judged import held_out_judges, judge
from alignsurvey.training.loop import Progress
from alignsurvey.training.run import run_training

from .conftest import row


def records(rows: list[Any]) -> Any:
    return parse_records(json.dumps(rows), "rows.json")


def people(yes: int, no: int, **more: Any) -> list[Any]:
    answers = ["yes"] * yes + ["no"] * no
    return [{**row(place, "Happy", one), **more} for place, one in enumerate(answers)]


def test_shares_are_compared_with_peoples_and_with_the_majority_of_those_who_trained() -> None:
    judges = records(people(30, 10, ordered=True, order=[1, 0]))
    learning = records(people(5, 14))
    logs = [np.log([0.75, 0.25])] * 40
    found = judge(judges, logs, learning)
    assert found is not None
    by_name = {(one["measure"], one["group"]): one for one in found.rows}
    assert (found.people, found.answers) == (40, 40)
    assert by_name["accuracy", "all"]["model"][0] == 0.75
    assert by_name["accuracy", "all"]["majority"][0] == 0.25
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert by_name["log loss", "all"]["model"][0] == pytest.approx(entropy, abs=1e-4)
    assert by_name["W1", "all"]["model"][0] == 0
    # Of 20 half-answers richer people 5.5 said yes: .75 less .275.
    assert by_name["W1", "all"]["majority"][0] == pytest.approx(0.475)
    assert all(one["model"][1] <= one["model"][2] for one in found.rows)
    assert ("TV", "all") not in by_name


def test_groups_are_shown_where_they_have_people_enough() -> None:
    judges = records(people(30, 12))
    found = judge(judges, [np.log([0.5, 0.5])] * 42, judges)
    assert found is not None
    shown = [one["group"] for one in found.rows if one["measure"] == "TV"]
    assert shown == ["all", "sex: female", "sex: male"]
    assert judge([], [], judges) is None


def test_judges_are_people_who_did_not_train_and_so_many_as_the_file_says(
    config: Path, tmp_path: Path
) -> None:
    held = tmp_path / "held.json"
    held.write_text(json.dumps(people(8, 8)), encoding="utf-8")
    text = config.read_text(encoding="utf-8")
    config.write_text(text + "hold_out: {data: [held.json], by: [question], judges: 3}\n")
    file = read_training(config)
    trained = who_trained(records(people(5, 0)))
    found = held_out_judges(file, trained)
    assert len(found) == 3
    assert {one.person for one in found}.isdisjoint(range(5))


def test_the_card_is_filled_by_people_held_out_and_says_where_there_are_none(
    config: Path, rows: list[Any], tmp_path: Path
) -> None:
    run_training(read_training(config), tmp_path / "none")
    assert "Nobody was held out" in (tmp_path / "none" / "README.md").read_text(encoding="utf-8")
    others = [{**one, "person_id": one["person_id"] + 100} for one in rows]
    (tmp_path / "others.json").write_text(json.dumps(others), encoding="utf-8")
    text = config.read_text(encoding="utf-8")
    config.write_text(text + "hold_out: {data: [others.json]}\n", encoding="utf-8")
    run_training(read_training(config), tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "48 answers of 12 people" in card
    assert "| accuracy | all | 12 | " in card
    record = json.loads((tmp_path / "out" / "training.json").read_text(encoding="utf-8"))
    assert record["fidelity"]["people"] == 12
    assert len(read_records(tmp_path / "others.json").records) == record["fidelity"]["answers"]


class Writer:
    def __init__(self) -> None:
        self.scalars: list[tuple[str, float, int]] = []
        self.is_closed = False

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.scalars.append((name, value, step))

    def close(self) -> None:
        self.is_closed = True


def test_curves_have_loss_rate_and_speed_of_each_update() -> None:
    writer = Writer()
    board = Board(writer, lambda step, steps: step / steps)
    board(Progress(2, 4, 0.5, 1000.0, 9.0))
    board.close((0.7,))
    assert writer.scalars == [
        ("loss", 0.5, 2), ("learning rate", 0.25, 2), ("tokens a second", 1000.0, 2),
        ("validation loss", 0.7, 1),
    ]  # fmt: skip
    assert writer.is_closed
