"""Codebook files: what is written is read again, and what is wrong is said in one line."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from alignsurvey.errors import InputError
from alignsurvey.survey import (
    Category,
    Codebook,
    Missing,
    MissingCode,
    MissingRange,
    Scale,
    Variable,
    as_code,
    codebook_from_yaml,
    codebook_to_yaml,
    load_example,
)

TRICKY = (
    "", " ", "yes", "No", "on", "null", "~", "true", "1", "01", "1.0", "1e5", "1_000", "1:30", "-1",
    "0x1F", ".inf", ".nan", "nan", "2024-11-05", "<<", "=", "- a", "a: b", "a #b", "#a", "'", '"',
    "it's", 'say "so"', "[1, 2]", "{a: 1}", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a", "a,b",
    "?", "? a", "a?b", "why?", "a\nb", "a\n", "\ta", "a ", " a", "a  b", "非常同意", "满意：一般",
    "？", "«a»", "don't know", "$0-$9,999", "\x00", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffe",
    "🙂", "---", "...", "a\\b", "Zoë",
)  # fmt: skip
words = st.one_of(
    st.sampled_from(TRICKY), st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
)
numbers = st.one_of(
    st.integers(-999, 9999), st.floats(-1e6, 1e6), st.floats(allow_nan=False, allow_infinity=False)
)
codes = st.one_of(st.integers(-9, 99), numbers, words).map(as_code)
kinds = st.sampled_from(Missing)


@st.composite
def variables(draw, name):
    drawn = draw(st.lists(codes, unique=True, max_size=7))
    cut = draw(st.integers(0, len(drawn)))
    scored = draw(st.booleans())
    categories = tuple(
        Category(code, draw(words), draw(numbers) if scored else None) for code in drawn[:cut]
    )
    missing = tuple(MissingCode(code, draw(kinds), draw(words)) for code in drawn[cut:])
    ends = st.tuples(numbers, st.one_of(numbers, st.just(float("inf")))).map(sorted)
    ranges = tuple(MissingRange(*draw(ends), draw(kinds)) for _ in range(draw(st.integers(0, 2))))
    inferred = tuple(draw(st.lists(st.sampled_from(["scale", "values"]), unique=True)))
    return Variable(
        name,
        draw(words),
        draw(st.sampled_from(Scale)),
        categories,
        missing,
        ranges,
        inferred,
        draw(words),
    )


@st.composite
def codebooks(draw):
    names = draw(st.lists(words, unique=True, max_size=3))
    return Codebook(tuple(draw(variables(name)) for name in names))


def types(book):
    return [
        [type(one.code) for one in (*variable.categories, *variable.missing)] for variable in book
    ]


@given(codebooks())
@example(Codebook((Variable("x" * 1500, "a"),)))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_is_read_again(book):
    text = codebook_to_yaml(book)
    again = codebook_from_yaml(text, "book.yaml")
    assert again == book
    assert types(again) == types(book)
    assert codebook_to_yaml(again) == text
    text.encode()


@pytest.mark.parametrize("word", TRICKY)
def test_every_awkward_text_survives_everywhere(word):
    variable = Variable(word, word, categories=(Category(word, word),), format=word)
    book = Codebook((variable, Variable(word + "2", missing=(MissingCode(word, label=word),))))
    assert codebook_from_yaml(codebook_to_yaml(book), "book.yaml") == book


def test_other_yaml_readers_read_the_same_texts():
    import yaml

    variable = Variable("x", categories=tuple(Category(word, word) for word in TRICKY))
    values = yaml.safe_load(codebook_to_yaml(Codebook((variable,))))["variables"]["x"]["values"]
    assert values == [[word, word] for word in TRICKY]


def test_the_file_is_readable():
    book = Codebook(
        (
            Variable(
                "PID",
                "民主党还是共和党？",
                Scale.ORDINAL,
                (Category(0, "Strong Democrat", 0.5), Category(1, "Weak, or so", 1.5)),
                (MissingCode(8, Missing.DONT_KNOW), MissingCode(9, Missing.REFUSED)),
                (MissingRange(90, float("inf"), Missing.NOT_ASKED),),
                ("scale",),
                "F8.2",
            ),
            Variable("age", scale=Scale.INTERVAL, missing=(MissingCode(".a", label="Ref"),)),
        )
    )
    assert codebook_to_yaml(book) == (
        """\
variables:
  PID:
    text: 民主党还是共和党？
    scale: ordinal
    values:
      - [0, Strong Democrat, 0.5]
      - [1, "Weak, or so", 1.5]
    missing: {8: dont_know, 9: refused}
    missing_ranges:
      - [90, .inf, not_asked]
    format: F8.2
    inferred: [scale]
  age:
    scale: interval
    missing:
      - [".a", other, Ref]
