"""Targets, groups and regressions of a study."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from alignsurvey.errors import InputError
from alignsurvey.fidelity.grouping import study_groups
from alignsurvey.fidelity.structures import study_regressions
from alignsurvey.fidelity.study import Study
from alignsurvey.fidelity.targets import human_answers, simulated_answers, study_targets
from alignsurvey.predictions import Predictions, Provenance
from alignsurvey.survey import Survey


def study(**changes: Any) -> Study:
    base = {
        "survey": {"example": "anes96"},
        "items": ["trust", "fear", "party", "vote"],
        "simulators": ["baseline/logit"],
    }
    return Study.parse({**base, **changes})


def test_scales_are_means_of_scores_and_differences_of_numbers(survey: Survey) -> None:
    plan = study(
        scales={
            "mood": ["trust", "fear"],
            "turned": {"items": ["trust", "fear"], "reverse": ["fear"]},
            "gap": {"difference": ["mood", "fear"]},
        }
    )
    targets = study_targets(plan, survey.codebook)
    answers = human_answers(survey, targets)
    trust, fear = survey.scores("trust"), survey.scores("fear")
    np.testing.assert_allclose(answers["mood"].scores, (trust + fear) / 2)
    np.testing.assert_allclose(answers["turned"].scores, (trust + 6 - fear) / 2)
    np.testing.assert_allclose(answers["gap"].scores, (trust + fear) / 2 - fear)
    limits = {target.name: target.limits for target in targets}
    assert limits["mood"] == (1, 5)
    assert limits["gap"] == (-4, 4)
    assert np.isnan(limits["party"][0])


def test_a_scale_of_nominal_items_is_refused(survey: Survey) -> None:
    plan = study(scales={"mix": ["trust", "party"]})
    with pytest.raises(InputError, match="scale 'mix': 'party' is nominal"):
        study_targets(plan, survey.codebook)


def test_a_respondent_without_one_item_has_no_scale(survey: Survey) -> None:
    holed = Survey(
        survey.answers.with_columns(
            fear=pl.when(pl.col("id") == 1001).then(None).otherwise(pl.col("fear"))
        ),
        survey.codebook,
        survey.design,
    )
    targets = study_targets(study(scales={"mood": ["trust", "fear"]}), survey.codebook)
    scores = human_answers(holed, targets)["mood"].scores
    assert np.isnan(scores[1])
    assert np.isfinite(scores[0])


def test_expectation_and_draw_are_two_sets_of_answers(survey: Survey) -> None:
    targets = study_targets(study(scales={"mood": ["trust", "fear"]}), survey.codebook)
    even = {
        name: np.full((survey.n, len(survey.codebook[name].categories)), 1.0)
        for name in ("trust", "fear", "party", "vote")
    }
    shares = {name: table / table.shape[1] for name, table in even.items()}
    predictions = Predictions(
        survey.ids, shares, survey.codebook.select(shares), Provenance("even", "model")
    )
    expected = simulated_answers(predictions, targets, "expectation", 1)
    drawn = simulated_answers(predictions, targets, "draw", 1)
    np.testing.assert_allclose(expected["mood"].scores, 3.0)
    assert 0.9 < np.std(drawn["mood"].scores) < 1.1  # sqrt(2 / 2) for two independent items
    assert expected["trust"].probabilities is not None
    assert drawn["trust"].probabilities is None
    counts = np.bincount(expected["party"].codes, minlength=4) / survey.n
    assert counts.min() > 0.18  # ties are broken by lot, not by position


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("region", ["region=region-1", "region=region-2", "region=region-3"]),
        ({"age": [30, 60]}, ["age=18-29", "age=30-59", "age=60-89"]),
    ],
)
def test_groups_partition_the_people(survey: Survey, written: Any, names: list[str]) -> None:
    groups = study_groups(study(groups=[written]), survey)
    assert groups[0].name == "overall"
    assert [group.name for group in groups[1:]] == names
    assert np.sum([group.rows for group in groups[1:]], axis=0).tolist() == [1] * survey.n


def test_intersections_and_quartiles(survey: Survey) -> None:
    groups = study_groups(study(groups=[["region", "age"]]), survey)[1:]
    assert len(groups) == 12
    assert groups[0].name.startswith("region=region-1 & age=18-")
    age = study_groups(study(groups=["age"]), survey)[1:]
    weights = [survey.weights[group.rows].sum() / survey.weights.sum() for group in age]
    assert len(age) == 4
    np.testing.assert_allclose(weights, 0.25, atol=0.03)


def test_unknown_group_and_predictor_are_named(survey: Survey) -> None:
    with pytest.raises(InputError, match="no variable 'regoin' in made up; did you mean 'region'"):
        study_groups(study(groups=["regoin"]), survey)
    plan = study(structure=[{"outcome": "trust", "predictors": ["agee", "region"]}])
    with pytest.raises(InputError, match="structure: no variable 'agee'"):
        study_regressions(plan, survey, study_targets(plan, survey.codebook))


def test_regressions_name_what_they_leave_out(survey: Survey) -> None:
    plan = study(
        scales={"mood": ["trust", "fear"]},
        structure=[
            {"outcome": "mood", "predictors": ["age", "region", "trust"]},
            {"outcome": "party", "predictors": ["age", "region"]},
            {"outcome": "fear", "predictors": ["fear", "age"]},
        ],
    )
    found, left_out = study_regressions(plan, survey, study_targets(plan, survey.codebook))
    assert [one.outcome.name for one in found] == ["mood"]
    assert found[0].names == ("age", "region=region-2", "region=region-3")
    reasons = {(what, name): reason for what, name, reason in left_out}
    assert reasons["predictor", "mood ~ trust"] == "is part of the outcome"
    assert "nominal with more than two options" in reasons["structure", "party"]
    assert "fewer than two usable predictors" in reasons["structure", "fear"]
