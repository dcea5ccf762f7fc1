"""Split guards: whom and what training may not see, and who trained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from alignsurvey.errors import InputError
from alignsurvey.tasks.corpora import CorpusRow, leakage, record_rows
from alignsurvey.tasks.corpora.splitting import check_apart
from alignsurvey.tasks.queries import respondent_text
from alignsurvey.tasks.records import Record
from alignsurvey.training.examples import record_fingerprint, record_item


def refuse_overlap(
    records: Sequence[Record], held_out: Sequence[CorpusRow], ways: Iterable[str], what: str
) -> None:
    """Refuse to train on people, profiles or questions that are held out.

    Parameters
    ----------
    records : sequence of Record
    held_out : sequence of CorpusRow
    ways : iterable of {"respondent", "fingerprint", "question"}
    what : str
        How to name the two sides.

    Raises
    ------
    InputError
        They share one, or nothing by which they could be compared.

    Examples
    --------
    >>> from alignsurvey.tasks.records import ResponseRecord
    >>> row = ResponseRecord(row=1, instruction="…", output="A", person=7, question="Happy?")
    >>> refuse_overlap([row], [CorpusRow(instruction="…", output="B", person=7)], ["respondent"],
    ...                "training and test")
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: training and test: 1 people on both sides (7), 1 rows; nothing is written: leave them out of one side
    """  # noqa: E501 - a message is one line
    rows = record_rows(records).rows
    for way in ways:
        check_apart(rows, held_out, way, what)


def who_trained(records: Iterable[Record]) -> dict[str, list[str]]:
    """List whom and what training saw, sorted.

    Ids are kept plain, as in predictions: scoring compares them with those of a survey.

    Returns
    -------
    mapping
        ``respondents``, ``fingerprints`` and ``questions``.
    """
    people: set[str] = set()
    profiles: set[str] = set()
    questions: set[str] = set()
    for one in records:
        if one.person is not None:
            people.add(respondent_text(one.person))
        if fingerprint := record_fingerprint(one):
            profiles.add(fingerprint)
        if item := record_item(one):
            questions.add(item)
    return {
        "respondents": sorted(people),
        "fingerprints": sorted(profiles),
        "questions": sorted(questions),
    }


def refuse_trained(records: Sequence[Record], folder: Path) -> None:
    """Refuse to judge a model by records of people who trained it.

    Parameters
    ----------
    records : sequence of Record
        With which it shall be scored.
    folder : Path
        Of the adapter.

    Raises
    ------
    InputError
        Somebody is on both sides.
    """
    from alignsurvey.simulators.local.trained import trained_on

    people = trained_on([folder])
    trained = [CorpusRow(instruction="", output="", person=one) for one in people]
    found = leakage(trained, record_rows(records).rows)
    if found:
        raise InputError(f"{folder}: {found} trained this model; score it by others")
