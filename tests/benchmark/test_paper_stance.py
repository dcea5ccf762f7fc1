"""Paper mode, Task 3: reading the JSON, leaving rows out, comparing reasons."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from alignsurvey.benchmark import segmentation
from alignsurvey.benchmark.paper import score_paper
from alignsurvey.benchmark.paper.stance import cosine, read_stance
from alignsurvey.benchmark.rows import FileScore, PredictionRow, Task
from alignsurvey.errors import InputError

LOST = {"predict": "错误", "reason": " "}
READ = {"predict": "积极", "reason": "好"}
SAID = json.dumps(READ, ensure_ascii=False)


def scored(*contents: dict[str, Any]) -> FileScore:
    rows = [PredictionRow(n, str(n), content) for n, content in enumerate(contents, 1)]
    return score_paper(Task.STANCE, rows)


def said(stance: object, reason: object = "服务很好") -> str:
    return json.dumps({"predict": stance, "reason": reason}, ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (SAID, READ),
        (f"想</think>\n\n{SAID}", READ),
        (f"a</think>\n\nb</think>\n\n{SAID}", READ),
        (f"<think>想</think>\n{SAID}", LOST),
        (f"<think>想</think>{SAID}", LOST),
        (f"```json\n{SAID}\n```", READ),
        (f"```\n{SAID}\n```", READ),
        (f"```json\n{SAID}", READ),
        (f"想</think>\n\n```json\n{SAID}\n```", READ),
        (f"答：```json\n{SAID}\n```", LOST),
        (f"{SAID}\n```", LOST),
        (f"{SAID}。", LOST),
        (SAID[:-2], READ),  # cut inside the last string: "} is appended
        (SAID[:-1], LOST),
        (SAID[:-1] + ",}", LOST),
        (SAID.replace('"', "'"), LOST),
        (r'{"predict": "\u79ef\u6781", "reason": "\u597d"}', READ),
        (r'{"predict": "积极", "reason": "\u00"}', {"predict": "积极", "reason": r"\u00"}),
        (r'{"predict": "积极", "reason": "\user"}', {"predict": "积极", "reason": r"\user"}),
        (r'{"predict": "积极", "reason": "a\u0022b"}', LOST),  # decoded before it is parsed
        (r'{"predict": "积极", "reason": "a\u000ab"}', LOST),
        ("积极", LOST),
        ("", LOST),
        ("null", None),
        ('"积极"', "积极"),
    ],
)
def test_a_reply_is_read_as_released(text: str, read: object) -> None:
    assert read_stance(text) == read


def test_a_prediction_is_cut_at_its_final_channel_and_a_label_is_not() -> None:
    final = f"analysis好assistantfinal{SAID}"
    shown = scored({"predict": final, "label": SAID}, {"predict": SAID, "label": final}).rows
    assert [one["prediction"] for one in shown.values()] == ["积极", "积极"]
    assert [one["label"] for one in shown.values()] == ["积极", "错误"]


@pytest.mark.parametrize(
    ("content", "log"),
    [
        ({"label": SAID}, "'predict'"),
        ({"predict": None, "label": SAID}, "argument of type 'NoneType' is not iterable"),
        ({"predict": ["积极"], "label": SAID}, "'output'"),
        ({"predict": SAID}, "'output'"),
        ({"predict": '{"predict": "积极"}', "label": SAID}, "'output'"),
        ({"predict": '{"predict": "积极"}', "label": SAID, "output": SAID}, "'reason'"),
        ({"predict": '{"reason": "好"}', "label": SAID, "output": SAID}, "'predict'"),
        ({"predict": "null", "label": SAID}, "'output'"),
        ({"predict": '"积极"', "label": SAID}, "'output'"),
        ({"predict": "[]", "label": SAID}, "'output'"),
        ({"predict": said("积极", 3), "label": SAID}, "'output'"),
        ({"predict": said("积极", None), "label": SAID}, "'output'"),
        ({"predict": said("积极", [1]), "label": SAID}, "'output'"),
        ({"predict": said(["积极"]), "label": SAID}, "unhashable type: 'list'"),
        ({"predict": said({"a": 1}), "label": SAID}, "unhashable type: 'dict'"),
        ({"predict": SAID, "label": '{"predict": "积极"}'}, "'output'"),
    ],
)
def test_rows_that_lack_something_are_left_out_of_every_total(
    content: dict[str, Any], log: str
) -> None:
    score = scored(content, {"predict": SAID, "label": SAID})
    assert score.rows["1"] == {"counted": False, "log": f"处理第1行时出错: {log}"}
    assert score.metrics["total_samples"] == score.metrics["correct_predictions"] == 1
    assert [problem.line for problem in score.problems] == [1]


def test_output_is_the_label_where_label_is_absent_or_fails() -> None:
    shown = scored(
        {"predict": SAID, "output": SAID},
        {"predict": SAID, "output": SAID, "label": '{"predict": "消极"}'},
        {"prediction": SAID, "output": SAID, "label": said("消极")},
    ).rows
    assert [one["label"] for one in shown.values()] == ["积极", "积极", "消极"]


def test_two_sides_that_are_no_json_agree() -> None:
    score = scored({"predict": "?", "label": "!"})
    assert score.rows["1"] == {
        "counted": True, "label": "错误", "prediction": "错误", "correct": True,
        "prediction_reason": " ", "jaccard": 0, "cosine": 0, "vocab_overlap": 0,
        "common_words": [],
    }  # fmt: skip
    assert len(score.problems) == 2


def test_a_list_of_reasons_is_joined_with_spaces() -> None:
    shown = scored({"predict": said("积极", ["服务好", "很近"]), "label": SAID}).rows["1"]
    assert shown["prediction_reason"] == "服务好 很近"


def test_reasons_are_compared_by_words_without_punctuation() -> None:
    shown = scored(
        {"predict": said("积极", "服务，好！ok 3"), "label": said("积极", "好；服务 OK")}
    ).rows["1"]
    assert shown["common_words"] == ["好", "服务"]
    assert shown["vocab_overlap"] == 2
    assert shown["jaccard"] == pytest.approx(2 / len({"服务", "好", "ok3", "OK"}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("去过医院，体验较好", "体验较好，去过社区"),
        ("a b b", "b A c"),
        ("好", "好的"),
        ("，", "好"),
    ],
)
def test_cosine_is_that_of_scikit_learn(one: str, other: str) -> None:
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.metrics.pairwise import cosine_similarity

    counts = CountVectorizer(token_pattern=r"(?u)\b\w+\b|[\u4e00-\u9fff]+").fit_transform(
        [one, other]
    )
    expected = cosine_similarity(counts[0], counts[1])[0, 0]
    assert cosine(one, other) == pytest.approx(expected, abs=1e-12)


def test_f1_is_over_every_class_string_seen() -> None:
    pairs = [("积极", "积极"), ("积极", "积极 "), ("消极", "?"), ("消极", "消极"), ("中立", 1)]
    score = scored(*({"label": said(a), "predict": said(b) if b != "?" else "?"} for a, b in pairs))
    classes = ["积极", "积极 ", "消极", "错误", "中立", 1]

    def f1(name: object) -> float:
        hits = sum(a == b == name for a, b in pairs)
        seen = sum(a == name for a, _ in pairs) + sum(b == name for _, b in pairs)
        return 2 * hits / seen if seen else 0

    names = [f1(name) for name in classes]
    assert score.metrics["overall_f1_macro"] == pytest.approx(np.mean(names))
    weights = [sum(a == name for a, _ in pairs) for name in classes]
    assert score.metrics["overall_f1_weighted"] == pytest.approx(np.average(names, weights=weights))
    assert score.metrics["overall_f1_micro"] == pytest.approx(0.4)
    assert score.metrics["overall_accuracy"] == pytest.approx(0.4)


def test_metrics_have_the_released_names() -> None:
    names = {f"overall_{a}_{b}" for a in ("precision", "recall", "f1")
             for b in ("micro", "macro", "weighted")}  # fmt: skip
    names |= {"overall_accuracy", "avg_jaccard_sim", "avg_cosine_sim", "avg_vocab_overlap",
              "total_samples", "correct_predictions"}  # fmt: skip
    assert names <= set(scored({"predict": SAID, "label": SAID}).metrics)
    empty = scored({"label": SAID}).metrics
    assert empty["overall_accuracy"] is None
    assert empty["overall_f1_macro"] is None


def test_without_jieba_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "jieba":
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    segmentation.tokenizer.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"pip install alignsurvey\[zh\]"):
        scored({"predict": SAID, "label": SAID})


def test_jieba_is_loaded_without_a_word() -> None:
    code = "from alignsurvey.benchmark.segmentation import words_in; words_in('服务好')"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
