"""A tiny model and a corpus of planted answers, made once."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

MISSING = [name for name in ("torch", "transformers", "peft") if not find_spec(name)]

# Without torch the modules under test cannot even be imported; test_installed.py says so.
collect_ignore = [
    one.name
    for one in Path(__file__).parent.glob("test_*.py")
    if MISSING and one.name != "test_installed.py"
]


def row(person: int, item: str, answer: str, options: tuple[str, ...] = ("yes", "no")) -> Any:
    letters = "ABCDEFGH"
    shown = "\n".join(f"{letters[k]}. {one}" for k, one in enumerate(options))
    prompt = (
        "You took part in a survey. Answer as the person you are.\nYour background:\n"
        f"age: {20 + person}\nsex: {('male', 'female')[person % 2]}\n\nSurvey question:\n{item}?\n"
        f"{shown}\n\nPlease give one option, its letter and its text."
    )
    label = f"{letters[options.index(answer)]}. {answer}"
    return {"instruction": prompt, "input": "", "output": label, "person_id": person, "item": item}


@pytest.fixture(scope="session")
def rows() -> list[Any]:
    items = ("Happy", "Voted in the last election", "Trust most people", "Rich")
    return [
        row(person, item, ("yes", "no")[(person + number) % 2])
        for person in range(12)
        for number, item in enumerate(items)
    ]


@pytest.fixture
def data(tmp_path: Path, rows: list[Any]) -> Path:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> Path:
    from alignsurvey.testing import tiny_model

    corpus = [f"{one['instruction']}\n{one['output']}" for one in rows[:8]]
    return tiny_model(corpus, tmp_path_factory.mktemp("models") / "tiny", tokens=500,
                      hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                      num_attention_heads=4, num_key_value_heads=2,
                      initializer_range=0.2)  # fmt: skip


@pytest.fixture(autouse=True)
def on_one_thread(one_thread: None) -> None:
    """All tests here."""


@pytest.fixture
def loaded(tiny: Path) -> Any:
    from alignsurvey.simulators.local.loading import Loading, load_model

    return load_model(Loading(str(tiny), dtype="float32", device="cpu"))


@pytest.fixture
def config(tmp_path: Path, tiny: Path, data: Path) -> Path:
    path = tmp_path / "surveylm.yaml"
    path.write_text(
        f"preset: tiny\nmodel: {tiny}\nstage1: {{data: [{data}]}}\n"
        f"stage2: {{data: [{data}], epochs: 2}}\nsettings: {{save_every: 1}}\n",
        encoding="utf-8",
    )
    return path
