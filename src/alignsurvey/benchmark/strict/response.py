"""Survey responses, individual: accuracy, and precision, recall and F1 a question at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from alignsurvey.benchmark.rows import FileScore, PredictionRow
from alignsurvey.benchmark.strict.content import (
    Asked,
    asked,
    label,
    no_gold,
    prediction,
    with_options,
)
from alignsurvey.benchmark.strict.estimates import (
    Cells,
    Floats,
    Resampling,
    estimates,
    known,
    precision_recall_f1,
)
from alignsurvey.benchmark.strict.judged import Judged, accuracies, shown
from alignsurvey.tasks.replies import Choice, Options, read_choice
from alignsurvey.tasks.replies.wording import fold


class _Question:
    """A question met in the file: its text, its options, and where its table of counts starts."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.places: dict[str, int] = {}
        self.start = 0

    def place(self, option: str) -> int:
        return self.places.setdefault(fold(option), len(self.places))

    @property
    def cells(self) -> int:
        return len(self.places) * (len(self.places) + 1)

    def table(self, sums: Floats) -> Floats:
        k = len(self.places)
        part = sums[..., self.start : self.start + self.cells]
        return part.reshape(*sums.shape[:-1], k, k + 1)


def score_response(
    rows: Sequence[PredictionRow], keys: Sequence[str], resampling: Resampling
) -> FileScore:
    """Score chosen options; an option is its text, whatever letter it had in a prompt."""
    found, problems = with_options(rows, [asked(row) for row in rows])
    judged = Judged(problems=problems)
    questions: dict[str, _Question] = {}
    placed: dict[int, tuple[_Question, list[int]]] = {}
    read: dict[int, dict[str, Choice]] = {}
    hits: list[tuple[_Question, int, int]] = []
    for place, (row, one, key) in enumerate(zip(rows, found, keys, strict=True)):
        known_replies = read.setdefault(id(one), {})
        choice = _read(prediction(row), one.options, known_replies)
        gold = _read(label(row), one.options, known_replies)
        answer = None if choice.index is None else one.options[choice.index][1]
        truth = None if gold.index is None else one.options[gold.index][1]
        correct = None if truth is None else choice.index == gold.index
        judged.rows[key] = shown(choice.outcome, answer, truth, correct, choice.note)
        if gold.index is None:
            judged.problems.append(no_gold(row, gold.note or gold.outcome))
            continue
        judged.count(place, choice.outcome)
        question, order = _placed(questions, placed, one)
        said = -1 if choice.index is None else order[choice.index]
        hits.append((question, order[gold.index], said))
    metrics = judged.metrics() | _metrics(list(questions.values()), hits, judged.among(resampling))
    return FileScore(metrics, judged.rows, tuple(judged.problems))


def _read(reply: str, options: Options, known_replies: dict[str, Choice]) -> Choice:
    found = known_replies.get(reply)
    if found is None:
        found = known_replies[reply] = read_choice(reply, options)
    return found


def _placed(
    questions: dict[str, _Question],
    placed: dict[int, tuple[_Question, list[int]]],
    one: Asked,
) -> tuple[_Question, list[int]]:
    """Return the question, and the place in its table of each option as this row shows them.

    Rows that ask the same in the same order share one `Asked`, all of which live meanwhile.
    """
    known = placed.get(id(one))
    if known is None:
        question = questions.setdefault(one.key, _Question(one.question))
        order = [question.place(text) for _, text in one.options]
        known = placed[id(one)] = question, order
    return known


def _metrics(
    questions: list[_Question], hits: list[tuple[_Question, int, int]], resampling: Resampling
) -> dict[str, Any]:
    start = 0
    for question in questions:
        question.start, start = start, start + question.cells
    codes = [
        question.start
        + gold * (len(question.places) + 1)
        + (said if said >= 0 else len(question.places))
        for question, gold, said in hits
    ]
    cells = Cells(np.array(codes, dtype=np.int64), start)

    def statistics(sums: Floats) -> dict[str, Floats]:
        tables = [question.table(sums) for question in questions]
        counts = [_counts(table) for table in tables]
        macro = [precision_recall_f1(table) for table in tables]
        blank = np.full(sums.shape[:-1], np.nan)
        return accuracies(sum(counts, np.zeros((*sums.shape[:-1], 3)))) | {
            name: _mean([one[name] for one in macro]) if macro else blank
            for name in ("macro_precision", "macro_recall", "macro_f1")
        }

    metrics: dict[str, Any] = dict(estimates(cells, statistics, resampling))
    sums = np.bincount(cells.code, minlength=start).astype(np.float64)
    metrics["correct"] = sum(gold == said for _, gold, said in hits)
    metrics["by_question"] = {question.text: _one(question.table(sums)) for question in questions}
    return metrics


def _counts(table: Floats) -> Floats:
    """Return how many rows a table has: all, right, read; shape (..., 3)."""
    k = table.shape[-2]
    right = np.trace(table[..., :k], axis1=-2, axis2=-1)
    return np.stack([table.sum((-1, -2)), right, table[..., :k].sum((-1, -2))], axis=-1)


def _mean(values: list[Floats]) -> Floats:
    """Average over the questions that a replicate holds."""
    stacked = np.stack(values)
    held = ~np.isnan(stacked)
    return np.asarray(np.where(held, stacked, 0.0).sum(axis=0) / held.sum(axis=0))


def _one(table: Floats) -> dict[str, float | int | None]:
    """Return the figures of one question."""
    n, right, read = _counts(table)
    figures = {name: known(value) for name, value in precision_recall_f1(table).items()}
    return {"n": int(n), "parse_rate": known(read / n), "accuracy": known(right / n), **figures}
