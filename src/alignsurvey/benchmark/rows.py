"""Prediction files: rows of prompt, prediction and label, as any tool writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Task(StrEnum):
    """A task of the benchmark, individual or for groups."""

    ROLE = "role"
    INTERVIEW = "interview"
    STANCE = "stance"
    STANCE_GROUP = "stance-group"
    RESPONSE = "response"
    RESPONSE_GROUP = "response-group"


@dataclass(frozen=True)
class PredictionRow:
    """One row of a prediction file.

    Parameters
    ----------
    line : int
        Line of the file, or place in the array, from 1.
    case : str
        The row's ``case`` if it has one, else its line number.
    content : mapping
        The row as it stands: ``prompt`` or ``instruction``, ``predict`` or ``prediction``,
        ``label`` or ``output``, anything else. Values are raw; a prediction may be null or absent.
    """

    line: int
    case: str
    content: Mapping[str, Any]

    @property
    def prompt(self) -> str:
        """What was asked, "" if the file does not say."""
        for key in ("prompt", "instruction"):
            asked = self.content.get(key)
            if isinstance(asked, str):
                return asked
        return ""


@dataclass(frozen=True)
class Problem:
    """A row, or a part of a file, that could not be read or is odd; counted and shown."""

    line: int
    what: str


@dataclass(frozen=True)
class RowFile:
    """A prediction file.

    Parameters
    ----------
    name : str
        As given by the user.
    rows : tuple of PredictionRow
    problems : tuple of Problem
        Whatever could not be read: nothing is dropped without being here.
    """

    name: str
    rows: tuple[PredictionRow, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class FileScore:
    """The score of one prediction file in one mode.

    Parameters
    ----------
    metrics : mapping
        Metric name -> number, or a mapping such as accuracy by option.
    rows : mapping
        Case -> what was read of the row and how it was judged.
    problems : tuple of Problem
        Rows that were counted out, with the reason.
    """

    metrics: Mapping[str, Any]
    rows: Mapping[str, Mapping[str, Any]]
    problems: tuple[Problem, ...] = field(default=())
