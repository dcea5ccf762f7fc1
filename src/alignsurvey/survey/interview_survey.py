"""What the people of an interview corpus answered in closed questions, as a survey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from alignsurvey.errors import InputError
from alignsurvey.survey.codebook import Code, Codebook, Scale, Variable
from alignsurvey.survey.coding import code_columns
from alignsurvey.survey.interview_values import Attribute, takes_several
from alignsurvey.survey.interviews import Interviews
from alignsurvey.survey.survey import Design, Survey

ID_COLUMN = "id"
_BETWEEN = {"zh": "、", "en": "; "}


def survey_of(corpus: Interviews) -> Survey:
    """Give profiles and questionnaire answers as a survey; see `Interviews.survey`.

    Raises
    ------
    InputError
        An attribute and an item have one name, or there is no interview.
    """
    if not corpus.interviews:
        raise InputError(f"{corpus.source}: there are no interviews")
    names = [ID_COLUMN, *corpus.profile_names, *corpus.questionnaire.names]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"{corpus.source}: '{name}' would head two columns of the survey (the id, the "
                "attributes, the questions); rename one"
            )
    columns, declared = [], []
    for name in corpus.profile_names:
        variable = corpus.attributes[name] if name in corpus.attributes else None  # noqa: SIM401
        column, variable = _attribute(corpus, name, variable)
        columns.append(column)
        declared += [variable] if variable is not None else []
    given = [dict(one.answers) for one in corpus]
    for variable in corpus.questionnaire:
        labels = [answers.get(variable.name) for answers in given]
        columns.append(_column(variable.name, [_code(variable, one) for one in labels]))
        declared.append(variable)
    answers, missing, book = code_columns(columns, Codebook(tuple(declared)), corpus.source)
    answers = answers.insert_column(0, pl.Series(ID_COLUMN, corpus.ids))
    book = book.select(name for name in names if name in book)
    language = corpus.languages[0]
    return Survey(answers, book, Design(ID_COLUMN), missing, language, corpus.source, corpus.notes)


def profile_table(corpus: Interviews) -> Survey:
    """Give ids and attributes as plain texts, enough to split by."""
    columns = {
        name: [_joined(one.attribute(name), one.language) for one in corpus]
        for name in corpus.profile_names
    }
    texts = {
        name: [None if value is None else str(value) for value in column]
        for name, column in columns.items()
    }
    frame = pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String))
    frame = frame.with_columns(pl.Series("\0id", corpus.ids))
    book = Codebook(tuple(Variable(name) for name in texts))
    return Survey(frame, book, Design("\0id"), source=corpus.source)


def _attribute(
    corpus: Interviews, name: str, variable: Variable | None
) -> tuple[pl.Series, Variable | None]:
    values = [one.attribute(name) for one in corpus]
    joined = [_joined(one.attribute(name), one.language) for one in corpus]
    if variable is not None and takes_several(variable):
        return _column(name, joined), replace(variable, categories=())
    if variable is not None:
        return _column(name, [_code(variable, value) for value in joined]), variable
    if any(isinstance(value, tuple) for value in values):
        return _column(name, joined), Variable(name, scale=Scale.TEXT, inferred=("scale",))
    return _column(name, joined), None


def _joined(value: Attribute | None, language: str) -> Code | None:
    return _BETWEEN[language].join(value) if isinstance(value, tuple) else value


def _code(variable: Variable, value: Code | None) -> Code | None:
    """Give the code of a label; what is no label is a code itself."""
    codes = dict(zip(variable.labels, variable.codes, strict=True))
    return codes.get(value, value) if isinstance(value, str) else value


def _column(name: str, values: Sequence[Code | None]) -> pl.Series:
    """Make a column of numbers if all values are numbers, else of texts."""
    given = {type(value) for value in values if value is not None}
    if str in given and len(given) > 1:
        values = [None if value is None else str(value) for value in values]
    kind = pl.String if str in given else pl.Float64 if float in given else None
    return pl.Series(name, values, dtype=kind, strict=False)
