"""The options of commands that ask: dry runs, limits, costs, the bill; and no key anywhere."""

from __future__ import annotations

import json
import sqlite3
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from alignsurvey.cli import main
from alignsurvey.testing import FakeServer

KEY = "sk-recognisable-0123456789abcdef"
BENCH = ("bench", "--data", "example", "--model", "endpoint/x", "--tasks", "stance")
PRICES = "models: {endpoint/*: {input: 1000, output: 1000}}"


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    sys.argv = ["alignsurvey", *arguments]
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    with FakeServer(key=KEY) as running:
        monkeypatch.setenv("ALIGNSURVEY_BASE_URL", running.url)
        yield running


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("ALIGNSURVEY_API_KEY", KEY)
    (tmp_path / "prices.yaml").write_text(PRICES, encoding="utf-8")
    return tmp_path


def test_a_dry_run_shows_three_prompts_and_leaves_nothing(
    folder: Path, server: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = call(capsys, *BENCH, "--dry-run", "--prices", "prices.yaml", "--out", "run")
    assert code == 0
    assert out.startswith("endpoint/x: 36 queries, 36 to ask\n")
    assert "  cost " in out
    assert out.count("About the respondent:") == 3
    assert out.endswith("Dry run: nothing was asked.\n")
    assert server.requests == 0
    assert not (folder / "run").exists()
    code, out, _ = call(capsys, *BENCH, "--dry-run", "--json")
    assert code == 0
    [plan] = json.loads(out)["plans"]
    assert (plan["new"], len(plan["prompts"])) == (36, 3)


def test_a_second_run_asks_nothing_and_bills_nothing(
    folder: Path, server: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    priced = (*BENCH, "--prices", "prices.yaml", "--out", "run")
    code, first, err = call(capsys, *priced)
    assert code == 0
    assert "endpoint/x: asked 36 of 36 queries; answered 36; " in err
    assert "replies: run/replies.sqlite" in err
    [bill] = json.loads((folder / "run" / "manifest.json").read_text())["asking"]["bills"]
    assert bill["asked_now"]["cost"] == bill["all_replies"]["cost"] > 0
    code, second, err = call(capsys, *priced)
    assert (code, second, server.requests) == (0, first, 36)
    assert "36 queries, 0 to ask (36 in the store" in err
    [again] = json.loads((folder / "run" / "manifest.json").read_text())["asking"]["bills"]
    assert again["asked_now"] == {
        "queries": 0, "prompt_tokens": 0, "reply_tokens": 0, "reasoning_tokens": 0,
        "cached_tokens": 0, "cost": 0.0,
    }  # fmt: skip
    assert again["all_replies"] == bill["all_replies"]


def test_a_run_stops_where_it_is_told_and_goes_on(
    folder: Path, server: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capsys, *BENCH, "--max-requests", "10", "--out", "run")
    assert (code, out, server.requests) == (4, "", 10)
    assert "stopped by --max-requests 10: 10 of 36 queries have replies, kept in run/" in err
    assert not (folder / "run" / "manifest.json").exists()
    code, _, _ = call(capsys, *BENCH, "--out", "run")
    assert (code, server.requests) == (0, 36)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--max-cost", "1"], "the cost of 'endpoint/x' is unknown"),
        (["--max-cost", "1", "--prices", "prices.yaml"], "asking would cost at least"),
        (["--prices", "absent.yaml"], "absent.yaml: no such file"),
        (["--min-connections", "9", "--max-connections", "3"], "9 to 3 is no range"),
        (["--temperature", "3"], "temperature: 3.0 is not between 0 and 2"),
        (["--base-url", "localhost"], "base URL 'localhost' is no address"),
        (["--store", "absent/folder/../x.sqlite", "--model", "mistral/x", "--batch"], "mistral"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_asked(
    folder: Path,
    server: FakeServer,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    code, out, err = call(capsys, *BENCH, *options)
    assert code in (2, 3)
    assert said in err.splitlines()[-1]
    assert (out, server.requests) == ("", 0)


def test_a_batch_fills_the_store(
    folder: Path,
    server: FakeServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("alignsurvey.running.batches.POLL_SECONDS", 0.0)
    code, out, err = call(capsys, *BENCH, "--batch", "--out", "run")
    assert code == 0
    assert (server.requests, server.batches.lines) == (0, 36)
    assert "batch_1 submitted, 36 requests" in err
    assert "asked 36 of 36 queries; answered 36" in err
    _, again, _ = call(capsys, *BENCH, "--out", "run")
    assert (again, server.requests) == (out, 0)


@pytest.mark.parametrize(
    ("command", "queries"),
    [
        (("simulate", "study.yaml", "--simulator", "endpoint/x", "--n", "30", "--json"), 30),
        (("fidelity", "study.yaml", "--json"), 944),
    ],
)
def test_a_batch_asks_a_study_and_what_it_gave_serves_every_later_run(
    folder: Path,
    server: FakeServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    queries: int,
) -> None:
    monkeypatch.setattr("alignsurvey.running.batches.POLL_SECONDS", 0.0)
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    asking = (*command, "--store", "r.sqlite")
    asking += ("--out", "sample.csv") if command[0] == "simulate" else ()
    code, out, err = call(capsys, *asking, "--batch")
    assert (code, server.requests, server.batches.lines) == (0, 0, queries)
    assert f"batch_1 submitted, {queries} requests" in err
    assert f"asked {queries} of {queries} queries; answered {queries}; " in err
    assert json.loads(out)
    made = {one: one.read_bytes() for one in folder.glob("*.csv")}
    code, _, err = call(capsys, *asking)
    assert (code, server.requests, server.batches.lines) == (0, 0, queries)
    assert f"asked 0 of {queries} queries; answered {queries}\n" in err
    assert made == {one: one.read_bytes() for one in folder.glob("*.csv")}


JUDGED = ("bench", "--data", "example", "--tasks", "interview", "--limit", "3")


@pytest.mark.parametrize(
    ("judge", "address", "asked"),
    [
        ("endpoint/judge", "--base-url", True),
        ("vllm/judge", "--base-url", False),
        ("vllm/judge", "--judge-base-url", True),
    ],
)
def test_judges_have_an_address_and_the_models_limits(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    judge: str,
    address: str,
    asked: bool,
) -> None:
    monkeypatch.setenv("ALIGNSURVEY_BASE_URL", "http://127.0.0.1:9/v1")  # nobody is there
    with FakeServer(keep=True, most_at_once=1) as elsewhere:
        words = (*JUDGED, "--model", "endpoint/x", "--judge", judge, "--max-connections", "1")
        other = () if address == "--base-url" else ("--base-url", elsewhere.url)
        code, _, err = call(capsys, *words, address, elsewhere.url, *other)
        models = {body["model"] for _, body in elsewhere.seen}
    assert code == (0 if asked else 3), err
    assert models == ({"x", "judge"} if asked else {"x"})
    assert elsewhere.most_seen_at_once == 1


def _runs(folder: Path) -> Iterator[tuple[str, ...]]:
    yield (*BENCH, "--out", "bench", "--groups", "Gender")
    yield (*BENCH, "--out", "dry", "--dry-run")
    yield (*BENCH, "--out", "batch", "--batch")
    yield (*BENCH, "--store", "stopped.sqlite", "--max-requests", "3")
    yield ("bench", "--data", "example", "--model", "endpoint/y", "--tasks", "interview",
           "--judge", "endpoint/judge", "--out", "judged", "--limit", "3")  # fmt: skip
    yield ("replies", "export", "bench/replies.sqlite", "--out", "replies.jsonl")
    yield ("replies", "stats", "bench/replies.sqlite", "--json")
    study = folder / "study.yaml"
    study.write_text(STUDY, encoding="utf-8")
    yield ("fidelity", "study.yaml", "--out", "fidelity")
    yield ("simulate", "study.yaml", "--simulator", "endpoint/z", "--n", "20", "--out", "s.csv")
    yield ("simulate", "study.yaml", "--simulator", "endpoint/z", "--n", "21", "--out", "s.sav",
           "--store", "simulated.sqlite", "--batch")  # fmt: skip


STUDY = """
survey: {example: anes96}
profile: [age, educ]
items: [vote]
pilot: {n: 60, replicates: 1, seed: 1}
bootstrap: {replicates: 50}
simulators: [baseline/marginal, endpoint/x]
"""


@pytest.mark.parametrize("is_refused", [False, True])
def test_no_key_is_in_any_file_or_output(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_refused: bool,
) -> None:
    monkeypatch.setattr("alignsurvey.running.batches.POLL_SECONDS", 0.0)
    monkeypatch.delenv("ALIGNSURVEY_API_KEY")
    (folder / ".env").write_text(f"ALIGNSURVEY_API_KEY={KEY}\n", encoding="utf-8")
    faults = {"500": 0.03, "html": 0.03, "truncated-json": 0.03, "429": 0.03}
    right = "another-key-0123456789" if is_refused else KEY
    with FakeServer(key=right, faults=faults, retry_after_seconds=0.01) as server:
        monkeypatch.setenv("ALIGNSURVEY_BASE_URL", server.url)
        for arguments in _runs(folder):
            code, out, err = call(capsys, *arguments)
            asks = arguments[0] != "replies" and "--dry-run" not in arguments
            expected = 4 if "--max-requests" in arguments else 0
            if is_refused:
                expected = 3 if asks else code
            assert code == expected, (arguments, err)
            assert KEY not in out + err, arguments
            assert "Traceback" not in err
    written = [one for one in folder.rglob("*") if one.is_file() and one.name != ".env"]
    assert len(written) > (3 if is_refused else 20)
    for path in written:
        assert KEY.encode() not in _content(path), path


def _content(path: Path) -> bytes:
    """Read a file, and what is packed in it."""
    raw = path.read_bytes()
    if path.suffix == ".sqlite":
        with sqlite3.connect(path) as connection:
            schema = connection.execute("SELECT name FROM sqlite_schema")
            for table in {"blocks", "batches"} & {name for (name,) in schema}:
                for (packed,) in connection.execute(f"SELECT content FROM {table}"):
                    raw += zlib.decompress(packed)
        connection.close()
    if path.suffix == ".parquet":
        import polars as pl

        raw += pl.read_parquet(path).write_ndjson().encode()
    return raw
