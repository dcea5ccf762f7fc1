"""Ablation: the same training with and without a stage, judged by people who trained none of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.randomness import generator
from alignsurvey.simulators.local.folders import HEAD
from alignsurvey.simulators.local.loading import Loading, load_model
from alignsurvey.tasks.records import Record
from alignsurvey.training.config import TrainingFile
from alignsurvey.training.examples import read_sources, record_respondent
from alignsurvey.training.guards import refuse_trained
from alignsurvey.training.head import headed
from alignsurvey.training.judged import option_log_shares_of
from alignsurvey.training.run import run_training

__all__ = ["Ablated", "Interval", "ablate"]

REPLICATES = 1000
_AT_ONCE = 32
Interval = tuple[float, float, float]
"""Value, lower and upper end of the 95% bootstrap interval over respondents."""


@dataclass(frozen=True)
class Ablated:
    """One line of the table.

    Parameters
    ----------
    name : str
        "base", "full", "without stage1" or "without stage2".
    n, people : int
        Answers and respondents that judge.
    accuracy, log_loss : Interval
    gain : Interval, optional
        Accuracy less that of the full training, paired; None for the full training itself.
    """

    name: str
    n: int
    people: int
    accuracy: Interval
    log_loss: Interval
    gain: Interval | None


def ablate(
    file: TrainingFile, test: Path, out: Path, tell: Callable[[str], None] | None = None
) -> list[Ablated]:
    """Train fully and without each stage, and compare them on held-out records.

    Parameters
    ----------
    file : TrainingFile
        With both stages, mixed.
    test : Path
        Records with lettered options, of people that train nothing.
    out : Path
        Folder; each training has its own in it, and goes on where it was interrupted.
    tell : callable, optional
        Called with what is being done.

    Returns
    -------
    list of Ablated

    Raises
    ------
    InputError
        A stage is missing, a test record has no lettered options, or somebody is on both sides.
    """
    if file.stage1 is None or file.stage2 is None or file.stage2.per != "mixed":
        raise InputError("an ablation needs stage1 and stage2, and 'per: mixed'")
    records = read_sources([test])
    for one in records:
        if one.choice is None:
            raise InputError(f"{test}: row {one.row}: no lettered option is the answer")
    rows = {"base": _scores(file, None, records)}
    for name, left in (("full", None), ("without stage1", "stage1"), ("without stage2", "stage2")):
        if tell is not None:
            tell(name)
        folder = out / name.replace(" ", "-")
        run_training(file.without(left), folder)
        refuse_trained(records, folder)
        rows[name] = _scores(file, folder, records)
    return compare(rows, [record_respondent(one) for one in records])


def _scores(
    file: TrainingFile, adapter: Path | None, records: Sequence[Record]
) -> NDArray[np.float64]:
    """Whether each answer was the most likely, and its log loss; shape (n, 2)."""
    adapters = () if adapter is None else (str(adapter),)
    device, dtype = file.setting("device", "auto"), file.setting("dtype", "auto")
    loading = Loading(file.model, adapters, dtype=dtype, device=device)
    loaded = load_model(loading, with_head=file.loss == HEAD)
    model, seed = loaded.model, file.setting("seed")
    if file.loss == HEAD:
        model = headed(model, adapter, loaded.chat.tokenizer, seed)
    cutoff = min(file.setting("cutoff"), loaded.longest or 10**9)
    found = []
    for one, mine in zip(
        records, option_log_shares_of(model, loaded, records, cutoff, seed), strict=True
    ):
        chosen = int(one.choice or 0)
        found.append((float(mine.argmax() == chosen), -float(mine[chosen])))
    return np.array(found)


def compare(rows: Mapping[str, NDArray[np.float64]], people: Sequence[str]) -> list[Ablated]:
    """Give each line its intervals, over respondents and paired between lines.

    Parameters
    ----------
    rows : mapping of str to array, shape (n, 2)
        Whether each answer was right, and its log loss.
    people : sequence of str
        Who gave each answer.

    Examples
    --------
    >>> right = np.array([[1.0, 0.1], [1.0, 0.2]])
    >>> lines = compare({"full": right, "without stage1": 1 - right}, ["a", "b"])
    >>> lines[1].accuracy, lines[1].gain
    ((0.0, 0.0, 0.0), (-1.0, -1.0, -1.0))
    """
    _, who = np.unique(np.asarray(people, dtype=str), return_inverse=True)
    n = int(who.max()) + 1
    drawn = generator(42, "ablation").multinomial(n, np.full(n, 1 / n), REPLICATES)
    weights = np.vstack([np.ones(len(who)), drawn[:, who]])
    weights = weights / weights.sum(axis=1, keepdims=True)

    def interval(values: NDArray[np.float64]) -> Interval:
        means = weights @ values
        low, high = np.quantile(means[1:], (0.025, 0.975))
        return round(float(means[0]), 12), round(float(low), 12), round(float(high), 12)

    full = rows["full"]
    return [
        Ablated(
            name, len(who), n, interval(mine[:, 0]), interval(mine[:, 1]),
            None if name == "full" else interval(mine[:, 0] - full[:, 0]),
        )
        for name, mine in rows.items()
    ]  # fmt: skip
