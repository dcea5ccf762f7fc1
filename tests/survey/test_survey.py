"""The survey: answers, design and codebook stay together; who goes where depends on ids alone."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
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
    category_scores,
    load_example,
)

TRUST = Variable(
    "trust",
    "Can people be trusted?",
    Scale.ORDINAL,
    (Category(1, "Never"), Category(2, "Sometimes"), Category(3, "Always")),
    (MissingCode(8, Missing.DONT_KNOW), MissingCode(9, Missing.REFUSED)),
    (MissingRange(90, 99, Missing.NOT_ASKED),),
)
VOTE = Variable("vote", "Your vote", categories=(Category("L", "Left"), Category("R", "Right")))
AGE = Variable("age", "Age in years", Scale.INTERVAL)
BOOK = Codebook((TRUST, VOTE, AGE))


def survey(**changes):
    answers = pl.DataFrame(
        {
            "id": [11, 12, 13, 14, 15, 16],
            "trust": [1, 3, None, 2, 3, None],
            "vote": ["L", "R", "R", None, "L", "R"],
            "age": [20.0, 30.0, 40.0, None, 60.0, 70.0],
            "w": [1.0, 1.0, 2.0, 0.0, 1.0, 1.0],
            "region": ["b", "a", None, "b", "a", "b"],
            "psu": [3, 3, 1, 1, 2, 2],
        }
    )
    parts = {
        "answers": answers,
        "codebook": BOOK,
        "design": Design("id", "w", "region", "psu"),
        "missing": pl.DataFrame({"trust": [None, None, 9, None, None, 95]}),
        "source": "people.csv",
        "language": "en",
        "notes": ("read",),
    }
    return Survey(**(parts | changes))


SIX = survey()
ANES = load_example("anes96")


def many(n=400, seed=0):
    """Make a survey of n people whose ids are scattered, in the order of the rows given."""
    rng = np.random.default_rng(seed)
    answers = pl.DataFrame(
        {
            "id": [f"p{number}" for number in range(n)],
            "sex": rng.choice(["m", "f"], n, p=[0.3, 0.7]),
            "band": rng.integers(0, 4, n),
            "w": rng.gamma(2.0, 0.5, n),
        }
    )
    sex = Variable("sex", categories=(Category("f", "woman"), Category("m", "man")))
    band = Variable("band", categories=tuple(Category(k, str(k)) for k in range(4)))
    return Survey(answers, Codebook((sex, band)), Design("id", "w"))


MANY = many()


# -- design ----------------------------------------------------------------------------------------


def test_size_and_design():
    assert (SIX.n, len(SIX), SIX.ids.to_list()) == (6, 6, [11, 12, 13, 14, 15, 16])
    assert SIX.design.columns == ("id", "w", "region", "psu")
    assert Design("id", weight="id").columns == ("id",)
    np.testing.assert_array_equal(SIX.weights, [1, 1, 2, 0, 1, 1])
    np.testing.assert_array_equal(ANES.weights, np.ones(944))
    assert ANES.design_effect == 1.0


def test_kish_design_effect():
    assert SIX.design_effect == pytest.approx(6 * 8 / 36)


def test_strata_and_clusters_are_numbered_and_a_missing_stratum_is_one():
    stratum = SIX.stratum()
    assert stratum[0] == stratum[3] == stratum[5]
    assert stratum[1] == stratum[4]
    assert len({stratum[0], stratum[1], stratum[2]}) == 3
    cluster = SIX.cluster()
    assert cluster[0] == cluster[1]
    assert len(set(cluster.tolist())) == 3
    assert ANES.stratum() is None
    assert ANES.cluster() is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"design": Design("ids")}, "people.csv: no column 'ids' for the design; did you mean"),
        ({"design": Design("id", "zzz")}, "no column 'zzz' for the design; known: id, trust,"),
        ({"codebook": Codebook((Variable("votes"),))},
         "people.csv: variable 'votes' of the codebook is not in the data; did you mean 'vote'?"),
        ({"design": Design("region")}, "'region' is empty in data row 3; every row needs an id"),
        ({"design": Design("psu")},
         r"id 3 stands in data rows 1 and 2 \('psu', 6 rows share an id\)"),
        ({"design": Design("id", "vote")}, "the weight 'vote' is not a number"),
        ({"design": Design("id", "age")}, r"the weight 'age' is missing in data row 4 \(1 rows"),
    ],
)  # fmt: skip
def test_what_a_survey_must_satisfy(change, message):
    with pytest.raises(InputError, match=message):
        survey(**change)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, -0.5, 1, 1, 1, -2], r"the weight 'w' is negative in data row 2 \(2 rows in all\)"),
        ([1.0, float("nan"), 1, 1, 1, 1], "the weight 'w' is missing in data row 2"),
        ([1.0, float("inf"), 1, 1, 1, 1], "the weight 'w' is missing in data row 2"),
        ([0.0] * 6, "every weight in 'w' is zero"),
    ],
)
def test_weights_must_be_weights(weights, message):
    with pytest.raises(InputError, match=message):
        survey(answers=SIX.answers.with_columns(pl.Series("w", weights)))


# -- answers ---------------------------------------------------------------------------------------


def test_codes_are_positions_among_the_categories():
    np.testing.assert_array_equal(SIX.codes("trust"), [0, 2, -1, 1, 2, -1])
    np.testing.assert_array_equal(SIX.codes("vote"), [0, 1, 1, -1, 0, 1])


@pytest.mark.parametrize(
    "column",
    [
        pl.Series("trust", [1.0, 3.0, None, 2.0, 3.0, None]),
        pl.Series("trust", [1, 3, None, 2, 3, None], dtype=pl.Int8),
        pl.Series("trust", [1, 3, None, 2, 3, None], dtype=pl.UInt8),
    ],
)
def test_a_whole_float_is_the_same_code(column):
    other = survey(answers=SIX.answers.with_columns(column))
    np.testing.assert_array_equal(other.codes("trust"), SIX.codes("trust"))


def test_booleans_are_codes_zero_and_one():
    yes = Variable("yes", categories=(Category(0, "No"), Category(1, "Yes")))
    answers = pl.DataFrame({"id": [1, 2, 3], "yes": [True, False, None]})
    np.testing.assert_array_equal(
        Survey(answers, Codebook((yes,)), Design("id")).codes("yes"), [1, 0, -1]
    )


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (lambda: SIX.codes("age"), "people.csv: 'age' has no declared categories; list its values"),
        (lambda: SIX.codes("votes"), "no variable 'votes' in people.csv; did you mean 'vote'?"),
        (lambda: SIX.variable("w"), "no variable 'w' in people.csv; known: trust, vote, age"),
        (lambda: survey(answers=SIX.answers.with_columns(trust=pl.lit(7))).codes("trust"),
         r"'trust' holds the code 7 \(data row 1, 6 rows in all\), which the codebook lacks"),
        (lambda: survey(answers=SIX.answers.with_columns(trust=pl.lit("1"))).codes("trust"),
         "'trust' holds the code '1' .* which the codebook lacks"),
        (lambda: survey(codebook=Codebook((Variable("vote"),))).scores("vote"),
         "'vote' is nominal and has no numbers; declare its scale"),
        (lambda: survey(codebook=Codebook((Variable("region", scale=Scale.TEXT),)))
         .scores("region"), "'region' is text and has no numbers"),
    ],
)  # fmt: skip
def test_questions_without_an_answer_say_what_to_do(do, message):
    with pytest.raises(InputError, match=message):
        do()


def test_scores():
    np.testing.assert_array_equal(SIX.scores("trust"), [1, 3, np.nan, 2, 3, np.nan])
    np.testing.assert_array_equal(SIX.scores("vote"), [0, 1, 1, np.nan, 0, 1])
    np.testing.assert_array_equal(SIX.scores("age"), [20, 30, 40, np.nan, 60, 70])


def test_nominal_answers_with_three_categories_have_no_numbers():
    three = Variable("x", categories=tuple(Category(k, str(k)) for k in range(3)))
    with pytest.raises(InputError, match="'x' is nominal with 3 categories, so it has no mean"):
        category_scores(three)
    np.testing.assert_array_equal(category_scores(TRUST), [1, 2, 3])


def test_shares_are_weighted_among_those_who_answered():
    np.testing.assert_allclose(SIX.shares("trust"), [1 / 3, 0, 2 / 3])
    np.testing.assert_allclose(SIX.shares("vote"), [2 / 6, 4 / 6])
    nobody = SIX.where(pl.col("trust").is_null())
    assert np.isnan(nobody.shares("trust")).all()


def test_missing_kinds_are_counted_apart():
    assert SIX.missing_kinds("trust") == {Missing.REFUSED: 1, Missing.NOT_ASKED: 1}
    assert SIX.missing_kinds("vote") == {None: 1}
    assert ANES.missing_kinds("vote") == {}


def test_a_missing_code_that_the_codebook_does_not_explain_is_other():
    odd = survey(missing=pl.DataFrame({"trust": [None, None, 77, None, None, None]}))
    assert odd.missing_kinds("trust") == {Missing.OTHER: 1, None: 1}


def test_missing_codes_of_two_types_stand_as_texts():
    two = Variable("trust", missing=(MissingCode(".", Missing.NOT_ASKED),
                                     MissingCode(9, Missing.REFUSED)))  # fmt: skip
    gaps = pl.DataFrame({"trust": [None, None, "9", None, None, "."]})
    counted = survey(codebook=Codebook((two,)), missing=gaps).missing_kinds("trust")
    assert counted == {Missing.REFUSED: 1, Missing.NOT_ASKED: 1}


def test_profiles_leave_missing_out_and_write_whole_numbers():
    first, *_, fourth, _, _ = SIX.profiles(["age", "vote", "trust"])
    assert first == {"Age in years": "20", "Your vote": "Left", "Can people be trusted?": "Never"}
    assert fourth == {"Can people be trusted?": "Sometimes"}
    assert list(first) == ["Age in years", "Your vote", "Can people be trusted?"]


# -- parts -----------------------------------------------------------------------------------------


def carried(part):
    return part.design, part.language, part.source, part.notes


@pytest.mark.parametrize(
    "condition",
    [
        pl.col("age") > 35,
        np.array([False, False, True, False, True, True]),
        pl.Series([None, False, True, None, True, True]),
    ],
)
def test_where_keeps_people_with_all_that_is_theirs(condition):
    older = SIX.where(condition)
    assert older.ids.to_list() == [13, 15, 16]
    np.testing.assert_array_equal(older.weights, [2, 1, 1])
    assert older.missing["trust"].to_list() == [9, None, 95]
    assert older.missing_kinds("trust") == SIX.missing_kinds("trust")
    assert carried(older) == carried(SIX)
    assert SIX.n == 6


def test_select_keeps_the_design_and_the_order_named():
    part = SIX.select(["vote", "trust", "vote"])
    assert part.codebook.names == ("vote", "trust")
    assert part.answers.columns == ["id", "w", "region", "psu", "vote", "trust"]
    assert part.missing.columns == ["trust"]
    assert SIX.select(["vote"]).missing.columns == []
    assert SIX.select(["vote"]).where(pl.col("vote") == "L").n == 2
    assert carried(part) == carried(SIX)
    with pytest.raises(InputError, match="no variable 'vot'"):
        SIX.select(["vot"])


def test_take_and_without_are_complements():
    assert SIX.take([16, 11, 99]).ids.to_list() == [11, 16]
    assert SIX.without([16, 11, 99]).ids.to_list() == [12, 13, 14, 15]
    assert SIX.without(SIX.take([16, 11])).ids.to_list() == [12, 13, 14, 15]
    assert SIX.take([]).n == 0
    assert SIX.without([]).n == 6


def test_ids_are_the_same_after_a_trip_through_floats():
    floats = survey(answers=SIX.answers.cast({"id": pl.Float64}))
    assert floats.take([11, 12]).n == 2
    assert floats.pilot(3, seed=1).ids.to_list() == SIX.pilot(3, seed=1).ids.to_list()


# -- pilots, splits and folds ----------------------------------------------------------------------


def shuffled(whole, seed):
    order = np.random.default_rng(seed).permutation(whole.n)
    return Survey(whole.answers[order], whole.codebook, whole.design)


def members(part):
    return set(part.ids.to_list())


WAYS = {
    "pilot": lambda s, seed: (s.pilot(50, seed),),
    "stratified pilot": lambda s, seed: (s.pilot(50, seed, stratify="sex"),),
    "split": lambda s, seed: s.split(0.3, seed),
    "fingerprint": lambda s, seed: s.split(0.3, seed, "fingerprint", ["sex", "band"]),
    "folds": lambda s, seed: [fold for _, fold in s.folds(5, seed)],
    "fingerprint folds": lambda s, seed: [
        fold for _, fold in s.folds(3, seed, "fingerprint", ["sex", "band"])
    ],
}


@pytest.mark.parametrize("way", WAYS)
def test_who_goes_where_is_the_same_again_and_in_any_row_order(way):
    once = [members(part) for part in WAYS[way](MANY, 7)]
    assert [members(part) for part in WAYS[way](many(), 7)] == once
    for seed in (1, 2):
        assert [members(part) for part in WAYS[way](shuffled(MANY, seed), 7)] == once


@pytest.mark.parametrize("way", WAYS)
def test_another_seed_is_another_draw(way):
    draws = {tuple(frozenset(members(part)) for part in WAYS[way](MANY, s)) for s in range(5)}
    assert len(draws) > 1


@pytest.mark.parametrize("way", WAYS)
def test_weights_and_design_go_along(way):
    weight = dict(zip(MANY.ids, MANY.weights, strict=True))
    for part in WAYS[way](MANY, 3):
        np.testing.assert_array_equal(part.weights, [weight[one] for one in part.ids])
        assert carried(part) == carried(MANY)


def test_a_persons_lot_does_not_depend_on_who_else_is_there():
    pilot = members(MANY.pilot(200, seed=5))
    left = MANY.where(np.arange(MANY.n) % 2 == 0)
    among = members(left.pilot(100, seed=5))
    # Both take the lowest lots; they differ only around the cut.
    assert len(among & pilot) >= 85


@pytest.mark.parametrize("n", [1, 17, 399])
def test_a_pilot_has_its_size_and_leaves_the_others(n):
    pilot = MANY.pilot(n, seed=2)
    assert pilot.n == n
    assert MANY.without(pilot).n == MANY.n - n
    assert not members(pilot) & members(MANY.without(pilot))


def test_replicates_differ():
    replicates = [members(MANY.pilot(40, seed=2, replicate=k)) for k in range(3)]
    assert len({frozenset(one) for one in replicates}) == 3


@pytest.mark.parametrize("n", [10, 50, 123])
def test_a_stratified_pilot_keeps_the_shares(n):
    pilot = MANY.pilot(n, seed=4, stratify="sex")
    whole = MANY.answers["sex"].value_counts(normalize=True)
    for sex, share in whole.iter_rows():
        count = int((pilot.answers["sex"] == sex).sum())
        assert abs(count - share * n) < 1
    assert pilot.n == n


def test_missing_is_a_stratum_too():
    assert SIX.pilot(3, seed=1, stratify="trust").n == 3


@pytest.mark.parametrize("n", [0, -1, 400, 401])
def test_a_pilot_must_leave_somebody(n):
    with pytest.raises(InputError, match=f"a pilot of {n} cannot be drawn from 400 .* 1 to 399"):
        MANY.pilot(n, seed=1)


@given(st.floats(0.01, 0.99), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_a_split_is_disjoint_and_complete(share, seed):
    train, test = MANY.split(share, seed)
    assert not members(train) & members(test)
    assert train.n + test.n == MANY.n
    assert abs(test.n - share * MANY.n) <= 1


def test_a_split_by_fingerprint_keeps_equal_people_together():
    train, test = MANY.split(0.4, 1, "fingerprint", ["sex", "band"])
    kinds = [set(part.answers.select("sex", "band").iter_rows()) for part in (train, test)]
    assert kinds[0]
    assert kinds[1]
    assert not kinds[0] & kinds[1]
    assert train.n + test.n == MANY.n


def test_a_split_by_question_shares_the_items_out():
    items = ["selfLR", "ClinLR", "DoleLR", "PID"]
    first, second = ANES.split(0.5, 3, "question", items=items)
    held = [set(part.codebook.names) & set(items) for part in (first, second)]
    assert [len(one) for one in held] == [2, 2]
    assert not held[0] & held[1]
    assert {"age", "vote"} <= set(first.codebook.names) & set(second.codebook.names)
    again = ANES.split(0.5, 3, "question", items=items[::-1])
    assert set(again[1].codebook.names) == set(second.codebook.names)


@pytest.mark.parametrize("k", [2, 5, 400])
def test_folds_are_a_partition_of_equal_parts(k):
    folds = MANY.folds(k, seed=9)
    tests = [members(fold) for _, fold in folds]
    assert set.union(*tests) == members(MANY)
    assert sum(map(len, tests)) == MANY.n
    assert max(map(len, tests)) - min(map(len, tests)) <= 1
    for others, fold in folds[:5]:
        assert members(others) == members(MANY) - members(fold)


@pytest.mark.parametrize(
    ("do", "message"),
    [
        (lambda: MANY.split(0.0), "must lie between 0 and 1, not at 0.0"),
        (lambda: MANY.split(1.5), "must lie between 0 and 1, not at 1.5"),
        (lambda: MANY.split(by="fingerprint"), "needs the attributes that make it up"),
        (lambda: MANY.split(by="fingerprint", fingerprint=["sexe"]), "did you mean 'sex'?"),
        (lambda: MANY.split(by="respondents"), "cannot split by 'respondents'; did you mean"),
        (lambda: MANY.split(by="question", items=["sex"]), "needs at least two items"),
        (lambda: MANY.split(by="question", items=["sex", "bend"]), "did you mean 'band'?"),
        (lambda: MANY.folds(1), "1 folds need between 2 and 400, the number of respondents"),
        (lambda: MANY.folds(9, by="fingerprint", fingerprint=["sex", "band"]),
         "9 folds need between 2 and 8, the number of fingerprints"),
        (lambda: MANY.pilot(5, seed=1, stratify="sexe"), "did you mean 'sex'?"),
    ],
)  # fmt: skip
def test_impossible_parts_are_refused(do, message):
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        do()
