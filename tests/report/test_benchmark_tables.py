"""Tables 3 and 4 of benchmark runs: what stands where, in Markdown, LaTeX and Excel."""

from __future__ import annotations

import re
from io import BytesIO
from math import nan
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import polars as pl
import pytest

from alignsurvey.report.benchmark_tables import (
    benchmark_excel,
    benchmark_latex,
    benchmark_markdown,
    benchmark_tables,
)
from alignsurvey.report.published import BenchmarkTable, Run, published_scores

SCHEMA = {
    "task": pl.String, "part": pl.String, "model": pl.String, "mode": pl.String,
    "metric": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "n": pl.Int64, "parse_rate": pl.Float64, "baseline": pl.Float64, "marginal": pl.Float64,
    "floor": pl.Float64,
}  # fmt: skip


def scores(model: str = "m", shift: float = 0.0, judges: bool = False) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []

    def add(task: str, part: str, mode: str, metric: str, value: float | None, **more: Any) -> None:
        rows.append({"task": task, "part": part, "model": model, "mode": mode, "metric": metric,
                     "value": value, "n": 160, "parse_rate": 0.975, **more})  # fmt: skip

    for mode, less in (("strict", 0.0), ("paper", 0.1)):
        for part in ("basic", "social", "family", "性别"):
            add("role", part, mode, "accuracy", 0.5 + shift - less, n=2880)
        add("stance", "", mode, "accuracy", 0.6 + shift - less, low=0.5, high=0.7, baseline=0.45)
        add("response", "", mode, "accuracy", 0.4 + shift - less, low=nan, baseline=0.52)
        add("response", "", mode, "macro_f1", nan)
    add("stance-group", "aggregate", "strict", "w1", 0.3, low=0.2, high=0.4, n=12, floor=0.08)
    add("response-group", "aggregate", "strict", "w1", 0.108, n=40, floor=0.05)
    add("interview", "", "strict", "rouge_l", 0.2345)
    for metric in ("naturalness", "style", "consistency") if judges else ():
        add("interview", "", "strict", metric, 3.456)
    return pl.DataFrame(rows, schema=SCHEMA)


def cells(table: BenchmarkTable, **wanted: str) -> list[dict[str, Any]]:
    """Lines with these texts, as column label -> cell."""
    labels = [column.label for column in table.columns]
    found = [dict(zip(labels, line.cells, strict=True)) for line in table.lines]
    return [one for one in found if all(one[key] == value for key, value in wanted.items())]


def test_strict_and_paper_stand_side_by_side_with_all_that_belongs_to_a_score() -> None:
    full = benchmark_tables([Run("r", "ASE", scores())])[1]
    (row,) = cells(full, Score="T3 Accuracy", Source="ours")
    assert row["Strict"][0] == 0.6
    assert row["Paper"][0] == 0.5
    assert row["Interval"] == (0.5, 0.7)
    assert (row["n"], row["Parsed"]) == ((160, 160), (0.975, 0.975))
    assert (row["Majority"][0], row["Majority, paper"][0], row["Floor"][0]) == (0.45, 0.45, None)
    (distance,) = cells(full, Score="T3 W1 aggregated", Source="ours")
    assert (distance["Strict"][0], distance["Paper"][0], distance["Floor"][0]) == (0.3, None, 0.08)


@pytest.mark.parametrize(
    ("table", "dataset", "model", "label", "value"),
    [
        (0, "ASE", "SurveyLM-Qwen2.5-7B", "T1 Basic", 0.547),
        (0, "ASE", "SurveyLM-Qwen2.5-7B", "T1 Social", 0.572),
        (0, "ASE", "SurveyLM-Qwen2.5-7B", "T1 Family", 0.487),
        (0, "ASE", "SurveyLM-Qwen2.5-7B", "T2 Natural", 3.98),
        (0, "ASE", "SurveyLM-Qwen2.5-7B", "T2 Style", 2.96),
        (0, "ASE", "SurveyLM-Qwen2.5-7B", "T2 Consistent", 3.01),
        (0, "ASE", "SurveyLM-Qwen2.5-7B", "T3 Accuracy", 0.568),
        (0, "ASE", "SurveyLM-Qwen2.5-7B", "T3 W1 verbalized", 0.385),
        (2, "CHIP", "SurveyLM-Qwen2.5-7B", "T4 Accuracy", 0.672),
        (2, "GSS", "SurveyLM-Qwen2.5-7B", "T4 Macro-F1", 0.362),
        (2, "ASE", "SurveyLM-Qwen2.5-7B", "T4 W1 verbalized", 0.054),
        (2, "ASE", "GPT-4o (zero-shot)", "T4 W1 verbalized", 2.134),
    ],
)
def test_published_numbers_are_those_of_the_paper(
    table: int, dataset: str, model: str, label: str, value: float
) -> None:
    (row,) = cells(benchmark_tables([])[table], Dataset=dataset, Model=model)
    assert row[label] == (value, None, None)
    assert (row["Source"], row["Mode"], row["n"], row["Parsed"]) == (
        "published", "paper", None, None)  # fmt: skip


