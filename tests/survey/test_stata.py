"""Stata files: what is declared is read, what is read is written again, what is wrong is said."""

import datetime as dt

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
    (MissingCode(".a", Missing.REFUSED, "拒答"), MissingCode(".d", Missing.DONT_KNOW, "不知道")),
    inferred=("scale",),
    format="%8.0g",
)
TRUST = Variable(
    "trust",
    "Can people be trusted?",
    Scale.ORDINAL,
    (Category(1, "Never"), Category(2, "Sometimes"), Category(3, "Always")),
    (MissingCode(".i", Missing.NOT_ASKED, "iap"), MissingCode(".z")),
    inferred=("scale",),
    format="%12.0g",
)
AGE = Variable(
    "age",
    "Age",
    Scale.INTERVAL,
    inferred=("scale",),
    format="%9.1f",
    point_labels=(Category(89, "89 or older"),),
)
ID = Variable("id", scale=Scale.INTERVAL, inferred=("scale",), format="%12.0g")
WHY = Variable("why", "Why?", Scale.TEXT, inferred=("scale",), format="%-9s")
N = 12
ANSWERS = pl.DataFrame(
    {
        "id": range(1, N + 1),
        "性别": [1, 2, None, None, *[1] * 8],
        "trust": [1, None, 3, None, 2, *[2] * 7],
        "age": [18.5, 89, None, *[30.0 + year for year in range(9)]],
        "why": [f"{'因为' * 40}{row}" for row in range(N - 1)] + [None],
    }
)
GAPS = pl.DataFrame(
    {
        "性别": [None, None, ".a", ".d", *[None] * 8],
        "trust": [None, ".i", None, ".z", *[None] * 8],
    }
)
BOOK = Codebook((ID, SEX, TRUST, AGE, WHY))


@pytest.fixture
def survey():
    return Survey(ANSWERS, BOOK, Design("id"), GAPS, "zh", "memory", ("file label: 民意调查",))


def again(path, **design):
    return read_survey(path, **({"id": "id"} | design))


def same(one, other):
    """Two surveys are equal in all that a file holds."""
    assert one.answers.equals(other.answers, null_equal=True)
    assert one.answers.schema == other.answers.schema
    assert one.missing.equals(other.missing, null_equal=True)
    assert one.codebook == other.codebook
    return True


def objects(*values):
    """Numbers and letters in one column, as the writer wants them."""
    return pl.Series(values, dtype=pl.Object)


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
        path = tmp_path / "foreign.dta"
        pyreadstat.write_dta(pl.DataFrame(columns), path, **declared)
        return read_survey(path)

    return write_and_read


def test_written_read_and_written_again_is_the_same_survey_and_the_same_bytes(survey, tmp_path):
    first, second = tmp_path / "first.dta", tmp_path / "second.dta"
    write_survey(survey, first)
    read = again(first, language="zh")
    assert same(read, survey)
    assert read.notes[0] == "file label: 民意调查"
    write_survey(read, second)
    assert same(again(second), read)
    assert second.read_bytes() == first.read_bytes()


def test_other_programs_see_labels_missing_values_and_formats(survey, tmp_path):
    write_survey(survey, tmp_path / "out.dta")
    stored, meta = pyreadstat.read_dta(
        tmp_path / "out.dta", user_missing=True, output_format="dict"
    )
    assert list(stored["性别"])[:4] == [1, 2, "a", "d"]
    assert list(stored["trust"])[:5] == [1, "i", 3, "z", 2]
    assert meta.column_names_to_labels["性别"] == "受访者的性别"
    assert meta.variable_value_labels["性别"] == {1: "男", 2: "女", "a": "拒答", "d": "不知道"}
    assert meta.variable_value_labels["age"] == {89: "89 or older"}
    assert meta.original_variable_types["age"] == "%9.1f"
    assert meta.readstat_variable_types["性别"] == "int32"
    assert meta.file_label == "民意调查"
    assert (tmp_path / "out.dta").read_bytes()[28:31] == b"118"


