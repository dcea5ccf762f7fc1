"""Differences between groups: are they as large in the simulation as among people?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alignsurvey import metrics
from alignsurvey.fidelity.grouping import Group
from alignsurvey.fidelity.pooling import pooled
from alignsurvey.fidelity.targets import Answers, Floats, Target


@dataclass
class GapReplicates:
    """Gaps of one simulator, variant, target and grouping, pilot by pilot."""

    human: list[Floats] = field(default_factory=list)
    simulated: list[Floats] = field(default_factory=list)
    between: list[float] = field(default_factory=list)
    within: list[float] = field(default_factory=list)
    errors: list[Floats] = field(default_factory=list)
    groups: tuple[str, ...] = ()

    def absorb(self, other: GapReplicates) -> None:
        """Add the gaps of other pilots, if they are between the same groups."""
        if self.groups and other.groups != self.groups:
            return  # a group fell below the minimum among this pilot's judges
        self.groups = other.groups
        self.human += other.human
        self.simulated += other.simulated
        self.between += other.between
        self.within += other.within
        self.errors += other.errors


GapTable = dict[tuple[str, str, str, str], GapReplicates]


def add_gaps(
    found: GapTable,
    place: tuple[str, str],
    targets: Sequence[Target],
    human: Mapping[str, Answers],
    simulated: Mapping[str, Answers],
    groups: Sequence[Group],
    weights: Floats,
    minimum_n: int,
) -> None:
    """Add one pilot's gaps of a simulator and variant, for every target and grouping.

    Only groups with at least `minimum_n` people count, and only groupings with two of them.
    """
    groupings = dict.fromkeys(group.grouping for group in groups if group.grouping)
    for target in targets:
        if not target.has_scores:
            continue
        y, f = human[target.name].scores, simulated[target.name].scores
        known = ~np.isnan(y) & ~np.isnan(f)
        for grouping in groupings:
            members = [group for group in groups if group.grouping == grouping]
            members = [one for one in members if (one.rows & known).sum() >= minimum_n]
            if len(members) < 2:
                continue
            gap = GapReplicates(groups=tuple(member.name for member in members))
            _add(gap, y, f, [member.rows & known for member in members], weights)
            found.setdefault((*place, target.name, grouping), GapReplicates()).absorb(gap)


def _add(
    gap: GapReplicates, y: Floats, f: Floats, rows: list[NDArray[np.bool_]], weights: Floats
) -> None:
    member = np.stack(rows, axis=1)
    human, simulated = _group_means(y, member, weights), _group_means(f, member, weights)
    gap.human.append(np.ptp(human, axis=-1))
    gap.simulated.append(np.ptp(simulated, axis=-1))
    gap.errors.append(simulated[0] - human[0])
    inside = member.any(axis=1)
    label, base = member[inside].argmax(axis=1), weights[0, inside]
    between, within = metrics.variance_ratios(y[inside], f[inside], label, base)
    gap.between.append(float(between))
    gap.within.append(float(within))


def _group_means(scores: Floats, member: NDArray[np.bool_], weights: Floats) -> Floats:
    """Mean score of each group for each row of weights, shape (B, groups), in one product."""
    inside = member.any(axis=1)
    one = member[inside].astype(np.float64)
    sums = weights[:, inside] @ np.hstack([one * scores[inside, None], one])
    total = sums[:, one.shape[1] :]
    mean: Floats = np.divide(
        sums[:, : one.shape[1]], total, out=np.full_like(total, np.nan), where=total > 0
    )
    return mean


def gap_rows(found: GapTable, level: float) -> list[dict[str, object]]:
    """Give a row for each gap; see `FidelityResult.gaps`."""
    rows: list[dict[str, object]] = []
    for (simulator, variant, target, grouping), gap in found.items():
        human, simulated = np.stack(gap.human), np.stack(gap.simulated)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(human > 0, simulated / human, np.nan)
        value, low, high = pooled(ratio, level, (0, np.inf))
        errors = np.mean(gap.errors, axis=0)
        worst = int(np.argmax(np.abs(errors)))
        rows.append(
            {
                "simulator": simulator,
                "variant": variant,
                "target": target,
                "grouping": grouping,
                "groups": len(gap.groups),
                "gap_human": float(human[:, 0].mean()),
                "gap_simulated": float(simulated[:, 0].mean()),
                "gap_inflation": value,
                "low": low,
                "high": high,
                "between_ratio": float(np.mean(gap.between)),
                "within_ratio": float(np.mean(gap.within)),
                "worst_group": gap.groups[worst],
                "worst_error": float(errors[worst]),
            }
        )
    return rows
