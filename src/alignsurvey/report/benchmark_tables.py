"""The paper's Tables 3 and 4 of our runs, published rows beside them: Markdown, LaTeX, Excel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from alignsurvey.report.figures import MUTED
from alignsurvey.report.figures import columns as text_columns
from alignsurvey.report.numbers import count, interval, percent, with_interval
from alignsurvey.report.published import (
    AGREEMENT,
    MAJORITY,
    MARGINAL,
    MODES,
    NOTES,
    OURS,
    PUBLISHED,
    REFERENCE,
    TABLE_3,
    TABLE_4,
    BenchmarkTable,
    Column,
    Line,
    Run,
    Scores,
    scored,
    span,
    starred,
)
from alignsurvey.report.tables import _MARKDOWN, _pipes, _tex
from alignsurvey.report.vocabulary import known

_NO_SCORES = "No run has a score of this table."


def benchmark_tables(runs: Sequence[Run]) -> list[BenchmarkTable]:
    """Build Tables 3 and 4, each in the paper's shape and with all that belongs to a score.

    Parameters
    ----------
    runs : sequence of Run

    Returns
    -------
    list of BenchmarkTable
        "Table 3", "Table 3 in full", "Table 4", "Table 4 in full".

    Examples
    --------
    >>> [table.name for table in benchmark_tables([])]
    ['Table 3', 'Table 3 in full', 'Table 4', 'Table 4 in full']
    """
    scores = Scores(runs)
    tables = []
    for name, title, columns in (
        ("Table 3", "Tasks 1 to 3: roles, interviews, stances", scores.columns("stance", TABLE_3)),
        ("Table 4", "Task 4: survey responses", scores.columns("response", TABLE_4)),
    ):
        head = (Column("Dataset", "text"), Column("Model", "text"), Column("Source", "text"),
                Column("Mode", "text"), *columns, Column("n", "count"),
                Column("Parsed", "share"))  # fmt: skip
        short = [line for one in scores.datasets for line in _block(scores, one, columns)]
        tables.append(BenchmarkTable(name, title, head, tuple(short)))
        agreement = AGREEMENT if name == "Table 3" else ()
        full = tuple(_full(scores, (*columns, *agreement)))
        tables.append(BenchmarkTable(f"{name} in full", f"{title}, score by score", _FULL, full))
    return tables


_FULL = (
    Column("Score", "text"),
    Column("Dataset", "text"),
    Column("Model", "text"),
    Column("Source", "text"),
    Column("Strict"),
    Column("Interval", "interval"),
    Column("Paper"),
    Column("n", "count"),
    Column("Parsed", "share"),
    Column("Majority"),
    Column("Majority, paper"),
    Column("Marginal"),
    Column("Marginal, paper"),
    Column("Floor"),
)


def _block(scores: Scores, dataset: str, columns: Sequence[Column]) -> Iterator[Line]:
    """A dataset's rows: ours by model and mode, what they are held against, the published."""
    for origin in (OURS, REFERENCE, PUBLISHED):
        if origin == REFERENCE:
            yield from _references(scores, dataset, columns)
            continue
        for who in scores.who(dataset, origin):
            for mode in MODES:
                found = [scores.cell(who, column.key, mode) for column in columns]
                if any(found):
                    cells = [starred(one) for one in found]
                    yield Line(
                        origin,
                        (dataset, scores.label(who), origin, mode, *cells,
                         span(found, "n"), span(found, "parse_rate")),
                    )  # fmt: skip


def _references(scores: Scores, dataset: str, columns: Sequence[Column]) -> Iterator[Line]:
    """Majority, marginal and floor, where all runs of the dataset have the same."""
    ours = scores.who(dataset, OURS)
    shown = {who[3] for who in ours}
    for name, field, modes in (
        ("majority of others", "baseline", () if MAJORITY in shown else MODES),
        ("marginal of others", "marginal", () if MARGINAL in shown else MODES),
        ("sampling floor", "floor", MODES[:1]),
    ):
        for mode in modes:
            cells = []
            for column in columns:
                found = {scores.cell(who, column.key, mode).get(field) for who in ours}
                values = {value for value in found if known(value)}
                cells.append((values.pop() if len(values) == 1 else None, None, None))
            if any(cell[0] is not None for cell in cells):
                yield Line(REFERENCE, (dataset, name, REFERENCE, mode, *cells, None, None))


