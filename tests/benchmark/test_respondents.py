"""Records that name nobody: whom they count as, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from alignsurvey.benchmark.bench import Part, example_parts, run_bench
from alignsurvey.benchmark.respondents import respondents, unnamed_problem
from alignsurvey.tasks.records import Option, ResponseRecord


def unnamed(part: Part) -> Part:
    """Take ids and profiles off a part's records."""
    return replace(
        part, records=tuple(replace(one, person=None, profile=()) for one in part.records)
    )


def test_people_are_known_by_id_then_by_profile_then_by_their_row() -> None:
    asked = ResponseRecord(
        row=1, instruction="…", question="Happy?", options=(Option("A", "yes"), Option("B", "no"))
    )
    named = replace(asked, person=7)
    described = replace(asked, profile=(("age", 40),))
    rows = (named, named, described, described, asked, asked)
    assert [len(set(respondents(rows[start : start + 2]))) for start in (0, 2, 4)] == [1, 1, 2]
    assert unnamed_problem(rows[:4]) is None
    found = unnamed_problem(rows)
    assert found is not None
    assert found.what.startswith("2 of 6 records name no person")


def test_role_rows_without_ids_are_drawn_by_dialogue_and_it_is_said() -> None:
    [part] = [one for one in example_parts("en", ["role"])[0] if one.name == "Gender"]
    result = run_bench([unnamed(part)], ["baseline/uniform"])
    row = result.scores.filter(pl.col("part") == "Gender", mode="strict", metric="accuracy")
    low, value, high = row.select("low", "value", "high").row(0)
    assert low < value < high
    assert [where for where, one in result.problems if "name no person" in one.what] == [
        "role Gender"
    ]
