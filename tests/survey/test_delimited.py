"""CSV and TSV: encodings, separators, shapes, missing markers, types, codebooks; and back."""

import polars as pl
import pytest
from hypothesis import example, given, settings
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
    codebook_from_yaml,
    load_example,
)
from alignsurvey.survey.delimited import codebook_path, read_delimited, write_delimited


@pytest.fixture
def read(tmp_path):
    """Write a file and read it; gives answers, missing codes, codebook, notes."""

    def write_and_read(content, codebook=None, encoding=None, name="people.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        book = codebook_from_yaml(codebook, "b.yaml") if isinstance(codebook, str) else codebook
        return read_delimited(path, book, encoding)

    return write_and_read


def message(raised, tmp_path):
    return str(raised.value).replace(f"{tmp_path}/", "")


# -- encodings -------------------------------------------------------------------------------------

CHINESE = "编号,性别,满意\n1,男,非常满意\n2,女,一般\n"
FRENCH = "id,réponse\n1,très bien\n2,assez bien\n"


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (CHINESE.encode("utf-8"), None),
        (CHINESE.encode("utf-8-sig"), None),
        (CHINESE.encode("utf-8-sig"), "utf-8"),
        (CHINESE.encode("utf-16"), None),
        (CHINESE.encode("utf-32"), None),
        (CHINESE.encode("utf-16-be"), "utf-16-be"),
        (b"\xff\xfe" + CHINESE.encode("utf-16-le"), "utf-16-le"),
        (CHINESE.encode("gb18030"), "gb18030"),
        (CHINESE.encode("gb18030"), "GBK"),
    ],
)
def test_encodings_that_are_known_or_named(read, raw, encoding):
    answers, *_ = read(raw, encoding=encoding)
    assert answers.columns == ["编号", "性别", "满意"]
    assert answers["满意"].to_list() == ["非常满意", "一般"]


@pytest.mark.parametrize(
    ("raw", "encoding", "said"),
    [
        (CHINESE.encode("gb18030"), None,
         "people.csv: byte 1 (line 1) is not UTF-8; name the encoding: with 'gb18030' (likelier) "
         "it reads '编号', with 'cp1252' '±àºÅ'"),
        (FRENCH.encode("cp1252"), None,
         "people.csv: byte 5 (line 1) is not UTF-8; name the encoding: with 'cp1252' (likelier) "
         "it reads 'réponse', with 'gb18030' 'r閜onse'"),
        (b"id,a\n1,\x81\n", None,
         "people.csv: byte 8 (line 2) is not UTF-8, nor gb18030 or cp1252; save it as UTF-8 or "
         "name its encoding"),
        (b"id,a\n1,ok\n2," + "é".encode("cp1252") + b",\n", None,
         "people.csv: byte 13 (line 3) is not UTF-8; name the encoding: with 'cp1252' it reads "
         "'é'"),
        (CHINESE.encode("utf-8"), "gb1830",
         "people.csv: no encoding 'gb1830'; did you mean 'gb18030'?"),
        (b"id\n1\n", "hex",
         "people.csv: 'hex' is no encoding of text files; known: utf-8, utf-16, gb18030, gbk, "
         "big5, shift_jis, cp1252, latin-1"),
        (CHINESE.encode("gb18030"), "utf-8",
         "people.csv: byte 1 (line 1) is not utf-8; name another encoding"),
        (b"\xef\xbb\xbfid\n\xff\n", None,
         "people.csv: begins as utf-8-sig but byte 7 (line 2) is not; the file is damaged "
         "or cut off"),
        ("id,a\n1,b\n".encode("utf-16-le"), None,
         "people.csv: holds zero bytes (first in line 1), so it is no UTF-8 text; if it is "
         "UTF-16, say encoding='utf-16-le'"),
        (b"PK\x03\x04rest", None,
         "people.csv: is an Excel or zip file, not text; save it as CSV"),
        (b"  \n", None, "people.csv: is empty; a header and at least one row are needed"),
    ],
)  # fmt: skip
def test_other_encodings_are_asked_for(read, tmp_path, raw, encoding, said):
    with pytest.raises(InputError) as raised:
        read(raw, encoding=encoding)
    assert message(raised, tmp_path) == said


def test_files_that_are_none(tmp_path):
    with pytest.raises(InputError, match="no such file; check the path"):
        read_delimited(tmp_path / "none.csv", None, None)
    with pytest.raises(InputError, match="is a folder, a file is needed"):
        read_delimited(tmp_path, None, None)


