"""Files of judges' replies: a prediction file whose rows say who judged which answer."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignsurvey.benchmark.prediction_files import read_predictions
from alignsurvey.benchmark.rows import PredictionRow, Problem
from alignsurvey.errors import InputError
from alignsurvey.tasks.queries import Query

Asked = Mapping[str, Sequence[Query | None]]
"""Model -> what a judge is asked about each of its answers; None for an answer without words."""

Given = dict[str, list[str | None]]
"""Model -> what the judge replied about each of its answers."""

_REPLY = ("predict", "prediction")


@dataclass(frozen=True)
class RecordedJudge:
    """A judge whose replies are in a file.

    Parameters
    ----------
    name : str
    source : str
        The file, for messages.
    rows : tuple of PredictionRow
    problems : tuple of Problem
        Of the file.
    """

    name: str
    source: str
    rows: tuple[PredictionRow, ...]
    problems: tuple[Problem, ...] = ()

    def replies(self, asked: Asked) -> tuple[Given, list[Problem]]:
        """Find the reply to each question: by its query, else by the answer's row, else in order.

        Raises
        ------
        InputError
            It is not said which model is judged where there are several, replies without rows are
            not as many as the answers, or none of the replies is about one of the answers.
        """
        by_query, by_row, problems = self._places(asked)
        found: Given = {}
        used = set()
        for model, queries in asked.items():
            found[model] = []
            for place, query in enumerate(queries, 1):
                row = by_query.get(query.id) if query else None
                for whose in (model, ""):
                    row = row or by_row.get((whose, place))
                found[model].append(_text(row) if row and query else None)
                used |= {row.line} if row else set()
        if not used:
            raise InputError(
                f"{self.source}: none of the {len(self.rows)} replies of judge '{self.name}' is "
                f"about an answer of {', '.join(asked)}; name the file that was made of these"
            )
        known = used | {problem.line for problem in problems}
        equal = {query.id for own in asked.values() for query in own if query}
        unused = sum(
            row.line not in known and _word(row, "query") not in equal for row in self.rows
        )
        if unused:
            problems.append(Problem(0, f"{unused} replies of the judge are about no answer"))
        return found, problems

    def _places(
        self, asked: Asked
    ) -> tuple[dict[str, PredictionRow], dict[tuple[str, int], PredictionRow], list[Problem]]:
        by_query: dict[str, PredictionRow] = {}
        by_row: dict[tuple[str, int], PredictionRow] = {}
        problems = list(self.problems)
        passed: Counter[str] = Counter()
        for row in self.rows:
            query, model, place = _word(row, "query"), _word(row, "model"), _row_number(row)
            if query:
                first = by_query.setdefault(query, row)
            else:
                self._refuse_unclear(model, asked)
                passed[model] += place is None
                first = by_row.setdefault((model, place or passed[model]), row)
            if _text(first) != _text(row):
                problems.append(Problem(row.line, f"line {first.line} is about the same answer; "
                                                  "this reply is left out"))  # fmt: skip
        for model, n in passed.items():
            if not model or model in asked:
                self._refuse_another_length(n, asked[model or next(iter(asked))])
        return by_query, by_row, problems

    def _refuse_unclear(self, model: str, asked: Asked) -> None:
        if not model and len(asked) > 1:
            raise InputError(
                f"{self.source}: a reply of judge '{self.name}' does not say which model it judges "
                f"({', '.join(asked)}); give each row a 'model'"
            )

    def _refuse_another_length(self, n: int, queries: Sequence[Query | None]) -> None:
        if n not in (0, len(queries)):
            raise InputError(
                f"{self.source}: {n} replies of judge '{self.name}' without a 'row', and "
                f"{len(queries)} answers; number the rows from 1, as the records are"
            )


def read_judges(path: Path, name: str | None = None) -> list[RecordedJudge]:
    """Read a file of judges' replies.

    Parameters
    ----------
    path : Path
        JSON lines or a JSON array, a reply a row: ``predict`` (or ``prediction``), ``judge``, and
        whose answer it is about: ``query`` (as in a run's own file), or ``row`` (from 1) and
        ``model``; without either the replies stand in the order of the records.
    name : str, optional
        Of a judge that is not named in the file; otherwise ``recorded/`` and the path.

    Returns
    -------
    list of RecordedJudge
        In the order in which they appear.

    Raises
    ------
    InputError
        The file is missing, unreadable or empty.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "judges.jsonl"
    >>> _ = path.write_text('{"judge": "ann", "row": 1, "predict": "Naturalness: 4"}\\n'
    ...                     '{"judge": "bob", "row": 1, "predict": "Naturalness: 5"}\\n')
    >>> [judge.name for judge in read_judges(path)]
    ['ann', 'bob']
    """
    file = read_predictions(path, labelled=False)
    judges: dict[str, list[PredictionRow]] = defaultdict(list)
    for row in file.rows:
        judges[_word(row, "judge") or name or f"recorded/{path}"].append(row)
    if not judges:
        raise InputError(f"{path}: holds no row of a judge's reply")
    owner = {row.line: judge for judge, rows in judges.items() for row in rows}
    # A row that could not be read names no judge: it is told with the first.
    first = next(iter(judges))
    odd = [(owner.get(problem.line, first), problem) for problem in file.problems]
    return [
        RecordedJudge(judge, str(path), tuple(rows), tuple(one for who, one in odd if who == judge))
        for judge, rows in judges.items()
    ]


def judge_lines(
    judge: str, model: str, queries: Iterable[Query | None], replies: Iterable[str | None]
) -> Iterator[str]:
    """Write a judge's replies as lines that `read_judges` reads back."""
    for place, (query, reply) in enumerate(zip(queries, replies, strict=True), 1):
        if query is not None:
            row = {"judge": judge, "model": model, "row": place, "query": query.id}
            yield json.dumps(row | {"predict": reply}, ensure_ascii=False)


def _text(row: PredictionRow) -> str | None:
    """What the judge wrote; None for a null, and for anything that is no text."""
    value: Any = next((row.content[key] for key in _REPLY if key in row.content), None)
    return value if isinstance(value, str) else None


def _word(row: PredictionRow, key: str) -> str:
    value = row.content.get(key)
    return value if isinstance(value, str) else ""


def _row_number(row: PredictionRow) -> int | None:
    value = row.content.get("row", row.content.get("case"))
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
