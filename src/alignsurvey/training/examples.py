"""Examples: from records and surveys to what a model is shown and what it should say."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.tasks.queries import Message, Query, letters, option_order, respondent_text
from alignsurvey.tasks.records import Option, Record, profile_fingerprint, read_records
from alignsurvey.tasks.records.nouns import GroupRow, RoleRecord
from alignsurvey.tasks.records.shapes import render

if TYPE_CHECKING:
    from alignsurvey.simulators.local.chat import Chat
    from alignsurvey.training.encoding import Example


@dataclass(frozen=True)
class Exchange:
    """One question to one respondent, in words.

    Parameters
    ----------
    messages : tuple of Message
        What the model is shown.
    answer : str
        What it should say.
    respondent : int, float or str
    item, group : str
    labels : tuple of str
        Letter of each option as shown, in the order of the codebook or record.
    target : array, shape (K,), optional
        Human share of each option, in the same order.
    weight : float
    record : Record, optional
        From which it was made, so that its options can be shown in another order.
    options : tuple of str, length K
        Text of each option, in the order of the target.
    """

    messages: tuple[Message, ...]
    answer: str
    respondent: Hashable = ""
    item: str = ""
    group: str = ""
    labels: tuple[str, ...] = ()
    target: NDArray[np.float64] | None = field(default=None, compare=False)
    weight: float = 1.0
    record: Record | None = field(default=None, compare=False, repr=False)
    options: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Characters, by which batches are sorted before anything is encoded."""
        return len(self.answer) + sum(len(one.content) for one in self.messages)


def query_exchange(
    query: Query,
    answer: str,
    *,
    target: NDArray[np.float64] | None = None,
    weight: float = 1.0,
    group: str = "",
) -> Exchange:
    """Make an exchange of a query, as simulators are asked, and its answer.

    Parameters
    ----------
    query : Query
    answer : str
    target : array, shape (K,), optional
        Human share of each option, in the order of the codes.
    weight : float
    group : str

    Examples
    --------
    >>> from alignsurvey.tasks.queries import Shown, Task
    >>> options = (Shown("A", "no", 1), Shown("B", "yes", 0))
    >>> query = Query(7, "vote", Task.RESPONSE, (Message("user", "Voted?"),), options)
    >>> query_exchange(query, "B. yes").labels
    ('B', 'A')
    """
    codes = [one.code for one in query.options]
    order = sorted(range(len(codes)), key=lambda place: (str(type(codes[place])), codes[place]))
    labels = tuple(query.options[place].letter for place in order)
    return Exchange(
        query.messages, answer, query.respondent, query.item, group,
        labels if all(labels) else (), target, weight,
        options=tuple(query.options[place].text for place in order),
    )  # fmt: skip


def record_exchange(record: Record, *, seed: int = 42, epoch: int = 0) -> Exchange:
    r"""Make an exchange of a record; its lettered options in an order of the epoch's own.

    The order depends on seed, respondent, item and epoch alone. Options without letters stay as
    they are.

    Raises
    ------
    InputError
        The answer is empty.

    Examples
    --------
    >>> from alignsurvey.tasks.records import parse_records
    >>> text = (r'[{"instruction": "Your personal background:\nage: 40\n\nSurvey question:\n'
    ...         r'Happy?\nA. yes\nB. no\n\nPlease answer.", "output": "A. yes", "id": 3}]')
    >>> [record] = parse_records(text, "rows.json")
    >>> [record_exchange(record, epoch=turn).answer for turn in range(2)]
    ['B. yes', 'A. yes']
    """
    if not record.output.strip():
        raise InputError(f"row {record.row}: the answer is empty; leave the row out")
    who = record_respondent(record)
    item = record_item(record)
    prompt, answer, labels = record.prompt, record.output, _labels(record.options)
    target = np.array(record.shares) if isinstance(record, GroupRow) else None
    if labels and record.choice is not None:
        order = option_order(len(labels), seed=seed, respondent=who, item=item, turn=epoch)
        shown = tuple(
            Option(letter, record.options[place].text)
            for letter, place in zip(labels, order, strict=True)
        )
        prompt = render(replace(record, options=shown))
        labels = tuple(labels[order.index(place)] for place in range(len(order)))
        answer = f"{labels[record.choice]}{record.layout.option}{record.answer}"
        target = np.eye(len(labels))[record.choice]
    texts = tuple(one.text for one in record.options)
    return Exchange(
        (Message("user", prompt),), answer, who, item, "", labels, target, 1.0, record, texts
    )


