"""Rows of a training corpus: a prompt, its answer, and who was asked what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from alignsurvey.tasks.queries import respondent_text


@dataclass(frozen=True, kw_only=True)
class CorpusRow:
    """One prompt with its answer, as a model is trained on it.

    Parameters
    ----------
    instruction, input, output : str
        The three texts of an Alpaca row.
    person : str, int or float, optional
        Who answered, where people have ids.
    fingerprint : str, optional
        Of the profile as the prompt shows it; None without a profile.
    question : str
        What is asked, by which questions are held out: wording of an item, theme of a dialogue.
    item : str
        Name of the survey's variable, if it is one.
    metadata : tuple of (name, value)
        What else is written beside the texts.

    Examples
    --------
    >>> row = CorpusRow(instruction="Happy?", output="Yes", person=7.0, metadata=(("wave", 2),))
    >>> row.alpaca()
    {'instruction': 'Happy?', 'input': '', 'output': 'Yes', 'wave': 2}
    >>> row.prompt
    'Happy?'
    """

    instruction: str
    output: str
    input: str = ""
    person: Hashable = None
    fingerprint: str | None = None
    question: str = ""
    item: str = ""
    metadata: tuple[tuple[str, Any], ...] = ()

    @property
    def prompt(self) -> str:
        """Instruction and input as one text, joined as trainers join them."""
        return f"{self.instruction}\n{self.input}" if self.input.strip() else self.instruction

    @property
    def person_text(self) -> str | None:
        """The person's id as text, so that 7, 7.0 and "7" are one person; None without one."""
        return None if self.person is None else respondent_text(self.person)

    def alpaca(self) -> dict[str, Any]:
        """Give the row as it is written to an Alpaca file."""
        texts = {"instruction": self.instruction, "input": self.input, "output": self.output}
        return {**texts, **{key: one for key, one in self.metadata if key not in texts}}


@dataclass(frozen=True)
class Corpus:
    """Rows, and what gave no row.

    Parameters
    ----------
    rows : tuple of CorpusRow
    skipped : mapping of str to int
        Reason -> how many answers, dialogues or rows gave no row.
    notes : tuple of str
        What else a reader should know.
    """

    rows: tuple[CorpusRow, ...] = field(repr=False)
    skipped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[CorpusRow]:
        return iter(self.rows)


def join_corpora(corpora: Iterable[Corpus]) -> Corpus:
    """Put corpora together, one after another; what was skipped is added up.

    Examples
    --------
    >>> one = Corpus((), {"no answer": 2})
    >>> join_corpora([one, one]).skipped
    {'no answer': 4}
    """
    rows: list[CorpusRow] = []
    skipped: Counter[str] = Counter()
    notes: dict[str, None] = {}
    for corpus in corpora:
        rows.extend(corpus.rows)
        skipped.update(corpus.skipped)
        notes.update(dict.fromkeys(corpus.notes))
    return Corpus(tuple(rows), dict(skipped), tuple(notes))


def flat(text: object) -> str:
    r"""Write a text in one line, so that no part of it can pass for a heading or an option.

    Examples
    --------
    >>> flat("Are you\n  happy? ")
    'Are you happy?'
    """
    return " ".join(str(text).split())
