"""The radar of the paper's Figure 2: a polygon a model over the benchmark's scores, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import cos, pi, sin
from textwrap import wrap
from typing import TYPE_CHECKING

from alignsurvey.errors import InputError
from alignsurvey.report.figures import FONTS, GRID, INK, MUTED
from alignsurvey.report.figures import columns as text_columns
from alignsurvey.report.numbers import number
from alignsurvey.report.published import OURS, PUBLISHED, SOURCE, TABLE_3, TABLE_4, Scores

if TYPE_CHECKING:
    from alignsurvey.report.published import Run

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#1b1b1b", "#8c564b")
"""Okabe and Ito's, with a darker yellow; from the ninth model on they come again with squares."""

SMALLEST_RADIUS, RADIUS_PER_AXIS, MARGIN, ABOVE = 190, 14, 190, 56
"""Pixels; labels of many axes need a larger circle."""

HIGHEST_JUDGEMENT = 5
RINGS = (0.25, 0.5, 0.75, 1.0)
CJK_FONTS = '"Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif'
"""First for Chinese: some renderers know no fallback for single characters."""

Who = tuple[str, str, str, str]
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Polygon:
    """A model's place on each axis, from 0 (centre) to 1; None where it has no score."""

    label: str
    is_published: bool
    places: tuple[float | None, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Radar:
    """Axes (score, and dataset if there are several), polygons, and what the caption must say."""

    axes: tuple[tuple[str, str], ...]
    polygons: tuple[Polygon, ...]
    has_distances: bool
    is_mixed: bool


def radar(runs: Sequence[Run]) -> Radar:
    """Place models on the axes for which a run of ours has a score.

    Accuracy and macro-F1 stand as they are, judges' scores as shares of 5, distances as 1/W1
    over that of the best model shown. Scores are strict where there are strict ones; published
    ones are those of the released scripts. Where a model has W1 of verbalized shares it is shown,
    else W1 of aggregated answers.

    Examples
    --------
    >>> radar([]).axes
    ()
    """
    scores = Scores(runs)
    axes: list[tuple[str, str]] = []
    columns: list[dict[Who, float]] = []
    places: list[dict[Who, float]] = []
    kinds: set[str] = set()
    several = sum(bool(scores.who(one, OURS)) for one in scores.datasets) > 1
    for dataset in scores.datasets:
        for label, keys in _axes():
            found = {
                who: _first(scores, who, keys)
                for origin in (OURS, PUBLISHED)
                for who in scores.who(dataset, origin)
            }
            values = {who: one[0] for who, one in found.items() if one is not None}
            if not any(who[0] == OURS for who in values):
                continue
            kinds |= {one[1] for one in found.values() if one is not None and one[1]}
            axes.append((label, dataset if several else ""))
            columns.append(values)
            places.append(_placed(values, keys[0]))
    return Radar(
        tuple(axes), tuple(_polygons(scores, columns, places)), bool(kinds), len(kinds) > 1
    )


def _axes() -> Iterator[tuple[str, tuple[Key, ...]]]:
    for task, short, table in (("stance", "T3", TABLE_3), ("response", "T4", TABLE_4)):
        yield from ((column.label, (column.key,)) for column in table)
        group = f"{task}-group"
        yield f"{short} 1/W1", ((group, "verbalized", "w1"), (group, "aggregate", "w1"))


def _first(scores: Scores, who: Who, keys: Sequence[Key]) -> tuple[float, str] | None:
    """The first score there is, strict before paper, and the estimator of a distance."""
    for key in keys:
        for mode in ("strict", "paper"):
            if row := scores.cell(who, key, mode):
                return row["value"], key[1] if key[2] == "w1" else ""
    return None


def _placed(values: dict[Who, float], key: Key) -> dict[Who, float]:
    if key[2] != "w1":
        most = HIGHEST_JUDGEMENT if key[0] == "interview" else 1
        return {who: value / most for who, value in values.items()}
    best = min(values.values())
    return {who: best / value if value else 1.0 for who, value in values.items()}


def _polygons(
    scores: Scores, columns: Sequence[dict[Who, float]], places: Sequence[dict[Who, float]]
) -> Iterator[Polygon]:
    """One a model and run; a published model's scores on several datasets are one polygon."""
    members: dict[tuple[str, str], list[Who]] = {}
    for who in scores.models:
        members.setdefault((who[0], scores.label(who)), []).append(who)
    for (origin, label), whos in members.items():
        at, value = (
            tuple(next((one[who] for who in whos if who in one), None) for one in table)
            for table in (places, columns)
        )
        if any(one is not None for one in at):
            yield Polygon(label, origin == PUBLISHED, at, value)


def radar_svg(runs: Sequence[Run]) -> str:
    """Draw the radar as an SVG file; published polygons are dashed.

    Raises
    ------
    InputError
        Fewer than three axes have a score: that is no polygon.
    """
    drawn = radar(runs)
    if len(drawn.axes) < 3:
        raise InputError(
            f"a radar needs three scores of Tables 3 and 4; the runs have {len(drawn.axes)}: "
            "run more tasks, or leave out --radar"
        )
    disc = _Disc(len(drawn.axes))
    caption = wrap(_caption(drawn), int(disc.width / 6.2))
    legend = disc.middle + disc.radius + 84
    below = legend + 24 * ((len(drawn.polygons) + 1) // 2) + 4
    height = below + 18 * len(caption) + 8
    words = (_words(16, below + 18 * place, line, 12) for place, line in enumerate(caption))
    marks = [*_grid(drawn, disc), *_shapes(drawn, disc), *_rings(disc)]
    marks += [*_legend(drawn, legend, disc.width / 2), *words]
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {disc.width} {height}" '
        f'width="{disc.width}" height="{height}" role="img" font-family="{escape(FONTS)}">'
    )
    title = f"<title>Radar of {len(drawn.polygons)} models on {len(drawn.axes)} scores</title>"
    paper = f'<rect width="{disc.width}" height="{height}" fill="#ffffff"/>'
    return "\n".join([start, title, paper, *marks, "</svg>", ""])


@dataclass(frozen=True)
class _Disc:
    """Where things are: the first axis points up, the others follow clockwise."""

    axes: int

    @property
    def radius(self) -> int:
        return max(SMALLEST_RADIUS, RADIUS_PER_AXIS * self.axes)

    @property
    def width(self) -> int:
        return 2 * (self.radius + MARGIN)

    @property
    def middle(self) -> int:
        return self.radius + ABOVE

    def point(self, axis: int, place: float) -> tuple[float, float]:
        angle, reach = 2 * pi * axis / self.axes, self.radius * place
        return self.width / 2 + reach * sin(angle), self.middle - reach * cos(angle)


def _words(x: float, y: float, text: str, size: float, more: str = f'fill="{INK}"') -> str:
    if text_columns(text) > len(text):
        more += f' font-family="{escape(CJK_FONTS)}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" {more}>{escape(text)}</text>'


def _grid(drawn: Radar, disc: _Disc) -> Iterator[str]:
    for ring in RINGS:
        points = (disc.point(axis, ring) for axis in range(disc.axes))
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polygon points="{corners}" fill="none" stroke="{GRID}"/>'
    for axis, (label, dataset) in enumerate(drawn.axes):
        (x1, y1), (x2, y2) = disc.point(axis, 0), disc.point(axis, 1)
        yield f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{GRID}"/>'
        x, y = disc.point(axis, 1 + 14 / disc.radius)
        side, down = x - x1, (y - y1) / disc.radius
        anchor = "middle" if abs(side) < 8 else "start" if side > 0 else "end"
        top = y + 4 + (7 * down - 7 if dataset else 0) + 4 * down
        yield _words(x, top, label, 13, f'text-anchor="{anchor}" fill="{INK}"')
        if dataset:
            look = f'text-anchor="{anchor}" fill="{MUTED}"'
            yield _words(x, top + 14, _cut(dataset, 20), 11, look)


def _rings(disc: _Disc) -> Iterator[str]:
    """The rings' values, halfway between two axes and with a halo, so that no line hides them."""
    halo = f'text-anchor="middle" fill="{MUTED}" stroke="#ffffff" stroke-width="3"'
    for ring in RINGS:
        x, y = (
            sum(pair) / 2 for pair in zip(disc.point(0, ring), disc.point(1, ring), strict=True)
        )
        yield _words(x, y + 3, number(ring), 10, f'{halo} paint-order="stroke"')


def _shapes(drawn: Radar, disc: _Disc) -> Iterator[str]:
    """Polygons, with a mark on each axis; a line is not drawn over an axis without a score."""
    for place, polygon in enumerate(drawn.polygons):
        colour, dash = _look(place, polygon)
        at = [None if one is None else disc.point(i, one) for i, one in enumerate(polygon.places)]
        style = f'stroke="{colour}" stroke-width="2"{dash}'
        if None not in at:
            corners = " ".join(f"{one[0]:.1f},{one[1]:.1f}" for one in at if one)
            yield (
                f'<polygon points="{corners}" fill="{colour}" fill-opacity=".06" {style} '
                'stroke-linejoin="round"/>'
            )
        else:
            for one, other in zip(at, [*at[1:], at[0]], strict=True):
                if one and other:
                    ends = f'x1="{one[0]:.1f}" y1="{one[1]:.1f}" '
                    ends += f'x2="{other[0]:.1f}" y2="{other[1]:.1f}"'
                    yield f"<line {ends} {style}/>"
        for axis, one in enumerate(at):
            if one:
                value = number(polygon.values[axis], 3)
                axis_name = " ".join(drawn.axes[axis]).strip().replace("1/W1", "W1")
                said = f"{polygon.label}: {axis_name} {value}"
                yield _mark(place, one[0], one[1], colour, f"<title>{escape(said)}</title>")


def _look(place: int, polygon: Polygon) -> tuple[str, str]:
    dash = ' stroke-dasharray="7 5"' if polygon.is_published else ""
    return PALETTE[place % len(PALETTE)], dash


def _mark(place: int, x: float, y: float, colour: str, inside: str = "") -> str:
    if place < len(PALETTE):
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}">{inside}</circle>'
    corner = f'x="{x - 3.5:.1f}" y="{y - 3.5:.1f}"'
    return f'<rect {corner} width="7" height="7" fill="{colour}">{inside}</rect>'


