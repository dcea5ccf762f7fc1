"""Corpora as files that trainers load: Alpaca JSON with dataset_info.json, and TRL's JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError, nearest
from alignsurvey.files import writing
from alignsurvey.tasks.corpora.rows import CorpusRow
from alignsurvey.yamlfile import read_text

FORMATS = ("alpaca", "trl")
INFO = "dataset_info.json"
_COLUMNS = {"prompt": "instruction", "query": "input", "response": "output"}


def write_corpus(
    folder: Path | str,
    parts: Mapping[str, Sequence[CorpusRow]],
    formats: Sequence[str] = ("alpaca",),
) -> list[Path]:
    """Write the parts of a corpus, each file whole or not at all; all are ready before one is put.

    Parameters
    ----------
    folder : Path or str
        Made if it does not exist. Entries of other data sets in its dataset_info.json stay.
    parts : mapping of str to rows
        Name of the data set -> its rows: ``NAME.json`` for Alpaca, ``NAME.jsonl`` for TRL.
    formats : sequence of {"alpaca", "trl"}

    Returns
    -------
    list of Path
        The files, dataset_info.json last.

    Raises
    ------
    InputError
        No such format, the folder cannot be written, or its dataset_info.json is not one or has
        another file under a part's name.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> rows = [CorpusRow(instruction="Happy?", output="A. yes", person=1)]
    >>> with TemporaryDirectory() as folder:
    ...     files = write_corpus(folder, {"answers": rows}, ["alpaca", "trl"])
    ...     print(*(file.name for file in files), sep="\\n")
    answers.json
    answers.jsonl
    dataset_info.json
    """
    folder = Path(folder)
    if not formats:
        raise InputError(f"no format to write; {nearest('', FORMATS)}")
    for one in formats:
        if one not in FORMATS:
            raise InputError(f"no format '{one}'; {nearest(one, FORMATS)}")
    texts: dict[Path, str] = {}
    for name, rows in parts.items():
        if "alpaca" in formats:
            texts[folder / f"{name}.json"] = alpaca_text(rows)
        if "trl" in formats:
            texts[folder / f"{name}.jsonl"] = trl_text(rows)
    if "alpaca" in formats:
        texts[folder / INFO] = dataset_info(folder / INFO, list(parts))
    _write_all(folder, texts)
    return list(texts)


def alpaca_text(rows: Iterable[CorpusRow]) -> str:
    """Write rows as an Alpaca array, one row a line.

    Ids are all numbers or all texts, because table readers give a column one type.
    """
    written = [row.alpaca() for row in rows]
    ids = [row["person_id"] for row in written if "person_id" in row]
    if any(isinstance(one, str) for one in ids):
        for row in written:
            if "person_id" in row:
                row["person_id"] = str(row["person_id"])
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in written)
    return f"[\n{lines}\n]\n"


def trl_text(rows: Iterable[CorpusRow]) -> str:
    r"""Write rows as TRL's conversational prompt and completion, one a line.

    Examples
    --------
    >>> print(trl_text([CorpusRow(instruction="Happy?", output="A. yes")]).strip())
    {"prompt": [{"role": "user", "content": "Happy?"}],
     "completion": [{"role": "assistant", "content": "A. yes"}]}
    """
    return "".join(
        json.dumps(
            {
                "prompt": [{"role": "user", "content": row.prompt}],
                "completion": [{"role": "assistant", "content": row.output}],
            },
            ensure_ascii=False,
        )
        + "\n"
        for row in rows
    )


def dataset_info(path: Path, names: Sequence[str]) -> str:
    """Write dataset_info.json as LLaMA-Factory reads it, with the entries that it has already.

    References
    ----------
    LLaMA-Factory, ``data/README.md``: ``file_name``, ``formatting`` (alpaca by default) and
    ``columns`` (prompt, query, response, …).

    Raises
    ------
    InputError
        The file is there and is no such object, or has another file under one of the names.
    """
    entries = _existing(path)
    for name in names:
        entry = {"file_name": f"{name}.json", "formatting": "alpaca", "columns": _COLUMNS}
        other = entries.get(name, entry)
        if not isinstance(other, dict) or other.get("file_name") != entry["file_name"]:
            raise InputError(f"{path}: '{name}' is another data set there; choose another folder")
        entries[name] = entry
    return json.dumps(entries, ensure_ascii=False, indent=2) + "\n"


def _existing(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        entries = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not valid JSON ({error}); mend it or move it away") from None
    if not isinstance(entries, dict):
        raise InputError(f"{path}: must be an object of data sets; mend it or move it away")
    return entries


def _write_all(folder: Path, texts: Mapping[Path, str]) -> None:
    """Write everything beside its place first, so that a full disk leaves the old files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}; check it") from error
    if not texts:
        return
    with writing(list(texts)[-1]) as draft:
        for path, text in texts.items():
            draft.with_name(path.name).write_text(text, encoding="utf-8", newline="\n")
