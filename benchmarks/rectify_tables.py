"""Tables of docs/rectify.md: coverage as Markdown, and sections that a benchmark writes itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "rectify.md"
FIGURES = Path(__file__).parent / "rectify_coverage.json"
COVERAGE, WORTH = "rectify_coverage.py", "human_worth.py"
PROMISED = (93.5, 96.5)
NOT_VALID = ("imputation", "leak (refused)")
STATISTICS = ("mean", "share", "mean of a group", "linear x1", "linear x2", "logistic x1",
              "logistic x2", "median", "mean of a skewed item")  # fmt: skip
SKEWED_SUFFIX = ", skewed item"

Rows = Sequence[dict[str, Any]]


def coverage_table(rows: Rows) -> str:
    """Write coverage in percent, a row a statistic and method, a column a survey.

    A cell has all pilot sizes; what lies outside 93.5 to 96.5 is bold. The last column is the
    interval's width over that of the pilot alone at the middle size, a number a survey.
    """
    cells = {_place(row): row for row in rows}
    sizes = sorted({row["n"] for row in rows})
    people = list(dict.fromkeys(place[0] for place in cells))
    heads = [f"{name}, n = {', '.join(map(str, sizes))}" for name in people]
    lines = [_pipes(["statistic", "method", *heads, "width"]), "|---" * (len(people) + 3) + "|"]
    places = dict.fromkeys(place[1:3] for place in cells)
    for statistic, method in sorted(places, key=lambda one: STATISTICS.index(one[0])):
        middle = sizes[len(sizes) // 2]
        ratios = [cells.get((name, statistic, method, middle)) for name in people]
        lines.append(_pipes([
            statistic, method + (", not valid" if method in NOT_VALID else ""),
            *(_cell([cells.get((name, statistic, method, n)) for n in sizes]) for name in people),
            " / ".join(f"{row['width_ratio']:.2f}" for row in ratios if row),
        ]))  # fmt: skip
    return "\n".join(lines)


def outside(rows: Rows) -> list[dict[str, Any]]:
    """Rows of valid methods whose coverage lies outside what is promised."""
    return [row for row in rows if row["method"] not in NOT_VALID and not _as_promised(row)]


def _as_promised(row: dict[str, Any]) -> bool:
    """Compare coverage in the digits that are shown."""
    low, high = PROMISED
    return low <= float(f"{100 * row['coverage']:.1f}") <= high


def _place(row: dict[str, Any]) -> tuple[str, str, str, int]:
    name = row["population"]
    if name.endswith(SKEWED_SUFFIX):
        return name.removesuffix(SKEWED_SUFFIX), "mean of a skewed item", row["method"], row["n"]
    return name, row["statistic"], row["method"], row["n"]


def _cell(rows: Sequence[dict[str, Any] | None]) -> str:
    shown = []
    for row in rows:
        if row is not None:
            text = f"{100 * row['coverage']:.1f}"
            shown.append(text if _as_promised(row) else f"**{text}**")
    return " ".join(shown)


def _pipes(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def merged(new: Rows, pilots: int) -> dict[str, Any]:
    """Put new rows in the place of the old ones of the same people, keep the rest."""
    old = json.loads(FIGURES.read_text(encoding="utf-8"))["coverage"] if FIGURES.exists() else []
    replaced = {(row["population"], row["n"]) for row in new}
    kept = [row for row in old if (row["population"], row["n"]) not in replaced]
    order = ("anes96", "nonvoters", "nonvoters" + SKEWED_SUFFIX, "recorded_llm")
    rows = sorted([*kept, *new], key=lambda row: (order.index(row["population"]), row["n"]))
    return {"pilots": pilots, "coverage": rows}


def section(name: str) -> tuple[str, str, str]:
    """Cut the page into what is before, in and after the section that a script writes."""
    text = PAGE.read_text(encoding="utf-8")
    start, end = f"<!-- written by benchmarks/{name} -->\n", f"<!-- end of benchmarks/{name} -->"
    before, found, rest = text.partition(start)
    inside, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"{PAGE}: no section {start.strip()} ... {end}")
    return before + start, inside, end + after


def write_section(name: str, table: str) -> None:
    """Put a table into its section of the page."""
    before, _, after = section(name)
    PAGE.write_text(f"{before}\n{table}\n\n{after}", encoding="utf-8")
