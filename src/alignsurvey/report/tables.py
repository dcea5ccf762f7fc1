"""The table of scores for a text or a paper: Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from alignsurvey.errors import InputError, nearest
from alignsurvey.report.numbers import number, percent, with_interval
from alignsurvey.report.rows import Cell, Row, ScoreRows, leading_metrics, score_rows
from alignsurvey.report.vocabulary import MARKS, Standing, metric_of
from alignsurvey.report.words import intervals_in_words, pilot_in_words

if TYPE_CHECKING:
    from alignsurvey.fidelity.result import FidelityResult

LATEX_MARKS = {
    Standing.REACHES: r"$^{\blacktriangle}$",
    Standing.SAME: r"$^{\approx}$",
    Standing.WORSE: r"$^{\blacktriangledown}$",
}
MARK_WORDS = {
    Standing.REACHES: "interval reaches the human ceiling",
    Standing.SAME: "not told from the best trivial baseline",
    Standing.WORSE: "worse than it",
}
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "[": "{[}", "]": "{]}", "<": r"\textless{}", ">": r"\textgreater{}", "–": "--", "−": "$-$",
}  # fmt: skip
_MARKDOWN = {ord(char): f"\\{char}" for char in "\\`*_{}[]<>|#"}


def scores_markdown(result: FidelityResult, metrics: Sequence[str] | None = None) -> str:
    """Write the summary of a study as a Markdown table.

    Parameters
    ----------
    result : FidelityResult
    metrics : sequence of str, optional
        Columns; by default the leading ones of each axis.

    Returns
    -------
    str
        Human ceiling and best trivial baseline first, then a row a simulator and variant; below
        it what the marks and the brackets mean.

    Examples
    --------
    >>> import alignsurvey as als
    >>> study = als.Study.parse({
    ...     "survey": {"example": "anes96"}, "profile": ["PID"], "items": ["vote"],
    ...     "pilot": {"replicates": 1}, "bootstrap": {"replicates": 50},
    ...     "simulators": ["baseline/logit"],
    ... })
    >>> result = als.run_study(study)
    >>> print(scores_markdown(result, ["sd_ratio"]))
    | Simulator | SD ratio | Parsed | n |
    | --- | ---: | ---: | ---: |
    | human ceiling | 1.00 |  |  |
    ...
    """
    rows = score_rows(result)
    metrics = _chosen(rows, metrics)
    head = ["Simulator", *(metric_of(name).label for name in metrics), "Parsed", "n"]
    lines = [_pipes(head), _pipes(["---", *["---:"] * (len(head) - 1)])]
    for row in [*rows.references, *rows.simulators]:
        cells = [_cell(row.cells.get(name, Cell(None)), name, row, MARKS) for name in metrics]
        lines.append(_pipes([_name(row).translate(_MARKDOWN), *cells, *_ends(row)]))
    return "\n".join([*lines, "", _legend(result, MARKS), ""])


def scores_latex(
    result: FidelityResult, metrics: Sequence[str] | None = None, label: str = "tab:fidelity"
) -> str:
    r"""Write the summary of a study as a LaTeX table.

    Parameters
    ----------
    result : FidelityResult
    metrics : sequence of str, optional
        Columns; by default the leading ones of each axis.
    label : str
        For references to the table.

    Returns
    -------
    str
        Needs the packages booktabs and amssymb; Chinese names need XeLaTeX or LuaLaTeX.

    Examples
    --------
    >>> import alignsurvey as als
    >>> study = als.Study.parse({
    ...     "survey": {"example": "anes96"}, "profile": ["PID"], "items": ["vote"],
    ...     "pilot": {"replicates": 1}, "bootstrap": {"replicates": 50},
    ...     "simulators": ["baseline/logit"],
    ... })
    >>> result = als.run_study(study)
    >>> print(scores_latex(result, ["accuracy"]))
    \begin{table}
    \centering\small
    \begin{tabular}{lrr}
    \toprule
    ...
    """
    rows = score_rows(result)
    metrics = _chosen(rows, metrics)
    axes = _axes(rows, metrics)
    spans = " & ".join(rf"\multicolumn{{{n}}}{{c}}{{{axis.capitalize()}}}" for axis, n in axes)
    head = " & ".join(["Simulator", *(_tex(metric_of(name).label) for name in metrics), "Parsed"])
    lines = [
        r"\begin{table}", r"\centering\small",
        rf"\begin{{tabular}}{{l{'r' * (len(metrics) + 1)}}}", r"\toprule",
        *([rf" & {spans} & \\", *_rules(axes)] if axes else []),
        rf"{head} \\", r"\midrule",
    ]  # fmt: skip
    for row in [*rows.references, *rows.simulators]:
        cells = [_tex_cell(row.cells.get(name, Cell(None)), name, row) for name in metrics]
        lines.append(rf"{' & '.join([_tex(_name(row)), *cells, _tex(_ends(row)[0])])} \\")
        if row is rows.references[-1]:
            lines.append(r"\midrule")
    words = _tex(_legend(result, {})).rstrip(".")
    marks = "; ".join(f"{mark} {MARK_WORDS[standing]}" for standing, mark in LATEX_MARKS.items())
    caption = f"{words}; {marks}."
    lines += [r"\bottomrule", r"\end{tabular}", rf"\caption{{{caption}}}",
              rf"\label{{{label}}}", r"\end{table}"]  # fmt: skip
    return "\n".join([*lines, ""])


def _chosen(rows: ScoreRows, metrics: Sequence[str] | None) -> list[str]:
    if metrics is None:
        return [name for _, name, _ in leading_metrics(rows)]
    computed = [name for names in rows.metrics.values() for name in names]
    for name in metrics:
        if name not in computed:
            raise InputError(f"no metric '{name}' in this result; {nearest(name, computed)}")
    return [name for name in computed if name in metrics]


def _axes(rows: ScoreRows, metrics: list[str]) -> list[tuple[str, int]]:
    """Axes with their number of columns."""
    sizes = [(axis, sum(name in metrics for name in names)) for axis, names in rows.metrics.items()]
    return [(axis, size) for axis, size in sizes if size]


def _name(row: Row) -> str:
    return ", ".join(part for part in (row.simulator, row.variant, row.tag) if part)


def _ends(row: Row) -> list[str]:
    if row.is_reference:
        return ["", ""]
    return [percent(row.parse_rate), "" if row.n is None else f"{row.n:.0f}"]


def _cell(cell: Cell, metric: str, row: Row, marks: dict[Standing, str]) -> str:
    text = with_interval(cell.value, cell.low, cell.high, metric_of(metric).digits)
    judged = not row.is_reference and row.kind != "trivial"
    mark = marks.get(cell.standing, "") if judged else ""
    return f"{text} {mark}".rstrip()


def _tex_cell(cell: Cell, metric: str, row: Row) -> str:
    digits = metric_of(metric).digits
    judged = not row.is_reference and row.kind != "trivial"
    mark = LATEX_MARKS.get(cell.standing, "") if judged else ""
    if cell.low is None or cell.high is None:
        return f"{_tex(number(cell.value, digits))}{mark}"
    ends = f"[{_tex(number(cell.low, digits))} {_tex(number(cell.high, digits))}]"
    return rf"{_tex(number(cell.value, digits))}{mark} {{\scriptsize {ends}}}"


def _rules(axes: list[tuple[str, int]]) -> list[str]:
    rules, start = [], 2
    for _, n in axes:
        rules.append(rf"\cmidrule(lr){{{start}-{start + n - 1}}}")
        start += n
    return rules


def _legend(result: FidelityResult, marks: dict[Standing, str]) -> str:
    about = result.about
    words = [f"n = {about.get('scored_n', '–')}", pilot_in_words(about), intervals_in_words(about)]
    if marks:
        words.append(", ".join(f"{mark} {MARK_WORDS[one]}" for one, mark in marks.items()))
    if any(one.get("constructed") for one in about.get("simulators", ())):
        words.append("constructed: made from people's own answers to show an error; no model")
    return "; ".join(words) + "."


def _pipes(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _tex(text: str) -> str:
    return "".join(_LATEX.get(char, char) for char in text)
