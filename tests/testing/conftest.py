"""A tiny language model with an opinion, for tests that need a real one."""

from pathlib import Path

import pytest

from alignsurvey.tasks.prompts import render
from alignsurvey.tasks.queries import Message

OPTIONS = ("yes", "partly", "no")
SHARES = (0.6, 0.3, 0.1)


@pytest.fixture(scope="session")
def prompt() -> tuple[Message, ...]:
    return render("response", "en", profile={"age": 64}, question="Happy?", options=OPTIONS)


@pytest.fixture(scope="session")
def opinionated_model(
    tmp_path_factory: pytest.TempPathFactory, prompt: tuple[Message, ...]
) -> Path:
    """A tiny model that was trained on answers with shares of 0.6, 0.3 and 0.1."""
    torch = pytest.importorskip("torch", reason="torch is not installed (extra local)")
    transformers = pytest.importorskip(
        "transformers", reason="transformers is not installed (extra local)"
    )
    from alignsurvey.testing import tiny_model

    answers = [f"{letter}. {text}" for letter, text in zip("ABC", OPTIONS, strict=True)]
    corpus = [one.content for one in prompt] + answers
    folder = tiny_model(corpus, tmp_path_factory.mktemp("model") / "tiny")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    question = [{"role": one.role, "content": one.content} for one in prompt]
    said = [answers[0]] * 6 + [answers[1]] * 3 + [answers[2]]
    batch = tokenizer.apply_chat_template(
        [[*question, {"role": "assistant", "content": one}] for one in said],
        padding=True, return_tensors="pt", return_dict=True, return_assistant_tokens_mask=True,
    )  # fmt: skip
    labels = batch["input_ids"].masked_fill(torch.as_tensor(batch["assistant_masks"]) == 0, -100)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    model.train()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # threads that wait for a busy core cost twenty times as much
    for _ in range(60):
        loss = model(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=labels
        ).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    torch.set_num_threads(threads)
    model.save_pretrained(folder)
    return folder
