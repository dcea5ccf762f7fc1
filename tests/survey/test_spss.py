"""SPSS files: what is declared is read, what is read is written again, what is wrong is said."""

import datetime as dt
import math
from pathlib import Path

import polars as pl
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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

SEX = Variable(
    "性别",
    "受访者的性别",
    Scale.NOMINAL,
    (Category(1, "男"), Category(2, "女")),
    (MissingCode(9, Missing.REFUSED, "拒答"),),
    format="F1.0",
)
TRUST = Variable(
    "trust",
    "Can people be trusted?",
    Scale.ORDINAL,
    (Category(1, "Never"), Category(2, "Sometimes"), Category(3, "Always")),
    (MissingCode(-1, label="lost"), MissingCode(98, Missing.DONT_KNOW, "Don't know")),
    (MissingRange(90.0, math.inf, Missing.DONT_KNOW),),
    format="F8.2",
)
PARTY = Variable(
    "party",
    "Party",
    Scale.NOMINAL,
    (Category("D", "Democrat"), Category("R", "Republican")),
    (MissingCode("XX", Missing.NOT_ASKED, "Not asked"),),
    format="A5",
)
AGE = Variable(
    "age",
    "Age",
    Scale.INTERVAL,
    missing_ranges=(MissingRange(-math.inf, 0.0),),
    format="F3.0",
    point_labels=(Category(89, "89 or older"),),
)
ANSWERS = pl.DataFrame(
    {
        "id": [11, 12, 13, 14],
        "性别": [1, 2, None, None],
        "trust": [1, None, 3, None],
        "party": ["D", None, None, "R"],
        "age": [18, 89, None, 44],
        "weight": [0.5, 1.0, 1.25, 1.25],
    }
)
GAPS = pl.DataFrame(
    {
        "性别": [None, None, 9, None],
        "trust": [None, 98, None, -1],
        "party": [None, "XX", None, None],
        "age": [None, None, -3, None],
    }
)
ID = Variable("id", scale=Scale.INTERVAL, inferred=("scale",), format="F4.0")
WEIGHT = Variable("weight", "Weight", Scale.INTERVAL, format="F8.2")
BOOK = Codebook((ID, SEX, TRUST, PARTY, AGE, WEIGHT))


@pytest.fixture
def survey():
    design = Design("id", weight="weight")
    return Survey(ANSWERS, BOOK, design, GAPS, "zh", "memory", ("file label: 民意调查",))


def again(path, **design):
    return read_survey(path, **({"id": "id"} | design))


def same(one, other):
    """Two surveys are equal in all that a file holds."""
    assert one.answers.equals(other.answers, null_equal=True)
    assert one.answers.schema == other.answers.schema
    assert one.missing.equals(other.missing, null_equal=True)
    assert one.codebook == other.codebook
    return True


def complaint(path):
    """What is wrong with a file, nothing if it is read."""
    try:
        read_survey(path)
    except InputError as error:
        return str(error)
    return ""


@pytest.fixture
def stored(tmp_path):
    """Write a file the way another program would, and read it."""

    def write_and_read(columns, **declared):
        path = tmp_path / "foreign.sav"
        pyreadstat.write_sav(pl.DataFrame(columns), path, **declared)
        return read_survey(path)

    return write_and_read


@pytest.mark.parametrize("extension", ["sav", "zsav", "SAV"])
def test_written_read_and_written_again_is_the_same_survey_and_the_same_bytes(
    survey, tmp_path, extension
):
    first, second = tmp_path / f"first.{extension}", tmp_path / f"second.{extension}"
    write_survey(survey, first)
    read = again(first, weight="weight", language="zh")
    assert same(read, survey)
    assert read.notes[0] == "file label: 民意调查"
    write_survey(read, second)
    assert same(again(second), read)
    assert second.read_bytes() == first.read_bytes()


