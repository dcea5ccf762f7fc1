"""The surveys and interviews that come with the library, read without a network."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from alignsurvey.errors import InputError, nearest
from alignsurvey.survey.codebook_yaml import codebook_from_yaml
from alignsurvey.survey.interview_document import corpus_from
from alignsurvey.survey.interviews import LANGUAGES, Interviews
from alignsurvey.survey.survey import Design, Survey
from alignsurvey.yamlfile import load_yaml


def load_example(name: str) -> Survey:
    """Load an embedded survey.

    Parameters
    ----------
    name : {"anes96"}
        ``anes96``: 944 respondents of the American National Election Study 1996 who answered
        every question, as shipped with statsmodels (public domain): party identification,
        left-right placements of oneself and of both candidates, TV news, expected vote, age,
        education, income, size of the place. No weights; no variable for sex. The file has no
        respondent numbers: `id` is its row, 1 to 944.

    Returns
    -------
    Survey

    Raises
    ------
    InputError
        There is no such example; with the nearest there is.

    Examples
    --------
    >>> anes = load_example("anes96")
    >>> anes.n, anes.design.id
    (944, 'id')
    >>> anes.codebook["vote"].labels
    ('Bill Clinton', 'Bob Dole')
    """
    try:
        load = _EXAMPLES[name]
    except KeyError:
        raise InputError(f"no example '{name}'; {nearest(name, _EXAMPLES)}") from None
    return load()


def example_names() -> tuple[str, ...]:
    """Names of the embedded surveys.

    Examples
    --------
    >>> example_names()
    ('anes96',)
    """
    return tuple(_EXAMPLES)


def load_interviews(language: str = "en") -> Interviews:
    """Load the embedded interviews of a language.

    Twelve interviews on public services, comparison with the parents' generation, upward mobility
    and common prosperity, three themes each, with stances and their reasons, and answers to five
    closed questions. Every person in them is invented: they show how things work, and say nothing
    about anybody.

    Parameters
    ----------
    language : {"en", "zh"}

    Returns
    -------
    Interviews

    Raises
    ------
    InputError
        There are none in this language.

    Examples
    --------
    >>> corpus = load_interviews("zh")
    >>> len(corpus), corpus.synthetic
    (12, True)
    >>> corpus.themes
    ('公共服务', '与父辈比较', '向上流动', '共同富裕')
    """
    if language not in LANGUAGES:
        raise InputError(f"no interviews in '{language}'; {nearest(language, LANGUAGES)}")
    file = f"interviews_{language}.yaml"
    text = files("alignsurvey.survey").joinpath(f"data/{file}").read_text(encoding="utf-8")
    return corpus_from(load_yaml(text, file), file)


def _anes96() -> Survey:
    # Found beside statsmodels without importing it, which would cost seconds for a 24 kB file.
    spec = find_spec("statsmodels")
    if spec is None or not spec.submodule_search_locations:
        raise InputError("example 'anes96': statsmodels is not installed; pip install statsmodels")
    source = Path(spec.submodule_search_locations[0], "datasets", "anes96", "anes96.csv")
    table = pl.read_csv(source, separator="\t", quote_char="'")
    answers = table.with_columns(logpopul=(pl.col("popul") + 0.1).log())
    text = files("alignsurvey.survey").joinpath("data/anes96.yaml").read_text(encoding="utf-8")
    return Survey(
        answers.with_row_index("id", offset=1).cast({"id": pl.Int64}),
        codebook_from_yaml(text, "anes96.yaml"),
        Design("id"),
        source="anes96",
    )


_EXAMPLES: dict[str, Callable[[], Survey]] = {"anes96": _anes96}
