"""From replies to predictions: each read by the way it was elicited, averaged, and counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.predictions import Elicited, Outcome, Predictions, Provenance
from alignsurvey.simulators.elicit import Elicit
from alignsurvey.survey.codebook import Codebook, Variable
from alignsurvey.tasks.queries import Query, Reply
from alignsurvey.tasks.replies import read_choice, read_shares

__all__ = ["AskingReport", "Reading", "Tally", "read_reply"]

_OUTCOMES = {one.name.lower(): one for one in Outcome}
_NOTHING_SAID = 1e-12


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reply says.

    Parameters
    ----------
    outcome : Outcome
    shares : tuple of float, optional
        Of each category in the order of the codebook, summing to 1; None unless answered.
    dont_know_share : float, optional
        Of all probability on the options that say "don't know", where shares were given.
    """

    outcome: Outcome
    shares: tuple[float, ...] | None = None
    dont_know_share: float | None = None


@dataclass(frozen=True)
class AskingReport:
    """How asking went; stands beside every score of a simulator that was asked.

    Parameters
    ----------
    simulator : str
    by : "sampled", "likelihood" or "verbalized"
    draws, orders : int
    queries : int
        Replies wanted: people times items times draws times orders.
    outcomes : mapping of str to int
        What became of them: answered, refused, dont_know, unparseable, no_reply.
    a_bias : float, optional
        Mean probability of the option shown first, less its share of the options (1/K), before
        averaging over orders; None where all saw the questionnaire's order, and a liking for A
        cannot be told from one for the first option. 0 is none.
    outside_share : float, optional
        Mean probability that lay on no option's letter (likelihood).
    dont_know_share : float, optional
        Mean probability of "don't know" where it was offered and shares were given.
    notes : tuple of str
        What was found out about the simulator.
    """

    simulator: str
    by: Elicited
    draws: int
    orders: int
    queries: int
    outcomes: Mapping[str, int] = field(default_factory=dict)
    a_bias: float | None = None
    outside_share: float | None = None
    dont_know_share: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def parse_rate(self) -> float:
        """Share of the queries whose reply was read as an answer; NaN without queries."""
        return self.outcomes.get("answered", 0) / self.queries if self.queries else math.nan

    def as_dict(self) -> dict[str, Any]:
        """Give all of it as plain values, for a manifest or JSON."""
        return {
            "simulator": self.simulator,
            "by": self.by,
            "draws": self.draws,
            "orders": self.orders,
            "queries": self.queries,
            "outcomes": dict(self.outcomes),
            "parse_rate": self.parse_rate if self.queries else None,
            "a_bias": self.a_bias,
            "outside_share": self.outside_share,
            "dont_know_share": self.dont_know_share,
            "notes": list(self.notes),
        }


def read_reply(query: Query, reply: Reply, item: Variable, by: Elicited) -> Reading:
    """Read one reply.

    Parameters
    ----------
    query : Query
        Its options carry the codebook's codes.
    reply : Reply
    item : Variable
    by : "sampled", "likelihood" or "verbalized"

    Raises
    ------
    InputError
        Log-probabilities are wanted, and the simulator gives none.
    """
    if reply.error is not None or reply.text is None:
        return Reading(Outcome.NO_REPLY)
    if reply.finish_reason == "content_filter":
        return Reading(Outcome.REFUSED)
    if by == "sampled":
        return _chosen(query, reply.text, item)
    if by == "likelihood":
        return _placed(query, item, _likelihoods(query, reply))
    said = read_shares(reply.text, _lettered(query))
    if said.shares is None:
        return Reading(_OUTCOMES[said.outcome])
    return _placed(query, item, said.shares)


def _lettered(query: Query) -> tuple[tuple[str, str], ...]:
    return tuple((one.letter, one.text) for one in query.options)


def _chosen(query: Query, text: str, item: Variable) -> Reading:
    choice = read_choice(text, _lettered(query))
    if choice.index is None:
        return Reading(_OUTCOMES[choice.outcome])
    place = item.index(query.options[choice.index].code)
    if place < 0:
        return Reading(Outcome.DONT_KNOW)
    return Reading(Outcome.ANSWERED, tuple(float(k == place) for k in range(len(item.categories))))


def _likelihoods(query: Query, reply: Reply) -> list[float]:
    logs = reply.log_probabilities
    if logs is None:
        raise InputError(f"'{query.item}': a reply without log-probabilities; ask with by: sampled")
    return [math.exp(logs[one.letter]) if one.letter in logs else 0.0 for one in query.options]


