"""Files that are not as they should be: what is wrong is named by row, and the rest is scored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alignsurvey.benchmark.rows import FileScore, Task
from alignsurvey.benchmark.scoring import Mode, score_file
from alignsurvey.errors import InputError

PROMPT = "问卷问题：\n满意吗？\n选项：\nA. 满意\nB. 一般\nC. 不满意\n\n请回答："
GOOD = {"prompt": PROMPT, "predict": "A. 满意", "label": "A. 满意"}
OTHER = {"prompt": PROMPT, "predict": "B. 一般", "label": "A. 满意"}
STANCE = '{"predict": "积极", "reason": "服务好"}'


def score(tmp_path: Path, content: str | bytes, mode: Mode = Mode.STRICT) -> FileScore:
    path = tmp_path / "predictions.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return score_file(path, Task.RESPONSE, mode)


def lines(*rows: Any) -> str:
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)


def without(key: str) -> dict[str, str]:
    return {name: value for name, value in GOOD.items() if name != key}


@pytest.mark.parametrize(
    ("content", "n_rows", "n", "line", "what"),
    [
        (lines(GOOD, '{"predict": '), 1, 1, 2, "not valid JSON"),
        (lines("[", GOOD, OTHER), 2, 2, 3, "the file ends before its array does"),
        (f"[{json.dumps(GOOD)}, ", 1, 1, 2, "the file ends before its array does"),
        (lines(GOOD, '["a", "list"]'), 1, 1, 2, "a row is a JSON object, this is a list"),
        (lines(GOOD, without("predict")), 2, 2, 2, "no prediction"),
        (lines(GOOD, {**GOOD, "predict": None}), 2, 2, 2, "is null"),
        (lines(GOOD, without("label")), 2, 1, 2, "no label"),
        (lines(GOOD, {**GOOD, "label": ""}), 2, 1, 2, "no label"),
        (lines(GOOD, {**GOOD, "label": "D. 其他"}), 2, 1, 2, "cannot be read"),
        (lines(GOOD, {**OTHER, "prompt": "满意吗？"}), 2, 2, 2, "no options in the prompt"),
        (lines(GOOD, GOOD), 2, 2, 2, "repeats line 1"),
        (lines(GOOD, {"predict": STANCE, "label": STANCE}), 2, None, 2, "of a stance task"),
        (lines(GOOD, {**GOOD, "label": "A: 40%\nB: 60%"}), 2, 1, 2, "of a group task"),
        (lines(GOOD).encode() + b'\n{"predict": "\xff\xfe", "label": "A"}', 1, 1, 2, "not UTF-8"),
        (lines(GOOD, {**OTHER, "predict": "好" * 4_000_000}), 2, 2, None, ""),
    ],
    ids=[
        "cut line", "array in lines", "cut array", "list", "no prediction", "null prediction",
        "no label", "empty label", "label of no option", "no options", "repeated", "stance row",
        "group row", "not UTF-8", "ten megabytes",
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_the_rest_is_scored(
    tmp_path: Path, content: str | bytes, n_rows: int, n: int | None, line: int | None, what: str
) -> None:
    found = score(tmp_path, content)
    assert found.metrics["n_rows"] == n_rows == len(found.rows)
    assert found.metrics["n"] + found.metrics["n_left_out"] == n_rows
    if n is not None:
        assert found.metrics["n"] == n
    told = [problem.what for problem in found.problems if problem.line == line]
    assert any(what in one for one in told) if line else not found.problems


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("mode", list(Mode))
def test_an_array_lines_and_pretty_objects_score_alike(
    tmp_path: Path, indent: int | None, mode: Mode
) -> None:
    contents = (
        lines(GOOD, OTHER),
        json.dumps([GOOD, OTHER], indent=indent),
        "\n".join(json.dumps(row, indent=indent) for row in (GOOD, OTHER)),
        "\ufeff" + lines(GOOD, "", OTHER),
    )
    for content in contents:
        found = score(tmp_path, content, mode)
        assert found.metrics["accuracy"] == 0.5, content
        assert not found.problems


@pytest.mark.parametrize("content", ["", " \n\n", "\ufeff", "[]", "?\n?"])
def test_a_file_without_any_row_is_an_error_that_names_it(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match=r"predictions\.jsonl"):
        score(tmp_path, content)
