"""Recorded replies: forms, ids, codes, and an error with its place for all that is wrong."""

import os
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given as any_of
from hypothesis import settings
from hypothesis import strategies as st

from alignsurvey.errors import InputError
from alignsurvey.predictions import Outcome
from alignsurvey.simulators import planted, read_recorded
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
)

MOOD = Variable(
    "mood", "Mood", Scale.ORDINAL,
    tuple(Category(i, label) for i, label in enumerate(["Bad", "Fair", "Good", "Very good"], 1)),
    (MissingCode(8, Missing.DONT_KNOW, "Don't know"), MissingCode(9, Missing.REFUSED)),
    (MissingRange(90, 99, Missing.REFUSED),),
)  # fmt: skip
VOTE = Variable("vote", "Vote", Scale.NOMINAL, (Category("a", "Ann"), Category("b", "Bob")))


def survey(ids: object = (3, 1, 2), id: str = "person") -> Survey:
    n = len(list(ids))  # type: ignore[call-overload]
    table = pl.DataFrame({id: ids, "mood": [1] * n, "vote": ["a"] * n})
    return Survey(table, Codebook((MOOD, VOTE)), Design(id))


def write(folder: Path, text: str, name: str = "replies.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str, items: tuple[str, ...] = ("mood",), **options: object):
    write(folder, text)
    people = options.pop("people", None) or survey()
    return read_recorded("replies.csv", people, items, base=folder, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "header", ["person", "id", "ID", "index", "respondent", "respondent_id", "person_id", ""]
)
def test_the_id_column_is_found(tmp_path, header):
    given = read(tmp_path, f"{header},mood\n1,2\n2,3\n3,4\n")
    assert given.ids.to_list() == [3, 1, 2]
    assert given.draw("mood", 0).tolist() == [3, 1, 2]
    assert given.provenance.by == "recorded"
    assert given.provenance.draws == 1


def test_the_surveys_own_id_column_comes_first(tmp_path):
    assert read(tmp_path, "id,person,mood\n7,1,2\n8,2,3\n9,3,4\n").draw("mood", 0)[0] == 3


def test_the_id_column_may_be_named(tmp_path):
    given = read(tmp_path, "id,who,mood\n7,1,2\n8,2,3\n9,3,4\n", id="who")
    assert given.draw("mood", 0).tolist() == [3, 1, 2]


@pytest.mark.parametrize("ids", [[17, 2], [17.0, 2.0], ["17", "2"], ["17.0", "2"]])
@pytest.mark.parametrize("written", ["17", "17.0", " 17 "])
def test_ids_match_by_value(tmp_path, ids, written):
    given = read(tmp_path, f"id,mood\n2,1\n{written},4\n", people=survey(ids))
    assert given.draw("mood", 0).tolist() == [3, 0]


def test_leading_zeros_are_part_of_an_id(tmp_path):
    given = read(tmp_path, "id,mood\n07,1\n7,4\n", people=survey(["7", "07"]))
    assert given.draw("mood", 0).tolist() == [3, 0]


@pytest.mark.parametrize(
    ("cell", "category"),
    [("1", 0), ("1.0", 0), ("Bad", 0), ("bad", 0), ("VERY GOOD", 3), (" Good ", 2), ("4", 3)],
)
def test_codes_and_labels_are_read(tmp_path, cell, category):
    assert read(tmp_path, f"id,mood\n1,{cell}\n2,1\n3,1\n").draw("mood", 0)[1] == category


@pytest.mark.parametrize(
    ("cell", "outcome"),
    [
        ("8", Outcome.DONT_KNOW),
        ("don't know", Outcome.DONT_KNOW),
        ("9", Outcome.REFUSED),
        ("9.0", Outcome.REFUSED),
        ("95", Outcome.REFUSED),
        ("", Outcome.NO_REPLY),
        ("NA", Outcome.NO_REPLY),
        ("nan", Outcome.NO_REPLY),
    ],
)
def test_what_is_no_answer_is_told_apart_and_counted(tmp_path, cell, outcome):
    given = read(tmp_path, f"id,mood,x\n1,{cell},0\n2,1,0\n3,1,0\n")
    assert given.outcome("mood").tolist() == [Outcome.ANSWERED, outcome, Outcome.ANSWERED]
    assert given.parse_rate == pytest.approx(2 / 3)


def test_columns_map_recorded_names_to_items(tmp_path):
    text = "id,Q1,Q2\n1,2,a\n2,3,b\n3,4,Bob\n"
    given = read(tmp_path, text, ("mood", "vote"), columns={"Q1": "mood", "Q2": "vote"})
    assert given.items == ("mood", "vote")
    assert given.draw("vote", 0).tolist() == [1, 0, 1]


def test_columns_of_items_that_are_not_asked_are_ignored(tmp_path):
    read(tmp_path, "id,Q1,Q9\n1,2,?\n2,3,?\n3,4,?\n", columns={"Q1": "mood", "Q9": "other"})


@pytest.mark.parametrize("suffix", [".tsv", ".parquet"])
def test_other_formats(tmp_path, suffix):
    table = pl.DataFrame({"id": [1.0, 2.0, 3.0], "mood": [2, None, 4]})
    path = tmp_path / f"replies{suffix}"
    if suffix == ".tsv":
        table.write_csv(path, separator="\t")
    else:
        table.write_parquet(path)
    given = read_recorded(path, survey(), ["mood"])
    assert given.draw("mood", 0).tolist() == [3, 1, -1]


def test_long_form_rows_are_draws(tmp_path):
    rows = ["1,mood,2", "1,mood,2", "1,mood,3", "1,mood,9", "2,mood,8", "2,mood,9", "2,mood,9",
            "3,mood,Good", "3,other,?"]  # fmt: skip
    given = read(tmp_path, "respondent,item,answer\n" + "\n".join(rows))
    assert given.shares["mood"][1] == pytest.approx([0, 2 / 3, 1 / 3, 0])
    assert given.shares["mood"][0].tolist() == [0, 0, 1, 0]
    assert given.outcome("mood").tolist() == [Outcome.ANSWERED, Outcome.ANSWERED, Outcome.REFUSED]
    assert given.provenance.draws == 4


def test_long_form_with_probabilities(tmp_path):
    rows = ["1,Q1,1,.333", "1,Q1,2,.333", "1,Q1,3,.333", "2,Q1,1,1", "3,Q1,4,0.5", "3,Q1,1,0.5"]
    given = read(tmp_path, "id,item,code,probability\n" + "\n".join(rows), columns={"Q1": "mood"})
    assert given.shares["mood"].sum(axis=1) == pytest.approx(1)
    assert given.shares["mood"][1, :3] == pytest.approx(1 / 3)
    assert given.provenance.draws is None


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_predictions_write_is_read_back(tmp_path, suffix):
    people = survey()
    given = planted("planted/shrunk(0.4)", people, ["mood", "vote"])
    holes = planted("planted/refusals(0.9)", people, ["mood", "vote"], seed=1)
    for one in (given, holes):
        table = one.table()
        path = tmp_path / f"table{suffix}"
        table.write_csv(path) if suffix == ".csv" else table.write_parquet(path)
        back = read_recorded(path, people, ["mood", "vote"])
        for item in ("mood", "vote"):
            assert back.shares[item] == pytest.approx(one.shares[item], nan_ok=True)


def test_absent_respondents_may_be_allowed(tmp_path):
    given = read(tmp_path, "id,mood\n1,2\n", allow_missing=True)
    assert given.outcome("mood").tolist() == [Outcome.NO_REPLY, Outcome.ANSWERED, Outcome.NO_REPLY]


def test_who_trained_the_simulator_is_remembered(tmp_path):
    given = read(tmp_path, "id,mood\n1,2\n2,2\n3,2\n", trained_on=[900, 901])
    assert given.provenance.trained_on == frozenset({900, 901})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "id,mood\n1,2\n2,7\n3,5\n",
            "replies.csv: row 2, column 'mood': 7 is no code of 'mood' (1 … 4); declare it missing "
            "in the codebook if it means no answer",
        ),
        ("id,mood\n1,2\n2,Goood\n3,5\n", "row 2, column 'mood': 'Goood' is no code of 'mood'"),
        (
            "id,mood\n1,2\n2,2\n9,2\n3,2\n",
            "replies.csv: row 3, column 'id': respondent '9' is not in the survey (1 rows in all)",
        ),
        ("id,mood\n1,2\n2,2\n1,3\n3,2\n", "row 3, column 'id': respondent '1' has row 1 already"),
        ("id,mood\n1,2\n,2\n3,2\n", "row 2, column 'id' is empty; every row needs an id"),
        (
            "id,mood\n3,2\n2,2\n",
            "replies.csv: no row for 1 of 3 respondents in 'mood' (the first is 1)",
        ),
        ("id,mod\n1,2\n2,2\n3,2\n", "no column 'mood' for 'mood'; did you mean 'mod'?"),
        ("who,mood\n1,2\n2,2\n3,2\n", "no column with respondent ids ('person', id, index"),
        ("id,item,code\n1,mod,1\n", "column 'item' has no item 'mood'; did you mean 'mod'?"),
        ("id,item,code\n1,mood,1\n2,mood,7\n", "row 2, column 'code': 7 is no code of 'mood'"),
        ("id,item,code\n1,mood,1\n3,mood,1\n", "no row for 1 of 3 respondents in 'mood'"),
        ("id,item,code\n7,mood,1\n", "row 1, column 'id': respondent '7' is not in the survey"),
        (
            "id,item,code,probability\n1,mood,1,50\n",
            "row 1, column 'probability': '50' is no probability",
        ),
        (
            "id,item,code,probability\n1,mood,1,.5\n1,mood,1,.5\n",
            "row 2, column 'code': '1' has a probability for this respondent and 'mood' already",
        ),
        (
            "id,item,code,probability\n1,mood,1,.5\n1,mood,2,.2\n2,mood,1,1\n3,mood,1,1\n",
            "'mood': the probabilities of respondent 1 sum to 0.7 (1 respondents in all)",
        ),
    ],
)
def test_errors_have_a_place(tmp_path, text, message):
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.csv: no such file"):
        read_recorded("nothing.csv", survey(), ["mood"], base=tmp_path)


