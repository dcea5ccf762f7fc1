"""What inspection counts, what it finds odd, and how the command shows it."""

import json
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import typer
from rich.cells import cell_len
from typer.testing import CliRunner

from alignsurvey.cli.inspect import condensed, inspect
from alignsurvey.errors import InputError
from alignsurvey.survey import (
    Category,
    Codebook,
    Design,
    Missing,
    MissingCode,
    Scale,
    Survey,
    Variable,
    from_dataframe,
    inspect_survey,
    load_example,
    read_survey,
)
from alignsurvey.survey.oddities import missing_like_codes

SHARED = Path(
    os.environ.get("ALIGNSURVEY_SHARED_DATA", Path(__file__).parents[2].parent / "shared" / "data")
)
POLLS = SHARED / "fivethirtyeight"
needs_polls = pytest.mark.skipif(not POLLS.is_dir(), reason=f"no shared data at {POLLS}")

MOOD = Variable(
    "mood",
    "How are you?",
    Scale.ORDINAL,
    (Category(1, "bad"), Category(2, "so-so"), Category(3, "good")),
    (MissingCode(9, Missing.REFUSED),),
)
FOUR = Survey(
    pl.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "mood": [1, 3, None, 3],
            "age": [20.0, 40.0, None, None],
            "w": [1.0, 2.0, 0.0, 1.0],
        }
    ),
    Codebook((MOOD, Variable("age", "Age", Scale.INTERVAL))),
    Design("id", "w"),
    pl.DataFrame({"mood": [None, None, 9, None]}),
    notes=("a note",),
)


def test_counts_and_weighted_shares():
    found = inspect_survey(FOUR)
    mood, age = found.variables
    assert (found.n, found.id, found.source, found.notes) == (4, "id", "survey", ("a note",))
    assert (mood.n, mood.missing, mood.distinct) == (3, {"refused": 1}, 2)
    assert [(a.label, a.n, a.share) for a in mood.answers] == [
        ("bad", 1, 0.25),
        ("so-so", 0, 0.0),
        ("good", 2, 0.75),
    ]
    assert (age.low, age.high, age.missing) == (20, 40, {"empty": 2})
    assert age.mean == pytest.approx((20 + 2 * 40) / 3)


def test_weights_are_summed_up():
    weights = inspect_survey(FOUR).weights
    assert (weights.column, weights.low, weights.high, weights.zeros) == ("w", 0, 2, 1)
    assert weights.mean == 1
    assert weights.design_effect == pytest.approx(4 * 6 / 16)
    assert weights.n_effective == pytest.approx(4 / 1.5)
    assert inspect_survey(load_example("anes96")).weights is None


def test_the_embedded_survey_has_nothing_odd():
    found = inspect_survey(load_example("anes96"))
    assert found.warnings == ()
    assert found.notes == ()
    assert len(found.variables) == 11


def test_as_dict_is_plain():
    content = inspect_survey(FOUR).as_dict()
    assert json.loads(json.dumps(content)) == json.loads(json.dumps(content, default=str))
    assert content["variables"][0]["missing"] == {"refused": 1}
    assert content["variables"][0]["answers"][1]["label"] == "so-so"


def test_a_survey_of_nobody_can_be_inspected():
    found = inspect_survey(FOUR.where(pl.col("age") > 99))
    assert found.n == 0
    assert found.weights is None
    assert all(one.n == 0 for one in found.variables)


N = 40
CYCLE = np.arange(N)


def frame(**columns):
    return from_dataframe(pl.DataFrame({"pid": CYCLE + 1000, **columns}), id="pid")


def book_of(column, *categories, **given):
    answers = pl.DataFrame({"pid": CYCLE, "x": column})
    return Survey(answers, Codebook((Variable("x", "?", categories=categories, **given),)),
                  Design("pid"))  # fmt: skip


AB = (Category(1, "a"), Category(2, "b"))


