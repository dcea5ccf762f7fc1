"""The planted population: balanced, with the effects that it says, unlike its foundation."""

from __future__ import annotations

import numpy as np
import pytest

from alignsurvey.training.planted import foundation_population, planted_population


def test_it_is_balanced_on_the_planted_traits_and_the_same_for_the_same_seed() -> None:
    people = planted_population(400, seed=3)
    counts = people.survey.answers.group_by("area", "school").len()["len"]
    assert set(counts.to_list()) == {100}
    assert people.survey.answers.equals(planted_population(400, seed=3).survey.answers)
    assert not people.survey.answers.equals(planted_population(400, seed=4).survey.answers)


@pytest.mark.parametrize("item", ["taxes", "borders", "funds", "custom"])
def test_answers_follow_the_planted_shares(item: str) -> None:
    people = planted_population(8000, seed=1)
    codes, truth = people.survey.codes(item), people.true_shares(item)
    cell = np.arange(8000) % 4
    for one in range(4):
        seen = np.bincount(codes[cell == one], minlength=3) / (cell == one).sum()
        assert seen == pytest.approx(truth[cell == one].mean(axis=0), abs=0.03)


def test_two_traits_pull_three_items_in_opposite_directions_and_on_one_only_both_together() -> None:
    effects = planted_population(40).effects
    for item in ("taxes", "borders", "funds"):
        assert effects[item][0] == -effects[item][1] != 0
    assert np.flatnonzero(effects["custom"]).tolist() == [4]


def test_the_foundation_has_other_people_and_other_questions() -> None:
    foundation, people = foundation_population(40), planted_population(40)
    assert not set(foundation.survey.ids) & set(people.survey.ids)
    asked = {foundation.survey.variable(one).text for one in foundation.items}
    assert not asked & {people.survey.variable(one).text for one in people.items}