def test_a_compressed_file_is_compressed(survey, tmp_path):
    long = survey.answers.select(pl.all().repeat_by(500).explode()).with_columns(
        id=pl.int_range(2000)
    )
    many = Survey(long, survey.codebook, Design("id"))
    for extension in ("sav", "zsav"):
        write_survey(many, tmp_path / f"many.{extension}")
    assert (tmp_path / "many.zsav").stat().st_size < (tmp_path / "many.sav").stat().st_size / 5


def test_other_programs_see_labels_missing_values_levels_and_formats(survey, tmp_path):
    write_survey(survey, tmp_path / "out.sav")
    table, meta = pyreadstat.read_sav(tmp_path / "out.sav", user_missing=True)
    assert table["性别"].tolist()[:3] == [1, 2, 9]
    assert meta.column_names_to_labels["性别"] == "受访者的性别"
    assert meta.variable_value_labels["性别"] == {1: "男", 2: "女", 9: "拒答"}
    assert meta.variable_value_labels["age"] == {89: "89 or older"}
    assert meta.missing_ranges["trust"] == [{"lo": 90, "hi": math.inf}, {"lo": -1, "hi": -1}]
    assert meta.missing_ranges["age"] == [{"lo": -math.inf, "hi": 0}]
    assert meta.missing_ranges["party"] == [{"lo": "XX", "hi": "XX"}]
    assert meta.variable_measure["trust"] == "ordinal"
    assert meta.variable_measure["id"] == "unknown"
    assert meta.original_variable_types["party"] == "A5"
    assert meta.original_variable_types["trust"] == "F8.2"
    assert meta.file_label == "民意调查"


def test_user_missing_codes_and_ranges_are_set_apart(stored):
    read = stored(
        {"x": [1.0, 2.0, 8.0, 9.0, None], "y": [1.0, 95.0, 99.0, -7.0, 2.0]},
        missing_ranges={"x": [9, 8], "y": [{"lo": 90, "hi": 99}, -7]},
        variable_value_labels={
            "x": {1.0: "yes", 2.0: "no", 9.0: "Refused", 8.0: "DK"},
            "y": {1.0: "yes", 2.0: "no", 99.0: "拒绝回答"},
        },
        variable_measure={"x": "nominal", "y": "nominal"},
    )
    assert read.answers["x"].to_list() == [1, 2, None, None, None]
    assert read.missing["x"].to_list() == [None, None, 8, 9, None]
    assert read.missing["y"].to_list() == [None, 95, 99, -7, None]
    assert read.codebook["x"].codes == (1, 2)
    assert read.codebook["x"].missing == (
        MissingCode(9, Missing.REFUSED, "Refused"),
        MissingCode(8, Missing.DONT_KNOW, "DK"),
    )
    y = read.codebook["y"]
    assert y.missing == (MissingCode(-7), MissingCode(99, Missing.REFUSED, "拒绝回答"))
    assert y.missing_ranges == (MissingRange(90, 99, Missing.REFUSED),)
    assert read.missing_kinds("x") == {Missing.REFUSED: 1, Missing.DONT_KNOW: 1, None: 1}
    assert read.missing_kinds("y") == {Missing.REFUSED: 2, Missing.OTHER: 1}


def test_a_range_whose_labels_disagree_is_of_no_known_kind(stored):
    read = stored(
        {"x": [1.0, 98.0, 99.0]},
        missing_ranges={"x": [{"lo": 98, "hi": 99}]},
        variable_value_labels={"x": {98.0: "Don't know", 99.0: "Refused"}},
    )
    assert read.codebook["x"].missing_ranges == (MissingRange(98, 99, Missing.OTHER),)
    assert read.missing_kinds("x") == {Missing.DONT_KNOW: 1, Missing.REFUSED: 1}


@pytest.mark.parametrize(
    ("declared", "values", "gaps"),
    [
        ([{"lo": -math.inf, "hi": -1}], [-9.0, -0.5, 3.0], [-9, None, None]),
        ([{"lo": 7, "hi": math.inf}], [6.5, 7.0, 1e9], [None, 7, 1_000_000_000]),
        ([{"lo": 1.5, "hi": 2.5}, 9.5], [1.0, 2.0, 9.5], [None, 2.0, 9.5]),
    ],
)
def test_ranges_may_be_open_and_codes_broken(stored, declared, values, gaps):
    read = stored({"x": values}, missing_ranges={"x": declared})
    assert read.missing["x"].to_list() == gaps


