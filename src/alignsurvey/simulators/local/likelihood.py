"""Likelihoods of options: what a respondent's prompts share is computed once.

The prompts of one respondent begin alike: the system message and the profile. Their keys and
values are computed once, and each question, in each order of its options, goes on from them. What
all respondents of a batch share comes before that. Log-probabilities are taken at the last place
alone; a label of several tokens goes on from there, so that it is scored whole.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey.simulators.local.budget import Budget, in_batches
from alignsurvey.simulators.local.labels import Ids, LabelTokens
from alignsurvey.simulators.local.passes import Computed, go_on, shares_starts

__all__ = ["Prompt", "Scored", "one_by_one", "score_prompts"]

_SHARE_OF_KEPT = 4
"""Keys and values that are kept weigh a quarter of tokens that are computed."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question to be scored.

    Parameters
    ----------
    ids : tuple of int
        Token ids up to where the model goes on.
    labels : LabelTokens
    respondent : int or str
        Whose prompts begin alike.
    key : str
        By which its score is known.
    """

    ids: Ids
    labels: LabelTokens
    respondent: Hashable = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """The score of a prompt.

    Parameters
    ----------
    prompt : Prompt
    log_probabilities : mapping of str to float
        Of each label, not renormalized.
    outside_share : float
        Probability that lies on none of them.
    shared : int
        Tokens of the prompt that were computed together with other prompts.
    """

    prompt: Prompt
    log_probabilities: dict[str, float]
    outside_share: float
    shared: int = 0


def score_prompts(model: Any, prompts: Sequence[Prompt], budget: Budget) -> Iterator[Scored]:
    """Score prompts, those of a respondent together, respondents of like length in a batch.

    Parameters
    ----------
    model : transformers.PreTrainedModel
    prompts : sequence of Prompt
    budget : Budget
        Tokens in one pass; less is taken when memory runs out.

    Yields
    ------
    Scored
        In any order.

    Raises
    ------
    InputError
        Memory runs out for a single prompt.
    """
    if not prompts:
        return
    if not shares_starts(model, _longest_padded(prompts)):
        for prompt in sorted(prompts, key=lambda one: len(one.ids)):
            yield from in_batches([prompt], _tokens, budget, lambda one: one_by_one(model, one[0]))
        return
    people = sorted((_person(one) for one in _by_respondent(prompts)), key=lambda one: one.tokens)
    for branches in in_batches(
        people, lambda one: one.tokens, budget, lambda batch: _Batch(model, batch, budget).scores()
    ):
        yield from branches


def one_by_one(model: Any, prompt: Prompt) -> Scored:
    """Score one prompt plainly: a pass of its own for each way to write each label.

    It is what `score_prompts` must agree with.
    """
    import torch

    logs = np.empty(len(prompt.labels.sequences))
    device = model.get_input_embeddings().weight.device
    for place, way in enumerate(prompt.labels.sequences):
        ids = torch.tensor([[*prompt.ids, *way]], device=device)
        with torch.inference_mode():
            logits = model(input_ids=ids).logits[0, len(prompt.ids) - 1 : -1]
        found = logits.float().log_softmax(-1).cpu()
        logs[place] = sum(float(found[step, token]) for step, token in enumerate(way))
    return Scored(prompt, *prompt.labels.masses(logs))


@dataclass(frozen=True)
class _Person:
    """A respondent's prompts, and how many tokens all of them begin with."""

    prompts: tuple[Prompt, ...]
    start: int

    @property
    def tokens(self) -> int:
        """Tokens to compute."""
        return self.start + sum(len(one.ids) - self.start for one in self.prompts)


def _by_respondent(prompts: Sequence[Prompt]) -> list[list[Prompt]]:
    found: dict[Hashable, list[Prompt]] = {}
    for one in prompts:
        found.setdefault(one.respondent, []).append(one)
    return list(found.values())


def _person(prompts: list[Prompt]) -> _Person:
    start = len(_common_start([one.ids for one in prompts]))
    # The last token of a prompt is always computed with it: the answer is read there.
    return _Person(tuple(prompts), min(start, *(len(one.ids) - 1 for one in prompts)))


def _common_start(rows: Sequence[Ids]) -> Ids:
    """Give what all rows begin with: what the first and the last in order begin with."""
    first, last = min(rows), max(rows)
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    return first[:same]


def _tokens(prompt: Prompt) -> int:
    return len(prompt.ids)


def _longest_padded(prompts: Sequence[Prompt]) -> int:
    longest = max(len(way) for one in prompts for way in one.labels.sequences)
    return 2 * max(map(_tokens, prompts)) + longest


class _Batch:
    """Some respondents: what all share, what each shares, and each of their prompts."""

    def __init__(self, model: Any, people: Sequence[_Person], budget: Budget) -> None:
        self._model, self._people, self._budget = model, people, budget

    def scores(self) -> list[Scored]:
        people = self._people
        everyones = _common_start([one.prompts[0].ids[: one.start] for one in people])
        common = len(everyones) if len(people) > 1 else 0
        before = self._go_on_together(None, everyones[:common]) if common else None
        starts = [one.prompts[0].ids[common : one.start] for one in people]
        has_starts = len(people) == 1 or sum(len(one.prompts) for one in people) > len(people)
        if has_starts and all(starts):
            parents = before.of([0] * len(people)) if before else None
            _, before = go_on(self._model, parents, starts, pad="right")
            begun, rows = [one.start for one in people], list(range(len(people)))
        else:
            begun, rows = [common] * len(people), [0] * len(people)
        leaves = [
            (row, start, prompt)
            for row, start, one in zip(rows, begun, people, strict=True)
            for prompt in one.prompts
        ]
        leaves.sort(key=lambda leaf: len(leaf[2].ids) - leaf[1])
        found = in_batches(
            leaves, _leaf_cost, self._budget, lambda part: self._leaves(before, part)
        )
        return [one for part in found for one in part]

    def _go_on_together(self, before: Computed | None, ids: Ids) -> Computed:
        return go_on(self._model, before, [ids], pad="right")[1]

    def _leaves(
        self, before: Computed | None, leaves: list[tuple[int, int, Prompt]]
    ) -> list[Scored]:
        parents = before.of([row for row, _, _ in leaves]) if before else None
        rest = [prompt.ids[start:] for _, start, prompt in leaves]
        logits, done = go_on(self._model, parents, rest, pad="left")
        prompts = [prompt for _, _, prompt in leaves]
        logs = _first_steps(logits[:, 0], prompts)
        self._further_steps(done, prompts, logs)
        return [
            Scored(prompt, *prompt.labels.masses(log), start)
            for (_, start, prompt), log in zip(leaves, logs, strict=True)
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


def _leaf_cost(leaf: tuple[int, int, Prompt]) -> int:
    _, start, prompt = leaf
    return len(prompt.ids) - start + start // _SHARE_OF_KEPT


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
