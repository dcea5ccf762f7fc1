"""Free replies in batches of like length, each drawn from numbers of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from alignsurvey.randomness import hash_ids, uniforms
from alignsurvey.simulators.local.budget import Budget, in_batches

__all__ = ["Drawing", "Written", "forget_habits", "write_replies"]


@dataclass(frozen=True)
class Drawing:
    """How tokens are drawn.

    Parameters
    ----------
    temperature : float
        0 takes the most probable token.
    top_p : float, optional
        Share of the probability that is drawn from.
    max_tokens : int
    seed : int
    """

    temperature: float = 1.0
    top_p: float | None = None
    max_tokens: int = 512
    seed: int = 42


@dataclass(frozen=True, slots=True)
class Written:
    """What was written for a prompt.

    Parameters
    ----------
    key : str
    ids : tuple of int
        Tokens, without the one that ends a reply.
    is_whole : bool
        Whether the model ended it itself.
    prompt_tokens : int
    """

    key: str
    ids: tuple[int, ...]
    is_whole: bool
    prompt_tokens: int


def write_replies(
    model: Any, prompts: Sequence[tuple[str, Sequence[int]]], drawing: Drawing, budget: Budget
) -> Iterator[Written]:
    """Write a reply to each prompt.

    A reply depends on its key and the seed, and not on the batch that it was written in, as far
    as rounding allows.

    Parameters
    ----------
    model : transformers.PreTrainedModel
    prompts : sequence of (key, token ids)
    drawing : Drawing
    budget : Budget

    Yields
    ------
    Written
        In any order.

    Raises
    ------
    InputError
        Memory runs out for a single prompt.
    """
    ordered = sorted(prompts, key=lambda one: len(one[1]))
    for part in in_batches(
        ordered, lambda one: len(one[1]), budget, lambda batch: _written(model, batch, drawing)
    ):
        yield from part


def forget_habits(model: Any, tokenizer: Any) -> None:
    """Draw from the model's own distribution: its file may ask for top_k 20, say."""
    from transformers import GenerationConfig

    old = model.generation_config
    ends = old.eos_token_id if old.eos_token_id is not None else tokenizer.eos_token_id
    pad = tokenizer.pad_token_id
    if pad is None:
        pad = ends[0] if isinstance(ends, list) else ends
    model.generation_config = GenerationConfig(
        do_sample=False,
        eos_token_id=ends,
        pad_token_id=0 if pad is None else pad,
        bos_token_id=old.bos_token_id,
    )


def _written(
    model: Any, prompts: Sequence[tuple[str, Sequence[int]]], drawing: Drawing
) -> list[Written]:
    import torch
    from transformers import LogitsProcessorList

    device = model.get_input_embeddings().weight.device
    config = model.generation_config
    longest = max(len(ids) for _, ids in prompts)
    ids = torch.full((len(prompts), longest), int(config.pad_token_id))
    mask = torch.zeros_like(ids)
    for row, (_, own) in enumerate(prompts):
        ids[row, longest - len(own) :] = torch.tensor(own)
        mask[row, longest - len(own) :] = 1
    drawn = _Drawn([key for key, _ in prompts], longest, drawing)
    with torch.inference_mode():
        out = model.generate(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            max_new_tokens=drawing.max_tokens,
            logits_processor=LogitsProcessorList([drawn] if drawing.temperature else []),
        )
    ends = config.eos_token_id
    ends = set(ends if isinstance(ends, list) else [ends])
    rows = zip(prompts, out[:, longest:].tolist(), strict=True)
    return [_up_to_end(key, own, new, ends) for (key, own), new in rows]


def _up_to_end(key: str, prompt: Sequence[int], new: Sequence[int], ends: set[int]) -> Written:
    end = next((place for place, one in enumerate(new) if one in ends), None)
    return Written(key, tuple(new[:end]), end is not None, len(prompt))


class _Drawn:
    """Leaves of each row's scores the one token that is drawn.

    One uniform number a row and step, derived from its key, is looked up in the cumulated
    probabilities, so that a batch draws as its rows would alone.
    """

    def __init__(self, keys: Sequence[str], begun: int, drawing: Drawing) -> None:
        self._hashes, self._begun, self._drawing = hash_ids(keys), begun, drawing

    def __call__(self, ids: Any, scores: Any) -> Any:
        import torch

        step = int(ids.shape[1]) - self._begun
        lots = uniforms(self._hashes, self._drawing.seed, "generate", step)
        exact = torch.float32 if scores.device.type == "mps" else torch.float64
        shares = (scores.to(exact) / self._drawing.temperature).softmax(-1)
        if self._drawing.top_p is not None:
            shares = _nucleus(shares, self._drawing.top_p)
        cumulated = shares.cumsum(-1)
        wanted = torch.as_tensor(lots, dtype=exact, device=scores.device)[:, None]
        drawn = torch.searchsorted(cumulated, wanted * cumulated[:, -1:], right=True)
        drawn = drawn.clamp(max=shares.shape[-1] - 1)
        return torch.full_like(scores, -torch.inf).scatter(1, drawn, 0.0)


def _nucleus(shares: Any, top_p: float) -> Any:
    """Keep the most probable tokens that make up a share of all, at least one."""
    ordered, places = shares.sort(-1, descending=True)
    before = ordered.cumsum(-1) - ordered
    return shares.scatter(-1, places, ordered.where(before < top_p, 0.0))
