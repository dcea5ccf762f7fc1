"""`alignsurvey score`: what it prints, as tables and as JSON, and what it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from alignsurvey.cli import main

STANCE = '{"predict": "积极", "reason": "服务好"}'
PROMPT = "满意吗？\n选项：\nA. 满意\nB. 一般\nC. 不满意\n\n请回答："
RESPONSES = [
    {"prompt": PROMPT, "predict": "A. 满意", "label": "A. 满意", "case": "whole"},
    {"prompt": PROMPT, "predict": "A", "label": "A. 满意", "case": "letter"},
    {"prompt": PROMPT, "predict": "答案是B。", "label": "D. 不了解", "case": "dropped"},
]
ROWS: dict[str, list[dict[str, Any]]] = {
    "role": [{"predict": "女", "label": "女", "field": "性别"}],
    "interview": [{"predict": '{"对话自然度": {"评分": 4}, "风格匹配度": {"评分": 3}, '
                              '"访谈一致性": {"评分": 5}}'}],
    "stance": [{"predict": STANCE, "label": STANCE}],
    "stance-group": [{"prompt": PROMPT, "predict": "A. 满意: 100%", "label": "A. 满意: 100%"}],
    "response": RESPONSES,
    "response-group": [{"prompt": PROMPT, "predict": "?", "label": "A. 满意: 99%\nB. 一般: 1%"}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def write(name: str, rows: list[dict[str, Any]]) -> str:
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(text, encoding="utf-8")
    return name


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    sys.argv = ["alignsurvey", "score", *arguments]
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def paper(capsys: pytest.CaptureFixture[str], task: str, *arguments: str) -> dict[str, Any]:
    code, out, err = call(capsys, "--task", task, "--mode", "paper", "--json", *arguments)
    assert (code, err) == (0, "")
    content: dict[str, Any] = json.loads(out)
    return content


@pytest.mark.parametrize("task", ROWS)
def test_json_has_metrics_and_problems_of_each_file(
    capsys: pytest.CaptureFixture[str], task: str
) -> None:
    write("a.jsonl", ROWS[task])
    content = paper(capsys, task, "a.jsonl")
    assert (content["task"], content["mode"]) == (task, "paper")
    assert set(content["files"]) == {"a.jsonl"}
    assert "problems" in content["files"]["a.jsonl"]
    assert "rows" not in content["files"]["a.jsonl"]
    rows = paper(capsys, task, "a.jsonl", "--rows")["files"]["a.jsonl"]["rows"]
    assert len(rows) == len(ROWS[task])


@pytest.mark.parametrize("mode", ["paper", "strict"])
@pytest.mark.parametrize("task", ROWS)
def test_tables_are_printed_for_every_task(
    capsys: pytest.CaptureFixture[str], task: str, mode: str
) -> None:
    write("a.jsonl", ROWS[task])
    code, out, err = call(capsys, "--task", task, "--mode", mode, "a.jsonl")
    assert (code, err) == (0, "")
    assert f"a.jsonl: {task}, {mode} mode, {len(ROWS[task])} row" in out
    assert "Metric" in out


def test_rows_stand_under_their_case(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.jsonl", RESPONSES)
    file = paper(capsys, "response", "--rows", "a.jsonl")["files"]["a.jsonl"]
    assert file["rows"]["letter"] == {
        "counted": True, "label_class": "A满意", "pred_class": "A", "correct": False,
    }  # fmt: skip
    assert file["accuracy"] == 0.5
    assert [problem["line"] for problem in file["problems"]] == [3]


def test_files_of_one_name_are_told_by_their_paths(capsys: pytest.CaptureFixture[str]) -> None:
    files = [write(name, RESPONSES) for name in ("x/a.jsonl", "y/a.jsonl", "y/b.jsonl")]
    content = paper(capsys, "response", *files, files[2])
    assert list(content["files"]) == ["x/a.jsonl", "y/a.jsonl", "y/b.jsonl", "y/b.jsonl (again)"]
    assert list(paper(capsys, "response", files[2])["files"]) == ["b.jsonl"]


def test_faults_that_mattered_are_told_in_paper_mode(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.jsonl", RESPONSES)
    _, out, _ = call(capsys, "--task", "response", "--mode", "paper", "a.jsonl")
    assert "1 row: a letter alone, or a text alone, is wrong" in out
    assert "1 row: rows whose label is empty or says don't know are dropped" in out
    assert "a.jsonl: line 3: left out" in out


def test_strict_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.jsonl", RESPONSES)
    code, out, _ = call(capsys, "--task", "response", "--json", "--rows", "a.jsonl")
    content = json.loads(out)
    assert (code, content["mode"]) == (0, "strict")
    row = content["files"]["a.jsonl"]["rows"]["letter"]
    assert (row["outcome"], row["answer"], row["correct"]) == ("answered", "满意", True)


@pytest.mark.parametrize("arguments", [("家里人口数.jsonl",), ("a.jsonl", "--field", "家里人口数")])
def test_the_field_is_named_by_file_or_option(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    write(arguments[0], [{"predict": "3口人", "label": "3"}])
    content = paper(capsys, "role", *arguments)
    assert content["files"][arguments[0]]["accuracy"] == 1


def test_halves_of_surrogate_pairs_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    predict = r'{"predict": "积极", "reason": "好\ud83d\ude00\ud83d"}'
    write("a.jsonl", [{"predict": predict, "label": STANCE}])
    content = paper(capsys, "stance", "--rows", "a.jsonl")
    assert content["files"]["a.jsonl"]["rows"]["1"]["prediction_reason"].startswith("好")


def test_many_problems_are_cut_in_the_table_and_not_in_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("a.jsonl").write_text("\n".join(['{"predict": "A. x", "label": "A. x"}', *"?" * 15]))
    _, out, _ = call(capsys, "--task", "response", "--mode", "paper", "a.jsonl")
    assert "Problems: 15" in out
    assert "and 5 more" in out
    assert len(paper(capsys, "response", "a.jsonl")["files"]["a.jsonl"]["problems"]) == 15


def test_rows_of_another_task_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    stranger = {"predict": STANCE, "label": STANCE}
    shares = {"predict": "?", "label": "a: 10%\nb: 90%"}
    spans = {"predict": "A. 1%-5%", "label": "A. 1%-5%"}
    write("a.jsonl", [*RESPONSES[:2], stranger, shares, spans])
    file = paper(capsys, "response", "a.jsonl")["files"]["a.jsonl"]
    assert [(one["line"], "stance" in one["what"]) for one in file["problems"]] == [
        (3, True),
        (4, False),
    ]
    assert file["total_count"] == 5


CODEBOOK = """variables:
  content: {text: 满意吗？, scale: ordinal, values: [[1, 不满意, 1], [2, 一般, 2], [5, 满意, 5]]}
  hobby: {values: [[1, chess], [2, sport]]}
  siblings: {scale: interval}