def test_pandas_reads_the_file_too(survey, tmp_path):
    pandas = pytest.importorskip("pandas")
    write_survey(survey, tmp_path / "out.dta")
    table = pandas.read_stata(tmp_path / "out.dta", convert_categoricals=False)
    assert table["age"].tolist()[:2] == [18.5, 89]
    assert table["性别"].isna().sum() == 2


def test_letters_are_told_from_the_plain_point(stored):
    read = stored(
        {"x": objects(1, "a", None, "r", 2)},
        missing_user_values={"x": ["a", "r"]},
        variable_value_labels={"x": {1: "yes", 2: "no", "a": "IAP", "r": "refused"}},
    )
    assert read.answers["x"].to_list() == [1, None, None, None, 2]
    assert read.missing["x"].to_list() == [None, ".a", None, ".r", None]
    assert read.codebook["x"].missing == (
        MissingCode(".a", Missing.NOT_ASKED, "IAP"),
        MissingCode(".r", Missing.REFUSED, "refused"),
    )
    assert read.missing_kinds("x") == {Missing.NOT_ASKED: 1, Missing.REFUSED: 1, None: 1}


def test_letters_without_label_and_labels_without_answer_are_kept(stored, tmp_path):
    read = stored(
        {"x": objects(1.5, "c", 2.5, None), "y": objects("b", None, "b", "b")},
        missing_user_values={"x": ["c", "d"], "y": ["b"]},
        variable_value_labels={"x": {"d": "DK"}},
    )
    assert read.codebook["x"].missing == (
        MissingCode(".c"),
        MissingCode(".d", Missing.DONT_KNOW, "DK"),
    )
    assert read.answers["y"].null_count() == 4
    assert read.missing["y"].to_list() == [".b", None, ".b", ".b"]
    write_survey(read, tmp_path / "first.dta")
    second = read_survey(tmp_path / "first.dta")
    assert same(second, read)


@pytest.mark.parametrize("version", [8, 10, 12, 13, 14, 15])
def test_files_of_any_stata_are_read(tmp_path, version):
    path = tmp_path / "old.dta"
    frame = pl.DataFrame({"x": [1, 2], "text": ["a", "b"]})
    pyreadstat.write_dta(frame, path, version=version, column_labels={"x": "Caf\u00e9"})
    read = read_survey(path, encoding="utf-8" if version < 14 else None)
    assert read.answers["x"].to_list() == [1, 2]
    assert read.codebook["x"].text == "Café"


def test_a_file_in_an_old_encoding_is_read_with_its_name(tmp_path):
    path = tmp_path / "old.dta"
    pyreadstat.write_dta(pl.DataFrame({"x": ["AAAA", "b"]}), path, version=12)
    path.write_bytes(path.read_bytes().replace(b"AAAA", "中文".encode("gb18030")))
    assert read_survey(path, encoding="gb18030").answers["x"].to_list() == ["中文", "b"]


MOMENTS = {
    "%td": ([dt.date(1960, 1, 1), dt.date(2024, 2, 29), None], pl.Date),
    "%tdCCYY-NN-DD": ([dt.date(1900, 1, 1), dt.date(1969, 12, 31), None], pl.Date),
    "%tc": (
        [dt.datetime(2024, 2, 29, 23, 59, 59, 250_000), dt.datetime(1900, 1, 1, 1), None],
        pl.Datetime("us"),
    ),
    "%tcHH:MM:SS": ([dt.time(0), dt.time(23, 59, 59), None], pl.Time),
}


@pytest.mark.parametrize("form", list(MOMENTS))
def test_dates_keep_their_type_and_format(tmp_path, form):
    values, dtype = MOMENTS[form]
    frame = pl.DataFrame({"id": [1, 2, 3], "x": pl.Series(values, dtype=dtype)})
    book = Codebook((Variable("x", "When", Scale.INTERVAL, format=form),))
    write_survey(Survey(frame, book, Design("id")), tmp_path / "out.dta")
    read = again(tmp_path / "out.dta")
    assert read.answers["x"].to_list() == values
    assert read.answers["x"].dtype == dtype
    assert read.codebook["x"] == book["x"]
    table, _ = pyreadstat.read_dta(tmp_path / "out.dta", output_format="dict")
    assert list(table["x"])[:2] == values[:2]


