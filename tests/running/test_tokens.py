"""Tokens: counted by a tokenizer that lies on the disk, estimated otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignsurvey.running.tokens import estimate_tokens, find_counter
from alignsurvey.tasks.queries import Message


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        # Counts of o200k_base and of Qwen2.5's tokenizer lie within.
        ("Which stance does this respondent take on public services?", 9, 16),
        ("您对邻居的信任程度如何？请选择一项作答。", 11, 22),
        ("Насколько вы доверяете своим соседям?", 9, 18),
        ("", 0, 0),
    ],
)
def test_an_estimate_is_near_for_each_script(text: str, low: int, high: int) -> None:
    assert low <= estimate_tokens(text) <= high


@pytest.mark.parametrize("model", ["endpoint/x", "mistral/a", "vllm/no/such-model", "vllm/a/b/c"])
def test_what_has_no_tokenizer_here_is_estimated_and_says_so(model: str) -> None:
    counter = find_counter(model)
    assert counter.is_estimate
    assert "estimated" in counter.how


def test_a_model_in_a_folder_is_counted_by_its_own_tokenizer(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers", reason="the package tokenizers is not installed")
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "b": 1}, unk_token="a"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    counter = find_counter(f"vllm/{tmp_path}")
    assert not counter.is_estimate
    assert counter.of([Message("user", "a b a")]) == 3 + 4
