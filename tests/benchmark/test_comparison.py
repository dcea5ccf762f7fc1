"""Paired tests between two models, against scipy and statsmodels."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import ttest_1samp, ttest_rel
from statsmodels.stats.multitest import multipletests

from alignsurvey.benchmark.bench import example_parts, run_bench
from alignsurvey.benchmark.bench_folder import write_bench
from alignsurvey.benchmark.comparison import compare, compare_rows, stars
from alignsurvey.benchmark.judge_scores import Judged
from alignsurvey.benchmark.paired_groups import SaidShares
from alignsurvey.benchmark.parts import Part
from alignsurvey.benchmark.scored import Scored
from alignsurvey.errors import InputError

PEOPLE = np.repeat(np.arange(60), 4)


@pytest.fixture(scope="module")
def scored(
    response_part: Callable[..., Part], answered: Callable[..., list[Scored]]
) -> list[Scored]:
    rng = np.random.default_rng(5)
    golds = rng.integers(0, 3, len(PEOPLE))
    profiles = [(("sex", "f" if person % 2 else "m"),) for person in PEOPLE]
    part = response_part(golds.tolist(), PEOPLE.tolist(), profiles)

    def model(name: str, right: float) -> Sequence[Scored]:
        hits = rng.random(len(golds)) < right
        return answered(part, name, np.where(hits, golds, (golds + 1) % 3).tolist())

    return [*model("first", 0.5), *model("better", 0.75), *model("alike", 0.5)]


def test_the_t_test_is_scipys_on_the_respondents_means(scored: list[Scored]) -> None:
    found = compare(scored, ["first", "better", "alike"])
    row = found.filter(model="better", mode="strict", metric="accuracy").row(0, named=True)
    hits = {one.model: [bool(row["correct"]) for row in one.score.rows.values()]
            for one in scored if one.mode == "strict"}  # fmt: skip
    means = {name: np.reshape(values, (60, 4)).mean(axis=1) for name, values in hits.items()}
    assert row["p_t"] == pytest.approx(ttest_rel(means["better"], means["first"]).pvalue)
    assert row["difference"] == pytest.approx(np.mean(hits["better"]) - np.mean(hits["first"]))
    assert row["low"] < row["difference"] < row["high"]
    assert (row["n"], row["people"], row["against"], row["stars"]) == (240, 60, "first", "**")
    alike = found.filter(model="alike", mode="strict", metric="accuracy").row(0, named=True)
    assert alike["low"] < 0 < alike["high"]


def test_p_values_are_corrected_as_statsmodels_does_over_a_tasks_comparisons(
    scored: list[Scored],
) -> None:
    found = compare(scored, ["first", "better", "alike"], groups=["sex"]).filter(mode="strict")
    assert set(found["task"]) == {"response", "response-group"}
    raw = [row["p_bootstrap"] if row["p_t"] is None else row["p_t"]
           for row in found.iter_rows(named=True)]  # fmt: skip
    assert found["p_holm"].to_list() == pytest.approx(multipletests(raw, method="holm")[1])


def test_group_distances_are_compared_by_the_bootstrap_alone(scored: list[Scored]) -> None:
    found = compare(scored, ["better"], "first", groups=["sex"]).filter(task="response-group")
    assert found["p_t"].to_list() == [None]
    assert found["n"].to_list() == [12]  # everyone and two sexes, four questions
    assert found["low"].item() < found["difference"].item() < found["high"].item()


def said(model: str, **distances: float) -> SaidShares:
    rng = np.random.default_rng(3)
    cells = {("q", name): value + np.concatenate([[0.0], rng.normal(0, 0.05, 400)])
             for name, value in distances.items()}  # fmt: skip
    return SaidShares(model, "response-group", 90, {"w1": cells})


def test_verbalized_distances_are_compared_over_the_groups_that_both_models_answer_for() -> None:
    first, second = said("a", men=0.5, women=0.4), said("b", women=0.1, old=9.0)
    found = compare([], ["a", "b"], said=[first, second])
    row = found.row(0, named=True)
    assert (found.height, row["part"], row["metric"], row["n"]) == (1, "verbalized", "w1", 1)
    assert (row["model"], row["against"], row["p_t"], row["people"]) == ("b", "a", None, 90)
    assert row["difference"] == pytest.approx(-0.3)
    assert compare([], ["a", "b"], said=[first, said("b", old=0.1)]).is_empty()
    assert compare([], ["a"], said=[first, second]).is_empty()


def verdicts(model: str, *scores: Sequence[int | None]) -> Judged:
    """Make one judge's replies of each sequence: its score of naturalness, alike in the others."""
    replies = {
        f"judge {place}": tuple(
            None if one is None
            else json.dumps({"naturalness": one, "style": 3, "consistency": 3}) for one in own
        )
        for place, own in enumerate(scores)
    }  # fmt: skip
    answers = len(scores[0])
    return Judged(model, tuple(i // 2 for i in range(answers)), (None,) * answers, replies)


def test_judges_scores_are_compared_where_a_judge_scored_both_models() -> None:
    ours = verdicts("a", [5, 4, 4, 5, None, 3], [4, 4, 5, 3, 2, None])
    theirs = verdicts("b", [2, 3, 4, 1, 5, 2], [None, 2, 2, 1, 1, None])
    found = compare([], ["b", "a"], judged=[ours, theirs])
    assert set(found["metric"]) == {"naturalness", "style", "consistency"}
    row = found.filter(metric="naturalness").row(0, named=True)
    differences = [3, (1 + 2) / 2, (0 + 3) / 2, (4 + 2) / 2, 1, 1]
    assert row["difference"] == pytest.approx(np.mean(differences))
    assert (row["task"], row["part"], row["n"], row["people"]) == ("interview", "", 6, 3)
    by_person = np.reshape(differences, (3, 2)).mean(axis=1)
    assert row["p_t"] == pytest.approx(ttest_1samp(by_person, 0).pvalue)
    silent = verdicts("b", [None] * 6, [None] * 6)
    assert compare([], ["a", "b"], judged=[ours, silent]).is_empty()


def test_the_reference_can_be_named_and_must_be_known(scored: list[Scored]) -> None:
    found = compare(scored, ["first", "better", "alike"], "alike")
    assert set(found["model"]) == {"first", "better"}
    assert set(found["against"]) == {"alike"}
    with pytest.raises(InputError, match="--against bettr: not among the models; did you mean"):
        compare(scored, ["first"], "bettr")
    assert compare(scored, ["first"]).is_empty()


def test_only_rows_that_count_for_both_are_compared() -> None:
    first, second = np.array([1.0, np.nan, 0.0, 1.0]), np.array([0.0, 1.0, np.nan, 1.0])
    found = compare_rows(first, second, ["a", "b", "c", "d"])
    assert (found["n"], found["people"], found["difference"]) == (2, 2, 0.5)
    assert compare_rows(first, first * np.nan, ["a", "b", "c", "d"]) == {}


def test_rows_of_one_person_are_no_independent_evidence() -> None:
    """Ten copies of each row leave the p-values of the single rows."""
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 2, (2, 40)).astype(float)
    people = list(range(40))
    single = compare_rows(first, second, people)
    copied = compare_rows(np.tile(first, 10), np.tile(second, 10), people * 10)
    assert copied["p_t"] == pytest.approx(single["p_t"])
    assert copied["p_bootstrap"] == pytest.approx(single["p_bootstrap"])
    assert copied["n"] == 400


def test_where_everybody_differs_alike_the_bootstrap_decides() -> None:
    found = compare_rows(np.ones(30), np.zeros(30), list(range(30)))
    assert found["p_t"] is None
    assert found["p_bootstrap"] < 0.01


@pytest.mark.parametrize(
    ("p", "mark"), [(None, ""), (0.05, ""), (0.049, "*"), (0.01, "*"), (0.0099, "**"), (0.0, "**")]
)
def test_stars(p: float | None, mark: str) -> None:
    assert stars(p) == mark


def test_a_run_keeps_its_comparisons_and_tells_mistakes_before_asking(tmp_path: Path) -> None:
    parts, _ = example_parts("en", ["stance", "role"])
    models = ["baseline/majority", "baseline/marginal"]
    result = run_bench(parts, models, subgroups=["Gender"])
    fields = result.comparisons.filter(pl.col("part").is_in(["basic", "social", "family"]))
    assert fields.height == 6
    assert set(result.subgroups["group"]) == {"Female", "Male"}
    paper = result.scores.filter(mode="paper")
    assert paper["parse_rate"].null_count() == 0
    assert result.scores.filter(part="basic", mode="strict")["low"].null_count() == 0
    write_bench(tmp_path / "run", result, {})
    assert pl.read_parquet(tmp_path / "run" / "comparisons.parquet").equals(result.comparisons)
    assert pl.read_parquet(tmp_path / "run" / "subgroups.parquet").equals(result.subgroups)
    asked: list[object] = []
    for wrong in ({"against": "m"}, {"subgroups": ["Shoe size"]}):
        with pytest.raises(InputError, match=r"--against m|--subgroups"):
            run_bench(parts, models, progress=lambda *what: asked.append(what), **wrong)
    assert not asked
