"""A benchmark run from record files to scores, on rows made here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alignsurvey.benchmark.bench import example_parts, read_parts, run_bench
from alignsurvey.benchmark.bench_folder import record_files, scores_json, write_bench
from alignsurvey.benchmark.reference import chrf, score_references
from alignsurvey.errors import InputError

OPTIONS = ("满意", "一般", "不满意")


def write_records(folder: Path, people: int = 60) -> Path:
    rows = []
    for person in range(people):
        answer = OPTIONS[0] if person % 3 else OPTIONS[2]
        shown = OPTIONS[person % 3 :] + OPTIONS[: person % 3]
        lines = "\n".join(f"{letter}. {text}" for letter, text in zip("ABC", shown, strict=True))
        prompt = (
            f"你需要回答以下问题。\n你的个人背景：\n性别: {'男' if person % 2 else '女'}\n"
            f"年龄: {20 + person}\n\n问卷问题：\n您对卫生满意吗？\n"
            f"选项：\n{lines}\n\n请直接输出你的答案："
        )
        letter = "ABC"[shown.index(answer)]
        rows.append({"instruction": prompt, "input": "", "output": f"{letter}. {answer}",
                     "person_id": person})  # fmt: skip
    path = folder / "response.json"
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return path


def test_baselines_are_scored_in_both_modes_with_everything_that_goes_with_a_score(
    tmp_path: Path,
) -> None:
    write_records(tmp_path)
    parts, problems = read_parts(record_files(tmp_path), ["response"])
    result = run_bench(parts, ["baseline/majority", "baseline/uniform"], ["性别"])
    assert not problems
    majority = result.scores.filter(model="baseline/majority", metric="accuracy")
    assert majority["mode"].to_list() == ["strict", "paper"]
    assert majority["value"].to_list() == pytest.approx([2 / 3, 2 / 3])
    strict = result.scores.filter(model="baseline/uniform", metric="accuracy", mode="strict")
    assert strict["baseline"].item() == pytest.approx(2 / 3)
    assert strict["low"].item() < strict["value"].item() < strict["high"].item()
    assert strict["n"].item() == 60
    assert strict["parse_rate"].item() == 1
    groups = result.scores.filter(
        task="response-group", part="aggregate", model="baseline/majority"
    )
    assert groups["n"].item() == 3  # everyone, and two sexes
    assert groups["value"].item() > groups["floor"].item() > 0
    content = json.loads(scores_json(result, problems))
    assert content["records"] == {"response": 60}


def test_recorded_replies_are_found_by_their_prompts(tmp_path: Path) -> None:
    path = write_records(tmp_path)
    rows = json.loads(path.read_text(encoding="utf-8"))
    lines = [json.dumps({"prompt": row["instruction"], "predict": row["output"]}) for row in rows]
    replies = tmp_path / "replies" / "response.jsonl"
    replies.parent.mkdir()
    replies.write_text("\n".join(lines[::-1][:-5]), encoding="utf-8")
    parts, _ = read_parts([path], ["response"])
    result = run_bench(parts, ["recorded/replies"], base=tmp_path)
    accuracy = result.scores.filter(metric="accuracy", mode="strict")
    assert accuracy["value"].item() == pytest.approx(55 / 60)
    assert accuracy["parse_rate"].item() == pytest.approx(55 / 60)
    assert any("5 of 60 records have no reply" in one.what for _, one in result.problems)
    replies.write_text('{"prompt": "other", "predict": "A"}', encoding="utf-8")
    with pytest.raises(InputError, match="none of its prompts is one of the 60"):
        run_bench(parts, ["recorded/replies"], base=tmp_path)


def test_a_run_leaves_scores_replies_and_a_manifest(tmp_path: Path) -> None:
    parts, _ = read_parts([write_records(tmp_path)], ["response"], limit=12)
    write_bench(tmp_path / "run", run_bench(parts, ["baseline/majority"]), {"seed": 42})
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {
        "manifest.json",
        "scores.parquet",
        "answers.parquet",
        "baseline_majority-response.jsonl",
    }


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    path = write_records(tmp_path)
    with pytest.raises(InputError, match=r"no task 'respons'; did you mean 'response'"):
        read_parts([path], ["respons"])
    with pytest.raises(InputError, match=r"no records of task 'stance' in response\.json"):
        read_parts([path], ["stance"])
    with pytest.raises(InputError, match="no such file or folder"):
        record_files(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no \.json or \.jsonl files"):
        record_files(tmp_path / "empty")


# sacrebleu 2.5: CHRF(word_order=0).sentence_score(candidate, [reference]).score / 100
@pytest.mark.parametrize(
    ("reference", "candidate", "expected"),
    [
        ("the cat sat on the mat", "the cat sat on a mat", 0.659797),
        ("我认为公共服务很好", "我觉得公共服务不错", 0.230489),
        ("completely different", "xyz", 0.021097),
    ],
)
def test_chrf_equals_sacrebleu(reference: str, candidate: str, expected: float) -> None:
    assert chrf(reference, candidate) == pytest.approx(expected, abs=1e-4)


def test_references_count_silence_as_nothing_said() -> None:
    scored = score_references(["I like it", "", "<think>hm</think>It is fine"],
                              ["I like it", "Yes", "It is fine"], [1, 2, 3])  # fmt: skip
    assert scored.metrics["parse_rate"] == pytest.approx(2 / 3)
    assert scored.metrics["rouge_l"] == pytest.approx(2 / 3)
    assert scored.rows["2"]["outcome"] == "no_reply"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_four_tasks_run_on_the_embedded_interviews(language: str) -> None:
    tasks = ["role", "interview", "stance", "response"]
    parts, problems = example_parts(language, tasks, None)  # type: ignore[arg-type]
    assert not problems
    result = run_bench(parts, ["baseline/majority"], ["Gender" if language == "en" else "性别"])
    assert set(result.records) == set(tasks)
    assert result.records["stance"] == 36
    strict = result.scores.filter(mode="strict", metric="accuracy")
    assert strict["parse_rate"].drop_nulls().min() == 1
    assert result.scores.filter(task="response-group", part="aggregate").height == 2
    assert result.scores.filter(part="verbalized").is_empty()
    small = [one.what for where, one in result.problems if where == "stance-group"]
    assert len(small) == 2  # nine people a theme
    assert "no group has 10 people" in small[1]
