"""Every answer of a benchmark run: what was asked, what came back, what was read of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from alignsurvey.benchmark.asking import Pair
from alignsurvey.benchmark.scored import Scored
from alignsurvey.tasks.prompts.subjects import item_of, respondent_of
from alignsurvey.tasks.queries import Query, respondent_text
from alignsurvey.tasks.query_tables import query_table
from alignsurvey.tasks.replies import read_shares

ANSWERS = {
    "model": pl.String,
    "task": pl.String,
    "part": pl.String,
    "place": pl.Int64,
    "query": pl.String,
    "respondent": pl.String,
    "item": pl.String,
    "text": pl.String,
    "outcome": pl.String,
    "answer": pl.String,
}
"""Columns of `answer_table`."""

Shares = Sequence[tuple[str, Pair]]


def answer_table(scored: Sequence[Scored], shares: Shares = ()) -> pl.DataFrame:
    """Write the answers of all models as a table.

    Returns
    -------
    polars.DataFrame
        Columns model, task, part, place (of the record in its part, from 1), query (its id; null
        for models that were not asked), respondent, item, text (raw; null where none came),
        outcome and answer (as read strictly; shares as JSON; null where nothing is read).
    """
    rows = [row for one in scored if one.mode == "strict" for row in _records(one)]
    rows += _groups(shares)
    return pl.DataFrame(rows, schema=ANSWERS, orient="row")


def asked_queries(scored: Sequence[Scored], shares: Shares = ()) -> pl.DataFrame:
    """Write every query that was put to a model, each once; see `query_table`."""
    pairs = [pair for one in scored for pair in one.asked] + [pair for _, pair in shares]
    queries: dict[str, Query] = {query.id: query for query, _ in pairs}
    return query_table(queries.values())


def _records(one: Scored) -> Iterator[tuple[object, ...]]:
    for place, record in enumerate(one.part.records, 1):
        query, reply = one.asked[place - 1] if one.asked else (None, None)
        text = one.replies[place - 1] or None if reply is None else reply.text
        read = one.score.rows.get(str(place), {})
        yield (
            one.model, one.part.task.value, one.part.name, place, query and query.id,
            respondent_text(respondent_of(record)), item_of(record), text, read.get("outcome"),
            _text(read.get("answer", read.get("shares"))),
        )  # fmt: skip


def _groups(shares: Shares) -> Iterator[tuple[object, ...]]:
    places: dict[tuple[str, str], int] = {}
    for model, (query, reply) in shares:
        key = (model, query.task)
        places[key] = places.get(key, 0) + 1
        read = read_shares(reply.text or "", tuple((o.letter, o.text) for o in query.options))
        said = None
        if read.shares is not None:
            said = {o.text: share for o, share in zip(query.options, read.shares, strict=True)}
        yield (
            model, query.task.value, "verbalized", places[key], query.id,
            respondent_text(query.respondent), query.item, reply.text, read.outcome, _text(said),
        )  # fmt: skip


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
