"""The reply store: every reply that was paid for, in one SQLite file that runs share."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from alignsurvey.running.blocks import pack
from alignsurvey.running.keys import Setting
from alignsurvey.running.schema import connect, explained, open_database
from alignsurvey.tasks.queries import Reply, Usage

__all__ = ["Kept", "ReplyStore", "insert"]

_BLOCK = 256
_MOST_VARIABLES = 1000
_COLUMNS = (
    "text, log_probabilities, prompt_tokens, reply_tokens, reasoning_tokens, cached_tokens, "
    "finish_reason, outside_share, latency_seconds"
)


class Kept(NamedTuple):
    """A reply on its way into the store."""

    key: bytes
    draw: int
    messages: list[list[str]]
    """Pairs of role and content."""
    reply: Reply
    answered_at: float
    """Seconds since 1970."""


class ReplyStore:
    """Replies by key, in a SQLite file with a write-ahead log.

    Threads may share one; processes open their own on the same file.

    Parameters
    ----------
    path : str or Path
        The file; made if it does not exist.
    create : bool
        Whether it may be made.
    lease_seconds : float
        So long after a run's last sign of life the queries that it had claimed are anyone's. A run
        gives one four times in it.

    Raises
    ------
    InputError
        The file is damaged, belongs to another program or to a newer version, or may not be
        written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, ReplyStore(f"{folder}/r.sqlite") as store:
    ...     setting = Setting("openai/gpt-4o-mini")
    ...     kept = Kept(bytes(32), 0, [["user", "Vote?"]], Reply("q", "Yes."), 0.0)
    ...     store.add(setting, [kept])
    ...     store.find([bytes(32)])[bytes(32)].text, store.count()
    ('Yes.', 1)
    """

    def __init__(
        self, path: str | Path, *, create: bool = True, lease_seconds: float = 10.0
    ) -> None:
        self.path = Path(path)
        self.lease_seconds = lease_seconds
        self._connection = open_database(self.path, create=create)
        self._lock = threading.Lock()
        # A claim that is lost with the power is no loss; replies are synchronized by their writer.
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was added is in it."""
        with explained(self.path):
            self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for reading, one thread at a time."""
        with self._lock, explained(self.path):
            yield self._connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Give a connection in a transaction, all of which is kept or nothing.

        Parameters
        ----------
        durable : bool
            Whether it must survive a loss of power, not only of the process.
        """
        with self._lock, explained(self.path):
            connection = self._connection
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            with _transaction(connection):
                yield connection

    def count(self) -> int:
        """Count the replies."""
        with self.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM replies").fetchone()[0])

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever kept in it."""
        with self.reading() as connection:
            return connection.execute("SELECT 1 FROM replies LIMIT 1").fetchone() is None

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Reply]:
        """Look replies up.

        Returns
        -------
        dict
            Key -> its reply, for the keys that are there; without the body, and with the key in
            hexadecimal digits in place of the query's id.
        """
        found: dict[bytes, Reply] = {}
        with self.reading() as connection:
            for part in _parts(keys):
                rows = connection.execute(
                    f"SELECT key, {_COLUMNS} FROM replies WHERE key IN ({_marks(part)})", part
                )
                for key, *values in rows:
                    found[key] = _reply(key.hex(), values)
        return found

    def add(self, setting: Setting, kept: Iterable[Kept]) -> None:
        """Add replies; one that is there already stays as it is."""
        with self.writing() as connection:
            insert(connection, setting, list(kept))

    def begin_run(self) -> int:
        """Begin a run that claims queries; its number."""
        with self.writing(durable=False) as connection:
            cursor = connection.execute(
                "INSERT INTO runs (alive_until) VALUES (?)", (time.time() + self.lease_seconds,)
            )
            return int(cursor.lastrowid or 0)

    def end_run(self, run: int) -> None:
        """End a run: what it claimed and did not answer is anyone's."""
        with self.writing(durable=False) as connection:
            connection.execute("DELETE FROM claims WHERE run = ?", (run,))
            connection.execute("DELETE FROM runs WHERE id = ?", (run,))

    def forget_dead_runs(self) -> None:
        """Free what runs have claimed that give no sign of life any more."""
        with self.writing(durable=False) as connection:
            connection.execute("DELETE FROM runs WHERE alive_until < ?", (time.time(),))
            connection.execute("DELETE FROM claims WHERE run NOT IN (SELECT id FROM runs)")

    def claim(self, run: int, keys: Sequence[bytes]) -> set[bytes]:
        """Claim keys that a run is about to ask.

        Returns
        -------
        set of bytes
            Those that are the run's now: neither answered nor claimed by another run.
        """
        mine: set[bytes] = set()
        with self.writing(durable=False) as connection:
            for part in _parts(keys):
                marks = _marks(part)
                rows = connection.execute(f"SELECT key FROM replies WHERE key IN ({marks})", part)
                answered = {key for (key,) in rows}
                connection.executemany(
                    "INSERT OR IGNORE INTO claims (key, run) VALUES (?, ?)",
                    [(key, run) for key in part if key not in answered],
                )
                rows = connection.execute(
                    f"SELECT key FROM claims WHERE run = ? AND key IN ({marks})", (run, *part)
                )
                mine.update(key for (key,) in rows if key not in answered)
        return mine

    def separate_connection(self) -> sqlite3.Connection:
        """Open another connection, for a thread that writes."""
        with explained(self.path):
            return connect(self.path)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def insert(connection: sqlite3.Connection, setting: Setting, kept: Sequence[Kept]) -> None:
    """Insert replies within a transaction that is open, their prompts and bodies in blocks."""
    if not kept:
        return
    content = setting.content
    connection.execute("INSERT OR IGNORE INTO settings (content) VALUES (?)", (content,))
    query = "SELECT id FROM settings WHERE content = ?"
    [number] = connection.execute(query, (content,)).fetchone()
    for part in _parts(kept, _BLOCK):
        packed = pack((one.messages, one.reply.body) for one in part)
        block = connection.execute("INSERT INTO blocks (content) VALUES (?)", (packed,)).lastrowid
        connection.executemany(
            "INSERT OR IGNORE INTO replies (key, setting, draw, block, place, answered_at, "
            f"{_COLUMNS}) VALUES ({_marks(range(15))})",
            [
                (one.key, number, one.draw, block, place, one.answered_at, *_values(one.reply))
                for place, one in enumerate(part)
            ],
        )


def _values(reply: Reply) -> tuple[Any, ...]:
    logs = reply.log_probabilities
    return (
        _storable(reply.text),
        None if logs is None else json.dumps(dict(logs), separators=(",", ":")),
        *(reply.usage or (None,) * len(Usage._fields)),
        reply.finish_reason,
        reply.outside_share,
        reply.latency_seconds,
    )


def _storable(text: str | None) -> str | bytes | None:
    """A reply may end within a sign; SQLite's texts may not, its bytes may."""
    if text is None:
        return None
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def _reply(id: str, values: Sequence[Any]) -> Reply:
    text, logs, *usage, finish_reason, outside, latency = values
    return Reply(
        id,
        text.decode("utf-8", "surrogatepass") if isinstance(text, bytes) else text,
        None if logs is None else json.loads(logs),
        None if usage[0] is None else Usage(*usage),
        finish_reason,
        outside,
        latency_seconds=latency,
    )


def _parts(values: Sequence[Any], n: int = _MOST_VARIABLES) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), n):
        yield values[start : start + n]


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))
