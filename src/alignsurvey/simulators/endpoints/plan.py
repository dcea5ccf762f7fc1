"""Which request is next: new queries in their order, and those that are due again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alignsurvey.simulators.endpoints.capabilities import Capabilities
from alignsurvey.tasks.queries import Query

__all__ = ["Job", "Queue", "jobs"]


@dataclass(slots=True)
class Job:
    """One request: queries with the same messages, each of which wants a reply of its own."""

    queries: list[Query]
    attempts: int = 0
    started_at: float = 0.0
    """When it was first sent, in seconds of the loop's clock; 0 before."""


def jobs(queries: Iterable[Query], most: int, found: Capabilities) -> Iterator[Job]:
    """Group neighbours that ask the same, as long as the endpoint gives several replies.

    Parameters
    ----------
    queries : iterable of Query
        Taken one by one, as they are needed.
    most : int
        The most replies to one request.
    found : Capabilities
        Asked each time: a group is made only until it turns out that it is of no use.
    """
    group: list[Query] = []
    for query in queries:
        if group and not (
            len(group) < most
            and found.gives_n is not False
            and query.messages == group[0].messages
            and query.options == group[0].options
        ):
            yield Job(group)
            group = []
        if most == 1:
            yield Job([query])
        else:
            group.append(query)
    if group:
        yield Job(group)


class Queue:
    """New jobs in their order, behind those that are due again.

    Parameters
    ----------
    new : iterator of Job
    """

    def __init__(self, new: Iterator[Job]) -> None:
        self._new = new
        self._due: deque[Job] = deque()
        self._parked = 0
        self._has_new = True

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to begin, now or later."""
        return not (self._has_new or self._due or self._parked)

    def next(self, most_parked: int) -> Job | None:
        """Take the next job; None where there is none to begin now.

        While so many wait for their time no new ones are begun, so that an endpoint that fails
        does not draw in the whole plan.
        """
        if self._due:
            return self._due.popleft()
        if not self._has_new or self._parked >= most_parked:
            return None
        job = next(self._new, None)
        self._has_new = job is not None
        return job

    def park(self) -> None:
        """Count a job that will be due again later."""
        self._parked += 1

    def release(self, job: Job) -> None:
        """Make a parked job due."""
        self._parked -= 1
        self._due.append(job)

    def again(self, job: Job) -> None:
        """Make a job due at once."""
        self._due.append(job)
