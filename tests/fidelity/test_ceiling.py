"""Ceilings: what a second human sample of the same size would score."""

from __future__ import annotations

import numpy as np
import polars as pl

from alignsurvey import metrics
from alignsurvey.fidelity.axes import Regression
from alignsurvey.fidelity.ceiling import (
    half_weights,
    marginal_ceiling,
    structural_ceiling,
)
from alignsurvey.fidelity.study import Study
from alignsurvey.fidelity.targets import Answers, human_answers, study_targets
from alignsurvey.metrics import stepped_up
from alignsurvey.survey import Category, Codebook, Design, Scale, Survey, Variable

SLOPES = np.array([0.5, 0.3, 0.15, 0.0, -0.2, -0.4])


def population(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Six predictors and a five-point answer."""
    X = rng.normal(size=(n, 6))
    latent = X @ SLOPES + rng.normal(0, 1.2, n)
    return X, np.digitize(latent, [-1.5, -0.5, 0.5, 1.5]) + 1


def survey_of(answers: np.ndarray) -> Survey:
    mood = Variable(
        "mood", "", Scale.ORDINAL, tuple(Category(code, str(code)) for code in range(1, 6))
    )
    frame = pl.DataFrame({"id": np.arange(len(answers)), "mood": answers})
    return Survey(frame, Codebook((mood,)), Design("id"))


def test_halves_are_disjoint_equal_and_complete() -> None:
    survey = survey_of(np.ones(101, dtype=int))
    first, second = half_weights(survey, seed=1, splits=5)
    assert ((first > 0) ^ (second > 0)).all()
    assert (first.sum(axis=1) == 50).all()
    assert not np.array_equal(first[0], first[1])


def test_clusters_stay_on_one_side() -> None:
    survey = survey_of(np.ones(60, dtype=int))
    clustered = Survey(
        survey.answers.with_columns(school=pl.col("id") // 6),
        survey.codebook,
        Design("id", cluster="school"),
    )
    first, _ = half_weights(clustered, seed=1, splits=5)
    assert all(len(set(split[i : i + 6])) == 1 for split in first for i in range(0, 60, 6))


def test_stepped_up_ceilings_equal_a_second_sample_of_the_same_size() -> None:
    """Against the truth, by drawing two independent samples of the size of the survey."""
    n, rng = 400, np.random.default_rng(7)
    truth: dict[str, list[float]] = {"w1": [], "tv": [], "jsd": [], "ccc_bivariate": []}
    ceilings: dict[str, list[float]] = {name: [] for name in truth}
    plan = Study.parse(
        {"survey": {"example": "anes96"}, "items": ["mood"], "simulators": ["baseline/uniform"]}
    )
    for _ in range(60):
        (X1, y1), (X2, y2) = population(n, rng), population(n, rng)
        p, q = metrics.shares(y1 - 1, 5), metrics.shares(y2 - 1, 5)
        truth["w1"].append(float(metrics.w1(p, q)))
        truth["tv"].append(float(metrics.tv(p, q)))
        truth["jsd"].append(float(metrics.jsd(p, q)))
        r1, r2 = metrics.correlations(X1, y1), metrics.correlations(X2, y2)
        truth["ccc_bivariate"].append(float(metrics.ccc(r1, r2)))
        survey = survey_of(y1)
        target = study_targets(plan, survey.codebook)[0]
        human: Answers = human_answers(survey, [target])["mood"]
        halves = half_weights(survey, seed=3, splits=20)
        found = marginal_ceiling(target, human, halves)
        names = tuple(f"x{place}" for place in range(6))
        found |= structural_ceiling(Regression(target, names, X1), human, halves)
        for name, values in ceilings.items():
            values.append(stepped_up(name, found[name], n / 2, n))
    for name in ("w1", "tv", "jsd"):
        assert np.mean(ceilings[name]) == np.mean(truth[name]) * np.clip(
            np.mean(ceilings[name]) / np.mean(truth[name]), 0.8, 1.25
        )
    assert abs(np.mean(ceilings["ccc_bivariate"]) - np.mean(truth["ccc_bivariate"])) < 0.01
    assert np.mean(ceilings["ccc_bivariate"]) < 1
