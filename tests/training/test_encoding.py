"""Encoding: the tokens of asking, answers whole, labels by their first tokens, options anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alignsurvey.errors import InputError
from alignsurvey.tasks.queries import Message
from alignsurvey.training.encoding import Example, encode, label_tokens, share_prefix
from alignsurvey.training.examples import (
    Exchange,
    RecordSource,
    read_sources,
    record_exchange,
)


def test_training_sees_the_tokens_that_the_chat_template_gives_for_answers(loaded: Any) -> None:
    tokenizer = loaded.chat.tokenizer
    exchange = Exchange((Message("system", "Be brief."), Message("user", "Happy?")), "A. yes")
    [example] = encode([exchange], loaded.chat)
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Happy?"},
        {"role": "assistant", "content": "A. yes"},
    ]
    whole = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=True)["input_ids"]
    ours = [*example.prompt_ids, *example.answer_ids]
    assert ours == whole[: len(ours)]
    assert tokenizer.decode(example.answer_ids) == "A. yes" + tokenizer.eos_token


def test_too_long_a_prompt_loses_its_middle_and_keeps_the_answer(loaded: Any) -> None:
    text = "start " + "word " * 500 + "end"
    long, whole = (
        encode([Exchange((Message("user", text),), "A. yes")], loaded.chat, cutoff)[0]
        for cutoff in (40, 5000)
    )
    assert long.length == 40
    np.testing.assert_array_equal(long.answer_ids, whole.answer_ids)
    np.testing.assert_array_equal(long.prompt_ids[:10], whole.prompt_ids[:10])
    np.testing.assert_array_equal(long.prompt_ids[-10:], whole.prompt_ids[-10:])
    with pytest.raises(InputError, match="raise it"):
        encode([Exchange((Message("user", "?"),), text)], loaded.chat, 40)


def test_labels_have_their_tokens_and_shared_first_tokens_are_refused(loaded: Any) -> None:
    tokenizer = loaded.chat.tokenizer
    yes, no = label_tokens(["A", "B"], tokenizer)
    assert [tokenizer.decode(one) for one in yes] == ["A", " A"]
    assert not set(yes) & set(no)
    letters_only = {"10": [7, 8], " 10": [9, 7, 8], "1": [7], " 1": [9, 7], " ": [9]}

    def fake(text: str, add_special_tokens: bool) -> dict[str, list[int]]:
        return {"input_ids": letters_only[text]}

    with pytest.raises(InputError, match="'1' and '10' start with the same token"):
        label_tokens(["1", "10"], fake)


def test_prefixes_are_the_longest_common_ones_and_leave_a_token_to_each() -> None:
    none = np.array([], dtype=np.int64)
    answer = np.array([9])

    def shared(*prompts: list[int]) -> list[int]:
        packs = [Example(none, np.array(ids, dtype=np.int64), answer) for ids in prompts]
        return [len(one.prefix_ids) for one in share_prefix(packs)]

    assert shared([1, 2, 3]) == [0]
    assert shared([1, 2, 3], [1, 2, 3]) == [2, 2]
    assert shared([1, 2], [1, 2, 3, 4]) == [1, 1]
    assert shared([5, 2], [1, 2]) == [0, 0]


def test_options_come_in_another_order_each_epoch_and_the_answer_follows(
    data: Path, loaded: Any
) -> None:
    records = read_sources([data])
    seen = set()
    for epoch in range(4):
        exchange = record_exchange(records[0], epoch=epoch)
        letter, text = exchange.answer.split(". ")
        assert text == records[0].answer
        assert f"{letter}. {text}\n" in exchange.messages[0].content
        # Labels are in the record's order, wherever they were shown.
        assert exchange.labels[records[0].choice or 0] == letter
        seen.add(letter)
    assert seen == {"A", "B"}
    source = RecordSource(records, loaded.chat)
    again = [one.prompt_ids.tolist() for one in source.encoded([3, 1], 1)]
    alone = [source.encoded([place], 1)[0].prompt_ids.tolist() for place in (3, 1)]
    assert again == alone


def test_rows_without_letters_stay_as_they_are(tmp_path: Path) -> None:
    window = "Based on the following dialogue context, generate the next response.\n采访者：好吗？"
    path = tmp_path / "windows.json"
    path.write_text(
        json.dumps([{"instruction": window, "input": "", "output": "挺好。"}]), encoding="utf-8"
    )
    [record] = read_sources([path])
    exchange = record_exchange(record, epoch=3)
    assert (exchange.messages[0].content, exchange.answer) == (window, "挺好。")
    assert exchange.labels == ()


def test_a_model_without_a_template_is_trained_on_the_plain_text(loaded: Any) -> None:
    from dataclasses import replace

    chat = replace(loaded.chat, has_template=False)
    [example] = encode([Exchange((Message("user", "Happy?"),), "A. yes")], chat)
    text = chat.tokenizer.decode([*example.prompt_ids, *example.answer_ids])
    assert text.endswith("Happy?\n\nAnswer: A. yes" + chat.tokenizer.eos_token)


def test_answer_training_needs_no_labels(data: Path, loaded: Any) -> None:
    source = RecordSource(read_sources([data]), loaded.chat, with_labels=False)
    [example] = source.encoded([0], 0)
    assert example.label_ids == ()
    assert example.target is not None
    assert example.target.sum() == 1
