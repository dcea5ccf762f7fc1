"""Likelihoods: computed together, in whatever batches, they are those computed one by one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from alignsurvey.errors import InputError
from alignsurvey.randomness import generator
from alignsurvey.simulators.local import branches
from alignsurvey.simulators.local.budget import Budget
from alignsurvey.simulators.local.labels import LabelTokens, label_tokens, single_tokens
from alignsurvey.simulators.local.likelihood import Prompt, one_by_one, score_prompts
from alignsurvey.simulators.local.passes import shares_starts
from alignsurvey.simulators.local.tree_pass import TreePass, find_tree_pass

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


@pytest.fixture(params=["over a tree", "branch by branch"])
def way(request: pytest.FixtureRequest, loaded: Any) -> TreePass | None:
    if request.param == "branch by branch":
        return None
    found = find_tree_pass(loaded.model)
    assert isinstance(found, TreePass)
    return found


def worst(
    model: Any, asked: list[Prompt], tokens: int = 512, tree_pass: TreePass | None = None
) -> float:
    """Largest difference of a log-probability to that computed plainly."""
    found_scores = score_prompts(model, asked, Budget(tokens), tree_pass)
    scored = {one.prompt.key: one for one in found_scores}
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
def test_numbers_are_those_of_the_plain_computation(loaded, way, labels, tokens):
    asked = prompts(loaded.chat.tokenizer, labels)
    assert worst(loaded.model, asked, tokens, way) < 1e-4


def test_prompts_that_share_nothing_or_everything_are_scored_too(loaded, way):
    tokenizer = loaded.chat.tokenizer
    labels = label_tokens(tokenizer, LETTERS)
    texts = ["Are you happy?", "Are you happy?", "Bread", "x", "Are you"]
    asked = [
        Prompt(tuple(tokenizer.encode(text)), labels, person, key=str(place))
        for place, (person, text) in enumerate(zip([1, 1, 2, 3, 1], texts, strict=True))
    ]
    assert worst(loaded.model, asked, tree_pass=way) < 1e-4
    assert list(score_prompts(loaded.model, [], Budget(10), way)) == []


def test_what_a_respondent_shares_is_computed_once(loaded, way):
    asked = prompts(loaded.chat.tokenizer)
    scored = list(score_prompts(loaded.model, asked, Budget(10_000), way))
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
    model = random_model(loaded.chat.tokenizer, kind, settings)
    asked = prompts(loaded.chat.tokenizer, people=2)
    assert shares_starts(model, 2 * max(len(one.ids) for one in asked)) is shares
    assert worst(model, asked) < 1e-4


def random_model(tokenizer: Any, kind: str, settings: dict[str, Any]) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
             "num_attention_heads": 4, "num_key_value_heads": 2}  # fmt: skip
    shape = settings if kind == "gpt2" else shape | settings
    config = AutoConfig.for_model(kind, vocab_size=len(tokenizer), initializer_range=0.3, **shape)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = AutoModelForCausalLM.from_config(config).eval()
        for name, one in model.named_parameters():
            if name.endswith("bias") or "norm" in name:
                torch.nn.init.normal_(one, 0.5, 0.3)
    return model


YARN = {
    "rope_type": "yarn",
    "rope_theta": 1e4,
    "factor": 4.0,
    "original_max_position_embeddings": 64,
}


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("llama", {"num_hidden_layers": 1}),
        ("llama", {"head_dim": 16, "attention_bias": True, "mlp_bias": True}),
        ("llama", {"num_key_value_heads": 4, "rope_parameters": YARN}),
        ("qwen2", {}),
        ("qwen3", {"head_dim": 16}),
        ("mistral", {"num_hidden_layers": 3, "sliding_window": 4096}),
        ("mistral", {"sliding_window": 16}),
    ],
)
@pytest.mark.parametrize("labels", [LETTERS, WHOLE])
def test_models_of_llamas_kind_give_the_plain_numbers_over_a_tree(loaded, kind, settings, labels):
    model = random_model(loaded.chat.tokenizer, kind, settings)
    found = find_tree_pass(model)
    assert isinstance(found, TreePass)
    asked = prompts(loaded.chat.tokenizer, labels, people=3)
    assert found.bears(max(len(one.ids) for one in asked)) is (settings.get("sliding_window") != 16)
    assert worst(model, asked, tree_pass=found) < 1e-4


@pytest.mark.parametrize("enabled", [True, False])
def test_matrices_multiplied_by_onednn_or_by_torch_give_the_plain_numbers(
    loaded, monkeypatch, enabled
):
    import torch

    monkeypatch.setattr(torch.backends.mkldnn, "enabled", enabled)
    found = find_tree_pass(loaded.model)
    assert isinstance(found, TreePass)
    assert worst(loaded.model, prompts(loaded.chat.tokenizer), tree_pass=found) < 1e-4


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
def test_adapters_that_stay_beside_a_model_are_computed_over_a_tree_too(loaded):
    import torch
    from peft import LoraConfig, get_peft_model

    model = random_model(loaded.chat.tokenizer, "qwen2", {})
    asked = prompts(loaded.chat.tokenizer, people=2)
    plain = one_by_one(model, asked[0]).log_probabilities
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        tuned = get_peft_model(
            model, LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False)
        ).eval()
    found = find_tree_pass(tuned)
    assert isinstance(found, TreePass)
    assert worst(tuned, asked, tree_pass=found) < 1e-4
    assert one_by_one(tuned, asked[0]).log_probabilities != pytest.approx(plain, abs=1e-2)


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("gemma2", {"head_dim": 8}, "models of the kind gemma2"),
        ("llama", {"hidden_act": "gelu"}, "models with gelu"),
        ("llama", {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}},
         "positions of the kind dynamic"),
    ],
)  # fmt: skip
def test_a_model_whose_layers_are_unknown_has_no_pass_of_ours(loaded, kind, settings, said):
    model = random_model(loaded.chat.tokenizer, kind, settings)
    assert said in find_tree_pass(model)


@pytest.mark.parametrize(("tokens", "passes"), [(100_000, 1), (400, 2), (1, 24)])
def test_a_respondents_prompts_stay_together_where_they_fit(loaded, monkeypatch, tokens, passes):
    seen = []
    real = TreePass.log_probabilities

    def counted(self, tree, answers, asked):
        seen.append(len(tree.ids))
        return real(self, tree, answers, asked)

    monkeypatch.setattr(TreePass, "log_probabilities", counted)
    asked = prompts(loaded.chat.tokenizer)
    assert worst(loaded.model, asked, tokens, find_tree_pass(loaded.model)) < 1e-4
    assert len(seen) == passes


@pytest.fixture
def computing(monkeypatch, way) -> Any:
    """Put something before each pass, which is told of how many tokens or rows it is."""

    def put(before: Any) -> None:
        real, over_a_tree = branches.go_on, TreePass.log_probabilities

        def go_on(model, parents, rows, **settings):
            before(len(rows) > 3)
            return real(model, parents, rows, **settings)

        def log_probabilities(self, tree, answers, asked):
            before(len(answers) > 3)
            return over_a_tree(self, tree, answers, asked)

        monkeypatch.setattr(branches, "go_on", go_on)
        monkeypatch.setattr(TreePass, "log_probabilities", log_probabilities)

    return put


def test_memory_that_runs_out_halves_the_passes_and_is_told(loaded, way, computing):
    import torch

    def small(is_large: bool) -> None:
        if is_large:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    computing(small)
    asked = prompts(loaded.chat.tokenizer)
    budget = Budget(10_000)
    scored = {one.prompt.key: one for one in score_prompts(loaded.model, asked, budget, way)}
    assert len(scored) == len(asked)
    assert budget.tokens < 1000
    assert budget.notes == [f"memory ran out: passes of {budget.tokens} tokens in place of 10,000"]


def test_memory_too_small_for_one_prompt_is_an_error_in_one_line(loaded, way, computing):
    def none(_: bool) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    computing(none)
    with pytest.raises(InputError, match="too little memory for one prompt of") as caught:
        list(score_prompts(loaded.model, prompts(loaded.chat.tokenizer), Budget(999), way))
    assert "\n" not in str(caught.value)


def test_another_error_is_no_shortage_of_memory(loaded, way, computing):
    def broken(_: bool) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    computing(broken)
    with pytest.raises(RuntimeError, match="mat1"):
        list(score_prompts(loaded.model, prompts(loaded.chat.tokenizer), Budget(999), way))


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
