"""Baselines of the benchmark: answers that anyone could give who has seen other people's.

A respondent is answered for from other respondents only: people are cut into folds, and each fold
is answered for from the others.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.benchmark.parts import asked_letters
from alignsurvey.benchmark.respondents import respondents
from alignsurvey.errors import InputError, nearest
from alignsurvey.randomness import hash_ids, stable_hash, uniforms
from alignsurvey.tasks.records import Record, RecordTask, RoleRecord

FOLDS = 10
BASELINES = ("baseline/majority", "baseline/marginal", "baseline/uniform")
"""The most frequent answer of other people; one of their answers by lot; one of the options."""
MAJORITY, MARGINAL = BASELINES[:2]
"""The two that every score is held against."""

Counts = Mapping[Hashable, Counter[str]]


def baseline_replies(name: str, records: Sequence[Record], seed: int = 42) -> list[str]:
    """Answer every record as a baseline does, in the format that the task asks for.

    Parameters
    ----------
    name : str
        One of `BASELINES`. In the interview task, whose answers are free text, majority and
        marginal repeat the respondent's previous utterance, and uniform says nothing.
    records : sequence of Record
        Of one task.
    seed : int
        Of folds and lots, which depend on it, the person and the question alone.

    Returns
    -------
    list of str
        A reply a record; "" where no other person answered the question.

    Raises
    ------
    InputError
        There is no such baseline.

    Examples
    --------
    >>> from alignsurvey.tasks.records import Option, ResponseRecord
    >>> asked = {"question": "Happy?", "options": (Option("A", "yes"), Option("B", "no"))}
    >>> people = [ResponseRecord(row=row, instruction="…", person=row, answers=(answer,), **asked)
    ...           for row, answer in enumerate(["yes", "yes", "yes", "no"])]
    >>> baseline_replies("baseline/majority", people)
    ['A. yes', 'A. yes', 'A. yes', 'A. yes']
    """
    if name not in BASELINES:
        raise InputError(f"no baseline '{name}' for the benchmark; {nearest(name, BASELINES)}")
    if not records:
        return []
    if records[0].task is RecordTask.INTERVIEW:
        return ["" if name == "baseline/uniform" else _previous(record) for record in records]
    people = respondents(records)
    fold = _folds(people, seed)
    lots = _lots(records, people, seed, name)
    if name == "baseline/uniform":
        return [_rendered(one, _option(one, lot)) for one, lot in zip(records, lots, strict=True)]
    counts = [_counts(records, fold != held) for held in range(int(fold.max()) + 1)]
    replies = []
    for record, held, lot in zip(records, fold, lots, strict=True):
        known = counts[held].get(topic(record))
        chosen = _choose(known, lot, majority=name == MAJORITY) if known else None
        replies.append(_rendered(record, chosen))
    return replies


def beside_baselines(table: pl.DataFrame) -> pl.DataFrame:
    """Write the scores of majority and marginal beside those of every model.

    Parameters
    ----------
    table : polars.DataFrame
        Scores with columns task, part, model, mode, metric, value; the two baselines among the
        models.

    Returns
    -------
    polars.DataFrame
        With columns ``baseline`` (majority) and ``marginal``, of the same task, part, mode and
        metric.
    """
    keys = ["task", "part", "mode", "metric"]
    for model, column in ((MAJORITY, "baseline"), (MARGINAL, "marginal")):
        own = table.filter(model=model).select(*keys, pl.col("value").alias("beside"))
        table = table.join(own, on=keys, how="left", maintain_order="left")
        table = table.with_columns(pl.col("beside").alias(column)).drop("beside")
    return table


def topic(record: Record) -> tuple[str, str, frozenset[str]]:
    """What makes two records the same question, whatever the order of the options."""
    name = record.field if isinstance(record, RoleRecord) else record.theme
    return name, record.question, frozenset(option.text for option in record.options)


def _answer(record: Record) -> str:
    """An answer that other people's replies can be made of: as the file has it for attributes."""
    return record.output.strip() if record.task is RecordTask.ROLE else record.answer


def _counts(records: Sequence[Record], rows: NDArray[np.bool_]) -> Counts:
    found: dict[Hashable, Counter[str]] = defaultdict(Counter)
    for record, use in zip(records, rows, strict=True):
        if use:
            found[topic(record)][_answer(record)] += 1
    return found


def _choose(counts: Counter[str], lot: float, *, majority: bool) -> str:
    ordered = sorted(counts.items())
    if majority:
        best = max(count for _, count in ordered)
        return next(answer for answer, count in ordered if count == best)
    reached = np.cumsum([count for _, count in ordered])
    place = int(np.searchsorted(reached, lot * reached[-1], side="right"))
    return ordered[min(place, len(ordered) - 1)][0]


def _option(record: Record, lot: float) -> str | None:
    if not record.options:
        return None
    return record.options[int(lot * len(record.options))].text


def _rendered(record: Record, answer: str | None) -> str:
    """Write an answer as the task's prompt asks for it."""
    if answer is None:
        return ""
    if record.task is RecordTask.STANCE:
        return json.dumps({"predict": answer, "reason": ""}, ensure_ascii=False)
    letters = {option.text: option.letter for option in asked_letters(record) or record.options}
    letter = letters.get(answer, "")
    return f"{letter}. {answer}" if letter else answer


def _previous(record: Record) -> str:
    """The respondent's previous utterance: every second one, counted from the question."""
    return record.dialogue[-1].text if record.dialogue else ""


def _folds(people: Iterable[Hashable], seed: int) -> NDArray[np.int64]:
    hashes = hash_ids(people)
    unique, member = np.unique(hashes, return_inverse=True)
    rank = np.argsort(np.argsort(uniforms(unique, seed, "benchmark folds"), kind="stable"))
    return (rank % min(FOLDS, max(len(unique), 1)))[member]


def _lots(
    records: Sequence[Record], people: Sequence[Hashable], seed: int, name: str
) -> NDArray[np.float64]:
    keys = [
        stable_hash(person, str(topic(record)[:2]))
        for record, person in zip(records, people, strict=True)
    ]
    return uniforms(hash_ids(keys), seed, name)
