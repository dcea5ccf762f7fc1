"""Where a codebook puts a prompt's options: their positions, or none for a nominal item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from alignsurvey.survey.codebook import Codebook, Variable
from alignsurvey.tasks.replies import Options
from alignsurvey.tasks.replies.wording import fold


class Question(Protocol):
    """What a row asked."""

    @property
    def key(self) -> str:
        """The question in one spelling."""

    @property
    def options(self) -> Options:
        """The options, in the order shown."""


@dataclass(frozen=True)
class Placing:
    """Positions of a prompt's options.

    Parameters
    ----------
    positions : tuple of float or None
        One an option, in the order shown; None where the item has no order.
    note : str
        Why the prompt's order or no order was taken; "" where the codebook decides.
    """

    positions: tuple[float, ...] | None
    note: str = ""


def in_order_shown(options: Options, note: str = "") -> Placing:
    """Place options at 0..K-1 in the order of the prompt."""
    return Placing(tuple(float(place) for place in range(len(options))), note)


def place_options(asked: Question, codebook: Codebook | None) -> Placing:
    """Look a question's options up in a codebook.

    The item is found by its wording or its name; failing that by its options, where all items
    that have them agree on their positions.

    Parameters
    ----------
    asked : Question
    codebook : Codebook or None
        None: the order of the prompt's options.

    Returns
    -------
    Placing

    Examples
    --------
    >>> from alignsurvey.benchmark.strict.content import Asked
    >>> from alignsurvey.survey import Category, Scale, Variable
    >>> mood = Variable("mood", "Content?", Scale.ORDINAL,
    ...                 (Category(1, "no"), Category(2, "partly"), Category(5, "yes", )))
    >>> shown = Asked("Content?", "content", (("A", "yes"), ("B", "no")))
    >>> place_options(shown, Codebook((mood,))).positions
    (3.0, 1.0)
    >>> place_options(shown, None).positions
    (0.0, 1.0)
    """
    if codebook is None:
        return in_order_shown(asked.options)
    named = [one for one in codebook if asked.key in (fold(one.text), fold(one.name))]
    if named:
        placed = _placed(named[0], asked.options)
        if isinstance(placed, str):
            why = f"the codebook's {named[0].name!r} lacks {placed!r}"
            return in_order_shown(asked.options, f"{why}; positions in the order of the prompt")
        return placed
    placings = {one for one in _all_placed(codebook, asked.options) if not isinstance(one, str)}
    if len(placings) == 1:
        return placings.pop()
    why = "is not in the codebook" if not placings else "could be several items of the codebook"
    return in_order_shown(asked.options, f"{why}; positions in the order of the prompt")


def _all_placed(variables: Iterable[Variable], options: Options) -> Iterable[Placing | str]:
    return (_placed(one, options) for one in variables)


def _placed(variable: Variable, options: Options) -> Placing | str:
    """Return the positions of the options, or the first one that the variable lacks."""
    scores = _scores(variable)
    for _, text in options:
        if fold(text) not in scores:
            return text
    is_scored = any(one.score is not None for one in variable.categories)
    if not variable.is_ordered and not is_scored:
        return Placing(None, "the codebook calls the item nominal; TV and no W1")
    return Placing(tuple(scores[fold(text)] for _, text in options))


def _scores(variable: Variable) -> Mapping[str, float]:
    return {
        fold(label): float(position)
        for label, position in zip(variable.labels, variable.positions, strict=True)
    }
