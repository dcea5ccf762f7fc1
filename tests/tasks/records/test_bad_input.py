"""Bad files: named by row and line, counted, and the rest is read."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from alignsurvey.errors import InputError
from alignsurvey.tasks.records import Fault, Mend, parse_alpaca, parse_records, read_records


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ('[{"a": "x",}]', [Mend.TRAILING_COMMA]),
        ('[{"a": "x"},]', [Mend.TRAILING_COMMA]),
        ('[{"a": ["x", ], },\n]', [Mend.TRAILING_COMMA, Mend.TRAILING_COMMA, Mend.TRAILING_COMMA]),
        ('\ufeff[{"a": "x"}]', [Mend.BOM]),
        (r'[{"a": "x\d\_"}]', [Mend.ILLEGAL_ESCAPE, Mend.ILLEGAL_ESCAPE]),
        (r'[{"a": "\u12"}]', [Mend.ILLEGAL_ESCAPE]),
        (r'[{"a": "\\d\u0041\n"}]', []),
        ('[{"a": "x\ny\tz"}]', [Mend.RAW_CONTROL, Mend.RAW_CONTROL]),
        ('// made by hand\n[{"a": "x" /* yes */}]', [Mend.COMMENT, Mend.COMMENT]),
        ('[{"a": "// no, /* no */ ,]"}]', []),
        ('[{"a": "x"} {"a": "y"}]', [Mend.MISSING_COMMA]),
        ('[{"a": "x"},\n{"a": "y"}', [Mend.OPEN_ARRAY]),
        ('[{"a": "x", "a": "x"}]', [Mend.REPEATED_KEY]),
        ('{"a": "x",}\n{"a": "y"}\n', [Mend.TRAILING_COMMA]),
    ],
)
def test_slips_with_one_reading_are_mended_and_counted(text: str, kinds: list[Mend]) -> None:
    file = parse_alpaca(text, "rows")
    assert [one.kind for one in file.repairs] == kinds
    assert not [one for one in file.problems if one.left_out]
    assert all(set(row.content) == {"a"} for row in file.rows)


def test_a_mended_text_is_what_was_written() -> None:
    rows = parse_alpaca('[{"a": "C:\\dir, }", "b": "one\ntwo",}]', "rows").rows
    assert rows[0].content == {"a": "C:\\dir, }", "b": "one\ntwo"}


def test_repairs_name_row_and_line() -> None:
    file = parse_alpaca('[\n  {"a": "x"},\n  {\n    "a": "y",\n  },\n]', "rows.json")
    assert [(one.row, one.line) for one in file.repairs] == [(2, 4), (0, 5)]


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (b'{"a": nonsense}', Fault.NOT_JSON),
        (b'{"a": "never closed}', Fault.NOT_JSON),
        (b'{"a": "x" "b": 1}', Fault.NOT_JSON),
        (b'{"a": "x", "a": "y"}', Fault.AMBIGUOUS_KEY),
        (b'{"a": "\xff"}', Fault.NOT_TEXT),
        (b"[1, 2]", Fault.NOT_OBJECT),
        (b"7", Fault.NOT_OBJECT),
        (b'"text"', Fault.NOT_OBJECT),
        (b"null", Fault.NOT_OBJECT),
        (b"[" * 5000 + b"]" * 5000, Fault.NOT_JSON),
    ],
)
@pytest.mark.parametrize("form", ["array", "lines"])
def test_a_bad_row_is_named_and_the_rest_is_read(bad: bytes, kind: Fault, form: str) -> None:
    rows = [b'{"a": "first"}', bad, b'{"a": "last"}']
    data = b"[\n" + b",\n".join(rows) + b"\n]" if form == "array" else b"\n".join(rows)
    file = parse_alpaca(data, "rows")
    assert [row.content["a"] for row in file.rows] == ["first", "last"]
    assert [(one.kind, one.row, one.line) for one in file.problems] == [
        (kind, 2, 3 if form == "array" else 2)]  # fmt: skip
    assert file.n == 3


def test_an_array_where_lines_are_expected_and_the_reverse(make: SimpleNamespace) -> None:
    rows = [make.response(), make.response("A. 满意")]
    for text, name in ((make.as_json(*rows), "a.jsonl"), (make.as_lines(*rows), "a.json")):
        records = parse_records(text, name)
        assert len(records) == 2
        assert [one.kind for one in records.problems] == [Fault.WRONG_FORM]
        assert not records.left_out


def test_objects_over_several_lines_without_an_array(make: SimpleNamespace) -> None:
    text = "\n".join(json.dumps(make.response(label), indent=2) for label in ("A. 满意", "一般"))
    assert [one.answer for one in parse_records(text, "rows")] == ["满意", "一般"]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"output": None}, Fault.NO_ANSWER),
        ({"output": " "}, Fault.EMPTY_ANSWER),
        ({"output": True}, Fault.NO_ANSWER),
        ({"output": "很满意"}, Fault.OUTSIDE_OPTIONS),
        ({"output": "A. 一般"}, Fault.OUTSIDE_OPTIONS),
        ({"instruction": ""}, Fault.NO_PROMPT),
        ({"instruction": 5}, Fault.NO_PROMPT),
        ({"input": ["x"]}, Fault.NO_PROMPT),
        ({"instruction": "Translate."}, Fault.UNKNOWN_SHAPE),
    ],
)
def test_a_row_that_is_no_record_is_named(
    make: SimpleNamespace, change: dict[str, object], kind: Fault
) -> None:
    rows = [make.response(), make.response() | change, make.response("A. 满意")]
    records = parse_records(make.as_json(*rows), "rows.json")
    assert [one.answer for one in records] == ["一般", "满意"]
    assert [(one.kind, one.row) for one in records.left_out] == [(kind, 2)]
    assert records.n == 3


def test_a_prompt_without_options_is_named(make: SimpleNamespace) -> None:
    rows = [make.response(), make.response(options="满意或不满意")]
    records = parse_records(make.as_json(*rows), "rows.json")
    assert [(one.kind, one.row) for one in records.left_out] == [(Fault.NO_OPTIONS, 2)]


def test_two_options_with_one_text_are_no_answer(make: SimpleNamespace) -> None:
    rows = [make.response(), make.response("一般", options="A. 一般\nB. 一般")]
    records = parse_records(make.as_json(*rows), "rows.json")
    assert [one.kind for one in records.left_out] == [Fault.AMBIGUOUS_OPTIONS]


def test_label_stands_in_for_output(make: SimpleNamespace) -> None:
    row = make.response()
    row["label"] = row.pop("output")
    assert parse_records(make.as_json(row), "rows.json")[0].answer == "一般"


def test_rows_of_another_task_are_named(make: SimpleNamespace) -> None:
    text = make.as_json(make.response(), make.stance(), make.response("A. 满意"))
    records = parse_records(text, "rows.json")
    assert (records.task, len(records)) == ("response", 2)
    assert [(one.kind, one.row) for one in records.left_out] == [(Fault.OTHER_TASK, 2)]
    assert len(parse_records(text, "rows.json", "stance")) == 1
    with pytest.raises(InputError, match="no rows of the task 'role'"):
        parse_records(text, "rows.json", "role")
    with pytest.raises(InputError, match=r"no task 'stanc'; did you mean 'stance'\?"):
        parse_records(text, "rows.json", "stanc")


def test_duplicated_rows_are_kept_and_named(make: SimpleNamespace) -> None:
    rows = [make.response(person_id=1), make.response(person_id=2), make.response(person_id=1)]
    records = parse_records(make.as_json(*rows), "rows.json")
    assert len(records) == 3
    assert [(one.kind, one.row, one.left_out) for one in records.problems] == [
        (Fault.DUPLICATE, 3, False)]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"[]", "no rows"),
        (b"not json at all", "no rows"),
        (b"[1, 2]", "no rows"),
        ('[{"instruction": "x"}]'.encode("utf-16"), "is UTF-16"),
        (b'{"train": {"file_name": "all.json"}}', "none of its 1 rows"),
    ],
)
def test_a_file_that_holds_nothing_is_an_error(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "rows.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_records(path)
    assert str(path) in str(caught.value)
    with pytest.raises(InputError, match="is a folder"):
        read_records(tmp_path)


@pytest.mark.parametrize(
    ("filler", "slip"), [("词", ","), ("\\n", ""), ('{\\"', ","), (" ", ""), ("提问:回答:", "")]
)
def test_a_line_of_ten_megabytes(make: SimpleNamespace, slip: str, filler: str) -> None:
    long = json.dumps(make.response("A. 满意"), ensure_ascii=False)
    long = long.replace("甲省", filler * (10_000_000 // len(filler.encode())))
    long = long[:-1] + slip + "}"
    start = time.process_time()
    records = parse_records(make.as_lines(make.response()) + long, "rows.jsonl")
    assert time.process_time() - start < 10
    assert len(records) + len(records.left_out) == 2
    assert (Mend.TRAILING_COMMA in {one.kind for one in records.repairs}) == bool(slip)


def test_problems_show_nothing_of_a_profile(make: SimpleNamespace) -> None:
    row = make.stance("很积极", profile="性别: 女\n额外信息补充: 秘密")
    records = parse_records(make.as_json(make.stance(), row), "rows.json")
    assert len(records.left_out) == 1
    assert "秘密" not in str(records.problems)