def test_missing_texts_and_empty_texts(stored):
    read = stored({"x": ["a", "拒答", "", "b"]}, missing_ranges={"x": ["拒答"]})
    assert read.answers["x"].to_list() == ["a", None, None, "b"]
    assert read.missing["x"].to_list() == [None, "拒答", None, None]


@pytest.mark.parametrize(
    ("measure", "scale"),
    [("nominal", Scale.NOMINAL), ("ordinal", Scale.ORDINAL), ("scale", Scale.INTERVAL)],
)
def test_a_declared_level_is_kept(stored, measure, scale):
    read = stored(
        {"x": [1.0, 2.0, 3.0]},
        variable_measure={"x": measure},
        variable_value_labels={"x": {1: "a", 2: "b", 3: "c"}},
    )
    assert read.codebook["x"].scale is scale
    assert read.codebook["x"].inferred == ()


AGREE = {1.0: "Strongly disagree", 2.0: "Disagree", 3.0: "Agree", 4.0: "Strongly agree"}


@pytest.mark.parametrize(
    ("values", "labels", "scale", "listed"),
    [
        ([1, 2, 3, 4], AGREE, Scale.ORDINAL, 4),
        ([1, 2, 3, 4], {1: "red", 2: "green", 3: "blue", 4: "grey"}, Scale.NOMINAL, 4),
        ([1, 2, 1, 2], {1: "No", 2: "Yes"}, Scale.NOMINAL, 2),
        ([1, 2, 4, 5], {1: "Not at all", 5: "Very much"}, Scale.ORDINAL, 4),
        ([0, 5, 10, 7], {0: "left", 10: "right"}, Scale.ORDINAL, 4),
        (list(range(18, 89)), {88: "88 or older"}, Scale.INTERVAL, 0),
        ([1, 2, 3, 4], {1: "red", 2: "green", 3: "blue"}, Scale.NOMINAL, 4),
        ([1.5, 2.25, 3.125, 4], {}, Scale.INTERVAL, 0),
    ],
)
def test_an_undeclared_level_is_inferred_and_said_so(stored, values, labels, scale, listed):
    columns = {"x": [float(value) for value in values]}
    declared = {"variable_value_labels": {"x": labels}} if labels else {}
    read = stored(columns, **declared)
    x = read.codebook["x"]
    assert (x.scale, len(x.categories)) == (scale, listed)
    assert "scale" in x.inferred
    assert "no level of measurement declared, so it was inferred: x" in read.notes


def test_codes_without_a_label_become_categories_of_their_own(stored, tmp_path):
    read = stored(
        {"x": [1.0, 3.0, 2.0, 5.0]},
        variable_measure={"x": "ordinal"},
        variable_value_labels={"x": {1: "Never", 5: "Always"}},
    )
    x = read.codebook["x"]
    assert [(one.code, one.label) for one in x.categories] == [
        (1, "Never"), (2, "2"), (3, "3"), (5, "Always")
    ]  # fmt: skip
    assert x.inferred == ("values",)
    assert "codes without a label stand for themselves: x (2, 3)" in read.notes
    write_survey(read, tmp_path / "out.sav")
    _, meta = pyreadstat.read_sav(tmp_path / "out.sav")
    assert meta.variable_value_labels["x"] == {1: "Never", 5: "Always"}


def test_a_few_labels_of_a_number_are_kept_beside_it(stored):
    read = stored(
        {"age": [18.0, 89.0, 44.0]},
        variable_measure={"age": "scale"},
        variable_value_labels={"age": {89: "89 or older"}},
    )
    age = read.codebook["age"]
    assert (age.scale, age.categories) == (Scale.INTERVAL, ())
    assert age.point_labels == (Category(89, "89 or older"),)
    assert read.scores("age").tolist() == [18, 89, 44]
    assert read.profiles(["age"])[1] == {"age": "89 or older"}


