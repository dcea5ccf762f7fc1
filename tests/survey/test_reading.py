"""read_survey and write_survey: the door for every format, and what it says at the door."""

import subprocess
import sys
from pathlib import Path

import polars as pl
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
    codebook_to_yaml,
    load_example,
    read_survey,
    write_survey,
)
from alignsurvey.survey.missing_codes import as_letters, as_numbers, spss_declaration
from alignsurvey.survey.missing_labels import guess_missing_kind

LABELLED = [".sav", ".dta", ".parquet"]
EXTENSIONS = [".sav", ".zsav", ".dta", ".csv", ".tsv", ".parquet"]
VOTE = Variable(
    "vote",
    "Whom did you vote for?",
    Scale.NOMINAL,
    (Category(1, "A"), Category(2, "B")),
    (MissingCode(8, Missing.DONT_KNOW, "Don't know"), MissingCode(9, Missing.REFUSED, "Refused")),
)


@pytest.fixture
def survey():
    return Survey(
        pl.DataFrame(
            {
                "person": [11, 12, 13, 14],
                "vote": [1, 2, None, None],
                "age": [18, 33, 47, 64],
                "weight": [0.5, 1.0, 1.25, 1.25],
                "region": [1, 1, 2, 2],
            }
        ),
        Codebook((VOTE, Variable("age", "Age", Scale.INTERVAL))),
        Design("person", "weight"),
        pl.DataFrame({"vote": [None, None, 8, 9]}),
    )


@pytest.fixture(params=EXTENSIONS)
def path(request, tmp_path, survey):
    """A file of each kind, with the same survey."""
    target = tmp_path / f"wave1{request.param}"
    write_survey(survey, target)
    return target


def test_every_format_gives_the_same_answers_labels_and_reasons(path, survey):
    read = read_survey(path, id="person", weight="weight")
    assert read.answers.equals(survey.answers, null_equal=True)
    assert read.codebook["vote"].labels == ("A", "B")
    assert read.codebook["vote"].text == "Whom did you vote for?"
    assert read.missing_kinds("vote") == {Missing.DONT_KNOW: 1, Missing.REFUSED: 1}
    assert read.codebook["age"].scale is Scale.INTERVAL
    assert read.source == str(path)
    assert (read.design.id, read.design.weight) == ("person", "weight")


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_writing_what_was_read_gives_the_same_bytes(path, tmp_path, extension):
    read = read_survey(path, id="person")
    first, second = tmp_path / f"first{extension}", tmp_path / f"second{extension}"
    write_survey(read, first)
    write_survey(read_survey(first, id="person"), second)
    write_survey(read_survey(second, id="person"), tmp_path / f"third{extension}")
    assert second.read_bytes() == (tmp_path / f"third{extension}").read_bytes()
    if extension != ".parquet":
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("extension", [".sav", ".csv", ".parquet"])
def test_the_example_survives_every_format(tmp_path, extension):
    anes = load_example("anes96")
    target = tmp_path / f"anes{extension}"
    write_survey(anes, target)
    read = read_survey(target, id="id")
    assert read.answers.equals(anes.answers)
    for variable in anes.codebook:
        assert read.codebook[variable.name].categories == variable.categories
        assert read.codebook[variable.name].text == variable.text


def test_wordings_too_long_for_stata_are_cut_and_said(tmp_path):
    with pytest.warns(UserWarning, match="the texts of selfLR, PID, logpopul were cut"):
        write_survey(load_example("anes96"), tmp_path / "anes.dta")
    assert read_survey(tmp_path / "anes.dta").codebook["selfLR"].text.endswith("…")


# -- ids, design, language ------------------------------------------------------------------------


def test_without_an_id_the_rows_are_numbered(path):
    if path.suffix == ".parquet":
        assert read_survey(path).design.id == "person"
        return
    read = read_survey(path)
    assert read.design.id == "row"
    assert read.answers.columns[0] == "row"
    assert read.ids.to_list() == [1, 2, 3, 4]
    assert "row" not in read.codebook
    assert "no id named: rows numbered 1..n in column 'row'" in read.notes


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_numbered_rows_are_the_id_of_the_next_reading_too(tmp_path, survey, extension):
    write_survey(survey, tmp_path / "one.sav")
    one = read_survey(tmp_path / "one.sav")
    write_survey(one, tmp_path / f"two{extension}")
    two = read_survey(tmp_path / f"two{extension}")
    assert two.design.id == "row"
    assert two.answers.columns == one.answers.columns
    assert two.notes.count("no id named: rows numbered 1..n in column 'row'") == 1