"""


def strict(capsys: pytest.CaptureFixture[str], task: str, *arguments: str) -> dict[str, Any]:
    Path("book.yaml").write_text(CODEBOOK, encoding="utf-8")
    code, out, err = call(capsys, "--task", task, "--json", "--rows", *arguments, "a.jsonl")
    assert (code, err) == (0, "")
    file: dict[str, Any] = json.loads(out)["files"]["a.jsonl"]
    return file


def test_a_codebook_places_the_options_of_groups(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.jsonl", [{"prompt": PROMPT, "predict": "B. 一般: 100%", "label": "A. 满意: 100%"}])
    assert strict(capsys, "response-group")["w1"] == 1
    file = strict(capsys, "response-group", "--codebook", "book.yaml")
    assert (file["w1"], file["w1_normalized"], file["problems"]) == (3, 0.75, [])


def test_a_field_of_ones_own_is_read_as_the_kind_that_its_options_show(
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = {"prompt": "可选值：下棋、跑步、唱歌。", "predict": "跑步和下棋", "label": "下棋、跑步"}
    write("a.jsonl", [row, {**row, "label": "唱歌"}])
    file = strict(capsys, "role", "--field", "爱好")
    assert file["by_field"]["爱好"]["kind"] == "list"
    assert [one["correct"] for one in file["rows"].values()] == [True, False]
    assert "read as a list" in file["problems"][0]["what"]


@pytest.mark.parametrize(
    ("field", "predict", "label", "kind", "correct"),
    [
        ("hobby", "The answer is chess.", "chess", "choice", True),
        ("siblings", "0", "0", "number", True),
        ("siblings", "3", "2", "number", False),
    ],
)
def test_a_codebook_gives_the_options_of_a_field(
    capsys: pytest.CaptureFixture[str],
    field: str, predict: str, label: str, kind: str, correct: bool,
) -> None:  # fmt: skip
    write("a.jsonl", [{"predict": predict, "label": label}])
    file = strict(capsys, "role", "--field", field, "--codebook", "book.yaml")
    assert file["by_field"][field]["kind"] == kind
    assert file["rows"]["1"]["correct"] is correct


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task", "stanc", "a.jsonl"), "--task: no task 'stanc'; did you mean 'stance'?"),
        (("--task", "role", "--mode", "papper", "a.jsonl"), "did you mean 'paper'?"),
        (("--task", "role", "--mode", "paper", "a.jsonl"), "--field: 性别 (gender)"),
        (("--task", "role", "--field", "hobby", "bare.jsonl"), "needs its options in the prompts"),
        (("--task", "role", "--field", "gendr", "bare.jsonl"), "did you mean 'gender'?"),
        (
            ("--task", "role", "--mode", "paper", "--field", "hobby", "a.jsonl"),
            "no field 'hobby' in Task 1",
        ),
        (("--task", "response", "--codebook", "book.yaml", "a.jsonl"), "--codebook is for"),
        (("--task", "role", "--codebook", "none.yaml", "a.jsonl"), "none.yaml"),
        (("--task", "role", "--codebook", "bad.jsonl", "a.jsonl"), "bad.jsonl"),
        (("--task", "response", "--field", "年龄", "a.jsonl"), "--field is for --task role"),
        (("--task", "response", "--rows", "a.jsonl"), "--rows goes with --json"),
        (("--task", "response", "none.jsonl"), "none.jsonl: no such file"),
        (("--task", "response", "."), "is a folder"),
        (("--task", "response", "bad.jsonl"), "no row of the file can be read"),
        (("--task", "response", "empty.jsonl"), "empty.jsonl: is empty"),
    ],
)
def test_a_users_error_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    write("a.jsonl", RESPONSES)
    write("bare.jsonl", [{"predict": "chess", "label": "chess"}])
    write("empty.jsonl", [])
    Path("bad.jsonl").write_text("?\n?")
    code, out, err = call(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, "--help")
    assert "Example: alignsurvey score" in out