def test_no_other_number_is_published() -> None:
    assert published_scores().height == 8 + 4 * 3


def test_a_published_distance_is_never_in_the_column_of_aggregated_ones() -> None:
    short = benchmark_tables([Run("r", "ase", scores())])[0]
    (ours,) = cells(short, Source="ours", Mode="strict")
    (theirs,) = cells(short, Source="published")
    assert ours["T3 W1 aggregated"] == (0.3, 0.2, 0.4)
    assert theirs["T3 W1 aggregated"][0] is None
    assert ours["T3 W1 verbalized"][0] is None
    assert ours["Dataset"] == theirs["Dataset"] == "ASE"


def test_likeness_to_the_reference_is_no_judges_score() -> None:
    without, judged = (
        benchmark_tables([Run("r", "ASE", scores(judges=one))]) for one in (False, True)
    )
    assert ".234" not in benchmark_markdown(without)
    assert not cells(without[1], Score="T2 Style", Source="ours")
    (row,) = cells(judged[0], Source="ours", Mode="strict")
    assert row["T2 Style"][0] == 3.456
    assert "| 3.46 |" in benchmark_markdown(judged)


def test_missing_and_nan_are_dashes() -> None:
    tables = benchmark_tables([Run("r", "CHIP", scores())])
    text = benchmark_markdown(tables)
    assert "nan" not in text.lower()
    assert "| CHIP | m | ours | strict | .400 | – | .108 | – | 40–160 | 98% |" in text
    assert not cells(tables[3], Score="T4 Macro-F1", Source="ours")


def test_three_runs_keep_their_order_datasets_and_names() -> None:
    runs = [Run("a", "CHIP", scores("同一模型")), Run("b", "CHIP", scores("同一模型", 0.1)),
            Run("c", "我们的", scores("另一个"))]  # fmt: skip
    table = benchmark_tables(runs)[2]
    ours = [(row["Dataset"], row["Model"]) for row in cells(table, Source="ours", Mode="strict")]
    assert ours == [("CHIP", "同一模型 (a)"), ("CHIP", "同一模型 (b)"), ("我们的", "另一个")]
    assert [one["Dataset"] for one in cells(table, Source="published")] == [
        "CHIP", "ASE", "ASE", "GSS"]  # fmt: skip


def test_interviews_and_responses_of_a_run_may_be_of_two_datasets() -> None:
    tables = benchmark_tables([Run("r", "ase", scores(), "chip")])
    assert {row["Dataset"] for row in cells(tables[0], Source="ours")} == {"ASE"}
    assert {row["Dataset"] for row in cells(tables[2], Source="ours")} == {"CHIP"}


def test_references_are_given_once_and_only_where_runs_agree() -> None:
    alike = [Run("a", "D", scores("m")), Run("b", "D", scores("o"))]
    (row,) = cells(benchmark_tables(alike)[0], Model="majority of others", Mode="strict")
    assert row["T3 Accuracy"][0] == 0.45
    other = scores("o").with_columns(baseline=pl.col("baseline") + 0.1)
    table = benchmark_tables([alike[0], Run("b", "D", other)])
    assert not cells(table[0], Model="majority of others")
    majorities = [row["Majority"][0] for row in cells(table[1], Score="T3 Accuracy", Dataset="D")]
    assert majorities == [0.45, pytest.approx(0.55)]


def test_tables_without_scores_of_ours_say_so() -> None:
    assert "No run has a score of this table." in benchmark_markdown(benchmark_tables([]))