def _legend(drawn: Radar, top: float, half: float) -> Iterator[str]:
    for place, polygon in enumerate(drawn.polygons):
        colour, dash = _look(place, polygon)
        x, y = 16 + (place % 2) * half, top + 24 * (place // 2) - 20
        yield (
            f'<line x1="{x}" y1="{y}" x2="{x + 30}" y2="{y}" stroke="{colour}" '
            f'stroke-width="2"{dash}/>'
        )
        yield _mark(place, x + 15, y, colour)
        label = polygon.label + (" (published)" if polygon.is_published else "")
        yield _words(x + 38, y + 4, _cut(label, 46), 13)


def _cut(text: str, widest: int) -> str:
    """Cut a text in its middle: the ends of model names are what differs."""
    if text_columns(text) <= widest:
        return text
    head, tail = text, text
    while text_columns(head) > widest // 2 - 1:
        head = head[:-1]
    while text_columns(tail) > widest // 2:
        tail = tail[1:]
    return f"{head}…{tail}"


def _caption(drawn: Radar) -> str:
    words = [
        "Accuracy and macro-F1 as they are; judges' scores (T2) divided by 5.",
        "Ours are strict where there is a strict score.",
        "Intervals, n and parse rates: see the tables.",
    ]
    if drawn.has_distances:
        words.insert(1, "1/W1: the inverse distance, scaled so that the best model shown is 1.")
    if any(polygon.is_published for polygon in drawn.polygons):
        words.insert(-1, f"Dashed polygons are the published numbers ({SOURCE}), made by the "
                         "released scripts, perhaps on other rows.")  # fmt: skip
    if drawn.is_mixed:
        words.insert(2, "W1 is of written shares for some models and of added-up answers for "
                        "others, which are not the same quantity.")  # fmt: skip
    if any(None in polygon.places for polygon in drawn.polygons):
        words.append("A line is broken where a model has no score.")
    return " ".join(words)
