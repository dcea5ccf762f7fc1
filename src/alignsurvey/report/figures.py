"""Figures as Vega-Lite charts: the three axes side by side, coefficients against people's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar
from unicodedata import east_asian_width

from alignsurvey.report.rows import CEILING, Row, ScoreRows, score_rows
from alignsurvey.report.vocabulary import metric_of

if TYPE_CHECKING:
    import altair as alt

    from alignsurvey.fidelity.result import FidelityResult

Chart = TypeVar("Chart", bound="alt.TopLevelMixin")

FONTS = (
    'Helvetica, Arial, "Liberation Sans", "Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", '
    '"Microsoft YaHei", sans-serif'
)
"""Fonts of one width come first, so that a browser's text fits the space that was measured."""

INK, MUTED, GRID = "#1b1b1b", "#6e6e6e", "#dedede"
BLUE, VERMILION, GREEN = "#0072b2", "#d55e00", "#009e73"
"""Okabe and Ito's palette: told apart with any colour vision."""

KIND_COLOURS = {"simulator": BLUE, "constructed": VERMILION, "trivial": MUTED}
VARIANT_SHAPES = {"expectation": "circle", "draw": "square", "answers": "diamond"}
SLOTS = ("expectation", "answers", "draw")
ROW_PIXELS = 26


def axes_chart(
    result: FidelityResult, stacked: bool = False
) -> alt.VConcatChart | alt.HConcatChart | None:
    """Draw a panel an axis: each simulator's value and interval, ceiling and baseline.

    Parameters
    ----------
    result : FidelityResult
    stacked : bool
        Panels below each other, for a narrow page.

    Returns
    -------
    altair.ConcatChart or None
        None where no axis has a score. `chart.save("axes.pdf")` writes it for a paper.

    Examples
    --------
    >>> import alignsurvey as als
    >>> study = als.Study.parse({
    ...     "survey": {"example": "anes96"}, "profile": ["PID"], "items": ["vote"],
    ...     "pilot": {"replicates": 1}, "bootstrap": {"replicates": 50},
    ...     "simulators": ["baseline/logit"],
    ... })
    >>> result = als.run_study(study)
    >>> chart = axes_chart(result)
    >>> [panel["title"]["text"] for panel in chart.to_dict()["hconcat"]]
    ['Marginal', 'Individual']
    """
    import altair as alt

    rows = score_rows(result)
    panels = [(axis, rows.key_metric(axis)) for axis in rows.metrics]
    chosen = [(axis, metric) for axis, metric in panels if metric is not None]
    if not chosen:
        return None
    charts = [
        _axis_panel(rows, axis, metric, labels=stacked or place == 0, stacked=stacked)
        for place, (axis, metric) in enumerate(chosen)
    ]
    joined = alt.vconcat(*charts) if stacked else alt.hconcat(*charts, spacing=24, bounds="flush")
    chart: alt.VConcatChart | alt.HConcatChart = joined.resolve_scale(
        color="shared", shape="shared"
    )
    return styled(chart)


def _axis_panel(
    rows: ScoreRows, axis: str, metric_name: str, labels: bool, stacked: bool
) -> alt.LayerChart | alt.FacetChart:
    import altair as alt

    metric = metric_of(metric_name)
    names = list(dict.fromkeys(_label(row) for row in rows.simulators))
    subtitle = f"{metric.label} ({metric.direction})"
    title = alt.Title(axis.capitalize(), subtitle=subtitle, frame="group")
    height = ROW_PIXELS * len(names)
    base = alt.Chart()
    y = alt.Y(
        "simulator:N",
        sort=names,
        title=None,
        axis=_name_axis(names, labels, stacked),
        scale=alt.Scale(paddingInner=0.3),
    )
    offset = alt.YOffset("variant:N", scale=alt.Scale(domain=list(SLOTS)))
    x = alt.X("value:Q", title=None, axis=alt.Axis(format="~g", tickCount=4))
    colour = alt.Color("kind:N", scale=_scale(KIND_COLOURS), legend=None)
    shape = alt.Shape("variant:N", scale=_scale(VARIANT_SHAPES), legend=None)
    spans = base.mark_rule(strokeWidth=1.6).encode(
        y, offset, alt.X("low:Q", title=None), alt.X2("high:Q"), colour
    )
    references = base.mark_tick(thickness=1.4, size=11, color=MUTED).encode(
        y, offset, alt.X("baseline:Q", title=None)
    )
    points = base.mark_point(size=38, filled=True, opacity=1).encode(y, offset, x, colour, shape)
    layers: list[Any] = [references, spans, points]
    ceiling = next((row.cells[metric_name].value for row in rows.references
                    if row.simulator == CEILING and metric_name in row.cells), None)  # fmt: skip
    if ceiling is not None:
        line = alt.Chart(alt.InlineData(values=[{"value": ceiling}]))
        layers.insert(0, line.mark_rule(color=GREEN, strokeWidth=1.6, clip=True).encode(x))
    width = 165 if stacked else 240
    values = alt.InlineData(values=_panel_values(rows, metric_name))
    return alt.layer(*layers, data=values).properties(title=title, width=width, height=height)


def _name_axis(names: list[str], labels: bool, stacked: bool) -> alt.Axis:
    """The simulators' names; room is kept for fonts wider than the one measured."""
    import altair as alt

    widest = 170 if stacked else 250
    room = max((6.4 * columns(name) for name in names), default=0)
    return alt.Axis(
        labels=labels, ticks=False, domain=False, grid=True, labelLimit=widest,
        minExtent=min(widest + 10, room) if labels else 0,
    )  # fmt: skip


