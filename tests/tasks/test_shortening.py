"""Prompts that are too long lose their middle, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey.errors import InputError
from alignsurvey.tasks.prompts import (
    interview_queries,
    render,
    shorten,
)
from alignsurvey.tasks.queries import Message, Query
from alignsurvey.tasks.records import (
    InterviewRecord,
    Turn,
)


def _words(text: str) -> int:
    return len(text.split())


SHOWN = ("user", "assistant")
WORD = st.sampled_from(["alpha", "beta.", "gamma", "好。", "丁！", "x: 3.5"])
LINES = st.lists(st.lists(WORD, max_size=6).map(" ".join), max_size=12)


@given(
    LINES, LINES, st.lists(st.tuples(WORD, WORD), max_size=4), st.integers(0, 90),
    st.sampled_from([len, _words, lambda text: len(text.encode())]),
)  # fmt: skip
def test_the_result_fits_whenever_instruction_and_question_do(
    profile: list[str], dialogue: list[str], turns: list[tuple[str, str]], limit: int, tokens: Any
) -> None:
    instruction, asked = "You are:\n", "\nHappy?\nA. yes\nB. no"
    first, second = "\n".join(profile), "\n".join(dialogue)
    content = f"{instruction}{first}\nSaid:\n{second}{asked}"
    begin = len(instruction) + len(first) + len("\nSaid:\n")
    spans = ((len(instruction), len(instruction) + len(first)), (begin, begin + len(second)))
    spans = tuple((start, end) for start, end in spans if start < end)
    shown = [Message(role, text) for pair in turns
             for role, text in zip(("user", "assistant"), pair, strict=True)]  # type: ignore[arg-type]  # fmt: skip
    question = Message("user", content, spans)
    marked = [
        f"……\n……\n{asked}" if any("\u3400" <= one <= "\u9fff" for one in content) else "…\n…\n"
    ]
    least = tokens(f"{instruction}{marked[0]}\nSaid:\n{asked}") + 2
    try:
        *examples, short = shorten([*shown, question], limit, tokens)
    except InputError:
        assert limit < least
        return
    assert sum(tokens(one.content) for one in (*examples, short)) <= limit
    assert short.content.startswith(instruction)
    assert short.content.endswith(asked)
    assert examples == shown[len(shown) - len(examples) :]
    assert len(examples) % 2 == 0
    if short != question:
        assert not examples
        assert "…" in short.content
        kept = [line for line in short.content.split("\n") if "…" not in line]
        assert set(kept) <= set(content.split("\n"))


FEW_SHOT = (
    Message("system", "You answer."),
    Message("user", "Are you glad?"),
    Message("assistant", "A. yes"),
    Message("user", "Are you safe?"),
    Message("assistant", "B. no"),
    Message("user", "You are: old\nAre you happy?", ((9, 12),)),
)


def test_what_fits_stays_as_it_is() -> None:
    assert shorten(FEW_SHOT, sum(_words(one.content) for one in FEW_SHOT), _words) == FEW_SHOT


def test_the_oldest_examples_go_first() -> None:
    room = sum(_words(one.content) for one in FEW_SHOT) - 1
    assert shorten(FEW_SHOT, room, _words) == (FEW_SHOT[0], *FEW_SHOT[3:])
    assert shorten(FEW_SHOT, 9, _words) == (FEW_SHOT[0], FEW_SHOT[-1])


def test_a_dialogue_loses_its_middle_in_whole_sentences() -> None:
    said = "第一句。第二句！第三句？第四句。第五句。"
    query: Query = interview_queries(
        [InterviewRecord(row=1, instruction="…", dialogue=(Turn("答", said),), question="然后？")]
    )[0]
    whole = sum(len(one.content) for one in query.messages)
    short = shorten(query.messages, whole - 4, len)[-1].content
    assert "答：第一句。第二句！……第五句。\n" in short
    assert short.endswith(query.messages[-1].content.split("\n\n", 1)[1])


def test_a_profile_never_shows_half_an_attribute() -> None:
    profile = [(f"key{place}", 1000 + place) for place in range(9)]
    messages = render("response", "en", profile=profile, question="Q?", options=["a", "b"])
    whole = sum(len(one.content) for one in messages)
    for limit in range(whole - 90, whole):
        short = shorten(messages, limit, len)[-1].content
        lines = short.split("\n\n")[0].split("\n")[1:]
        assert {line for line in lines if line != "…"} <= {f"{k}: {v}" for k, v in profile}
        assert lines.count("…") == 1


def test_a_released_dictionary_loses_whole_attributes() -> None:
    prompt = "==\n{'a': 'xx', 'b': ['y', 'z'], 'c': 'ww'}\nQ?"
    short = shorten([Message("user", prompt, ((3, prompt.index("\n", 3)),))], 32, len)
    assert short[0].content == "==\n{'a': 'xx', …'c': 'ww'}\nQ?"


def test_a_tokenizer_that_counts_oddly_is_no_trouble() -> None:
    lines = "\n".join(f"line {place}" for place in range(40))
    message = Message("user", f"{lines}\nQ?", ((0, len(lines)),))

    def odd(text: str) -> int:
        return len(text) + (37 if len(text) % 3 == 0 else 0)

    for limit in range(60, len(lines), 7):
        assert odd(shorten([message], limit, odd)[0].content) <= limit


def test_too_small_a_limit_is_said() -> None:
    messages = render("response", "en", question="Q?", options=["a", "b"])
    n = sum(_words(one.content) for one in messages)
    with pytest.raises(InputError, match=rf"alone are {n} tokens, more than the limit of {n - 1};"):
        shorten(messages, n - 1, _words)
    with pytest.raises(InputError, match="needs a user message"):
        shorten(messages[:1], 100, _words)
