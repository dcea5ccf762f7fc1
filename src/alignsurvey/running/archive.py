"""Replies as files, with their prompts, for others to score again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignsurvey.errors import InputError
from alignsurvey.files import writing
from alignsurvey.running.blocks import Messages, unpack
from alignsurvey.running.schema import explained
from alignsurvey.running.store import ReplyStore
from alignsurvey.tasks.queries import Usage

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["AT_ONCE", "NESTED", "Row", "export_replies", "known_format", "rows"]

_FORMATS = (".parquet", ".jsonl")
AT_ONCE = 2000
NESTED = ("parameters", "messages", "log_probabilities")
Row = dict[str, Any]


def known_format(path: str | Path) -> Path:
    """Refuse a file of another kind."""
    path = Path(path)
    if path.suffix not in _FORMATS:
        raise InputError(f"{path}: replies are kept in {' or '.join(_FORMATS)}; name such a file")
    return path


def export_replies(
    store: ReplyStore, path: str | Path, *, model: str | None = None, bodies: bool = True
) -> int:
    """Write replies with their prompts to a file from which they can be imported.

    Parameters
    ----------
    store : ReplyStore
    path : str or Path
        ``.parquet`` or ``.jsonl``.
    model : str, optional
        Only this model's.
    bodies : bool
        Whether with what the endpoint sent, as it sent it.

    Returns
    -------
    int
        Number of replies.

    Raises
    ------
    InputError
        Another kind of file, no replies, or the file cannot be written.
    """
    path = known_format(path)
    found = rows(store, model=model, bodies=bodies)
    first = next(found, None)
    if first is None:
        raise InputError(f"{store.path}: no replies{f' of {model!r}' if model else ''} to export")
    everything = _counted(first, found)
    with writing(path) as draft:
        if path.suffix == ".parquet":
            return _write_parquet(draft, everything)
        n = 0
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            for row in everything:
                file.write(_json(row) + "\n")
                n += 1
    return n


def _counted(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def rows(store: ReplyStore, *, model: str | None = None, bodies: bool = True) -> Iterator[Row]:
    """Give each reply as a mapping, in the order in which they were stored.

    Raises
    ------
    InputError
        A block is damaged.
    """
    query = (
        "SELECT replies.*, settings.content AS setting_content FROM replies "
        "JOIN settings ON settings.id = replies.setting ORDER BY block, place"
    )
    with explained(store.path), closing(store.separate_connection()) as connection:
        connection.row_factory = sqlite3.Row
        packed = connection.cursor()
        for block, own in groupby(connection.execute(query), key=lambda row: row["block"]):
            content = packed.execute("SELECT content FROM blocks WHERE id = ?", (block,)).fetchone()
            try:
                pairs = unpack(content["content"])
                found = [_row(one, pairs[one["place"]], bodies) for one in own]
            except (ValueError, TypeError, IndexError) as error:
                raise InputError(
                    f"{store.path}: block {block} of prompts is damaged; restore a copy"
                ) from error
            yield from (row for row in found if model in (None, row["model"]))


def _row(one: sqlite3.Row, pair: tuple[Messages, str | None], bodies: bool) -> Row:
    messages, body = pair
    setting = json.loads(one["setting_content"])
    text, logs = one["text"], one["log_probabilities"]
    row = {
        "key": one["key"].hex(),
        "model": setting["model"],
        "parameters": setting["parameters"],
        "messages": [{"role": role, "content": content} for role, content in messages],
        "draw": one["draw"],
        "text": text.decode("utf-8", "surrogatepass") if isinstance(text, bytes) else text,
        "log_probabilities": None if logs is None else json.loads(logs),
        **{name: one[name] for name in Usage._fields},
        "finish_reason": one["finish_reason"],
        "outside_share": one["outside_share"],
        "latency_seconds": one["latency_seconds"],
        "answered_at": datetime.fromtimestamp(one["answered_at"], UTC).isoformat(),
    }
    return row | {"body": body} if bodies else row


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value)  # half a sign, which only an escape can hold
    return text


def _schema(bodies: bool) -> pa.Schema:
    import pyarrow as pa

    texts = ("key", "model", "parameters", "messages")
    kinds = [(name, pa.string()) for name in texts] + [("draw", pa.int64()), ("text", pa.string())]
    kinds += [("log_probabilities", pa.string()), *((name, pa.int64()) for name in Usage._fields)]
    kinds += [("finish_reason", pa.string()), ("outside_share", pa.float64())]
    kinds += [("latency_seconds", pa.float64()), ("answered_at", pa.string())]
    return pa.schema(kinds + [("body", pa.string())] * bodies)


def _write_parquet(path: Path, found: Iterator[Row]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = next(found)
    schema = _schema("body" in first)
    n = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        everything = _counted(first, found)
        while part := list(islice(everything, AT_ONCE)):
            flat = [row | {name: row[name] and _json(row[name]) for name in NESTED} | {
                "parameters": _json(row["parameters"])} for row in part]  # fmt: skip
            try:
                writer.write_table(pa.Table.from_pylist(flat, schema=schema))
            except UnicodeEncodeError as error:
                raise InputError(
                    f"{path}: a reply ends within a sign, which Parquet cannot hold; use .jsonl"
                ) from error
            n += len(part)
    return n