@pytest.mark.parametrize(
    ("form", "values", "dtype"),
    [
        ("%td", [19_000.5, 2.0], pl.Float64),
        ("%td", [1e30, 2.0], pl.Float64),
        ("%tc", [1e30, 2.5], pl.Float64),
        ("%tm", [720.0, 721.0], pl.Int64),
        ("%tC", [1.7e12, 1.8e12], pl.Int64),
        ("%tcHH:MM", [90_000_000.0, 1.0], pl.Datetime("us")),
    ],
)
def test_numbers_that_are_no_date_stay_what_they_are(stored, tmp_path, form, values, dtype):
    read = stored({"x": values}, variable_format={"x": form})
    assert read.answers["x"].dtype == dtype
    write_survey(read, tmp_path / "out.dta")
    table, meta = pyreadstat.read_dta(tmp_path / "out.dta", disable_datetime_conversion=True)
    assert table["x"].tolist() == values
    assert meta.original_variable_types["x"] == form


def test_a_missing_date_keeps_its_letter(stored, tmp_path):
    read = stored(
        {"x": objects(19_000, "m")},
        variable_format={"x": "%td"},
        missing_user_values={"x": ["m"]},
    )
    assert read.answers["x"].to_list() == [dt.date(2012, 1, 8), None]
    assert read.missing["x"].to_list() == [None, ".m"]
    write_survey(read, tmp_path / "out.dta")
    assert same(read_survey(tmp_path / "out.dta"), read)


def test_long_texts_survive(tmp_path):
    texts = ["短", "x" * 3000, None, ""]
    frame = pl.DataFrame({"id": range(4), "x": texts})
    write_survey(Survey(frame, Codebook(()), Design("id")), tmp_path / "out.dta")
    assert again(tmp_path / "out.dta").answers["x"].to_list() == [*texts[:3], None]


@pytest.mark.parametrize(
    ("values", "stored_as"),
    [
        ([1, None, 2_147_483_620], "int32"),
        ([1, None, 2_147_483_621], "double"),
        ([-2_147_483_647, 0], "int32"),
        ([-2_147_483_648, 0], "double"),
        ([0.5, None], "double"),
        ([True, None, False], "int32"),
        ([None, None], "int32"),
    ],
)
def test_whole_numbers_are_stored_as_such_while_they_fit(tmp_path, values, stored_as):
    survey = Survey(pl.DataFrame({"id": range(len(values)), "x": values}), Codebook(()),
                    Design("id"))  # fmt: skip
    write_survey(survey, tmp_path / "out.dta")
    _, meta = pyreadstat.read_dta(tmp_path / "out.dta")
    assert meta.readstat_variable_types["x"] == stored_as
    assert again(tmp_path / "out.dta").answers["x"].to_list() == values


def test_missing_numbers_become_letters_in_their_order(tmp_path):
    x = Variable(
        "x",
        "",
        Scale.NOMINAL,
        (Category(1, "yes"), Category(2, "no")),
        (MissingCode(9, Missing.REFUSED, "Refused"), MissingCode(8, Missing.DONT_KNOW)),
        (MissingRange(90, 99, Missing.NOT_ASKED),),
    )
    survey = Survey(
        pl.DataFrame({"id": range(5), "x": [1, None, None, None, 2]}),
        Codebook((x,)),
        Design("id"),
        pl.DataFrame({"x": [None, 9, 8, 95, None]}),
    )
    write_survey(survey, tmp_path / "out.dta")
    read = again(tmp_path / "out.dta")
    assert read.missing["x"].to_list() == [None, ".b", ".a", ".c", None]
    assert read.codebook["x"].missing == (
        MissingCode(".a", Missing.DONT_KNOW, "Don't know (8)"),
        MissingCode(".b", Missing.REFUSED, "Refused"),
        MissingCode(".c", Missing.NOT_ASKED, "Not asked (95)"),
    )