def test_an_unknown_format_is_refused(tmp_path):
    write(tmp_path, "{}", "replies.json")
    with pytest.raises(InputError, match=r"read from \.csv, \.tsv or \.parquet, not '\.json'"):
        read_recorded("replies.json", survey(), ["mood"], base=tmp_path)


def test_a_damaged_parquet_file_is_refused(tmp_path):
    write(tmp_path, "not parquet", "replies.parquet")
    with pytest.raises(InputError, match="damaged or not a Parquet file"):
        read_recorded("replies.parquet", survey(), ["mood"], base=tmp_path)


def test_a_named_id_column_must_be_there(tmp_path):
    with pytest.raises(InputError, match="no id column 'whom'; did you mean 'who'"):
        read(tmp_path, "who,mood\n1,2\n", id="whom")


def test_two_columns_for_one_item_are_refused(tmp_path):
    with pytest.raises(InputError, match="'Q1' and 'Q2' are both mapped to 'mood'"):
        read(tmp_path, "id,Q1,Q2\n1,2,2\n", columns={"Q1": "mood", "Q2": "mood"})


def test_ids_that_a_file_cannot_tell_apart_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"ids '1' and '1\.0' cannot be told apart"):
        read(tmp_path, "id,mood\n1,2\n", people=survey(["1", "1.0"]))


