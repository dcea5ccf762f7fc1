"""The tables of a reply store, and how one is opened."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alignsurvey.errors import InputError

__all__ = ["VERSION", "connect", "explained", "open_database"]

VERSION = 1
_APPLICATION = 0x616C7376
"""Tells our databases from those of other programs (the bytes "alsv")."""
_WAIT_SECONDS = 60.0
_TABLES = """
CREATE TABLE settings (id INTEGER PRIMARY KEY, content TEXT NOT NULL UNIQUE);
CREATE TABLE blocks (id INTEGER PRIMARY KEY AUTOINCREMENT, content BLOB NOT NULL);
CREATE TABLE replies (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    setting INTEGER NOT NULL REFERENCES settings (id),
    draw INTEGER NOT NULL,
    block INTEGER NOT NULL REFERENCES blocks (id),
    place INTEGER NOT NULL,
    answered_at REAL NOT NULL,
    text,
    log_probabilities TEXT,
    prompt_tokens INTEGER,
    reply_tokens INTEGER,
    reasoning_tokens INTEGER,
    cached_tokens INTEGER,
    finish_reason TEXT,
    outside_share REAL,
    latency_seconds REAL
);
CREATE INDEX replies_of_block ON replies (block);
CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, alive_until REAL NOT NULL);
CREATE TABLE claims (key BLOB PRIMARY KEY, run INTEGER NOT NULL) WITHOUT ROWID;
"""
_CAUSES = {
    "full": "the disk is full; make room and run again, what was committed is kept",
    "readonly": "may not be written to; check its permissions and its folder's",
    "unable to open": "cannot be opened; check its permissions and its folder's",
    "locked": f"another program keeps it locked for {_WAIT_SECONDS:.0f} s; end that and run again",
    "not a database": "is no reply store, or is damaged; move it away, or name another",
    "malformed": "is damaged; see 'alignsurvey replies verify', or restore a copy",
    "no such table": "is damaged: a table is missing; restore a copy, or name another",
    "no such column": "is damaged: a column is missing; restore a copy, or name another",
}


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says into one line that says what to do.

    Raises
    ------
    InputError
        For each error of SQLite.
    """
    try:
        yield
    except sqlite3.Error as error:
        said = str(error)
        why = next((why for part, why in _CAUSES.items() if part in said.lower()), None)
        raise InputError(f"{path}: {why or f'cannot be used: {said}'}") from error


def connect(path: Path) -> sqlite3.Connection:
    """Open a connection that waits for others; transactions are begun and ended by hand."""
    connection = sqlite3.connect(
        path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA foreign_keys = OFF")
    return connection


def open_database(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open a store's database, and make its tables if it is new.

    Raises
    ------
    InputError
        It is not there and is not to be made, is damaged, belongs to another program or to a newer
        version, or may not be written to.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file for the store")
    if not create and not path.exists():
        raise InputError(f"{path}: no such store; check the path")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder '{path.parent}'; make it first")
    with explained(path):
        connection = connect(path)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN")  # all that is looked at is of one moment, while others make tables
    is_ours = _is_ours(connection, path)
    connection.execute("COMMIT")
    if not is_ours:
        _turn_to_wal(connection)
        connection.execute("BEGIN IMMEDIATE")
        if not _is_ours(connection, path):  # nobody else was quicker
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    _turn_to_wal(connection)


def _is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the database is a store of this version; False for an empty one."""
    [application] = connection.execute("PRAGMA application_id").fetchone()
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [tables] = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if not tables and not application:
        return False
    if application != _APPLICATION:
        raise InputError(f"{path}: is the database of another program; name another store")
    if version > VERSION:
        raise InputError(
            f"{path}: was written by a newer version of alignsurvey (format {version}, this one "
            f"reads {VERSION}); update alignsurvey"
        )
    return True


def _turn_to_wal(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log; SQLite's own waiting does not cover this switch."""
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.01)
