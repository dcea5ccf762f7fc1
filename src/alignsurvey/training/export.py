"""Export: the same stages as files that LLaMA-Factory, TRL and accelerate take."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from alignsurvey.errors import InputError
from alignsurvey.files import writing
from alignsurvey.tasks.corpora import CorpusRow, read_rows, write_corpus
from alignsurvey.training.config import PRESETS, TrainingFile
from alignsurvey.training.config import Stage as StageFile

_FSDP: Mapping[str, Any] = {
    "compute_environment": "LOCAL_MACHINE",
    "distributed_type": "FSDP",
    "fsdp_config": {
        "fsdp_version": 1,
        "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        "fsdp_sharding_strategy": "FULL_SHARD",
        "fsdp_state_dict_type": "FULL_STATE_DICT",
        "fsdp_cpu_ram_efficient_loading": True,
        "fsdp_sync_module_states": True,
        "fsdp_use_orig_params": True,
        "fsdp_offload_params": False,
    },
    "machine_rank": 0,
    "main_training_function": "main",
    "mixed_precision": "bf16",
    "num_machines": 1,
    "num_processes": 2,
}
"""For `accelerate launch --config_file fsdp.yaml`; set num_processes to the number of GPUs."""

_ZERO3: Mapping[str, Any] = {
    "train_batch_size": "auto",
    "train_micro_batch_size_per_gpu": "auto",
    "gradient_accumulation_steps": "auto",
    "gradient_clipping": "auto",
    "bf16": {"enabled": "auto"},
    "zero_optimization": {
        "stage": 3,
        "overlap_comm": True,
        "contiguous_gradients": True,
        "reduce_bucket_size": "auto",
        "stage3_prefetch_bucket_size": "auto",
        "stage3_param_persistence_threshold": "auto",
        "stage3_gather_16bit_weights_on_model_save": True,
    },
}
"""For `deepspeed: deepspeed_zero3.json` in LLaMA-Factory's file."""


def export_training(file: TrainingFile, folder: Path) -> list[Path]:
    """Write data and settings for LLaMA-Factory, data for TRL, and files for several GPUs.

    Each stage has a data set (``STAGE.json`` with an entry in dataset_info.json, ``STAGE.jsonl``
    for TRL) and a ``STAGE.yaml`` that ``llamafactory-cli train`` takes when it is called in the
    folder. Options stand in one order there: only our own training shuffles them each epoch.

    Parameters
    ----------
    file : TrainingFile
    folder : Path

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        A data file cannot be read, an answer is empty, or the folder cannot be written.
    """
    parts = {name: _rows(stage) for name, stage in _stages(file)}
    written = write_corpus(folder, parts, ("alpaca", "trl"))
    after = None if file.adapter is None else str(file.adapter.resolve())
    for name, stage in _stages(file):
        content = llama_factory_settings(file, name, stage, after)
        written.append(_write(folder / f"{name}.yaml", yaml.safe_dump(content, sort_keys=False)))
        after = f"out/{name}"
    written.append(_write(folder / "fsdp.yaml", yaml.safe_dump(dict(_FSDP), sort_keys=False)))
    zero = json.dumps(_ZERO3, indent=2) + "\n"
    written.append(_write(folder / "deepspeed_zero3.json", zero))
    return written


def llama_factory_settings(
    file: TrainingFile, name: str, stage: StageFile, after: str | None
) -> dict[str, Any]:
    """Give a stage's settings in LLaMA-Factory's words (0.9.5).

    Parameters
    ----------
    file : TrainingFile
    name : str
        Of the stage and its data set.
    stage : Stage
    after : str, optional
        Adapter that it continues.

    Raises
    ------
    InputError
        The loss is another than answer tokens, which it does not know.

    Examples
    --------
    >>> stage = StageFile(data=("a.json",))
    >>> file = TrainingFile(model="base", stage2=stage)
    >>> made = llama_factory_settings(file, "stage2", stage, None)
    >>> made["per_device_train_batch_size"], made["gradient_accumulation_steps"]
    (1, 32)
    """
    if file.loss != "sft":
        raise InputError(f"loss: '{file.loss}' cannot be exported, only sft; train it here")
    at_once = file.setting("device_batch", 1)
    here = Path(file.model).expanduser()
    model = str(here.resolve()) if here.is_dir() else file.model
    epochs = stage.epochs or PRESETS[file.preset][f"{name}_epochs"]
    dtype = file.setting("dtype")
    settings: dict[str, Any] = {
        "model_name_or_path": model, "trust_remote_code": False,
        "stage": "sft", "do_train": True, "finetuning_type": "lora",
        "lora_rank": file.setting("rank"), "lora_alpha": int(file.setting("alpha")),
        "lora_dropout": file.setting("dropout"),
        "lora_target": ",".join(file.setting("targets", ("all",))),
        "dataset_dir": ".", "dataset": name, "cutoff_len": file.setting("cutoff"),
        "output_dir": f"out/{name}", "per_device_train_batch_size": at_once,
        "gradient_accumulation_steps": file.setting("effective_batch") // at_once,
        "learning_rate": file.setting("learning_rate"), "num_train_epochs": float(epochs),
        "lr_scheduler_type": "cosine", "warmup_ratio": file.setting("warmup_share"),
        "bf16": dtype == "bfloat16", "seed": file.setting("seed"),
        "logging_steps": 1, "save_steps": file.setting("save_every", 500), "report_to": "none",
    }  # fmt: skip
    if file.setting("max_steps") is not None:
        settings["max_steps"] = file.setting("max_steps")
    if file.setting("device") == "cpu":
        settings["use_cpu"] = True
    if after is not None:
        settings["adapter_name_or_path"] = after
    return settings


def _stages(file: TrainingFile) -> list[tuple[str, StageFile]]:
    both = (("stage1", file.stage1), ("stage2", file.stage2))
    return [(name, stage) for name, stage in both if stage is not None]


def _rows(stage: StageFile) -> Sequence[CorpusRow]:
    found: list[CorpusRow] = []
    for path in stage.data:
        rows = read_rows(path).rows
        for number, row in enumerate(rows, 1):
            if not row.output.strip():
                raise InputError(f"{path}: row {number}: the answer is empty; leave the row out")
        # Other columns differ from file to file, and a table has one set of them.
        found += [replace(row, metadata=()) for row in rows]
    return found


def _write(path: Path, text: str) -> Path:
    with writing(path) as draft:
        draft.write_text(text, encoding="utf-8")
    return path