def _full(scores: Scores, columns: Sequence[Column]) -> Iterator[Line]:
    places = [(c, d, o) for c in columns for d in scores.datasets for o in (OURS, PUBLISHED)]
    for column, dataset, origin in places:
        for who in scores.who(dataset, origin):
            strict, paper = (scores.cell(who, column.key, mode) for mode in MODES)
            if not strict and not paper:
                continue
            first = strict or paper
            in_both = [(*scored(row, "value"), None, None, *starred(row)[3:])
                       for row in (strict, paper)]  # fmt: skip
            held = ((strict, "baseline"), (paper, "baseline"), (strict, "marginal"),
                    (paper, "marginal"), (first, "floor"))  # fmt: skip
            rest = [(*scored(*one), None, None) for one in held]
            yield Line(
                origin,
                (column.label, dataset, scores.label(who), origin, in_both[0],
                 scored(strict, "low", "high"), in_both[1],
                 span([first], "n"), span([first], "parse_rate"), *rest),
                column.digits,
            )  # fmt: skip


def _text(cell: Any, column: Column, line: Line) -> str:
    """A cell as text; empty where a row of its kind never has a number."""
    digits = line.digits or column.digits
    if column.kind == "text":
        return str(cell)
    if cell is None:
        return ""
    if column.kind == "score":
        head, gap, tail = with_interval(cell[0], cell[1], cell[2], digits).partition(" ")
        return f"{head}{''.join(cell[3:])}{gap}{tail}"
    if column.kind == "interval":
        return interval(cell[0], cell[1], digits)
    write = count if column.kind == "count" else percent
    return "–".join(dict.fromkeys(write(end) for end in cell))


def benchmark_markdown(tables: Sequence[BenchmarkTable]) -> str:
    """Write the tables as Markdown; published rows are in italics and have a dagger.

    Examples
    --------
    >>> print(benchmark_markdown(benchmark_tables([])))
    ### Table 3. Tasks 1 to 3: roles, interviews, stances
    ...
    """
    lines = []
    for table in tables:
        lines += [f"### {table.name}. {table.title}", ""]
        if not table.has_ours:
            lines += [_NO_SCORES, ""]
        lines.append(_pipes([column.label for column in table.columns]))
        lines.append(_pipes(["---" if c.kind == "text" else "---:" for c in table.columns]))
        for line in table.lines:
            cells = _texts(line, table)
            words = [cell.translate(_MARKDOWN if column.kind == "text" else {ord("*"): r"\*"})
                     for cell, column in zip(cells, table.columns, strict=True)]  # fmt: skip
            if line.origin != OURS:
                words = [f"*{word}*" if word else "" for word in words]
            lines.append(_pipes(words))
        lines.append("")
    return "\n".join([*lines, *(f"- {note}" for note in NOTES), ""])


def _texts(line: Line, table: BenchmarkTable) -> list[str]:
    cells = [_text(*pair, line) for pair in zip(line.cells, table.columns, strict=True)]
    mark = " †" if line.origin == PUBLISHED else ""
    return [f"{cell}{mark}" if column.label == "Model" else cell
            for cell, column in zip(cells, table.columns, strict=True)]  # fmt: skip


