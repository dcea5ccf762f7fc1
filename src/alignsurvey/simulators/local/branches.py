"""Likelihoods by transformers' own pass, for models of any kind, branch by branch.

What all respondents of a batch share comes first, then what each respondent's prompts share, then
each question's: keys and values are computed once and taken by each that goes on from them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey.simulators.local.budget import Budget, in_batches
from alignsurvey.simulators.local.labels import Ids
from alignsurvey.simulators.local.passes import Computed, go_on, shares_starts
from alignsurvey.simulators.local.prompts import Prompt, Scored, one_by_one

__all__ = ["score_branches"]

_SHARE_OF_KEPT = 4
"""Keys and values that are kept weigh a quarter of tokens that are computed."""


def score_branches(model: Any, prompts: Sequence[Prompt], budget: Budget) -> Iterator[Scored]:
    """Score prompts, those of a respondent together, respondents of like length in a batch.

    Raises
    ------
    InputError
        Memory runs out for a single prompt.
    """
    if not shares_starts(model, _longest_padded(prompts)):
        for prompt in sorted(prompts, key=_tokens):
            yield from in_batches([prompt], _tokens, budget, lambda one: one_by_one(model, one[0]))
        return
    people = sorted((_person(one) for one in _by_respondent(prompts)), key=lambda one: one.tokens)
    for branches in in_batches(
        people, lambda one: one.tokens, budget, lambda batch: _Batch(model, batch, budget).scores()
    ):
        yield from branches


def _tokens(prompt: Prompt) -> int:
    return len(prompt.ids)


@dataclass(frozen=True)
class _Person:
    """A respondent's prompts, and how many tokens there are to compute, about."""

    prompts: tuple[Prompt, ...]
    tokens: int


def _by_respondent(prompts: Sequence[Prompt]) -> list[list[Prompt]]:
    found: dict[Hashable, list[Prompt]] = {}
    for one in prompts:
        found.setdefault(one.respondent, []).append(one)
    return list(found.values())


def _person(prompts: list[Prompt]) -> _Person:
    start = _shared(prompts)
    return _Person(tuple(prompts), start + sum(len(one.ids) - start for one in prompts))


def _shared(prompts: Sequence[Prompt]) -> int:
    """Count the tokens that prompts begin with alike.

    The last token of a prompt is always computed with it: the answer is read there.
    """
    shortest = min(len(one.ids) for one in prompts)
    return min(len(_common_start([one.ids for one in prompts])), shortest - 1)


def _common_start(rows: Sequence[Ids]) -> Ids:
    """Give what all rows begin with: what the first and the last in order begin with."""
    first, last = min(rows), max(rows)
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    return first[:same]


def _longest_padded(prompts: Sequence[Prompt]) -> int:
    longest = max(len(way) for one in prompts for way in one.labels.sequences)
    return 2 * max(map(_tokens, prompts)) + longest


@dataclass
class _Branch:
    """A prompt of a batch: how many of its tokens are computed, and in which row."""

    prompt: Prompt
    begun: int = 0
    row: int = 0

    @property
    def cost(self) -> int:
        """Tokens to compute, and what weighs as much."""
        return len(self.prompt.ids) - self.begun + self.begun // _SHARE_OF_KEPT


class _Batch:
    """Some respondents' prompts, which part from each other step by step."""

    def __init__(self, model: Any, people: Sequence[_Person], budget: Budget) -> None:
        self._model, self._budget = model, budget
        self._branches = [_Branch(one) for person in people for one in person.prompts]
        self._before: Computed | None = None
        self._rows = 0

    def scores(self) -> list[Scored]:
        """Compute what all share, what each respondent's prompts do, and each question's."""
        self._share([0] * len(self._branches))
        self._share([one.prompt.respondent for one in self._branches])
        self._share([(one.prompt.respondent, one.prompt.item) for one in self._branches])
        ordered = sorted(self._branches, key=lambda one: one.cost)
        found = in_batches(ordered, lambda one: one.cost, self._budget, self._leaves)
        return [one for part in found for one in part]

    def _share(self, keys: Sequence[Hashable]) -> None:
        """Go on with what the prompts of one key share, where that saves anything."""
        groups: dict[Hashable, list[_Branch]] = {}
        for key, branch in zip(keys, self._branches, strict=True):
            groups.setdefault(key, []).append(branch)
        if len(groups) in (len(self._branches), self._rows):
            return
        ends = [_shared([one.prompt for one in branches]) for branches in groups.values()]
        firsts = [branches[0] for branches in groups.values()]
        rows = [one.prompt.ids[one.begun : end] for one, end in zip(firsts, ends, strict=True)]
        if not all(rows):
            return
        parents = self._before.of([one.row for one in firsts]) if self._before else None
        _, self._before = go_on(self._model, parents, rows, pad="right")
        self._rows = len(groups)
        for row, (branches, end) in enumerate(zip(groups.values(), ends, strict=True)):
            for branch in branches:
                branch.row, branch.begun = row, end

    def _leaves(self, branches: list[_Branch]) -> list[Scored]:
        before = self._before.of([one.row for one in branches]) if self._before else None
        rest = [one.prompt.ids[one.begun :] for one in branches]
        logits, done = go_on(self._model, before, rest, pad="left")
        prompts = [one.prompt for one in branches]
        logs = _first_steps(logits[:, 0], prompts)
        self._further_steps(done, prompts, logs)
        return [
            Scored(one.prompt, *one.prompt.labels.masses(log), one.begun)
            for one, log in zip(branches, logs, strict=True)
        ]

    def _further_steps(
        self, done: Computed, prompts: Sequence[Prompt], logs: list[NDArray[np.float64]]
    ) -> None:
        """Add what the second and further tokens of labels come to."""
        branches = [
            (row, place, way)
            for row, prompt in enumerate(prompts)
            for place, way in enumerate(prompt.labels.sequences)
            if len(way) > 1
        ]

        def work(part: list[tuple[int, int, Ids]]) -> None:
            keep = max(len(way) for _, _, way in part) - 1
            parents = done.of([row for row, _, _ in part])
            tokens = [way[:-1] for _, _, way in part]
            logits, _ = go_on(self._model, parents, tokens, pad="left", keep=keep)
            for (row, place, way), each in zip(part, logits, strict=True):
                steps = each[keep - len(way) + 1 :].float().log_softmax(-1).cpu().numpy()
                logs[row][place] += sum(
                    float(steps[step, token]) for step, token in enumerate(way[1:])
                )

        width = int(done.mask.shape[1])
        for _ in in_batches(
            branches, lambda one: len(one[2]) + width // _SHARE_OF_KEPT, self._budget, work
        ):
            pass


def _first_steps(logits: Any, prompts: Sequence[Prompt]) -> list[NDArray[np.float64]]:
    """Take the log-probability of each sequence's first token, rows of like labels together."""
    import torch

    rows_of: dict[int, list[int]] = {}
    for row, prompt in enumerate(prompts):
        rows_of.setdefault(id(prompt.labels), []).append(row)
    norms = logits.float().logsumexp(-1)
    found: list[NDArray[np.float64]] = [np.empty(0)] * len(prompts)
    for rows in rows_of.values():
        firsts = [way[0] for way in prompts[rows[0]].labels.sequences]
        at = torch.tensor(rows, device=logits.device)
        picked = logits[at][:, firsts].float() - norms[at][:, None]
        for row, values in zip(rows, picked.cpu().numpy().astype(np.float64), strict=True):
            found[row] = values
    return found
