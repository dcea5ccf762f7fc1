"""`alignsurvey data build` as a user meets it: what it writes, prints, and refuses to write."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from alignsurvey.cli import main
from alignsurvey.tasks.records import read_records

CODEBOOK = """
variables:
  age: {text: Age, scale: interval}
  sex: {text: Sex, values: {1: Female, 2: Male}}
  happy: {text: "Are you happy?", scale: ordinal, values: {1: No, 2: So so, 3: Yes}}
  vote: {text: "Did you vote?", values: {1: Yes, 2: No}, missing: {9: refused}}
"""
SURVEY = ("people.csv", "--kind", "foundation-survey", "--id", "person", "--items", "happy,vote")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    rows = range(20)
    pl.DataFrame(
        {
            "person": [100 + row for row in rows],
            "age": [20 + row % 10 for row in rows],
            "sex": [1 + row % 2 for row in rows],
            "happy": [1 + row % 3 for row in rows],
            "vote": [9 if row % 5 == 0 else 1 + row % 2 for row in rows],
        }
    ).write_csv("people.csv")
    Path("people.codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    return tmp_path


def build(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    sys.argv = ["alignsurvey", "data", "build", *arguments]
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def load(path: str) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def test_a_survey_becomes_two_sides_in_two_formats(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = build(
        capsys, *SURVEY, "--profile", "age,sex", "--out", "corpus", "--split", "respondent",
        "--share", "0.25", "--format", "alpaca,trl",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert (
        "15 people, 2 questions; foundation_survey_train.json, foundation_survey_train.jso" in out
    )
    assert "skipped: 4 × missing answer (refused)" in out
    names = ["foundation_survey_train", "foundation_survey_test"]
    assert list(load("corpus/dataset_info.json")) == names
    sides = [read_records(f"corpus/{name}.json") for name in names]
    assert sum(map(len, sides)) == 36
    people = [{record.person for record in side} for side in sides]
    assert (len(people[0]), len(people[1])) == (15, 5)
    assert not people[0] & people[1]
    assert people[0] | people[1] == set(range(100, 120))
    for name in names:
        lines = Path(f"corpus/{name}.jsonl").read_text(encoding="utf-8").splitlines()
        rows = load(f"corpus/{name}.json")
        assert [json.loads(line)["completion"][0]["content"] for line in lines] == [
            row["output"] for row in rows
        ]


def test_building_again_from_another_order_of_rows_gives_the_same_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = (*SURVEY, "--profile", "age", "--split", "fingerprint")
    build(capsys, *arguments, "--out", "one")
    build(capsys, *arguments, "--out", "two")
    pl.read_csv("people.csv").reverse().write_csv("people.csv")
    build(capsys, *arguments, "--out", "three")
    for name in ("foundation_survey_train.json", "foundation_survey_test.json"):
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes()
        assert sorted(map(repr, load(f"one/{name}"))) == sorted(map(repr, load(f"three/{name}")))


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ("respondent", "people on both sides"),
        ("fingerprint", "profiles on both sides"),
        ("question", "2 questions on both sides (Are you happy?, Did you vote?)"),
    ],
)
def test_a_leak_is_an_error_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], split: str, said: str
) -> None:
    build(capsys, *SURVEY, "--profile", "age,sex", "--out", "other")
    code, out, err = build(
        capsys, *SURVEY, "--profile", "age,sex", "--out", "corpus", "--split", split,
        "--against", "other/foundation_survey.json",
    )  # fmt: skip
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert not Path("corpus").exists()


def test_a_test_part_that_somebody_else_holds_is_kept_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = pl.read_csv("people.csv")
    build(capsys, *SURVEY, "--out", "all", "--split", "respondent")
    held = {row["person_id"] for row in load("all/foundation_survey_test.json")}
    table.filter(~pl.col("person").is_in(list(held))).write_csv("people.csv")
    code, out, _ = build(
        capsys, *SURVEY, "--out", "rest", "--against", "all/foundation_survey_test.json"
    )
    assert code == 0
    assert "16 people" in out


def test_dialogues_of_records_and_of_interviews(capsys: pytest.CaptureFixture[str]) -> None:
    from alignsurvey.survey import load_interviews, write_interviews

    write_interviews(load_interviews("zh"), "talks.yaml")
    kind = ("--kind", "foundation-dialogue", "--json")
    code, out, _ = build(capsys, "talks.yaml", *kind, "--out", "one", "--split", "respondent")
    assert code == 0
    report = json.loads(out)
    assert [part["people"] for part in report["parts"]] == [10, 2]
    code, out, _ = build(capsys, "one/foundation_dialogue_test.json", *kind, "--out", "two")
    assert json.loads(out)["rows"] == report["parts"][1]["rows"]
    texts = [
        [(row["input"], row["output"]) for row in load(path)]
        for path in ("one/foundation_dialogue_test.json", "two/foundation_dialogue.json")
    ]
    assert texts[0] == texts[1]


def test_records_keep_their_texts_and_columns(capsys: pytest.CaptureFixture[str]) -> None:
    build(capsys, *SURVEY, "--profile", "age", "--out", "one")
    source = "one/foundation_survey.json"
    code, out, _ = build(
        capsys, source, "--kind", "records", "--out", "one", "--split", "question", "--name", "mine"
    )
    assert code == 0
    assert "mine_train: " in out
    assert out.count(" 1 questions; mine_t") == 2
    rows = [*load("one/mine_train.json"), *load("one/mine_test.json")]
    assert sorted(map(repr, rows)) == sorted(map(repr, load(source)))
    assert set(load("one/dataset_info.json")) == {"foundation_survey", "mine_train", "mine_test"}


def test_weights_are_not_asked(capsys: pytest.CaptureFixture[str]) -> None:
    table = pl.read_csv("people.csv").with_columns(w=pl.Series([1, 2] * 10))
    table.write_csv("people.csv")
    arguments = ("people.csv", "--kind", "foundation-survey", "--id", "person", "--profile", "age")
    build(capsys, *arguments, "--weight", "w", "--out", "one")
    assert {row["item"] for row in load("one/foundation_survey.json")} == {"sex", "happy", "vote"}
    table.drop("w").write_csv("people.csv")
    build(capsys, *arguments, "--out", "two")
    files = [Path(folder, "foundation_survey.json").read_bytes() for folder in ("one", "two")]
    assert files[0] == files[1]


def test_what_is_left_from_an_earlier_build_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    build(capsys, *SURVEY, "--out", "one")
    _, out, _ = build(capsys, *SURVEY, "--out", "one", "--split", "respondent")
    assert "note: foundation_survey.json of an earlier build is still there" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nobody.csv", "--kind", "foundation-survey"), "nobody.csv"),
        (("people.csv", "--kind", "survey"), "no kind 'survey'"),
        (("people.csv", "people.csv", "--kind", "foundation-survey"), "named twice"),
        ((*SURVEY, "--split", "person"), "cannot split by 'person'"),
        ((*SURVEY, "--split", "respondent", "--share", "1.5"), "between 0 and 1"),
        ((*SURVEY, "--format", "csv"), "no format 'csv'"),
        ((*SURVEY, "--format", ","), "no format"),
        ((*SURVEY, "--profile", "happy"), "in the profile"),
        ((*SURVEY, "--profile", "agee"), "did you mean 'age'"),
        ((*SURVEY, "--split", "fingerprint"), "no profile"),
        ((*SURVEY, "--name", "a/b"), "no name for a data set"),
        ((*SURVEY, "--against", "nothing.json"), "nothing.json: no such file"),
        (("people.csv", "--kind", "records"), "people.csv"),
        (("people.csv", "--kind", "records", "--items", "x"), "--items is for surveys"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = build(capsys, *arguments, "--out", "corpus")
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert not Path("corpus").exists()


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = build(capsys, "--help")
    assert code == 0
    assert "Example: alignsurvey data build" in out
