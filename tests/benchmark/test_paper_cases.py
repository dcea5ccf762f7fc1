"""Paper mode against the released scorers' own results; skipped where the data are not at hand."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from alignsurvey.benchmark.paper import score_paper
from alignsurvey.benchmark.prediction_files import read_predictions
from alignsurvey.benchmark.rows import Task
from alignsurvey.cli import main

ROOT = Path(__file__).parents[2]
CASES = (
    Path(os.environ.get("ALIGNSURVEY_SHARED_DATA", ROOT.parent / "shared" / "data"))
    / "scorer_cases"
)

needs_cases = pytest.mark.skipif(
    not CASES.is_dir(), reason="the scorer cases are not at hand (set ALIGNSURVEY_SHARED_DATA)"
)
FILES = {
    "task1": Task.ROLE,
    "task2": Task.INTERVIEW,
    "task3": Task.STANCE,
    "task3_group": Task.STANCE_GROUP,
    "task4": Task.RESPONSE,
    "task4_group": Task.RESPONSE_GROUP,
}


def nearly(value: object) -> object:
    """Floats to 1e-9, however deep."""
    if isinstance(value, dict):
        return {key: nearly(one) for key, one in value.items()}
    if isinstance(value, float):
        return pytest.approx(value, abs=1e-9, rel=0)
    return value


@needs_cases
@pytest.mark.parametrize("name", FILES)
def test_every_row_is_scored_as_released(name: str) -> None:
    file = read_predictions(CASES / f"{name}.jsonl", labelled=name != "task2")
    score = score_paper(FILES[name], file.rows)
    different = {
        row.case: (score.rows[row.case], json.dumps(row.content["expected"], ensure_ascii=False))
        for row in file.rows
        if score.rows[row.case] != nearly(row.content["expected"])
    }
    assert not different
    assert len(score.rows) == len(file.rows) > 10


@needs_cases
@pytest.mark.parametrize("name", FILES)
def test_the_command_prints_the_released_results(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = CASES / f"{name}.jsonl"
    options = ["--task", FILES[name], "--mode", "paper", "--json", "--rows", str(path)]
    monkeypatch.setattr(sys, "argv", ["alignsurvey", "score", *options])
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    rows = json.loads(capsys.readouterr().out)["files"][path.name]["rows"]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert rows == {case["case"]: nearly(case["expected"]) for case in map(json.loads, lines)}
