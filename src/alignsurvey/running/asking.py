"""Asking a simulator: every query answered once, or counted as without reply."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from alignsurvey.errors import InputError
from alignsurvey.simulators.protocols import Simulator
from alignsurvey.tasks.queries import Query, Reply

Progress = Callable[[int, int], None]


def ask(
    simulator: Simulator, queries: Sequence[Query], progress: Progress | None = None
) -> dict[str, Reply]:
    """Ask a simulator and collect its replies.

    Parameters
    ----------
    simulator : Simulator
    queries : sequence of Query
        Equal queries (of one id) are asked once.
    progress : callable, optional
        Called as ``progress(done, total)``.

    Returns
    -------
    dict
        Query id -> its reply, in the order of the queries; a reply without text where the
        simulator gave none.

    Raises
    ------
    InputError
        The simulator replied to something that it was not asked, or twice to one query.

    Examples
    --------
    >>> from alignsurvey.tasks.queries import Message, Task
    >>> class Agreeable:
    ...     name = "agreeable"
    ...     def answer(self, queries):
    ...         return (Reply(query.id, "Yes.") for query in queries)
    >>> query = Query(7, "vote", Task.RESPONSE, (Message("user", "Did you vote?"),))
    >>> ask(Agreeable(), [query])[query.id].text
    'Yes.'
    """
    asked = {query.id: query for query in queries}
    found: dict[str, Reply] = {}
    for reply in simulator.answer(list(asked.values())):
        if reply.query not in asked:
            raise InputError(
                f"simulator '{simulator.name}' replied to {reply.query[:12]}, which was not asked"
            )
        if reply.query in found:
            raise InputError(
                f"simulator '{simulator.name}' replied twice to {reply.query[:12]}; "
                "a query has one reply"
            )
        found[reply.query] = reply
        if progress:
            progress(len(found), len(asked))
    return {key: found.get(key, Reply(key, None)) for key in asked}
