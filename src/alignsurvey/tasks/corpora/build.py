"""Building a corpus: read the sources, split the rows, make sure of the sides, write the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError, nearest
from alignsurvey.survey import read_interviews, read_survey
from alignsurvey.tasks.corpora.alpaca_files import write_corpus
from alignsurvey.tasks.corpora.from_records import read_rows, record_rows
from alignsurvey.tasks.corpora.rows import Corpus, CorpusRow, join_corpora
from alignsurvey.tasks.corpora.splitting import check_apart, known_way, split_rows
from alignsurvey.tasks.corpora.survey_rows import survey_rows
from alignsurvey.tasks.corpora.windows import interview_windows, record_windows
from alignsurvey.tasks.records import read_records

KINDS = ("foundation-dialogue", "foundation-survey", "records")
_INTERVIEWS = (".yaml", ".yml", ".csv", ".tsv")


@dataclass(frozen=True)
class Sources:
    """What a corpus is made of.

    Parameters
    ----------
    files : sequence of Path
    kind : {"foundation-dialogue", "foundation-survey", "records"}
        Windows of dialogues (from records, or from interviews in YAML or tables); answers of
        survey files; or records as they are.
    items, profile : sequence of str
        Of a survey: what is asked, and what is told about the respondent.
    id, weight, codebook, language : str, optional
        Of a survey file, as `read_survey` takes them. A column that is named as the weight is
        never asked as an item.
    seed : int
    """

    files: Sequence[Path]
    kind: str
    items: Sequence[str] = ()
    profile: Sequence[str] = ()
    id: str | None = None
    weight: str | None = None
    codebook: Path | None = None
    language: str | None = None
    seed: int = 42


@dataclass(frozen=True)
class Part:
    """One data set that was written: its name, files, and what is in it."""

    name: str
    files: tuple[str, ...]
    rows: int
    people: int
    questions: int


@dataclass(frozen=True)
class BuildReport:
    """What was written, and what was not.

    Parameters
    ----------
    folder : str
    kind : str
    parts : tuple of Part
    skipped : mapping of str to int
        Reason -> answers, dialogues or rows that gave no row.
    notes : tuple of str
    """

    folder: str
    kind: str
    parts: tuple[Part, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of all parts."""
        return sum(part.rows for part in self.parts)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "rows": self.rows}


def build_corpus(
    sources: Sources,
    out: Path,
    split: str | None = None,
    share: float = 0.2,
    formats: Sequence[str] = ("alpaca",),
    against: Path | None = None,
    name: str | None = None,
) -> BuildReport:
    """Build a corpus and write it; with a leak nothing is written.

    Parameters
    ----------
    sources : Sources
    out : Path
        Folder of the files.
    split : {"respondent", "fingerprint", "question"}, optional
        Write a training and a test part that share none.
    share : float
        Of the test part.
    formats : sequence of {"alpaca", "trl"}
    against : Path, optional
        Another file of rows that must share nobody (by `split`; by respondent without one) with
        any part.
    name : str, optional
        Of the data set; that of the kind by default.

    Returns
    -------
    BuildReport

    Raises
    ------
    InputError
        Something in a source or an argument is wrong, there are no rows, or there is a leak.
    """
    name = _name(name or sources.kind.replace("-", "_"))
    corpus = read_sources(sources)
    if not corpus.rows:
        why = "; ".join(f"{n:,} × {reason}" for reason, n in corpus.skipped.items())
        raise InputError(f"{sources.files[0]}: gives no rows: {why or 'there is nothing in it'}")
    parts: dict[str, Sequence[CorpusRow]] = {name: corpus.rows}
    notes = list(corpus.notes)
    if split is not None:
        way = known_way(split)
        train, test = split_rows(corpus.rows, way, share, sources.seed)
        check_apart(train, test, way, "the training and the test part")
        parts = {f"{name}_train": train, f"{name}_test": test}
        if (out / f"{name}.json").exists():
            notes.append(f"{name}.json of an earlier build is still there, and holds both sides")
    if against is not None:
        notes.extend(_compare(corpus.rows, against, split or "respondent"))
    files = write_corpus(out, parts, formats)
    done = tuple(_part(one, rows, files) for one, rows in parts.items())
    return BuildReport(str(out), sources.kind, done, corpus.skipped, tuple(notes))


def read_sources(sources: Sources) -> Corpus:
    """Read the sources into rows, one file after another."""
    if sources.kind not in KINDS:
        raise InputError(f"no kind '{sources.kind}'; {nearest(sources.kind, KINDS)}")
    if not sources.files:
        raise InputError("no source; name a file")
    if len({file.resolve() for file in sources.files}) < len(sources.files):
        raise InputError("a source is named twice; keep one of the two")
    if sources.kind != "foundation-survey":
        given = {
            "--items": sources.items, "--profile": sources.profile, "--id": sources.id,
            "--weight": sources.weight, "--codebook": sources.codebook,
            "--language": sources.language,
        }  # fmt: skip
        for option, value in given.items():
            if value:
                raise InputError(f"{option} is for surveys, not for {sources.kind}; leave it out")
    return join_corpora(_read(file, sources) for file in sources.files)


def _read(file: Path, sources: Sources) -> Corpus:
    if sources.kind == "records":
        return read_rows(file)
    if sources.kind == "foundation-dialogue":
        if file.suffix.lower() in _INTERVIEWS:
            return interview_windows(read_interviews(file))
        records = read_records(file)
        unread = Corpus((), record_rows(records).skipped)
        return join_corpora([record_windows(records), unread])
    survey = read_survey(
        file, codebook=sources.codebook, id=sources.id, weight=sources.weight,
        language=sources.language,
    )  # fmt: skip
    corpus = survey_rows(survey, sources.items, sources.profile, sources.seed)
    if sources.id is None and survey.design.id == "row":
        note = f"{file.name}: no --id, so people are numbered by row; do not sort the file anew"
        return Corpus(corpus.rows, corpus.skipped, (*corpus.notes, note))
    return corpus


def _compare(rows: Sequence[CorpusRow], against: Path, by: str) -> list[str]:
    other = read_rows(against)
    unknown = check_apart(rows, other.rows, by, f"this corpus and {against}")
    unread = sum(other.skipped.values())
    notes = []
    if unknown:
        notes.append(f"{unknown:,} rows could not be compared by {by}: they do not say whose")
    if unread:
        notes.append(f"{unread:,} rows of {against} cannot be read, and were not compared")
    return notes


def _name(name: str) -> str:
    if not name.strip() or name.startswith(".") or Path(name).name != name:
        raise InputError(f"'{name}' is no name for a data set: it becomes a file's, so no folders")
    return name


def _part(name: str, rows: Sequence[CorpusRow], files: Sequence[Path]) -> Part:
    people = {row.person_text or f"profile {row.fingerprint}" for row in rows}
    questions = {row.question for row in rows}
    mine = tuple(file.name for file in files if file.stem == name)
    return Part(name, mine, len(rows), len(people - {"profile None"}), len(questions - {""}))