def test_from_stata_to_spss_and_back_no_reason_is_lost(survey, tmp_path):
    write_survey(survey, tmp_path / "one.dta")
    write_survey(again(tmp_path / "one.dta"), tmp_path / "two.sav")
    spss = again(tmp_path / "two.sav")
    assert spss.missing["性别"].drop_nulls().to_list() == [-1, -2]
    write_survey(spss, tmp_path / "three.dta")
    back = again(tmp_path / "three.dta")
    for name in ("性别", "trust"):
        assert back.answers[name].equals(survey.answers[name], null_equal=True)
        assert back.codebook[name].categories == survey.codebook[name].categories
        assert back.missing_kinds(name) == survey.missing_kinds(name)


def one_column(values, **variable):
    book = Codebook((Variable("x", **variable),)) if variable else Codebook(())
    return Survey(
        pl.DataFrame({"id": range(len(values)), "x": values}, strict=False), book, Design("id")
    )


def test_a_text_over_80_characters_is_cut_with_a_warning_that_names_it(tmp_path):
    path = tmp_path / "long.dta"
    with pytest.warns(UserWarning, match="long.dta: Stata's labels .* the texts of x were cut"):
        write_survey(one_column([1], text="问" * 81), path)
    assert read_survey(path).codebook["x"].text == "问" * 79 + "…"


REFUSED_TO_WRITE = {
    "label too long": (
        one_column([1], categories=(Category(1, "x" * 32_001),)),
        "label of 32001 bytes for 1, Stata allows 32,000",
    ),
    "label of a broken number": (
        one_column([1.5], categories=(Category(1.5, "one and a half"),)),
        "label for 1.5, Stata labels whole numbers only",
    ),
    "label of a large number": (
        one_column([1], categories=(Category(3_000_000_000, "many"),)),
        "label for 3000000000, Stata labels whole numbers only",
    ),
    "label of a text": (
        one_column(["D"], categories=(Category("D", "Democrat"),)),
        "label for the text 'D', Stata labels numbers only",
    ),
    "27 missing codes": (
        one_column([1], missing=tuple(MissingCode(code) for code in range(100, 127))),
        "more than 26 missing codes",
    ),
    "ids of 17 digits": (one_column([2**53 + 1]), "more than 15 digits.*; make texts of them"),
    "lists": (one_column([[1, 2]]), r"holds values of the type List\(Int64\)"),
    "too large": (one_column([1e308]), "a number beyond Stata's largest"),
}


@pytest.mark.parametrize("case", list(REFUSED_TO_WRITE))
def test_what_stata_cannot_hold_is_refused_and_nothing_is_written(tmp_path, case):
    survey, problem = REFUSED_TO_WRITE[case]
    path = tmp_path / "out.dta"
    with pytest.raises(InputError, match=f"variable 'x' .*{problem}") as caught:
        write_survey(survey, path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("问" * 33, "33 characters, Stata allows 32"),
        ("1x", "Stata does not allow"),
        ("a b", "Stata does not allow"),
        ("a.b", "Stata does not allow"),
        ("a-b", "Stata does not allow"),
        ("byte", "a reserved word of Stata"),
        ("str12", "a reserved word of Stata"),
        ("_n", "a reserved word of Stata"),
    ],
)
def test_names_that_stata_does_not_allow_are_refused(tmp_path, name, problem):
    survey = Survey(pl.DataFrame({"id": [1], name: [1]}), Codebook(()), Design("id"))
    with pytest.raises(InputError, match=f"variable '{name}' .*{problem}.*; rename it"):
        write_survey(survey, tmp_path / "out.dta")


@pytest.mark.parametrize("name", ["问" * 32, "x" * 32, "_x", "é", "q1_a", "N"])
def test_names_that_stata_allows_are_kept(tmp_path, name):
    survey = Survey(pl.DataFrame({"id": [1], name: [1]}), Codebook(()), Design("id"))
    write_survey(survey, tmp_path / "out.dta")
    assert again(tmp_path / "out.dta").answers.columns == ["id", name]


