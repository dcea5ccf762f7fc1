"""Task 4 as released: letter and text of the option together are the class."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from alignsurvey.benchmark.paper.classes import class_scores
from alignsurvey.benchmark.paper.cleaning import (
    after_last_thought,
    final_label,
    final_prediction,
    label_of,
    prediction_of,
)
from alignsurvey.benchmark.rows import FileScore, PredictionRow, Problem

LETTERS = ("A", "B", "C")
"""The options whose accuracy is printed on its own."""
_DONT_KNOW = "不了解"
_BRACKETED = re.compile(r"\(([A-Za-z])\)\s*(.*)")
_ANYWHERE = re.compile(r"([A-Za-z])[.)\s]+(.*)")


def score_response(rows: Sequence[PredictionRow]) -> FileScore:
    """Score Task 4 rows.

    Returns
    -------
    FileScore
        ``accuracy, correct_count, total_count, {precision,recall,f1}_{macro,weighted},
        accuracy_by_option, count_by_option``; rows show both classes.

    Examples
    --------
    >>> row = PredictionRow(1, "1", {"predict": "A", "label": "A. 满意"})
    >>> score_response([row]).rows["1"]["pred_class"]
    'A'
    """
    shown: dict[str, dict[str, Any]] = {}
    problems, labels, predictions, letters = [], [], [], []
    for row in rows:
        label = label_of(row.content)
        if not isinstance(label, str) or not label.strip() or _DONT_KNOW in label:
            why = f"label holds {_DONT_KNOW}" if isinstance(label, str) and label.strip() else ""
            problems.append(Problem(row.line, f"left out: {why or 'the label is empty'}"))
            shown[row.case] = _shown(None, None)
            continue
        letter, text = option_of(after_last_thought(final_label(label)))
        predicted = prediction_of(row.content)
        predicted = predicted if isinstance(predicted, str) else ""
        prediction = "".join(option_of(final_prediction(after_last_thought(predicted))))
        labels.append(letter + text)
        predictions.append(prediction)
        letters.append(letter)
        shown[row.case] = _shown(letter + text, prediction)
    return FileScore(_metrics(labels, predictions, letters), shown, tuple(problems))


def option_of(text: str) -> tuple[str, str]:
    """Read letter and text of an option; the letter is "" where none is seen.

    Examples
    --------
    >>> option_of("(a) 满意"), option_of("The answer is A. 满意"), option_of("A满意")
    (('A', '满意'), ('E', 'answer is A. 满意'), ('', 'A满意'))
    """
    text = text.strip()
    if len(text) >= 2 and text[0].isalpha() and text[1] in ". ":
        return text[0].upper(), text[2:].strip()
    found = _BRACKETED.match(text) or _ANYWHERE.search(text)
    return (found[1].upper(), found[2].strip()) if found else ("", text)


def _shown(label: str | None, prediction: str | None) -> dict[str, Any]:
    counted = label is not None
    return {
        "counted": counted,
        "label_class": label,
        "pred_class": prediction,
        "correct": counted and label == prediction,
    }


def _metrics(
    labels: Sequence[str], predictions: Sequence[str], letters: Sequence[str]
) -> Mapping[str, Any]:
    right = [label == one for label, one in zip(labels, predictions, strict=True)]
    count = {letter: letters.count(letter) for letter in LETTERS}
    correct = {
        letter: sum(hit for hit, one in zip(right, letters, strict=True) if one == letter)
        for letter in LETTERS
    }
    return {
        "accuracy": sum(right) / len(right) if right else None,
        "correct_count": sum(right),
        "total_count": len(right),
        **class_scores(labels, predictions, ("macro", "weighted")),
        "accuracy_by_option": {
            letter: correct[letter] / count[letter] if count[letter] else 0.0 for letter in LETTERS
        },
        "count_by_option": count,
    }
