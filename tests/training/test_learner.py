"""Fine-tuning as a learner: it finds a planted effect, says who trained it, and refuses leaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from alignsurvey.errors import InputError
from alignsurvey.simulators.crossfit import cross_predict
from alignsurvey.training.learner import FineTuned
from alignsurvey.training.planted import PlantedPopulation, planted_population
from alignsurvey.training.settings import Settings
from alignsurvey.training.study_training import fine_tuned

FAST = Settings(epochs=4, learning_rate=5e-3, effective_batch=8, pack=4)
PROFILE = ["area", "school"]


@pytest.fixture(scope="module")
def people() -> PlantedPopulation:
    return planted_population(160, seed=2, strength=2.5)


@pytest.fixture(scope="module")
def fitted(people: PlantedPopulation) -> Any:
    pilot = people.survey.where(np.arange(160) < 120)
    return FineTuned(loss="head", settings=replace(FAST, epochs=10)).fit(pilot, ["taxes"], PROFILE)


def test_a_head_finds_the_planted_effects_and_keeps_the_spread(
    people: PlantedPopulation, fitted: Any
) -> None:
    judges = people.survey.where(np.arange(160) >= 120)
    found = fitted.predict(judges.select(PROFILE))
    mean = found.expectation("taxes")
    area, school = judges.codes("area"), judges.codes("school")
    assert mean[area > school].mean() - mean[area < school].mean() > 1
    assert abs(found.draw("taxes", 1).std() / judges.codes("taxes").std() - 1) < 0.3


def test_predictions_say_who_trained_and_do_not_depend_on_who_is_asked_with_whom(
    people: PlantedPopulation, fitted: Any
) -> None:
    judges = people.survey.where(np.arange(160) >= 120).select(PROFILE)
    found = fitted.predict(judges)
    assert found.provenance.trained_on == set(people.survey.ids[:120])
    alone = fitted.predict(judges.where(np.arange(40) == 7))
    assert alone.shares["taxes"][0] == pytest.approx(found.shares["taxes"][7], abs=1e-5)


@pytest.mark.parametrize("loss", ["sft", "distribution", "kl", "ordinal", "shift"])
def test_every_loss_gives_shares(people: PlantedPopulation, loss: str) -> None:
    learner = FineTuned(loss=loss, settings=replace(FAST, epochs=1), groups=("area",))
    predictor = learner.fit(people.survey.where(np.arange(160) < 16), ["taxes", "custom"], PROFILE)
    shares = predictor.predict(people.survey.where(np.arange(160) > 150)).shares
    assert all(one.shape == (9, 3) for one in shares.values())


def test_people_kept_out_choose_how_far_an_untrained_model_is_drawn_to_the_marginal(
    people: PlantedPopulation,
) -> None:
    still = replace(FAST, epochs=1, learning_rate=1e-9)
    pilot = people.survey.where(np.arange(160) < 60)
    predictor = FineTuned(loss="sft", settings=still, calibrate=True).fit(pilot, ["taxes"], PROFILE)
    assert predictor.marginal_share > 0.3


def test_it_is_cross_fitted_like_any_learner(people: PlantedPopulation) -> None:
    learner: Any = FineTuned(settings=replace(FAST, epochs=1))
    few = people.survey.where(np.arange(160) < 24)
    assert cross_predict(learner, few, ["taxes"], PROFILE, k=2).n == 24


@pytest.mark.parametrize(
    ("use", "train", "said"),
    [
        ("baseline/logit", {}, "cannot be fine-tuned"),
        ("hf/scratch", {"epoch": 3}, "did you mean 'epochs'"),
        ("hf/scratch", {"preset": "pilott"}, "did you mean 'pilot'"),
        ("hf/scratch", {"loss": "heads"}, "did you mean 'head'"),
        ("hf/scratch", {"epochs": 0}, "1 or more"),
        ("hf/scratch", {"epochs": "many"}, "wrong kind"),
    ],
)
def test_a_wrong_key_of_train_is_told(use: str, train: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        fine_tuned(use, train, name="tuned", seed=1)


def test_an_item_in_the_profile_is_refused(people: PlantedPopulation) -> None:
    with pytest.raises(InputError, match="in the profile too"):
        FineTuned().fit(people.survey, ["taxes"], ["taxes", "area"])
