"""Queries as a table, one row a query, and read back with the same ids."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from alignsurvey.tasks.canonical import canonical_json
from alignsurvey.tasks.queries import Message, Query, Shown, Task, respondent_text

if TYPE_CHECKING:
    import polars as pl


def query_table(queries: Iterable[Query]) -> pl.DataFrame:
    """Write queries as a table, one row a query, in the order given.

    Returns
    -------
    polars.DataFrame
        Columns id, task, respondent (as text), item, draw, messages (role, content, droppable),
        options (letter, text, code as JSON), examples (as text). `read_query_table` reads it back
        with the same ids.
    """
    import polars as pl

    span = pl.Struct({"start": pl.Int64, "end": pl.Int64})
    message = pl.Struct({"role": pl.String, "content": pl.String, "droppable": pl.List(span)})
    option = pl.Struct({"letter": pl.String, "text": pl.String, "code": pl.String})
    schema = {
        **dict.fromkeys(("id", "task", "respondent", "item"), pl.String()),
        "draw": pl.Int64(),
        "messages": pl.List(message),
        "options": pl.List(option),
        "examples": pl.List(pl.String),
    }
    return pl.DataFrame([_row(one) for one in queries], schema=schema, orient="row")


def _row(query: Query) -> tuple[object, ...]:
    messages = [
        {
            "role": one.role,
            "content": one.content,
            "droppable": [{"start": start, "end": end} for start, end in one.droppable],
        }
        for one in query.messages
    ]
    options = [
        {"letter": one.letter, "text": one.text, "code": canonical_json(one.code)}
        for one in query.options
    ]
    who = respondent_text(query.respondent)
    shown = [respondent_text(one) for one in query.examples]
    return query.id, str(query.task), who, query.item, query.draw, messages, options, shown


def read_query_table(table: pl.DataFrame) -> list[Query]:
    """Read queries back from their table; respondents are texts then, and ids are the same."""
    return [
        Query(
            row["respondent"],
            row["item"],
            Task(row["task"]),
            tuple(
                Message(
                    one["role"],
                    one["content"],
                    tuple((span["start"], span["end"]) for span in one["droppable"]),
                )
                for one in row["messages"]
            ),
            tuple(Shown(o["letter"], o["text"], json.loads(o["code"])) for o in row["options"]),
            row["draw"],
            tuple(row["examples"]),
        )
        for row in table.iter_rows(named=True)
    ]