def _labels(options: Sequence[Option]) -> tuple[str, ...]:
    """Letters, where they are the usual ones in order."""
    shown = tuple(one.letter for one in options)
    return shown if shown and shown == letters(len(shown)) else ()


def record_respondent(record: Record) -> str:
    """Say who a record is about: the id, else the profile's fingerprint, else the row itself."""
    if record.person is not None:
        return respondent_text(record.person)
    fingerprint = record_fingerprint(record)
    return f"profile {fingerprint}" if fingerprint else f"row {record.row}"


def record_fingerprint(record: Record) -> str | None:
    """Fingerprint of the profile, as the corpus has it or as it is read."""
    known = dict(record.metadata).get("fingerprint")
    return known if isinstance(known, str) else profile_fingerprint(record)


def record_item(record: Record) -> str:
    """Say what a record asks: the survey's item, else the field, theme or question."""
    named = dict(record.metadata).get("item")
    if named:
        return str(named)
    field_name = record.field if isinstance(record, RoleRecord) else ""
    return field_name or record.theme or record.question


@dataclass(frozen=True)
class RecordSource:
    """Records as training reads them: encoded when they are needed, options anew each epoch.

    Parameters
    ----------
    records : sequence of Record
    chat : Chat
    cutoff : int
        Most tokens of prompt and answer.
    seed : int
    with_labels : bool
        Whether the options' tokens are needed, as they are for losses over options.
    """

    records: Sequence[Record] = field(repr=False)
    chat: Chat = field(repr=False)
    cutoff: int = 2048
    seed: int = 42
    with_labels: bool = True

    def __len__(self) -> int:
        return len(self.records)

    @property
    def respondents(self) -> list[Hashable]:
        """Who each record is about."""
        return [record_respondent(one) for one in self.records]

    @property
    def items(self) -> list[str]:
        """What each record asks."""
        return [record_item(one) for one in self.records]

    @property
    def sizes(self) -> list[int]:
        """Characters of each record."""
        return [len(one.prompt) + len(one.output) for one in self.records]

    def encoded(self, places: Sequence[int], epoch: int) -> list[Example]:
        """Encode some of the records for an epoch."""
        from alignsurvey.training.encoding import encode

        chosen = [self.records[place] for place in places]
        exchanges = [record_exchange(one, seed=self.seed, epoch=epoch) for one in chosen]
        return encode(exchanges, self.chat, self.cutoff, with_labels=self.with_labels)


def read_sources(paths: Iterable[Path], notes: list[str] | None = None) -> tuple[Record, ...]:
    """Read files of records, one after another.

    Parameters
    ----------
    paths : iterable of Path
    notes : list of str, optional
        What of them cannot be read is added to it.

    Raises
    ------
    InputError
        A file cannot be read, or an answer in it is empty.
    """
    found: list[Record] = []
    for path in paths:
        records = read_records(path)
        lost = [one for one in records.problems if one.left_out]
        if notes is not None and lost:
            first = lost[0]
            notes.append(
                f"{path}: {len(lost):,} of {records.n:,} rows cannot be read and train "
                f"nothing; first {first}"
            )
        empty = next((one for one in records if not one.output.strip()), None)
        if empty is not None:
            raise InputError(f"{path}: row {empty.row}: the answer is empty; leave the row out")
        found.extend(records)
    return tuple(found)