def test_markdown_has_as_many_cells_in_every_row_and_escapes_names() -> None:
    text = benchmark_markdown(benchmark_tables([Run("r", "a|b", scores("x_y\n*z*"))]))
    for block in re.split(r"\n\n", text):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) <= 1
    assert r"| a\|b | x\_y \*z\* | ours |" in text
    assert "*SurveyLM-Qwen2.5-7B †* | *published*" in text


def test_latex_is_escaped_and_balanced() -> None:
    text = benchmark_latex(benchmark_tables([Run("r", "d", scores(r"50%_{a}&b#\~社会"))]))
    assert r"50\%\_\{a\}\&b\#\textbackslash{}\textasciitilde{}社会 & ours & strict" in text
    assert r"\textit{SurveyLM-Qwen2.5-7B $^{\dagger}$}" in text
    for word in ("table*", "tabular"):
        assert text.count(rf"\begin{{{word}}}") == text.count(rf"\end{{{word}}}") == 4
    for block in text.split(r"\toprule")[1:]:
        rows = [line for line in block.split(r"\bottomrule")[0].splitlines() if "&" in line]
        assert len({len(re.findall(r"(?<!\\)&", row)) for row in rows}) == 1
    assert "†" not in text


def test_excel_holds_numbers_and_no_formulas() -> None:
    tables = benchmark_tables([Run("r", "ASE", scores("=1+1"))])
    book = ZipFile(BytesIO(benchmark_excel(tables)))
    names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    assert names == ["Table 3", "Table 3 in full", "Table 4", "Table 4 in full", "Notes"]
    full = sheet(book, 2)
    assert full[0][:8] == ["Score", "Dataset", "Model", "Source", "Strict", "Low", "High", "Paper"]
    (row,) = (one for one in full if one[0] == "T3 Accuracy" and one[3] == "ours")
    assert row[2:] == ["=1+1", "ours", 0.6, 0.5, 0.7, 0.5, 160, 0.975, 0.45, 0.45, None, None, None]
    raw = book.read("xl/worksheets/sheet2.xml").decode()
    assert 'state="frozen"' in raw
    assert "<f>" not in raw
    styles = book.read("xl/styles.xml").decode()
    assert all(form in styles for form in ('"0.000"', '"0.00"', '"0.0%"'))
    assert any("paper's own numbers" in str(one[0]) for one in sheet(book, 5))


def sheet(book: ZipFile, number: int) -> list[list[Any]]:
    """A sheet's values, read without the library that wrote them."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    shared = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
    strings = ["".join(one.itertext()) for one in shared]
    rows = []
    for row in ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml")).iter(
        f"{space}row"
    ):
        values: list[Any] = []
        for cell in row:
            value = cell.findtext(f"{space}v")
            number_of = value if value is None else float(value)
            values.append(strings[int(value or 0)] if cell.get("t") == "s" else number_of)
        rows.append(values)
    return rows


def test_scores_that_differ_from_the_reference_have_the_papers_stars() -> None:
    compared = pl.DataFrame(
        {"task": ["stance", "stance-group"], "part": ["", "aggregate"], "mode": ["strict"] * 2,
         "metric": ["accuracy", "w1"], "model": ["m"] * 2, "stars": ["**", ""]}
    )  # fmt: skip
    tables = benchmark_tables([Run("r", "ASE", scores(), comparisons=compared)])
    (short,) = cells(tables[0], Source="ours", Mode="strict")
    assert short["T3 Accuracy"] == (0.6, 0.5, 0.7, "**")
    assert short["T3 W1 aggregated"] == (0.3, 0.2, 0.4)
    (full,) = cells(tables[1], Source="ours", Score="T3 Accuracy")
    assert full["Strict"][3] == "**"
    assert full["Paper"] == (0.5, None, None)
    assert r"| .600\*\* [.500 .700] |" in benchmark_markdown(tables)
    assert ".600**" in benchmark_latex(tables)


def test_the_marginal_of_others_stands_below_the_majority() -> None:
    table = scores().with_columns(marginal=pl.lit(0.33))
    tables = benchmark_tables([Run("r", "ASE", table)])
    names = [
        row["Model"] for row in cells(tables[0], Mode="strict") if row["Source"] == "reference"
    ]
    assert names == ["majority of others", "marginal of others", "sampling floor"]
    (full,) = cells(tables[1], Source="ours", Score="T3 Accuracy")
    assert (full["Marginal"][0], full["Marginal, paper"][0]) == (0.33, 0.33)
