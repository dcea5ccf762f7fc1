"""A tiny model with a chat template, made once."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

MISSING = [name for name in ("torch", "transformers", "peft") if not find_spec(name)]
needs_models = pytest.mark.skipif(
    bool(MISSING), reason=f"not installed (extra local): {', '.join(MISSING)}"
)
CORPUS = (
    "About you:\nage: 64\nsex: female\n\nThe survey asks:\nAre you happy?\nA. yes\nB. no\n",
    "Reply with one option, letter and text as above, and nothing else.",
    "您的年龄: 64\n您觉得幸福吗？\nA. 幸福\nB. 一般\nC. 不幸福",
)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from alignsurvey.testing import tiny_model

    folder = tmp_path_factory.mktemp("models") / "tiny"
    return tiny_model(CORPUS, folder, tokens=700, hidden_size=48, intermediate_size=96,
                      num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                      initializer_range=0.3)  # fmt: skip


@pytest.fixture(autouse=True)
def on_one_thread(one_thread: None) -> None:
    """All tests here."""


@pytest.fixture(scope="session")
def loaded(tiny: Path) -> Any:
    from alignsurvey.simulators.local.loading import Loading, load_model

    return load_model(Loading(str(tiny), dtype="float32", device="cpu"))
