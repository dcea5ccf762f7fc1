"""`alignsurvey simulate`: samples that are marked, labelled, and have the answers planted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyreadstat
import pytest

from alignsurvey.cli import main
from alignsurvey.survey import Missing, read_survey
from alignsurvey.testing import FakeServer, Population

STUDY = """
survey: {example: anes96}
profile: [age, educ]
items: [vote, selfLR]
simulators: [baseline/logit]
"""
VOTE = "Expected vote for president"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALIGNSURVEY_STORE", raising=False)
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    return tmp_path


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    planted = {"Bill Clinton": 0.25, "Bob Dole": 0.75}
    with FakeServer(Population({VOTE: planted}), faults={"refusal": 0.2}, seed=1) as running:
        monkeypatch.setenv("ALIGNSURVEY_BASE_URL", running.url)
        yield running


def call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["alignsurvey", "simulate", "study.yaml", *words])
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize("extension", ["parquet", "csv", "sav", "dta"])
def test_every_format_marks_every_row_and_names_the_simulator(
    extension: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = f"sample.{extension}"
    words = ("--simulator", "baseline/logit", "--n", "60", "--out", name)
    code, out, _ = call(capsys, monkeypatch, *words)
    assert code == 0
    assert "60 simulated people by baseline/logit; 100.0 % of the questions answered" in out
    sample = read_survey(name, id="id")
    assert set(sample.answers["simulated"]) == {1}
    assert set(sample.answers["simulator"]) == {"baseline/logit"}
    assert sample.codebook["simulated"].label(1) == "simulated"
    assert sample.codebook["vote"].labels == ("Bill Clinton", "Bob Dole")
    manifest = json.loads((folder / f"{name}.manifest.json").read_text(encoding="utf-8"))
    assert manifest["simulator"] == "baseline/logit"
    assert manifest["study"]["items"] == ["vote", "selfLR"]


def test_a_models_answers_have_the_planted_shares_and_refusals_stay_refusals(
    server: FakeServer,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ("--simulator", "endpoint/tiny", "--n", "600", "--out", "sample.sav")
    assert call(capsys, monkeypatch, *words)[0] == 0
    asked, first = server.requests, (folder / "sample.sav").read_bytes()
    sample = read_survey("sample.sav", id="id")
    assert sample.shares("vote")[0] == pytest.approx(0.25, abs=5 * (0.19 / 480) ** 0.5)
    refused = sample.missing_kinds("vote")[Missing.REFUSED]
    assert refused == pytest.approx(120, abs=50)
    _, meta = pyreadstat.read_sav("sample.sav")
    assert "Refused (simulated)" in meta.variable_value_labels["vote"].values()
    assert meta.variable_value_labels["simulated"] == {0.0: "person", 1.0: "simulated"}
    # Nothing is asked again, and the file is the same to the last byte.
    assert call(capsys, monkeypatch, *words)[0] == 0
    assert server.requests == asked
    assert (folder / "sample.sav").read_bytes() == first


def test_profiles_are_raked_to_margins(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "age: {18-29: 50, 30+: 50}\nvote: {Bill Clinton: 30, Bob Dole: 70}\n"
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    words = ("--simulator", "baseline/uniform", "--n", "1000", "--out", "s.csv", "--margins")
    code, out, _ = call(capsys, monkeypatch, *words, "m.yaml")
    assert code == 0
    assert "profiles: raked to age, vote; design effect of the raked weights" in out
    young = pl.read_csv("s.csv")["age"].is_between(18, 29).mean()
    assert young == pytest.approx(0.5, abs=0.005)


def test_recorded_answers_go_with_the_profiles_that_are_drawn(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    ids = list(range(1, 945))
    recorded = pl.DataFrame({"id": ids, "vote": [one % 2 for one in ids], "selfLR": [4] * 944})
    recorded.write_csv("replies.csv")
    words = ("--simulator", "recorded/replies.csv", "--n", "944", "--out", "s.csv")
    code, _, err = call(capsys, monkeypatch, *words)
    assert (code, err) == (0, "")
    # Unweighted, each respondent is drawn once.
    assert pl.read_csv("s.csv")["vote"].to_list() == recorded["vote"].to_list()


def test_a_dry_run_shows_prompts_and_writes_nothing(
    server: FakeServer,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ("--simulator", "endpoint/tiny", "--n", "50", "--out", "s.sav", "--dry-run")
    code, out, _ = call(capsys, monkeypatch, *words, "--by", "verbalized")
    assert code == 0
    assert "endpoint/tiny: 100 queries, 100 to ask" in out
    assert "How probable is each option" in out
    assert server.requests == 0
    assert [one.name for one in folder.iterdir()] == ["study.yaml"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--simulator", "baseline/logit", "--out", "s.xls"), "unknown extension '.xls'"),
        (("--simulator", "baseline/logit", "--out", "no/s.csv"), "cannot be written"),
        (("--simulator", "baseline/logitt", "--out", "s.csv"), "did you mean 'baseline/logit'"),
        (("--simulator", "planted/faithful", "--out", "s.csv"), "made of people's own answers"),
        (("--simulator", "recorded/x.csv", "--out", "s.csv"), "x.csv: no such file"),
        (("--simulator", "baseline/logit", "--out", "s.csv", "--independent"), "need margins"),
        (("--simulator", "baseline/logit", "--out", "s.csv", "--margins", "m.yaml"), "no such"),
        (("--simulator", "vllm/x", "--out", "s.csv", "--by", "likelihood", "--draws", "2"),
         "likelihood needs no draws"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_nothing_is_written(
    words: tuple[str, ...],
    message: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, out, err = call(capsys, monkeypatch, *words)
    assert code == 2
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
    assert [one.name for one in folder.iterdir()] == ["study.yaml"]
