"""`alignsurvey table`: formats, datasets, files, and errors of one line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl
import pytest

from alignsurvey.cli import main

SCHEMA = {
    "task": pl.String, "part": pl.String, "model": pl.String, "mode": pl.String,
    "metric": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "n": pl.Int64, "parse_rate": pl.Float64, "baseline": pl.Float64, "marginal": pl.Float64,
    "floor": pl.Float64,
}  # fmt: skip


def write_run(folder: Path, model: str = "模型") -> None:
    folder.mkdir()
    rest = (None, None, 100, 0.9, 0.5, 0.45, None)
    rows = [("response", "", model, mode, metric, value, *rest)
            for mode in ("strict", "paper")
            for metric, value in (("accuracy", 0.6), ("macro_f1", 0.4))]  # fmt: skip
    rows.append(("response-group", "aggregate", model, "strict", "w1", 0.1, *rest))
    pl.DataFrame(rows, schema=SCHEMA, orient="row").write_parquet(folder / "scores.parquet")
    (folder / "manifest.json").write_text('{"kind": "bench"}', encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("one", "two", "three"):
        write_run(tmp_path / name)
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    sys.argv = ["alignsurvey", "table", *arguments]
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_markdown_is_printed_with_the_run_as_dataset(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capsys, "one")
    assert (code, err) == (0, "")
    assert "| one | 模型 | ours | strict | .600 | .400 |" in out
    assert "*SurveyLM-Qwen2.5-7B †* | *published*" in out


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ["one", "two", "three"]),
        (["chip"], ["CHIP", "CHIP", "CHIP"]),
        (["ASE", "GSS", "own"], ["ASE", "GSS", "own"]),
        (["ASE/chip"], ["CHIP", "CHIP", "CHIP"]),
    ],
)
def test_datasets_are_the_runs_names_unless_given(
    folder: Path, capsys: pytest.CaptureFixture[str], given: list[str], expected: list[str]
) -> None:
    options = [word for name in given for word in ("--dataset", name)]
    code, out, _ = call(capsys, "one", "two", "three", *options, "--json")
    assert code == 0
    rows = [row for row in json.loads(out)["Table 4"] if row["source"] == "ours"]
    accuracies = [row for row in rows if row["score"] == "T4 Accuracy"]
    assert [row["dataset"] for row in accuracies] == expected
    assert accuracies[0] | {"dataset": "", "model": ""} == {
        "score": "T4 Accuracy", "dataset": "", "model": "", "source": "ours", "strict": 0.6,
        "low": None, "high": None, "paper": 0.6, "n": 100, "parse_rate": 0.9, "majority": 0.5,
        "majority_paper": 0.5, "marginal": 0.45, "marginal_paper": 0.45, "floor": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "start"),
    [("t.md", b"### Table 3"), ("t.tex", b"\\begin{table*}"), ("t.xlsx", b"PK")],
)
def test_the_ending_says_the_format(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, start: bytes
) -> None:
    code, out, _ = call(capsys, "one", "--out", name, "--radar", "r.svg")
    assert code == 0
    assert (folder / name).read_bytes().startswith(start)
    assert (folder / "r.svg").read_text(encoding="utf-8").startswith("<svg")
    assert out.splitlines() == [f"Written: {name}", "Written: r.svg"]
    assert not list(folder.glob(".*.part"))


def test_latex_is_printed_when_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "one", "--format", "latex")
    assert code == 0
    assert out.startswith(r"\begin{table*}")


def test_help_shows_an_example(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, "--help")
    assert "Example: alignsurvey table" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere: no such folder"),
        (["empty"], "empty: no run folder"),
        (["study"], "study: a run of another kind"),
        (["broken"], "manifest.json: cannot be read"),
        (["bare"], "scores.parquet: missing, or not bench's"),
        (["foreign"], "scores.parquet: missing, or not bench's"),
        (["garbage"], "scores.parquet: missing, or not bench's"),
        (["one", "--out", "t.pdf"], "ends in none of .md, .tex, .xlsx"),
        (["one", "--out", "t.md", "--format", "excel"], "excel files end in .xlsx"),
        (["one", "--format", "exel"], "did you mean 'excel'?"),
        (["one", "--format", "excel"], "add --out FILE.xlsx"),
        (["one", "--radar", "r.png"], "end in .svg"),
        (["one", "--out", "no/t.md"], "t.md: cannot be written"),
        (["one", "two", "three", "--dataset", "a", "--dataset", "b"], "2 names for 3 runs"),
        (["one", "--dataset", "ASE/"], "write NAME, or NAME/NAME"),
        (["one", "--out", "t.md", "--dataset", ""], "write NAME, or NAME/NAME"),
        (["one", "./one"], "one: the run is named twice"),
    ],
)
def test_errors_are_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    for name, manifest in (("empty", None), ("study", '{"kind": "study"}'), ("broken", "{"),
                           ("bare", '{"kind": "bench"}'), ("foreign", '{"kind": "bench"}'),
                           ("garbage", '{"kind": "bench"}')):  # fmt: skip
        (folder / name).mkdir()
        if manifest:
            (folder / name / "manifest.json").write_text(manifest, encoding="utf-8")
    pl.DataFrame({"x": [1]}).write_parquet(folder / "foreign" / "scores.parquet")
    (folder / "garbage" / "scores.parquet").write_bytes(b"no parquet")
    code, out, err = call(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert said in err
