"""Stances, individual: accuracy and F1 over the three stances, and how alike the reasons are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from alignsurvey.benchmark.rows import FileScore, PredictionRow, Problem
from alignsurvey.benchmark.segmentation import tokenizer
from alignsurvey.benchmark.strict.content import label, no_gold, prediction
from alignsurvey.benchmark.strict.estimates import (
    Floats,
    Resampling,
    estimates,
    precision_recall_f1,
)
from alignsurvey.benchmark.strict.judged import Judged, accuracies, shown
from alignsurvey.benchmark.strict.many_similarities import similarities
from alignsurvey.benchmark.strict.similarity import SIMILARITIES, needs_segmentation
from alignsurvey.benchmark.strict.stance_reading import stance_and_reason
from alignsurvey.errors import InputError
from alignsurvey.tasks.replies import STANCES

LONGEST_REASON = 20_000
_K = len(STANCES)
_CELLS = _K * (_K + 1)
_CHINESE = re.compile("[\u4e00-\u9fff]")


def score_stance(
    rows: Sequence[PredictionRow],
    keys: Sequence[str],
    resampling: Resampling,
    workers: int = 1,
) -> FileScore:
    """Score stances and reasons; reasons are compared where both sides give one."""
    judged = Judged()
    columns = np.zeros((len(rows), _CELLS + 1 + len(SIMILARITIES)))
    reasons: list[_Reasons] = []
    for place, (row, key) in enumerate(zip(rows, keys, strict=True)):
        wanted = label(row)
        said, said_reason = stance_and_reason(prediction(row))
        gold, gold_reason = stance_and_reason(wanted)
        language = 0 if _CHINESE.search(wanted) else 1
        answer = None if said.index is None else STANCES[said.index][language]
        truth = None if gold.index is None else STANCES[gold.index][language]
        correct = None if gold.index is None else said.index == gold.index
        judged.rows[key] = entry = shown(said.outcome, answer, truth, correct, said.note)
        if gold.index is None:
            judged.problems.append(no_gold(row, gold.note or gold.outcome))
            continue
        judged.count(place, said.outcome)
        columns[place, gold.index * (_K + 1) + (_K if said.index is None else said.index)] = 1.0
        if gold_reason and said_reason:
            reasons.append(_Reasons(place, row.line, gold_reason, said_reason, entry))
    judged.problems += _compare(reasons, columns, workers)
    found = estimates(columns[judged.scored], _statistics, judged.among(resampling))
    metrics = judged.metrics() | found | {"n_reasons": int(columns[:, _CELLS].sum())}
    return FileScore(metrics, judged.rows, tuple(judged.problems))


class _Reasons(NamedTuple):
    """The two reasons of a row, and the row as it is shown."""

    place: int
    line: int
    gold: str
    said: str
    shown: dict[str, Any]


def _compare(reasons: Sequence[_Reasons], columns: Floats, workers: int) -> list[Problem]:
    """Write the similarities of the reasons into the columns and the rows shown."""
    if any(needs_segmentation(text) for one in reasons for text in (one.gold, one.said)):
        try:
            tokenizer()
        except InputError:
            what = "reasons in Chinese are not compared: install alignsurvey[zh] (jieba)"
            return [Problem(reasons[0].line, what)]
    if not reasons:
        return []
    pairs = [(one.gold[:LONGEST_REASON], one.said[:LONGEST_REASON]) for one in reasons]
    alike = similarities(pairs, workers)
    places = [one.place for one in reasons]
    columns[places, _CELLS] = 1.0
    columns[places, _CELLS + 1 :] = alike
    for one, found in zip(reasons, alike.tolist(), strict=True):
        one.shown.update(zip(SIMILARITIES, found, strict=True))
    what = f"a reason is compared by its first {LONGEST_REASON} characters"
    long = (one.line for one in reasons if max(len(one.gold), len(one.said)) > LONGEST_REASON)
    return [Problem(line, what) for line in long]


def _statistics(sums: Floats) -> dict[str, Floats]:
    tables = sums[..., :_CELLS].reshape(*sums.shape[:-1], _K, _K + 1)
    read = tables[..., :_K]
    counts = [tables.sum((-1, -2)), np.trace(read, axis1=-2, axis2=-1), read.sum((-1, -2))]
    alike = {
        name: sums[..., _CELLS + 1 + i] / sums[..., _CELLS] for i, name in enumerate(SIMILARITIES)
    }
    return accuracies(np.stack(counts, axis=-1)) | precision_recall_f1(tables) | alike
