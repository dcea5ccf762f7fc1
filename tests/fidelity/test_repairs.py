"""Repairs in a study: before and after, by the same people."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from alignsurvey.errors import InputError
from alignsurvey.fidelity import FidelityResult, Study, run_study
from alignsurvey.fidelity.result import OVERALL
from alignsurvey.fidelity.setup import prepare
from alignsurvey.survey import Survey

CONTENT: dict[str, Any] = {
    "survey": {"file": "made-up.csv"},
    "profile": ["age", "region"],
    "items": ["trust", "vote"],
    "groups": ["region"],
    "structure": [{"outcome": "trust", "predictors": ["age", "region"]}],
    "pilot": {"n": 100, "replicates": 3, "seed": 5},
    "bootstrap": {"replicates": 60},
    "simulators": ["baseline/logit", "planted/label_bias(0.5)"],
    "rectify": ["none", "tilt", "planted/label_bias(0.5)|tilt|structure"],
}
BIASED = "planted/label_bias(0.5)"


@pytest.fixture(scope="module")
def result(survey: Survey) -> FidelityResult:
    return run_study(Study.parse(CONTENT), survey)


def value(result: FidelityResult, simulator: str, metric: str, target: str = "trust") -> float:
    return float(
        result.scores.filter(
            simulator=simulator, metric=metric, target=target, variant="draw", group=OVERALL
        )["value"].item()
    )


def test_each_simulator_has_a_line_before_and_after(result: FidelityResult) -> None:
    assert result.simulators == [
        "baseline/logit", "baseline/logit|tilt", BIASED, f"{BIASED}|tilt",
        f"{BIASED}|tilt|structure",
    ]  # fmt: skip
    facts = {one["name"]: one for one in result.about["simulators"]}
    assert facts[f"{BIASED}|tilt"]["repaired_from"] == BIASED
    assert facts[f"{BIASED}|tilt"]["repair"] == "tilt"
    assert facts[BIASED]["repair"] is None


def test_a_tilt_repairs_the_marginal(result: FidelityResult) -> None:
    assert value(result, f"{BIASED}|tilt", "w1") < value(result, BIASED, "w1") / 2


def test_before_and_after_are_compared_in_pairs(result: FidelityResult) -> None:
    pair = result.comparisons.filter(
        simulator_a=BIASED, simulator_b=f"{BIASED}|tilt", metric="w1_normalized", variant="draw"
    )
    assert pair.height == 1
    assert pair["low"].item() > 0


def test_the_raw_line_is_what_it_is_without_repairs(survey: Survey, result: FidelityResult) -> None:
    alone = run_study(Study.parse(CONTENT | {"rectify": ["none"]}), survey)
    columns = [name for name in alone.scores.columns if name != "baseline"]
    kept = result.scores.filter(~pl.col("simulator").str.contains("|", literal=True))
    assert kept.select(columns).equals(alone.scores.select(columns))


def test_groups_that_a_repair_harms_are_named(survey: Survey) -> None:
    """A tilt of right answers by a noisy pilot can only make them worse."""
    found = run_study(
        Study.parse(CONTENT | {"simulators": ["planted/faithful"], "rectify": ["quantile_map"],
                               "pilot": {"n": 20, "replicates": 3, "seed": 5}}),
        survey,
    )  # fmt: skip
    notes = [note for note in found.notes if "makes groups worse" in note]
    assert len(notes) == 1
    assert notes[0].startswith("planted/faithful|quantile_map makes groups worse (distance of")


def test_raking_needs_margins_of_what_is_not_asked(survey: Survey) -> None:
    margins = {"region": {1: 60, 2: 20, 3: 20}}
    study = Study.parse(CONTENT | {"rectify": ["rake"], "margins": margins})
    found = run_study(study, survey)
    line = "baseline/logit|rake"
    assert line in found.simulators
    assert any(
        note.startswith(f"{line}: design effect of the raked weights 1.") for note in found.notes
    )
    assert value(found, line, "w1") != value(found, "baseline/logit", "w1")
    assert value(found, line, "accuracy") == value(found, "baseline/logit", "accuracy")
    asked = Study.parse(CONTENT | {"rectify": ["rake"], "margins": {"vote": {1: 50, 2: 50}}})
    with pytest.raises(InputError, match="margins: 'vote' is asked"):
        prepare(asked, survey)