def test_long_names_may_have_labels(tmp_path):
    names = ["问" * 31 + "甲", "问" * 31 + "乙", "x" * 31, "v0_0"]
    book = Codebook(
        tuple(
            Variable(name, "", Scale.NOMINAL, (Category(1, f"label of {name}"),)) for name in names
        )
    )
    frame = pl.DataFrame({name: [1] for name in names}).with_columns(id=1)
    write_survey(Survey(frame, book, Design("id")), tmp_path / "out.dta")
    read = again(tmp_path / "out.dta")
    assert read.answers.columns == [*names, "id"]
    assert [read.codebook[name].labels for name in names] == [book[name].labels for name in names]
    stored, _ = pyreadstat.read_dta(tmp_path / "out.dta", output_format="dict")
    assert list(stored) == [*names, "id"]


@pytest.mark.parametrize(
    ("content", "encoding", "problem"),
    [
        ("text", None, "is damaged or not a Stata file"),
        ("truncated", None, "its end is missing"),
        ("header", None, "its end is missing"),
        ("spss", None, "is damaged or not a Stata file"),
        ("whole", "klingon", "unknown encoding 'klingon'"),
    ],
)
def test_a_damaged_or_foreign_file_is_said_to_be_one(tmp_path, survey, content, encoding, problem):
    path = tmp_path / "broken.dta"
    write_survey(survey, path)
    whole = path.read_bytes()
    contents = {
        "text": b"id,x\n1,2\n" * 50,
        "truncated": whole[:-100],
        "header": whole[:150],
        "spss": b"$FL2@(#) SPSS DATA FILE" + whole,
        "whole": whole,
    }
    path.write_bytes(contents[content])
    with pytest.raises(InputError, match=problem) as caught:
        read_survey(path, encoding=encoding)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_wherever_a_copy_stopped_or_was_wiped_it_ends_in_a_survey_or_one_line(survey, tmp_path):
    path = tmp_path / "damaged.dta"
    write_survey(survey, path)
    whole = path.read_bytes()
    wiped = [whole[:at] + bytes(64) + whole[at + 64 :] for at in range(0, len(whole) - 64, 64)]
    for content in [whole[:at] for at in range(1, len(whole), 97)] + wiped:
        path.write_bytes(content)
        said = complaint(path)
        assert said.startswith(f"{path}: ") or len(content) == len(whole)
        assert "\n" not in said


CODES = st.integers(-5, 30)
LETTERS = st.sampled_from([".a", ".b", ".m", ".z"])
# A label that repeats its code is not told from one that was made of the code.
LABELS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map("l{}".format)


@st.composite
def variables(draw, name):
    answers = draw(st.lists(CODES, min_size=1, max_size=6, unique=True))
    gaps = draw(st.lists(LETTERS, max_size=3, unique=True))
    labelled = sorted(answers)[: draw(st.integers(0, len(answers)))]
    variable = Variable(
        name,
        draw(LABELS),
        Scale.NOMINAL,
        tuple(Category(code, draw(LABELS)) for code in labelled),
        tuple(MissingCode(code, label=draw(st.just("") | LABELS)) for code in gaps),
    )
    cells = draw(st.lists(st.sampled_from([*answers, *gaps, None]), min_size=5, max_size=5))
    return variable, cells


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.tuples(variables("第一题"), variables("q2"), variables("q3")))
def test_any_survey_is_stable_from_the_first_reading_on(tmp_path_factory, drawn):
    folder = tmp_path_factory.getbasetemp()
    answers, gaps = {"id": list(range(5))}, {}
    for variable, cells in drawn:
        letter = [cell if isinstance(cell, str) else None for cell in cells]
        answers[variable.name] = pl.Series(
            [None if isinstance(cell, str) else cell for cell in cells], dtype=pl.Int64
        )
        gaps[variable.name] = pl.Series(letter, dtype=pl.String)
    book = Codebook(tuple(variable for variable, _ in drawn))
    survey = Survey(pl.DataFrame(answers), book, Design("id"), pl.DataFrame(gaps))
    first, second = folder / "first.dta", folder / "second.dta"
    write_survey(survey, first)
    read = again(first)
    for variable, cells in drawn:
        values = read.answers[variable.name].to_list()
        kept = read.missing.get_column(variable.name, default=None)
        kept = [None] * 5 if kept is None else kept
        together = [b if a is None else a for a, b in zip(values, kept, strict=True)]
        assert together == cells
    write_survey(read, second)
    assert same(again(second), read)
    assert second.read_bytes() == first.read_bytes()
