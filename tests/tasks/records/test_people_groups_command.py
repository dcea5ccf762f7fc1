"""People on both sides, groups, the rebuilt role task and the command, on synthetic rows."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.cells import cell_len

from alignsurvey.cli import main
from alignsurvey.errors import InputError
from alignsurvey.tasks.records import (
    build_groups,
    field_options,
    overlap,
    parse_records,
    person_key,
    rebuild_role,
    report_records,
)

PROFILES = [
    "您的性别: 女\n您的年龄: 41",
    "您的性别: 男\n您的年龄: 30",
    "您的性别: 女\n您的年龄: 25",
]


def people(make: SimpleNamespace, *rows: tuple[object, int, str]) -> list[dict[str, object]]:
    """Rows of (person, profile, answer)."""
    return [
        make.response(answer, profile=PROFILES[profile])
        | ({} if person is None else {"person_id": person})
        for person, profile, answer in rows
    ]


def test_people_without_ids_are_their_profiles(make: SimpleNamespace) -> None:
    rows = people(make, (None, 0, "满意"), (None, 0, "一般"), (None, 1, "一般"))
    records = parse_records(make.as_json(*rows), "rows.json")
    assert len({person_key(one) for one in records}) == 2


def test_an_id_that_numbers_rows_is_no_person(make: SimpleNamespace) -> None:
    rows = [make.stance(id=place) for place in range(3)]
    records = parse_records(make.as_json(*rows), "rows.json")
    assert {one.person for one in records} == {None}
    rows = [make.stance(id=5, theme=theme) for theme in ("公共服务评价", "和父辈相比")]
    assert {one.person for one in parse_records(make.as_json(*rows), "rows.json")} == {5}


@pytest.mark.parametrize(
    ("train", "test", "same", "profiles", "others"),
    [
        ([(1, 0)], [(1, 0)], (1,), 0, ()),
        ([(1, 0)], [(2, 1)], (), 0, ()),
        ([(1, 0)], [(1, 1)], (), 0, (1,)),
        ([(1, 0)], [(2, 0)], (), 1, ()),
        ([(None, 0)], [(None, 0)], (), 1, ()),
        ([(None, 0)], [(2, 0)], (), 1, ()),
    ],
)
def test_overlap_is_by_id_and_by_profile(
    make: SimpleNamespace,
    train: list[tuple[object, int]],
    test: list[tuple[object, int]],
    same: tuple[object, ...],
    profiles: int,
    others: tuple[object, ...],
) -> None:
    sides = [
        parse_records(make.as_json(*people(make, *((*one, "满意") for one in side))), "rows.json")
        for side in (train, test)
    ]
    found = overlap(*sides)
    assert (found.people, len(found.profiles), found.other_people) == (same, profiles, others)
    assert found.rows == bool(found)


def test_groups_count_people_and_weigh_them(make: SimpleNamespace) -> None:
    rows = people(make, (1, 0, "满意"), (2, 1, "一般"), (3, 2, "不满意"), (3, 2, "不满意"))
    records = parse_records(make.as_json(*rows), "rows.json")
    groups = build_groups(records, ["您的性别", ()], minimum=2, weights={1: 3, 2: 1, 3: 1})
    women, everyone = groups.records
    assert (women.name, women.options) == ("您的性别: 女", ("不满意", "一般", "满意"))
    assert (women.shares, women.n, women.weight) == ((0.25, 0, 0.75), 2, 4.0)
    assert everyone.shares == (0.2, 0.2, 0.6)
    assert [(size, definition) for definition, _, size in groups.too_small] == [
        (1, (("您的性别", "男"),))]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": ["您的性"]}, "did you mean '您的性别'"),
        ({"by": [()], "minimum": 0}, "must be 1 or more"),
        ({"by": [()], "weights": {1: 1.0}}, "person 2 needs a weight"),
        ({"by": [()], "orders": {"您对小区的卫生满意吗？": ["满意"]}}, "the order given"),
    ],
)
def test_groups_refuse(make: SimpleNamespace, arguments: dict[str, object], message: str) -> None:
    rows = people(make, (1, 0, "满意"), (2, 1, "一般"))
    records = parse_records(make.as_json(*rows), "rows.json")
    with pytest.raises(InputError, match=message):
        build_groups(records, **({"minimum": 1} | arguments))  # type: ignore[arg-type]


def test_two_answers_of_one_person_are_refused(make: SimpleNamespace) -> None:
    records = parse_records(make.as_json(*people(make, (1, 0, "满意"), (1, 0, "一般"))), "rows")
    with pytest.raises(InputError, match="rows 1 and 2: person 1 gives two answers"):
        build_groups(records, [()], minimum=1)


def test_the_role_task_is_rebuilt(make: SimpleNamespace) -> None:
    rows = [make.interview("住哪？", "城里。", "", id=1, qua="问题1"),
            make.interview("远吗？", "不远。", id=1, qua="问题1"),
            make.interview("好吗？", "", "", id=1, qua="问题2")]  # fmt: skip
    interviews = list(parse_records(make.as_json(*rows), "rows.json"))
    rebuilt = rebuild_role(interviews, ["性别", "家庭成员关系"], {"性别": ["男", "女"]})  # type: ignore[arg-type]
    assert [(one.field, one.theme, one.output) for one in rebuilt] == [
        ("性别", "问题1", "女"), ("性别", "问题2", "女"),
        ("家庭成员关系", "问题1", "['配偶', '子女']"),
        ("家庭成员关系", "问题2", "['配偶', '子女']"),
    ]  # fmt: skip
    assert (
        "采访者：住哪？\n受访者：城里。\n采访者：远吗？\n受访者：不远。\n\n请根据"
        in rebuilt[0].prompt
    )
    assert "可选值：男、女。" in rebuilt[0].prompt
    assert field_options(interviews, ["家里人口数"]) == {"家里人口数": ("3",)}  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no interview has the field '性'"):
        rebuild_role(interviews, ["性"])  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"'女' \(row 1\) is none of the options"):
        rebuild_role(interviews, ["性别"], {"性别": ["男"]})  # type: ignore[arg-type]


def test_a_report_counts_and_shows_no_profile(make: SimpleNamespace) -> None:
    secret = make.stance(profile="性别: 女\n额外信息补充: 秘密", id=1)
    other = make.stance('{"predict": "消极", "reason": ""}', profile="性别: 男", id=2)
    report = report_records(parse_records(make.as_json(secret, other, secret), "rows.json"))
    assert (report.rows, report.read, report.people, report.duplicates) == (3, 3, 2, 1)
    assert report.attributes == {"性别": 3, "额外信息补充": 2}
    assert report.questions[0].options == ("积极", "消极", "中立")
    assert "秘密" not in json.dumps(report.as_dict(), ensure_ascii=False)


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    sys.argv = ["alignsurvey", "records", *map(str, arguments)]
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def split(make: SimpleNamespace, tmp_path: Path) -> tuple[Path, Path, Path]:
    train, test, far = (tmp_path / f"{name}.json" for name in ("train", "test", "far"))
    train.write_text(make.as_json(*people(make, (1, 0, "A. 满意"), (2, 1, "一般"))), "utf-8")
    test.write_text(make.as_json(*people(make, (2, 1, "A. 满意"))), "utf-8")
    far.write_text(make.as_json(*people(make, (3, 2, "A. 满意"))), "utf-8")
    return train, test, far


def test_the_command_fits_and_names_overlap(
    split: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    train, test, far = split
    code, out, _ = call(capsys, train, "--against", test)
    assert code == 0
    assert all(cell_len(line) <= 100 for line in out.splitlines())
    flat = " ".join(out.split())
    assert "2 of 2 rows read; 2 people" in flat
    assert "Repaired: 1 answer without its letter" in flat
    assert "1 people by id (2)" in flat
    assert call(capsys, train, "--against", test, "--fail-on-overlap")[0] == 2
    code, out, _ = call(capsys, train, "--against", far, "--fail-on-overlap")
    assert code == 0
    assert "Nobody is also in" in out


def test_the_command_prints_json(
    split: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    train, test, far = split
    code, out, _ = call(capsys, train, far, "--against", test, "--json")
    files = json.loads(out)["files"]
    assert code == 0
    assert [one["overlap"]["people"] for one in files] == [[2], []]
    assert files[0]["questions"][0]["shares"] == [0.5, 0.5, 0.0]


@pytest.mark.parametrize("arguments", [["--task", "stanc"], ["--fail-on-overlap"]])
def test_the_command_refuses_in_one_line(
    split: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code, _, error = call(capsys, split[0], *arguments)
    assert code == 2
    assert error.startswith("alignsurvey: ")
    assert error.count("\n") == 1