@pytest.mark.parametrize("kind", [float, str])
def test_many_values_are_not_listed_though_they_are_called_nominal(stored, kind):
    values = [kind(number) for number in range(101)]
    read = stored({"x": values}, variable_measure={"x": "nominal"})
    assert read.codebook["x"].categories == ()
    assert read.codebook["x"].scale is (Scale.NOMINAL if kind is float else Scale.TEXT)


def test_many_values_beside_a_few_labels_are_not_listed_either(stored):
    read = stored(
        {"x": [float(number) for number in range(150)]},
        variable_measure={"x": "nominal"},
        variable_value_labels={"x": {0: "none"}},
    )
    assert read.codebook["x"].categories == ()
    assert read.codebook["x"].point_labels == (Category(0, "none"),)
    assert "too many values without a label to list them as categories: x" in read.notes


def test_numbers_that_are_whole_become_integers(stored):
    read = stored({"x": [1.0, 2.0, None], "y": [1.0, 2.5, None], "z": [None, None, None]},
                  missing_ranges={})  # fmt: skip
    assert [read.answers[name].dtype for name in "xy"] == [pl.Int64, pl.Float64]
    assert read.answers["z"].null_count() == 3


MOMENTS = {
    "DATE11": ([dt.date(1582, 10, 15), dt.date(2024, 2, 29), None], pl.Date),
    "SDATE10": ([dt.date(1900, 1, 1), dt.date(1969, 12, 31), None], pl.Date),
    "MOYR8": ([dt.date(2024, 2, 1), dt.date(1970, 1, 1), None], pl.Date),
    "DATETIME20": ([dt.datetime(2024, 2, 29, 23, 59, 59), dt.datetime(1900, 1, 1, 1), None],
                   pl.Datetime("us")),
    "TIME8": ([dt.time(0), dt.time(23, 59, 59), None], pl.Time),
}  # fmt: skip


@pytest.mark.parametrize("form", list(MOMENTS))
def test_dates_keep_their_type_and_format(tmp_path, form):
    values, dtype = MOMENTS[form]
    frame = pl.DataFrame({"id": [1, 2, 3], "x": pl.Series(values, dtype=dtype)})
    book = Codebook((Variable("x", "When", Scale.INTERVAL, format=form),))
    survey = Survey(frame, book, Design("id"))
    write_survey(survey, tmp_path / "out.sav")
    read = again(tmp_path / "out.sav")
    assert read.answers["x"].to_list() == values
    assert read.answers["x"].dtype == dtype
    assert read.codebook["x"] == book["x"]
    table, _ = pyreadstat.read_sav(tmp_path / "out.sav")
    if form != "MOYR8":
        assert table["x"].tolist()[:2] == values[:2]


@pytest.mark.parametrize(
    ("form", "seconds", "dtype"),
    [
        ("DATE11", [13_000_000_000.0 + 0.5, 86_400.0], pl.Datetime("us")),
        ("DATE11", [1e30, 86_400.0], pl.Float64),
        ("TIME8", [90_000.0, 60.5], pl.Float64),
        ("DATETIME20", [5e11, 0.0], pl.Int64),
        ("F8.2", [86_400.0, 86_400.5], pl.Float64),
    ],
)
def test_seconds_that_are_no_date_stay_what_they_are(stored, tmp_path, form, seconds, dtype):
    read = stored({"x": seconds}, variable_format={"x": form})
    assert read.answers["x"].dtype == dtype
    write_survey(read, tmp_path / "out.sav")
    table, meta = pyreadstat.read_sav(tmp_path / "out.sav", disable_datetime_conversion=True)
    assert table["x"].tolist() == seconds
    assert meta.original_variable_types["x"] == form


