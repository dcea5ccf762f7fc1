"""Item distributions as small multiples: an item a card, an option a row, a simulator a column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from alignsurvey.report.vocabulary import known

if TYPE_CHECKING:
    from alignsurvey.fidelity.result import FidelityResult


@dataclass(frozen=True, slots=True)
class Option:
    """An answer option: its share among people, and in each simulator."""

    code: str
    label: str
    human: float | None
    simulated: tuple[float | None, ...]

    def never(self, share: float | None) -> bool:
        """Whether people choose this option and a simulator never does."""
        return share == 0 and (self.human or 0) > 0


@dataclass(frozen=True, slots=True)
class ItemCard:
    """An item's distribution among people and in each simulator.

    Parameters
    ----------
    item, text : str
    n : int, optional
        People whose answers are shown.
    simulators : tuple of str
    options : tuple of Option
    largest : float
        The largest share on the card; bars are drawn to it.
    """

    item: str
    text: str
    n: int | None
    simulators: tuple[str, ...]
    options: tuple[Option, ...]
    largest: float


def item_cards(result: FidelityResult) -> list[ItemCard]:
    """Bring the distributions of a result into cards, in the order of the study."""
    table = result.distributions
    if table.is_empty():
        return []
    texts = result.about.get("items", {})
    return [
        _card(str(item), str(texts.get(item, "")), own, _people(result, str(item)))
        for (item,), own in table.group_by("item", maintain_order=True)
    ]


def _card(item: str, text: str, table: pl.DataFrame, n: int | None) -> ItemCard:
    simulators = tuple(table["simulator"].unique(maintain_order=True).to_list())
    options = []
    for (code, label), own in table.group_by("code", "label", maintain_order=True):
        shares = {row["simulator"]: _share(row["simulated"]) for row in own.to_dicts()}
        people = [share for share in map(_share, own["human"]) if share is not None]
        options.append(
            Option(
                str(code),
                str(label or code),
                people[0] if people else None,
                tuple(shares.get(simulator) for simulator in simulators),
            )
        )
    every = [share for one in options for share in (one.human, *one.simulated) if share]
    return ItemCard(item, text if text != item else "", n, simulators, tuple(options),
                    max(every, default=1.0))  # fmt: skip


def _share(value: float | None) -> float | None:
    return value if known(value) else None


def _people(result: FidelityResult, item: str) -> int | None:
    own = result.scores.filter((pl.col("target") == item) & (pl.col("group") == "overall"))
    largest = own["n"].cast(pl.Int64, strict=False).max() if own.height else None
    return largest if isinstance(largest, int) else None
