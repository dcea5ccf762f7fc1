"""Dataframes of several libraries as surveys."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from alignsurvey.errors import InputError
from alignsurvey.survey import (
    Category,
    Codebook,
    Missing,
    MissingCode,
    Scale,
    Variable,
    codebook_from_yaml,
    from_dataframe,
)

DATA = {
    "person": [5, 6, 7, 8],
    "trust": ["Often", "Never", None, "Often"],
    "band": [1, 3, 9, None],
    "w": [0.5, 1.5, 1.0, 1.0],
    "region": ["a", "a", "b", "b"],
}
BAND = "variables: {band: {scale: ordinal, values: [[1, low], [3, high]], missing: {9: refused}}}"


@pytest.mark.parametrize(
    "make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table], ids=lambda make: make.__module__
)
def test_every_library_gives_the_same_survey(make):
    survey = from_dataframe(
        make(DATA),
        codebook_from_yaml(BAND, "b.yaml"),
        id="person",
        weight="w",
        strata="region",
        language="zh",
    )
    assert survey.answers["band"].to_list() == [1, 3, None, None]
    assert survey.missing_kinds("band") == {Missing.REFUSED: 1, None: 1}
    assert survey.missing_kinds("trust") == {None: 1}
    assert survey.codebook.names == ("band", "trust", "region")
    assert survey.codebook["trust"].labels == ("Never", "Often")
    assert survey.codes("band").tolist() == [0, 1, -1, -1]
    assert survey.weights.tolist() == [0.5, 1.5, 1, 1]
    assert (survey.design.strata, survey.language, survey.notes) == ("region", "zh", ())


def test_an_ordered_categorical_keeps_its_order():
    levels = ["low", "mid", "high"]
    frame = pd.DataFrame({"x": pd.Categorical(["high", None, "low"], levels, ordered=True)})
    variable = from_dataframe(frame).codebook["x"]
    assert variable.codes == ("low", "mid", "high")
    assert (variable.scale, variable.inferred) == (Scale.ORDINAL, ())


def test_an_unordered_categorical_keeps_the_order_it_is_shown_in():
    frame = pd.DataFrame({"x": pd.Categorical(["b", "a", "b", "a"], ["b", "a", "c"])})
    variable = from_dataframe(frame).codebook["x"]
    assert variable.codes == ("b", "a", "c")
    assert (variable.scale, variable.inferred) == (Scale.NOMINAL, ("scale",))


def test_labels_with_a_known_order_come_before_the_alphabet():
    frame = pd.DataFrame({"x": ["Often", "Never", "Always"]}).astype("category")
    variable = from_dataframe(frame).codebook["x"]
    assert variable.codes == ("Never", "Often", "Always")
    assert variable.scale is Scale.ORDINAL


def test_categories_of_numbers_are_numbers():
    survey = from_dataframe(pd.DataFrame({"x": pd.Categorical([2, 1, np.nan], [1, 2, 3])}))
    assert survey.codebook["x"].codes == (1, 2, 3)
    assert survey.codes("x").tolist() == [1, 0, -1]


def test_an_enum_lists_its_categories():
    frame = pl.DataFrame({"x": pl.Series(["b", "a"], dtype=pl.Enum(["b", "a", "c"]))})
    survey = from_dataframe(frame)
    assert survey.codebook["x"].codes == ("b", "a", "c")
    assert survey.codes("x").tolist() == [0, 1]


def test_a_declared_variable_is_not_overruled_by_its_categories():
    book = Codebook((Variable("x", "X?", categories=(Category("b", "B"), Category("a", "A"))),))
    frame = pd.DataFrame({"x": pd.Categorical(["a", "b"], ["a", "b"], ordered=True)})
    assert from_dataframe(frame, book).codebook["x"] == book["x"]


@pytest.mark.parametrize(
    ("column", "values", "scale"),
    [
        (pd.array([True, False, None], dtype="boolean"), [1, 0, None], "nominal"),
        (pd.array([1, 2, None], dtype="Int64"), [1, 2, None], "nominal"),
        ([1.0, np.nan, 3.0], [1, None, 3], "nominal"),
        (np.array([1, 2, 3], dtype="uint8"), [1, 2, 3], "ordinal"),
        (np.array([0.5, 1.5, np.nan], dtype="float32"), [0.5, 1.5, None], "interval"),
        (pd.to_datetime(["2024-01-05"] * 3), ["2024-01-05"] * 3, "text"),
        ([datetime.date(2024, 1, 5)] * 3, ["2024-01-05"] * 3, "text"),
        (["a", "a", None], ["a", "a", None], "nominal"),
        ([None] * 3, [None] * 3, "nominal"),
    ],
)
def test_columns_have_one_of_three_types(column, values, scale):
    survey = from_dataframe(pd.DataFrame({"x": column}))
    assert survey.answers["x"].to_list() == values
    assert survey.codebook["x"].scale.value == scale


def test_without_an_id_the_rows_are_numbered():
    survey = from_dataframe(pl.DataFrame({"x": ["a", "b", "a", "b"]}))
    assert survey.design.id == "row"
    assert survey.ids.to_list() == [1, 2, 3, 4]
    assert survey.codebook.names == ("x",)
    assert survey.notes == ("no id named: rows numbered 1..n in column 'row'",)


@pytest.mark.parametrize(
    ("frame", "given", "message"),
    [
        ([1], {}, "a dataframe is needed .*, not list"),
        (pd.DataFrame({"x": [1, "b"]}), {}, "column 'x' of the dataframe holds more than one type"),
        (pd.DataFrame({0: [1]}), {}, "column 0 of the dataframe: a name must be a text"),
        (pl.DataFrame({"x": [[1]]}), {}, r"column 'x' holds List\(Int64\); a survey needs one"),
        (pl.DataFrame({"row": [1]}), {}, "dataframe: name the id column; 'row' is taken"),
        (pl.DataFrame(DATA), {"id": "persn"}, "no column 'persn' .*did you mean 'person'"),
        (pl.DataFrame({"band": [1, 4]}), {"codebook": codebook_from_yaml(BAND, "b")},
         r"'band' holds 4 \(first in data row 2, 1 row in all\), which the codebook lacks"),
        (pl.DataFrame({"band": ["1", "3"]}), {"codebook": codebook_from_yaml(BAND, "b")},
         "'band' holds texts but the codebook's codes are numbers; put the codes in quotes"),
        (pl.DataFrame({"x": [1, 2]}),
         {"codebook": Codebook((Variable("x", categories=(Category("1", "a"),)),))},
         "'x' holds numbers but the codebook's codes are texts; take the codes out of quotes"),
        (pl.DataFrame({"x": [1]}), {"codebook": Codebook((Variable("y"),))},
         "variable 'y' of the codebook is not in the data"),
    ],
)  # fmt: skip
def test_frames_that_are_refused(frame, given, message):
    with pytest.raises(InputError, match=message):
        from_dataframe(frame, **given)


def test_missing_texts_are_set_apart():
    book = Codebook((Variable("x", missing=(MissingCode("n/a", Missing.NOT_ASKED),)),))
    survey = from_dataframe(pl.DataFrame({"x": ["n/a", "b", "b", None]}), book)
    assert survey.answers["x"].to_list() == [None, "b", "b", None]
    assert survey.missing_kinds("x") == {Missing.NOT_ASKED: 1, None: 1}
    assert survey.codebook["x"].codes == ("b",)
