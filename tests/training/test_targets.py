"""Group targets: weighted shares, drawn to everybody's, the more the smaller the group."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from alignsurvey.errors import InputError
from alignsurvey.survey import Category, Codebook, Design, Scale, Survey, Variable
from alignsurvey.training.targets import group_targets, shrunk_shares

YES = (Category(0, "no"), Category(1, "yes"))


@pytest.fixture
def survey() -> Survey:
    answers = pl.DataFrame(
        {"id": range(6), "w": [1.0, 3, 1, 1, 1, 1], "sex": [0, 0, 1, 1, 1, 1],
         "vote": [0, 1, 1, 1, 1, None]}
    )  # fmt: skip
    book = Codebook(
        (Variable("sex", "Sex", Scale.NOMINAL, YES), Variable("vote", "Vote", Scale.NOMINAL, YES))
    )
    return Survey(answers, book, Design(id="id", weight="w"))


def test_without_shrinking_shares_are_the_weighted_ones_of_those_who_answered(
    survey: Survey,
) -> None:
    found = group_targets(survey, ["vote"], ["sex"], strength=0)
    assert found.shares["Sex: no", "vote"] == pytest.approx([0.25, 0.75])
    assert found.shares["Sex: yes", "vote"].tolist() == [0, 1]
    assert found.groups == ("Sex: no",) * 2 + ("Sex: yes",) * 4


def test_without_groups_everybody_is_one_group_whose_shares_no_shrinking_moves(
    survey: Survey,
) -> None:
    found = group_targets(survey, ["vote"], [], strength=100)
    assert found.shares["", "vote"] == pytest.approx([1 / 7, 6 / 7])


@pytest.mark.parametrize("strength", [0.0, 1, 10, 1e9])
def test_shrinking_goes_from_the_groups_own_shares_to_everybodys(strength: float) -> None:
    prior = np.array([0.4, 0.6])
    found = shrunk_shares(np.array([8.0, 2.0]), 10, prior, strength)
    away = 10 / (10 + strength)
    assert found == pytest.approx(away * np.array([0.8, 0.2]) + (1 - away) * prior)


def test_bad_input_is_told(survey: Survey) -> None:
    with pytest.raises(InputError, match="0 people or more"):
        shrunk_shares(np.array([1.0]), 1, np.array([1.0]), -1)
    silent = survey.where(np.arange(6) == 5)
    with pytest.raises(InputError, match="nobody answered 'vote'"):
        group_targets(silent, ["vote"], [])
