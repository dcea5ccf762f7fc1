"""What people who did not train say of a model: the fidelity table of its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alignsurvey.metrics import tv, w1_normalized
from alignsurvey.randomness import generator, hash_ids, uniforms
from alignsurvey.simulators.local.loading import Loaded
from alignsurvey.tasks.records import Record, read_records
from alignsurvey.tasks.records.nouns import GroupRow
from alignsurvey.training.config import TrainingFile
from alignsurvey.training.examples import RecordSource, record_item, record_respondent
from alignsurvey.training.head import head_scores
from alignsurvey.training.losses import option_log_shares, score_log_shares
from alignsurvey.training.packing import answer_logits, make_batch
from alignsurvey.training.under_way import frozen_numbers

__all__ = ["Judged", "held_out_judges", "judge", "option_log_shares_of"]

REPLICATES = 300
LEAST = 20
"""People of a group that is shown; fewer say little."""
MOST_VALUES = 8
"""Values of an attribute that makes groups."""
_AT_ONCE = 32
Floats = NDArray[np.float64]


def option_log_shares_of(
    model: Any, loaded: Loaded, records: Sequence[Record], cutoff: int, seed: int
) -> list[Floats]:
    """Log-shares that a model gives the options of records, in the order of each record's options.

    Parameters
    ----------
    model : a causal language model, or one with a head around it
    loaded : Loaded
    records : sequence of Record
        With lettered options.
    cutoff, seed : int
    """
    has_head = hasattr(model, "head")
    source = RecordSource(records, loaded.chat, cutoff, seed, with_labels=not has_head)
    pad = loaded.chat.tokenizer.pad_token_id or 0
    found: list[Floats] = []
    for start in range(0, len(records), _AT_ONCE):
        few = range(start, min(start + _AT_ONCE, len(records)))
        examples = source.encoded(few, 0)
        batch = make_batch([[one] for one in examples], pad, next(model.parameters()).device)
        with torch.no_grad(), frozen_numbers(model, batch.input_ids.device):
            if has_head:
                logs = score_log_shares(head_scores(model, batch), batch)
            else:
                logs = option_log_shares(answer_logits(model, batch), batch)
        rows = logs.double().cpu().numpy()
        found += [row[: len(records[place].options)] for place, row in zip(few, rows, strict=True)]
    return found


def held_out_judges(file: TrainingFile, who: Mapping[str, Sequence[str]]) -> list[Record]:
    """Find the held-out answers to closed questions, of so many people as the file says, by lot.

    Whoever trained (``trained_on`` of the record) is left out, which matters where only questions
    are held out.
    """
    if file.hold_out is None or not file.hold_out.judges:
        return []
    trained = {*who["respondents"], *(f"profile {one}" for one in who["fingerprints"])}
    found = [
        one
        for path in file.hold_out.data
        for one in read_records(path).records
        if one.choice is not None
        and not isinstance(one, GroupRow)
        and record_respondent(one) not in trained
    ]
    people = list(dict.fromkeys(record_respondent(one) for one in found))
    lots = uniforms(hash_ids(people), file.setting("seed"), "judges")
    chosen = {people[place] for place in lots.argsort(kind="stable")[: file.hold_out.judges]}
    return [one for one in found if record_respondent(one) in chosen]


@dataclass(frozen=True)
class Judged:
    """Rows of the table.

    Parameters
    ----------
    people, answers : int
    rows : tuple of dict
        Each with ``measure``, ``group``, ``people``, and for ``model`` and ``majority`` a value
        with the ends of its 95% interval.
    """

    people: int
    answers: int
    rows: tuple[Mapping[str, Any], ...] = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for ``training.json``."""
        return {"people": self.people, "answers": self.answers, "rows": list(self.rows)}


def judge(
    records: Sequence[Record], logs: Sequence[Floats], learning: Sequence[Record]
) -> Judged | None:
    """Compare a model with people it has not seen, overall and by group; None without anybody.

    Accuracy, log loss, and by group the distance of mean shares from people's, averaged over items:
    W1 as a share of the scale for items that say that they are ordered, TV for others. The
    majority knows the training people's shares of each item and nothing of the individual; of an
    item that nobody was trained on it gives all options the same.

    Parameters
    ----------
    records : sequence of Record
        Answers of people who did not train.
    logs : sequence of array, shape (K,)
        The model's log-shares of each record's options.
    learning : sequence of Record
    """
    if not records:
        return None
    answers = _Answers(records, logs, learning)
    rows = [
        answers.row("accuracy", answers.right),
        answers.row("log loss", answers.losses),
        *(one for name in ("W1", "TV") for one in answers.groups(name)),
    ]
    return Judged(answers.n_people, len(records), tuple(rows))


