"""Shares over options: every way of writing them, and what is not taken for shares."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignsurvey.tasks.replies import OUTCOMES, Options, read_shares

MOOD: Options = (("A", "满意"), ("B", "一般"), ("C", "不满意"))
INCOME: Options = (("A", "5万以下"), ("B", "5万-20万"), ("C", "20万以上"))
NUMBERS: Options = (("A", "1"), ("B", "2"), ("C", "3及以上"))
JOB: Options = (("A", "very satisfied"), ("B", "somewhat satisfied"), ("C", "not, really"))
SETS = [MOOD, INCOME, NUMBERS, JOB]
EXPECTED = (0.45, 0.28, 0.27)

STYLES = [
    ("{L}. {t}: {p}%", "\n"),
    ("{L}. {t}：{p}%", "\n"),
    ("{L}.{t}: {p} %", "\n"),
    ("{L}、{t}：{p}％", "\n"),
    ("（{L}）{t}: {p}%", "\n"),
    ("({l}) {t} = {p}%", "\n"),
    ("- {L}. **{t}**: {p}%", "\n"),
    ("{L}. {t} - {p}%", "\n"),
    ("{L}. {t} {p}%", "\n"),
    ("{L}. {t}（{p}%）", "\n"),
    ("{L}. {t}: 约{p}%", "\n"),
    ("{L}. {t}: about {p} percent", "\n"),
    ("{L}. {t}: {p}%", "，"),
    ("{L}. {t}: {p}%", "; "),
    ("{L}: {p}%", "\n"),
    ("{L}: {p}%", ", "),
    ("{L} {p}%", "\n"),
    ("{t}: {p}%", "\n"),
    ("{t}：{p}%", "；"),
    ("{t} {p}%", "\n"),
    ("{L}. {t}: {p}", "\n"),
    ("{L}. {t}: {f}", "\n"),
    ("{L}: {n}", "\n"),
    ("{L}. {t}: {n}人", "\n"),
    ("| {L} | {t} | {p}% |", "\n"),
    ("| {t} | {f} |", "\n"),
]
WRAPS = ["{}", "预测如下：\n{}", "<think>A: 99%</think>\n{}", "{}\n以上为预测。", "```\n{}\n```"]


def rendered(style: str, separator: str, options: Options) -> str:
    parts = [
        style.format(
            L=letter, l=letter.lower(), t=text, p=round(share * 100), f=share,
            n=round(share * 1000),
        )
        for (letter, text), share in zip(options, EXPECTED, strict=True)
    ]  # fmt: skip
    return separator.join(parts)


@pytest.mark.parametrize("options", SETS, ids=lambda options: options[0][1])
@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize(("style", "separator"), STYLES)
def test_rendered_shares_read_back(style: str, separator: str, wrap: str, options: Options) -> None:
    if options is NUMBERS and style == "{t} {p}%":
        pytest.skip("a number beside a number is no line of shares")
    reply = wrap.format(rendered(style, separator, options))
    assert read_shares(reply, options).shares == pytest.approx(EXPECTED), reply


JSONS = [
    {"满意": "45%", "一般": "28%", "不满意": "27%"},
    {"满意": "45", "一般": "28", "不满意": "27"},
    {"满意": 45, "一般": 28, "不满意": 27},
    {"满意": 0.45, "一般": 0.28, "不满意": 0.27},
    {"A": 45, "B": 28, "C": 27},
    {"c": 0.27, "b": 0.28, "a": 0.45},
    {"A. 满意": "45%", "B. 一般": "28%", "C. 不满意": "27%"},
    {"满意": "45%", "一般": 28, "不满意": 27},
    {"distribution": {"满意": 45, "一般": 28, "不满意": 27}},
    {"result": {"shares": {"A": 45, "B": 28, "C": 27}}},
    [
        {"option": "A", "share": 0.45},
        {"option": "B", "share": 0.28},
        {"option": "C", "share": 0.27},
    ],
    [{"满意": 45}, {"一般": 28}, {"不满意": 27}],
    {"A": 450, "B": 280, "C": 270},
]


@pytest.mark.parametrize("shares", JSONS, ids=str)
@pytest.mark.parametrize("wrap", ["{}", "结果：{}", "```json\n{}\n```", "<think>{{}}</think>{}"])
def test_json_reads_back(shares: object, wrap: str) -> None:
    for written in (json.dumps(shares, ensure_ascii=False), str(shares)):
        read = read_shares(wrap.replace("{}", written, 1) if wrap != WRAPS[2] else written, MOOD)
        assert read.shares == pytest.approx(EXPECTED) or wrap.startswith("<think>")
    assert read_shares(json.dumps(shares, ensure_ascii=False)[:-1], MOOD).shares is not None


@pytest.mark.parametrize(
    ("reply", "outcome", "note"),
    [
        ("", "no_reply", ""),
        ("<think>A: 45%", "no_reply", "nothing but thoughts"),
        ("A. 满意: 90%\nB. 一般: 90%\nC. 不满意: 90%", "unparseable", "shares sum to 270 %"),
        ("A. 满意: 22.5%\nB. 一般: 14%\nC. 不满意: 13.5%", "unparseable", "shares sum to 50 %"),
        ("A: 0%\nB: 0%\nC: 0%", "unparseable", "nothing but zeros"),
        ("A: -5%\nB: 55%\nC: 50%", "unparseable", "a negative share"),
        ("A: 45%\nB: 28%\nC: 27%\nD. 说不清: 5%", "unparseable", "a name of no option"),
        ("A. 不满意: 45%\nB. 一般: 28%\nC. 满意: 27%", "unparseable", "letter and text disagree"),
        ("A: 45%\nB: 28%\nC: 27%\nA: 99%", "unparseable", "an option with two different shares"),
        ("A: 40%\nB: 30%", "unparseable", "shares sum to 70 %"),
        ('{"A": true, "B": false, "C": false}', "unparseable", "a share that is no number"),
        ('{"A": NaN, "B": 0.5, "C": 0.5}', "unparseable", "a share that is no number"),
        ('{"A": 1e999, "B": 0.5, "C": 0.5}', "unparseable", "a share that is no number"),
        ("{}", "unparseable", "no shares"),
        ("A", "unparseable", "no shares"),
        ("满意", "unparseable", "no shares"),
        ("无法判断", "refused", "no shares"),
        ("I don't know", "dont_know", "no shares"),
    ],
)
def test_what_is_no_distribution_is_none(reply: str, outcome: str, note: str) -> None:
    read = read_shares(reply, MOOD)
    assert (read.outcome, read.shares, read.note) == (outcome, None, note)


@pytest.mark.parametrize(
    ("reply", "shares", "note"),
    [
        ("A: 33.33%\nB: 33.33%\nC: 33.33%", (1 / 3, 1 / 3, 1 / 3), ""),
        (
            "A: 46%\nB: 29%\nC: 27%",
            (46 / 102, 29 / 102, 27 / 102),
            "shares sum to 102 %, normalised",
        ),
        ("A: 60%\nC: 40%", (0.6, 0.0, 0.4), "left out, read as 0: 一般"),
        ("B: 100%", (0.0, 1.0, 0.0), "left out, read as 0: 满意, 不满意"),
        ("A: 5\nB: 3\nC: 2", (0.5, 0.3, 0.2), "read as counts of 10"),
        ("A: 45%\nB: 28%\nC: 27%\n合计: 100%", EXPECTED, ""),
        ("A: 45%\nB: 28%\nC: 27%\nA: 45%", EXPECTED, ""),
        ("A: 1,450\nB: 280\nC: 270", (0.725, 0.14, 0.135), "read as counts of 2000"),
    ],
)
def test_what_was_decided_is_noted(reply: str, shares: tuple[float, ...], note: str) -> None:
    read = read_shares(reply, MOOD)
    assert read.shares == pytest.approx(shares)
    assert read.note == note


PIECES = st.lists(
    st.one_of(
        st.text(max_size=6),
        st.sampled_from(
            ["A. ", "B", "满意", ": ", "：", "45%", "0.5", "-3", "1e999", "{", '"A": ', "}", "[",
             "|", "\n", "%", "９９", "约", ",", "nan", "9" * 30, "<think>"]
        ),
    ),
    max_size=14,
).map("".join)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(PIECES, st.sampled_from([*SETS, ()]))
def test_no_reply_raises_and_shares_sum_to_one(reply: str, options: Options) -> None:
    read = read_shares(reply, options)
    assert read.outcome in OUTCOMES
    if read.shares is not None:
        assert len(read.shares) == len(options)
        assert sum(read.shares) == pytest.approx(1)
        assert min(read.shares) >= 0


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=3, max_size=3).filter(any), st.integers(0, 3))
def test_any_shares_read_back(parts: list[int], style: int) -> None:
    shares = [part / sum(parts) for part in parts]
    lines = [
        f"{letter}. {text}: {share:.4%}" for (letter, text), share in zip(MOOD, shares, strict=True)
    ]
    texts = dict(zip((text for _, text in MOOD), shares, strict=True))
    replies = [
        "\n".join(lines),
        "，".join(lines),
        json.dumps(texts, ensure_ascii=False),
        json.dumps({letter: f"{texts[text]:.4%}" for letter, text in MOOD}),
    ]
    assert read_shares(replies[style], MOOD).shares == pytest.approx(shares, abs=1e-4)


@pytest.mark.parametrize(
    "unit", ["A: 1% ", "A", "\n", "1", "A: ", " : ", "9,999", '{"A":', "约", "| "]
)
def test_long_replies_are_read_in_time(unit: str) -> None:
    read_shares((unit * 20_000)[:19_000], MOOD)
    read_shares(unit * (10_000_000 // len(unit.encode())), MOOD)
