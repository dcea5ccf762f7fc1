"""From a recorded cell to a category: codes, labels, and codes that mean no answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from alignsurvey.errors import InputError
from alignsurvey.predictions import Outcome
from alignsurvey.simulators.recording import cell_text
from alignsurvey.survey.codebook import Code, Missing, Variable, as_code

Read = tuple[int, Outcome]
"""Position of the category, -1 without an answer; and the outcome."""

_EMPTY = ("", "NA", "NaN", "nan", "<NA>", "null", "None")
_KINDS = {Missing.REFUSED: Outcome.REFUSED, Missing.DONT_KNOW: Outcome.DONT_KNOW}


@dataclass(frozen=True)
class ReplyCodes:
    """How the cells of one item are read.

    A cell is looked for, in this order, among the codes, the codes declared missing, the labels,
    and the labels without regard to case. Empty cells, and NA as R and pandas write it, are no
    reply.

    Examples
    --------
    >>> from alignsurvey.survey import Category, MissingCode, Missing
    >>> mood = Variable("mood", categories=(Category(1, "Bad"), Category(2, "Good")),
    ...                 missing=(MissingCode(9, Missing.REFUSED),))
    >>> codes = ReplyCodes.of(mood)
    >>> codes.read("2.0"), codes.read("bad")
    ((1, <Outcome.ANSWERED: 0>), (0, <Outcome.ANSWERED: 0>))
    >>> codes.read("9")
    (-1, <Outcome.REFUSED: 1>)
    """

    variable: Variable
    known: dict[str, Read] = field(repr=False)

    @classmethod
    def of(cls, variable: Variable) -> ReplyCodes:
        """Prepare to read the cells of an item."""
        if not variable.categories:
            raise InputError(
                f"'{variable.name}' has no declared categories; list its values in the codebook"
            )
        answers = [(index, Outcome.ANSWERED) for index in range(len(variable.categories))]
        gaps = [(-1, _KINDS.get(one.kind, Outcome.NO_REPLY)) for one in variable.missing]
        labels = [*variable.labels, *(one.label for one in variable.missing)]
        both = [*answers, *gaps]
        known: dict[str, Read] = dict.fromkeys(_EMPTY, (-1, Outcome.NO_REPLY))
        known.update(_unambiguous([label.strip().casefold() for label in labels], both))
        known.update(_unambiguous([label.strip() for label in labels], both))
        known.update(zip([cell_text(one.code) for one in variable.missing], gaps, strict=True))
        known.update(zip([cell_text(code) for code in variable.codes], answers, strict=True))
        return cls(variable, known)

    def read(self, value: object) -> Read | None:
        """Read a cell; None if it is neither a code nor a label."""
        text = cell_text(value)
        return self.known.get(text) or self.known.get(text.casefold()) or self._in_a_range(text)

    def unknown(self, value: object, place: str) -> InputError:
        """Say that a cell is neither a code nor a label.

        Parameters
        ----------
        value : object
        place : str
            File, row and column.
        """
        text = cell_text(value)
        shown = text if _number(text) is not None else repr(text)
        return InputError(
            f"{place}: {shown} is no code of '{self.variable.name}' "
            f"({_span(self.variable.codes)}); declare it missing in the codebook if it means no "
            "answer"
        )

    def _in_a_range(self, text: str) -> Read | None:
        number = _number(text)
        if number is None:
            return None
        for span in self.variable.missing_ranges:
            if number in span:
                return -1, _KINDS.get(span.kind, Outcome.NO_REPLY)
        return None


def _unambiguous(labels: list[str], reads: list[Read]) -> Iterable[tuple[str, Read]]:
    """Keep the labels that mean one thing."""
    count = Counter(labels)
    return [(label, read) for label, read in zip(labels, reads, strict=True) if label and
            count[label] == 1]  # fmt: skip


def _number(text: str) -> Code | None:
    try:
        return as_code(float(text))
    except ValueError:
        return None


def _span(codes: tuple[Code, ...]) -> str:
    shown = [str(code) for code in codes]
    return ", ".join(shown) if len(shown) <= 3 else f"{shown[0]} … {shown[-1]}"