@pytest.mark.parametrize(
    ("survey", "kind", "columns", "said"),
    [
        (from_dataframe(pl.DataFrame({"pid": CYCLE + 1000, "x": CYCLE % 3})), "no_id",
         ("row", "pid"), "name an id column: 'pid' is unique"),
        (from_dataframe(pl.DataFrame({"case_id": [*range(1000, 1039), 1000], "x": CYCLE % 3})),
         "no_id", ("row",), "not unique: 'case_id' (1 doubled)"),
        (frame(wt=np.linspace(0.2, 3, N)), "unnamed_weight", ("wt",),
         "'wt' looks like a survey weight, but none is named; name 'wt'"),
        (frame(dkx=np.linspace(0.5, 1.5, N)), "unnamed_weight", ("dkx",), "'dkx' looks like"),
        (frame(x=CYCLE % 3 - 1), "missing_like_codes", ("x",), "-1 in 'x'; if they are, declare"),
        (frame(x=np.where(CYCLE % 4 == 0, 99, CYCLE % 4)), "missing_like_codes", ("x",),
         "99 in 'x'"),
        (frame(a=np.where(CYCLE % 4 == 0, 9, CYCLE % 4), b=np.where(CYCLE % 4 == 0, 9, 1)),
         "missing_like_codes", ("a", "b"), "9 in 'a', 'b'; if they are"),
        (frame(x=["Often", "Never", "No answer", "Never"] * 10), "non_answer_labels", ("x",),
         "declare them, for 'x': missing: {No answer: other}"),
        (frame(x=["同意", "不同意", "不知道", "拒绝回答"] * 10), "non_answer_labels", ("x",),
         "missing: {不知道: dont_know}"),
        (book_of(CYCLE % 4, *AB), "codes_without_labels", ("x",), "0, 3 in 'x'; add them"),
        (book_of(CYCLE % 2 + 1, Category(1, "a"), Category(2, "2")), "codes_without_labels",
         ("x",), "some codes have a label and some have none: 'x'"),
        (book_of([1] * 20 + [2] * 20, *AB, Category(3, "c")), "labels_without_data", ("x",),
         "labels without data: 'c' in 'x'"),
        (frame(x=[1] * N), "constant", ("x",), "everybody has the same answer: 'x'"),
        (frame(x=[1] * 20 + [None] * 20), "one_answer", ("x",), "only one answer occurs"),
        (frame(x=[1, 2] + [None] * 38), "nearly_empty", ("x",), "5% or fewer of the respond"),
        (frame(x=[f"in my words {k}" for k in CYCLE]), "text", ("x",), "cannot be items"),
    ],
)  # fmt: skip
def test_what_looks_wrong(survey, kind, columns, said):
    found = {oddity.kind: oddity for oddity in inspect_survey(survey).warnings}
    assert kind in found
    assert found[kind].columns == columns
    assert said in found[kind].text


@pytest.mark.parametrize(
    "survey",
    [
        frame(age=18 + CYCLE * 2 % 77, pid2=CYCLE % 3),
        frame(x=CYCLE % 7 - 3),
        frame(x=CYCLE % 9 + 1),
        frame(x=CYCLE % 11),
        frame(x=["Yes", "No"] * 20),
        frame(x=np.linspace(1, 300, N)),
        frame(weight=[70, 80] * 20),
        book_of(CYCLE % 2 - 1, Category(-1, "worse"), Category(0, "same")),
        book_of(CYCLE % 2 + 1, Category(1, "1"), Category(2, "2")),
        book_of(np.where(CYCLE % 2, "1", "b"), Category("1", "1"), Category("b", "B")),
    ],
)
def test_what_does_not_look_wrong(survey):
    assert inspect_survey(survey).warnings == ()


@pytest.mark.parametrize(
    ("values", "scale", "expected"),
    [
        ([1, 2, 3, 4, 5, 9], "ordinal", [9]),
        ([1, 2, 3, 4, 5, 8, 9], "ordinal", [8, 9]),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9], "ordinal", []),
        ([1, 2, 3, 97, 98, 99], "ordinal", [97, 98, 99]),
        ([1, 2, 3, 88, 99], "ordinal", [99]),
        ([-9, -8, 1, 2], "ordinal", [-9, -8]),
        ([-2, -1, 0, 1, 2], "ordinal", []),
        ([-2, -1], "ordinal", []),
        ([0, 1, 2], "ordinal", []),
        ([18, 50, 91, 99], "interval", []),
        ([18, 50, 70, 99], "interval", [99]),
        ([18, 50, 91, 999], "interval", [999]),
        ([100, 5000, 9999], "interval", [9999]),
        ([], "ordinal", []),
    ],
)
def test_codes_that_stand_apart(values, scale, expected):
    column = pl.Series("x", values, dtype=pl.Int64)
    assert missing_like_codes(Variable("x", scale=Scale(scale)), column) == expected


def test_many_columns_are_counted_not_listed():
    survey = frame(**{f"q{k}": [1] * N for k in range(12)})
    (oddity,) = inspect_survey(survey).warnings
    assert oddity.text.startswith(
        "everybody has the same answer: 'q0', 'q1', 'q2', 'q3', 'q4' and 7 more"
    )
    assert len(oddity.columns) == 12


# -- the command -----------------------------------------------------------------------------------

APP = typer.Typer()
APP.command()(inspect)


def run(*arguments):
    return CliRunner().invoke(APP, [str(one) for one in arguments])


@pytest.fixture
def chinese(tmp_path):
    path = tmp_path / "中文.csv"
    path.write_text(
        "编号,性别,总的来说，您对生活满意吗？,年龄,权重\n"
        + "".join(
            f"{100 + k},{'男女'[k % 2]},{['非常满意', '比较满意', '不太满意', '不知道'][k % 4]},"
            f"{18 + k},{1 + k % 3 / 10}\n"
            for k in range(40)
        ),
        encoding="utf-8",
    )
    return path


