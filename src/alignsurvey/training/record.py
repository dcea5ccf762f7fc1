"""What is written beside a stage's weights: data, settings, curve, versions, who trained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignsurvey.simulators.local.folders import fingerprint, model_folder, weights_of
from alignsurvey.simulators.local.trained import RECORD
from alignsurvey.tasks.records import Record
from alignsurvey.training.config import PRESETS, TrainingFile, TrainingSettings
from alignsurvey.training.examples import read_sources
from alignsurvey.training.folder import file_hash, versions, written_now
from alignsurvey.training.guards import who_trained
from alignsurvey.training.settings import Settings

if TYPE_CHECKING:
    from alignsurvey.simulators.local.loading import Loaded
    from alignsurvey.training.loop import Trained
    from alignsurvey.training.run import Planned


def settled(file: TrainingFile) -> dict[str, Any]:
    """Every setting in plain values, whether from the file or the preset."""
    own = {name: getattr(file.settings, name) for name in TrainingSettings.model_fields}
    chosen = {name: value for name, value in own.items() if value is not None}
    # How often it is saved, and how much is computed at once, changes no weight.
    settled = {**PRESETS[file.preset], **chosen, "loss": file.loss}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in settled.items()
        if name not in ("save_every", "stage1_epochs", "stage2_epochs")
    }


def stage_record(
    file: TrainingFile,
    stage: Planned,
    records: Sequence[Record],
    settings: Settings,
    trained: Trained,
    key: str,
    loaded: Loaded,
) -> dict[str, Any]:
    """Put together what ``training.json`` says of a stage."""
    counts = {path: len(read_sources([path])) for path in stage.data}
    who = who_trained(records)
    earlier = stage.after / RECORD if stage.after else None
    if earlier is not None and earlier.exists():
        who = _joined(who, earlier)
    return {
        "key": key,
        "base": file.model,
        "base_fingerprint": fingerprint(model_folder(file.model)),
        "base_weights": weights_of(model_folder(file.model)),
        "continues": str(stage.after) if stage.after else None,
        "stage": stage.name,
        "preset": file.preset,
        "loss": file.loss,
        "settings": {**asdict(settings), **settled(file), "epochs": settings.epochs},
        "data": [
            {"file": path.name, "rows": n, "sha256": file_hash(path)} for path, n in counts.items()
        ],
        "curve": {"losses": list(trained.losses), "validation": list(trained.validation)},
        "device": loaded.device,
        "versions": versions(),
        "written": written_now(),
        "notes": list(loaded.notes),
        "trained_on": who,
    }


def _joined(who: dict[str, list[str]], earlier: Path) -> dict[str, list[str]]:
    """Add who trained the adapter that was continued."""
    before = json.loads(earlier.read_text(encoding="utf-8"))["trained_on"]
    return {kind: sorted({*found, *before.get(kind, [])}) for kind, found in who.items()}
