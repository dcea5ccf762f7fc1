"""Encoding: a prompt and its answer as tokens, and which tokens stand for the options."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError

if TYPE_CHECKING:
    from alignsurvey.simulators.local.chat import Chat
    from alignsurvey.training.examples import Exchange

Ids = NDArray[np.int64]
"""Token ids."""


@dataclass(frozen=True, eq=False)
class Example:
    """One question to one respondent, in tokens.

    Parameters
    ----------
    prefix_ids : array of int
        What it shares with the respondent's other questions; empty until `share_prefix`.
    question_ids : array of int
        The rest of the prompt, up to where the answer starts.
    answer_ids : array of int
        The answer with the token that ends it: what answer-token training learns.
    label_ids : tuple of tuple of int
        For each option, in the codebook's order, the tokens that its label as shown may start an
        answer with ("A", " A"). Empty without options, or where options have no letters.
    target : array of float, shape (K,), optional
        Human share of each option, in the codebook's order; None where there is only an answer.
    weight : float
    respondent : int, float or str
    item, group : str
    options : tuple of str, length K
        Texts of the options, in the same order: what a head scores.

    Examples
    --------
    >>> one = Example(np.array([], int), np.array([5, 6]), np.array([7, 2]))
    >>> one.length
    4
    """

    prefix_ids: Ids
    question_ids: Ids
    answer_ids: Ids
    label_ids: tuple[tuple[int, ...], ...] = ()
    target: NDArray[np.float64] | None = None
    weight: float = 1.0
    respondent: Hashable = ""
    item: str = ""
    group: str = ""
    options: tuple[str, ...] = ()

    @property
    def prompt_ids(self) -> Ids:
        """Prefix and question."""
        return np.concatenate([self.prefix_ids, self.question_ids])

    @property
    def length(self) -> int:
        """Tokens in all."""
        return len(self.prefix_ids) + len(self.question_ids) + len(self.answer_ids)


def encode(
    exchanges: Sequence[Exchange], chat: Chat, cutoff: int = 2048, *, with_labels: bool = True
) -> list[Example]:
    """Encode prompts and their answers as the model's chat template writes them.

    A prompt is tokenized whole, as it is when the model is asked, so that training and asking
    see the same tokens. Too long a prompt loses its middle; the answer is kept.

    Parameters
    ----------
    exchanges : sequence of Exchange
    chat : Chat
        Of `alignsurvey.simulators.local`, as the simulator uses it.
    cutoff : int
        Most tokens of prompt and answer.
    with_labels : bool
        Whether the options' tokens are needed; answer-token training needs none.

    Raises
    ------
    InputError
        An answer is empty or alone longer than the cut-off, or two labels start with one token.
    """
    for one in exchanges:
        if not one.answer.strip():
            raise InputError(f"{_where(one)}: the answer is empty; leave the row out")
    tokenizer = chat.tokenizer
    prompts = chat.encode([one.messages for one in exchanges])
    # Behind the plain "Answer:" of a model without a template stands a space.
    leads = [""] * len(prompts)
    if not chat.has_template:
        texts = chat.texts([one.messages for one in exchanges])
        leads = [" " if text.endswith(":") else "" for text in texts]
    written = [lead + one.answer for lead, one in zip(leads, exchanges, strict=True)]
    answers = tokenizer(written, add_special_tokens=False)["input_ids"] if written else []
    known: dict[tuple[str, ...], tuple[tuple[int, ...], ...]] = {}
    examples = []
    for one, prompt, answer in zip(exchanges, prompts, answers, strict=True):
        if one.labels not in known:
            known[one.labels] = label_tokens(one.labels, tokenizer) if with_labels else ()
        examples.append(_example(one, prompt, answer, known[one.labels], tokenizer, cutoff))
    return examples


def _example(
    exchange: Exchange,
    prompt: Sequence[int],
    answer: Sequence[int],
    labels: tuple[tuple[int, ...], ...],
    tokenizer: Any,
    cutoff: int,
) -> Example:
    end = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    answer_ids = np.array([*answer, *end], dtype=np.int64)
    room = cutoff - len(answer_ids)
    if room < 2:
        raise InputError(
            f"{_where(exchange)}: the answer has {len(answer_ids):,} tokens, the cut-off is "
            f"{cutoff:,}; raise it"
        )
    return Example(
        np.array([], dtype=np.int64), _shortened(prompt, room), answer_ids, labels,
        exchange.target, exchange.weight, exchange.respondent, exchange.item, exchange.group,
        exchange.options,
    )  # fmt: skip


def _where(exchange: Exchange) -> str:
    return f"respondent {exchange.respondent!r}, '{exchange.item}'"


def _shortened(ids: Sequence[int], room: int) -> Ids:
    """Drop the middle of what is too long: the instruction and the question stay."""
    if len(ids) > room:
        head = room // 2
        ids = [*ids[:head], *ids[len(ids) - (room - head) :]]
    return np.array(ids, dtype=np.int64)


def label_tokens(labels: Sequence[str], tokenizer: Any) -> tuple[tuple[int, ...], ...]:
    """Find the tokens with which each label may start an answer: "A" and " A".

    Raises
    ------
    InputError
        Two labels start with the same token ("A" and "AA", in some tokenizers), so that a
        distribution over first tokens could not tell them apart.
    """
    found: list[tuple[int, ...]] = []
    owner: dict[int, str] = {}
    # A space that is a token of its own says nothing of the label.
    blank = set(_ids(tokenizer, " "))
    for label in labels:
        variants = [_ids(tokenizer, text) for text in (label, f" {label}")]
        firsts = dict.fromkeys(ids[0] for ids in variants if ids and ids[0] not in blank)
        for token in firsts:
            if owner.setdefault(token, label) != label:
                raise InputError(
                    f"the labels '{owner[token]}' and '{label}' start with the same token; use "
                    "answer-token training (loss: sft), or a model with other tokens"
                )
        found.append(tuple(firsts))
    return tuple(found)


def _ids(tokenizer: Any, text: str) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def share_prefix(examples: Sequence[Example]) -> list[Example]:
    """Move the tokens with which all prompts start into the prefix.

    Every question keeps a token of its own, from which its answer is predicted.

    Examples
    --------
    >>> none = np.array([], int)
    >>> two = [Example(none, np.array(ids), np.array([9])) for ids in ([1, 2, 3], [1, 2, 4, 5])]
    >>> [one.prefix_ids.tolist() for one in share_prefix(two)]
    [[1, 2], [1, 2]]
    """
    if len(examples) < 2:
        return list(examples)
    prompts = [one.prompt_ids for one in examples]
    most = min(len(ids) for ids in prompts) - 1
    first = prompts[0][:most]
    same = np.all([ids[:most] == first for ids in prompts[1:]], axis=0)
    shared = most if same.all() else int(np.argmin(same))
    return [
        replace(one, prefix_ids=ids[:shared], question_ids=ids[shared:])
        for one, ids in zip(examples, prompts, strict=True)
    ]
