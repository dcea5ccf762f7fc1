"""Standings, headline sentences, group tables, Markdown and LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from alignsurvey.errors import InputError
from alignsurvey.fidelity.result import FidelityResult
from alignsurvey.report.comparisons import differences
from alignsurvey.report.figures import axes_chart
from alignsurvey.report.gaps import gap_table
from alignsurvey.report.headline import mean_shift, verdicts
from alignsurvey.report.rows import score_rows
from alignsurvey.report.subgroups import heat_map
from alignsurvey.report.tables import scores_latex, scores_markdown
from alignsurvey.report.vocabulary import metric_of, standing


@pytest.mark.parametrize(
    ("metric", "values", "baseline", "ceiling", "expected"),
    [
        ("ccc_ols", (0.8, 0.7, 0.9), 0.0, 0.85, "reaches"),
        ("ccc_ols", (0.8, 0.7, 0.84), 0.0, 0.85, "between"),
        ("ccc_ols", (0.1, -0.1, 0.3), 0.0, 0.85, "same"),
        ("ccc_ols", (-0.3, -0.4, -0.2), 0.0, 0.85, "worse"),
        ("w1_normalized", (0.02, 0.01, 0.03), 0.05, 0.015, "reaches"),
        ("w1_normalized", (0.08, 0.06, 0.09), 0.05, 0.015, "worse"),
        ("w1_normalized", (0.02, None, None), 0.05, 0.02, "reaches"),
        ("sd_ratio", (1.3, 1.2, 1.4), 0.98, 1.0, "worse"),
        ("sd_ratio", (0.9, 0.8, 1.1), 0.5, 1.0, "reaches"),
        ("pearson_r", (0.4, 0.3, 0.5), None, None, "unknown"),
        ("pearson_r", (None, None, None), 0.0, None, "unknown"),
        ("pearson_r", (float("nan"), None, None), 0.0, None, "unknown"),
    ],
)
def test_standing(
    metric: str,
    values: tuple[float | None, float | None, float | None],
    baseline: float | None,
    ceiling: float | None,
    expected: str,
) -> None:
    assert standing(metric_of(metric), values, baseline, ceiling).value == expected


def test_references_are_what_most_rows_are_held_against(result: FidelityResult) -> None:
    rows = score_rows(result)
    names = [(row.simulator, row.variant) for row in rows.references]
    assert names == [("human ceiling", ""), ("best trivial baseline", "expectation"),
                     ("best trivial baseline", "draw")]  # fmt: skip
    assert rows.references[0].cells["ccc_ols"].value == 0.88
    same = result.summary.with_columns(baseline=pl.lit(0.1))
    merged = score_rows(replace(result, summary=same)).references
    assert [row.variant for row in merged] == ["", ""]


def test_a_large_effect_of_the_wrong_sign_is_named(result: FidelityResult) -> None:
    turned = pl.when(pl.col("simulator") == "baseline/logit").then(-pl.col("human"))
    table = result.coefficients.with_columns(simulated=turned.otherwise("simulated"))
    found = verdicts(replace(result, coefficients=table), score_rows(result))
    logit = next(one for one in found if one.simulator == "baseline/logit")
    assert "8 of 8 clear relations have the wrong sign" in logit.sentence


def test_trivial_baselines_have_no_verdict(result: FidelityResult) -> None:
    names = [one.simulator for one in verdicts(result, score_rows(result))]
    assert "baseline/uniform" not in names
    assert "planted/llm_like" in names


def test_the_shift_of_the_mean_is_a_share_of_the_range() -> None:
    table = pl.DataFrame({"simulator": "s", "item": "q", "position": [1.0, 3.0, 5.0],
                          "human": [1.0, 0.0, 0.0], "simulated": [0.0, 1.0, 0.0]})  # fmt: skip
    assert mean_shift(table, "s", ["q"]) == pytest.approx(0.5)
    assert mean_shift(table, "other", ["q"]) is None


def test_a_group_is_worst_where_it_is_furthest_from_its_own_ceiling(
    result: FidelityResult,
) -> None:
    group = pl.col("group")
    scores = result.scores.with_columns(
        value=pl.when(group == "sex=male").then(0.30).when(group == "sex=female").then(0.20)
        .otherwise(0.02),
        ceiling=pl.when(group == "sex=male").then(0.29).otherwise(0.02),
    )  # fmt: skip
    found = heat_map(replace(result, scores=scores), "marginal", "w1_normalized")
    assert found is not None
    assert [found.groups[row.worst or 0][0] for row in found.rows] == ["female"] * 11
    assert [name for name, _ in found.groupings] == ["sex", "age", "educ", "地区"]


def test_gaps_have_a_row_a_simulator_and_variant(result: FidelityResult) -> None:
    table = gap_table(result)
    assert table is not None
    names = [(row.simulator, row.variant) for row in table.rows]
    assert len(names) == len(set(names)) == 20
    assert ("recorded/gpt-4o-mini", "answers") in names
    assert all(one.low <= one.value <= one.high for row in table.rows for one in row.inflation)  # type: ignore[operator]


def test_the_better_of_a_pair_comes_first(result: FidelityResult) -> None:
    found = {one.metric.name: one for one in differences(result)}
    first = found["ccc_ols"].listed[0]
    assert first.difference > 0
    assert first.low is not None
    assert first.low < first.difference
    assert all(one.difference <= 0 for one in found["w1_normalized"].listed)
    trivial = {"baseline/uniform", "baseline/marginal", "baseline/bootstrap"}
    assert not any({one.better, one.worse} <= trivial for one in found["ccc_ols"].listed)


def test_markdown_has_as_many_cells_in_each_row(result: FidelityResult) -> None:
    lines = [line for line in scores_markdown(result).splitlines() if line.startswith("|")]
    cells = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
    assert len(cells) == 1
    assert len(lines) == 2 + 3 + 20
    assert r"planted/llm\_like, draw, constructed" in scores_markdown(result)
    assert "问卷模型/通义千问, answers" in scores_markdown(result)


def test_latex_escapes_and_balances(make_result: Callable[..., FidelityResult]) -> None:
    named = {"planted/llm_like": "50%_{a}&b#$~^\\ [x]"}
    result = make_result()
    swapped = result.summary.with_columns(pl.col("simulator").replace(named))
    text = scores_latex(replace(result, summary=swapped))
    assert r"50\%\_\{a\}\&b\#\$\textasciitilde{}\textasciicircum{}\textbackslash{} {[}x{]}" in text
    rows = [
        line for line in text.splitlines() if line.endswith(r"\\") and "multicolumn" not in line
    ]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in rows[1:]} == {8}
    plain = text.replace(r"\{", "").replace(r"\}", "")
    assert plain.count("{") == plain.count("}")


def test_a_metric_that_was_not_computed_is_refused(result: FidelityResult) -> None:
    with pytest.raises(InputError, match="did you mean 'sd_ratio'"):
        scores_markdown(result, ["sd_ratios"])
    assert "SD ratio" in scores_latex(result, ["sd_ratio"])


def test_tables_of_nothing(empty: FidelityResult) -> None:
    assert "| Simulator | Parsed | n |" in scores_markdown(empty)
    assert r"\begin{tabular}" in scores_latex(empty)
    assert axes_chart(empty) is None
