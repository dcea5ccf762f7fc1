"""Replies from files into a store, each with its key made anew."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError
from alignsurvey.running.archive import AT_ONCE, NESTED, Row, known_format
from alignsurvey.running.keys import Setting, messages_text
from alignsurvey.running.store import Kept, ReplyStore, insert
from alignsurvey.tasks.queries import Reply, Usage

__all__ = ["Imported", "import_replies"]

_NEEDED = ("key", "model", "parameters", "messages", "draw", "text")


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Parameters
    ----------
    new : int
        Replies that the store had not.
    known : int
        Replies that it had, word for word.
    kept : int
        Replies that it had in other words; its own stay.
    """

    new: int
    known: int
    kept: int


def import_replies(store: ReplyStore, path: str | Path) -> Imported:
    """Take replies from a file into a store: all of them, or none where one is not in order.

    A reply that the store has already stays as it is.

    Raises
    ------
    InputError
        With the row: a column is missing, or prompt, model or parameters are not those that the
        reply was given to.
    """
    path = known_format(path)
    new = known = differing = 0
    with store.writing() as connection:
        checked = _checked(_read(path), path)
        for _, own in groupby(checked, key=lambda pair: pair[0].content):
            pairs = iter(own)
            while part := list(islice(pairs, AT_ONCE)):
                kept = {one.key: one for _, one in part}
                there = _texts(connection, list(kept))
                same = sum(kept[key].reply.text == text for key, text in there.items())
                known, differing = known + same, differing + len(there) - same
                fresh = [one for key, one in kept.items() if key not in there]
                new += len(fresh)
                insert(connection, part[0][0], fresh)
    return Imported(new, known, differing)


def _texts(connection: sqlite3.Connection, keys: list[bytes]) -> dict[bytes, str | None]:
    marks = ",".join("?" * len(keys))
    found = connection.execute(f"SELECT key, text FROM replies WHERE key IN ({marks})", keys)
    return {
        key: text.decode("utf-8", "surrogatepass") if isinstance(text, bytes) else text
        for key, text in found
    }


def _checked(found: Iterable[Row], path: Path) -> Iterator[tuple[Setting, Kept]]:
    settings: dict[str, Setting] = {}
    for number, row in enumerate(found, start=1):
        if missing := [name for name in _NEEDED if name not in row]:
            raise InputError(f"{path}: row {number}: no '{missing[0]}'; export the replies again")
        try:
            setting = Setting(row["model"], row["parameters"])
            setting = settings.setdefault(setting.content, setting)
            messages = [[one["role"], one["content"]] for one in row["messages"]]
            key = setting.key(messages_text(messages), row["draw"])
            kept = Kept(key, row["draw"], messages, _reply(row), _seconds(row))
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise InputError(f"{path}: row {number}: is not a reply ({error})") from error
        if key.hex() != row["key"]:
            raise InputError(
                f"{path}: row {number}: model, parameters or messages are not those that its key "
                "was made of; the file was changed"
            )
        yield setting, kept


def _seconds(row: Mapping[str, Any]) -> float:
    at = row.get("answered_at")
    return datetime.fromisoformat(at).timestamp() if at else 0.0


def _reply(row: Mapping[str, Any]) -> Reply:
    usage = None
    if row.get("prompt_tokens") is not None:
        usage = Usage(*(row.get(name) or 0 for name in Usage._fields))
    text = row["text"]
    if text is not None and not isinstance(text, str):
        raise TypeError("its text is no text")
    return Reply(
        row["key"], text, row.get("log_probabilities"), usage, row.get("finish_reason"),
        row.get("outside_share"), row.get("body"), row.get("latency_seconds"),
    )  # fmt: skip


def _read(path: Path) -> Iterator[Row]:
    try:
        yield from _read_parquet(path) if path.suffix == ".parquet" else _read_lines(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _read_lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                row = json.loads(line)
            except ValueError as error:
                raise InputError(f"{path}: row {number}: is no JSON ({error})") from error
            if not isinstance(row, dict):
                raise InputError(f"{path}: row {number}: is no reply; export the replies again")
            yield row


def _read_parquet(path: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for batch in pq.ParquetFile(path).iter_batches(AT_ONCE):
            for row in batch.to_pylist():
                yield row | {n: json.loads(row[n]) for n in NESTED if row.get(n) is not None}
    except (pa.ArrowInvalid, json.JSONDecodeError) as error:
        raise InputError(f"{path}: is damaged or holds no replies; export them again") from error