def columns(text: str) -> int:
    """Width of a text in columns of a fixed-width font: Chinese characters take two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _panel_values(rows: ScoreRows, metric: str) -> list[dict[str, Any]]:
    found = []
    for row in rows.simulators:
        cell = row.cells.get(metric)
        if cell is not None:
            found.append(
                {
                    "simulator": _label(row),
                    "variant": row.variant,
                    "kind": row.kind,
                    "value": cell.value,
                    "low": cell.low,
                    "high": cell.high,
                    "baseline": cell.baseline,
                }
            )
    return found


def _label(row: Row) -> str:
    return f"{row.simulator} *" if row.kind == "constructed" else row.simulator


def coefficient_chart(points: list[dict[str, Any]], per_row: int = 4) -> alt.FacetChart:
    """Draw simulated against people's coefficients, a panel a simulator, with the identity line.

    Parameters
    ----------
    points : list of dict
        Rows of `FidelityResult.coefficients`, of one outcome and kind, with "mark" ("same sign",
        "other sign") and "name" (a label for the point, or "").
    per_row : int
        Panels in a row.
    """
    import altair as alt

    layers = [*_reference_lines(*_limits(points)), *_coefficient_marks(*_limits(points))]
    layered = alt.layer(*layers).properties(width=195, height=195)
    order = list(dict.fromkeys(point["panel"] for point in points))
    header = alt.Header(title=None, labelLimit=210, labelFontSize=11, labelColor=INK)
    chart = layered.facet(
        alt.Facet("panel:N", sort=order, header=header),
        data=alt.InlineData(values=points),
        columns=per_row,
    )
    return styled(chart)


def _reference_lines(low: float, high: float) -> list[alt.Chart]:
    """Both zeros, and the line on which simulated and people's coefficients are the same."""
    import altair as alt

    base = alt.Chart()
    return [
        base.mark_rule(color=GRID).encode(x=alt.datum(0)),
        base.mark_rule(color=GRID).encode(y=alt.datum(0)),
        base.mark_rule(color=MUTED, strokeDash=[4, 3]).encode(
            x=alt.datum(low), y=alt.datum(low), x2=alt.datum(high), y2=alt.datum(high)
        ),
    ]


def _coefficient_marks(low: float, high: float) -> list[alt.Chart]:
    """Intervals across and upright, points, and the names of those with the wrong sign."""
    import altair as alt

    base = alt.Chart()
    domain = alt.Scale(domain=[low, high], nice=False, zero=False)
    ticks = alt.Axis(format="~g", tickCount=4)
    x = alt.X("human:Q", scale=domain, title="people", axis=ticks)
    y = alt.Y("simulated:Q", scale=domain, title="simulated", axis=ticks)
    colours = {"same sign": BLUE, "other sign": VERMILION}
    shapes = {"same sign": "circle", "other sign": "cross"}
    colour = alt.Color("mark:N", scale=_scale(colours), legend=None)
    shape = alt.Shape("mark:N", scale=_scale(shapes), legend=None)
    across = (alt.X("human_low:Q", scale=domain), alt.X2("human_high:Q"))
    upright = (alt.Y("simulated_low:Q", scale=domain), alt.Y2("simulated_high:Q"))
    words = base.mark_text(align="left", dx=6, dy=-6, fontSize=10, color=INK)
    return [
        base.mark_rule(strokeWidth=1).encode(*across, y, colour),
        base.mark_rule(strokeWidth=1).encode(x, *upright, colour),
        base.mark_point(filled=True, size=34, opacity=1).encode(x, y, colour, shape),
        words.encode(x, y, alt.Text("name:N")),
    ]


def _limits(points: list[dict[str, Any]]) -> tuple[float, float]:
    ends = [
        point[key]
        for point in points
        for key in ("human", "simulated", "human_low", "human_high", "simulated_low",
                    "simulated_high")
        if point.get(key) is not None
    ]  # fmt: skip
    low, high = min([*ends, 0.0]), max([*ends, 0.0])
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _scale(pairs: dict[str, str]) -> alt.Scale:
    import altair as alt

    return alt.Scale(domain=list(pairs), range=list(pairs.values()))


def styled(chart: Chart) -> Chart:
    """Give a chart the fonts and lines of the page, and no background."""
    dressed: Chart = (
        chart.configure(font=FONTS, background="transparent")
        .configure_view(stroke=None)
        .configure_title(
            anchor="start", fontSize=13, color=INK, subtitleColor=MUTED, subtitleFontSize=11
        )
        .configure_axis(
            gridColor=GRID, domainColor=MUTED, tickColor=MUTED, labelColor=INK, titleColor=INK,
            labelFontSize=11, titleFontSize=11, titleFontWeight="normal",
        )
    )  # fmt: skip
    return dressed


def as_svg(chart: alt.TopLevelMixin, name: str, title: str, description: str) -> str:
    """Turn a chart into an SVG element for a page, with a title that is read aloud.

    The namespaces are left out: they are web addresses, and an SVG within HTML needs none. The ids
    of clipping paths, which count on from figure to figure, are named after this figure.
    """
    import vl_convert
    from markupsafe import escape

    svg: str = vl_convert.vegalite_to_svg(chart.to_dict(), allowed_base_urls=[])
    ids = dict.fromkeys(re.findall(r'id="(clip\d+)"', svg))
    for place, found in enumerate(ids):
        svg = re.sub(rf"\b{found}\b", f"{name}-{place}", svg)
    start, rest = svg.split(">", 1)
    for namespace in ("xmlns", "xmlns:xlink"):
        before, equals, after = start.partition(f' {namespace}="')
        start = before + after.partition('"')[2] if equals else start
    named = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return f'{start} role="img">{named}{rest}'
