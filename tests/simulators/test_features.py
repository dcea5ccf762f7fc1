"""The design matrix: what profile variables become, and that only the pilot is learnt from."""

import numpy as np
import polars as pl
import pytest

from alignsurvey.errors import InputError
from alignsurvey.simulators.features import fit_features
from alignsurvey.survey import Category, Scale, Variable

PARTY = Variable("party", scale=Scale.NOMINAL,
                 categories=(Category(1, "A"), Category(2, "B"), Category(3, "C")))  # fmt: skip
EDUC = Variable("educ", scale=Scale.ORDINAL,
                categories=tuple(Category(i, str(i)) for i in range(1, 5)))  # fmt: skip
AGE = Variable("age", scale=Scale.INTERVAL)
TOWN = Variable("town", scale=Scale.NOMINAL)


def test_a_nominal_variable_has_a_column_for_each_level_of_the_pilot(make_survey):
    pilot = make_survey([PARTY], party=[1, 2, 2])
    people = make_survey([PARTY], party=[3, 2, None])
    features = fit_features(pilot, ["party"])
    assert features.names == ("party=1", "party=2")
    assert features.matrix(people).tolist() == [[0, 0], [0, 1], [0, 0]]


def test_an_ordered_variable_is_its_score_standardized_by_the_pilot(make_survey):
    pilot = make_survey([EDUC], educ=[1, 1, 3, 3])
    people = make_survey([EDUC], educ=[1, 2, 3, None])
    features = fit_features(pilot, ["educ"])
    assert features.matrix(people).ravel().tolist() == [-1, 0, 1, 0]


def test_declared_scores_are_the_numbers_of_an_ordinal_variable(make_survey):
    steps = Variable("steps", scale=Scale.ORDINAL,
                     categories=(Category(1, "a", 0.0), Category(2, "b", 10.0)))  # fmt: skip
    survey = make_survey([steps], steps=[1, 2])
    assert fit_features(survey, ["steps"]).matrix(survey).ravel().tolist() == [-1, 1]


def test_numbers_without_categories_are_used_as_they_are(make_survey):
    pilot = make_survey([AGE], age=[20, 40, 60])
    spread = np.std([20, 40, 60])
    assert fit_features(pilot, ["age"]).matrix(pilot).ravel() == pytest.approx(
        np.array([-20, 0, 20]) / spread
    )


def test_numbers_beyond_the_pilot_count_as_its_ends(make_survey):
    pilot = make_survey([AGE], age=[20, 40, 60])
    people = make_survey([AGE], age=[0, 20, 60, 9999])
    matrix = fit_features(pilot, ["age"]).matrix(people).ravel()
    assert matrix[0] == matrix[1]
    assert matrix[2] == matrix[3]


def test_missing_values_have_an_indicator_only_if_the_pilot_has_them(make_survey):
    pilot = make_survey([EDUC, PARTY], educ=[1, 3, None], party=[1, None, 2])
    features = fit_features(pilot, ["educ", "party"])
    assert features.names == ("educ", "educ=missing", "party=1", "party=2", "party=missing")
    assert features.matrix(pilot)[2].tolist() == [0, 1, 0, 1, 0]
    assert features.matrix(pilot)[1].tolist() == [1, 0, 0, 0, 1]


def test_weights_enter_mean_and_spread(make_survey):
    weighted = make_survey([EDUC], educ=[1, 2, 4], w=[3.0, 1.0, 2.0])
    replicated = make_survey([EDUC], educ=[1, 1, 1, 2, 4, 4])
    for ranks in (False, True):
        one, other = (fit_features(s, ["educ"], ranks=ranks) for s in (weighted, replicated))
        assert one.matrix(weighted) == pytest.approx(other.matrix(weighted))


def test_who_weighs_nothing_is_not_learnt_from(make_survey):
    pilot = make_survey([PARTY], party=[1, 2, 3], w=[1.0, 1.0, 0.0])
    assert fit_features(pilot, ["party"]).names == ("party=1", "party=2")


@pytest.mark.parametrize("ranks", [False, True])
def test_variables_that_do_not_vary_give_no_column(make_survey, ranks):
    nobody = pl.Series([None, None], dtype=pl.Int64)
    pilot = make_survey([PARTY, EDUC, AGE], party=[1, 1], educ=[2, 2], age=nobody)
    features = fit_features(pilot, ["party", "educ", "age"], ranks=ranks)
    assert features.names == ()
    assert features.matrix(pilot).shape == (2, 0)


def test_a_variable_named_twice_counts_once(make_survey):
    pilot = make_survey([EDUC], educ=[1, 2])
    assert fit_features(pilot, ["educ", "educ"]).names == ("educ",)


def test_ranks_do_not_see_how_far_apart_numbers_are(make_survey):
    one = make_survey([AGE], age=[1, 2, 3, 4])
    other = make_survey([AGE], age=[1, 2, 3, 4e6])
    matrices = [fit_features(s, ["age"], ranks=True).matrix(s) for s in (one, other)]
    assert matrices[0] == pytest.approx(matrices[1])
    assert matrices[0].ravel() == pytest.approx(-matrices[0].ravel()[::-1])


def test_levels_without_declared_categories_match_across_types(make_survey):
    pilot = make_survey([TOWN], town=pl.Series([1, 2, 2], dtype=pl.Int64))
    people = make_survey([TOWN], town=pl.Series([2.0, 1.0, None], dtype=pl.Float64))
    assert fit_features(pilot, ["town"]).matrix(people).tolist() == [[0, 1], [1, 0], [0, 0]]


def test_text_is_refused(make_survey):
    survey = make_survey([Variable("why", scale=Scale.TEXT)], why=["so", "thus"])
    with pytest.raises(InputError, match="profile variable 'why' is text"):
        fit_features(survey, ["why"])


def test_an_unknown_variable_is_named_with_the_nearest(make_survey):
    survey = make_survey([EDUC], educ=[1, 2])
    with pytest.raises(InputError, match=r"no variable 'edu'.*did you mean 'educ'"):
        fit_features(survey, ["edu"])
