"""Temperature: one power of the probabilities an item, against over- or underconfidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from alignsurvey.rectify.repair.evidence import Evidence, ItemEvidence
from alignsurvey.rectify.repair.fitted import FittedItems, ShareMap, fitted_items
from alignsurvey.rectify.repair.power import choose_powers, powered, surprise


@dataclass(frozen=True)
class Temperature:
    """Raise probabilities to a power that the pilot's likelihood chooses: ``p^(1/T)``.

    T above 1 makes an overconfident simulator less sure. Which option is the likeliest stays; the
    marginal does not become the pilot's (see `Tilt` for that).

    References
    ----------
    Guo et al. (2017), arXiv 1706.04599.
    """

    @property
    def name(self) -> str:
        """Name in a study."""
        return "temperature"

    def fit(self, evidence: Evidence) -> FittedItems:
        """Choose the temperature of each item, shrunk to the items' common one."""
        items = evidence.items
        powers = dict(
            zip(items, choose_powers([_loss(one) for one in items.values()]), strict=True)
        )
        maps = {item: _map(b) for item, b in powers.items()}
        parameters = {item: {"temperature": 1 / b} for item, b in powers.items()}
        return fitted_items(self.name, evidence, maps, parameters=parameters)


def _map(b: float) -> ShareMap:
    return lambda p, levels: powered(p, b)


def _loss(one: ItemEvidence) -> Callable[[float], float]:
    return lambda b: surprise(powered(one.p, b), one.y, one.weights)