def test_a_column_row_that_is_no_row_number_is_not_taken_for_one(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("row,x\n7,1\n7,2\n")
    with pytest.raises(InputError, match="name the id column: no id was named, and 'row'"):
        read_survey(path)


@pytest.mark.parametrize(
    ("design", "problem"),
    [
        ({"id": "persn"}, "no column 'persn' for the design; did you mean 'person'?"),
        ({"id": "person", "weight": "wieght"}, "did you mean 'weight'?"),
        ({"id": "person", "strata": "regoin"}, "did you mean 'region'?"),
        ({"id": "person", "cluster": "zzz"}, "known: person, vote, age, weight, region"),
        ({"id": "region"}, "id 1 stands in data rows 1 and 2 "),
        ({"id": "person", "weight": "vote"}, "the weight 'vote' is missing in data row 3"),
    ],
)
def test_a_wrong_design_is_said_with_the_file(path, design, problem):
    with pytest.raises(InputError) as caught:
        read_survey(path, **design)
    assert str(caught.value).startswith(f"{path}: ")
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        ([1.0, -1.0], "the weight 'w' is negative in data row 2"),
        ([0.0, 0.0], "every weight in 'w' is zero"),
        ([None, 1.0], "the weight 'w' is missing in data row 1"),
        (["a", "b"], "the weight 'w' is not a number"),
    ],
)
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_weights_that_are_none_are_refused(tmp_path, weights, problem, extension):
    frame = pl.DataFrame({"id": [1, 2], "w": weights})
    path = tmp_path / f"x{extension}"
    write_survey(Survey(frame, Codebook(()), Design("id")), path)
    with pytest.raises(InputError, match=problem) as caught:
        read_survey(path, id="id", weight="w")
    assert str(caught.value).startswith(f"{path}: ")


def test_ids_and_weights_are_no_items_unless_declared(path):
    read = read_survey(path, id="person", weight="weight")
    for name in ("person", "weight"):
        assert name not in read.codebook or not read.codebook[name].categories


def test_the_language_is_known(path):
    assert read_survey(path, id="person").language == "en"
    assert read_survey(path, id="person", language="zh").language == "zh"
    with pytest.raises(InputError, match="'de' is not one of en, zh"):
        read_survey(path, language="de")


# -- codebooks that are given ---------------------------------------------------------------------


@pytest.mark.parametrize("extension", LABELLED)
def test_a_codebook_takes_the_place_of_what_the_file_says(tmp_path, survey, extension):
    path = tmp_path / f"x{extension}"
    write_survey(survey, path)
    mine = Variable("vote", "Vote", Scale.ORDINAL, (Category(2, "two"), Category(1, "one")))
    book = tmp_path / "book.yaml"
    book.write_text(codebook_to_yaml(Codebook((mine,))), encoding="utf-8")
    for given in (Codebook((mine,)), book, str(book)):
        read = read_survey(path, codebook=given, id="person")
        vote = read.codebook["vote"]
        assert (vote.text, vote.scale, vote.categories) == ("Vote", Scale.ORDINAL, mine.categories)
        # What the file declares missing stays so: the codebook does not list it as an answer.
        assert read.answers["vote"].to_list() == [1, 2, None, None]
        assert read.missing_kinds("vote") == {Missing.DONT_KNOW: 1, Missing.REFUSED: 1}
        assert read.codebook["age"].text == "Age"


@pytest.mark.parametrize("extension", LABELLED)
def test_what_an_entry_leaves_empty_comes_from_the_file(tmp_path, survey, extension):
    path = tmp_path / f"x{extension}"
    write_survey(survey, path)
    read = read_survey(path, Codebook((Variable("vote", scale=Scale.ORDINAL),)), id="person")
    vote = read.codebook["vote"]
    assert (vote.scale, vote.text, vote.labels) == (Scale.ORDINAL, VOTE.text, ("A", "B"))
    assert [one.kind for one in vote.missing] == [Missing.DONT_KNOW, Missing.REFUSED]


