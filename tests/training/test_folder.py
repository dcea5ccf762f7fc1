"""The result: a folder that simulators load, that says who trained it; and merged, one model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from alignsurvey.errors import InputError
from alignsurvey.simulators.local.loading import Loading, load_model
from alignsurvey.simulators.local.trained import trained_on
from alignsurvey.tasks.records import read_records
from alignsurvey.training.config import read_training
from alignsurvey.training.guards import refuse_trained
from alignsurvey.training.merging import merge_adapter
from alignsurvey.training.run import run_training


@pytest.fixture
def out(config: Path, tmp_path: Path) -> Path:
    run_training(read_training(config), tmp_path / "out")
    return tmp_path / "out"


def test_the_folder_holds_everything_and_no_pickle(out: Path, data: Path) -> None:
    names = {one.name for one in out.iterdir()}
    assert names == {
        "adapter_model.safetensors", "adapter_config.json", "tokenizer.json",
        "tokenizer_config.json", "chat_template.jinja", "training.json", "README.md", "stage1",
    }  # fmt: skip
    record = json.loads((out / "training.json").read_text(encoding="utf-8"))
    assert record["trained_on"]["respondents"] == sorted(str(one) for one in range(12))
    assert record["data"][0]["rows"] == 48
    assert len(record["curve"]["losses"]) == 6
    assert record["settings"]["rank"] == 8
    assert record["settings"]["max_gradient"] == 1.0
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "12 respondents with ids" in card
    assert record["data"][0]["sha256"][:16] in card


def test_the_simulator_says_who_trained_it_and_scoring_refuses_them(
    out: Path, tiny: Path, data: Path
) -> None:
    from alignsurvey.rectify.guard import refuse_leak
    from alignsurvey.simulators.registry import find_simulator

    simulator: Any = find_simulator(f"hf/{tiny}:{out}")
    assert simulator.trained_on == {str(one) for one in range(12)}
    with pytest.raises(InputError):
        refuse_leak([3, 99], simulator.trained_on, simulator.name)
    with pytest.raises(InputError, match="trained this model"):
        refuse_trained(read_records(data).records, out)


def test_stage_two_goes_on_from_stage_one(out: Path, tiny: Path) -> None:
    record = json.loads((out / "training.json").read_text(encoding="utf-8"))
    before = json.loads((out / "stage1" / "training.json").read_text(encoding="utf-8"))
    assert record["continues"].endswith("stage1")
    assert record["curve"]["losses"][0] < before["curve"]["losses"][0]


def test_a_merged_model_answers_as_base_and_adapter_and_names_who_trained_it(
    out: Path, tiny: Path, tmp_path: Path
) -> None:
    merged = merge_adapter(out, tmp_path / "merged", str(tiny))
    both = load_model(Loading(str(tiny), (str(out),), device="cpu"))
    one = load_model(Loading(merged.folder, device="cpu"))
    base = load_model(Loading(str(tiny), device="cpu"))
    ids = torch.tensor([one.chat.tokenizer("Are you happy?")["input_ids"]])
    logits = [each.model(input_ids=ids).logits for each in (both, one, base)]
    torch.testing.assert_close(logits[0], logits[1], atol=1e-5, rtol=1e-5)
    assert (logits[1] - logits[2]).abs().max() > 1e-3
    assert trained_on([Path(merged.folder)]) == trained_on([out])
    with pytest.raises(InputError, match="is there already"):
        merge_adapter(out, tmp_path / "merged", str(tiny))


def test_an_adapter_of_another_base_is_refused(out: Path, tmp_path: Path, rows: list[Any]) -> None:
    from alignsurvey.testing import tiny_model

    shape = {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2}
    corpus = [rows[0]["instruction"]]
    other = tiny_model(corpus, tmp_path / "other", tokens=400, num_attention_heads=4, **shape)
    with pytest.raises(InputError):
        merge_adapter(out, tmp_path / "merged", str(other))
    assert not (tmp_path / "merged").exists()


def test_a_record_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "training.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="does not say who trained"):
        trained_on([tmp_path])


def test_predictions_of_a_trained_model_carry_who_trained_it(out: Path, tiny: Path) -> None:
    from alignsurvey.simulators.asked import Asked
    from alignsurvey.simulators.elicit import Elicit
    from alignsurvey.simulators.registry import find_simulator
    from alignsurvey.survey import load_example

    anes = load_example("anes96")
    few = anes.where(anes.ids.is_in(anes.ids[:4].to_list()))
    elicit = Elicit(by="likelihood")
    simulator: Any = find_simulator(f"hf/{tiny}:{out}", parameters=elicit.parameters())
    asked = Asked(simulator, elicit, anes.codebook.select(["vote"]), ("age",))
    assert asked.predict(few).provenance.trained_on == simulator.trained_on
