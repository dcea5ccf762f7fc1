"""The table in a terminal: fits its width, says what it shows, needs no colour."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest
from rich.console import Console

from alignsurvey.fidelity.result import FidelityResult
from alignsurvey.report.terminal import fidelity_table


def shown(result: FidelityResult, width: int, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    Console(width=width, file=file).print(fidelity_table(result))
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [50, 60, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_window(result: FidelityResult, width: int) -> None:
    lines = shown(result, width).splitlines()
    assert max(Console().measure(line).maximum for line in lines) <= width
    assert "r" in lines[2] or "r" in lines[3]


def test_intervals_show_where_they_fit(result: FidelityResult) -> None:
    assert "[.67 .78]" in shown(result, 120)
    assert "[.67" not in shown(result, 80)


def test_a_wide_table_names_simulators_variants_and_marks(result: FidelityResult) -> None:
    text = shown(result, 130)
    for words in ("human ceiling", "best trivial baseline", "planted/llm_like *", "constructed",
                  "answers", "Structural", "W1 norm.", "▲ interval reaches human ceiling",
                  "n: 944", "drawn 20 times", "95% bootstrap"):  # fmt: skip
        assert words in text, words
    assert "…" not in text.split("recorded/survey")[0]


def test_single_answers_have_one_row(result: FidelityResult) -> None:
    lines = [line for line in shown(result, 80).splitlines() if line.startswith("recorded/gpt")]
    assert len(lines) == 1
    assert "ans." in lines[0]
    assert "97%" in lines[0]


def test_without_unicode_the_marks_are_letters(result: FidelityResult) -> None:
    text = shown(result, 100, "ascii")
    assert "^ interval reaches" in text
    assert ".34v" in text


def test_what_was_left_out_is_said_once_a_thing(result: FidelityResult) -> None:
    many = pl.DataFrame(
        [("group", f"g={k % 4}", f"too few answered q{k}") for k in range(12)],
        schema=["what", "name", "reason"],
        orient="row",
    )
    text = shown(replace(result, left_out=many), 120)
    assert "left out: group g=0: too few answered q0 (and 2 more)" in text
    assert "left out: 1 more, all of them in the report" in text


def test_all_trivial_or_nothing_scored(
    make_result: Callable[..., FidelityResult], empty: FidelityResult
) -> None:
    assert "baseline/uniform" in shown(make_result(simulators=3), 100)
    assert "No score could be computed." in shown(empty, 80)


def test_only_nominal_items_show_total_variation(result: FidelityResult) -> None:
    ordered = ("w1_normalized", "sd_ratio", "pearson_r", "mae")
    nominal = replace(result, summary=result.summary.filter(~pl.col("metric").is_in(ordered)))
    text = shown(nominal, 120)
    assert "TV" in text
    assert "Accuracy" in text
    assert "W1" not in text
