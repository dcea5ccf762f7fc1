"""Baselines of the benchmark: from other people only, the same on every machine."""

from __future__ import annotations

import json

import polars as pl
import pytest

from alignsurvey.benchmark.baselines import BASELINES, baseline_replies, beside_baselines
from alignsurvey.errors import InputError
from alignsurvey.tasks.records import (
    InterviewRecord,
    Option,
    Record,
    ResponseRecord,
    StanceRecord,
    Turn,
)


def asked(person: int, answer: str, turned: bool = False) -> ResponseRecord:
    texts = ("no", "yes") if turned else ("yes", "no")
    options = tuple(Option(letter, text) for letter, text in zip("AB", texts, strict=True))
    return ResponseRecord(
        row=person, instruction="…", person=person, question="Happy?", options=options,
        answers=(answer,),
    )  # fmt: skip


def test_the_majority_is_found_by_text_whatever_the_letters() -> None:
    records = [
        asked(person, "yes" if person % 4 else "no", person % 2 == 0) for person in range(40)
    ]
    replies = baseline_replies("baseline/majority", records)
    assert set(replies) == {"A. yes", "B. yes"}
    assert replies[0] == "B. yes"


def test_nobody_is_answered_for_from_their_own_answer() -> None:
    records: list[Record] = [asked(person, "yes") for person in range(5)]
    records.append(
        ResponseRecord(row=9, instruction="…", person=99, question="Rare?", answers=("yes",),
                       options=(Option("A", "yes"), Option("B", "no")))
    )  # fmt: skip
    assert baseline_replies("baseline/majority", records)[-1] == ""
    assert baseline_replies("baseline/uniform", records)[-1] in ("A. yes", "B. no")


def test_marginal_answers_have_other_peoples_shares() -> None:
    records = [asked(person, "yes" if person % 4 else "no") for person in range(2000)]
    replies = baseline_replies("baseline/marginal", records)
    assert replies.count("B. no") / len(replies) == pytest.approx(0.25, abs=0.04)


def test_replies_depend_on_the_person_not_on_the_rows() -> None:
    records = [asked(person, "yes" if person % 4 else "no") for person in range(50)]
    forward = baseline_replies("baseline/marginal", records)
    backward = baseline_replies("baseline/marginal", records[::-1])
    assert forward == backward[::-1]
    assert forward != baseline_replies("baseline/marginal", records, seed=1)


def test_a_stance_is_answered_in_the_format_of_its_prompt() -> None:
    records = [
        StanceRecord(row=row, instruction="…", person=row, theme="work", answers=("positive",))
        for row in range(4)
    ]
    reply = baseline_replies("baseline/majority", records)[0]
    assert json.loads(reply) == {"predict": "positive", "reason": ""}


def test_an_interview_repeats_the_previous_utterance() -> None:
    turns = (Turn("q", "And you?"), Turn("a", "Fine."))
    records = [InterviewRecord(row=1, instruction="…", dialogue=turns)]
    assert baseline_replies("baseline/majority", records) == ["Fine."]
    assert baseline_replies("baseline/uniform", records) == [""]


def test_unknown_names_and_empty_tasks() -> None:
    with pytest.raises(InputError, match="did you mean 'baseline/majority'"):
        baseline_replies("baseline/majorty", [])
    assert all(baseline_replies(name, []) == [] for name in BASELINES)


def test_majority_and_marginal_stand_beside_every_score_of_their_place() -> None:
    rows = [
        {
            "task": "stance",
            "part": "",
            "mode": mode,
            "metric": "accuracy",
            "model": model,
            "value": v,
        }
        for mode, values in (("strict", (0.5, 0.4, 0.7)), ("paper", (0.3, 0.2, 0.6)))
        for model, v in zip((*BASELINES[:2], "m"), values, strict=True)
    ]
    found = beside_baselines(pl.DataFrame(rows)).filter(model="m")
    assert found.select("value", "baseline", "marginal").rows() == [
        (0.7, 0.5, 0.4),
        (0.6, 0.3, 0.2),
    ]
