"""Judges of task 2: planted ones whose agreement is known, broken replies, recorded replies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import pytest
from typer.testing import CliRunner

from alignsurvey.benchmark.bench import example_parts, run_bench
from alignsurvey.benchmark.bench_folder import write_bench
from alignsurvey.benchmark.judge_files import RecordedJudge, read_judges
from alignsurvey.benchmark.judge_scores import Judged, Row, judge_rows
from alignsurvey.benchmark.judging import find_judges, judge_answers
from alignsurvey.cli.app import app
from alignsurvey.errors import InputError
from alignsurvey.randomness import stable_hash
from alignsurvey.tasks.queries import Query, Reply
from alignsurvey.tasks.records import InterviewRecord
from alignsurvey.tasks.replies.judge import DIMENSIONS

CHINESE = ("对话自然度", "风格匹配度", "访谈一致性")


def verdict(*scores: object, names: Sequence[str] = DIMENSIONS, key: str = "score") -> str:
    held = {name: {key: score} for name, score in zip(names, scores, strict=True)}
    return json.dumps(held, ensure_ascii=False)


def released(*scores: object) -> str:
    return verdict(*scores, names=CHINESE, key="评分")


class Planted:
    """Gives the score that stands in the answer, or with a known chance any score at all."""

    def __init__(self, name: str, attention: float) -> None:
        self.name, self.attention, self.asked = name, attention, 0

    def answer(self, queries: Sequence[Query]) -> Iterator[Reply]:
        for query in queries:
            self.asked += 1
            found = re.search(r"worth (\d)", query.messages[-1].content)
            assert found
            scores = []
            for dimension in DIMENSIONS:
                lot = stable_hash(self.name, query.id, dimension) / 2**64
                random = 1 + stable_hash(self.name, query.id, dimension, "score") % 5
                scores.append(int(found[1]) if lot < self.attention else random)
            yield Reply(query.id, verdict(*scores))


class Says:
    """Replies the same to everything, or from a list in order."""

    def __init__(self, name: str, *replies: str | None) -> None:
        self.name, self.replies = name, replies

    def answer(self, queries: Sequence[Query]) -> Iterator[Reply]:
        for place, query in enumerate(queries):
            yield Reply(query.id, self.replies[place % len(self.replies)])


def asked(n: int, question: str = "How do you find it here?") -> list[InterviewRecord]:
    return [InterviewRecord(row=row, instruction="…", person=row // 2, question=f"{question} {row}")
            for row in range(n)]  # fmt: skip


def worth(n: int) -> list[str]:
    return [f"worth {1 + place % 5}" for place in range(n)]


def judged(
    n: int, *judges: object, answers: Sequence[str] | None = None
) -> tuple[Judged, list[str]]:
    own = {"vllm/small": answers or worth(n)}
    found, problems = judge_answers(asked(n), own, judges)  # type: ignore[arg-type]
    return found[0], [f"{where}: {one.what}" for where, one in problems]


def row_of(rows: Sequence[Row], metric: str, part: str = "", mode: str = "strict") -> Row:
    [found] = [one for one in rows
               if (one["metric"], one["part"], one["mode"]) == (metric, part, mode)]  # fmt: skip
    return found


# Two ratings agree beyond chance only where both judges attend: alpha is the product, p squared,
# since all five scores are equally frequent.
@pytest.mark.parametrize("attention", [0.0, 0.6, 0.9, 1.0])
def test_alpha_is_that_of_the_planted_noise(attention: float) -> None:
    found, problems = judged(1000, *(Planted(name, attention) for name in ("a", "b", "c")))
    rows = judge_rows(found)
    assert not problems
    for dimension in DIMENSIONS:
        row = row_of(rows, f"alpha_{dimension}")
        assert row["value"] == pytest.approx(attention**2, abs=0.05)
        assert row["low"] - 0.02 <= attention**2 <= row["high"] + 0.02
        assert (row["n"], row["parse_rate"]) == (1000, 1)


def test_scores_are_means_over_judges_with_each_judge_beside_them() -> None:
    found, _ = judged(20, Says("mild", verdict(5, 4, 4)), Says("hard", verdict(2, 1, 3)))
    rows = judge_rows(found)
    naturalness = {
        part: row_of(rows, "naturalness", part)["value"] for part in ("", "mild", "hard")
    }
    assert naturalness == {"": 3.5, "mild": 5, "hard": 2}
    assert row_of(rows, "style")["value"] == 2.5
    assert {one["task"] for one in rows} == {"interview"}
    assert {one["metric"] for one in rows} == {
        *DIMENSIONS, *(f"alpha_{dimension}" for dimension in DIMENSIONS)
    }  # fmt: skip


def test_intervals_draw_persons_and_not_answers() -> None:
    n = 60
    found, _ = judged(n, Planted("sharp", 1.0), answers=[f"worth {1 + 4 * (place // 2 % 2)}"
                                                         for place in range(n)])  # fmt: skip
    row = row_of(judge_rows(found), "style")
    # 30 persons with two equal answers each: 2 * 1.96 * 2 / sqrt(30)
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * 2 / 30**0.5, rel=0.1)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ("I cannot judge this answer.", "10 of 10 replies: refused"),
        ("It is a fine answer.", "10 of 10 replies: unparseable"),
        ("<think>4, 4, 4", "10 of 10 replies: no reply"),
        (None, "10 of 10 replies: no reply"),
    ],
)
def test_a_judge_of_whom_nothing_is_read_is_counted_and_does_not_score(
    reply: str | None, told: str
) -> None:
    found, problems = judged(10, Says("good", verdict(4, 4, 2)), Says("bad", reply))
    rows = judge_rows(found)
    assert problems == [f"judge bad of vllm/small: {told}"]
    assert row_of(rows, "naturalness")["value"] == 4
    assert row_of(rows, "naturalness")["parse_rate"] == 0.5
    assert row_of(rows, "naturalness", "bad")["value"] is None
    assert row_of(rows, "naturalness", "bad")["parse_rate"] == 0
    assert row_of(rows, "alpha_naturalness")["value"] is None
    assert row_of(rows, "alpha_naturalness")["parse_rate"] == 0


def test_broken_replies_lower_the_share_read_of_their_dimension_alone() -> None:
    found, problems = judged(
        4, Says("j", verdict(4, 3, 5), verdict(4, 7, 5), "?", verdict(2, 1, 5))
    )
    rows = judge_rows(found)
    assert [row_of(rows, name)["parse_rate"] for name in DIMENSIONS] == [0.75, 0.5, 0.75]
    assert row_of(rows, "style")["value"] == 2
    assert problems == ["judge j of vllm/small: 1 of 4 replies: unparseable"]


def test_a_reply_that_never_came_is_no_reply() -> None:
    class Lazy:
        name = "lazy"

        def answer(self, queries: Sequence[Query]) -> Iterator[Reply]:
            yield Reply(queries[0].id, verdict(5, 5, 5))

    found, problems = judged(3, Lazy())
    assert problems[-1] == "judge lazy of vllm/small: 2 of 3 replies: no reply"
    assert row_of(judge_rows(found), "style")["parse_rate"] == pytest.approx(1 / 3)


def test_why_a_request_failed_is_told() -> None:
    class Busy:
        name = "busy"

        def answer(self, queries: Sequence[Query]) -> Iterator[Reply]:
            return (Reply(query.id, None, error="429: too many requests") for query in queries)

    _, problems = judged(3, Busy())
    assert problems == [
        "judge busy: 3 requests failed; the first: 429: too many requests",
        "judge busy of vllm/small: 3 of 3 replies: no reply",
    ]


def test_both_modes_read_chinese_replies_and_only_strict_reads_english() -> None:
    chinese = ("你在这里过得怎么样？", released("4", 3, 5), released(0, 3, 4))
    english = ("How do you find it here?", verdict(4, 3, 5), verdict(2, 3, 4))
    found = {}
    for question, *replies in (chinese, english):
        records = asked(2, question)
        [own], _ = judge_answers(records, {"m/x": ["worth 1", "worth 2"]}, [Says("j", *replies)])
        found[question] = judge_rows(own)
        content = [query.messages[-1].content for query in own.queries if query]
        assert ("评分" in content[0]) == (question == chinese[0])
    rows = found[chinese[0]]
    assert row_of(rows, "naturalness")["value"] == 4  # 0 is no score from 1 to 5
    assert [row_of(rows, name, "j", "paper")["value"] for name in DIMENSIONS] == [4, 3, 4.5]
    assert row_of(rows, "naturalness", "", "paper")["parse_rate"] == 0.5
    rows = found[english[0]]
    assert [row_of(rows, name)["value"] for name in DIMENSIONS] == [3, 3, 4.5]
    assert [row_of(rows, name, "", "paper")["value"] for name in DIMENSIONS] == [None] * 3
    assert row_of(rows, "style", "", "paper")["parse_rate"] == 0


def test_the_released_means_are_rounded_a_judge_at_a_time() -> None:
    first = Says("a", released(4, 3, 5), released(4, 3, 5), released(5, 3, 5))
    found, _ = judged(3, first, Says("b", released(3, 3, 5)))
    assert row_of(judge_rows(found), "naturalness", "a", "paper")["value"] == 4.33
    assert row_of(judge_rows(found), "naturalness", "", "paper")["value"] == pytest.approx(3.665)


@pytest.mark.parametrize(
    ("judge", "is_told"),
    [
        ("vllm/small", True),
        ("vllm/small:lora/final", True),
        ("vllm/smaller", False),
        ("openai/other", False),
    ],
)
def test_a_judge_that_judges_itself_is_told(judge: str, is_told: bool) -> None:
    _, problems = judged(2, Says(judge, verdict(5, 5, 5)))
    assert [("is the model it judges" in one) for one in problems] == [True] * is_told


def test_answers_without_words_are_not_judged_and_are_counted() -> None:
    judge = Planted("j", 1.0)
    found, problems = judged(
        4, judge, answers=["worth 4", "", "<think>hm", "<think>a</think>worth 2"]
    )
    rows = judge_rows(found)
    assert judge.asked == 2
    assert problems == ["vllm/small: interview: 2 of 4 answers have no words and were not judged"]
    assert row_of(rows, "style")["value"] == 3
    assert (row_of(rows, "style")["n"], row_of(rows, "style")["parse_rate"]) == (4, 0.5)
    assert all("think" not in query.messages[-1].content for query in found.queries if query)


def test_equal_answers_of_two_models_are_judged_once() -> None:
    judge = Planted("j", 0.5)
    found, _ = judge_answers(asked(6), {"m/a": worth(6), "m/b": worth(6)}, [judge])
    assert judge.asked == 6
    assert found[0].replies == found[1].replies


def test_replies_that_were_kept_give_the_same_scores_again(tmp_path: Path) -> None:
    answers = {"m/a": worth(9), "m/b": ["worth 1"] * 8 + [""]}
    judges = [Planted("x/one", 0.7), Says("x/two", verdict(4, 3, 5), None, "?")]
    first, _ = judge_answers(asked(9), answers, judges)
    path = tmp_path / "judges.jsonl"
    path.write_text("".join(f"{line}\n" for one in first for line in one.lines()), encoding="utf-8")
    again = read_judges(path)
    assert [judge.name for judge in again] == ["x/one", "x/two"]
    renamed = {f"recorded/{name}": texts for name, texts in answers.items()}
    for asking in (answers, renamed):
        second, _ = judge_answers(asked(9), asking, again)
        assert [one.replies for one in second] == [one.replies for one in first]
    alone, told = judge_answers(asked(9), {"m/a": answers["m/a"]}, again)
    assert judge_rows(alone[0]) == judge_rows(first[0])
    assert ("judge x/one", 0) in [(where, one.line) for where, one in told]


def write(folder: Path, *rows: dict[str, object]) -> list[RecordedJudge]:
    path = folder / "said.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_judges(path, "recorded/said.jsonl")


@pytest.mark.parametrize(
    "rows",
    [
        [{"predict": verdict(n, n, n)} for n in (1, 2, 3)],
        [{"row": n, "predict": verdict(n, n, n)} for n in (3, 1, 2)],
        [{"case": str(n), "prediction": verdict(n, n, n)} for n in (3, 1, 2)],
        [{"model": "vllm/small", "row": n, "predict": verdict(n, n, n)} for n in (3, 1, 2)],
    ],
)
def test_recorded_replies_are_found_by_row_or_stand_in_order(
    tmp_path: Path, rows: list[dict[str, object]]
) -> None:
    judges = write(tmp_path, *rows)
    found, problems = judged(3, *judges)
    assert [judge.name for judge in judges] == ["recorded/said.jsonl"]
    assert found.scores()[0, :, 0].tolist() == [1, 2, 3]
    assert not problems


def test_what_is_odd_in_a_recording_is_told(tmp_path: Path) -> None:
    judges = write(
        tmp_path,
        {"judge": "j", "row": 1, "predict": verdict(1, 1, 1)},
        {"judge": "j", "row": 1, "predict": verdict(2, 2, 2)},
        {"judge": "j", "row": 2, "predict": 4},
        {"judge": "j", "row": 9, "predict": verdict(3, 3, 3)},
    )
    found, problems = judged(3, *judges)
    assert found.scores()[0, 0, 0] == 1
    assert problems == [
        "judge j: line 1 is about the same answer; this reply is left out",
        "judge j: 1 replies of the judge are about no answer",
        "judge j of vllm/small: 2 of 3 replies: no reply",
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"predict": "?"}], r"1 replies .* without a 'row', and 3 answers; number the rows"),
        (
            [{"row": 7, "predict": "?"}],
            r"none of the 1 replies .* is about an answer of vllm/small",
        ),
        ([{"model": "m/x", "row": 1, "predict": "?"}], "none of the 1 replies"),
        ([{"query": "00", "predict": "?"}], "none of the 1 replies"),
    ],
)
def test_a_recording_of_other_answers_is_refused(
    tmp_path: Path, rows: list[dict[str, object]], message: str
) -> None:
    judges = write(tmp_path, *rows)
    with pytest.raises(InputError, match=message):
        judged(3, *judges)


def test_a_recording_must_say_whose_answers_where_there_are_several_models(tmp_path: Path) -> None:
    judges = write(tmp_path, {"row": 1, "predict": "?"})
    with pytest.raises(InputError, match=r"does not say which model it judges .*m/a, m/b"):
        judge_answers(asked(1), {"m/a": ["yes"], "m/b": ["no"]}, judges)


def test_two_judges_have_two_names_and_answers_are_one_a_record() -> None:
    with pytest.raises(InputError, match="judge 'j' is named twice"):
        judged(1, Says("j", "?"), Says("j", "?"))
    with pytest.raises(InputError, match="one answer a record: 3 records, 1"):
        judged(3, Says("j", "?"), answers=["yes"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_run_judges_the_models_that_were_asked_for_and_keeps_what_was_said(
    language: Literal["en", "zh"], tmp_path: Path
) -> None:
    parts, _ = example_parts(language, ["interview", "stance"])
    judges = [Says("x/a", released(4, 3, 5), released(2, 3, 4)), Says("x/b", released(5, 3, 5))]
    result = run_bench(parts, ["baseline/majority"], judges=judges)
    assert {one.model for one in result.judged} == {"baseline/majority"}
    scores = result.scores.filter(task="interview", part="")
    strict = set(scores.filter(mode="strict")["metric"])
    assert strict > {"rouge_l", *DIMENSIONS, *(f"alpha_{one}" for one in DIMENSIONS)}
    assert set(scores.filter(mode="paper")["metric"]) == set(DIMENSIONS)
    write_bench(tmp_path / "run", result, {})
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["judges"] == ["x/a", "x/b"]
    kept = find_judges(["recorded/judges.jsonl"], base=tmp_path / "run")
    again = run_bench(parts, ["baseline/majority"], judges=kept)
    assert again.scores.equals(result.scores)


def test_judges_without_interviews_and_judges_that_read_no_prompts_are_refused() -> None:
    parts, _ = example_parts("en", ["stance"])
    with pytest.raises(InputError, match="no interviews are asked; add task interview"):
        run_bench(parts, ["baseline/majority"], judges=[Says("j", "?")])
    with pytest.raises(InputError, match="baseline/uniform"):
        find_judges(["baseline/uniform"])


def test_the_command_line_takes_recorded_judges(tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    lines = (json.dumps({"row": row, "predict": verdict(3, 2, 1)}) for row in range(1, 110))
    path.write_text("\n".join(lines), encoding="utf-8")
    command = "bench --data example --tasks interview --json --model baseline/majority --judge"
    done = CliRunner().invoke(app, [*command.split(), f"recorded/{path}"])
    assert done.exit_code == 0
    found = {(one["metric"], one["mode"], one["part"]): one["value"]
             for one in json.loads(done.stdout)["scores"]}  # fmt: skip
    assert found["style", "strict", ""] == 2
    assert found["style", "strict", f"recorded/{path}"] == 2
    assert not [key for key in found if key[0].startswith("alpha")]