def test_a_missing_date_keeps_its_code(stored, tmp_path):
    never = 86_400.0
    read = stored(
        {"x": [13_046_400_000.0, never]},
        variable_format={"x": "DATE11"},
        missing_ranges={"x": [never]},
    )
    assert read.answers["x"].dtype == pl.Date
    assert read.missing["x"].to_list() == [None, never]
    write_survey(read, tmp_path / "out.sav")
    assert same(read_survey(tmp_path / "out.sav"), read)


def test_long_texts_and_declared_widths_survive(tmp_path):
    texts = ["短", "x" * 2500, None]
    book = Codebook((Variable("x", "Why?", Scale.TEXT, inferred=("scale",), format="A3000"),))
    survey = Survey(pl.DataFrame({"id": [1, 2, 3], "x": texts}), book, Design("id"))
    write_survey(survey, tmp_path / "out.sav")
    read = again(tmp_path / "out.sav")
    assert read.answers["x"].to_list() == texts
    assert read.codebook["x"] == book["x"]


def test_label_notes_and_sets_of_the_file_are_noted(stored, tmp_path):
    read = stored({"x": [1.0, 2.0]}, file_label="Wave 1", note=["first line", "备注"])
    assert read.notes[:3] == ("file label: Wave 1", "file note: first line", "file note: 备注")
    write_survey(read, tmp_path / "out.sav")
    _, meta = pyreadstat.read_sav(tmp_path / "out.sav")
    assert (meta.file_label, meta.notes) == ("Wave 1", ["first line", "备注"])


def test_missing_texts_of_a_number_become_numbers_that_nobody_answered(tmp_path):
    x = Variable(
        "x",
        "",
        Scale.NOMINAL,
        (Category(1, "yes"), Category(-1, "no")),
        (MissingCode(".a", Missing.REFUSED, "Refused"), MissingCode(".b")),
    )
    survey = Survey(
        pl.DataFrame({"id": [1, 2, 3], "x": [1, None, None]}),
        Codebook((x,)),
        Design("id"),
        pl.DataFrame({"x": [None, ".a", ".b"]}),
    )
    write_survey(survey, tmp_path / "out.sav")
    read = again(tmp_path / "out.sav")
    assert read.missing["x"].to_list() == [None, -2, -3]
    assert read.codebook["x"].missing == (
        MissingCode(-2, Missing.REFUSED, "Refused"),
        MissingCode(-3, Missing.OTHER, ".b"),
    )


def test_a_kind_of_missing_without_a_label_is_written_as_one(tmp_path):
    gaps = (MissingCode(8, Missing.DONT_KNOW), MissingCode(9, Missing.REFUSED))
    x = Variable("x", "", Scale.NOMINAL, (Category(1, "yes"),), gaps)
    frame = pl.DataFrame({"id": [1, 2], "x": [1, None]})
    survey = Survey(frame, Codebook((x,)), Design("id"), pl.DataFrame({"x": [None, 9]}), "zh")
    write_survey(survey, tmp_path / "out.sav")
    read = again(tmp_path / "out.sav")
    assert [one.label for one in read.codebook["x"].missing] == ["不知道", "拒答"]
    assert [one.kind for one in read.codebook["x"].missing] == [one.kind for one in gaps]


def test_more_missing_codes_than_three_become_a_range(tmp_path):
    gaps = tuple(MissingCode(code, label=f"gap {code}") for code in (-9, 96, 97, 98, 99))
    x = Variable("x", "", Scale.NOMINAL, (Category(1, "yes"), Category(95, "no")), gaps)
    frame = pl.DataFrame({"id": [1, 2, 3], "x": [1, None, None]})
    survey = Survey(frame, Codebook((x,)), Design("id"), pl.DataFrame({"x": [None, 97, -9]}))
    write_survey(survey, tmp_path / "out.sav")
    read = again(tmp_path / "out.sav")
    assert read.codebook["x"].missing_ranges == (MissingRange(96, 99),)
    assert read.missing["x"].to_list() == [None, 97, -9]
    assert {one.label for one in read.codebook["x"].missing} == {one.label for one in gaps}