class _Answers:
    """Answers of judges as arrays, options in one order an item."""

    def __init__(
        self, records: Sequence[Record], logs: Sequence[Floats], learning: Sequence[Record]
    ) -> None:
        self.records = records
        people, self.who = np.unique(
            [record_respondent(one) for one in records], return_inverse=True
        )
        self.n_people = len(people)
        drawn = generator(42, "card").multinomial(
            self.n_people, np.full(self.n_people, 1 / self.n_people), REPLICATES
        )
        self.weights = np.vstack([np.ones(self.n_people), drawn])[:, self.who]
        self.options = {record_item(one): _texts(one) for one in records}
        counts = _training_shares(learning, self.options)
        self.codes, self.shares = [], ([], [])
        for one, log in zip(records, logs, strict=True):
            texts = self.options[record_item(one)]
            place = {option.text: at for at, option in enumerate(one.options)}
            self.codes.append(texts.index(one.answer))
            self.shares[0].append(np.exp(log[[place[text] for text in texts]]))
            self.shares[1].append(counts[record_item(one)])

    codes: list[int]
    shares: tuple[list[Floats], list[Floats]]

    def right(self, shares: Sequence[Floats]) -> Floats:
        """Whether the likeliest option was chosen; options that are alike share it."""
        return np.array([
            np.isclose(row[code], row.max()) / np.isclose(row, row.max()).sum()
            for row, code in zip(shares, self.codes, strict=True)
        ])  # fmt: skip

    def losses(self, shares: Sequence[Floats]) -> Floats:
        """Log loss of each answer, in nats."""
        return np.array([-np.log(row[code]) for row, code in zip(shares, self.codes, strict=True)])

    def row(self, name: str, measure: Any) -> dict[str, Any]:
        weights = self.weights / self.weights.sum(axis=1, keepdims=True)
        values = [_interval(weights @ measure(one)) for one in self.shares]
        return {"measure": name, "group": "all", "people": self.n_people,
                "model": values[0], "majority": values[1]}  # fmt: skip

    def groups(self, name: str) -> list[dict[str, Any]]:
        """Distance of everybody's shares and of each group's, for the items that it is for."""
        ordered = np.array([bool(dict(one.metadata).get("ordered")) for one in self.records])
        fit = ordered if name == "W1" else ~ordered
        if not fit.any():
            return []
        distance = w1_normalized if name == "W1" else tv
        rows = []
        for group, member in [("all", np.ones(len(fit), bool)), *self._members()]:
            mine = member & fit
            if (n := len(np.unique(self.who[mine]))) >= LEAST or group == "all":
                values = [_interval(self._distance(one, mine, distance)) for one in self.shares]
                rows.append({"measure": name, "group": group, "people": n,
                             "model": values[0], "majority": values[1]})  # fmt: skip
        return rows

    def _members(self) -> list[tuple[str, NDArray[np.bool_]]]:
        names = list(dict.fromkeys(name for one in self.records for name, _ in one.profile))
        found = []
        for name in names:
            values = np.array([one.attribute(name) or "" for one in self.records])
            distinct = sorted(set(values.tolist()) - {""})
            if 1 < len(distinct) <= MOST_VALUES:
                found += [(f"{name}: {value}", values == value) for value in distinct]
        return found

    def _distance(
        self, shares: Sequence[Floats], member: NDArray[np.bool_], distance: Any
    ) -> Floats:
        """Mean over items, for everybody and each resample; shape (1 + replicates,)."""
        items = np.array([record_item(one) for one in self.records])
        totals, n = np.zeros(len(self.weights)), np.zeros(len(self.weights))
        for item, texts in self.options.items():
            rows = np.flatnonzero(member & (items == item))
            if not len(rows):
                continue
            weights = self.weights[:, rows]
            size = weights.sum(axis=1, keepdims=True)
            there = size[:, 0] > 0
            eye = np.eye(len(texts))[[self.codes[row] for row in rows]]
            mine = np.stack([shares[int(row)] for row in rows])
            human, model = weights @ eye / np.maximum(size, 1e-9), weights @ mine
            model = model / np.maximum(size, 1e-9)
            totals[there] += distance(human[there], model[there])
            n += there
        result: Floats = totals / np.where(n > 0, n, np.nan)
        return result


def _texts(record: Record) -> list[str]:
    """Options in the codebook's order, where the record says it."""
    order = dict(record.metadata).get("order")
    texts = [one.text for one in record.options]
    if isinstance(order, (list, tuple)) and sorted(order) == list(range(len(texts))):
        return [texts[place] for place in np.argsort(order)]
    return texts


def _training_shares(
    learning: Sequence[Record], options: Mapping[str, Sequence[str]]
) -> dict[str, Floats]:
    """Shares of the training people, half an answer added to each option."""
    counts = {item: np.full(len(texts), 0.5) for item, texts in options.items()}
    for one in learning:
        item = record_item(one)
        if item in options and one.choice is not None and one.answer in options[item]:
            counts[item][list(options[item]).index(one.answer)] += 1
    return {item: one / one.sum() for item, one in counts.items()}


def _interval(values: Floats) -> list[float]:
    low, high = np.nanquantile(values[1:], (0.025, 0.975))
    return [round(float(one), 4) for one in (values[0], low, high)]
