"""Variables and codebooks: codes keep their type, positions, kinds of missing, errors."""

import numpy as np
import pytest

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
)


def categories(*codes, scores=None):
    given = scores or [None] * len(codes)
    return tuple(Category(c, f"label {c}", s) for c, s in zip(codes, given, strict=True))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.0, 1),
        (1.5, 1.5),
        ("1", "1"),
        (True, 1),
        (np.float64(2.0), 2),
        (np.int8(3), 3),
        (np.str_("a"), "a"),
        (-0.0, 0),
        (float("inf"), float("inf")),
    ],
)
def test_a_code_has_one_type(value, code):
    assert as_code(value) == code
    assert type(as_code(value)) is type(code)


def test_a_list_is_no_code():
    with pytest.raises(InputError, match=r"a number or a text, not \[1\]"):
        as_code([1])


@pytest.mark.parametrize(
    ("codes", "scores", "scale", "positions"),
    [
        ((0, 1, 2), None, Scale.ORDINAL, [0, 1, 2]),
        ((2, 4, 6), None, Scale.ORDINAL, [2, 4, 6]),
        ((1, 2, 8), None, Scale.ORDINAL, [1, 2, 3]),
        ((1, 2, 8), None, Scale.INTERVAL, [1, 2, 8]),
        ((3, 2, 1), None, Scale.ORDINAL, [1, 2, 3]),
        (("a", "b"), None, Scale.ORDINAL, [1, 2]),
        ((1, "b"), None, Scale.ORDINAL, [1, 2]),
        ((1, 2, 3), (0.0, 0.5, 2.0), Scale.ORDINAL, [0, 0.5, 2]),
        ((-1.5, 0, 1.5), None, Scale.ORDINAL, [-1.5, 0, 1.5]),
        ((7,), None, Scale.ORDINAL, [7]),
        ((), None, Scale.ORDINAL, []),
    ],
)
def test_positions(codes, scores, scale, positions):
    variable = Variable("x", scale=scale, categories=categories(*codes, scores=scores))
    np.testing.assert_array_equal(variable.positions, positions)


def test_one_and_its_text_are_different_codes():
    variable = Variable("x", categories=(Category(1, "number"), Category("1", "text")))
    assert (variable.label(1), variable.label("1")) == ("number", "text")
    assert (variable.index(1.0), variable.index("1"), variable.index(None)) == (0, 1, -1)


def test_a_code_without_a_label_is_shown_as_itself():
    variable = Variable("x", categories=(Category(1, ""),))
    assert (variable.label(1), variable.label(64.0), variable.label("b")) == ("1", "64", "b")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (8, Missing.DONT_KNOW),
        (8.0, Missing.DONT_KNOW),
        ("8", None),
        (".a", Missing.REFUSED),
        (90, Missing.NOT_ASKED),
        (99.0, Missing.NOT_ASKED),
        (99.5, None),
        ("95", None),
        (1, None),
    ],
)
def test_kinds_of_missing_are_told_apart(code, kind):
    variable = Variable(
        "x",
        missing=(MissingCode(8, Missing.DONT_KNOW), MissingCode(".a", Missing.REFUSED)),
        missing_ranges=(MissingRange(90, 99, Missing.NOT_ASKED),),
    )
    assert variable.missing_kind(code) is kind


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"categories": categories(1, 2, 1)}, "variable 'x': code 1 stands twice"),
        (
            {"missing": (MissingCode(9), MissingCode(9))},
            "variable 'x': missing code 9 stands twice",
        ),
        (
            {"categories": categories(1, 9), "missing": (MissingCode(9),)},
            "variable 'x': code 9 is both an answer and missing",
        ),
        (
            {"categories": categories(1, 2, scores=(1.0, None))},
            "variable 'x': category 2 has no score but others have",
        ),
    ],
)
def test_contradictions_in_a_variable_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        Variable("x", **change)


def test_titles_and_order():
    assert Variable("x").title == "x"
    assert Variable("x", "How?").title == "How?"
    assert [Variable("x", scale=scale).is_ordered for scale in Scale] == [False, True, True, False]


BOOK = Codebook((Variable("age", scale=Scale.INTERVAL), Variable("vote"), Variable("PID")))


def test_a_codebook_is_an_ordered_collection():
    assert BOOK.names == ("age", "vote", "PID")
    assert len(BOOK) == 3
    assert [variable.name for variable in BOOK] == ["age", "vote", "PID"]
    assert "vote" in BOOK
    assert "votes" not in BOOK
    assert BOOK.select(["PID", "age"]).names == ("PID", "age")


def test_updating_replaces_in_place_and_appends():
    new = BOOK.updated(Variable("sex"), Variable("vote", "Who?"))
    assert new.names == ("age", "vote", "PID", "sex")
    assert new["vote"].text == "Who?"
    assert BOOK["vote"].text == ""


def test_equal_codebooks_are_equal():
    assert Codebook(tuple(BOOK)) == BOOK
    assert BOOK.select(["age"]) != BOOK


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (lambda: BOOK["pid"], "no variable 'pid' in the codebook; did you mean 'PID'?"),
        (lambda: BOOK.select(["zzz"]), "no variable 'zzz' .*known: age, vote, PID"),
        (lambda: Codebook((Variable("a"), Variable("a"))), "'a' stands twice in the codebook"),
    ],
)
def test_codebook_errors_name_the_nearest(do, message):
    with pytest.raises(InputError, match=message):
        do()
