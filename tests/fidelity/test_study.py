"""The study file: what it accepts, and how it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alignsurvey.errors import InputError
from alignsurvey.fidelity.run import run_study
from alignsurvey.fidelity.study import Study

BASE: dict[str, Any] = {
    "survey": {"example": "anes96"},
    "profile": ["age"],
    "items": ["vote"],
    "simulators": ["baseline/logit"],
}


def study(**changes: Any) -> Study:
    return Study.parse({**BASE, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"itmes": ["vote"]}, "unknown key 'itmes'; did you mean 'items'?"),
        ({"pilot": {"size": 3}}, "pilot: unknown key 'size'; known: n, replicates, seed"),
        ({"pilot": {"n": 0}}, "pilot.n: input should be greater than or equal to 1 (is 0)"),
        ({"pilot": {"n": "many"}}, "pilot.n:"),
        ({"survey": {}}, "survey: give either 'file' or 'example'"),
        ({"survey": {"file": "a.csv", "wieght": "w"}}, "did you mean 'weight'?"),
        ({"simulators": []}, "simulators:"),
        ({"simulators": ["baseline/logit", "baseline/logit"]}, "stands twice; give one a 'label'"),
        ({"simulators": [{"name": "x"}]}, "simulators.1: unknown key 'name'"),
        ({"items": []}, "no items; name at least one variable"),
        ({"profile": ["vote"]}, "'vote' is both asked and in the profile"),
        ({"scales": {"vote": ["PID"]}}, "'vote' is an item too; rename the scale"),
        ({"scales": {"s": {"items": ["PID"], "reverse": ["x"]}}}, "'x' is reversed but is not"),
        ({"scales": {"s": {"difference": ["PDI", "vote"]}}}, None),
        ({"scales": {"s": {"items": ["a"], "difference": ["a", "b"]}}}, "give either a list"),
        ({"structure": [{"outcome": "voet", "predictors": ["age"]}]}, "did you mean 'vote'?"),
        ({"structure": [{"outcome": "vote", "predictors": []}]}, "structure.1.predictors:"),
        (
            {"structure": [{"outcome": "vote", "predictors": [one]} for one in ("age", "PID")]},
            "structure: outcome 'vote' stands twice",
        ),
        ({"rectify": ["tlit"]}, "rectify: no repair 'tlit'; did you mean 'tilt'?"),
        ({"rectify": ["ppi"]}, "rectify: 'ppi' rectifies estimates, not answers"),
        ({"rectify": ["rake"]}, "rectify: 'rake' needs the population's margins"),
        ({"rectify": ["structure"], "profile": []}, "'structure' repairs gaps between groups of"),
        ({"rectify": ["baseline/ridge|tilt"]}, "no simulator 'baseline/ridge' in this study"),
        ({"groups": [3]}, "a group is a variable, a list of them"),
        ({"base": "x"}, "unknown key 'base'"),
        ({"bootstrap": {"level": 95}}, "bootstrap.level: input should be less than 1 (is 95)"),
    ],
)
def test_a_mistake_is_one_line_that_says_where(
    changes: dict[str, Any], message: str | None
) -> None:
    if message is None:
        assert "PDI" in study(**changes).asked
        return
    with pytest.raises(InputError) as error:
        study(**changes)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_repairs_without_a_pilot_are_not_scored() -> None:
    without = study(rectify=["tilt"], pilot="none")
    with pytest.raises(InputError, match="'tilt' learns from a pilot, and there is no pilot"):
        run_study(without)


def test_a_study_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(InputError, match="a study is a list of 'key: value' lines"):
        Study.parse(["vote"])


def test_items_that_only_scales_need_are_asked_too() -> None:
    assert study(scales={"leaning": ["vote", "PID"]}).asked == ("vote", "PID")
    assert study(scales={"d": {"difference": ["DoleLR", "ClinLR"]}}).asked == (
        "vote",
        "DoleLR",
        "ClinLR",
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sex", (("sex", ()),)),
        (["sex", "educ"], (("sex", ()), ("educ", ()))),
        ({"age": [30, 60]}, (("age", (30.0, 60.0)),)),
        (["sex", {"age": [30]}], (("sex", ()), ("age", (30.0,)))),
    ],
)
def test_groupings_have_three_ways_of_writing(written: object, meant: object) -> None:
    assert study(groups=[written]).groups == (meant,)


def test_pilot_none_is_no_pilot() -> None:
    assert study(pilot="none").pilot is None
    assert study().pilot is not None


def test_the_study_of_the_architecture_document_is_understood(tmp_path: Path) -> None:
    text = """
survey: {file: gss2024.dta, id: ID, weight: WTSSNRPS}
profile: [age, sex, educ, income]
items: [selfLR, TVnews, vote]
scales: {leaning: [selfLR, PID]}
groups: [sex, age]
structure: [{outcome: vote, predictors: [PID, age, educ, income]}]
pilot: {n: 100, replicates: 20, seed: 42}
simulators: [baseline/logit, openai/gpt-4o-mini]
elicit: {by: likelihood, orders: 4}
"""
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    read = Study.read(path)
    assert read.asked == ("selfLR", "TVnews", "vote", "PID")
    assert read.base == tmp_path


def test_an_error_in_a_file_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("survey: {example: anes96}\nitems: [vote]\nitems: [PID]\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"study.yaml: line 3: 'items' stands twice"):
        Study.read(path)
    with pytest.raises(InputError, match="no such file"):
        Study.read(tmp_path / "absent.yaml")
