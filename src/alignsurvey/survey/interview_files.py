"""Interview corpora from and to files: YAML, JSON, and long tables of turns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from alignsurvey.errors import InputError
from alignsurvey.files import writing
from alignsurvey.survey.interview_document import corpus_from, document_of
from alignsurvey.survey.interviews import LANGUAGES, Interviews
from alignsurvey.survey.text_encoding import decode, read_bytes
from alignsurvey.yamlfile import load_yaml

_YAML, _JSON, _TABLES = (".yaml", ".yml"), (".json",), (".csv", ".tsv")
EXTENSIONS = (*_YAML, *_JSON, *_TABLES)


def read_interviews(
    path: str | Path,
    several: Sequence[str] = (),
    language: str | None = None,
    encoding: str | None = None,
) -> Interviews:
    """Read a corpus of interviews.

    Parameters
    ----------
    path : str or Path
        YAML or JSON: a list of interviews, or ``{interviews: […]}`` with ``language``,
        ``synthetic``, ``about``, ``attributes`` and ``questionnaire`` beside it. CSV or TSV: one
        row a turn, with the columns ``interview``, ``theme``, ``speaker``, ``text`` and, if there
        are any, ``turn``, ``stance``, ``reason``, ``language``; all others are the profile. Roles
        and columns may be named as is usual in Chinese and English (采访者, Q, 受访者, A, …).
    several : sequence of str
        Columns of a table that hold several values, between semicolons, bars or 、.
    language : {"en", "zh"}, optional
        Of interviews for which the file does not say it. Told from the characters, and noted, if
        nobody says.
    encoding : str, optional
        Of a file that is not UTF-8, such as "gb18030".

    Returns
    -------
    Interviews

    Raises
    ------
    InputError
        One line: file, interview and segment or row, what is wrong and what is known.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "talks.csv")
    ...     _ = path.write_text(
    ...         "编号,主题,角色,内容,年龄\\n1,交通,问,方便吗？,30\\n1,交通,答,还行。,30\\n"
    ...     )
    ...     corpus = read_interviews(path)
    >>> corpus["1"].segments[0].turns[1]
    Turn(speaker='respondent', text='还行。')
    >>> corpus["1"].profile
    (('年龄', 30),)
    """
    path = Path(path)
    extension = path.suffix.lower()
    if extension not in EXTENSIONS:
        what = f"unknown extension '{path.suffix}'" if path.suffix else "no extension"
        raise InputError(f"{path}: {what}; known: {', '.join(EXTENSIONS)}")
    if language is not None and language not in LANGUAGES:
        raise InputError(f"language: {language!r} is not one of {', '.join(LANGUAGES)}")
    if extension in _TABLES:
        from alignsurvey.survey.interview_table import read_table

        return read_table(path, several, language, encoding)
    if several:
        raise InputError(f"{path}: 'several' is for tables; in {extension} write a list")
    text = decode(read_bytes(path), str(path), encoding)
    content = _load_json(text, str(path)) if extension in _JSON else load_yaml(text, str(path))
    return corpus_from(content, str(path), language)


def write_interviews(corpus: Interviews, path: str | Path) -> None:
    """Write a corpus to a YAML or JSON file; `read_interviews` gives the same corpus again.

    Raises
    ------
    InputError
        The extension is another, there is no interview, or the file cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from alignsurvey.survey import load_interviews
    >>> corpus = load_interviews("zh")
    >>> with TemporaryDirectory() as folder:
    ...     write_interviews(corpus, f"{folder}/zh.json")
    ...     read_interviews(f"{folder}/zh.json").interviews == corpus.interviews
    True
    """
    path = Path(path)
    extension = path.suffix.lower()
    if extension not in (*_YAML, *_JSON):
        raise InputError(f"{path}: interviews are written as .yaml or .json")
    if not len(corpus):
        raise InputError(f"{path}: there are no interviews to write")
    document = document_of(corpus)
    if extension in _JSON:
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    else:
        text = yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    try:
        with writing(path) as draft:
            draft.write_text(text, encoding="utf-8", newline="\n")
    except UnicodeEncodeError as error:
        raise InputError(
            f"{path}: a text holds half a character, {error.object[error.start]!r}"
        ) from error


def _load_json(text: str, name: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise InputError(f"{name}: '{key}' stands twice in one object; keep one of the two")
            found[key] = value
        return found

    try:
        return json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"{name}: {place}: not valid JSON: {error.msg}") from error
    except RecursionError as error:
        raise InputError(f"{name}: not valid JSON: too many brackets in one another") from error


class _Dumper(yaml.SafeDumper):
    """SafeDumper whose texts stay texts when they are read by YAML 1.2's rules."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    try:
        float(text)
        quote = True
    except ValueError:
        # A line break that YAML knows and Python's reader of files folds must be escaped.
        quote = any(char in text for char in "\r\n\t\x85\u2028\u2029\ufeff")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, '"' if quote else None)


_Dumper.add_representer(str, _represent_text)
