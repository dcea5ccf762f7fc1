"""A plan in words, as a curve and as a page: interval widths for so many humans."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from alignsurvey.report.figures import BLUE, MUTED, as_svg, styled
from alignsurvey.report.html import render, versions, write_page
from alignsurvey.report.numbers import count, interval, number

if TYPE_CHECKING:
    import altair as alt
    import polars as pl

    from alignsurvey.fidelity.planned import StudyPlan

WITHOUT, WITH = "humans alone", "with simulated people"
MOST_PANELS = 9
Table = tuple[str, list[str], list[list[str]]]
"""Title, headings, rows."""


def planning_chart(curve: pl.DataFrame) -> alt.FacetChart:
    """Draw interval width over the number of humans, without and with simulated people.

    Parameters
    ----------
    curve : polars.DataFrame
        `StudyPlan.curve`; a panel a target and simulator, nine at most.

    Examples
    --------
    >>> from alignsurvey.fidelity.planned import plan_assumed
    >>> from alignsurvey.rectify.planning import Assumed
    >>> planning_chart(plan_assumed(Assumed(0.6, 0.5), 10_000).curve).to_dict()["columns"]
    1
    """
    import altair as alt

    points, panels = [], []
    for row in curve.to_dicts():
        panel = f"{row['target']}: {row['simulator']}"
        if panel not in panels:
            panels.append(panel)
        points += [
            {"panel": panel, "n": row["n"], "width": row[key], "which": which}
            for key, which in (("width_humans", WITHOUT), ("width", WITH))
        ]
    shown = panels[:MOST_PANELS]
    points = [point for point in points if point["panel"] in shown]
    legend = alt.Legend(orient="top", symbolType="stroke", symbolSize=300, symbolStrokeWidth=2)
    colour = alt.Color(
        "which:N", title=None, legend=legend,
        scale=alt.Scale(domain=[WITHOUT, WITH], range=[MUTED, BLUE]),
    )  # fmt: skip
    dash = alt.StrokeDash(
        "which:N",
        title=None,
        legend=legend,
        scale=alt.Scale(domain=[WITHOUT, WITH], range=[[5, 4], [1, 0]]),
    )
    ticks = alt.Axis(values=[25, 50, 100, 200, 400, 800, 1600], format="~g")
    chart: alt.FacetChart = (
        alt.Chart(alt.InlineData(values=points), width=250, height=180)
        .mark_line(point=alt.OverlayMarkDef(size=26), strokeWidth=2)
        .encode(
            alt.X("n:Q", title="humans", scale=alt.Scale(type="log", nice=False), axis=ticks),
            alt.Y("width:Q", title="interval width", scale=alt.Scale(zero=True)),
            colour,
            dash,
        )
        .facet(facet=alt.Facet("panel:N", title=None, sort=shown), columns=min(3, len(shown)))
        .resolve_scale(y="independent")
        .resolve_axis(x="independent")
    )
    return styled(chart)


def planning_svg(curve: pl.DataFrame) -> str:
    """Give the curve as an SVG element for a page."""
    description = (
        "A panel a question and simulator: the width of the interval over the number of humans, "
        "for humans alone (dashed) and with simulated people. The numbers are in the table."
    )
    return as_svg(planning_chart(curve), "planning", "Interval width to expect", description)


def planning_tables(plan: StudyPlan, more: Sequence[pl.DataFrame] = ()) -> list[Table]:
    """Give a plan's tables as text.

    Parameters
    ----------
    plan : StudyPlan
    more : sequence of polars.DataFrame
        Of `purchases` and `powers`.
    """
    tables: list[Table] = [_questions(plan), _frame(_TITLES["curve"], plan.curve)]
    tables += [_frame(_TITLES["wanted" if "wanted" in one.columns else "power"], one)
               for one in more if one.height]  # fmt: skip
    if plan.strata.height:
        tables.append(_frame(_TITLES["strata"], plan.strata))
    if plan.divisions.height:
        tables.append(_frame(_TITLES["divisions"], plan.divisions))
    if plan.next is not None:
        tables += [
            _frame("Whom to ask next", plan.next.profiles),
            _frame("Items by their widest interval, as a share of the item's range",
                   plan.next.items),
            _frame(_TITLES["intervals"], plan.next.intervals.head(20)),
        ]  # fmt: skip
    return tables


_TITLES = {
    "curve": "Width of the interval",
    "intervals": "Widest intervals, as a share of the item's range",
    "wanted": "What to buy",
    "power": "Humans in each of two groups to find a difference",
    "strata": "How to share out the humans over strata (Neyman)",
    "divisions": "How to divide the humans between training and rectifying",
}
_FOLDED = {_TITLES[key] for key in ("curve", "intervals", "strata", "divisions")}
"""Tables that a page shows on request: their figure or their sum is shown already."""
_HEADS = {
    "width_humans": "width, humans alone", "width": "width", "n_eff": "n_eff",
    "width_cross": "width, cross-fitted", "n_proportional": "proportional",
    "sd_rectified": "sd, rectified", "humans_only": "humans alone",
    "cost_humans_only": "cost, humans alone", "width_humans_only": "width, humans alone",
    "in_pilot": "in the pilot", "not_asked": "not asked yet", "widest_group": "widest group",
    "humans_after": "humans after", "width_after": "width after", "saved": "humans saved",
}  # fmt: skip


def _questions(plan: StudyPlan) -> Table:
    head = ["target", "simulator", "rho", "interval", "sd", "n", "N", "a human is worth"]
    rows = []
    for one in plan.questions:
        assumed = one.assumed
        ends = interval(one.rho_low, one.rho_high) if one.n else "assumed"
        rows.append(
            [one.target, one.simulator, number(assumed.rho), ends, number(assumed.sd, 3),
             count(one.n) if one.n else "–", count(one.N), number(assumed.gain, 2)]
        )  # fmt: skip
    return "How well the simulator knows people", head, rows


def _frame(title: str, table: pl.DataFrame) -> Table:
    head = [_HEADS.get(name, name) for name in table.columns]
    rows = [[_text(name, value) for name, value in row.items()] for row in table.to_dicts()]
    return title, head, rows


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if name in ("share", "saved"):
        return f"{100 * value:.0f} %"
    if isinstance(value, int) or name == "n_eff":
        return count(value)
    if name.startswith("cost"):
        return f"{value:,.2f}"
    return number(value, 3)


def planning_text(plan: StudyPlan, more: Sequence[pl.DataFrame] = ()) -> str:
    """Write a plan for a terminal."""
    lines = []
    for title, head, rows in planning_tables(plan, more):
        sizes = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
        words = {k for k in range(len(head)) if head[k] in _WORDS}
        lines += [title, *(_line(row, sizes, words) for row in [head, *rows]), ""]
    notes = [*plan.notes, *(plan.next.notes if plan.next else ())]
    return "\n".join([*lines, *notes]).rstrip() + "\n"


_WORDS = ("target", "simulator", "wanted", "stratum", "profile", "item", "group", "widest group",
          "advice", "interval")  # fmt: skip


def _line(row: Sequence[str], sizes: Sequence[int], words: set[int]) -> str:
    cells = [cell.ljust(size) if k in words else cell.rjust(size)
             for k, (cell, size) in enumerate(zip(row, sizes, strict=True))]  # fmt: skip
    return "  " + "  ".join(cells).rstrip()


def planning_context(plan: StudyPlan, more: Sequence[pl.DataFrame] = ()) -> dict[str, Any]:
    """Prepare what a page shows of a plan."""
    return {
        "planning_figure": Markup(planning_svg(plan.curve)),
        "planning_tables": [
            (title, head, rows, [one in _WORDS for one in head], title not in _FOLDED)
            for title, head, rows in planning_tables(plan, more)
        ],
        "planning_notes": [*plan.notes, *(plan.next.notes if plan.next else ())],
    }


def write_plan(
    plan: StudyPlan,
    path: str | os.PathLike[str],
    title: str = "A plan",
    more: Sequence[pl.DataFrame] = (),
    version: str | None = None,
) -> Path:
    """Write a plan as one self-contained HTML page."""
    context: Mapping[str, Any] = planning_context(plan, more) | {
        "title": title, "version": version, "versions": versions(version), "simulators": ()
    }  # fmt: skip
    return write_page(render("plan.html.j2", context), path)