# -- shape -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1,2\n", [(1, 2)]),
        ("a,b\r\n1,2\r\n", [(1, 2)]),
        ("a,b\r1,2\r", [(1, 2)]),
        ("a,b\n\n1,2\n\n\n3,4", [(1, 2), (3, 4)]),
        ("a,b\n1,2\n,\n ,\n3,4", [(1, 2), (3, 4)]),
        ("a;b\n1;2\n", [(1, 2)]),
        ("a\tb\n1\t2\n", [(1, 2)]),
        ("a|b\n1|2\n", [(1, 2)]),
        ("sep=;\na;b\n1;2\n", [(1, 2)]),
        ('a,b\n"x\ny","say ""so"""\n', [("x\ny", 'say "so"')]),
        ('a;b\n"x;y";2\n', [("x;y", 2)]),
        ('a,b\n"1","2"\n\n"3","4"\n', [(1, 2), (3, 4)]),
        (" a , b \n 1 , x \n", [(1, "x")]),
        ("a\n1\n2\n", [(1,), (2,)]),
        ("a,b,\n1,2,\n", [(1, 2)]),
        ('"a","b",""\n"1","2",""\n', [(1, 2)]),
    ],
)
def test_shapes(read, text, rows):
    assert read(text)[0].rows() == rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n\n3,4,5\n",
         "people.csv: data row 2 (line 4) has 3 cells, the header has 2; put a cell that holds a "
         "comma in quotes, or complete the row"),
        ("a;b;c\n1;2;3\n1;2\n",
         "people.csv: data row 2 (line 3) has 2 cells, the header has 3; put a cell that holds a "
         "semicolon in quotes, or complete the row"),
        ('a,b\n"x\ny",2\n"3",4,5\n',
         "people.csv: data row 2 (line 4) has 3 cells, the header has 2; put a cell that holds a "
         "comma in quotes, or complete the row"),
        ('a,b\n1,2\n"3,4\n5,6\n',
         "people.csv: the quotes of the row that begins in line 3 do not match (unexpected end of "
         "data); a quote inside a quoted cell is written twice"),
        ("Q1,Q2,Q1\n1,2,3\n",
         "people.csv: 'Q1' heads both column 1 and column 3; rename one of them"),
        ("a,b\n", "people.csv: has a header but no rows"),
        ('"a","b"\n', "people.csv: has a header but no rows"),
        ("a,b\n,\n", "people.csv: has a header but no rows"),
    ],
)  # fmt: skip
def test_shapes_that_are_refused(read, tmp_path, text, said):
    with pytest.raises(InputError) as raised:
        read(text)
    assert message(raised, tmp_path) == said


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (",a,b", ["index", "a", "b"]),
        (",index,b", ["column_1", "index", "b"]),
        ("a,,b", ["a", "column_2", "b"]),
    ],
)
def test_columns_without_a_name_get_one(read, header, names):
    answers, _, _, notes = read(f"{header}\n1,2,3\n")
    assert answers.columns == names
    assert any("has no name and is called" in note for note in notes)


def test_three_header_rows_of_qualtrics(read):
    text = (
        'Q1,Q2\nHow old are you?,"Do you trust,\nothers?"\n'
        '"{""ImportId"":""Q1""}","{""ImportId"":""Q2""}"\n34,yes\n40,no\n'
    )
    answers, _, book, notes = read(text)
    assert answers.rows() == [(34, "yes"), (40, "no")]
    assert book["Q2"].text == "Do you trust,\nothers?"
    assert any("Qualtrics" in note for note in notes)


def test_what_was_repaired_is_noted(read):
    *_, notes = read("a;b;c\n 1;;0,5\n2;NA;1,5\n;;\n")
    assert notes == (
        "blanks around the text of 1 cell were taken off",
        "left out: 1 row without any answer",
        "columns are separated by semicolons",
        "'c': commas were read as decimal commas",
        "taken as missing: empty in 1 cell of 1 column, 'NA' in 1 cell of 1 column",
    )


cells = st.text(st.sampled_from(["a", "1", ",", ";", '"', "\n", "é", "中", " ", "'"]), max_size=6)
tables = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=6)
)


