"""What a run would ask: the queries of a plan that a store has no reply to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from alignsurvey.errors import InputError
from alignsurvey.running.exchange import setting_of
from alignsurvey.running.folder import REPLIES
from alignsurvey.running.ledger import Ledger, State, in_parts
from alignsurvey.running.store import ReplyStore
from alignsurvey.simulators.protocols import Simulator
from alignsurvey.tasks.queries import Query

__all__ = ["STORE_VARIABLE", "Unanswered", "store_path", "unanswered"]

STORE_VARIABLE = "ALIGNSURVEY_STORE"
_AT_ONCE = 1000


class Unanswered(NamedTuple):
    """A query without a reply, and under what its reply would be kept."""

    key: bytes
    draw: int
    query: Query


def unanswered(
    simulator: Simulator, queries: Iterable[Query], store: ReplyStore
) -> Iterator[Unanswered]:
    """Give the queries that `ask` would ask, in their order, each of them once.

    Raises
    ------
    InputError
        The simulator has no ``model`` and ``parameters`` to keep replies under.

    Examples
    --------
    >>> import tempfile
    >>> from alignsurvey.tasks.queries import Message, Task
    >>> class Model:
    ...     name = model = "test/model"
    ...     parameters = {}
    >>> plan = [Query(who, "vote", Task.RESPONSE, (Message("user", "Vote?"),)) for who in (7, 8)]
    >>> with tempfile.TemporaryDirectory() as folder, ReplyStore(f"{folder}/r.sqlite") as store:
    ...     [one.draw for one in unanswered(Model(), plan, store)]
    [0, 1]
    """
    setting = setting_of(simulator)
    if setting is None:
        raise InputError(f"simulator '{simulator.name}' has no replies in a store; ask it directly")
    ledger = Ledger(queries, setting)
    for part in in_parts(ledger.enter(), _AT_ONCE):
        missing = [
            Unanswered(ledger.key(place), ledger.draw(place), query)
            for place, query in part
            if ledger.states[place] == State.MISSING
        ]
        found = store.find([one.key for one in missing])
        yield from (one for one in missing if one.key not in found)


def store_path(named: Path | None, out: Path | None = None) -> Path:
    """Say where replies are kept.

    Parameters
    ----------
    named : Path, optional
        What the user named; comes first, then the environment's ``ALIGNSURVEY_STORE``.
    out : Path, optional
        The run folder, which then holds ``replies.sqlite``.

    Examples
    --------
    >>> store_path(None, Path("runs/first")).as_posix(), store_path(Path("all.sqlite")).as_posix()
    ('runs/first/replies.sqlite', 'all.sqlite')
    """
    if named is not None:
        return named
    if set_path := os.environ.get(STORE_VARIABLE):
        return Path(set_path)
    return out / REPLIES if out is not None else Path("alignsurvey-replies.sqlite")
