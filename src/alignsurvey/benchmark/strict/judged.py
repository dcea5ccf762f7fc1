"""What every task's score has in common: rows judged, outcomes counted, some left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey.benchmark.rows import Problem
from alignsurvey.benchmark.strict.estimates import Resampling
from alignsurvey.tasks.replies import OUTCOMES


@dataclass
class Judged:
    """Rows as they are judged, one after the other."""

    rows: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    scored: list[int] = field(default_factory=list)
    """Places of the rows that count; the others have no gold."""
    outcomes: Counter[str] = field(default_factory=Counter)

    def count(self, place: int, outcome: str) -> None:
        """Count a row in."""
        self.scored.append(place)
        self.outcomes[outcome] += 1

    def metrics(self) -> dict[str, Any]:
        """Return n, the share of rows read, and the outcomes counted."""
        n = len(self.scored)
        return {
            "n": n,
            "parse_rate": self.outcomes["answered"] / n if n else None,
            "outcomes": {outcome: self.outcomes[outcome] for outcome in OUTCOMES},
        }

    def among(self, resampling: Resampling) -> Resampling:
        """Keep the respondents of the rows that count."""
        return replace(resampling, people=[resampling.people[place] for place in self.scored])


def shown(outcome: str, answer: Any, gold: Any, correct: bool | None, note: str) -> dict[str, Any]:
    """Return a row as it is shown."""
    row: dict[str, Any] = {"outcome": outcome, "answer": answer, "gold": gold, "correct": correct}
    if note:
        row["note"] = note
    return row


def accuracies(sums: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return accuracies of sums over rows: all, right, read."""
    return {
        "accuracy": sums[..., 1] / sums[..., 0],
        "accuracy_of_parsed": sums[..., 1] / sums[..., 2],
    }
