"""Crosstabs of a study: shares of an item's options, or a scale's mean, in every group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey import rectify
from alignsurvey.errors import InputError
from alignsurvey.fidelity.estimate_rows import (
    ALL,
    PILOT,
    WIDER,
    Line,
    allowed,
    line_to_publish,
    row_of,
)
from alignsurvey.fidelity.estimate_samples import NO_GROUP, sample_for, variable_groups
from alignsurvey.fidelity.fielded import Fielded
from alignsurvey.fidelity.grouping import Group
from alignsurvey.fidelity.targets import Answers
from alignsurvey.fidelity.wanted import Wanted
from alignsurvey.rectify.diagnostics import MANY_HUMANS

Array = NDArray[np.float64]
Row = dict[str, Any]


def crosstab_rows(
    fielded: Fielded, wanted: Wanted, methods: Sequence[str], level: float, *, simultaneous: bool
) -> list[Row]:
    """Estimate an item in every group, by the pilot alone, each simulator and all together.

    Cells are estimated at once, their lambdas shrunk to the item's (`rectify.crosstab`); one by
    one where several simulators go together, or where strata or clusters have to enter variances.
    """
    groups = variable_groups(fielded, str(wanted.by))
    variable = fielded.targets[wanted.target].variable
    items = list(variable.labels) if variable else [wanted.target]
    # Sidak's level for cells that are estimated one by one.
    one_level = level ** (1 / (len(groups) * len(items))) if simultaneous else level
    plan, known = _plan(fielded, methods), _known(fielded, wanted, groups)
    publish = line_to_publish(fielded, plan)
    survey = fielded.everybody
    complex_design = survey.stratum() is not None or survey.cluster() is not None
    rows: list[tuple[tuple[int, int, int], Row]] = []
    for place, (label, names, method) in enumerate(plan):
        if complex_design or method == "multi":
            found = _one_by_one(fielded, wanted, groups, (label, names, method), one_level)
        else:
            found = _at_once(fielded, wanted, groups, names, level, simultaneous=simultaneous)
        for g, k, numbers in found:
            row = {
                "target": wanted.text, "group": groups[g].name, "name": items[k],
                "simulator": label, "method": method, "valid": True,
                "recommended": (label, method) == publish and numbers["value"] is not None,
                "known": known[g][k],
            }  # fmt: skip
            # A cell of a simultaneous table has Sidak's level; the table has the nominal one.
            rows.append(((k, g, place), row | numbers | {"level": level}))
    return [row for _, row in sorted(rows, key=lambda one: one[0])]


def _plan(fielded: Fielded, methods: Sequence[str]) -> list[Line]:
    plan: list[Line] = [(PILOT, [], "classical")]
    plan += [(name, [name], "cross" if name in fielded.learned else "ppi++")
             for name in fielded.simulated]  # fmt: skip
    plain = [spec.name for spec in fielded.study.simulators]
    if len(plain) > 1:
        plan.append((ALL, plain, "multi"))
    return allowed(plan, methods)


def _known(fielded: Fielded, wanted: Wanted, groups: Sequence[Group]) -> list[list[float | None]]:
    """Values among all people of each group and option, where the pilot was drawn from them."""
    human, w = fielded.human[wanted.target], fielded.everybody.weights
    table = _table(human)
    found: list[list[float | None]] = []
    for group in groups:
        rows = group.rows & human.answered & (w > 0)
        if fielded.is_drawn and rows.any():
            found.append([float(x) for x in np.average(table[rows], axis=0, weights=w[rows])])
        else:
            found.append([None] * table.shape[1])
    return found


def _at_once(
    fielded: Fielded, wanted: Wanted, groups: Sequence[Group], names: Sequence[str], level: float,
    *, simultaneous: bool,
) -> Iterator[tuple[int, int, Row]]:  # fmt: skip
    survey, human = fielded.everybody, fielded.human[wanted.target]
    member = np.full(survey.n, NO_GROUP, dtype=object)
    for group in groups:
        member[group.rows] = group.name
    y = _table(human)
    f = _table(fielded.simulated[names[0]][wanted.target]) if names else np.zeros_like(y)
    pilot, rest = fielded.in_pilot & human.answered, ~fielded.in_pilot
    options = [str(k) for k in range(y.shape[1])]
    found = rectify.crosstab(
        y[pilot], f[pilot], f[rest], member[pilot], member[rest], items=options,
        weights=survey.weights[pilot], weights_rest=survey.weights[rest], level=level,
        simultaneous=simultaneous,
    )  # fmt: skip
    order = {group.name: place for place, group in enumerate(groups)}
    shares = fielded.targets[wanted.target].variable is not None
    for cell in found.to_dicts():
        if cell["group"] in order:
            numbers = _cell(cell, simulated=bool(names), shares=shares)
            yield order[cell["group"]], int(cell["item"]), numbers


def _one_by_one(
    fielded: Fielded, wanted: Wanted, groups: Sequence[Group], line: Line, level: float
) -> Iterator[tuple[int, int, Row]]:
    _, names, method = line
    target = fielded.targets[wanted.target]
    options = range(len(target.variable.labels)) if target.variable else [None]
    for g, group in enumerate(groups):
        for k, option in enumerate(options):
            kind: Any = "mean" if option is None else "share"
            run = rectify.mean if option is None else rectify.share
            limits = target.limits if option is None else (0.0, 1.0)
            try:
                sample = sample_for(
                    fielded, replace(wanted, kind=kind, option=option), names, group.rows
                )
                one = run(sample, method=method, level=level, seed=fielded.study.seed)
            except InputError as error:
                yield g, k, {"value": None, "reason": str(error)}
                continue
            yield g, k, row_of(one, limits, in_group=True)


def _table(answers: Answers) -> Array:
    return answers.scores[:, None] if answers.shares is None else answers.shares


def _cell(cell: Row, *, simulated: bool, shares: bool) -> Row:
    """Numbers of a cell and its verdict; those of shares stay inside [0, 1]."""
    numbers = {key: cell[key] for key in ("value", "low", "high", "se", "n", "N", "n_eff")}
    if shares:
        for key in ("value", "low", "high"):
            if numbers[key] is not None:
                numbers[key] = min(max(numbers[key], 0.0), 1.0)
    numbers |= {"lambda": cell["lambda"], "verdict": None, "reason": cell["note"]}
    if numbers["low"] is None:
        return numbers
    ratio = (cell["n"] / cell["n_eff"]) ** 0.5 if simulated and cell["n_eff"] else None
    said = [cell["note"]] if cell["note"] and simulated else []
    if ratio is not None and ratio > WIDER:
        said.append(f"the correction makes this cell worse: {100 * (ratio - 1):.0f} % wider than "
                    "the pilot alone")  # fmt: skip
    few = cell["n"] < MANY_HUMANS
    careful = few or (ratio is not None and ratio > WIDER)
    said.append(f"only {cell['n']} humans" if few else f"{cell['n']} humans in the cell")
    return numbers | {
        "width_ratio": ratio, "verdict": "use with care" if careful else "use",
        "reason": "; ".join(said),
    }  # fmt: skip
