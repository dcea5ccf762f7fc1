"""The tiny model: reloaded as saved, labels of one token, an answer marked for training."""

import importlib.util
from pathlib import Path

import pytest

from alignsurvey.errors import InputError
from alignsurvey.testing import tiny_model

pytestmark = pytest.mark.slow
CORPUS = ["About you:\nage: 64", "A. yes\nB. no", "你幸福吗？\nA. 是的\nB. 不是"]
needs_torch = pytest.mark.skipif(
    not (importlib.util.find_spec("torch") and importlib.util.find_spec("transformers")),
    reason="torch or transformers is not installed (extra local)",
)


@needs_torch
def test_the_model_is_the_same_after_reload_and_for_the_same_seed(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    before = torch.random.get_rng_state()
    folders = [tiny_model(CORPUS, tmp_path / str(n), seed=n // 2) for n in range(3)]
    assert torch.equal(torch.random.get_rng_state(), before)
    models = [AutoModelForCausalLM.from_pretrained(folder) for folder in folders]
    first, again, other = (one.get_input_embeddings().weight for one in models)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert 1e6 < sum(one.numel() for one in models[0].parameters()) < 5e6
    assert (models[0].generation_config.top_k, models[0].generation_config.top_p) == (0, 1.0)


@needs_torch
def test_labels_are_one_token_each_and_the_answer_is_marked(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model(CORPUS, tmp_path / "tiny"))
    for letter in "ABZ":
        assert len(tokenizer.encode(letter)) == len(tokenizer.encode(f" {letter}")) == 1
    turns = [
        {"role": "user", "content": "A. 是的？"},
        {"role": "assistant", "content": "B. ½ 不是"},
    ]
    batch = tokenizer.apply_chat_template(
        turns, return_dict=True, return_assistant_tokens_mask=True
    )
    pairs = zip(batch["input_ids"], batch["assistant_masks"], strict=True)
    assert tokenizer.decode([one for one, is_said in pairs if is_said]) == "B. ½ 不是<|end|>"


@needs_torch
def test_too_small_a_vocabulary_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="256 bytes"):
        tiny_model(CORPUS, tmp_path / "tiny", tokens=100)
    assert not (tmp_path / "tiny").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something"):
        tiny_model(CORPUS, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["mine.txt"]