def benchmark_latex(tables: Sequence[BenchmarkTable]) -> str:
    r"""Write the tables for LaTeX.

    Returns
    -------
    str
        Needs the packages booktabs and graphicx; Chinese names need XeLaTeX or LuaLaTeX.

    Examples
    --------
    >>> print(benchmark_latex(benchmark_tables([])[:1]))
    \begin{table*}
    \centering\scriptsize
    ...
    """
    written = []
    for table in tables:
        form = "".join("l" if column.kind == "text" else "r" for column in table.columns)
        head = " & ".join(_tex(column.label) for column in table.columns)
        lines = [r"\begin{table*}", r"\centering\scriptsize", r"\resizebox{\textwidth}{!}{%",
                 rf"\begin{{tabular}}{{{form}}}", r"\toprule", rf"{head} \\"]  # fmt: skip
        group = None
        for line in table.lines:
            if group != (group := line.cells[0]):
                lines.append(r"\midrule")
            words = [_tex(cell).replace("†", r"$^{\dagger}$") for cell in _texts(line, table)]
            if line.origin != OURS:
                words = [rf"\textit{{{word}}}" if word else "" for word in words]
            lines.append(rf"{' & '.join(words)} \\")
        caption = _tex(f"{table.title}. {' '.join(NOTES)}").replace("†", r"$^{\dagger}$")
        label = table.name.lower().replace(" ", "-")
        lines += [r"\bottomrule", r"\end{tabular}}", rf"\caption{{{caption}}}",
                  rf"\label{{tab:alignsurvey-{label}}}", r"\end{table*}", ""]  # fmt: skip
        written += lines
    return "\n".join(written)


def benchmark_excel(tables: Sequence[BenchmarkTable]) -> bytes:
    """Write the tables as a workbook: a sheet a table, numbers as numbers, and a sheet of notes.

    Examples
    --------
    >>> benchmark_excel(benchmark_tables([]))[:2]
    b'PK'
    """
    import xlsxwriter

    # A model's name is text, be it "=1+1" or an address.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    content = BytesIO()
    with xlsxwriter.Workbook(content, options) as book:
        for table in tables:
            _sheet(book, table)
        notes = book.add_worksheet("Notes")
        notes.set_column(0, 0, 110)
        for place, note in enumerate(NOTES):
            notes.write_string(place, 0, note, book.add_format({"text_wrap": True}))
    return content.getvalue()


def _sheet(book: Any, table: BenchmarkTable) -> None:
    sheet = book.add_worksheet(table.name)
    formats: dict[tuple[str, bool], Any] = {}
    bold = book.add_format({"bold": True, "bottom": 1})
    heads = [head for one in table.columns for head in _heads(one)]
    widths = [len(head) for head in heads]
    sheet.write_row(0, 0, heads, bold)
    for row, line in enumerate(table.lines, 1):
        own = line.origin == OURS
        values = [pair for one in zip(line.cells, table.columns, strict=True)
                  for pair in _values(*one, line)]  # fmt: skip
        for place, (value, form) in enumerate(values):
            if (form, own) not in formats:
                look = {} if own else {"italic": True, "font_color": MUTED}
                formats[form, own] = book.add_format({"num_format": form, **look})
            sheet.write(row, place, value, formats[form, own])
            if isinstance(value, str):
                widths[place] = max(widths[place], text_columns(value))
    for place, width in enumerate(widths):
        sheet.set_column(place, place, max(min(width, 48), 5) + 3)  # room for the filter's arrow
    sheet.freeze_panes(1, [column.label for column in table.columns].index("Model") + 1)
    sheet.autofilter(0, 0, max(len(table.lines), 1), len(heads) - 1)


def _heads(column: Column) -> list[str]:
    return ["Low", "High"] if column.kind == "interval" else [column.label]


def _values(cell: Any, column: Column, line: Line) -> list[tuple[Any, str]]:
    """A cell's values for a sheet, with their number formats."""
    decimals = "0." + "0" * (line.digits or column.digits)
    if column.kind == "text":
        return [(cell, "@")]
    if column.kind == "interval":
        return [(end, decimals) for end in cell]
    if column.kind == "score":
        stars = "".join(cell[3:]) if cell else ""
        return [(cell[0] if cell else None, f'{decimals}"{stars}"' if stars else decimals)]
    form = "#,##0" if column.kind == "count" else "0.0%"
    one_value = cell is None or cell[0] == cell[1]
    return [(cell and cell[0], form) if one_value else (_text(cell, column, line), "@")]
