"""The training file: presets, own settings, bad input in one line, and guards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alignsurvey.errors import InputError
from alignsurvey.training.config import PRESETS, read_training
from alignsurvey.training.run import plan_stages, run_training, stage_settings
from alignsurvey.training.settings import Settings


def test_the_paper_preset_has_the_papers_settings() -> None:
    assert dict(PRESETS["paper"]) == {
        "rank": 8, "alpha": 16, "dropout": 0.0, "learning_rate": 1e-4, "warmup_share": 0.1,
        "effective_batch": 32, "cutoff": 2048, "seed": 42, "dtype": "bfloat16",
        "stage1_epochs": 1, "stage2_epochs": 3,
    }  # fmt: skip
    assert PRESETS["release"]["effective_batch"] == 8 * PRESETS["release"]["device_batch"] == 64


def test_own_settings_replace_the_presets(config: Path) -> None:
    text = config.read_text(encoding="utf-8").replace("save_every: 1", "learning_rate: 0.5")
    config.write_text(text, encoding="utf-8")
    settings = stage_settings(read_training(config), 3)
    assert (settings.learning_rate, settings.effective_batch, settings.epochs) == (0.5, 16, 3)


def test_the_rate_warms_up_and_decays_as_that_of_transformers() -> None:
    import torch
    from transformers import get_cosine_schedule_with_warmup

    settings = Settings(learning_rate=0.1, warmup_share=0.1)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    theirs = get_cosine_schedule_with_warmup(optimizer, 5, 50)
    for step in range(50):
        assert settings.rate(step, 50) == pytest.approx(theirs.get_last_lr()[0], abs=1e-12)
        optimizer.step()
        theirs.step()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("sttings: {}", "unknown key 'sttings'; did you mean 'settings'"),
        ("settings: {learning_rat: 1}", "did you mean 'learning_rate'"),
        ("settings: {learning_rate: -1}", "learning_rate"),
        ("preset: papr", "preset"),
        ("adaptor: here", "did you mean 'adapter'"),
        ("stage2: {data: []}", "'data' is empty"),
    ],
)
def test_a_wrong_key_or_value_is_one_line(tmp_path: Path, change: str, message: str) -> None:
    path = tmp_path / "bad.yaml"
    base = "model: here\n" + ("" if "stage2" in change else "stage2: {data: [a.json]}\n")
    path.write_text(base + change, encoding="utf-8")
    with pytest.raises(InputError, match=message) as raised:
        read_training(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("device_batch", "world"), [(5, 1), (8, 3)])
def test_an_effective_batch_that_does_not_divide_is_refused(device_batch: int, world: int) -> None:
    with pytest.raises(InputError, match="effective_batch=32 cannot be divided"):
        Settings(device_batch=device_batch).accumulation(world)


def test_stages_can_be_left_out_and_adapters_be_one_a_task(config: Path, tmp_path: Path) -> None:
    file = read_training(config)
    both = plan_stages(file, tmp_path)
    assert [one.name for one in both] == ["stage1", "stage2"]
    assert both[1].after == both[0].folder
    [only] = plan_stages(file.without("stage1"), tmp_path)
    assert (only.name, only.after, only.folder) == ("stage2", None, tmp_path)
    with pytest.raises(InputError, match="nothing would be left"):
        file.without("stage1").without("stage2")
    assert file.stage2 is not None
    several = file.stage2.model_copy(
        update={"per": "task", "data": (Path("a.json"), Path("b.json"))}
    )
    by_task = plan_stages(file.model_copy(update={"stage2": several}), tmp_path)
    assert [one.folder.name for one in by_task] == ["stage1", "a", "b"]
    assert {one.after for one in by_task[1:]} == {tmp_path / "stage1"}


@pytest.mark.parametrize("by", ["respondent", "question"])
def test_people_and_questions_that_are_held_out_cannot_train(
    config: Path, tmp_path: Path, rows: list[Any], by: str
) -> None:
    (tmp_path / "test.json").write_text(json.dumps(rows[:1]), encoding="utf-8")
    text = f"{config.read_text(encoding='utf-8')}hold_out: {{data: [test.json], by: [{by}]}}\n"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="on both sides"):
        run_training(read_training(config), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_empty_answer_is_named_before_anything_is_trained(
    config: Path, data: Path, tmp_path: Path, rows: list[Any]
) -> None:
    window = "Based on the following dialogue context, generate the next response.\n采访者：好吗？"
    empty = {"instruction": window, "input": "", "output": ""}
    full = {"instruction": window, "input": "", "output": "好"}
    data.write_text(json.dumps([full, empty]), encoding="utf-8")
    with pytest.raises(InputError, match="row 2: the answer is empty"):
        run_training(read_training(config), tmp_path / "out")
    assert not (tmp_path / "out").exists()
