"""A trained head: saved beside its adapter, and asked as ``head/FOLDER``."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alignsurvey.errors import InputError
from alignsurvey.simulators import find_simulator
from alignsurvey.simulators.asked import Asked
from alignsurvey.simulators.elicit import Elicit
from alignsurvey.simulators.endpoints import Parameters
from alignsurvey.simulators.local.loading import Loading, load_model
from alignsurvey.survey import load_example
from alignsurvey.tasks.queries import Message, Query, Shown, Task
from alignsurvey.tasks.records import ResponseRecord, read_records
from alignsurvey.training.config import read_training
from alignsurvey.training.examples import read_sources
from alignsurvey.training.head import headed
from alignsurvey.training.judged import option_log_shares_of
from alignsurvey.training.merging import merge_adapter
from alignsurvey.training.run import check_options, plan_stages, run_training

from .conftest import row


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny: Path, rows: list[Any]) -> Path:
    """A folder with two stages of training with a head, and others' answers."""
    made = tmp_path_factory.mktemp("head")
    (made / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    others = [{**one, "person_id": one["person_id"] + 100} for one in rows]
    (made / "others.json").write_text(json.dumps(others), encoding="utf-8")
    (made / "train.yaml").write_text(
        f"preset: tiny\nmodel: {tiny}\nloss: head\nstage1: {{data: [rows.json]}}\n"
        "stage2: {data: [rows.json], epochs: 2}\nhold_out: {data: [others.json]}\n",
        encoding="utf-8",
    )
    run_training(read_training(made / "train.yaml"), made / "out")
    return made


def queries(rows: list[Any]) -> list[Query]:
    return [
        Query(one["person_id"], f"{place}", Task.RESPONSE, (Message("user", one["instruction"]),),
              (Shown("A", "yes", 1), Shown("B", "no", 0)))
        for place, one in enumerate(rows)
    ]  # fmt: skip


def test_the_simulator_gives_the_shares_that_were_trained(
    trained: Path, tiny: Path, rows: list[Any]
) -> None:
    out = trained / "out"
    simulator = find_simulator(f"head/{out}", parameters=Parameters(by="likelihood"))
    asked = queries(rows[:6])
    replies = {one.query: one for one in simulator.answer(asked)}
    loaded = load_model(Loading(str(tiny), (str(out),), device="cpu"), with_head=True)
    model = headed(loaded.model, out, loaded.chat.tokenizer, 42)
    records = read_records(trained / "rows.json").records[:6]
    # Records show their options in an order of the epoch's own: the head reads texts, but the
    # prompt changes with it, so that only close numbers can be asked for here.
    expected = option_log_shares_of(model, loaded, records, 1024, 42)
    for query, one in zip(asked, expected, strict=True):
        found = replies[query.id].log_probabilities
        assert found is not None
        assert sum(map(math.exp, found.values())) == pytest.approx(1)
        assert [found["A"], found["B"]] == pytest.approx(one.tolist(), abs=0.5)


def test_a_reply_does_not_depend_on_who_is_asked_beside(trained: Path, rows: list[Any]) -> None:
    simulator: Any = find_simulator(f"head/{trained / 'out'}?batch_tokens=100000")
    short = row(3, "Happy", "yes")
    asked = queries([short, *rows[:5], row(4, "Happy " * 30, "yes")])
    together = {one.query: one.log_probabilities for one in simulator.answer(asked)}
    for query in asked:
        [alone] = simulator.answer([query])
        assert alone.log_probabilities == pytest.approx(together[query.id], abs=1e-5)


def test_a_survey_gets_predictions_that_say_who_trained(trained: Path) -> None:
    anes = load_example("anes96")
    few = anes.where(anes.ids.is_in(anes.ids[:4].to_list()))
    elicit = Elicit(by="likelihood")
    simulator: Any = find_simulator(f"head/{trained / 'out'}", parameters=elicit.parameters())
    found = Asked(simulator, elicit, anes.codebook.select(["TVnews"]), ("age",)).predict(few)
    assert found.shares["TVnews"].sum(axis=1) == pytest.approx(1)
    assert found.provenance.trained_on == {str(one) for one in range(12)}


def test_questions_without_options_get_a_reply_that_says_so(trained: Path) -> None:
    simulator = find_simulator(f"head/{trained / 'out'}")
    asked = Query(1, "open", Task.INTERVIEW, (Message("user", "And then?"),))
    [reply] = simulator.answer([asked])
    assert reply.error == "no options; a head answers closed questions"


def test_stage_two_goes_on_with_the_head_of_stage_one(trained: Path) -> None:
    curves = [
        json.loads((trained / one / "training.json").read_text(encoding="utf-8"))["curve"]["losses"]
        for one in ("out/stage1", "out")
    ]
    assert curves[1][0] < curves[0][0]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("head/{out}:{out}:{out}", "write head/FOLDER or head/BASE:FOLDER"),
        ("head/{tiny}", "no head, since there is no head.json"),
        ("head/{other}:{out}", "has other weights; name the base"),
        ("head/{moved}", "its base nowhere is not there; write head/BASE:"),
        ("head/{pickle}", "no head (head.safetensors)"),
        ("hf/{tiny}:{out}", "was trained with a head, and writes nothing; use head/"),
    ],
)
def test_what_does_not_fit_is_refused(
    trained: Path, tiny: Path, tmp_path: Path, name: str, says: str
) -> None:
    out = trained / "out"
    moved, pickle, other = tmp_path / "moved", tmp_path / "pickle", tmp_path / "other"
    shutil.copytree(out, moved)
    record = json.loads((moved / "training.json").read_text(encoding="utf-8"))
    (moved / "training.json").write_text(json.dumps({**record, "base": "nowhere"}))
    shutil.copytree(out, pickle)
    (pickle / "head.safetensors").rename(pickle / "head.bin")
    shutil.copytree(tiny, other)
    _change_weights(other)
    full = name.format(out=out, tiny=tiny, other=other, moved=moved, pickle=pickle)
    with pytest.raises(InputError) as caught:
        list(find_simulator(full).answer(queries([row(1, "Happy", "yes")])))
    assert says in str(caught.value)


