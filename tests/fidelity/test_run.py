"""A study from end to end: what was planted is found, and nothing stands alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from alignsurvey.errors import InputError
from alignsurvey.fidelity import FidelityResult, Study, run_study
from alignsurvey.fidelity.measures import MEASURES
from alignsurvey.survey import Survey

BASE: dict[str, Any] = {
    "survey": {"example": "anes96"},
    "profile": ["age", "region"],
    "items": ["trust", "fear", "party", "vote"],
    "scales": {"mood": ["trust", "fear"]},
    "groups": ["region"],
    "structure": [
        {"outcome": "mood", "predictors": ["age", "region"]},
        {"outcome": "vote", "predictors": ["age", "region"]},
    ],
    "pilot": {"n": 100, "replicates": 2, "seed": 5},
    "bootstrap": {"replicates": 100},
}


def run(survey: Survey, *simulators: Any, **changes: Any) -> FidelityResult:
    return run_study(Study.parse({**BASE, "simulators": list(simulators), **changes}), survey)


def value(result: FidelityResult, **where: str) -> float:
    found = result.scores.filter(**{"group": "overall", **where})["value"].unique()
    assert len(found) == 1, found
    return float(found.item())


@pytest.fixture(scope="module")
def full(survey: Survey) -> FidelityResult:
    return run(survey, "baseline/logit", "planted/shuffled", "planted/faithful")


def test_every_score_has_everything_that_goes_with_it(full: FidelityResult) -> None:
    scores = full.scores
    assert set(scores["metric"]) == set(MEASURES)
    assert scores["simulator"].unique(maintain_order=True).to_list() == full.simulators
    known = scores.filter(pl.col("value").is_not_null())
    assert known.filter(pl.col("low").is_null() | pl.col("high").is_null()).is_empty()
    inside = pl.col("value").is_between(pl.col("low"), pl.col("high"))
    assert known.filter(~inside).is_empty()
    assert scores.filter(pl.col("value").is_null() & pl.col("reason").is_null()).is_empty()
    assert known.filter(pl.col("n") < 30).is_empty()
    assert known.filter(pl.col("baseline").is_null(), pl.col("metric") != "pearson_r").is_empty()
    judged = known.filter(pl.col("axis") != "individual")
    assert judged.filter(pl.col("ceiling").is_null()).is_empty()
    assert scores.filter(axis="individual")["ceiling"].is_null().all()


def test_copying_people_is_perfect_on_every_axis(full: FidelityResult) -> None:
    perfect = {"w1": 0, "tv": 0, "jsd": 0, "sd_ratio": 1, "ccc_bivariate": 1, "ccc_ols": 1,
               "sign_agreement": 1, "slope_inflation": 1, "accuracy": 1, "pearson_r": 1,
               "mae": 0, "macro_f1": 1, "entropy_ratio": 1}  # fmt: skip
    own = full.scores.filter(simulator="planted/faithful")
    for metric, right in perfect.items():
        values = own.filter(metric=metric)["value"].drop_nulls().to_numpy()
        assert len(values)
        np.testing.assert_allclose(values, right, atol=1e-9, err_msg=metric)


def test_shuffled_persons_have_right_marginals_and_no_individual_signal(
    full: FidelityResult,
) -> None:
    shuffled = {"simulator": "planted/shuffled", "variant": "draw"}
    assert value(full, **shuffled, metric="w1_normalized", target="mood") < 0.03
    assert abs(value(full, **shuffled, metric="pearson_r", target="mood")) < 0.15
    assert abs(value(full, **shuffled, metric="ccc_bivariate", target="mood")) < 0.3


def test_a_learner_beats_the_trivial_baselines_where_there_is_signal(full: FidelityResult) -> None:
    row = full.scores.filter(
        simulator="baseline/logit", variant="expectation", metric="log_loss", target="vote",
        group="overall",
    )  # fmt: skip
    assert row["value"].item() < row["baseline"].item()
    assert row["baseline_name"].item() == "baseline/marginal"


def test_expectation_and_draw_differ_as_they_must(full: FidelityResult) -> None:
    logit = {"simulator": "baseline/logit", "target": "mood"}
    spread = [value(full, **logit, metric="sd_ratio", variant=v) for v in ("expectation", "draw")]
    r = [value(full, **logit, metric="pearson_r", variant=v) for v in ("expectation", "draw")]
    assert spread[0] < spread[1]
    assert r[0] > r[1]
    variants = full.scores.filter(metric="brier")["variant"].unique().to_list()
    assert variants == ["expectation"]


def test_scores_equal_plain_computations_on_the_same_people(survey: Survey) -> None:
    result = run(survey, "planted/label_bias(0.3)", pilot="none", groups=[], structure=[])
    from alignsurvey.simulators import planted

    study = Study.parse({**BASE, "simulators": ["planted/label_bias(0.3)"], "pilot": "none"})
    predictions = planted(
        "planted/label_bias(0.3)",
        survey.select([*study.profile, *study.asked]),
        list(study.asked),
        list(study.profile),
        study.seed,
    )
    human, simulated = survey.scores("trust"), predictions.expectation("trust")
    w = survey.weights
    found = {
        metric: value(result, metric=metric, target="trust", variant="expectation")
        for metric in ("w1", "pearson_r", "mae", "accuracy")
    }
    exact = stats.wasserstein_distance(human, simulated, w, w)
    assert found["w1"] == pytest.approx(exact, abs=1e-9)
    assert found["mae"] == pytest.approx(np.average(np.abs(human - simulated), weights=w))
    assert found["accuracy"] == pytest.approx(np.average(human == simulated, weights=w))
    covariance = np.cov(human, simulated, aweights=w)
    r = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert found["pearson_r"] == pytest.approx(r)


def test_the_order_of_the_rows_does_not_matter(survey: Survey) -> None:
    shuffled = replace(survey, answers=survey.answers.sample(fraction=1.0, shuffle=True, seed=3))
    first, second = (
        run(one, "baseline/logit", pilot={"n": 100, "replicates": 1}).scores["value"].to_numpy()
        for one in (survey, shuffled)
    )
    np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-6)


def test_the_same_study_gives_the_same_numbers(survey: Survey) -> None:
    first, second = (run(survey, "baseline/bootstrap").to_json() for _ in range(2))
    assert first == second


def test_exaggerated_groups_are_found_with_the_factor_planted(survey: Survey) -> None:
    result = run(survey, "planted/caricature(2)")
    assert "region=region-2" in result.scores["group"].to_list()
    gap = result.gaps.filter(target="trust", grouping="region", variant="expectation")
    assert gap["gap_inflation"].item() == pytest.approx(2, abs=0.25)
    assert gap["low"].item() < gap["gap_inflation"].item() < gap["high"].item()


def test_a_group_below_the_minimum_is_named_not_scored(survey: Survey) -> None:
    result = run(survey, "planted/faithful", groups=[{"age": [19]}])
    small = result.left_out.filter(pl.col("what") == "group")
    assert small["name"].unique().to_list() == ["age=18-18"]
    assert "age=18-18" not in result.scores["group"].to_list()


def test_without_a_pilot_everybody_judges_and_learners_are_fitted_on_the_others(
    survey: Survey,
) -> None:
    result = run(survey, "baseline/logit", pilot="none", groups=[])
    assert set(result.scores["n"]) == {survey.n}
    row = result.scores.filter(variant="expectation", metric="accuracy", target="vote")
    assert row["value"].item() > row["baseline"].item()


def test_a_key_without_effect_is_said(survey: Survey) -> None:
    result = run(survey, "planted/faithful", pilot="none", elicit={"by": "likelihood"})
    assert any("'elicit' has no effect" in note for note in result.notes)


def test_a_constant_item_is_left_out_and_named(survey: Survey) -> None:
    flat = replace(survey, answers=survey.answers.with_columns(fear=pl.lit(3)))
    result = run(flat, "baseline/logit")
    assert ("item", "fear", "only one answer was observed") in result.left_out.rows()
    assert "fear" not in result.scores["target"].to_list()
    assert "mood" in result.scores["target"].to_list()


def test_refusals_are_counted_and_lower_the_parse_rate(survey: Survey) -> None:
    result = run(survey, "planted/refusals(0.2)", pilot="none", groups=[])
    rates = result.scores.filter(target="trust", metric="accuracy")["parse_rate"]
    assert rates[0] == pytest.approx(0.8, abs=0.06)
    refused = result.outcomes.filter(item="trust", outcome="refused")["n"].item()
    assert refused == round((1 - rates[0]) * survey.n)


def test_a_simulator_without_any_answer_is_left_out_not_zero(survey: Survey) -> None:
    result = run(survey, "planted/refusals(1)", "planted/faithful", pilot="none", groups=[])
    assert "planted/refusals(1)" not in result.scores["simulator"].to_list()
    assert result.left_out["reason"].str.contains("no answer could be read").any()


def test_training_people_never_judge(survey: Survey) -> None:
    from alignsurvey.fidelity.scoring import Ledger, score
    from alignsurvey.fidelity.setup import prepare
    from alignsurvey.simulators import resolve

    study = Study.parse({**BASE, "simulators": ["baseline/logit"]})
    judges, _ = prepare(study, survey).judges(0)
    learner = resolve("baseline/logit", seed=1)
    leaking = learner.fit(judges.people, list(study.asked), list(study.profile))
    predictions = leaking.predict(judges.people.select(study.profile))
    with pytest.raises(InputError, match="was trained on 500 of the people who would judge it"):
        score(judges, predictions, "leak", 1, Ledger())


def test_recorded_answers_are_scored_like_any_other(survey: Survey, tmp_path: Path) -> None:
    table = survey.answers.select("id", "trust", "fear", "party", "vote")
    table.write_csv(tmp_path / "replies.csv")
    study = Study.parse(
        {**BASE, "simulators": ["recorded/replies.csv"], "pilot": "none"}, base=tmp_path
    )
    scores = run_study(study, survey).scores
    assert scores.filter(metric="accuracy")["value"].min() == pytest.approx(1)
    assert scores["simulator"].unique().to_list() == ["recorded/replies.csv"]


def test_comparisons_are_paired_and_corrected(full: FidelityResult) -> None:
    pair = full.comparisons.filter(
        simulator_a="planted/shuffled", simulator_b="planted/faithful", metric="accuracy",
        variant="draw",
    )  # fmt: skip
    assert pair["difference"].item() < -0.5
    assert pair["p_holm"].item() >= pair["p"].item()
    assert pair["p"].item() < 0.05


def test_json_has_no_nan_and_the_promised_keys(full: FidelityResult) -> None:
    content = json.loads(full.to_json())
    promised = {"simulator", "variant", "axis", "metric", "target", "group", "value", "low",
                "high", "n", "baseline", "ceiling"}  # fmt: skip
    assert all(promised <= set(row) for row in content["scores"])
    assert {"summary", "comparisons", "gaps", "left_out", "about"} <= set(content)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"items": ["trsut"]}, "no variable 'trsut' in made up; did you mean 'trust'?"),
        ({"profile": ["agee"]}, "no variable 'agee'"),
        ({"items": ["age"], "profile": []}, "item 'age' has no declared categories (interval)"),
        ({"pilot": {"n": 600}}, "a pilot of 600 cannot be drawn from 600 respondents"),
        ({"simulators": ["baseline/logti"]}, "did you mean"),
        ({"simulators": ["planted/faithfull"]}, "did you mean"),
        ({"simulators": ["openai/gpt-4o-mini"]}, "openai"),
        ({"simulators": ["recorded/absent.csv"]}, "no such file"),
        ({"groups": ["moon"]}, "no variable 'moon'"),
    ],
)
def test_a_mistake_in_the_study_is_one_line(
    survey: Survey, changes: dict[str, Any], message: str
) -> None:
    study = Study.parse({**BASE, "simulators": ["baseline/uniform"], "scales": {},
                         "structure": [], **changes})  # fmt: skip
    with pytest.raises(InputError) as error:
        run_study(study, survey)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
