"""Short cuts of the strict readers: whatever they take, they give what the long way gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignsurvey.benchmark.segmentation import tokenizer
from alignsurvey.benchmark.strict import many_similarities
from alignsurvey.benchmark.strict.segmenting import segmenter
from alignsurvey.benchmark.strict.share_reading import shares_said
from alignsurvey.benchmark.strict.similarity import similarity
from alignsurvey.benchmark.strict.stance_reading import stance_and_reason
from alignsurvey.benchmark.strict.word_tree import WordTree, codes
from alignsurvey.tasks.replies import options, read_shares, read_stance, wording

PIECES = st.sampled_from(
    ["选项：", "Options:", "问卷问题：", "Question:", "可选值：", "满意吗", "A. 满意", "B、一般",
     "C", "\n", "\n\n", " ", "：", "您的年龄: 40", "1. x", "=="]
)  # fmt: skip
CHINESE = (
    "受访者对小区的公共服务总体上比较满意近期去过社区医院体验较好但办事流程有些麻烦等候时间长"
    "与父母一辈相比收入增长不快孩子上学压力大张三李四在杭州市钱塘区工作机会变多了乾坤龘靐齉"
)


@given(st.lists(PIECES, max_size=14).map("".join))
def test_the_end_of_a_prompt_says_what_the_whole_says(prompt: str) -> None:
    assert options.read_prompt(prompt) == options._anywhere(prompt)


@given(st.text("AbZ01 .,:;%()?!/'\"、。\n满意-*_#>+·•\t\u3000Ａ“”", max_size=20))
def test_a_plain_text_is_as_it_was(text: str) -> None:
    assert wording.plain(text) == wording._plain(text)


@settings(deadline=None)  # the first call loads the dictionary
@given(st.lists(st.integers(0, len(CHINESE) - 1), max_size=8), st.text(CHINESE, max_size=12))
def test_words_are_those_of_jieba(starts: list[int], drawn: str) -> None:
    for run in [
        drawn,
        *(CHINESE[at : at + 15] for at in starts),
        "".join(CHINESE[i] for i in starts),
    ]:
        assert segmenter().cut(run) == tokenizer().lcut(run)


REASONS = st.lists(
    st.sampled_from(
        ["服务", "很好", "受访者", "收入增长不快", "张三李四", "乾坤龘靐齉", "的", "了", "，",
         "㐀龥鿿", "。", " ", "good", "Service", "ﬁ", "3", "５", "_", "\U00020000", "\ud800", "\n",
         "é", "T恤", "一" * 40]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.tuples(REASONS, REASONS | st.text(CHINESE, max_size=90)), max_size=6))
def test_reasons_compared_together_have_the_numbers_they_have_alone(
    pairs: list[tuple[str, str]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many_similarities, "ENOUGH", 1)
        found = many_similarities.similarities(pairs)
    assert found.tolist() == [list(similarity(*pair)) for pair in pairs]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, len(CHINESE) - 1), min_size=1, max_size=60), st.integers(1, 60))
def test_long_runs_and_long_texts_have_the_numbers_they_have_alone(
    starts: list[int], repeated: int
) -> None:
    run = "".join(CHINESE[at : at + 12] for at in starts)
    pairs = [
        (run * repeated, run),
        (run, run[::-1]),
        ("far and away " * repeated, "away far " * 40),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many_similarities, "ENOUGH", 1)
        found = many_similarities.similarities(pairs)
    assert found.tolist() == [list(similarity(*pair)) for pair in pairs]


STANCE_PIECES = st.sampled_from(
    ['{"predict": ', '"积极"', '"Negative."', '"无法判断"', '"reason": ', '"服务好 "', '""', "null",
     "3", ", ", "}", '"', "\\u", "\\n", "\n", "```json\n", "<think>", "</think>", "assistantfinal",
     "{", "[]", " ", "~~~"]
)  # fmt: skip


@given(
    st.lists(STANCE_PIECES, max_size=8).map("".join)
    | st.builds(
        '{{"predict": "{}", "reason": "{}"}}{}'.format,
        st.sampled_from(["中立", " positive", "积极或消极", "", "不知道", "[]", "我认为是积极的"])
        | st.text(max_size=25),
        st.text('服务好。 \\"<{`~n', max_size=12),
        st.sampled_from(["", "\n", "}", "analysis", "{"]),
    )
)
def test_a_plain_stance_is_read_as_any_reply(reply: str) -> None:
    stance, reason = stance_and_reason(reply)
    assert replace(stance, reason=reason) == read_stance(reply)


SCALES = st.sampled_from(
    [("满意", "一般", "不满意"), ("是", "否"), ("yes", "not at all", "no"), ("A", "B"), ("a", "a"),
     ("约", "n"), ("2 cars", "no car"), ("不知道", "总"), ("assistantfinal", "no"), ("one",)]
)  # fmt: skip


@given(SCALES, st.lists(st.integers(0, 1000), min_size=3, max_size=3), st.data())
def test_shares_line_by_line_are_read_as_any_reply(
    texts: tuple[str, ...], tenths: list[int], data: st.DataObject
) -> None:
    asked = tuple(zip("ABC", texts, strict=False))
    shares = [1000 * one / max(1, sum(tenths[: len(asked)])) / 10 for one in tenths]
    digits, between = data.draw(st.integers(0, 3)), data.draw(st.sampled_from([": ", "："]))
    lines = [
        f"{letter}. {text}{between}{share:.{digits}f}%"
        for (letter, text), share in zip(asked, shares, strict=False)
    ]
    reply = "\n".join(lines) + data.draw(st.sampled_from(["", "\n", "\nTotal: 100%"]))
    assert shares_said(reply, asked) == read_shares(reply, asked)


def test_threads_and_batches_change_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [("服务很好，人也热情", "服务还好"), ("too far away", "It is far."), ("", "好")] * 3
    alone = [list(similarity(*pair)) for pair in pairs]
    monkeypatch.setattr(many_similarities, "ENOUGH", 1)
    monkeypatch.setattr(many_similarities, "_BATCH_CHARACTERS", 30)
    assert many_similarities.similarities(pairs, workers=2).tolist() == alone


def test_english_reasons_need_no_dictionary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_similarities, "ENOUGH", 1)
    monkeypatch.setattr(many_similarities, "word_tree", lambda: pytest.fail("jieba was loaded"))
    pair = "It's far-away, 3 km!", "far away: 3 KM"
    assert many_similarities.similarities([pair]).tolist() == [list(similarity(*pair))]


@given(st.sets(st.text("abc满意", min_size=1, max_size=4), min_size=1, max_size=40))
def test_a_tree_reaches_its_words_and_nothing_else(drawn: set[str]) -> None:
    weights = dict.fromkeys(sorted(drawn), -1.0)
    weights |= {word[:end]: -np.inf for word in drawn for end in range(1, len(word))} | weights
    tree = WordTree(weights, -9.0)
    for one in "abc满意":
        node = tree.first[ord(one)]
        assert node == tree.node.get(one, 0)
        for other in "abc满意":
            below = tree.below(np.array([node]), codes(other))[0]
            assert below == (tree.node.get(one + other, 0) if node else 0)
