"""The training file: model, data, stages and settings, with presets; every setting is shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from alignsurvey.errors import InputError, nearest
from alignsurvey.yamlfile import read_yaml

PresetName = Literal["paper", "release", "pilot", "tiny"]

_PAPER: Mapping[str, Any] = {
    "rank": 8, "alpha": 16, "dropout": 0.0, "learning_rate": 1e-4, "warmup_share": 0.1,
    "effective_batch": 32, "cutoff": 2048, "seed": 42, "dtype": "bfloat16",
    "stage1_epochs": 1, "stage2_epochs": 3,
}  # fmt: skip
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "paper": _PAPER,
        # The released scripts have 8 a device and 8 accumulations.
        "release": {**_PAPER, "effective_batch": 64, "device_batch": 8},
        "pilot": {
            **_PAPER, "effective_batch": 8, "learning_rate": 2e-4, "stage2_epochs": 10,
            "validation_share": 0.2, "patience": 2, "dtype": "auto", "pack": 4,
        },
        "tiny": {
            **_PAPER, "effective_batch": 16, "learning_rate": 2e-3, "cutoff": 1024,
            "dtype": "float32", "device": "cpu",
        },
    }
)  # fmt: skip
"""Settings by name. alpha (twice the rank, LLaMA-Factory's default) is not in the paper."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stage(_Part):
    """What a stage is trained on."""

    data: tuple[Path, ...] = Field(description="Files of records (Alpaca JSON)")
    per: Literal["mixed", "task"] = Field(
        "mixed", description="One adapter for all files, or one a task, each continuing stage I"
    )
    epochs: int | None = Field(None, ge=1, description="Epochs; the preset's without")

    @model_validator(mode="after")
    def _some_data(self) -> Stage:
        if not self.data:
            raise ValueError("'data' is empty; name a file")
        return self


class HoldOut(_Part):
    """Whom or what training may not see."""

    data: tuple[Path, ...] = Field(description="Files whose people or questions are held out")
    by: tuple[Literal["respondent", "fingerprint", "question"], ...] = Field(
        ("respondent",), description="What may not be on both sides"
    )
    judges: int = Field(
        500, ge=0, description="People of it who fill the model card's table; 0 for no table"
    )


class TrainingSettings(_Part):
    """Settings that replace the preset's."""

    rank: int | None = Field(None, ge=1, description="Rank of the adapter")
    alpha: float | None = Field(None, gt=0, description="Scale of the adapter, times rank")
    dropout: float | None = Field(None, ge=0, lt=1, description="Dropout of the adapter")
    targets: tuple[str, ...] | None = Field(None, description="Layers; all linear ones without")
    learning_rate: float | None = Field(None, gt=0, description="Of AdamW, at its top")
    warmup_share: float | None = Field(None, ge=0, lt=1, description="Share of steps to warm up")
    effective_batch: int | None = Field(None, ge=1, description="Examples an update is made from")
    device_batch: int | None = Field(None, ge=1, description="Examples a device takes at once")
    tokens_at_once: int | None = Field(None, ge=1, description="Tokens a device takes at once")
    pack: int | None = Field(None, ge=1, description="Questions that share a computed profile")
    weight_decay: float | None = Field(None, ge=0, description="Of AdamW; 0 without")
    max_gradient: float | None = Field(None, gt=0, description="Norm gradients are cut to; 1")
    cutoff: int | None = Field(None, ge=16, description="Most tokens of prompt and answer")
    seed: int | None = Field(None, description="Of weights, orders and batches")
    max_steps: int | None = Field(None, ge=1, description="Updates a stage at most")
    save_every: int | None = Field(None, ge=1, description="Updates between checkpoints")
    validation_share: float | None = Field(None, ge=0, lt=1, description="Respondents kept out")
    patience: int | None = Field(None, ge=1, description="Epochs without gain before the end")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] | None = Field(
        None, description="Numbers of the frozen model"
    )
    device: Literal["auto", "cpu", "cuda", "mps"] | None = Field(None, description="Where")
    save_memory: bool | None = Field(None, description="Compute hidden states twice")


class TrainingFile(_Part):
    """A training file as it is written."""

    preset: PresetName = Field("paper", description="paper, release, pilot or tiny")
    model: str = Field(description="Folder of the base model")
    adapter: Path | None = Field(None, description="Adapter to go on from")
    stage1: Stage | None = Field(None, description="Foundation corpora")
    stage2: Stage | None = Field(None, description="Records of the tasks")
    hold_out: HoldOut | None = Field(None, description="Whom or what training may not see")
    loss: str = Field("sft", description="sft, or one of docs/losses.md")
    settings: TrainingSettings = Field(TrainingSettings(), description="In place of the preset's")

    @model_validator(mode="after")
    def _some_stage(self) -> TrainingFile:
        if self.stage1 is None and self.stage2 is None:
            raise ValueError("give 'stage1', 'stage2' or both")
        return self

    def setting(self, name: str, default: Any = None) -> Any:
        """Give a setting: the file's, else the preset's, else the default."""
        own = getattr(self.settings, name)
        return PRESETS[self.preset].get(name, default) if own is None else own

    def without(self, stage: str | None) -> TrainingFile:
        """Leave a stage out, for an ablation.

        Raises
        ------
        InputError
            There is no such stage, or no other.
        """
        if stage is None:
            return self
        if stage not in ("stage1", "stage2"):
            raise InputError(f"--without {stage}: {nearest(stage, ['stage1', 'stage2'])}")
        left = self.stage2 if stage == "stage1" else self.stage1
        if left is None:
            raise InputError(f"--without {stage}: nothing would be left to train")
        return self.model_copy(update={stage: None})


def read_training(path: Path) -> TrainingFile:
    """Read a training file; paths in it are meant from where it lies.

    Raises
    ------
    InputError
        It cannot be read, or a key or value is wrong.
    """
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise InputError(f"{path}: must have keys such as model and stage2; see docs/train.md")
    try:
        file = TrainingFile.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path}: {_first(error)}") from None
    return _anchored(file, path.parent)


def _anchored(file: TrainingFile, folder: Path) -> TrainingFile:
    changed: dict[str, Any] = {}
    for name in ("stage1", "stage2", "hold_out"):
        part = getattr(file, name)
        if part is not None:
            data = tuple(folder / one for one in part.data)
            changed[name] = part.model_copy(update={"data": data})
    if file.adapter is not None:
        changed["adapter"] = folder / file.adapter
    here = folder / Path(file.model).expanduser()
    changed["model"] = str(here) if here.is_dir() else file.model
    return file.model_copy(update=changed)


def _first(error: ValidationError) -> str:
    # A misspelt key is also a missing one; the spelling is what is to be mended.
    errors = error.errors()
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    where = ".".join(str(one) for one in first["loc"])
    if first["type"] == "extra_forbidden":
        part = TrainingSettings if where.startswith("settings.") else TrainingFile
        return f"unknown key '{where}'; {nearest(where.split('.')[-1], part.model_fields)}"
    said = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}" if where else said
