"""`alignsurvey replies` as a user meets it."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from alignsurvey.cli import main
from alignsurvey.running import ReplyStore, ask
from alignsurvey.tasks.queries import Message, Query, Reply, Task, Usage


class Model:
    name = "test/model"
    texts: tuple[str, ...] = ("A. 是", "B")

    def __init__(self, model: str = "test/model", **parameters: Any) -> None:
        self.model, self.parameters = model, parameters
        self.asked = 0

    def answer(self, queries: Iterable[Query]) -> Iterator[Reply]:
        for query in queries:
            self.asked += 1
            text = self.texts[self.asked % len(self.texts)]
            yield Reply(
                query.id, text, {"A": -0.5}, Usage(10, 2, 1), "stop", 0.25, '{"id": 7}', 0.1
            )


def plan(n: int) -> list[Query]:
    messages = (Message("system", "You are a person."), Message("user", "投票了吗？"))
    return [Query(who, "vote", Task.RESPONSE, messages) for who in range(n)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    with ReplyStore("replies.sqlite") as store:
        ask(Model(temperature=0.7), plan(600), store=store)
        ask(Model("test/other"), plan(5), store=store)
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    sys.argv = ["alignsurvey", "replies", *arguments]
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_stats_count_replies_and_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "stats", "replies.sqlite")
    assert code == 0
    row = next(line.split() for line in out.splitlines() if line.startswith("test/model"))
    assert row[:8] == ["test/model", "temperature", "0.7", "600", "6,000", "1,200", "stop", "600"]
    assert "605 replies" in out
    found = json.loads(call(capsys, "stats", "replies.sqlite", "--json")[1])
    assert [(one["model"], one["replies"]) for one in found["holdings"]] == [
        ("test/model", 600),
        ("test/other", 5),
    ]
    assert found["holdings"][0]["usage"]["reasoning_tokens"] == 600


@pytest.mark.parametrize("name", ["out.parquet", "out.jsonl"])
def test_a_study_is_scored_again_from_exported_replies(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert call(capsys, "export", "replies.sqlite", "--out", name)[1] == (
        f"wrote 605 replies to {name}\n"
    )
    code, out, _ = call(capsys, "import", "copy.sqlite", name)
    assert (code, out) == (0, "605 new replies, 0 were there\n")
    assert call(capsys, "import", "copy.sqlite", name)[1] == "0 new replies, 605 were there\n"
    model = Model(temperature=0.7)
    with ReplyStore("copy.sqlite") as copy, ReplyStore("replies.sqlite") as original:
        assert ask(model, plan(600), store=copy) == ask(model, plan(600), store=original)
    assert model.asked == 0
    call(capsys, "export", "copy.sqlite", "--out", f"again-{name}")
    assert Path(f"again-{name}").read_bytes() == Path(name).read_bytes()


def test_exports_can_be_read_by_anyone(capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, "export", "replies.sqlite", "--out", "r.parquet", "--model", "test/model")
    call(capsys, "export", "replies.sqlite", "--out", "r.jsonl", "--no-bodies")
    table = pl.read_parquet("r.parquet")
    assert table.height == 600
    assert set(table["text"]) == {"A. 是", "B"}
    assert sorted(table["draw"]) == list(range(600))
    assert table["body"][0] == '{"id": 7}'
    row = json.loads(Path("r.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert row["messages"][1] == {"role": "user", "content": "投票了吗？"}
    assert row["log_probabilities"] == {"A": -0.5}
    assert "body" not in row


def test_a_reply_that_is_there_in_other_words_stays(capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, "export", "replies.sqlite", "--out", "r.jsonl")
    text = Path("r.jsonl").read_text(encoding="utf-8")
    Path("other.jsonl").write_text(text.replace('"text": "B"', '"text": "C"'), encoding="utf-8")
    code, out, _ = call(capsys, "import", "replies.sqlite", "other.jsonl")
    assert code == 0
    assert "in other words; the store's own stay" in out
    call(capsys, "export", "replies.sqlite", "--out", "again.jsonl")
    assert Path("again.jsonl").read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda t: t.replace("You are a person", "You are a cat", 1), "row 1: model, parameters"),
        (lambda t: t.replace('"draw": 3,', '"draw": 9999,', 1), "row 4: model, parameters"),
        (lambda t: t.replace('"text"', '"words"', 1), "row 1: no 'text'"),
        (lambda t: t.replace('"text": "B"', '"text": 7', 1), "row 1: is not a reply"),
        (lambda t: t + "{\n", "row 606: is no JSON"),
        (lambda t: t + "[]\n", "row 606: is no reply"),
    ],
)
def test_a_file_that_was_changed_is_refused_whole(
    capsys: pytest.CaptureFixture[str], change: Callable[[str], str], what: str
) -> None:
    call(capsys, "export", "replies.sqlite", "--out", "r.jsonl")
    text = Path("r.jsonl").read_text(encoding="utf-8")
    Path("r.jsonl").write_text(change(text), encoding="utf-8")
    code, _, err = call(capsys, "import", "copy.sqlite", "r.jsonl")
    assert code == 2
    assert what in err
    assert err.count("\n") == 1
    with ReplyStore("copy.sqlite") as copy:
        assert copy.count() == 0


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("stats", "none.sqlite"), "none.sqlite: no such store"),
        (("import", "x.sqlite", "none.jsonl"), "none.jsonl: no such file"),
        (("export", "replies.sqlite", "--out", "x.csv"), ".parquet or .jsonl; name such a file"),
        (("export", "replies.sqlite", "--out", "x.jsonl", "--model", "m"), "no replies of 'm'"),
        (("prune", "replies.sqlite"), "name a model, a date, or both"),
        (("prune", "replies.sqlite", "--before", "lately"), "--before lately: is no day"),
    ],
)
def test_bad_input_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], what: str
) -> None:
    code, _, err = call(capsys, *arguments)
    assert code == 2
    assert what in err
    assert err.count("\n") == 1


def test_verify_finds_a_whole_store_whole(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "verify", "replies.sqlite")
    assert (code, out) == (0, "replies.sqlite: whole; 605 replies are those of their prompts\n")


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE replies SET draw = draw + 1000 WHERE id = 7", "its key is not that of its prompt"),
        ("UPDATE blocks SET content = x'00' WHERE id = 1", "block 1 of prompts is damaged"),
        ("DELETE FROM blocks WHERE id = 1", "block 1 of prompts is damaged"),
        ("DELETE FROM settings WHERE id = 1", "600 replies have lost their model or prompt"),
    ],
)
def test_verify_finds_what_was_changed(
    capsys: pytest.CaptureFixture[str], statement: str, what: str
) -> None:
    with closing(sqlite3.connect("replies.sqlite")) as connection, connection:
        connection.execute(statement)
    code, _, err = call(capsys, "verify", "replies.sqlite")
    assert code == 2
    assert what in err
    assert err.count("\n") == 1


def test_prune_deletes_only_when_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("prune", "replies.sqlite", "--model", "test/model")
    assert call(capsys, *asked)[1] == "600 replies; delete them with --yes\n"
    assert call(capsys, "prune", "replies.sqlite", "--before", "2020-01-01")[1].startswith("0 ")
    assert call(capsys, *asked, "--yes")[1] == "deleted 600 replies\n"
    assert call(capsys, "verify", "replies.sqlite")[1].count(" 5 replies are")
    found = json.loads(call(capsys, "stats", "replies.sqlite", "--json")[1])
    assert [one["model"] for one in found["holdings"]] == ["test/other"]