@given(tables)
@settings(max_examples=100, deadline=None)
def test_cells_are_cut_as_the_standard_library_writes_them(rows):
    import csv
    import io

    from alignsurvey.survey.cells import read_cells

    text = io.StringIO(newline="")
    csv.writer(text).writerows([[f"c{k}" for k in range(len(rows[0]))], *rows])
    expected = [tuple(cell.strip() for cell in row) for row in rows]
    expected = [row for row in expected if any(row)]
    if expected:
        assert read_cells(text.getvalue(), "x.csv", ",").frame.rows() == expected


# -- types and missing markers ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "2"], [1, 2]),
        (["+1", "-2"], [1, -2]),
        (["1", "2.5"], [1.0, 2.5]),
        (["1.0", "2.0"], [1, 2]),
        ([".5", "1e-3"], [0.5, 0.001]),
        (["1", "x"], ["1", "x"]),
        (["1", "2 "], [1, 2]),
        (["007", "12"], ["007", "12"]),
        (["0", "0.5"], [0.0, 0.5]),
        (["12345678901234567890", "1"], ["12345678901234567890", "1"]),
        (["3436139758", "1"], [3436139758, 1]),
        (["1", "NA"], [1, None]),
        (["1", "."], [1, None]),
        (["1", "NaN"], [1, None]),
        (["1", "#N/A"], [1, None]),
        (["a", "NULL"], ["a", None]),
        (["a", "None"], ["a", "None"]),
        (["inf", "1"], ["inf", "1"]),
        (["1,234", "2"], ["1,234", "2"]),
        (["true", "false"], ["true", "false"]),
        (["2024-01-05", "2024-02-01"], ["2024-01-05", "2024-02-01"]),
        (["", "NA"], [None, None]),
    ],
)
def test_a_column_is_numeric_only_if_every_answer_is(read, cells, values):
    text = "id,x\n" + "".join(f'{k},"{cell}"\n' for k, cell in enumerate(cells))
    column = read(text)[0]["x"]
    assert column.to_list() == values
    assert [type(one) for one in column.to_list()] == [type(one) for one in values]


@pytest.mark.parametrize(
    ("cells", "separator", "values"),
    [
        (["0,5", "12"], ";", [0.5, 12.0]),
        (["1.000,25", "3"], ";", [1000.25, 3.0]),
        (["1,234", "2"], ";", [1.234, 2.0]),
        (["0,5", "12"], "\t", [0.5, 12.0]),
        (["1,234", "2"], "\t", ["1,234", "2"]),
        (["0,5", "x"], ";", ["0,5", "x"]),
        (["1.5", "2"], ";", [1.5, 2.0]),
    ],
)
def test_decimal_commas(read, cells, separator, values):
    text = f"id{separator}x\n" + "".join(f"{k}{separator}{c}\n" for k, c in enumerate(cells))
    assert read(text)[0]["x"].to_list() == values


def test_one_stray_text_in_numbers_is_pointed_at(read):
    text = "x\n" + "".join(f"{k}\n" for k in range(30)) + "abc\n"
    answers, _, _, notes = read(text)
    assert answers["x"].dtype == pl.String
    assert "'x' was kept as text: 'abc' (data row 31) is no number, though 30 of 31 cells are" in (
        notes
    )


# -- with a codebook -------------------------------------------------------------------------------

TRUST = """
variables:
  trust:
    text: Trust?
    scale: ordinal
    values: [[1, Never], [2, Often]]
    missing: {8: dont_know, 9: refused}
    missing_ranges: [[90, 99, not_asked]]
"""


def test_missing_codes_are_set_apart(read):
    answers, missing, book, _ = read("id,trust\n1,1\n2,9\n3,95\n4,\n5,2.0\n6,08\n", TRUST)
    assert answers["trust"].to_list() == [1, None, None, None, 2, None]
    assert missing["trust"].to_list() == [None, 9, 95, None, None, 8]
    assert answers["trust"].dtype == missing["trust"].dtype == pl.Int64
    survey = Survey(answers, book, Design("id"), missing)
    assert survey.missing_kinds("trust") == {
        Missing.REFUSED: 1,
        Missing.NOT_ASKED: 1,
        Missing.DONT_KNOW: 1,
        None: 1,
    }