def _placed(query: Query, item: Variable, masses: Sequence[float]) -> Reading:
    """Bring masses into the codebook's order; what lies on "don't know" is set aside."""
    shares = [0.0] * len(item.categories)
    aside = 0.0
    for option, mass in zip(query.options, masses, strict=True):
        place = item.index(option.code)
        if place < 0:
            aside += mass
        else:
            shares[place] += mass
    total = math.fsum(shares)
    known = aside / (aside + total) if aside + total > _NOTHING_SAID else None
    if total <= _NOTHING_SAID:
        return Reading(Outcome.DONT_KNOW if aside > _NOTHING_SAID else Outcome.UNPARSEABLE)
    return Reading(Outcome.ANSWERED, tuple(one / total for one in shares), known)


class Tally:
    """Sums replies as they come, in any order.

    Parameters
    ----------
    ids : polars.Series
        Respondents.
    items : Codebook
    elicit : Elicit
    """

    def __init__(self, ids: pl.Series, items: Codebook, elicit: Elicit) -> None:
        n = len(ids)
        self._ids, self._items, self._elicit = ids, items, elicit
        self._rows = {one: row for row, one in enumerate(ids.to_list())}
        # Shares are summed in one order, whichever they come in, so that the same replies give
        # the same numbers to the last digit. Draws are counted, and need a single place.
        slots = 1 if elicit.by == "sampled" else elicit.replies
        self._sums = {one.name: np.zeros((n, slots, len(one.categories))) for one in items}
        self._kinds = {one.name: np.zeros((n, len(Outcome)), dtype=np.int32) for one in items}
        self._first: list[float] = []
        self._outside: list[float] = []
        self._unknown: list[float] = []

    def add(self, query: Query, reply: Reply) -> None:
        """Add the reply to a query."""
        item, row = self._items[query.item], self._rows[query.respondent]
        reading = read_reply(query, reply, item, self._elicit.by)
        self._kinds[item.name][row, reading.outcome] += 1
        if reading.shares is not None:
            sums = self._sums[item.name]
            sums[row, query.draw % sums.shape[1]] += reading.shares
            shown_first = reading.shares[item.index(query.options[0].code)]
            self._first.append(shown_first - 1 / len(reading.shares))
        if reading.dont_know_share is not None and len(query.options) > len(item.categories):
            self._unknown.append(reading.dont_know_share)
        if reply.outside_share is not None:
            self._outside.append(reply.outside_share)

    def finish(self, name: str) -> tuple[Predictions, AskingReport]:
        """Average what was read, and count what was not."""
        elicit = self._elicit
        shares: dict[str, NDArray[np.float64]] = {}
        outcomes: dict[str, NDArray[np.int8]] = {}
        for item, sums in self._sums.items():
            read = self._kinds[item][:, Outcome.ANSWERED]
            with np.errstate(invalid="ignore"):
                shares[item] = np.where(read[:, None] > 0, sums.sum(axis=1) / read[:, None], np.nan)
            outcomes[item] = _outcome_of_each(self._kinds[item], elicit.replies)
        draws = elicit.replies if elicit.by == "sampled" else None
        provenance = Provenance(name, elicit.by, draws)
        predictions = Predictions(self._ids, shares, self._items, provenance, outcomes)
        return predictions, self._report(name)

    def _report(self, name: str) -> AskingReport:
        elicit = self._elicit
        queries = len(self._rows) * len(self._items) * elicit.replies
        counts = np.sum([kinds.sum(axis=0) for kinds in self._kinds.values()], axis=0)
        found = {one.name.lower(): int(counts[one]) for one in Outcome}
        found["no_reply"] += queries - int(counts.sum())
        bias = _mean(self._first) if elicit.is_shuffled else None
        return AskingReport(
            name, elicit.by, elicit.draws, elicit.orders, queries, found, bias,
            _mean(self._outside), _mean(self._unknown),
        )  # fmt: skip


def _outcome_of_each(kinds: NDArray[np.int32], replies: int) -> NDArray[np.int8]:
    """Answered where any reply was read, else what most of the replies were."""
    counts = kinds.copy()
    counts[:, Outcome.NO_REPLY] += replies - counts.sum(axis=1)
    # Of a question with no answer any other sign says more than silence, so that ties go there.
    most = np.argmax(counts, axis=1)
    return np.where(kinds[:, Outcome.ANSWERED] > 0, Outcome.ANSWERED, most).astype(np.int8)


def _mean(values: list[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
