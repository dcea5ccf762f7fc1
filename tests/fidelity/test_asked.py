"""Studies with language models: asked once, kept, scored like recorded ones, and named."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from alignsurvey.errors import InputError
from alignsurvey.fidelity.asking import Terms
from alignsurvey.fidelity.folder import run_in_folder
from alignsurvey.fidelity.run import run_study
from alignsurvey.fidelity.study import Study
from alignsurvey.running.asker import Asker
from alignsurvey.survey import Survey, load_example, write_survey
from alignsurvey.tasks.queries import Query, Reply
from alignsurvey.testing import FakeServer

CONTENT: dict[str, Any] = {
    "survey": {"file": "people.parquet"},
    "profile": ["age", "educ", "PID"],
    "items": ["vote", "selfLR"],
    "structure": [{"outcome": "vote", "predictors": ["age", "educ"]}],
    "pilot": {"n": 40, "replicates": 2},
    "bootstrap": {"replicates": 50},
}
NAME = "endpoint/tiny"
N = 150
BASE = [Path()]
"""Where the survey lies."""


def study(server: FakeServer | None, **changes: Any) -> Study:
    own = {"use": NAME, **({"base_url": server.url} if server else {})}
    return Study.parse({**CONTENT, "simulators": [own], **changes}, BASE[0])


@pytest.fixture(scope="module", autouse=True)
def written(tmp_path_factory: pytest.TempPathFactory) -> None:
    BASE[:] = [tmp_path_factory.mktemp("people")]
    anes = load_example("anes96")
    write_survey(anes.where(np.arange(anes.n) < N), BASE[0] / "people.parquet")


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    with FakeServer(seed=3, key="sk-recognisable") as running:
        yield running


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIGNSURVEY_API_KEY", "sk-recognisable")
    monkeypatch.delenv("ALIGNSURVEY_STORE", raising=False)


def scores_of(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "scores.parquet")


def test_a_second_run_asks_nothing_and_gives_the_same_scores(
    server: FakeServer, tmp_path: Path
) -> None:
    one = study(server, elicit={"by": "likelihood", "orders": 2})
    first = run_in_folder(one, tmp_path / "run")
    asked = server.requests
    before = {name: (tmp_path / "run" / name).read_bytes() for name in ("result.json",)}
    second = run_in_folder(one, tmp_path / "run")
    assert server.requests == asked
    assert_frame_equal(first.scores, second.scores)
    assert (tmp_path / "run" / "result.json").read_bytes() == before["result.json"]
    everything = b"".join(file.read_bytes() for file in (tmp_path / "run").iterdir())
    assert b"sk-recognisable" not in everything


def test_how_it_was_asked_is_in_result_and_manifest(server: FakeServer, tmp_path: Path) -> None:
    result = run_in_folder(study(server, elicit={"draws": 2}), tmp_path / "run")
    [about] = result.about["simulators"]
    assert about["by"] == "sampled"
    assert about["asked"]["queries"] == N * 2 * 2
    assert about["asked"]["outcomes"]["answered"] == N * 2 * 2
    assert "endpoint/tiny was asked 600 queries: sampled, 2 draws; 100.0 % read" in result.notes
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["elicited"][NAME]["draws"] == 2
    assert manifest["asking"]["bills"][0]["queries"] == 600
    assert set(result.scores["parse_rate"].drop_nulls()) == {1.0}


def test_a_changed_study_is_told_what_is_asked_anew(server: FakeServer, tmp_path: Path) -> None:
    told: list[str] = []
    store = tmp_path / "replies.sqlite"

    def run(one: Study) -> list[str]:
        told.clear()
        run_in_folder(one, tmp_path / "run", terms=Terms(Asker(store), tell=told.append))
        return list(told)

    fewer = study(server, items=["vote"], structure=[], elicit={"by": "verbalized"})
    assert run(fewer) == []
    assert run(fewer) == []
    [line] = run(study(server, elicit={"by": "verbalized"}))
    # Verbalized shares are drawn too, so that people of one profile are asked each for themselves.
    assert line == (
        "the study has changed since the last run into this folder (items): "
        "endpoint/tiny is asked 150 of 300 queries anew"
    )
    [line] = run(study(server, profile=["age"], elicit={"by": "verbalized"}))
    assert "(profile): endpoint/tiny is asked 300 of 300 queries anew" in line


class Clinton:
    """A third party's simulator, in this process, that always says the same."""

    name = "mine/clinton"

    def answer(self, queries: Sequence[Query]) -> Iterator[Reply]:
        for query in queries:
            yield Reply(query.id, query.options[0].text if query.item == "vote" else "42")


def test_a_simulator_of_ones_own_is_scored_and_its_failures_are_counted() -> None:
    result = run_study(study(None), terms=Terms(simulators={NAME: Clinton()}))
    outcomes = {(row["item"], row["outcome"]) for row in result.outcomes.to_dicts()}
    assert outcomes == {("vote", "answered"), ("selfLR", "unparseable")}
    accuracy = result.scores.filter(metric="accuracy", target="vote", variant="expectation")
    assert 0.5 < accuracy["value"].item() < 0.9
    assert any("50.0 % read (unparseable 150)" in note for note in result.notes)


def test_models_stand_beside_baselines_and_with_their_own_elicitation(server: FakeServer) -> None:
    own = [
        {"use": NAME, "label": by, "base_url": server.url, "elicit": {"by": by}}
        for by in ("likelihood", "verbalized")
    ]
    result = run_study(study(None, simulators=["baseline/logit", *own], elicit={"seed": 1}))
    assert result.simulators == ["baseline/logit", "likelihood", "verbalized"]
    w1 = result.scores.filter(metric="w1", target="selfLR", variant="expectation")
    likelihood, verbalized = w1["value"].to_list()[1:]
    assert likelihood == pytest.approx(verbalized, abs=0.01)  # one planted population


def test_numbers_do_not_depend_on_the_workers(server: FakeServer, tmp_path: Path) -> None:
    terms = Terms(Asker(tmp_path / "r.sqlite"))
    one, two = (run_study(study(server), workers=n, terms=terms).scores for n in (1, 2))
    assert_frame_equal(one, two)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"elicit": {"bye": 1}}, "study: elicit: unknown key 'bye'; did you mean 'by'"),
        (
            {"simulators": [{"use": "openai/o3", "elicit": {"orders": 0}}]},
            "study: simulators: openai/o3: elicit: orders must be 1 or more",
        ),
        (
            {"simulators": [{"use": "openai/o3", "base_url": "http://elsewhere/v1"}]},
            "simulators: openai/o3: a study may name the address of vllm, ollama",
        ),
    ],
)
def test_a_wrong_way_of_asking_names_its_place(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        study(None, **changes)


def test_a_wrong_key_leaves_no_scores(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALIGNSURVEY_API_KEY", "sk-wrong")
    with pytest.raises(InputError) as raised:
        run_in_folder(study(server), tmp_path / "run")
    assert raised.value.exit_code == 3
    assert "sk-wrong" not in str(raised.value)
    assert {one.name for one in (tmp_path / "run").iterdir()} <= {"replies.sqlite"}


def test_the_survey_is_not_needed_twice(survey: Survey) -> None:
    content = {"items": ["trust"], "profile": ["age"], "structure": []}
    result = run_study(study(None, **content), survey, terms=Terms(simulators={NAME: Clinton()}))
    assert result.outcomes["outcome"].to_list() == ["unparseable"]