def test_undeclared_columns_are_inferred_after_the_declared_ones(read):
    *_, book, _ = read("id,mood,trust\n1,Never,1\n2,Often,2\n3,Never,2\n4,Often,1\n", TRUST)
    assert book.names == ("trust", "id", "mood")
    assert book["trust"].inferred == ()
    assert book["mood"].inferred == ("scale", "values")


@pytest.mark.parametrize(
    ("cells", "entry", "answers", "missing"),
    [
        (["1", ".", "9"], "values: {1: a}, missing: {.: not_asked, 9: refused}",
         [1, None, None], [None, ".", "9"]),
        (["1", "NA", ""], "values: {1: a}, missing: {NA: not_asked}", [1, None, None],
         [None, "NA", None]),
        (["a", "9", ""], "values: {a: A}, missing: {9: refused}", ["a", None, None],
         [None, "9", None]),
        (["a", "", "b"], "values: {a: A, b: B}, missing: {'': not_asked}", ["a", None, "b"],
         [None, "", None]),
        (["NA", "US", ""], "values: {NA: Namibia, US: United States}", ["NA", "US", None], None),
        (["01", "02", "1"], "values: {1: a, 2: b}", [1, 2, 1], None),
        (["01", "02", "01"], "values: {'01': a, '02': b}", ["01", "02", "01"], None),
        (["1", "2", "99"], "scale: interval, missing_ranges: [[90, .inf]]", [1, 2, None],
         [None, None, 99]),
        (["1", "2", "95"], "values: {1: a, 2: b, 95: c}, missing_ranges: [[90, 99]]", [1, 2, 95],
         None),
        (["1", "2", "3"], "scale: text", ["1", "2", "3"], None),
        (["1", "2", "9"], "scale: ordinal, missing: {9: refused}", [1, 2, None],
         [None, None, 9]),
        (["1.5", "2", "9"], "values: {1.5: a, 2: b}, missing: {9: refused}", [1.5, 2, None],
         [None, None, 9]),
    ],
)  # fmt: skip
def test_the_codebook_decides_types_and_gaps(read, cells, entry, answers, missing):
    text = "id,x\n" + "".join(f"{k},{cell}\n" for k, cell in enumerate(cells))
    got, gaps, book, _ = read(text, f"variables: {{x: {{{entry}}}}}")
    assert got["x"].to_list() == answers
    assert ("x" in gaps.columns) == (missing is not None)
    if missing is not None:
        assert gaps["x"].to_list() == missing
        kinds = Survey(got, book, Design("id"), gaps).missing_kinds("x")
        assert sum(kinds.values()) == answers.count(None)


@pytest.mark.parametrize(
    ("cells", "entry", "said"),
    [
        (["1", "7", "7"], "values: {1: a}",
         "people.csv: 'x' holds 7 (first in data row 2, 2 rows in all), which the codebook lacks; "
         "add to its values or to its missing codes"),
        (["1", "4", "5", "6", "7"], "values: {1: a}",
         "people.csv: 'x' holds 4, 5, 6, 1 more (first in data row 2, 4 rows in all), which the "
         "codebook lacks; add to its values or to its missing codes"),
        (["1", "maybe"], "values: {1: a}",
         "people.csv: 'x' holds 'maybe' (first in data row 2, 1 row in all), which the codebook "
         "lacks; add to its values or to its missing codes"),
        (["yes", "no"], "values: {yes: Yes}",
         "people.csv: 'x' holds 'no' (first in data row 2, 1 row in all), which the codebook "
         "lacks; add to its values or to its missing codes"),
        (["1", "old"], "scale: interval",
         "people.csv: 'x' holds 'old' (first in data row 2, 1 row in all), no number, but its "
         "scale is interval; mend them or declare them missing"),
        (["1", "2"], "values: {1: a, b: b}",
         "people.csv: the codes of 'x' are partly numbers and partly text ('b'); put all of them "
         "in quotes, or none"),
    ],
)  # fmt: skip
def test_codes_outside_the_codebook_are_refused(read, tmp_path, cells, entry, said):
    text = "id,x\n" + "".join(f"{k},{cell}\n" for k, cell in enumerate(cells))
    with pytest.raises(InputError) as raised:
        read(text, f"variables: {{x: {{{entry}}}}}")
    assert message(raised, tmp_path) == said


def test_a_variable_that_is_not_in_the_file(read):
    with pytest.raises(InputError, match="variable 'trust' of the codebook is not in the data"):
        read("id,trst\n1,1\n", TRUST)


