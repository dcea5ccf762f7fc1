"""Export: data and settings in the words of LLaMA-Factory and TRL."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml

from alignsurvey.cli import main
from alignsurvey.errors import InputError
from alignsurvey.training.config import read_training
from alignsurvey.training.export import export_training

KNOWN = {
    "model_name_or_path", "trust_remote_code", "stage", "do_train", "finetuning_type",
    "lora_rank", "lora_alpha", "lora_dropout", "lora_target", "dataset_dir", "dataset",
    "cutoff_len", "output_dir", "per_device_train_batch_size", "gradient_accumulation_steps",
    "learning_rate", "num_train_epochs", "lr_scheduler_type", "warmup_ratio", "bf16", "seed",
    "logging_steps", "save_steps", "report_to", "use_cpu", "adapter_name_or_path", "max_steps",
}  # fmt: skip
"""Keys that LLaMA-Factory 0.9.5 took, when these files were trained with it."""


def test_the_files_name_each_other_and_stage_two_goes_on(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "export"
    sys.argv = ["alignsurvey", "train", str(config), "--export", str(folder)]
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    assert str(folder / "stage2.yaml") in capsys.readouterr().out
    info = json.loads((folder / "dataset_info.json").read_text(encoding="utf-8"))
    for name in ("stage1", "stage2"):
        settings = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
        assert set(settings) <= KNOWN
        rows = json.loads((folder / info[settings["dataset"]]["file_name"]).read_text("utf-8"))
        assert len(rows) == 48
        assert set(rows[0]) == {"instruction", "input", "output"}
        assert info[name]["columns"]["response"] == "output"
        assert Path(settings["model_name_or_path"]).is_dir()
        batch = settings["per_device_train_batch_size"] * settings["gradient_accumulation_steps"]
        assert batch == 16
    assert settings["adapter_name_or_path"] == "out/stage1"
    lines = (folder / "stage2.jsonl").read_text(encoding="utf-8").splitlines()
    assert set(json.loads(lines[0])) == {"prompt", "completion"}


def test_files_for_several_gpus_are_valid(config: Path, tmp_path: Path) -> None:
    export_training(read_training(config), tmp_path / "export")
    fsdp = yaml.safe_load((tmp_path / "export" / "fsdp.yaml").read_text(encoding="utf-8"))
    zero = json.loads((tmp_path / "export" / "deepspeed_zero3.json").read_text(encoding="utf-8"))
    assert fsdp["distributed_type"] == "FSDP"
    assert zero["zero_optimization"]["stage"] == 3


def test_a_loss_that_llama_factory_does_not_know_is_refused(config: Path, tmp_path: Path) -> None:
    file = read_training(config).model_copy(update={"loss": "distribution"})
    with pytest.raises(InputError, match="cannot be exported"):
        export_training(file, tmp_path / "export")
