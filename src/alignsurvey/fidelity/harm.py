"""Whom a repair harms: groups whose distribution is further from people's than before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from alignsurvey.fidelity.pooling import Key, Replicates, holm, pooled_difference
from alignsurvey.fidelity.repairing import Line
from alignsurvey.fidelity.result import OVERALL

_DISTANCES = ("w1_normalized", "tv")
"""Distance of an ordered target, and of a nominal one; by draw, which has the right spread."""

_SHOWN = 5


def repair_notes(
    lines: Sequence[Line],
    replicates: Replicates,
    effects: Mapping[str, Sequence[float]],
    level: float,
) -> tuple[str, ...]:
    """Say which groups each repair makes worse, and what raking costs.

    Parameters
    ----------
    lines : sequence of Line
    replicates : Replicates
    effects : mapping of str to sequence of float
        Design effects of raked weights, one a pilot, by line.
    level : float
        Confidence level; a group is named where the paired difference is positive at it after
        Holm's correction over the line's groups and targets.
    """
    notes = []
    for line in lines:
        if line.name in effects:
            mean = float(np.mean(effects[line.name]))
            notes.append(f"{line.name}: design effect of the raked weights {mean:.2f}")
        worse = _worse(line, replicates, level) if line.repair is not None else []
        if worse:
            more = f" and {len(worse) - _SHOWN} more" if len(worse) > _SHOWN else ""
            notes.append(
                f"{line.name} makes groups worse (distance of draws, before and after): "
                f"{'; '.join(worse[:_SHOWN])}{more}"
            )
    return tuple(notes)


def _worse(line: Line, replicates: Replicates, level: float) -> list[str]:
    """Groups and targets that a repair makes worse, in words; the worst first."""
    found, p_values = [], []
    metric_of = _metrics(line, replicates)
    for (target, group), metric in metric_of.items():
        after = Key(line.name, "draw", "marginal", metric, target, group)
        before = after._replace(simulator=line.spec.name)
        if before not in replicates or after not in replicates:
            continue
        one, two = replicates.table(after), replicates.table(before)
        pilots = min(len(one), len(two))
        difference, _, _, p = pooled_difference(one[:pilots], two[:pilots], level)
        if np.isnan(difference):
            continue
        p_values.append(p)
        was, now = np.nanmean(two[:pilots, 0]), np.nanmean(one[:pilots, 0])
        found.append((difference, f"{target} in {group} {was:.3f}, {now:.3f}"))
    kept = [
        one for one, p in zip(found, holm(p_values), strict=True) if one[0] > 0 and p < 1 - level
    ]
    return [text for _, text in sorted(kept, reverse=True)]


def _metrics(line: Line, replicates: Replicates) -> dict[tuple[str, str], str]:
    """The distance that each target is judged by in each group."""
    found: dict[tuple[str, str], str] = {}
    for metric in reversed(_DISTANCES):
        for key in replicates.keys():  # noqa: SIM118
            if (key.simulator, key.variant, key.metric) != (line.name, "draw", metric):
                continue
            if key.group != OVERALL:
                found[key.target, key.group] = metric
    return found
