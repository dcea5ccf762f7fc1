"""Batches that are under way, kept in the store, so that any later run can fetch them."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from alignsurvey.running.store import ReplyStore
from alignsurvey.running.unanswered import Unanswered
from alignsurvey.tasks.queries import Message, Query, Shown, Task

__all__ = ["Pending", "count_pending", "pending_batches"]

# Made when it is first needed: a store without it is whole, and older versions pass over it.
_TABLE = """
CREATE TABLE IF NOT EXISTS batches (
    token TEXT PRIMARY KEY,
    batch TEXT,
    setting TEXT NOT NULL,
    run INTEGER NOT NULL,
    submitted_at REAL NOT NULL,
    content BLOB NOT NULL
)
"""


@dataclass(frozen=True)
class Pending:
    """A batch that was submitted, or was about to be.

    Parameters
    ----------
    token : str
        Stands in the batch's metadata.
    batch : str or None
        The provider's id; None where the run ended before it heard of one.
    run : int
        Which run submitted it.
    submitted_at : float
        Seconds since 1970.
    asked : tuple of Unanswered
    """

    token: str
    batch: str | None
    run: int
    submitted_at: float
    asked: tuple[Unanswered, ...]

    @property
    def keys(self) -> set[bytes]:
        """Under what its replies will be kept."""
        return {one.key for one in self.asked}


def pending_batches(store: ReplyStore, setting: str) -> list[Pending]:
    """List the batches of a model and its parameters, oldest first."""
    with store.writing() as connection:
        connection.execute(_TABLE)
        rows = connection.execute(
            "SELECT token, batch, run, submitted_at, content FROM batches WHERE setting = ? "
            "ORDER BY submitted_at", (setting,)
        ).fetchall()  # fmt: skip
    return [
        Pending(token, batch, run, submitted_at, _unpacked(content))
        for token, batch, run, submitted_at, content in rows
    ]


def count_pending(store: ReplyStore, setting: str) -> int:
    """Count the batches of a model and its parameters that are under way."""
    with store.reading() as connection:
        known = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'batches'").fetchone()
        if known is None:
            return 0
        query = "SELECT count(*) FROM batches WHERE setting = ?"
        return int(connection.execute(query, (setting,)).fetchone()[0])


def enter(store: ReplyStore, setting: str, run: int, asked: Sequence[Unanswered]) -> Pending:
    """Note a batch before it is submitted."""
    now = time.time()
    # Submitted again after it has expired, the same questions are another batch.
    token = sha256(b"".join(one.key for one in asked) + repr(now).encode()).hexdigest()[:32]
    made = Pending(token, None, run, now, tuple(asked))
    row = (token, None, setting, run, now, _packed(asked))
    with store.writing() as connection:
        connection.execute("INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?)", row)
    return made


def name(store: ReplyStore, token: str, batch: str) -> None:
    """Note the id that the provider gave."""
    with store.writing() as connection:
        connection.execute("UPDATE batches SET batch = ? WHERE token = ?", (batch, token))


def forget(store: ReplyStore, token: str) -> None:
    """Strike a batch out: its replies are in the store, or it will give none."""
    with store.writing() as connection:
        connection.execute("DELETE FROM batches WHERE token = ?", (token,))


def is_alive(store: ReplyStore, run: int) -> bool:
    """Whether a run has given a sign of life lately."""
    with store.reading() as connection:
        row = connection.execute(
            "SELECT 1 FROM runs WHERE id = ? AND alive_until > ?", (run, time.time())
        ).fetchone()
    return row is not None


def _packed(asked: Sequence[Unanswered]) -> bytes:
    rows = [
        [
            one.key.hex(), one.draw, str(one.query.respondent), one.query.item, one.query.task,
            [[turn.role, turn.content] for turn in one.query.messages],
            [[option.letter, option.text] for option in one.query.options],
        ]
        for one in asked
    ]  # fmt: skip
    return zlib.compress(json.dumps(rows).encode(), 1)


def _unpacked(content: bytes) -> tuple[Unanswered, ...]:
    return tuple(
        Unanswered(
            bytes.fromhex(key),
            draw,
            Query(
                who, item, Task(task),
                tuple(Message(role, text) for role, text in turns),
                tuple(Shown(letter, text, text) for letter, text in options),
            ),
        )
        for key, draw, who, item, task, turns, options in json.loads(zlib.decompress(content))
    )  # fmt: skip
