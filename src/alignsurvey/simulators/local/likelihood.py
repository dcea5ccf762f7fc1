"""Likelihoods of options: what prompts share is computed once.

The prompts of one respondent begin alike: the system message and the profile; the orders of one
question's options go on from the question. Where a model's layers are known, prompts and labels are
one prefix tree, and a pass of ours goes over it; any other model is asked branch by branch by
transformers' own pass. A label of several tokens is scored whole.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from alignsurvey.simulators.local.branches import score_branches
from alignsurvey.simulators.local.budget import Budget, in_batches
from alignsurvey.simulators.local.labels import Ids
from alignsurvey.simulators.local.prefix_tree import Places, common_tokens, prefix_tree
from alignsurvey.simulators.local.prompts import Prompt, Scored, one_by_one
from alignsurvey.simulators.local.tree_pass import TreePass

__all__ = ["Prompt", "Scored", "one_by_one", "score_prompts"]


def score_prompts(
    model: Any, prompts: Sequence[Prompt], budget: Budget, tree_pass: TreePass | None = None
) -> Iterator[Scored]:
    """Score prompts, those of a respondent together, respondents of like length in a batch.

    Parameters
    ----------
    model : transformers.PreTrainedModel
    prompts : sequence of Prompt
    budget : Budget
        Tokens in one pass; less is taken when memory runs out.
    tree_pass : TreePass, optional
        Of this model, from `find_tree_pass`. Without it, and where prompts are longer than it
        bears, transformers' own pass is used.

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
    if tree_pass is None or not tree_pass.bears(max(map(_longest, prompts))):
        yield from score_branches(model, prompts, budget)
        return
    for part in in_batches(
        _in_order(prompts),
        lambda one: len(one.prompt.ids),
        budget,
        lambda batch: _scores(tree_pass, batch),
        _fitting,
    ):
        yield from part


def _longest(prompt: Prompt) -> int:
    return len(prompt.ids) + max(map(len, prompt.labels.sequences))


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A prompt, what it adds to the prompts before it, and whether a respondent begins with it."""

    prompt: Prompt
    shared: int
    further: int
    begins: bool

    @property
    def added(self) -> int:
        """Tokens to compute, where the prompt before it is in the same pass."""
        return len(self.prompt.ids) - self.shared + self.further


def _in_order(prompts: Sequence[Prompt]) -> list[_Leaf]:
    """Put each respondent's prompts side by side, the respondents by how much there is of them."""
    people: dict[Hashable, list[Prompt]] = {}
    for one in prompts:
        people.setdefault(one.respondent, []).append(one)
    found: list[list[_Leaf]] = []
    for own in people.values():
        own.sort(key=lambda one: one.ids)
        before: Ids = ()
        leaves: list[_Leaf] = []
        for one in own:
            further = sum(len(way) - 1 for way in one.labels.sequences)
            leaves.append(_Leaf(one, common_tokens(before, one.ids), further, not leaves))
            before = one.ids
        found.append(leaves)
    found.sort(key=lambda leaves: sum(one.added for one in leaves))
    return [one for leaves in found for one in leaves]


def _fitting(leaves: Sequence[_Leaf], most: int) -> tuple[int, int]:
    """Count the first prompts that fit into a pass, respondents whole if one does; and tokens."""
    tokens = leaves[0].added + leaves[0].shared
    whole = (0, 0)
    for place, one in enumerate(leaves[1:], start=1):
        if one.begins:
            whole = (place, tokens)
        if tokens + one.added > most:
            return whole if whole[0] else (place, tokens)
        tokens += one.added
    return len(leaves), tokens


def _scores(tree_pass: TreePass, leaves: Sequence[_Leaf]) -> list[Scored]:
    """Score prompts in one pass: each ends where answers are read off, its labels go on there."""
    prompts = [one.prompt for one in leaves]
    sequences: list[Ids] = [one.ids for one in prompts]
    answers = [(place, len(one.ids) - 1) for place, one in enumerate(prompts)]
    firsts = {id(one.labels): _firsts(one) for one in prompts}
    asked: list[Places] = [firsts[id(one.labels)] for one in prompts]
    # Of each further token of a label: whose prompt's, and which of its ways to be written.
    further: list[tuple[int, int]] = []
    for owner, prompt in enumerate(prompts):
        for place, way in enumerate(prompt.labels.sequences):
            if len(way) > 1:
                steps = range(len(prompt.ids), len(prompt.ids) + len(way) - 1)
                answers.extend((len(sequences), position) for position in steps)
                asked.extend(np.array([token]) for token in way[1:])
                further.extend([(owner, place)] * len(steps))
                sequences.append((*prompt.ids, *way[:-1]))
    found = tree_pass.log_probabilities(prefix_tree(sequences), answers, asked)
    logs = found[: len(prompts)]
    for (owner, place), log in zip(further, found[len(prompts) :], strict=True):
        logs[owner][place] += log[0]
    return [
        Scored(prompt, *prompt.labels.masses(log), shared)
        for prompt, log, shared in zip(prompts, logs, _shared(leaves), strict=True)
    ]


def _shared(leaves: Sequence[_Leaf]) -> list[int]:
    """Count each prompt's tokens that another of the pass begins with; the last is its own."""
    every = [one.prompt.ids for one in leaves]
    head = common_tokens(min(every), max(every)) if len(every) > 1 else 0
    before = [0, *(0 if one.begins else one.shared for one in leaves[1:]), 0]
    return [
        min(max(head, *both), len(ids) - 1)
        for *both, ids in zip(before, before[1:], every, strict=False)
    ]


def _firsts(prompt: Prompt) -> Places:
    return np.array([way[0] for way in prompt.labels.sequences])
