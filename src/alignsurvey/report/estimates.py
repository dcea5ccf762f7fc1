"""Estimates for a publication: Markdown, LaTeX, CSV, JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from alignsurvey.report.numbers import count, interval, number
from alignsurvey.report.vocabulary import known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alignsurvey.fidelity.estimates import StudyEstimates

FORMATS = {
    "markdown": (".md", ".markdown"), "latex": (".tex",), "csv": (".csv",), "json": (".json",),
}  # fmt: skip
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "[": "{[}", "]": "{]}", "<": r"\textless{}", ">": r"\textgreater{}", "–": "--", "−": "$-$",
    "|": r"\textbar{}",
}  # fmt: skip
_MARKDOWN = {ord(char): f"\\{char}" for char in "\\`*_[]<>|#"}
_HEAD = ("Target", "Group", "Simulator", "Method", "Estimate", "Interval", "n", "N", "n_eff",
         "lambda", "Verdict", "Why")  # fmt: skip
RECOMMENDED, INVALID = "**", " (not valid)"


def write_estimates(found: StudyEstimates, format: str) -> str:
    """Write the estimates of a study.

    Parameters
    ----------
    found : StudyEstimates
    format : {"markdown", "latex", "csv", "json"}

    Returns
    -------
    str
        Markdown and LaTeX are tables for people, with the recommended line in bold; CSV and JSON
        hold all columns. LaTeX needs the packages booktabs and longtable.

    Examples
    --------
    >>> import alignsurvey as als
    >>> from alignsurvey.fidelity.estimates import estimate_study
    >>> study = als.Study.parse({"survey": {"example": "anes96"}, "profile": ["PID"],
    ...     "items": ["vote"], "pilot": {"n": 100}, "simulators": ["baseline/logit"]})
    >>> found = estimate_study(study, ["share:vote=1"], methods=["cross"])
    >>> print(write_estimates(found, "markdown").splitlines()[0])
    | Target | Group | Simulator | Method | Estimate | Interval | Known | n | N | n_eff | lambda | Verdict | Why |
    """  # noqa: E501 - an example is one line
    writers = {"markdown": _markdown, "latex": _latex, "csv": _csv, "json": _json}
    return writers[format](found)


def _json(found: StudyEstimates) -> str:
    return json.dumps(found.as_dict(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _csv(found: StudyEstimates) -> str:
    return found.table.write_csv()


def _markdown(found: StudyEstimates) -> str:
    has_known = not found.table["known"].is_null().all()
    head = [*_HEAD[:6], "Known", *_HEAD[6:]] if has_known else list(_HEAD)
    lines = [_pipes(head), _pipes(["---"] * 4 + ["---:"] * (len(head) - 6) + ["---"] * 2)]
    for row in found.table.to_dicts():
        cells = [cell.translate(_MARKDOWN) for cell in _cells(row, "−")]
        if has_known:
            cells.insert(6, number(row["known"], significant_digits(row)))
        if row["recommended"]:
            cells[4] = f"{RECOMMENDED}{cells[4]}{RECOMMENDED}"
        lines.append(_pipes(cells))
    return "\n".join([*lines, "", *(f"{line}\n" for line in legend(found))])


def _latex(found: StudyEstimates) -> str:
    keep = [0, 1, 2, 3, 4, 5, 6, 8, 10]
    head = " & ".join(_tex(_HEAD[place]) for place in keep)
    lines = [
        r"\begin{longtable}{llllrlrrl}", rf"\caption{{{_tex(' '.join(legend(found)))}}}\\",
        r"\toprule", rf"{head} \\", r"\midrule", r"\endfirsthead",
        r"\toprule", rf"{head} \\", r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot",
    ]  # fmt: skip
    before = None
    for row in found.table.to_dicts():
        place = row["target"], row["group"], row["name"]
        if before is not None and place[:2] != before[:2]:
            lines.append(r"\addlinespace")
        cells = [_tex(_cells(row, "−")[index]) for index in keep]
        if before is not None and place == before:
            cells[0] = cells[1] = ""
        if row["recommended"]:
            cells[4] = rf"\textbf{{{cells[4]}}}"
        lines.append(rf"{' & '.join(cells)} \\")
        before = place
    return "\n".join([*lines, r"\end{longtable}", ""])


def legend(found: StudyEstimates) -> list[str]:
    """Say in sentences what the table holds."""
    about: Mapping[str, Any] = found.about
    level = about.get("level", 0.95)
    lines = [
        f"{count(about.get('pilot_n'))} humans and {count(about.get('others_n'))} people with "
        f"simulated answers only; {level * 100:g}% intervals; n_eff: humans that the pilot alone "
        "would need; lambda: weight of the simulation.",
        "Bold: the line to publish, chosen by its method, not by its result.",
    ]
    if (found.table["method"] == "imputation").any():
        lines.append(
            "Imputation takes simulated answers for people's own: its intervals do not hold."
        )
    if about.get("pilot_drawn"):
        lines.append("Known: the value among all people of the survey, the pilot's included.")
    return [*lines, *found.notes]


def _cells(row: Mapping[str, Any], minus: str) -> list[str]:
    digits = significant_digits(row)
    target = f"{row['target']}: {row['name']}" if row["name"] else str(row["target"])
    method = str(row["method"]) + ("" if row["valid"] else INVALID)
    lambda_ = "" if row["method"] == "classical" else number(row["lambda"], 2, minus)
    n_eff = count(row["n_eff"]) if row["valid"] else "–"
    return [
        target, str(row["group"]), str(row["simulator"]), method,
        number(row["value"], digits, minus), interval(row["low"], row["high"], digits, minus),
        count(row["n"]), count(row["N"]), n_eff, lambda_, str(row["verdict"] or ""),
        str(row["reason"] or ""),
    ]  # fmt: skip


def significant_digits(row: Mapping[str, Any]) -> int:
    """As many digits as the standard error has meaning for: two of its own."""
    se = row["se"]
    if not known(se) or se < 1e-9:
        return 3
    digits = 0
    while se < 10 and digits < 5:
        se, digits = se * 10, digits + 1
    return digits


def estimate_table(found: StudyEstimates) -> pl.DataFrame:
    """Give the estimates as text, a column a heading; for a terminal or a page."""
    rows = [_cells(row, "−") for row in found.table.to_dicts()]
    return pl.DataFrame(rows, schema=dict.fromkeys(_HEAD, pl.String), orient="row")


def _pipes(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _tex(text: str) -> str:
    return "".join(_LATEX.get(char, char) for char in text)
