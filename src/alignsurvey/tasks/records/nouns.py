"""What a row of the benchmark says: profile, dialogue, question, options in order, answer."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from alignsurvey.tasks.records.faults import Mend

Attribute = str | int | float | tuple[str, ...]
"""A profile's value: as text, as a number, or several texts."""

Profile = tuple[tuple[str, Attribute], ...]
"""Ordered pairs: labels are pairs, never keys of a mapping, so that order and doubles survive."""


class RecordTask(StrEnum):
    """The four tasks for individuals, and two of them for groups."""

    ROLE = "role"
    INTERVIEW = "interview"
    STANCE = "stance"
    RESPONSE = "response"
    STANCE_GROUP = "stance-group"
    RESPONSE_GROUP = "response-group"


INDIVIDUAL_TASKS = (
    RecordTask.ROLE,
    RecordTask.INTERVIEW,
    RecordTask.STANCE,
    RecordTask.RESPONSE,
)


class Turn(NamedTuple):
    """One utterance of a dialogue, with the speaker's name as the prompt has it."""

    speaker: str
    text: str


class Option(NamedTuple):
    """One answer option as shown; without a letter (``""``) where the prompt has none."""

    letter: str
    text: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The fixed text around a record's parts, kept so that it can be written again.

    Parameters
    ----------
    frame : tuple of str
        What stands before, between and after the parts, in the prompt's order.
    pair : str
        Between an attribute's name and its value.
    option : str
        Between a letter and its option.
    turns : tuple of (speaker, text)
        For each speaker what stands before its name when it is not the first of the dialogue.
    colon : str
        Between a speaker and an utterance.
    """

    frame: tuple[str, ...] = ()
    pair: str = ": "
    option: str = ". "
    turns: tuple[tuple[str, str], ...] = ()
    colon: str = "："


@dataclass(frozen=True, kw_only=True)
class Record:
    """One row, read back into its parts.

    Parameters
    ----------
    row : int
        Which row of the file, from 1.
    instruction, input, output : str
        As the file has them; `output` may come from ``label``.
    profile : tuple of (name, value)
        Attributes in the order of the prompt; blank ones are absent.
    dialogue : tuple of Turn
        Utterances before the question.
    theme : str
        Segment of the interview, or theme of the stance; "" if there is none.
    question : str
        What is asked.
    options : tuple of Option
        In the order shown.
    answers : tuple of str
        The texts of the answer: one, or several for an attribute that is a list. Spelt as the
        options are.
    person : str or int, optional
        Who answered, where the file has an id for people.
    metadata : tuple of (name, value)
        Everything else of the row.
    repairs : tuple of Mend
        What was mended in its prompt or answer.
    """

    task: ClassVar[RecordTask]

    row: int
    instruction: str = field(repr=False)
    input: str = field(default="", repr=False)
    output: str = field(default="", repr=False)
    profile: Profile = field(default=(), repr=False)
    dialogue: tuple[Turn, ...] = field(default=(), repr=False)
    theme: str = ""
    question: str = ""
    options: tuple[Option, ...] = ()
    answers: tuple[str, ...] = ()
    person: Hashable = None
    metadata: tuple[tuple[str, Any], ...] = field(default=(), repr=False)
    repairs: tuple[Mend, ...] = ()
    layout: Layout = field(default=Layout(), repr=False)

    @property
    def answer(self) -> str:
        """The answer as one text; several are joined by 、."""
        return "、".join(self.answers)

    @property
    def prompt(self) -> str:
        """Instruction and input as one text, as they are put to a model."""
        return f"{self.instruction}\n{self.input}" if self.input.strip() else self.instruction

    @property
    def choice(self) -> int | None:
        """Place of the answer among the options, from 0; None if it is not one of them."""
        texts = [option.text for option in self.options]
        return texts.index(self.answer) if self.answer in texts else None

    def attribute(self, name: str) -> str | None:
        """Text of a profile's attribute, None if it is missing.

        Examples
        --------
        >>> record = ResponseRecord(row=1, instruction="…", profile=(("members", ("a", "b")),))
        >>> record.attribute("members"), record.attribute("age")
        ('a, b', None)
        """
        for key, value in self.profile:
            if key == name:
                return attribute_text(value)
        return None


@dataclass(frozen=True, kw_only=True)
class RoleRecord(Record):
    """Task 1: one segment's dialogue, and which attribute of the respondent is to be told."""

    task: ClassVar[RecordTask] = RecordTask.ROLE
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class InterviewRecord(Record):
    """Task 2: profile, earlier utterances, the current question, the next answer.

    A window of the foundation corpus (five turns, then the next) has no profile and no question.
    """

    task: ClassVar[RecordTask] = RecordTask.INTERVIEW


@dataclass(frozen=True, kw_only=True)
class StanceRecord(Record):
    """Task 3.1: profile and theme; the stance and the reason for it."""

    task: ClassVar[RecordTask] = RecordTask.STANCE
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class ResponseRecord(Record):
    """Task 4.1: profile, question, lettered options; the option chosen."""

    task: ClassVar[RecordTask] = RecordTask.RESPONSE


@dataclass(frozen=True, kw_only=True)
class GroupRow(Record):
    """A group's question as released: the profile is the group's definition, nobody's own.

    Parameters
    ----------
    shares : tuple of float
        Share of each option, in the order shown; they sum to 1.
    """

    shares: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StanceGroupRow(GroupRow):
    """Task 3.2: how a group's stances are distributed."""

    task: ClassVar[RecordTask] = RecordTask.STANCE_GROUP


@dataclass(frozen=True, kw_only=True)
class ResponseGroupRow(GroupRow):
    """Task 4.2: how a group's answers to a question are distributed."""

    task: ClassVar[RecordTask] = RecordTask.RESPONSE_GROUP


def attribute_text(value: Attribute) -> str:
    """Write an attribute's value as prompts do: whole numbers as integers, lists with commas.

    Examples
    --------
    >>> attribute_text(64.0), attribute_text(("own home", "car"))
    ('64', 'own home, car')
    """
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
