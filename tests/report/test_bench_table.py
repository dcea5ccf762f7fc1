"""The terminal's table of a benchmark run: names in full, both modes, nothing cut silently."""

from __future__ import annotations

from io import StringIO

import polars as pl
import pytest
from rich.console import Console

from alignsurvey.benchmark.bench import SCHEMA, BenchResult
from alignsurvey.benchmark.rows import Problem
from alignsurvey.report.bench import bench_table
from alignsurvey.report.benchmark_rows import benchmark_rows

FIELDS = ("Household registration", "Annual household income", "家庭月消费主要支出项目")


def row(
    task: str, part: str, mode: str, metric: str, value: float, **more: object
) -> dict[str, object]:
    blank = dict.fromkeys(SCHEMA)
    known = {"task": task, "part": part, "model": "baseline/marginal", "mode": mode,
             "metric": metric, "value": value, "n": 36}  # fmt: skip
    return blank | known | more


@pytest.fixture
def result() -> BenchResult:
    span = {"low": 0.25, "high": 0.75, "parse_rate": 1.0, "baseline": 0.4}
    rows = [
        row("response", "", "strict", "accuracy", 0.5, **span),
        row("response", "", "paper", "accuracy", 0.5, baseline=0.4),
        row("response-group", "aggregate", "strict", "w1", 0.15, **span, floor=0.11),
    ]
    for name in FIELDS:
        rows += [
            row("role", name, "strict", "accuracy", 0.083, **span),
            row("role", name, "strict", "set_f1", 0.31, **span),
            row("role", name, "paper", "accuracy", 0.167, baseline=0.4),
        ]
    return BenchResult(pl.DataFrame(rows, schema=SCHEMA))


def printed(result: BenchResult, width: int, problems: tuple[tuple[str, Problem], ...] = ()) -> str:
    stream = StringIO()
    Console(file=stream, width=width).print(bench_table(result, problems))
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 100, 120])
def test_names_and_intervals_stand_in_full(result: BenchResult, width: int) -> None:
    text = printed(result, width)
    for words in (*FIELDS, "[.250 .750]", "Task 1, role", "W1, aggregated", "set F1", ".110"):
        assert words in text, words
    assert "…" not in text
    assert all(len(line) <= width for line in text.splitlines())


def test_a_narrow_window_loses_intervals_before_numbers(result: BenchResult) -> None:
    text = printed(result, 58)
    assert "[.250" not in text
    assert ".083" in text
    assert "100%" in text


def test_the_model_is_a_heading_above_its_block(result: BenchResult) -> None:
    lines = [line.strip() for line in printed(result, 80).splitlines()]
    assert lines.count("baseline/marginal") == 1
    assert lines.index("baseline/marginal") < lines.index("Task 1, role: accuracy")
    assert lines.index("Task 1, role: accuracy") < lines.index("Task 4, response")


def test_why_modes_differ_is_said_for_tasks_where_they_do(result: BenchResult) -> None:
    text = " ".join(printed(result, 80).split())
    assert "Task 1, role, why the modes differ" in text
    assert "Task 4, response, why the modes differ" not in text


def test_problems_are_counted(result: BenchResult) -> None:
    odd = tuple(("rows.json", Problem(line, "no label")) for line in (1, 2))
    assert "rows.json: no label (2 times)" in printed(result, 80, odd)


def test_no_score_is_said(result: BenchResult) -> None:
    assert "No score could be computed" in printed(BenchResult(result.scores.clear()), 80)


def test_both_modes_of_a_score_are_one_row(result: BenchResult) -> None:
    rows = benchmark_rows(result.scores)
    assert [row.task for row in rows] == ["role"] * 6 + ["response", "response-group"]
    first = rows[0]
    assert (first.strict, first.paper, first.majority, first.differs) == (0.083, 0.167, 0.4, True)
    assert not rows[-2].differs


def test_what_both_modes_have_is_the_strict_modes() -> None:
    blank = dict.fromkeys(SCHEMA)
    common = {"task": "response", "part": "", "model": "m", "metric": "accuracy"}
    strict = {"mode": "strict", "value": 0.5, "parse_rate": 0.9, "marginal": 0.3, "n": 10}
    paper = {"mode": "paper", "value": 0.4, "parse_rate": 0.7, "marginal": 0.0, "n": 8}
    table = pl.DataFrame([blank | common | one for one in (strict, paper)], schema=SCHEMA)
    (found,) = benchmark_rows(table)
    assert (found.strict, found.paper) == (0.5, 0.4)
    assert (found.parse_rate, found.marginal, found.n) == (0.9, 0.3, 10)