def one_column(values, **variable):
    book = Codebook((Variable("x", **variable),)) if variable else Codebook(())
    return Survey(
        pl.DataFrame({"id": range(len(values)), "x": values}, strict=False), book, Design("id")
    )


GAP = tuple(MissingCode(code) for code in (-2, -1, 98, 99))
REFUSED_TO_WRITE = {
    "text too long": (one_column([1], text="问" * 86), "text of 258 bytes, SPSS allows 256"),
    "label too long": (
        one_column([1], categories=(Category(1, "问" * 41),)),
        "label of 123 bytes for 1, SPSS allows 120",
    ),
    "label of a missing code": (
        one_column([1], missing=(MissingCode(9, label="x" * 121),)),
        "label of 121 bytes for 9",
    ),
    "answers between the missing codes": (
        one_column([1], missing=GAP),
        "4 missing codes with answers between them",
    ),
    "too many missing texts": (
        one_column(["a"], missing=tuple(MissingCode(code) for code in "wxyz")),
        "SPSS declares 3 texts of 8 bytes",
    ),
    "missing text too long": (
        one_column(["a"], missing=(MissingCode("不知道"),)),
        "has the missing codes '不知道'",
    ),
    "ids of 17 digits": (one_column([2**53 + 1]), "more than 15 digits.*; make texts of them"),
    "lists": (one_column([[1, 2]]), r"holds values of the type List\(Int64\)"),
    "text too wide": (one_column(["x" * 32_768]), "32768 bytes, SPSS allows 32767"),
    "label of the other type": (
        one_column([1], categories=(Category("1", "one"),)),
        "cannot be written as .sav",
    ),
}


@pytest.mark.parametrize("case", list(REFUSED_TO_WRITE))
def test_what_spss_cannot_hold_is_refused_and_nothing_is_written(tmp_path, case):
    survey, problem = REFUSED_TO_WRITE[case]
    path = tmp_path / "out.sav"
    with pytest.raises(InputError, match=problem) as caught:
        write_survey(survey, path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "x" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("问" * 22, "66 bytes, SPSS allows 64"),
        ("1x", "SPSS does not allow"),
        ("_x", "SPSS does not allow"),
        ("a b", "SPSS does not allow"),
        ("a-b", "SPSS does not allow"),
        ("ends.", "SPSS does not allow"),
        ("to", "a reserved word of SPSS"),
        ("ID", "only in upper and lower case"),
    ],
)
def test_names_that_spss_does_not_allow_are_refused(tmp_path, name, problem):
    survey = Survey(pl.DataFrame({"id": [1], name: [1]}), Codebook(()), Design("id"))
    with pytest.raises(InputError, match=f"variable '({name}|id)' .*{problem}.*; rename it"):
        write_survey(survey, tmp_path / "out.sav")


@pytest.mark.parametrize("name", ["问" * 21, "x" * 64, "a.b", "V1@2$#", "é", "q1_a"])
def test_names_that_spss_allows_are_kept(tmp_path, name):
    survey = Survey(pl.DataFrame({"id": [1], name: [1]}), Codebook(()), Design("id"))
    write_survey(survey, tmp_path / "out.sav")
    assert again(tmp_path / "out.sav").answers.columns == ["id", name]


def test_a_file_in_an_old_encoding_is_read_with_its_name(tmp_path, survey):
    path = tmp_path / "old.sav"
    write_survey(one_column(["AAAA"], text="BBBB"), path)
    # As SPSS wrote on a Chinese Windows: bytes of GB18030, and no word about the encoding.
    raw = path.read_bytes().replace(b"AAAA", "中文".encode("gb18030"))
    raw = raw.replace(b"BBBB", "问题".encode("gb18030")).replace(b"UTF-8", b"     ")
    raw = raw.replace((65001).to_bytes(4, "little"), (936).to_bytes(4, "little"))
    path.write_bytes(raw)
    read = again(path, encoding="gb18030")
    assert read.answers["x"].to_list() == ["中文"]
    assert read.codebook["x"].text == "问题"


