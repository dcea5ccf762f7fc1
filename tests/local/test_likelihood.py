"""Likelihoods: computed together, in whatever batches, they are those computed one by one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from alignsurvey.errors import InputError
from alignsurvey.randomness import generator
from alignsurvey.simulators.local import likelihood
from alignsurvey.simulators.local.budget import Budget
from alignsurvey.simulators.local.labels import LabelTokens, label_tokens, single_tokens
from alignsurvey.simulators.local.likelihood import Prompt, one_by_one, score_prompts
from alignsurvey.simulators.local.passes import shares_starts

from .conftest import needs_models

pytestmark = needs_models
LETTERS = ("A", "B", "C")
WHOLE = ("very happy", "very unhappy", "very")
NUMBERS = ("1", "10", "100")


def prompts(tokenizer: Any, labels: tuple[str, ...] = LETTERS, people: int = 4) -> list[Prompt]:
    """People with profiles of different lengths, three questions each, two orders of options."""
    found = label_tokens(tokenizer, labels)
    text = []
    for person in range(people):
        profile = "".join(f"field {one}: {person * 7 + one}\n" for one in range(3 + person))
        for item in range(3):
            for turn in range(2):
                listed = "\n".join(labels[turn:] + labels[:turn])
                text.append(
                    (person, f"q{item}", f"About you:\n{profile}How {'so ' * item}?\n{listed}\n")
                )
    ids = tokenizer([one for *_, one in text])["input_ids"]
    return [
        Prompt(tuple(own), found, person, item, str(place))
        for place, ((person, item, _), own) in enumerate(zip(text, ids, strict=True))
    ]


def worst(model: Any, asked: list[Prompt], tokens: int = 512) -> float:
    """Largest difference of a log-probability to that computed plainly."""
    scored = {one.prompt.key: one for one in score_prompts(model, asked, Budget(tokens))}
    assert len(scored) == len(asked)
    found = 0.0
    for prompt in asked:
        alone, together = one_by_one(model, prompt), scored[prompt.key]
        assert alone.log_probabilities.keys() == together.log_probabilities.keys()
        differences = [
            alone.log_probabilities[label] - together.log_probabilities[label]
            for label in alone.log_probabilities
        ]
        found = max(found, *map(abs, differences))
        assert math.isclose(alone.outside_share, together.outside_share, abs_tol=1e-4)
    return found


@pytest.mark.parametrize("labels", [LETTERS, WHOLE, NUMBERS])
@pytest.mark.parametrize("tokens", [1, 60, 100_000])
def test_numbers_are_those_of_the_plain_computation(loaded, labels, tokens):
    asked = prompts(loaded.chat.tokenizer, labels)
    assert worst(loaded.model, asked, tokens) < 1e-4


def test_prompts_that_share_nothing_or_everything_are_scored_too(loaded):
    tokenizer = loaded.chat.tokenizer
    labels = label_tokens(tokenizer, LETTERS)
    texts = ["Are you happy?", "Are you happy?", "Bread", "x", "Are you"]
    asked = [
        Prompt(tuple(tokenizer.encode(text)), labels, person, key=str(place))
        for place, (person, text) in enumerate(zip([1, 1, 2, 3, 1], texts, strict=True))
    ]
    assert worst(loaded.model, asked) < 1e-4
    assert list(score_prompts(loaded.model, [], Budget(10))) == []


def test_what_a_respondent_shares_is_computed_once(loaded):
    asked = prompts(loaded.chat.tokenizer)
    scored = list(score_prompts(loaded.model, asked, Budget(10_000)))
    computed = sum(len(one.prompt.ids) - one.shared for one in scored)
    assert computed < 0.4 * sum(len(one.ids) for one in asked)


@pytest.mark.parametrize(
    ("kind", "settings", "shares"),
    [
        ("qwen2", {}, True),
        ("gemma2", {"head_dim": 8}, True),
        ("mistral", {"sliding_window": 4096}, True),
        ("mistral", {"sliding_window": 16}, False),
        ("gpt2", {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 512}, True),
        ("gpt_neox", {}, True),
        ("mamba", {}, False),
    ],
)
def test_other_kinds_of_models_give_the_plain_numbers_too(loaded, kind, settings, shares):
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = loaded.chat.tokenizer
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
             "num_attention_heads": 4, "num_key_value_heads": 2}  # fmt: skip
    shape = settings if kind == "gpt2" else shape | settings
    config = AutoConfig.for_model(kind, vocab_size=len(tokenizer), initializer_range=0.3, **shape)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = AutoModelForCausalLM.from_config(config).eval()
    asked = prompts(tokenizer, people=2)
    assert shares_starts(model, 2 * max(len(one.ids) for one in asked)) is shares
    assert worst(model, asked) < 1e-4


def test_memory_that_runs_out_halves_the_passes_and_is_told(loaded, monkeypatch):
    import torch

    real = likelihood.go_on

    def small(model, before, rows, **settings):
        if len(rows) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return real(model, before, rows, **settings)

    monkeypatch.setattr(likelihood, "go_on", small)
    asked = prompts(loaded.chat.tokenizer)
    budget = Budget(10_000)
    scored = {one.prompt.key: one for one in score_prompts(loaded.model, asked, budget)}
    assert len(scored) == len(asked)
    assert budget.tokens < 1000
    assert budget.notes == [f"memory ran out: passes of {budget.tokens} tokens in place of 10,000"]


def test_memory_too_small_for_one_prompt_is_an_error_in_one_line(loaded, monkeypatch):
    def none(*_, **__):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(likelihood, "go_on", none)
    with pytest.raises(InputError, match="too little memory for one prompt of") as caught:
        list(score_prompts(loaded.model, prompts(loaded.chat.tokenizer), Budget(999)))
    assert "\n" not in str(caught.value)


def test_another_error_is_no_shortage_of_memory(loaded, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(likelihood, "go_on", broken)
    with pytest.raises(RuntimeError, match="mat1"):
        list(score_prompts(loaded.model, prompts(loaded.chat.tokenizer), Budget(999)))


def test_every_way_to_write_a_letter_counts_and_words_do_not(loaded):
    tokenizer = loaded.chat.tokenizer
    found = label_tokens(tokenizer, LETTERS)
    for label, ways in zip(LETTERS, found.label_ids, strict=True):
        texts = [tokenizer.decode(way) for way in ways]
        assert label in texts
        assert f" {label}" in texts
        assert {one.strip(" .\n") for one in texts} == {label}


def test_labels_that_begin_with_the_same_token_are_scored_whole(loaded):
    tokenizer = loaded.chat.tokenizer
    found = label_tokens(tokenizer, WHOLE)
    firsts = [{way[0] for way in ways} for ways in found.label_ids]
    assert firsts[0] & firsts[1] & firsts[2]
    [prompt] = prompts(tokenizer, WHOLE, people=1)[:1]
    logs = one_by_one(loaded.model, prompt).log_probabilities
    very = sum(math.exp(_log(loaded.model, prompt.ids, way)) for way in _written(tokenizer, "very"))
    assert sum(map(math.exp, logs.values())) == pytest.approx(very, rel=1e-4)


def _written(tokenizer: Any, text: str) -> set[tuple[int, ...]]:
    return {tuple(tokenizer.encode(one, add_special_tokens=False)) for one in (text, f" {text}")}


def _log(model: Any, ids: tuple[int, ...], way: tuple[int, ...]) -> float:
    import torch

    with torch.inference_mode():
        found = model(torch.tensor([[*ids, *way]])).logits[0].log_softmax(-1)
    return sum(float(found[len(ids) - 1 + step, token]) for step, token in enumerate(way))


def test_labels_written_alike_are_refused(loaded):
    with pytest.raises(InputError, match=r"options 'A' and 'A\.' are the same to the model"):
        label_tokens(loaded.chat.tokenizer, ("A", "A."), single_tokens(loaded.chat.tokenizer))
    with pytest.raises(InputError, match="options 'A' and 'A' are the same"):
        label_tokens(loaded.chat.tokenizer, ("A", "A"))


def test_an_impossible_label_is_left_out():
    labels = LabelTokens(("1", "10"), ((5,), (5, 6)), ((0,), (1,)), ((1,), ()))
    found, outside = labels.masses(np.log([0.25, 0.25]))
    assert list(found) == ["10"]
    assert outside == pytest.approx(0.75)


def test_probabilities_are_those_of_the_model_itself(loaded):
    """All ways to go on from a prompt have one probability in all."""
    tokenizer = loaded.chat.tokenizer
    lot = generator(1, "tokens").integers(10, len(tokenizer), size=30)
    texts = [tokenizer.decode([one]) for one in lot]
    labels = label_tokens(tokenizer, [*dict.fromkeys(one for one in texts if one.isalnum())])
    prompt = Prompt(tuple(tokenizer.encode("Are you happy?")), labels)
    scored = one_by_one(loaded.model, prompt)
    inside = sum(map(math.exp, scored.log_probabilities.values()))
    assert inside + scored.outside_share == pytest.approx(1)
