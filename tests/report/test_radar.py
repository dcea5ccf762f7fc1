"""The radar: axes, places, what is dashed and what is said below it."""

from __future__ import annotations

from xml.etree import ElementTree

import polars as pl
import pytest

from alignsurvey.errors import InputError
from alignsurvey.report.published import Run
from alignsurvey.report.radar import radar, radar_svg

SVG = "{http://www.w3.org/2000/svg}"
ACCURACY = ("response", "", "accuracy")
F1 = ("response", "", "macro_f1")
W1 = ("response-group", "aggregate", "w1")
STYLE = ("interview", "", "style")


def run(name: str, dataset: str, **models: dict[tuple[str, str, str], float]) -> Run:
    rows = [
        {"task": task, "part": part, "model": model, "mode": "strict", "metric": metric,
         "value": value}
        for model, scores in models.items()
        for (task, part, metric), value in scores.items()
    ]  # fmt: skip
    return Run(name, dataset, pl.DataFrame(rows))


THREE = {ACCURACY: 0.5, F1: 0.3, W1: 0.2}


def test_distances_are_inverse_and_scaled_to_the_best() -> None:
    drawn = radar([run("r", "own", a=THREE, b={**THREE, W1: 0.4, STYLE: 2.5})])
    assert drawn.axes == (("T2 Style", ""), ("T4 Accuracy", ""), ("T4 Macro-F1", ""),
                          ("T4 1/W1", ""))  # fmt: skip
    assert [one.places for one in drawn.polygons] == [
        (None, 0.5, 0.3, 1.0), (0.5, 0.5, 0.3, 0.5)]  # fmt: skip


def test_a_distance_of_nothing_is_the_best_there_is() -> None:
    drawn = radar([run("r", "own", a={**THREE, W1: 0.0}, b=THREE)])
    assert [one.places[-1] for one in drawn.polygons] == [1.0, 0.0]


def test_only_axes_of_ours_and_published_models_beside_them() -> None:
    drawn = radar([run("r", "chip", a=THREE)])
    assert len(drawn.axes) == 3
    ours, theirs = drawn.polygons
    assert (theirs.label, theirs.is_published) == ("SurveyLM-Qwen2.5-7B", True)
    assert theirs.values == (0.672, 0.349, 0.069)
    assert ours.places[2] == pytest.approx(0.069 / 0.2)
    assert drawn.is_mixed


def test_a_model_on_two_datasets_is_one_polygon_and_axes_name_the_dataset() -> None:
    drawn = radar([run("r", "own", a=THREE), run("s", "GSS", a=THREE)])
    assert [dataset for _, dataset in drawn.axes] == ["own"] * 3 + ["GSS"] * 3
    assert [one.label for one in drawn.polygons] == ["a", "SurveyLM-Qwen2.5-7B"]
    assert None not in drawn.polygons[0].places


def test_the_drawing_is_well_formed_dashed_where_published_and_explained() -> None:
    text = radar_svg([run("r", "CHIP", **{"社会 <模型> & co": THREE})])
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    shapes = [one for one in root.iter(f"{SVG}polygon") if one.get("stroke-width") == "2"]
    assert [one.get("stroke-dasharray") for one in shapes] == [None, "7 5"]
    words = " ".join(one.text or "" for one in root.iter(f"{SVG}text"))
    assert "社会 <模型> & co" in words
    assert "SurveyLM-Qwen2.5-7B (published)" in words
    assert "scaled so that the best model shown is 1" in words
    assert "not the same quantity" in words
    chinese = next(one for one in root.iter(f"{SVG}text") if "社会" in (one.text or ""))
    assert "CJK" in str(chinese.get("font-family"))


def test_a_line_is_broken_where_a_model_has_no_score() -> None:
    root = ElementTree.fromstring(radar_svg([run("r", "own", a=THREE, b={ACCURACY: 0.5, F1: 0.2})]))
    words = " ".join(one.text or "" for one in root.iter(f"{SVG}text"))
    assert "A line is broken where a model has no score" in words
    assert sum(one.get("stroke-width") == "2" for one in root.iter(f"{SVG}polygon")) == 1


def test_many_axes_and_models_stay_within_the_drawing() -> None:
    models = {f"provider/a-very-long-name-of-a-model-{i}-instruct-2026": THREE for i in range(10)}
    runs = [run(f"r{i}", f"dataset number {i}", **models) for i in range(8)]
    root = ElementTree.fromstring(radar_svg(runs))
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    assert all(0 <= float(one.get("x", 0)) <= width for one in root.iter(f"{SVG}text"))
    assert all(0 <= float(one.get("y", 0)) <= height for one in root.iter(f"{SVG}text"))


def test_fewer_than_three_scores_are_no_radar() -> None:
    with pytest.raises(InputError, match="needs three scores"):
        radar_svg([run("r", "own", a={ACCURACY: 0.5})])