def test_a_code_that_the_file_calls_missing_may_be_an_answer(tmp_path, survey):
    path = tmp_path / "x.sav"
    write_survey(survey, path)
    mine = Variable("vote", "", Scale.NOMINAL, (*VOTE.categories, Category(9, "C")))
    read = read_survey(path, Codebook((mine,)), id="person")
    assert read.answers["vote"].to_list() == [1, 2, None, 9]
    assert read.codebook["vote"].missing == VOTE.missing[:1]


def test_a_code_may_be_missing_that_the_file_takes_for_an_answer(tmp_path, survey):
    path = tmp_path / "x.sav"
    write_survey(survey, path)
    mine = Variable("vote", "", Scale.NOMINAL, (), (MissingCode(2, Missing.NOT_ASKED),),
                    (MissingRange(7, 8, Missing.OTHER),))  # fmt: skip
    read = read_survey(path, Codebook((mine,)), id="person")
    assert read.answers["vote"].to_list() == [1, None, None, None]
    assert read.missing["vote"].to_list() == [None, 2, 8, 9]
    assert read.codebook["vote"].labels == ("A",)


def test_a_codebook_that_names_what_is_not_there_is_refused(path):
    with pytest.raises(InputError) as caught:
        read_survey(path, Codebook((Variable("vot"),)))
    assert str(caught.value).startswith(f"{path}: ")
    assert "'vot'" in str(caught.value)
    assert "did you mean 'vote'?" in str(caught.value)


@pytest.mark.parametrize("extension", [*LABELLED, ".csv"])
def test_codes_outside_the_codebook_are_refused_with_row_and_count(tmp_path, survey, extension):
    path = tmp_path / f"x{extension}"
    write_survey(survey, path)
    mine = Variable("region", "", Scale.NOMINAL, (Category(1, "north"),))
    with pytest.raises(InputError) as caught:
        read_survey(path, Codebook((mine,)), id="person")
    assert "'region' holds 2 (first in data row 3, 2 rows in all), which the codebook lacks" in (
        str(caught.value)
    )


@pytest.mark.parametrize(
    ("column", "variable", "problem"),
    [
        ("x", {"categories": (Category("1", "a"),)}, "take the codes out of quotes"),
        ("x", {"missing": (MissingCode("9"),)}, "holds numbers and .* calls '9' missing; write 9"),
        ("text", {"categories": (Category(1, "a"),)}, "holds 'a', '9'"),
        ("text", {"missing": (MissingCode(9),)}, "holds texts and .* calls 9 missing; write '9'"),
    ],
)
def test_codes_of_the_other_type_are_refused(tmp_path, column, variable, problem):
    path = tmp_path / "x.sav"
    frame = pl.DataFrame({"id": [1, 2], "x": [1, 9], "text": ["a", "9"]})
    write_survey(Survey(frame, Codebook(()), Design("id")), path)
    with pytest.raises(InputError, match=problem):
        read_survey(path, Codebook((Variable(column, **variable),)), id="id")


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_codebook_may_list_missing_codes_for_every_variable_alike(tmp_path, extension):
    path = tmp_path / f"x{extension}"
    frame = pl.DataFrame({"id": [1, 2, 3], "x": [1, 2, -9], "text": ["a", "b", "XX"]})
    write_survey(Survey(frame, Codebook(()), Design("id")), path)
    if extension in (".csv", ".tsv"):
        (tmp_path / "x.codebook.yaml").unlink()
    book = tmp_path / "book.yaml"
    book.write_text(
        "variables: {x: {scale: nominal}, text: {scale: nominal}}\n"
        "missing: {-9: refused, -8: dont_know, XX: not_asked}\n"
    )
    read = read_survey(path, book, id="id")
    assert read.missing["x"].drop_nulls().cast(pl.Int64).to_list() == [-9]
    assert read.missing["text"].to_list() == [None, None, "XX"]
    for other in LABELLED:
        write_survey(read, tmp_path / f"y{other}")


def test_a_written_codebook_read_back_changes_nothing(tmp_path, survey):
    path = tmp_path / "x.sav"
    write_survey(survey, path)
    read = read_survey(path, id="person")
    again = read_survey(path, read.codebook, id="person")
    assert again.codebook == read.codebook
    assert again.answers.equals(read.answers, null_equal=True)


