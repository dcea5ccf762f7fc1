"""Upkeep of a reply store: what is in it, whether it is whole, and what may go."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from alignsurvey.errors import InputError
from alignsurvey.running.archive import rows
from alignsurvey.running.keys import Setting, messages_text
from alignsurvey.running.schema import explained
from alignsurvey.running.store import ReplyStore
from alignsurvey.tasks.queries import Usage

__all__ = ["Holding", "Verified", "holdings", "prune", "verify"]


@dataclass(frozen=True)
class Holding:
    """What a store holds of one model under one set of parameters.

    Parameters
    ----------
    model : str
    parameters : mapping
    replies : int
    usage : Usage
        Tokens in all.
    finish_reasons : mapping of str to int
        "" counts replies without one.
    first, last : datetime
        When the first and the last reply came.
    """

    model: str
    parameters: Mapping[str, Any]
    replies: int
    usage: Usage
    finish_reasons: Mapping[str, int]
    first: datetime
    last: datetime


def holdings(store: ReplyStore) -> list[Holding]:
    """List what a store holds, by model and parameters."""
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in Usage._fields)
    with store.reading() as connection:
        counted = connection.execute(
            f"SELECT content, setting, count(*), min(answered_at), max(answered_at), {sums} "
            "FROM replies JOIN settings ON settings.id = setting GROUP BY setting ORDER BY content"
        ).fetchall()
        reasons: dict[int, dict[str, int]] = {}
        for setting, reason, n in connection.execute(
            "SELECT setting, coalesce(finish_reason, ''), count(*) FROM replies GROUP BY 1, 2"
        ):
            reasons.setdefault(setting, {})[reason] = n
    found = []
    for content, setting, n, first, last, *tokens in counted:
        known = json.loads(content)
        found.append(
            Holding(
                known["model"],
                known["parameters"],
                n,
                Usage(*tokens),
                reasons[setting],
                datetime.fromtimestamp(first, UTC),
                datetime.fromtimestamp(last, UTC),
            )
        )
    return found


@dataclass(frozen=True)
class Verified:
    """What an examination found.

    Parameters
    ----------
    replies : int
        Replies whose keys were made anew from prompt, model, parameters and draw.
    problems : tuple of str
    """

    replies: int
    problems: tuple[str, ...]


def verify(store: ReplyStore) -> Verified:
    """Examine the file, and make each key anew from what it should stand for."""
    problems = []
    with store.reading() as connection:
        said = [text for (text,) in connection.execute("PRAGMA integrity_check(10)")]
        problems += [text for text in said if text != "ok"]
        [expected] = connection.execute("SELECT count(*) FROM replies").fetchone()
    n = 0
    try:
        for row in rows(store, bodies=False):
            n += 1
            messages = [[one["role"], one["content"]] for one in row["messages"]]
            setting = Setting(row["model"], row["parameters"])
            if setting.key(messages_text(messages), row["draw"]).hex() != row["key"]:
                problems.append(f"reply {row['key'][:12]}: its key is not that of its prompt")
    except InputError as error:
        problems.append(str(error))
    if n != expected and not problems:
        problems.append(f"{expected - n} replies have lost their model or prompt")
    return Verified(n, tuple(problems))


def prune(
    store: ReplyStore,
    *,
    model: str | None = None,
    before: datetime | None = None,
    delete: bool = False,
) -> int:
    """Count the replies of a model or from before a moment, and delete them if told to.

    Raises
    ------
    InputError
        Neither is named.
    """
    if model is None and before is None:
        raise InputError("prune: name a model, a date, or both; it deletes nothing without")
    conditions: list[str] = []
    values: list[str | float] = []
    if model is not None:
        conditions.append("setting IN (SELECT id FROM settings WHERE content ->> '$.model' = ?)")
        values.append(model)
    if before is not None:
        conditions.append("answered_at < ?")
        values.append(before.timestamp())
    where = " AND ".join(conditions)
    if not delete:
        with store.reading() as connection:
            query = f"SELECT count(*) FROM replies WHERE {where}"
            return int(connection.execute(query, values).fetchone()[0])
    with store.writing() as connection:
        n = connection.execute(f"DELETE FROM replies WHERE {where}", values).rowcount
        connection.execute("DELETE FROM blocks WHERE id NOT IN (SELECT block FROM replies)")
        connection.execute("DELETE FROM settings WHERE id NOT IN (SELECT setting FROM replies)")
    with explained(store.path), closing(store.separate_connection()) as connection:
        connection.execute("VACUUM")
    return n
