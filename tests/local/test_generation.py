"""Free replies: the same in every batch, drawn as the model's probabilities say."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from alignsurvey.simulators.local.budget import Budget
from alignsurvey.simulators.local.generation import Drawing, write_replies

from .conftest import needs_models

pytestmark = needs_models
TEXTS = ("Are you happy?", "About you:\nage: 64\nAre you happy?\nA. yes\nB. no", "您觉得幸福吗？")


@pytest.mark.parametrize(
    "drawing",
    [Drawing(0.0, max_tokens=5), Drawing(1.0, max_tokens=5), Drawing(0.7, 0.9, 5)],
    ids=["greedy", "drawn", "nucleus"],
)
def test_a_reply_does_not_depend_on_its_batch(loaded, drawing):
    prompts = [(str(n), loaded.chat.tokenizer.encode(TEXTS[n % 3])) for n in range(6)]
    together = {one.key: one for one in write_replies(loaded.model, prompts, drawing, Budget(9999))}
    alone = {one.key: one for one in write_replies(loaded.model, prompts, drawing, Budget(1))}
    assert together == alone
    assert len({one.ids for one in together.values()}) == (3 if not drawing.temperature else 6)


def test_another_seed_draws_other_replies(loaded):
    prompts = [("one", loaded.chat.tokenizer.encode(TEXTS[0]))]
    first, again, other = (
        next(iter(write_replies(loaded.model, prompts, Drawing(1, None, 8, seed), Budget(99)))).ids
        for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, None), (0.5, None), (1.0, 0.5)])
def test_tokens_are_drawn_with_the_models_probabilities(loaded, temperature, top_p):
    import torch

    n = 1500
    ids = loaded.chat.tokenizer.encode(TEXTS[0])
    drawing = Drawing(temperature, top_p, 1)
    prompts = [(str(key), ids) for key in range(n)]
    ends = loaded.model.generation_config.eos_token_id
    drawn = Counter(
        one.ids[0] if one.ids else ends
        for one in write_replies(loaded.model, prompts, drawing, Budget(9999))
    )
    with torch.inference_mode():
        logits = loaded.model(torch.tensor([ids])).logits[0, -1]
    shares = (logits / temperature).softmax(0)
    if top_p:
        ordered = shares.sort(descending=True)
        least = ordered.values[int((ordered.values.cumsum(0) < top_p).sum())]
        shares = shares.where(shares >= least, 0.0)
        shares = shares / shares.sum()
    for token in shares.argsort(descending=True)[:5].tolist():
        share = float(shares[token])
        error = math.sqrt(share * (1 - share) / n)
        assert abs(drawn[token] / n - share) < 4 * error
    assert all(shares[token] > 0 for token in drawn)


def test_the_end_of_a_reply_is_told_from_a_reply_cut_off(loaded, monkeypatch):
    prompts = [("one", loaded.chat.tokenizer.encode(TEXTS[0]))]
    [cut] = write_replies(loaded.model, prompts, Drawing(0.0, max_tokens=4), Budget(99))
    assert (len(cut.ids), cut.is_whole) == (4, False)
    monkeypatch.setattr(loaded.model.generation_config, "eos_token_id", [cut.ids[2], 1])
    [whole] = write_replies(loaded.model, prompts, Drawing(0.0, max_tokens=4), Budget(99))
    assert whole.is_whole
    assert whole.ids == cut.ids[: cut.ids.index(cut.ids[2])]