def test_labels_that_mean_two_things_are_not_guessed(tmp_path):
    three = (Category(1, "Other"), Category(2, "Other"), Category(3, "None"))
    two = Variable("q", scale=Scale.NOMINAL, categories=three)
    people = Survey(pl.DataFrame({"id": [1], "q": [1]}), Codebook((two,)), Design("id"))
    with pytest.raises(InputError, match="'Other' is no code of 'q'"):
        read(tmp_path, "id,q\n1,Other\n", ("q",), people=people)


def test_a_label_that_reads_like_an_empty_cell_is_a_label(tmp_path):
    two = Variable("q", scale=Scale.NOMINAL, categories=(Category(1, "Some"), Category(2, "None")))
    people = Survey(pl.DataFrame({"id": [1], "q": [1]}), Codebook((two,)), Design("id"))
    assert read(tmp_path, "id,q\n1,None\n", ("q",), people=people).draw("q", 0).tolist() == [1]


@settings(deadline=None, max_examples=60)
@any_of(
    codes=st.lists(st.sampled_from([None, 1, 2, 3, 4, 8, 9, 93]), min_size=1, max_size=12),
    way=st.sampled_from(["wide", "long"]),
    order=st.randoms(use_true_random=False),
)
def test_whatever_is_written_is_read(codes, way, order):
    """Any answers, in any order of rows, in either form."""
    people = survey(list(range(len(codes))))
    rows = list(enumerate(codes))
    order.shuffle(rows)
    cells = [(one, "" if code is None else code) for one, code in rows]
    if way == "wide":
        text = "id,mood,vote\n" + "".join(f"{one},{code},a\n" for one, code in cells)
    else:
        text = "id,item,code\n" + "".join(f"{one},mood,{code}\n" for one, code in cells)
    with tempfile.TemporaryDirectory() as folder:
        given_back = read(Path(folder), text, people=people)
    drawn = given_back.draw("mood", 0)
    for position, code in enumerate(codes):
        if code in (1, 2, 3, 4):
            assert drawn[position] == code - 1
        else:
            kinds = {None: Outcome.NO_REPLY, 8: Outcome.DONT_KNOW}
            assert given_back.outcome("mood")[position] == kinds.get(code, Outcome.REFUSED)


