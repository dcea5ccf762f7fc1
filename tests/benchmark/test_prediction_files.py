"""Prediction files as other tools leave them, with whatever is wrong in single rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignsurvey.benchmark.prediction_files import read_predictions
from alignsurvey.benchmark.rows import RowFile
from alignsurvey.errors import InputError

ROWS = [{"predict": "男", "label": "男"}, {"predict": "女\n", "label": "男"}]
COMPACT = json.dumps(ROWS, ensure_ascii=False)
PRETTY = json.dumps(ROWS, ensure_ascii=False, indent=2)
LINES = [json.dumps(row, ensure_ascii=False) for row in ROWS]


def read(tmp_path: Path, content: str | bytes, **options: Any) -> RowFile:
    path = tmp_path / "predictions.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_predictions(path, **options)


@pytest.mark.parametrize(
    "content",
    [
        "\n".join(LINES),
        "\n".join(LINES) + "\n\n",
        "\r\n".join(LINES) + "\r\n",
        "\r".join(LINES),
        "\ufeff" + "\n".join(LINES),
        "\n \n" + "\n\n".join(LINES),
        COMPACT,
        PRETTY,
        "\ufeff\n" + PRETTY + "\n",
        PRETTY[:-2] + ",\n]",  # a trailing comma
        ",\n".join(LINES),  # an array without its brackets
        "\n".join(json.dumps(row, indent=1) for row in ROWS),
        f"[{LINES[0]}]\n[{LINES[1]}]",
    ],
)
def test_lines_and_arrays_are_told_apart_by_their_content(tmp_path: Path, content: str) -> None:
    file = read(tmp_path, content)
    assert [dict(row.content) for row in file.rows] == ROWS
    assert not file.problems


def test_rows_are_called_by_their_case_or_else_their_line(tmp_path: Path) -> None:
    contents = [{}, {"case": "a"}, {"case": 7}, {"case": None}, {"case": ""}, {"case": ["x"]}]
    lines = [json.dumps({"predict": n, "label": "x"} | one) for n, one in enumerate(contents)]
    file = read(tmp_path, "\n" + "\n".join(lines))
    assert [row.case for row in file.rows] == ["2", "a", "7", "5", "6", "7 (line 7)"]
    assert [row.line for row in file.rows] == [2, 3, 4, 5, 6, 7]
    assert [problem.line for problem in file.problems] == [7]


def test_bad_lines_are_left_out_and_named(tmp_path: Path) -> None:
    bad = ['{"predict": ', "3", "[]", '"text"', "null", "true", "[" * 100_000, "9" * 5000]
    file = read(tmp_path, "\n".join([LINES[0], *bad, LINES[1]]))
    assert [row.line for row in file.rows] == [1, 10]
    assert [problem.line for problem in file.problems] == list(range(2, 10))
    assert all(problem.what.startswith("left out: ") for problem in file.problems)


def test_a_bad_first_line_does_not_cost_the_others(tmp_path: Path) -> None:
    file = read(tmp_path, "\n".join(['{"predict": "男', *LINES]))
    assert [row.line for row in file.rows] == [2, 3]
    assert [problem.line for problem in file.problems] == [1]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_broken_object_of_an_array_is_left_out(tmp_path: Path, indent: int | None) -> None:
    rows = [{"predict": "BROKEN", "label": "a"}, *ROWS]
    text = json.dumps([ROWS[0], *rows], ensure_ascii=False, indent=indent)
    file = read(tmp_path, text.replace('"BROKEN"', '"BROKEN'))
    assert [row.content["predict"] for row in file.rows] == ["男", "男", "女\n"]
    assert [row.line for row in file.rows] == [1, 3, 4]
    assert [problem.line for problem in file.problems if "left out" in problem.what] == [2]


def test_an_array_that_is_cut_off_says_so(tmp_path: Path) -> None:
    file = read(tmp_path, PRETTY[:-1])
    assert len(file.rows) == 2
    assert "ends before its array" in file.problems[-1].what
    file = read(tmp_path, PRETTY[:-12])
    assert len(file.rows) == 1
    assert [problem.line for problem in file.problems] == [2]


def test_bytes_that_are_not_utf_8_cost_their_row_only(tmp_path: Path) -> None:
    for lines in (LINES, [f"[{LINES[0]},", f"{LINES[1]}]"]):
        raw = "\n".join(lines).encode().replace("女".encode(), b"\xff")
        file = read(tmp_path, raw)
        assert [row.line for row in file.rows] == [1]
        assert [problem.line for problem in file.problems] == [2]
        assert "UTF-8" in file.problems[0].what


def test_rows_without_prediction_or_label_are_kept_and_named(tmp_path: Path) -> None:
    contents = [{"label": "a"}, {"prediction": "a"}, {"predict": None, "output": "a"}, {}]
    file = read(tmp_path, "\n".join(map(json.dumps, contents)))
    assert len(file.rows) == 4
    assert [problem.line for problem in file.problems] == [1, 2, 3, 4, 4]
    unlabelled = read(tmp_path, "\n".join(map(json.dumps, contents)), labelled=False)
    assert [problem.line for problem in unlabelled.problems] == [1, 3, 4]


def test_a_row_that_stands_twice_is_scored_twice_and_named(tmp_path: Path) -> None:
    file = read(tmp_path, "\n".join([*LINES, LINES[0]]))
    assert len(file.rows) == 3
    assert [(one.line, "line 1" in one.what) for one in file.problems] == [(3, True)]


def test_a_line_of_ten_megabytes_is_a_row_like_others(tmp_path: Path) -> None:
    long = json.dumps({"predict": "好" * 3_400_000, "label": "a"}, ensure_ascii=False)
    file = read(tmp_path, f"{LINES[0]}\n{long}\n{LINES[1]}")
    assert [row.line for row in file.rows] == [1, 2, 3]


def test_line_separators_inside_a_text_are_no_line_ends(tmp_path: Path) -> None:
    line = '{"predict": "a\u2028b\x85c", "label": "a"}'
    assert read(tmp_path, f"{line}\n{LINES[0]}").rows[0].content["predict"] == "a\u2028b\x85c"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        ("[]".encode("utf-16"), "UTF-16"),
    ],
)
def test_a_file_without_text_is_an_error(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, content)


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_predictions(tmp_path / "nothing.jsonl")
    with pytest.raises(InputError, match="is a folder"):
        read_predictions(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_predictions(tmp_path / ("x" * 300))


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text('[]{}",:a1\n \\', max_size=60).map(str.encode))
def test_whatever_stands_in_a_file_is_a_row_or_a_problem(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(content)
    try:
        file = read_predictions(path)
    except InputError:
        return
    assert isinstance(file, RowFile)


def test_equal_judgements_without_prompts_are_no_repeats(tmp_path: Path) -> None:
    path = tmp_path / "judge.jsonl"
    path.write_text('{"predict": "3"}\n{"predict": "3"}\n')
    assert not read_predictions(path, labelled=False).problems
    path.write_text('{"prompt": "a", "predict": "3"}\n{"prompt": "a", "predict": "3"}\n')
    assert [one.line for one in read_predictions(path, labelled=False).problems] == [2]
