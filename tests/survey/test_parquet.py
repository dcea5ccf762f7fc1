"""Parquet files: a survey whole in one file, and files of other programs."""

import datetime as dt
import json

import polars as pl
import pyarrow.parquet as pq
import pytest

from alignsurvey.errors import InputError
from alignsurvey.survey import (
    Category,
    Codebook,
    Design,
    Missing,
    MissingCode,
    MissingRange,
    Scale,
    Survey,
    Variable,
    read_survey,
    write_survey,
)

BOOK = Codebook(
    (
        Variable(
            "性别",
            "受访者的性别",
            Scale.NOMINAL,
            (Category(2, "女"), Category(1, "男")),
            (MissingCode(9, Missing.REFUSED, "拒答"),),
            (MissingRange(90, 99, Missing.NOT_ASKED),),
            format="F1.0",
        ),
        Variable(
            "trust",
            "Trust",
            Scale.ORDINAL,
            (Category("never", "Never", 0.0), Category("always", "Always", 10.0)),
            (MissingCode("NA"),),
        ),
        Variable("age", "Age", Scale.INTERVAL, (), (MissingCode(".a"),),
                 point_labels=(Category(89, "89 or older"),)),
        Variable("when", "Day", Scale.INTERVAL, inferred=("scale",)),
    )
)  # fmt: skip
ANSWERS = pl.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "性别": [1, 2, None, None],
        "trust": ["never", None, "always", None],
        "age": [18.5, 89, None, None],
        "when": [dt.date(2024, 1, day) for day in (1, 2, 3, 4)],
        "weight": [0.5, 1.0, 1.25, 1.25],
        "psu": [1, 1, 2, 2],
        "region": ["north", "north", "south", "south"],
    }
)
GAPS = pl.DataFrame(
    {
        "性别": [None, None, 9, 95],
        "trust": [None, "NA", None, None],
        "age": [None, None, ".a", None],
    }
)


@pytest.fixture
def survey():
    design = Design("id", "weight", "region", "psu")
    return Survey(ANSWERS, BOOK, design, GAPS, "zh", "memory", ("a note", "file label: 民意"))


def test_a_survey_comes_back_whole_and_the_second_file_is_the_first(survey, tmp_path):
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    write_survey(survey, first)
    read = read_survey(first)
    assert read.answers.equals(survey.answers, null_equal=True)
    assert read.answers.schema == survey.answers.schema
    assert read.missing.equals(survey.missing, null_equal=True)
    assert read.codebook == survey.codebook
    assert (read.design, read.language, read.notes) == (
        survey.design, survey.language, survey.notes
    )  # fmt: skip
    assert read.source == str(first)
    write_survey(read, second)
    assert second.read_bytes() == first.read_bytes()