def test_a_codebook_that_is_no_codebook_is_refused_with_its_name(path, tmp_path):
    book = tmp_path / "book.yaml"
    with pytest.raises(InputError, match=r"book\.yaml: no such file"):
        read_survey(path, book)
    book.write_text("variables: {vote: {scale: ordnal}}")
    with pytest.raises(InputError, match="did you mean 'ordinal'"):
        read_survey(path, book)


# -- files that cannot be read --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("x.xlsx", "unknown extension '.xlsx'; known: .sav, .zsav, .dta, .csv, .tsv, .parquet"),
        ("x", "no extension; known: .sav"),
        ("wave2.sav", r"no such file; did you mean 'wave1.sav'\?"),
        ("zzz.dta", "no such file; check the path"),
        ("nowhere/x.dta", "nor is there its folder"),
        ("folder.sav", "is a folder, a file is needed"),
        ("empty.dta", "is empty; export it again"),
    ],
)
def test_a_path_that_leads_nowhere_is_said(tmp_path, survey, name, problem):
    write_survey(survey, tmp_path / "wave1.sav")
    (tmp_path / "folder.sav").mkdir()
    (tmp_path / "empty.dta").touch()
    with pytest.raises(InputError, match=problem) as caught:
        read_survey(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (PermissionError(13, "Permission denied"), "may not be read; check its permissions"),
        (OSError(5, "Input/output error"), "cannot be read: Input/output error"),
    ],
)
def test_a_file_that_may_not_be_read_is_said(path, monkeypatch, error, problem):
    def refuse(*_args, **_options):
        raise error

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=problem):
        read_survey(path)


@pytest.mark.parametrize("extension", [".sav", ".dta", ".parquet", ".csv"])
def test_a_file_without_rows_is_refused(tmp_path, extension):
    path = tmp_path / f"x{extension}"
    frame = pl.DataFrame({"id": [], "x": []}, schema={"id": pl.Int64, "x": pl.Int64})
    if extension == ".csv":
        path.write_text("id,x\n")
    elif extension == ".parquet":
        frame.write_parquet(path)
    else:
        pyreadstat = pytest.importorskip("pyreadstat")
        write = pyreadstat.write_sav if extension == ".sav" else pyreadstat.write_dta
        write(frame, path)
    with pytest.raises(InputError, match="no rows") as caught:
        read_survey(path)
    assert str(caught.value).startswith(f"{path}: ")


# -- files that cannot be written -----------------------------------------------------------------


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_failed_writing_leaves_the_old_file_and_nothing_else(tmp_path, survey, extension):
    path = tmp_path / f"x{extension}"
    write_survey(survey, path)
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    lists = survey.answers.with_columns(age=pl.Series([[1]] * 4, dtype=pl.Object))
    with pytest.raises((InputError, pl.exceptions.PolarsError)):
        write_survey(Survey(lists, survey.codebook, survey.design), path)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


def test_a_written_file_replaces_the_old_one(tmp_path, survey):
    path = tmp_path / "x.sav"
    path.write_text("something else")
    write_survey(survey, path)
    assert read_survey(path).n == 4
    assert [one.name for one in tmp_path.iterdir()] == ["x.sav"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nowhere/x.sav", "there is no folder '.*nowhere'; make it first"),
        ("folder.sav", "is a folder; name a file in it"),
        ("x.sas7bdat", "unknown extension '.sas7bdat'"),
    ],
)
def test_a_path_that_cannot_be_written_is_said(tmp_path, survey, name, problem):
    (tmp_path / "folder.sav").mkdir()
    with pytest.raises(InputError, match=problem):
        write_survey(survey, tmp_path / name)


def test_a_folder_that_may_not_be_written_to_is_said(tmp_path, survey, monkeypatch):
    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(InputError, match=r"x.sav: cannot be written: Permission denied"):
        write_survey(survey, tmp_path / "x.sav")


