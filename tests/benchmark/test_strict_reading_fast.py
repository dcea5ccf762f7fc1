"""Short cuts of the strict readers: whatever they take, they give what the long way gives."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignsurvey.benchmark.segmentation import tokenizer
from alignsurvey.benchmark.strict import many_similarities
from alignsurvey.benchmark.strict.segmenting import segmenter
from alignsurvey.benchmark.strict.similarity import similarity
from alignsurvey.tasks.replies import options, wording

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


def test_processes_share_reasons_and_change_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_similarities, "ENOUGH", 4)
    pairs = [("服务很好，人也热情", "服务还好"), ("too far away", "It is far.")] * 3
    alone = many_similarities.similarities(pairs)
    assert alone == [similarity(*pair) for pair in pairs]
    assert many_similarities.similarities(pairs, workers=2) == alone
