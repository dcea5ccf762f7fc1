"""Merging: an adapter added to its base's weights, as a model of its own."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError
from alignsurvey.simulators.local.folders import adapter_folder
from alignsurvey.simulators.local.loading import Loading, load_model
from alignsurvey.simulators.local.trained import RECORD
from alignsurvey.training.folder import CARD


@dataclass(frozen=True)
class Merged:
    """A model that was written.

    Parameters
    ----------
    folder, base, adapter : str
    parameters : int
    notes : tuple of str
    """

    folder: str
    base: str
    adapter: str
    parameters: int
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def merge_adapter(adapter: Path, out: Path, base: str | None = None, dtype: str = "auto") -> Merged:
    """Merge an adapter into its base and write the model; the folder is there whole or not at all.

    Parameters
    ----------
    adapter : Path
    out : Path
        A new folder.
    base : str, optional
        Where the base is, if elsewhere than the adapter says.
    dtype : str
        Numbers of the merged weights, as `Loading` takes them.

    Raises
    ------
    InputError
        The adapter or base cannot be loaded, they do not belong together, or the folder exists.
    """
    from transformers.utils.logging import disable_progress_bar

    adapter_folder(str(adapter))
    if out.exists():
        raise InputError(f"{out}: is there already; name a new folder")
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    base = base or config.get("base_model_name_or_path")
    if not base:
        raise InputError(f"{adapter}: does not say which base it belongs to; give --base")
    loaded = load_model(Loading(base, (str(adapter),), dtype=dtype, device="cpu"))
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as made:
        draft = Path(made) / out.name
        try:
            disable_progress_bar()
            loaded.model.save_pretrained(str(draft), safe_serialization=True)
            loaded.chat.tokenizer.save_pretrained(str(draft))
            for name in (RECORD, CARD):
                if (adapter / name).exists():
                    shutil.copyfile(adapter / name, draft / name)
            draft.rename(out)
        except OSError as error:
            raise InputError(f"{out}: cannot be written: {error.strerror or error}") from error
    n = sum(one.numel() for one in loaded.model.parameters())
    return Merged(str(out), base, str(adapter), n, loaded.notes)