def test_a_codebook_beside_the_file_is_found(read, tmp_path):
    (tmp_path / "people.codebook.yaml").write_text(TRUST)
    _, missing, book, notes = read("id,trust\n1,1\n2,9\n")
    assert book["trust"].text == "Trust?"
    assert missing["trust"].to_list() == [None, 9]
    assert notes == ("the codebook was read from people.codebook.yaml",)


# -- writing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["anes.csv", "anes.tsv"])
def test_the_example_survives(tmp_path, name):
    survey = load_example("anes96")
    write_delimited(survey, tmp_path / name)
    answers, missing, book, _ = read_delimited(tmp_path / name, None, None)
    assert answers.equals(survey.answers)
    assert missing.width == 0
    assert book.select(survey.codebook.names) == survey.codebook


def test_a_survey_with_all_kinds_survives(tmp_path):
    book = Codebook(
        (
            Variable("a", "A\nB", Scale.ORDINAL, (Category(1, "x"), Category(2, "y")),
                     (MissingCode(9, Missing.REFUSED),), (MissingRange(90, 99),)),
            Variable("b", scale=Scale.NOMINAL, categories=(Category("1", "x"), Category("NA", "y")),
                     missing=(MissingCode(".a", Missing.NOT_ASKED),)),
            Variable("c", scale=Scale.TEXT),
            Variable("d", scale=Scale.INTERVAL),
        )
    )  # fmt: skip
    answers = pl.DataFrame(
        {
            "id": ["p1", "p2", "p3", "p4"],
            "a": [1, None, None, 2],
            "b": ["1", "NA", None, None],
            "c": ['he said "no", twice', "两行\n文字", None, "5"],
            "d": [0.1, None, 1e-7, 123456789.123],
        }
    )
    missing = pl.DataFrame({"a": [None, 9, 95, None], "b": [None, None, ".a", None]})
    path = tmp_path / "x.csv"
    write_delimited(Survey(answers, book, Design("id"), missing), path)
    again, gaps, read_book, _ = read_delimited(path, None, None)
    assert again.equals(answers)
    assert gaps.equals(missing)
    assert read_book.select(book.names) == book


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20),
)
@settings(max_examples=50, deadline=None)
def test_numbers_are_written_to_the_last_bit(tmp_path_factory, floats, integers):
    path = tmp_path_factory.getbasetemp() / "numbers.csv"
    n = min(len(floats), len(integers))
    answers = pl.DataFrame({"id": range(n), "f": floats[:n], "i": integers[:n]})
    write_delimited(Survey(answers, Codebook(()), Design("id")), path)
    again = read_delimited(path, None, None)[0]
    assert again["f"].cast(pl.Float64).to_list() == floats[:n]
    assert again["i"].to_list() == integers[:n]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be written: No such file or directory"):
        write_delimited(load_example("anes96"), tmp_path / "none" / "x.csv")


def test_the_codebook_lies_beside_the_file(tmp_path):
    assert codebook_path(tmp_path / "a.b.csv") == tmp_path / "a.b.codebook.yaml"


def test_a_wide_file_is_read_whole(read):
    row = ",".join(["1", "23", "NA"] * 100)
    header = ",".join(f"q{k}" for k in range(300))
    answers, *_ = read("\n".join([header, *[row] * 3000]))
    assert answers.shape == (3000, 300)
    assert answers.null_count().sum_horizontal().item() == 300_000


soup = st.one_of(
    st.binary(max_size=60),
    st.text(st.sampled_from(list('ab1,;\t|"\n\r .0-+eé中{}:[]')), max_size=60).map(str.encode),
)


@example(b"\xfe\xff", None)
@example(b'\xff\xfe"\x00', None)
@given(soup, st.sampled_from([None, "utf-8", "gb18030", "utf-16", "latin-1"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_end_in_a_survey_or_in_one_line(tmp_path_factory, raw, encoding):
    path = tmp_path_factory.getbasetemp() / "soup.csv"
    path.write_bytes(raw)
    said, answers, book = "", pl.DataFrame(), Codebook(())
    try:
        answers, _, book, _ = read_delimited(path, None, encoding)
    except InputError as error:
        said = str(error)
    assert "\n" not in said
    assert set(book.names) == set(answers.columns)
    for variable in book:
        answered = set(answers[variable.name].drop_nulls())
        assert not variable.categories or set(variable.codes) == answered
