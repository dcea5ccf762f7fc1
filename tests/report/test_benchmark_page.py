"""The four tasks on a page: both modes, what they are held against, invented material marked."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from alignsurvey.benchmark.bench import SCHEMA, BenchResult, example_parts, run_bench
from alignsurvey.benchmark.rows import Problem
from alignsurvey.fidelity.result import FidelityResult
from alignsurvey.report.benchmark_page import TaskRun, render_benchmark, write_benchmark
from alignsurvey.report.page import render_report


@pytest.fixture(scope="module")
def run() -> TaskRun:
    parts, problems = example_parts("zh", ["role", "stance", "response"])
    models = ["baseline/majority", "baseline/marginal"]
    result = run_bench(parts, models, ["性别"], subgroups=["性别"])
    return TaskRun("Chinese interviews", result, is_invented=True, problems=problems)


@pytest.fixture(scope="module")
def page(run: TaskRun) -> str:
    return render_benchmark([run], "Four tasks", "alignsurvey bench --data example-zh")


class Nesting(HTMLParser):
    """Checks that elements nest, and collects ids."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in ("meta", "wbr", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def nested(page: str) -> Nesting:
    checker = Nesting()
    checker.feed(page)
    assert checker.open == []
    assert len(checker.ids) == len(set(checker.ids))
    return checker


def test_a_page_nests_and_loads_nothing(page: str) -> None:
    nested(page)
    assert "://" not in page
    assert page.count("<table") == page.count("<caption")


def test_both_modes_stand_side_by_side_with_what_belongs_to_a_score(
    run: TaskRun, page: str
) -> None:
    row = run.result.scores.filter(
        task="response", metric="macro_f1", mode="strict", model="baseline/marginal"
    ).row(0, named=True)
    paper = run.result.scores.filter(
        task="response", metric="macro_f1", mode="paper", model="baseline/marginal"
    )["value"].item()
    for value in (row["value"], row["low"], row["high"], row["baseline"], paper):
        assert f"{value:.3f}".removeprefix("0") in page
    for words in ("Strict: replies read as they were meant", "Paper: as released", "majority",
                  "floor", "parsed", "≠", "家庭月消费主要支出项目", 'lang="zh"', "W1, aggregated",
                  "<b>Task 4, response.</b> Paper: F1 over letter and text"):  # fmt: skip
        assert words in page, words


def test_invented_interviews_are_marked_as_such(run: TaskRun, page: str) -> None:
    assert "invented interviews</span>" in page
    assert "evidence of no model" in page
    assert "invented" not in render_benchmark([replace(run, is_invented=False)], "Mine")


def test_the_radar_has_no_paper_of_its_own_and_is_left_out_where_it_is_no_polygon(
    run: TaskRun, page: str
) -> None:
    assert '<figure class="figure radar">' in page
    assert "published numbers (" not in page
    few = replace(run.result, scores=run.result.scores.filter(task="stance"))
    assert "<figure" not in render_benchmark([replace(run, result=few)], "Stance")


def test_the_report_of_a_study_has_the_tasks_where_there_are_runs(
    run: TaskRun, empty: FidelityResult
) -> None:
    page = render_report(empty, benchmarks=[run, replace(run, title="Again")])
    nested(page)
    assert '<a href="#tasks">' in page
    assert '<h3 id="tasks-1">Again' in page
    assert "#tasks" not in render_report(empty)


def test_nothing_scored_and_what_users_wrote(run: TaskRun) -> None:
    text = "<img src=x onerror=a>"
    blank = BenchResult(pl.DataFrame(schema=SCHEMA))
    page = render_benchmark([TaskRun(text, blank, problems=[(text, Problem(1, text))] * 2)], text)
    assert "No score could be computed" in page
    assert "(2 times)" in page
    assert "img" not in nested(page).tags


def test_the_file_is_written_whole(run: TaskRun, tmp_path: Path) -> None:
    path = write_benchmark([run], tmp_path / "report.html", "Four tasks")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert list(tmp_path.iterdir()) == [path]
