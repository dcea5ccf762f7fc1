"""The command line as a new user meets it: what it prints, writes, and refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import yaml

from alignsurvey.cli import main

STUDY = """
survey: {file: people.csv, id: person, weight: w}
profile: [age, sex]
items: [trust, party]
groups: [sex]
structure: [{outcome: trust, predictors: [age, sex]}]
pilot: {n: 60, replicates: 2, seed: 1}
bootstrap: {replicates: 60}
simulators: [baseline/logit, planted/llm_like]
"""


def write_people(folder: Path, n: int = 240) -> Path:
    rows = range(n)
    frame = pl.DataFrame(
        {
            "person": [f"p{row}" for row in rows],
            "w": [0.5 + row % 3 for row in rows],
            "age": [18 + (row * 7) % 70 for row in rows],
            "sex": ["女" if row % 2 else "男" for row in rows],
            "trust": [1 + (row * 7 % 70 + row * 13 % 40) // 28 for row in rows],
            "party": ["ABC"[(row // 2) % 3] for row in rows],
        }
    )
    path = folder / "people.csv"
    frame.write_csv(path)
    return path


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Call the command line; exit code, output, errors."""
    sys.argv = ["alignsurvey", *arguments]
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    write_people(tmp_path)
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    return tmp_path


def test_a_study_prints_a_table_and_fills_its_folder(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = call(capsys, "fidelity", "study.yaml", "--out", "run")
    assert code == 0
    assert "baseline/logit" in out
    assert "run/report.html" in out
    names = {path.name for path in (folder / "run").iterdir()}
    assert names == {"manifest.json", "queries.parquet", "answers.parquet", "scores.parquet",
                     "result.json", "report.html"}  # fmt: skip
    manifest = json.loads((folder / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["study"]["pilot"]["seed"] == 1
    assert manifest["versions"]["polars"]
    answers = pl.read_parquet(folder / "run" / "answers.parquet")
    assert answers.height == 2 * 2 * 180  # pilots, simulators, judges
    assert set(answers["party"].drop_nulls()) <= {"A", "B", "C"}
    html = (folder / "run" / "report.html").read_text(encoding="utf-8")
    assert "女" in html


def test_running_again_replaces_the_folder_and_gives_the_same_numbers(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert call(capsys, "fidelity", "study.yaml")[0] == 0
    first = pl.read_parquet(folder / "runs" / "study" / "scores.parquet")
    assert call(capsys, "fidelity", "study.yaml")[0] == 0
    second = pl.read_parquet(folder / "runs" / "study" / "scores.parquet")
    assert first.equals(second)


def test_json_is_json_and_writes_nothing_by_itself(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = call(capsys, "fidelity", "study.yaml", "--json")
    assert code == 0
    scores = json.loads(out)["scores"]
    assert {row["simulator"] for row in scores} == {"baseline/logit", "planted/llm_like"}
    assert not (folder / "runs").exists()


def test_init_writes_a_study_that_runs_as_it_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = call(capsys, "init", "people.csv")
    assert code == 0
    assert "weight: w (guessed)" in out
    written = yaml.safe_load((folder / "people.study.yaml").read_text(encoding="utf-8"))
    assert written["survey"]["id"] == "person"
    assert written["profile"] == ["age", "sex", "party"]
    assert written["items"] == ["trust"]
    assert call(capsys, "fidelity", "people.study.yaml", "--out", "run")[0] == 0
    code, _, err = call(capsys, "init", "people.csv")
    assert code == 2
    assert "--force" in err
    assert call(capsys, "init", "people.csv", "--force")[0] == 0


def test_inspect_says_what_was_inferred(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "inspect", "people.csv", "--id", "person", "--weight", "w")
    assert code == 0
    assert "inferred" in out
    code, out, _ = call(capsys, "inspect", "people.csv", "--json")
    assert code == 0
    json.loads(out)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("people.csv", "peopel.csv", "no such file"),
        ("people.csv", "study.yaml", "yaml"),
        ("weight: w", "weight: x", "no column 'x'"),
        ("id: person", "id: sex", "stands in data rows"),
        ("[trust, party]", "[trust, age_]", "no variable 'age_'"),
        ("items:", "itmes:", "did you mean 'items'?"),
        ("n: 60", "n: 240", "a pilot of 240"),
        ("[trust, party]", "[person]", "person"),
        ("baseline/logit", "baseline/probit", "probit"),
        ("baseline/logit", "openai/gpt-4o-mini", "openai"),
        ("baseline/logit", "recorded/absent.csv", "absent.csv: no such file"),
        ("planted/llm_like", "planted/shrunk(2)", "factor must be a number from 0 to 1"),
        ("outcome: trust", "outcome: faith", "neither an item nor a scale"),
        ("survey: {", "survey: {{", "not valid YAML"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing_behind(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    assert old in STUDY
    (folder / "study.yaml").write_text(STUDY.replace(old, new, 1), encoding="utf-8")
    code, out, err = call(capsys, "fidelity", "study.yaml", "--out", "run")
    assert code == (3 if new.startswith("openai/") else 2)  # there is no key
    assert out == ""
    *before, last = err.splitlines()
    assert message in last
    assert last.startswith("alignsurvey: ")
    assert not before or before[0].startswith("openai/")  # what asking would cost is told first
    assert not (folder / "run").exists()


@pytest.mark.parametrize(
    ("column", "row", "cell", "message"),
    [
        ("w", 17, "-1", "the weight 'w' is negative in data row 18"),
        ("w", 3, "", "the weight 'w' is missing in data row 4"),
        ("person", 5, "p2", "id 'p2' stands in data rows 3 and 6"),
    ],
)
def test_a_mistake_in_the_data_names_row_and_column(
    folder: Path, capsys: pytest.CaptureFixture[str], column: str, row: int, cell: str, message: str
) -> None:
    frame = pl.read_csv(folder / "people.csv", infer_schema=False)
    values = frame[column].to_list()
    values[row] = cell
    frame.with_columns(pl.Series(column, values)).write_csv(folder / "people.csv")
    code, _, err = call(capsys, "fidelity", "study.yaml")
    assert code == 2
    assert message in err
    assert err.count("\n") == 1


def test_a_folder_that_holds_something_else_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "run").mkdir()
    (folder / "run" / "thesis.txt").write_text("mine", encoding="utf-8")
    code, _, err = call(capsys, "fidelity", "study.yaml", "--out", "run")
    assert code == 2
    assert "holds files that no run of alignsurvey wrote" in err
    assert (folder / "run" / "thesis.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("command", ["demo", "inspect", "init", "fidelity"])
def test_every_command_has_help_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = call(capsys, command, "--help")
    assert code == 0
    assert f"Example: alignsurvey {command}" in " ".join(out.split())


def test_the_module_runs_and_a_wrong_option_is_exit_code_two() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alignsurvey", "fidelity", "--nonsense"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--nonsense" in done.stderr


def test_bench_leaves_a_report_of_its_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(
        capsys, "bench", "--data", "example-zh", "--model", "baseline/marginal",
        "--tasks", "stance,response", "--out", "bench",
    )  # fmt: skip
    assert code == 0
    assert "bench/report.html" in out
    page = (folder / "bench" / "report.html").read_text(encoding="utf-8")
    for words in ("Task 4, response", "invented interviews", "--tasks stance,response"):
        assert words in page, words


@pytest.mark.slow
def test_the_demo_shows_the_study_and_the_four_tasks(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = call(capsys, "demo", "--out", "demo")
    assert code == 0
    assert "the four AlignSurvey tasks" in out
    page = (folder / "demo" / "report.html").read_text(encoding="utf-8")
    for words in ("ANES 1996", "English interviews", "Chinese interviews", "家庭成员关系"):
        assert words in page, words
