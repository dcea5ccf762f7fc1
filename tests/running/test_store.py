"""The store stays whole, says what is wrong with it, and is shared."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey.errors import InputError
from alignsurvey.running import ReplyStore, ask
from alignsurvey.running import store as store_module
from alignsurvey.running.blocks import pack, unpack
from alignsurvey.running.keys import Numbering, Setting
from alignsurvey.running.schema import VERSION
from alignsurvey.running.store import Kept
from alignsurvey.tasks.canonical import digest
from alignsurvey.tasks.queries import Message, Query, Reply, Task, Usage

Plan = Callable[..., list[Query]]
NewModel = Callable[..., Any]


@given(
    st.text(st.characters()),
    st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.integers(), st.floats(-9, 9))),
    st.integers(0, 999),
)
def test_the_key_is_the_hash_of_canonical_json(
    content: str, parameters: dict[str, Any], draw: int
) -> None:
    setting = Setting("m/é", parameters)
    query = Query(7, "vote", Task.RESPONSE, (Message("user", content),))
    numbering = Numbering(Setting("m/é", {**parameters, "temperature": 1}))
    for _ in range(draw % 3):
        numbering.key(query)
    key, number = numbering.key(query)
    assert key.hex() == digest(
        {
            "model": "m/é",
            "parameters": {**parameters, "temperature": 1},
            "messages": [["user", content]],
            "draw": draw % 3,
        }
    )
    assert number == draw % 3
    assert setting.is_deterministic is (parameters.get("temperature") == 0)


@given(
    st.lists(st.tuples(st.lists(st.lists(st.text(st.characters()))), st.none() | st.text())),
)
def test_blocks_give_back_what_was_packed(pairs: list[tuple[list[list[str]], str | None]]) -> None:
    assert unpack(pack(pairs)) == pairs


def test_a_reply_comes_back_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    full = Reply("0" * 64, "B. 否\x00", {"A": -1.5, "B": -0.25}, Usage(10, 5, 3, 2), "stop", 0.125,
                 latency_seconds=0.5)  # fmt: skip
    with ReplyStore(tmp_path / "r.sqlite") as store:
        store.add(Setting("m"), [Kept(bytes(32), 0, [["user", "?"]], full, 1.0)])
        store.add(Setting("m"), [Kept(bytes(32), 0, [["user", "?"]], Reply("", "other"), 2.0)])
    with ReplyStore(tmp_path / "r.sqlite", create=False) as store:
        assert store.find([bytes(32), bytes([1] * 32)]) == {bytes(32): full}


def make(path: Path) -> None:
    with ReplyStore(path) as store:
        kept = [Kept(bytes([n] * 32), n, [["user", "?"]], Reply("q", "A"), 0.0) for n in range(50)]
        store.add(Setting("m"), kept)


def newer(path: Path) -> None:
    make(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (id)")


def torn(path: Path) -> None:
    make(path)
    content = bytearray(path.read_bytes())
    content[100:] = os.urandom(len(content) - 100)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda path: path.write_text("key,reply\n" * 200), "is no reply store, or is damaged"),
        (newer, f"newer version of alignsurvey .format {VERSION + 1}, this one reads {VERSION}"),
        (foreign, "is the database of another program"),
        (torn, "is damaged"),
        (lambda path: path.mkdir(), "is a folder"),
    ],
)
def test_a_file_that_is_no_store_is_one_line_and_stays_as_it_is(
    tmp_path: Path, spoil: Callable[[Path], Any], what: str
) -> None:
    path = tmp_path / "r.sqlite"
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(InputError, match=what) as caught, ReplyStore(path) as store:
        store.find([bytes(32)])
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert before is None or path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "create", "what"),
    [("none/r.sqlite", True, "there is no folder"), ("r.sqlite", False, "no such store")],
)
def test_no_store_is_one_line(tmp_path: Path, name: str, create: bool, what: str) -> None:
    with pytest.raises(InputError, match=what):
        ReplyStore(tmp_path / name, create=create)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    make(folder / "r.sqlite")
    folder.chmod(0o555)
    (folder / "r.sqlite").chmod(0o444)
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root:
        os.seteuid(65534)  # permissions do not hold root back
    yield folder
    if root:
        os.seteuid(0)
    folder.chmod(0o755)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


@pytest.mark.skipif(os.name == "nt", reason="permissions of Windows are others")
@pytest.mark.parametrize("name", ["r.sqlite", "new.sqlite"])
def test_a_read_only_folder_is_one_line(
    read_only_folder: Path, name: str, plan: Plan, new_model: NewModel
) -> None:
    model = new_model()
    with pytest.raises(InputError, match="check its permissions"):
        ask(model, plan(3), store=ReplyStore(read_only_folder / name))
    assert not model.asked


def test_a_full_disk_is_one_line_and_what_was_committed_stays(
    tmp_path: Path, plan: Plan, new_model: NewModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.sqlite"
    with ReplyStore(path) as store:
        ask(new_model(), plan(100), store=store)
    plain = store_module.connect

    def full(path: Path) -> sqlite3.Connection:
        connection = plain(path)
        [pages] = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        return connection

    with monkeypatch.context() as patch, ReplyStore(path) as store:
        patch.setattr(store_module, "connect", full)
        with pytest.raises(InputError, match="the disk is full; make room and run again"):
            ask(new_model(), plan(5000), store=store)
        assert store.count() == 100
    with ReplyStore(path) as store:
        model = new_model()
        ask(model, plan(5000), store=store)
        assert len(model.asked) == 4900
        with store.reading() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_runs_that_share_a_store_do_not_ask_the_same(
    tmp_path: Path, plan: Plan, new_model: NewModel
) -> None:
    path, together = tmp_path / "r.sqlite", threading.Barrier(4)

    def run(_: int) -> tuple[int, dict[str, Reply]]:
        together.wait()
        with ReplyStore(path) as store:
            model = new_model()
            replies = ask(model, plan(1000), store=store)
            return len(model.asked), replies

    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(run, range(4)))
    assert sum(asked for asked, _ in runs) == 1000
    texts = [{key: reply.text for key, reply in replies.items()} for _, replies in runs]
    assert all(one == texts[0] for one in texts)
    assert all(texts[0].values())


def test_many_may_make_a_store_at_once(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def make_it(turn: int) -> int:
        together.wait()
        with ReplyStore(tmp_path / f"{turn}.sqlite") as store:
            return store.count()

    with ThreadPoolExecutor(8) as pool:
        for turn in range(20):
            assert list(pool.map(make_it, [turn] * 8)) == [0] * 8


def test_what_a_dead_run_had_claimed_is_asked_once_its_lease_is_over(
    tmp_path: Path, plan: Plan, new_model: NewModel
) -> None:
    with ReplyStore(tmp_path / "r.sqlite", lease_seconds=0.4) as store:
        dead = store.begin_run()
        numbering = Numbering(Setting("test/model"))
        store.claim(dead, [numbering.key(query)[0] for query in plan(5)])
        model = new_model()
        replies = ask(model, plan(20), store=store)
        assert [query.respondent for query in model.asked] == [*range(5, 20), *range(5)]
        assert all(reply.text for reply in replies.values())


def test_a_failed_query_is_free_for_other_runs_at_once(
    tmp_path: Path, plan: Plan, new_model: NewModel
) -> None:
    with ReplyStore(tmp_path / "r.sqlite") as store, ReplyStore(tmp_path / "r.sqlite") as other:
        model = new_model()

        def fails(query: Query) -> bool:
            if query.respondent == 199:  # the first run is still going on
                ask(model, plan(1), store=other)
            return query.respondent == 0

        ask(new_model(fails=lambda q: fails(q)), [*plan(1), *plan(1, start=199)], store=store)
        assert len(model.asked) == 1
