"""`alignsurvey estimate` and `plan`: what they print, write and refuse."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import alignsurvey as als
from alignsurvey.cli import main
from alignsurvey.fidelity.estimates import estimate_study

STUDY = """\
survey: {example: anes96}
profile: [age, educ, PID]
items: [vote, selfLR]
groups: [{age: [40]}]
structure: [{outcome: selfLR, predictors: [PID, educ]}]
pilot: {n: 100}
simulators: [baseline/logit]
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    path = tmp_path / "study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    sys.argv = ["alignsurvey", *arguments]
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def rows(out: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(out)["estimates"]
    return found


def test_every_method_stands_beside_the_pilot_alone(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capsys, "estimate", str(study), "--target", "share:vote=1", "--json")
    assert code == 0, err
    overall = [row for row in rows(out) if row["group"] == "overall"]
    assert [row["method"] for row in overall] == [
        "classical", "imputation", "ppi", "cross", "stratified"
    ]  # fmt: skip
    assert [row["method"] for row in overall if row["recommended"]] == ["cross"]
    assert [row["verdict"] for row in overall if not row["valid"]] == ["don't use"]
    assert {row["group"] for row in rows(out)} == {"overall", "age=19-39", "age=40-91"}
    best = next(row for row in overall if row["recommended"])
    assert best["n_eff"] > 150  # type: ignore[operator]
    assert best["low"] < best["known"] < best["high"]  # type: ignore[operator]


def test_the_study_decides_what_is_estimated_where_nothing_is_named(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = call(capsys, "estimate", str(study), "--method", "cross", "--json")
    assert list(dict.fromkeys(row["target"] for row in rows(out))) == [
        "share:vote=1", "mean:selfLR", "ols:selfLR"
    ]  # fmt: skip
    names = [row["name"] for row in rows(out) if row["target"] == "ols:selfLR"]
    assert names == ["intercept", "PID", "educ"] * 2


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.md", "| Target |"), ("a.tex", r"\begin{longtable}"),
        ("a.csv", "target,group"), ("a.json", "{"),
    ],
)  # fmt: skip
def test_files_are_written_in_the_format_that_they_end_in(
    study: Path, capsys: pytest.CaptureFixture[str], name: str, start: str
) -> None:
    code, out, _ = call(capsys, "estimate", str(study), "--target", "mean:selfLR", "--out", name)
    assert (code, out) == (0, f"Written: {name}\n")
    text = Path(name).read_text(encoding="utf-8")
    assert text.startswith(start)
    if name.endswith(".csv"):
        assert len(list(csv.DictReader(io.StringIO(text)))) == 13


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("crosstab:vote by age", 2 * 2 * 2), ("difference:selfLR by vote", 2),
        ("quantile:selfLR@0.5", 6), ("logistic:vote ~ PID + age", 6), ("mean:selfLR by vote", 6),
        ("ordinal:selfLR ~ PID", None),
    ],
)  # fmt: skip
def test_all_kinds_of_targets_are_estimated(
    study: Path, capsys: pytest.CaptureFixture[str], target: str, kind: int | None
) -> None:
    code, out, err = call(
        capsys, "estimate", str(study), "--target", target, "--method", "cross", "--json"
    )
    assert code == 0, err
    found = rows(out)
    assert kind is None or len(found) == kind
    assert all(row["value"] is not None or row["reason"] for row in found)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--target", "share:vote"], "write which option of 'vote'"),
        (["--target", "share:vote=9"], "'vote' has no option '9'"),
        (["--target", "mean:vot"], "did you mean 'vote'?"),
        (["--target", "men:vote"], "did you mean 'mean'?"),
        (["--target", "ols:vote"], "which predictors?"),
        (["--target", "crosstab:vote"], "which groups"),
        (["--target", "crosstab:vote by sx"], "no variable 'sx'"),
        (["--target", "difference:selfLR by educ"], "name two of the groups"),
        (["--target", "quantile:selfLR@2"], "between 0 and 1"),
        (["--method", "pppi"], "no method 'pppi'"),
        (["--level", "95"], "level must lie"),
        (["--format", "word"], "no format 'word'"),
        (["--out", "a.docx"], "ends in none of"),
    ],
)
def test_bad_input_of_estimate_is_one_line_and_exit_code_2(
    study: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, out, err = call(capsys, "estimate", str(study), *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def survey_with_a_pilot(answered: int) -> tuple[als.Study, als.Survey, float]:
    """anes96 as a pollster has it: answers of some people, profiles of all."""
    anes = als.load_example("anes96")
    keep = anes.pilot(answered, seed=5)
    inside = np.isin(anes.id_hashes, keep.id_hashes)
    hidden = anes.answers.with_columns(
        pl.when(pl.Series(inside)).then(pl.col(item)).alias(item) for item in ("vote", "selfLR")
    )
    known = float(anes.shares("vote")[1])
    study = als.Study.parse(
        {"survey": {"example": "anes96"}, "profile": ["age", "educ", "PID"],
         "items": ["vote", "selfLR"], "pilot": "none",
         "simulators": ["baseline/logit", "baseline/ridge"]}
    )  # fmt: skip
    return study, als.Survey(hidden, anes.codebook, anes.design), known


def test_without_a_drawn_pilot_whoever_answered_is_the_pilot() -> None:
    study, survey, known = survey_with_a_pilot(120)
    table = estimate_study(study, ["share:vote=1"], survey).table
    assert set(table["n"]) == {120}
    assert set(table["N"]) == {0, survey.n - 120}
    assert table["known"].null_count() == table.height
    multi = table.filter(pl.col("method") == "multi").row(0, named=True)
    assert multi["low"] < known < multi["high"]
    assert multi["recommended"]
    assert multi["width_ratio"] < 0.8


def test_a_crosstab_has_all_simulators_together_and_what_is_known() -> None:
    study = als.Study.parse(
        {"survey": {"example": "anes96"}, "profile": ["PID", "educ"], "items": ["vote"],
         "groups": [{"age": [40]}], "pilot": {"n": 150},
         "simulators": ["baseline/logit", "planted/shrunk(0.8)"]}
    )  # fmt: skip
    table = estimate_study(study, ["crosstab:vote by age"]).table
    assert table.height == 2 * 2 * 4
    best = table.filter(recommended=True)
    assert set(best["method"]) == {"multi"}
    cell = table.filter(group="age=19-39", name=table["name"][-1])
    anes = als.load_example("anes96")
    young = anes.answers["age"].cast(pl.Float64).to_numpy() < 40
    known = np.mean(anes.codes("vote")[young] == 1)
    assert cell["known"].to_list() == pytest.approx([known] * 4)
    assert set(
        estimate_study(study, ["crosstab:vote by age"], methods=["multi"]).table["method"]
    ) == {"classical", "multi"}


def test_strata_and_clusters_enter_the_cells_of_a_crosstab() -> None:
    anes = als.load_example("anes96")
    design = replace(anes.design, strata="educ")
    study, hidden, _ = survey_with_a_pilot(400)
    with_strata = als.Survey(hidden.answers, anes.codebook, design)
    wanted = ["crosstab:vote by age", "share:vote=1 by age"]
    table = estimate_study(study, wanted, with_strata, methods=["multi"]).table
    key = ["group", "method"]
    cells = table.filter(pl.col("target") == wanted[0], pl.col("name") == "Bob Dole")
    alone = table.filter(pl.col("target") == wanted[1], pl.col("group") != "overall")
    assert cells.sort(key)["low"].to_list() == pytest.approx(alone.sort(key)["low"].to_list())


def test_repairs_learn_from_whoever_answered_and_weights_are_left_out_by_name() -> None:
    study, survey, _ = survey_with_a_pilot(120)
    margins = {"educ": dict.fromkeys(range(1, 8), 1 / 7)}
    repaired = als.Study.parse(
        {**study.model_dump(include={"survey", "profile", "items"}, exclude_none=True),
         "pilot": "none", "simulators": ["baseline/ridge"], "rectify": ["tilt", "rake"],
         "margins": margins}
    )  # fmt: skip
    found = estimate_study(repaired, ["share:vote=1"], survey, methods=["cross"])
    assert found.table["simulator"].to_list() == [
        "pilot alone", "baseline/ridge", "baseline/ridge|tilt"
    ]  # fmt: skip
    assert any("baseline/ridge|rake: left out" in note for note in found.notes)


def test_a_survey_that_all_answered_has_nobody_to_simulate() -> None:
    study, _, _ = survey_with_a_pilot(10)
    with pytest.raises(als.InputError, match="everybody answered"):
        estimate_study(study, ["share:vote=1"], als.load_example("anes96"))


def test_a_group_without_humans_has_a_line_with_its_reason() -> None:
    study = als.Study.parse(
        {"survey": {"example": "anes96"}, "profile": ["PID"], "items": ["vote"],
         "pilot": {"n": 40}, "simulators": ["baseline/logit"]}
    )  # fmt: skip
    table = estimate_study(study, ["share:vote=1 by educ"]).table
    empty = table.filter(pl.col("value").is_null())
    assert empty.height > 0
    assert empty["reason"].null_count() == 0
    assert table.filter(pl.col("group") == "overall")["value"].null_count() == 0


def test_a_correction_that_widens_a_group_is_said_to_harm_it() -> None:
    study = als.Study.parse(
        {"survey": {"example": "anes96"}, "profile": ["PID"], "items": ["selfLR"],
         "groups": ["educ"], "pilot": {"n": 300},
         "simulators": ["planted/label_bias(0.9)"]}
    )  # fmt: skip
    table = estimate_study(study, ["mean:selfLR"]).table
    harmed = table.filter(pl.col("reason").str.contains("makes this group worse"))
    assert set(harmed["verdict"]) <= {"use with care", "don't use"}
    for row in harmed.to_dicts():
        assert row["width_ratio"] > 1
    wide = table.filter(pl.col("valid") & (pl.col("width_ratio") > 1.01))
    assert "use" not in set(wide["verdict"])


def test_a_plan_from_assumptions_needs_no_study(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capsys, "plan", "--rho", ".6", "--sd", ".5", "--width", ".1",
                          "--budget", "500", "--difference", ".2", "--json")  # fmt: skip
    assert code == 0, err
    found = json.loads(out)
    assert [row["n"] for row in found["curve"]] == [25, 50, 100, 200, 400, 800, 1600]
    cheap, precise = found["purchases"]
    assert cheap["cost"] < cheap["cost_humans_only"]
    assert precise["cost"] <= 500
    assert precise["width"] < precise["width_humans_only"]
    assert found["power"][0]["humans"] < found["power"][0]["humans_only"] == 100


def test_a_plan_from_a_pilot_has_strata_a_division_and_whom_to_ask(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capsys, "plan", str(study), "--ask", "20", "--humans", "200", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert [one["target"] for one in found["questions"]] == ["share:vote=1", "mean:selfLR"]
    vote = found["questions"][0]
    assert vote["rho_low"] < vote["assumed"]["rho"] < vote["rho_high"]
    for target in ("share:vote=1", "mean:selfLR"):
        strata = [row for row in found["strata"] if row["target"] == target]
        assert sum(row["n"] for row in strata) == 200
    assert {row["advice"] for row in found["divisions"]} <= {"cross-fit", "divide", "humans only"}
    assert sum(row["ask"] for row in found["next"]["profiles"]) == 20


def test_a_planned_width_is_about_that_of_the_estimate(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = call(capsys, "plan", str(study), "--target", "mean:selfLR", "--json")
    planned = next(row for row in json.loads(out)["curve"] if row["n"] == 100)
    _, out, _ = call(capsys, "estimate", str(study), "--target", "mean:selfLR", "--json")
    overall = {row["method"]: row for row in rows(out) if row["group"] == "overall"}
    for key, method in (("width_humans", "classical"), ("width", "cross")):
        width = overall[method]["high"] - overall[method]["low"]  # type: ignore[operator]
        assert planned[key] == pytest.approx(width, rel=0.05)


def test_a_plan_is_printed_and_drawn(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "plan", str(study), "--target", "share:vote=1", "--out", "a.html")
    assert code == 0, err
    assert "How well the simulator knows people" in out
    assert out.endswith("Written: a.html\n")
    page = Path("a.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "http://" not in page
    code, _, _ = call(capsys, "plan", "--rho", ".4", "--out", "a.svg")
    assert code == 0
    assert Path("a.svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give one of the two"),
        (["study.yaml", "--rho", ".4"], "give one of the two"),
        (["--rho", "1.4"], "rho is a correlation"),
        (["--rho", ".4", "--sd", "0"], "sd must be above 0"),
        (["--rho", ".4", "--width", "0"], "width must be above 0"),
        (["--rho", ".4", "--budget", "3"], "buys 0 humans"),
        (["--rho", ".4", "--budget", "30", "--cost-human", "0"], "must be above 0"),
        (["--rho", ".4", "--difference", "0"], "difference of 0"),
        (["--rho", ".4", "--difference", ".1", "--power", "80"], "power must lie"),
        (["--rho", ".4", "--out", "a.png"], "ends neither in"),
        (["study.yaml", "--target", "ols:selfLR"], "plans are for means and shares"),
        (["study.yaml", "--target", "mean:x"], "neither an item nor a scale"),
    ],
)
def test_bad_input_of_plan_is_one_line_and_exit_code_2(
    study: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, out, err = call(capsys, "plan", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