@pytest.mark.parametrize(
    ("content", "encoding", "problem"),
    [
        ("text", None, "is damaged or not an SPSS file"),
        ("truncated", None, "is damaged or not an SPSS file"),
        ("header", None, "is damaged or not an SPSS file"),
        ("stata", None, "is damaged or not an SPSS file"),
        ("whole", "klingon", "unknown encoding 'klingon'"),
        ("whole", "ascii", "is not in the encoding 'ascii'"),
    ],
)
def test_a_damaged_or_foreign_file_is_said_to_be_one(tmp_path, survey, content, encoding, problem):
    path = tmp_path / "broken.sav"
    write_survey(survey, path)
    whole = path.read_bytes()
    contents = {
        "text": b"id,x\n1,2\n" * 50,
        "truncated": whole[:-100],
        "header": whole[:150],
        "stata": b"<stata_dta><header><release>118</release>" + whole,
        "whole": whole,
    }
    path.write_bytes(contents[content])
    with pytest.raises(InputError, match=problem) as caught:
        read_survey(path, encoding=encoding)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_wherever_a_copy_stopped_or_was_wiped_it_ends_in_a_survey_or_one_line(survey, tmp_path):
    path = tmp_path / "damaged.sav"
    write_survey(survey, path)
    whole = path.read_bytes()
    wiped = [whole[:at] + bytes(64) + whole[at + 64 :] for at in range(0, len(whole) - 64, 64)]
    for content in [whole[:at] for at in range(1, len(whole), 23)] + wiped:
        path.write_bytes(content)
        said = complaint(path)
        assert said.startswith(f"{path}: ") or len(content) == len(whole)
        assert "\n" not in said


CODES = st.integers(-5, 30)
# A label that repeats its code is not told from one that was made of the code.
LABELS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map("l{}".format)


@st.composite
def variables(draw, name):
    is_text = draw(st.booleans())
    known = st.sampled_from(["a", "b", "拒答", "NA", "zz"]) if is_text else CODES
    codes = draw(st.lists(known, min_size=1, max_size=6, unique=True))
    cut = draw(st.integers(0, min(3, len(codes))))
    gaps, answers = codes[:cut], codes[cut:]
    labelled = sorted(answers)[: draw(st.integers(0, len(answers)))]
    scales = [Scale.NOMINAL, Scale.ORDINAL] + ([] if is_text else [Scale.INTERVAL])
    variable = Variable(
        name,
        draw(LABELS),
        draw(st.sampled_from(scales)),
        tuple(Category(code, draw(LABELS)) for code in labelled),
        tuple(MissingCode(code, label=draw(st.just("") | LABELS)) for code in gaps),
    )
    cells = draw(st.lists(st.sampled_from([*codes, None]), min_size=5, max_size=5))
    return variable, cells, pl.String if is_text else pl.Int64


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.tuples(variables("第一题"), variables("q2"), variables("q3.a")))
def test_any_survey_is_stable_from_the_first_reading_on(tmp_path_factory, drawn):
    folder = Path(tmp_path_factory.getbasetemp())
    answers, gaps = {"id": list(range(5))}, {}
    for variable, cells, dtype in drawn:
        missing = {one.code for one in variable.missing}
        valid = [None if cell in missing else cell for cell in cells]
        answers[variable.name] = pl.Series(valid, dtype=dtype)
        gaps[variable.name] = [cell if cell in missing else None for cell in cells]
    book = Codebook(tuple(variable for variable, _, _ in drawn))
    survey = Survey(pl.DataFrame(answers), book, Design("id"), pl.DataFrame(gaps))
    first, second = folder / "first.sav", folder / "second.sav"
    write_survey(survey, first)
    read = again(first)
    for variable, cells, _ in drawn:
        values = read.answers[variable.name].to_list()
        kept = read.missing.get_column(variable.name, default=None)
        kept = [None] * 5 if kept is None else kept
        together = [b if a is None else a for a, b in zip(values, kept, strict=True)]
        assert together == cells
    write_survey(read, second)
    assert same(again(second), read)
    assert second.read_bytes() == first.read_bytes()