def test_a_head_is_not_asked_for_draws_and_not_merged(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="set by: likelihood"):
        find_simulator(f"head/{trained / 'out'}", parameters=Parameters(by="sampled"))
    with pytest.raises(InputError, match="was trained with a head"):
        merge_adapter(trained / "out", tmp_path / "merged")


def test_an_adapter_is_not_put_on_other_weights(config: Path, tiny: Path, tmp_path: Path) -> None:
    run_training(read_training(config), tmp_path / "out")
    other = tmp_path / "other"
    shutil.copytree(tiny, other)
    load_model(Loading(str(other), (str(tmp_path / "out"),), device="cpu"))
    _change_weights(other)
    with pytest.raises(InputError, match="has other weights"):
        load_model(Loading(str(other), (str(tmp_path / "out"),), device="cpu"))


def test_answers_without_options_cannot_train_a_head(config: Path, tmp_path: Path) -> None:
    config.write_text(config.read_text(encoding="utf-8") + "loss: head\n", encoding="utf-8")
    file = read_training(config)
    [stage, _] = plan_stages(file, tmp_path / "out")
    odd = ResponseRecord(row=49, instruction="…", answers=("a bus",))
    with pytest.raises(InputError, match="row 49: no option is the answer"):
        check_options(file, stage, [odd])
    check_options(file.model_copy(update={"loss": "sft"}), stage, [odd])


def test_rows_that_cannot_be_read_are_told(config: Path, data: Path, rows: list[Any]) -> None:
    odd = {**rows[0], "instruction": "Tell me about you.", "output": "I drive a bus."}
    data.write_text(json.dumps([*rows, odd]), encoding="utf-8")
    notes: list[str] = []
    assert len(read_sources([data], notes)) == 48
    assert "1 of 49 rows cannot be read and train nothing; first row 49" in notes[0]


def _change_weights(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = next(folder.glob("*.safetensors"))
    weights = load_file(path)
    name = sorted(weights)[0]
    weights[name] = weights[name] + np.float32(0.1)
    save_file(weights, path, metadata={"format": "pt"})


def test_a_benchmark_is_not_answered_by_a_model_that_its_people_trained(trained: Path) -> None:
    from alignsurvey.benchmark.bench import read_parts, run_bench
    from alignsurvey.benchmark.rows import Task as BenchTask

    parts, _ = read_parts([trained / "rows.json"], [BenchTask.RESPONSE])
    with pytest.raises(InputError, match="12 people of these records trained it"):
        run_bench(parts, [f"head/{trained / 'out'}"])