def test_other_programs_see_the_missing_codes_and_the_codebook(survey, tmp_path):
    write_survey(survey, tmp_path / "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table["性别__missing"].to_pylist() == [None, None, 9, 95]
    metadata = pq.read_metadata(tmp_path / "out.parquet").metadata
    content = json.loads(metadata[b"alignsurvey"])
    assert "受访者的性别" in content["codebook"]
    assert content["design"]["weight"] == "weight"


def test_what_is_named_takes_the_place_of_what_the_file_says(survey, tmp_path):
    write_survey(survey, tmp_path / "out.parquet")
    read = read_survey(tmp_path / "out.parquet", strata="psu", language="en")
    assert read.design == Design("id", "weight", "psu", "psu")
    assert read.language == "en"


def test_a_codebook_overrides_the_variables_that_it_names(survey, tmp_path):
    path = tmp_path / "out.parquet"
    write_survey(survey, path)
    sex = Variable("性别", "Sex", Scale.NOMINAL, (Category(1, "man"), Category(9, "other")),
                   (MissingCode(2, Missing.OTHER, "gone"),))  # fmt: skip
    age = Variable("age", "Years", Scale.INTERVAL)
    read = read_survey(path, codebook=Codebook((sex, age)))
    assert read.answers["性别"].to_list() == [1, None, 9, None]
    assert read.missing["性别"].to_list() == [None, 2, None, 95]
    assert read.missing["age"].to_list() == [None, None, ".a", None]
    assert read.missing["trust"].to_list() == GAPS["trust"].to_list()
    assert read.codebook["age"].text == "Years"
    assert read.codebook["age"].point_labels == (Category(89, "89 or older"),)
    assert read.codebook["trust"] == BOOK["trust"]
    assert read.codebook.names == survey.codebook.names


def test_a_codebook_may_name_a_date_and_a_column_without_entry(survey, tmp_path):
    path = tmp_path / "out.parquet"
    write_survey(survey, path)
    book = Codebook((Variable("when", "Day of interview", Scale.INTERVAL), Variable("psu")))
    read = read_survey(path, codebook=book)
    assert read.answers["when"].dtype == pl.Date
    assert read.codebook["when"].text == "Day of interview"
    assert read.codebook["psu"].codes == (1, 2)


def test_a_file_of_another_program_is_inferred(tmp_path):
    path = tmp_path / "foreign.parquet"
    pl.DataFrame(
        {
            "person": [1, 2, 3, 4],
            "news": ["Never", "Often", "Never", "Often"],
            "member": [True, False, None, True],
            "party": pl.Series(["D", "R", "D", "R"], dtype=pl.Categorical),
            "income": [1.5, float("nan"), 2.25, 3.0],
            "when": [dt.datetime(2024, 1, day) for day in (1, 2, 3, 4)],
        }
    ).write_parquet(path)
    read = read_survey(path, id="person")
    assert read.notes == ("no codebook in the file: scales and values were inferred from the data",)
    assert read.codebook["news"].labels == ("Never", "Often")
    assert read.answers["member"].to_list() == [1, 0, None, 1]
    assert read.codebook["party"].codes == ("D", "R")
    assert read.answers["income"].null_count() == 1
    assert read.answers["when"].dtype == pl.Datetime("us")
    assert read.codebook["when"].scale is Scale.INTERVAL
    assert "person" not in read.codebook


def test_a_codebook_declares_a_file_of_another_program(tmp_path):
    path = tmp_path / "foreign.parquet"
    pl.DataFrame({"x": [1, 2, 9]}).write_parquet(path)
    x = Variable("x", "", Scale.NOMINAL, (Category(1, "a"), Category(2, "b")),
                 (MissingCode(9, Missing.REFUSED),))  # fmt: skip
    read = read_survey(path, codebook=Codebook((x,)))
    assert read.codebook["x"] == x
    assert read.missing["x"].to_list() == [None, None, 9]


def foreign(metadata):
    def write(path):
        pl.DataFrame({"x": [1]}).write_parquet(path, metadata={"alignsurvey": metadata})

    return write


BROKEN = {
    "text": (lambda path: path.write_text("id,x\n1,2\n" * 9), "is damaged or not a Parquet file"),
    "cut": (
        lambda path: path.write_bytes(path.read_bytes()[:-30]),
        "is damaged or not a Parquet file",
    ),
    "metadata": (foreign("{"), "its metadata 'alignsurvey' cannot be read"),
    "metadata of another kind": (foreign("[1]"), "its metadata 'alignsurvey' cannot be read"),
    "metadata in part": (foreign('{"format": 1}'), "its metadata 'alignsurvey' cannot be read"),
    "column gone": (
        lambda path: pl.DataFrame({"id": [1]}).write_parquet(
            path, metadata=pl.read_parquet_metadata(path)
        ),
        "column '性别__missing', of which its metadata 'alignsurvey' speaks, is gone",
    ),
    "version": (foreign('{"format": 99}'), "written by another version .*format 99"),
    "no rows": (lambda path: pl.DataFrame({"x": []}).write_parquet(path), "has no rows"),
    "lists": (lambda path: pl.DataFrame({"x": [[1]]}).write_parquet(path), "'x' holds List"),
}


@pytest.mark.parametrize("case", list(BROKEN))
def test_a_file_that_cannot_be_read_is_said_to_be_one(survey, tmp_path, case):
    damage, problem = BROKEN[case]
    path = tmp_path / "broken.parquet"
    write_survey(survey, path)
    damage(path)
    with pytest.raises(InputError, match=problem) as caught:
        read_survey(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_column_called_as_missing_codes_are_is_refused(tmp_path):
    frame = pl.DataFrame({"id": [1], "x": [None], "x__missing": [1]})
    x = Variable("x", missing=(MissingCode(9),))
    survey = Survey(frame, Codebook((x,)), Design("id"), pl.DataFrame({"x": [9]}))
    with pytest.raises(InputError, match="variable 'x__missing' is called as the missing codes"):
        write_survey(survey, tmp_path / "out.parquet")
    assert list(tmp_path.iterdir()) == []


def test_objects_are_refused(tmp_path):
    frame = pl.DataFrame({"id": [1], "x": pl.Series([object()], dtype=pl.Object)})
    with pytest.raises(InputError, match="cannot be written as Parquet"):
        write_survey(Survey(frame, Codebook(()), Design("id")), tmp_path / "out.parquet")
    assert list(tmp_path.iterdir()) == []


def test_brackets_in_a_name_are_no_pattern(survey, tmp_path):
    path = tmp_path / "wave[1]*.parquet"
    write_survey(survey, path)
    assert read_survey(path).n == 4