@pytest.mark.parametrize(
    ("prompt", "spread", "r", "mae"),
    [
        ("baseline", 0.20, -0.005, 1.097),
        ("demo", 0.36, -0.060, 1.156),
        ("omni", 0.78, 0.728, 0.751),
        ("persona_driven", 0.72, 0.673, 0.778),
    ],
)
def test_published_recordings_give_their_known_figures(prompt, spread, r, mae):
    """1,511 people, four items; figures checked independently (data/README.md)."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("ALIGNSURVEY_SHARED_DATA", beside)) / "recorded_llm"
    if not folder.is_dir():
        pytest.skip("recorded_llm is not here; set ALIGNSURVEY_SHARED_DATA")
    table = pl.read_csv(folder / "idv_total.csv")
    items = [f"aoa_{i}" for i in range(1, 5)]
    scale = tuple(Category(i, str(i)) for i in range(1, 8))
    book = Codebook(tuple(Variable(item, item, Scale.ORDINAL, scale) for item in items))
    people = Survey(table.rename({table.columns[0]: "person"}), book, Design("person"))
    columns = {f"Q{i}": f"aoa_{i}" for i in range(1, 5)}
    given = read_recorded(f"{prompt}_prompting.csv", people, items, folder, columns=columns)
    human = np.mean([people.scores(item) for item in items], axis=0)
    simulated = np.mean([given.expectation(item) for item in items], axis=0)
    assert simulated.std() / human.std() == pytest.approx(spread, abs=0.005)
    assert np.corrcoef(human, simulated)[0, 1] == pytest.approx(r, abs=0.0005)
    assert np.abs(human - simulated).mean() == pytest.approx(mae, abs=0.0005)
