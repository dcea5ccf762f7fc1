"""The report: one HTML file that holds everything it shows and needs no network."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignsurvey.report.benchmark_page import TaskRun, tasks_context
from alignsurvey.report.coefficients import CoefficientSet, coefficient_sets
from alignsurvey.report.comparisons import differences
from alignsurvey.report.distributions import item_cards
from alignsurvey.report.figures import as_svg, axes_chart, coefficient_chart
from alignsurvey.report.gaps import gap_table
from alignsurvey.report.headline import leaders, verdicts
from alignsurvey.report.html import render, versions, write_page
from alignsurvey.report.rectified import rectified_context
from alignsurvey.report.rows import Cell, ScoreRows, facts, score_rows, simulator_kind
from alignsurvey.report.sections import by_target, outcomes, targets_of, unscored, unused
from alignsurvey.report.subgroups import heat_map
from alignsurvey.report.vocabulary import (
    AXIS_QUESTIONS,
    MARKS,
    STANDING_WORDS,
    metric_of,
)
from alignsurvey.report.words import intervals_in_words, pilot_in_words

if TYPE_CHECKING:
    from alignsurvey.fidelity.result import FidelityResult

SELECTED = 8
"""Simulators that distributions and coefficients show at first."""

FURTHER = ("entropy_ratio", "jsd", "w1", "macro_f1", "brier", "log_loss")
"""Metrics in a table of their own: they say much the same as others."""

OPEN_ITEMS = 12
"""Items whose distributions are shown unfolded."""

NOTHING_KNOWN: dict[str, Any] = dict.fromkeys(
    ("version", "scored_n", "profile", "items", "scales", "groups", "pilot")
)
MOST_FIGURES = 12
"""Figures of coefficients; further ones are given as tables only."""


def write_report(
    result: FidelityResult,
    path: str | os.PathLike[str],
    title: str | None = None,
    command: str | None = None,
    benchmarks: Sequence[TaskRun] = (),
) -> Path:
    """Write the report of a study as one self-contained HTML file.

    The file appears only when it is complete.

    Parameters
    ----------
    result : FidelityResult
    path : path
    title : str, optional
        Named after the survey by default.
    command : str, optional
        The command that made the result, for readers who want to repeat it.
    benchmarks : sequence of TaskRun
        Runs of the four tasks, which get a section of their own.

    Returns
    -------
    Path
        Where it was written.

    Examples
    --------
    >>> import alignsurvey as als
    >>> study = als.Study.parse({
    ...     "survey": {"example": "anes96"}, "profile": ["PID"], "items": ["vote"],
    ...     "pilot": {"replicates": 1}, "bootstrap": {"replicates": 50},
    ...     "simulators": ["baseline/logit"],
    ... })
    >>> result = als.run_study(study)
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_report(result, f"{folder}/report.html", title="Vote, 1996")
    ...     print(path.read_text(encoding="utf-8")[:15])
    <!DOCTYPE html>
    """
    return write_page(render_report(result, title, command, benchmarks), path)


def render_report(
    result: FidelityResult,
    title: str | None = None,
    command: str | None = None,
    benchmarks: Sequence[TaskRun] = (),
) -> str:
    """Render the report of a study as HTML.

    Parameters
    ----------
    result : FidelityResult
    title, command, benchmarks
        See `write_report`.

    Returns
    -------
    str
        A whole page, which loads nothing from anywhere.

    Examples
    --------
    >>> import alignsurvey as als
    >>> study = als.Study.parse({
    ...     "survey": {"example": "anes96"}, "profile": ["PID"], "items": ["vote"],
    ...     "pilot": {"replicates": 1}, "bootstrap": {"replicates": 50},
    ...     "simulators": ["baseline/logit"],
    ... })
    >>> result = als.run_study(study)
    >>> "<h1>Vote, 1996</h1>" in render_report(result, title="Vote, 1996")
    True
    """
    context = _context(result, title, command) | tasks_context(benchmarks)
    context |= rectified_context(result)
    return render("page.html.j2", context)


def _context(result: FidelityResult, title: str | None, command: str | None) -> dict[str, Any]:
    rows = score_rows(result)
    order = list(dict.fromkeys([*facts(result), *(row.simulator for row in rows.simulators)]))
    selected = selected_simulators(result, order)
    sets = coefficient_sets(result, selected)
    heat = [heat_map(result, axis, rows.key_metric(axis)) for axis in rows.metrics]
    return _study_facts(result, title, command) | {
        "simulators": [_simulator(name, place, facts(result).get(name, {}), selected)
                       for place, name in enumerate(order)],
        "class_of": {name: f"s{place}" for place, name in enumerate(order)},
        "metric_of": metric_of,
        "marks": MARKS,
        "standing_words": STANDING_WORDS,
        "rows": rows,
        "no_cell": Cell(None),
        "targets_of": targets_of(rows),
        "first_metrics": _metrics(rows, first=True),
        "further_metrics": _metrics(rows, first=False),
        "verdicts": verdicts(result, rows),
        "leaders": leaders(rows),
        "axes_figures": _axes_figures(result, rows),
        "by_target": by_target(result),
        "cards": item_cards(result),
        "coefficient_sets": [(one, _coefficient_figure(one, place))
                             for place, one in enumerate(sets)],
        "heat_maps": [one for one in heat if one is not None],
        "gaps": gap_table(result),
        "comparisons": differences(result),
        "outcomes": outcomes(result),
        "unused": unused(result),
        "unscored": unscored(result),
    }  # fmt: skip


def _study_facts(result: FidelityResult, title: str | None, command: str | None) -> dict[str, Any]:
    """What is said about the study as a whole."""
    about = NOTHING_KNOWN | dict(result.about)
    survey = dict.fromkeys(("source", "n", "language", "weight", "design_effect"))
    survey |= dict(about.get("survey") or {})
    plain = "Fidelity of simulated answers"
    return {
        "title": title or (f"{plain}: {survey['source']}" if survey["source"] else plain),
        "command": command or about.get("command"),
        "about": about,
        "survey": survey,
        "axis_questions": AXIS_QUESTIONS,
        "open_items": OPEN_ITEMS,
        "left_out": result.left_out.to_dicts(),
        "notes": result.notes,
        "pilot_words": pilot_in_words(about),
        "interval_words": intervals_in_words(about),
        "versions": versions(about["version"]),
    }


def selected_simulators(result: FidelityResult, order: list[str]) -> list[str]:
    """The simulators shown at first: models before constructed ones, trivial ones if alone."""
    about = facts(result)
    kinds = {name: simulator_kind(about.get(name, {})) for name in order}
    ranked = [
        *(name for name in order if kinds[name] == "simulator"),
        *(name for name in order if kinds[name] == "constructed"),
    ]
    chosen = (ranked or order)[:SELECTED]
    return [name for name in order if name in chosen]


def _simulator(
    name: str, place: int, fact: Mapping[str, Any], selected: list[str]
) -> dict[str, Any]:
    kind = simulator_kind(fact)
    return {
        "name": name,
        "class": f"s{place}",
        "tag": kind if kind in ("constructed", "trivial") else "",
        "by": fact.get("by") or "",
        "use": fact.get("use") or "",
        "certain": bool(fact.get("certain")),
        "selected": name in selected,
    }


def _metrics(rows: ScoreRows, first: bool) -> dict[str, list[str]]:
    """The metrics of the table of scores, or those that are set apart from it."""
    axes = {
        axis: [name for name in names if (name in FURTHER) != first]
        for axis, names in rows.metrics.items()
    }
    return {axis: names for axis, names in axes.items() if names}


def _axes_figures(result: FidelityResult, rows: ScoreRows) -> list[tuple[str, str]]:
    """The three axes side by side, and below each other for a narrow page."""
    if not any(rows.metrics.values()):
        return []
    description = (
        "A row a simulator, a panel an axis: its score with interval, the human ceiling as a line, "
        "the best trivial baseline as a tick. The numbers are in the table of scores."
    )
    figures = []
    for layout in ("wide", "narrow"):
        chart = axes_chart(result, stacked=layout == "narrow")
        if chart is not None:
            figures.append(
                (layout, as_svg(chart, f"axes-{layout}", "The three axes of fidelity", description))
            )
    return figures


def _coefficient_figure(one: CoefficientSet, place: int) -> str:
    if place >= MOST_FIGURES or not one.points:
        return ""
    return as_svg(
        coefficient_chart(one.points),
        f"coefficients-{place}",
        f"Coefficients for {one.target}: {one.description}",
        "A panel a simulator: simulated against people's coefficients with intervals and the "
        "identity line. The numbers are in the table below.",
    )