def test_the_table_fits_a_hundred_cells_with_chinese(chinese):
    shown = run(chinese, "--id", "编号", "--weight", "权重")
    assert shown.exit_code == 0, shown.output
    lines = [line.rstrip() for line in shown.output.splitlines()]
    assert max(map(cell_len, lines)) <= 100
    assert "40 respondents, 3 variables, id '编号'" in shown.output
    assert "weight '权重': 1 to 1.2" in shown.output
    assert "男 50%" in shown.output
    assert "missing: {不知道: dont_know}" in shown.output


def test_json_is_json(chinese):
    shown = run(chinese, "--id", "编号", "--json")
    content = json.loads(shown.output)
    assert content["n"] == 40
    assert content["variables"][0]["name"] == "性别"
    assert "unnamed_weight" in {one["kind"] for one in content["warnings"]}


def test_json_has_no_nan(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id,w,x\n1,0,a\n2,0,a\n3,1,\n")
    shown = run(path, "--id", "id", "--weight", "w", "--json")
    assert json.loads(shown.output)["variables"][0]["answers"][0]["share"] is None


def test_a_codebook_and_an_encoding_are_used(tmp_path):
    path, book = tmp_path / "x.csv", tmp_path / "b.yaml"
    path.write_bytes("id,性别\n1,1\n2,2\n3,9\n".encode("gb18030"))
    book.write_text(
        "variables: {性别: {text: 您的性别, scale: nominal, values: [[1, 男], [2, 女]], "
        "missing: {9: refused}}}",
        encoding="utf-8",
    )
    shown = run(path, "--codebook", book, "--encoding", "gb18030", "--id", "id")
    assert shown.exit_code == 0, shown.output
    assert "您的性别" in shown.output
    assert "1 ref" in shown.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.csv"], "no such file"),
        (["x.csv", "--id", "pid"], "no column 'pid' for the design; did you mean 'id'?"),
        (["x.csv", "--encoding", "utf9"], "no encoding 'utf9'; did you mean 'utf-8'"),
        (["x.csv", "--codebook", "none.yaml"], "no such file"),
    ],
)
def test_bad_input_is_an_input_error(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    Path("x.csv").write_text("id,x\n1,a\n2,b\n")
    result = run(*arguments)
    assert isinstance(result.exception, InputError)
    assert said in str(result.exception)


def test_help_has_an_example():
    assert "alignsurvey inspect gss2024.dta --id ID" in " ".join(run("--help").output.split())


@pytest.mark.parametrize("cells", [24, 30, 44, 60, 90])
@pytest.mark.parametrize("name", ["income", "PID", "vote", "age", "TVnews"])
def test_answers_are_condensed_to_fit(name, cells):
    found = inspect_survey(load_example("anes96"))
    line = condensed(next(one for one in found.variables if one.name == name), cells)
    assert cell_len(line) <= cells


def test_labels_that_are_cut_stay_different():
    survey = frame(x=["非常不同意", "非常同意", "不同意", "同意"] * 10)
    (variable,) = inspect_survey(survey).variables
    line = condensed(variable, 60)
    assert line == "非常不同意 25%, 不同意 25%, 同意 25%, 非常同意 25%*"
    assert condensed(variable, 44) == "非常不同意 25% … 非常同意 25% (4 answers)*"


# -- real files ------------------------------------------------------------------------------------


@needs_polls
@pytest.mark.parametrize(
    ("name", "n", "given", "kinds"),
    [
        ("nonvoters_data.csv", 5836, {"id": "RespId", "weight": "weight"},
         {"missing_like_codes", "constant"}),
        ("flying-etiquette.csv", 1040, {"id": "RespondentID"}, set()),
        ("masculinity_raw-responses.csv", 1615, {},
         {"no_id", "unnamed_weight", "non_answer_labels", "text", "nearly_empty"}),
    ],
)  # fmt: skip
def test_real_polls(name, n, given, kinds):
    survey = read_survey(POLLS / name, **given)
    found = inspect_survey(survey)
    assert found.n == n
    assert {oddity.kind for oddity in found.warnings} == kinds
    for variable in survey.codebook:
        if variable.categories:
            assert (survey.codes(variable.name) >= -1).all()


@needs_polls
def test_bands_and_ladders_of_real_polls():
    nonvoters = read_survey(POLLS / "nonvoters_data.csv", id="RespId", weight="weight").codebook
    assert nonvoters["income_cat"].labels == (
        "Less than $40k", "$40-75k", "$75-125k", "$125k or more",
    )  # fmt: skip
    assert nonvoters["educ"].labels == ("High school or less", "Some college", "College")
    flying = read_survey(POLLS / "flying-etiquette.csv", id="RespondentID").codebook
    assert flying["Age"].labels == ("18-29", "30-44", "45-60", "> 60")
    assert flying["How often do you travel by plane?"].labels[0] == "Never"
    assert sum(variable.scale is Scale.ORDINAL for variable in flying) == 15