def test_no_file_format_is_imported_before_it_is_met():
    code = (
        "import sys, alignsurvey.survey.reading, alignsurvey.survey.spss, "
        "alignsurvey.survey.stata, alignsurvey.survey.parquet; "
        "print([m for m in ('pyreadstat', 'pyarrow', 'pandas') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


# -- missing codes told in another format ---------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        (
            Missing.REFUSED,
            "Refused|REFUSAL|-3 refused to answer|Prefer not to say|I’d rather not say|declined|"
            "did not want to answer|RF|拒答|拒绝回答|不愿回答|不想回答",
        ),
        (
            Missing.DONT_KNOW,
            "Don't know|DONT KNOW|Don’t know|does not know|DK|D.K.|(dk)|dont_know|Not sure|Unsure|"
            "Can't choose|cannot say|不知道|不清楚|说不清楚|不確定|记不清",
        ),
        (
            Missing.NOT_ASKED,
            "Inapplicable|INAP|-1 INAP.|IAP|Not asked|not applicable|Does not apply|N/A|NA|n.a.|"
            "Valid skip|Not available in this year|not in this wave|missing by design|"
            "不适用|跳答|未问",
        ),
        (
            Missing.OTHER,
            "|No answer|Not ascertained|Skipped on web|Uncodeable|missing|缺失|DKK|Nation|"
            "Danish krone (DKK)|not available in this release|DK/Refused|不知道/拒答|99",
        ),
    ],
)
def test_labels_tell_the_kind_of_missing(kind, labels):
    for label in labels.split("|"):
        assert (label, guess_missing_kind(label)) == (label, kind)


@pytest.mark.parametrize(
    ("codes", "letters"),
    [
        ([], {}),
        ([9, 8], {9: ".b", 8: ".a"}),
        ([-1, -2, 99], {-1: ".b", -2: ".a", 99: ".c"}),
        ([".b", 9, ".a"], {".b": ".b", 9: ".c", ".a": ".a"}),
        (["NA", 9], {"NA": ".b", 9: ".a"}),
        (["9", 9], {"9": ".a", 9: ".a"}),
    ],
)
def test_missing_codes_become_letters(codes, letters):
    assert as_letters(codes) == letters


@pytest.mark.parametrize(
    ("codes", "valid", "numbers"),
    [
        ([9, 8], [1], {9: 9, 8: 8}),
        ([".a", ".b"], [1, 5], {".a": -1, ".b": -2}),
        ([".a", ".b"], [-3.5, 5], {".a": -5, ".b": -6}),
        ([".a", -9], [1], {".a": -10, -9: -9}),
        (["-1", "NA"], [1], {"-1": -1, "NA": -2}),
        ([".a"], [], {".a": -1}),
    ],
)
def test_missing_codes_become_numbers_below_all_others(codes, valid, numbers):
    column = pl.Series(valid, dtype=pl.Float64)
    assert as_numbers(Variable("x"), codes, column) == numbers


def test_labels_and_ranges_count_as_numbers_in_use():
    x = Variable("x", categories=(Category(-4, "a"),), point_labels=(Category(-7, "b"),),
                 missing_ranges=(MissingRange(-20, -11),))  # fmt: skip
    assert as_numbers(x, [".a"], pl.Series([1.0])) == {".a": -21}
    assert as_numbers(Variable("x"), [".a"], pl.Series([1.0])) == {".a": -1}


@pytest.mark.parametrize(
    ("numbers", "ranges", "valid", "declared"),
    [
        ([], [], [1], ([], [])),
        ([9, 8, 7], [], [1], ([], [9, 8, 7])),
        ([6, 7, 8, 9], [], [1], ([(6, 9)], [])),
        ([-1, 7, 8, 9], [], [1], ([(7, 9)], [-1])),
        ([-3, -2, -1, 9], [], [1], ([(-3, -1)], [9])),
        ([1, 2, 8, 9], [], [5], None),
        ([95], [(90, 99)], [1], ([(90, 99)], [])),
        ([-1], [(90, 99)], [1], ([(90, 99)], [-1])),
        ([-1, -2], [(90, 99)], [100], ([(-2, 99)], [])),
        ([-1, -2], [(90, 99)], [5], None),
        ([], [(90, 99), (80, 85)], [1], ([(80, 99)], [])),
        ([], [(90, 99), (80, 85)], [87], None),
        ([-9], [(90, 99), (80, 85)], [1], ([(80, 99)], [-9])),
    ],
)
def test_spss_declares_three_codes_or_a_range_and_a_code(numbers, ranges, valid, declared):
    spans = [MissingRange(low, high) for low, high in ranges]
    assert spss_declaration(numbers, spans, valid) == declared