"""
    )


def test_an_empty_codebook():
    assert codebook_to_yaml(Codebook(())) == "variables: {}\n"
    assert codebook_from_yaml("variables: {}\n", "x") == Codebook(())


def test_the_embedded_codebook_survives():
    book = load_example("anes96").codebook
    assert codebook_from_yaml(codebook_to_yaml(book), "anes96") == book


def read(entry):
    return codebook_from_yaml(f"variables: {{x: {entry}}}", "b.yaml")["x"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{values: {0: No, 1: Yes}}", {"categories": (Category(0, "No"), Category(1, "Yes"))}),
        ("{values: [[0, No, 1.5]]}", {"categories": (Category(0, "No", 1.5),)}),
        ("{values: [['0', 18]]}", {"categories": (Category("0", "18"),)}),
        ("{values: [[010, a]]}", {"categories": (Category("010", "a"),)}),
        ("{values: {yes: Yes}}", {"categories": (Category("yes", "Yes"),)}),
        ("{missing: {9: refused}}", {"missing": (MissingCode(9, Missing.REFUSED),)}),
        ("{missing: [[9, refused, RF]]}", {"missing": (MissingCode(9, Missing.REFUSED, "RF"),)}),
        ("{missing: {.: not_asked}}", {"missing": (MissingCode(".", Missing.NOT_ASKED),)}),
        ("{missing_ranges: [[90, 99]]}", {"missing_ranges": (MissingRange(90, 99),)}),
        ("{missing_ranges: [-.inf, -1, refused]}",
         {"missing_ranges": (MissingRange(float("-inf"), -1, Missing.REFUSED),)}),
        ("{text: 2024, format: F8.2}", {"text": "2024", "format": "F8.2"}),
    ],
)  # fmt: skip
def test_ways_to_write_an_entry(entry, expected):
    variable = read(entry)
    assert {key: getattr(variable, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("entry", "scale", "inferred"),
    [
        ("{}", "nominal", ("scale", "values")),
        ("{values: [[1, a]]}", "nominal", ("scale",)),
        ("{scale: interval}", "interval", ()),
        ("{scale: ordinal}", "ordinal", ()),
        ("{scale: ordinal, inferred: values}", "ordinal", ("values",)),
    ],
)
def test_what_is_not_declared_is_marked(entry, scale, inferred):
    variable = read(entry)
    assert (variable.scale.value, variable.inferred) == (scale, inferred)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("variables: {PID: {scale: ordnal}}",
         "b.yaml: variables.PID.scale: 'ordnal' is not one of nominal, ordinal, interval, text; "
         "did you mean 'ordinal'?"),
        ("variables: {PID: {scale: 7}}",
         "b.yaml: variables.PID.scale: 7 is not one of nominal, ordinal, interval, text"),
        ("variables: {PID: {vales: []}}",
         "b.yaml: variables.PID.vales: unknown key; did you mean 'values'?"),
        ("vars: {}",
         "b.yaml: 'variables:' is missing; put the variables under it (found: vars)"),
        ("variables: {}\nextra: 1", "b.yaml: extra: unknown key; known: variables, missing"),
        ("- a", "b.yaml: a codebook starts with 'variables:'; this is something else"),
        ("", "b.yaml: a codebook starts with 'variables:'; this is something else"),
        ("variables: [a]", "b.yaml: variables: must be a mapping (key: value), not ['a']"),
        ("variables: {x: 3}", "b.yaml: variables.x: must be a mapping (key: value), not 3"),
        ("variables: {x: }",
         "b.yaml: variables.x: must be a mapping (key: value), not an empty value"),
        ("variables: {2020: {}}",
         "b.yaml: variables.2020: a variable's name must be a text; write '2020' in quotes"),
        ("variables: {x: {values: 3}}",
         "b.yaml: variables.x.values: must be a list of [code, label], not 3"),
        ("variables: {x: {values: [3]}}",
         "b.yaml: variables.x.values: entry 1 must be [code, label], not 3"),
        ("variables: {x: {values: [[1, a], [2]]}}",
         "b.yaml: variables.x.values: entry 2: [2] is not [code, label] or [code, label, score]"),
        ("variables: {x: {values: [[true, a]]}}",
         "b.yaml: variables.x.values: entry 1: true is a flag; write 'true' in quotes if the data "
         "hold this word"),
        ("variables: {x: {values: [[~, a]]}}",
         "b.yaml: variables.x.values: entry 1: a code is empty; write the number or text that "
         "stands in the data"),
        ("variables: {x: {values: [[[1], a]]}}",
         "b.yaml: variables.x.values: entry 1: a code must be a number or a text, not [1]"),
        ("variables: {x: {values: [[1, 1.50]]}}",
         "b.yaml: variables.x.values: entry 1: 1.5 is not a text; put it in quotes"),
        ("variables: {x: {values: [[1, true]]}}",
         "b.yaml: variables.x.values: entry 1: true is not a text; put it in quotes"),
        ("variables: {x: {values: [[1, a, high]]}}",
         "b.yaml: variables.x.values: entry 1: the score 'high' is not a number"),
        ("variables: {x: {values: [[1, a], [1, b]]}}",
         "b.yaml: variable 'x': code 1 stands twice; keep one"),
        ("variables: {x: {values: {1: a, 1: b}}}",
         "b.yaml: line 1: '1' stands twice; keep one of the two"),
        ("variables: {x: {missing: {9: refuse}}}",
         "b.yaml: variables.x.missing: entry 1: 'refuse' is not one of refused, dont_know, "
         "not_asked, other; did you mean 'refused'?"),
        ("variables: {x: {missing: [9]}}",
         "b.yaml: variables.x.missing: entry 1 must be [code, kind], not 9"),
        ("variables: {x: {missing: [[9]]}}",
         "b.yaml: variables.x.missing: entry 1: [9] is not [code, kind] or [code, kind, label]"),
        ("variables: {x: {missing_ranges: [[99, 90]]}}",
         "b.yaml: variables.x.missing_ranges: entry 1: [99, 90] runs backwards; write [90, 99]"),
        ("variables: {x: {missing_ranges: [[a, 90]]}}",
         "b.yaml: variables.x.missing_ranges: entry 1: the low end 'a' is not a number"),
        ("variables: {x: {missing_ranges: [[1]]}}",
         "b.yaml: variables.x.missing_ranges: entry 1: [1] is not [low, high] or "
         "[low, high, kind]"),
        ("variables: {x: {inferred: [label]}}",
         "b.yaml: variables.x.inferred: 'label' is not one of scale, values"),
        ("variables: {x: {text: [a]}}",
         "b.yaml: variables.x.text: ['a'] is not a text; put it in quotes"),
        ("variables: {x: {scale: a, text: []}}",
         "b.yaml: variables.x.text: [] is not a text; put it in quotes (and 1 more)"),
        ("variables: !!int abc", "b.yaml: not valid YAML:"),
        ("variables: !!float [1]", "b.yaml: line 1, column 12: not valid YAML:"),
        ("variables: " + "[" * 3000, "b.yaml: not valid YAML:"),
        ("variables: \x00", "b.yaml: not valid YAML:"),
        ("variables: {x: [", "b.yaml: line 1, column 17: not valid YAML:"),
    ],
)  # fmt: skip
def test_mistakes_are_said_in_one_line(text, message):
    with pytest.raises(InputError) as raised:
        codebook_from_yaml(text, "b.yaml")
    said = str(raised.value)
    assert said == message or (message.endswith(":") and said.startswith(message))
    assert "\n" not in said


fragments = st.lists(
    st.sampled_from(
        ["variables:", "\n", "  ", "x:", " ", "{", "}", "[", "]", ",", "1", "a", "scale", "values",
         "missing", "text", ":", "-", "~", "true", ".nan", "'", "#", "&a", "*a", "!!set", "? "]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@given(st.one_of(fragments, fragments.map("variables: {x: {".__add__), st.text(max_size=20)))
@settings(max_examples=300, deadline=None)
def test_any_text_ends_in_a_codebook_or_in_one_line(text):
    said, book = "b.yaml: ", Codebook(())
    try:
        book = codebook_from_yaml(text, "b.yaml")
    except InputError as error:
        said = str(error)
    assert said.startswith("b.yaml: ")
    assert "\n" not in said
    assert codebook_from_yaml(codebook_to_yaml(book), "again") == book


def test_codes_missing_everywhere_are_taken_out_of_every_variables_values():
    book = codebook_from_yaml(
        """
missing: {-1: refused, "x": other}
variables:
  q1: {scale: ordinal, values: [[-1, "-1"], [1, one], [2, two], [3, three]]}
  q2: {scale: ordinal, values: [[-1, "-1"], [1, yes], [2, no]], inferred: [scale, values]}
  q3: {scale: nominal, values: [[1, a], [2, b]], missing: {-1: dont_know}}
""",
        "b.yaml",
    )
    assert book["q1"].codes == (1, 2, 3)
    assert book["q1"].missing_kind(-1) is Missing.REFUSED
    assert book["q2"].scale is Scale.NOMINAL
    assert book["q3"].missing_kind(-1) is Missing.DONT_KNOW
    assert book["q3"].missing_kind("x") is Missing.OTHER
    assert codebook_from_yaml(codebook_to_yaml(book), "again") == book
