"""`alignsurvey score`: prediction files made elsewhere, scored strictly or as released."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from alignsurvey.benchmark.rows import FileScore, RowFile, Task
    from alignsurvey.benchmark.scoring import Mode

_WIDTH, _SHOWN_LINES = 100, 10
_TASKS = "role, interview, stance, stance-group, response, response-group"


def score(
    files: Annotated[
        list[Path],
        typer.Argument(help="Prediction files: JSON lines or an array.", metavar="FILE…"),
    ],
    task: Annotated[str, typer.Option(help=f"One of {_TASKS}.")],
    mode: Annotated[
        str, typer.Option(help="strict: right. paper: as the released scripts, faults included.")
    ] = "strict",
    field: Annotated[
        str | None,
        typer.Option(help="Field of the role task, if the file's name lacks it; or your own."),
    ] = None,
    codebook: Annotated[
        Path | None,
        typer.Option(help="Codebook (YAML): positions of group options, options of a role field."),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Threads that compare many reasons; by default one a core.")
    ] = os.cpu_count() or 1,
    rows: Annotated[bool, typer.Option("--rows", help="With --json: every row too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Score prediction files on a task of the AlignSurvey benchmark.

    Example: alignsurvey score --task response --mode paper predictions.jsonl
    """
    from alignsurvey.benchmark.rows import Task
    from alignsurvey.benchmark.scoring import (
        WITH_CODEBOOK,
        Mode,
        read_codebook,
        read_rows,
        score_rows,
    )
    from alignsurvey.errors import InputError

    the_task, the_mode = Task(_one_of(task, Task, "task")), Mode(_one_of(mode, Mode, "mode"))
    if rows and not json:
        raise InputError("--rows goes with --json; tables show metrics and problems")
    if field and the_task is not Task.ROLE:
        raise InputError(f"--field is for --task role; the task is {the_task}")
    if codebook and (the_mode is Mode.PAPER or the_task not in WITH_CODEBOOK):
        raise InputError(
            f"--codebook is for --mode strict and --task {', '.join(WITH_CODEBOOK)}; leave it out"
        )
    book = read_codebook(codebook) if codebook else None
    read = [read_rows(path, the_task) for path in files]
    scores = [score_rows(file, the_task, the_mode, field, book, workers) for file in read]
    if json:
        _print_json(the_task, the_mode, dict(zip(_names(files), scores, strict=True)), rows)
        return
    for file, scored in zip(read, scores, strict=True):
        _print_file(file, the_task, the_mode, scored, field)


def _one_of(given: str, known: type[Task | Mode], what: str) -> str:
    from alignsurvey.errors import InputError, nearest

    names = [str(one) for one in known]
    if given not in names:
        raise InputError(f"--{what}: no {what} '{given}'; {nearest(given, names)}")
    return given


def _names(files: Sequence[Path]) -> Iterator[str]:
    """Call a file by its name, by its path where two share a name; a file given twice is told."""
    seen: set[str] = set()
    for path in files:
        shared = sum(other.name == path.name for other in files) > 1
        name = str(path) if shared else path.name
        while name in seen:
            name += " (again)"
        seen.add(name)
        yield name


def _print_json(task: Task, mode: Mode, scores: Mapping[str, FileScore], rows: bool) -> None:
    from json import dumps

    content = {
        "task": str(task),
        "mode": str(mode),
        "files": {
            name: {
                **score.metrics,
                "problems": [{"line": one.line, "what": one.what} for one in score.problems],
                **({"rows": score.rows} if rows else {}),
            }
            for name, score in scores.items()
        },
    }
    text = dumps(_plain(content), ensure_ascii=False, indent=2)
    # Half of a surrogate pair, which \u escapes in a reply can leave, is no UTF-8: escape it.
    typer.echo(text.encode("utf-8", errors="backslashreplace").decode("utf-8"))


def _plain(value: object) -> object:
    """Give JSON what it has: null for NaN and infinity, plain numbers for numpy's."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return float(value) if abs(value) < float("inf") else None
    return value.item() if hasattr(value, "item") else value


def _print_file(file: RowFile, task: Task, mode: Mode, score: FileScore, field: str | None) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    width = console.width if console.is_terminal else _WIDTH
    console = Console(width=min(width, _WIDTH), highlight=False)
    console.print(Text(f"{file.name}: {task}, {mode} mode, {len(file.rows):,} rows", style="bold"))
    strict, note = _strict_too(file, task, field) if mode == "paper" else (None, "")
    console.print(_metric_table(score.metrics, strict.metrics if strict else None))
    lines = [note] if note else []
    if strict:
        from alignsurvey.benchmark.paper.faults import known_faults

        for fault, count in known_faults(task, file.rows, score, strict).items():
            lines.append(f"{count:,} row{'s' * (count != 1)}: {fault}")
    _print_list(console, "Faults of the released scorer in this file", lines)
    name = Path(file.name).name
    problems = [f"{name}: line {one.line}: {one.what}" for one in score.problems]
    _print_list(console, f"Problems: {len(problems):,}", problems)


def _print_list(console: Console, title: str, lines: Sequence[str]) -> None:
    """Print the first lines under a title, each wrapping under itself."""
    from rich.table import Table
    from rich.text import Text

    if not lines:
        return
    console.print(Text(title, style="bold"))
    grid = Table.grid(padding=(0, 1))
    for line in lines[:_SHOWN_LINES]:
        grid.add_row("-", Text(line))
    if len(lines) > _SHOWN_LINES:
        grid.add_row("-", Text(f"and {len(lines) - _SHOWN_LINES:,} more; --json prints all"))
    console.print(grid)


def _metric_table(metrics: Mapping[str, Any], strict: Mapping[str, Any] | None) -> Table:
    """Lay metrics out with their intervals; beside those of paper mode, the strict ones."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from alignsurvey.benchmark.paper.faults import COUNTERPARTS

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Metric")
    table.add_column("Value" if strict is None else "As released")
    if strict is not None:
        table.add_column("Strict")
        metrics = {**metrics, "parse_rate": None}
    for name, value in _flat(metrics):
        cells = [name, _figure(value) + _interval(metrics, name)]
        if strict is not None:
            same = COUNTERPARTS.get(name, name)
            cells.append(_figure(strict[same]) + _interval(strict, same) if same in strict else "")
        table.add_row(*map(Text, cells))
    return table


def _flat(metrics: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give metrics a line each: bounds go with their metric, and every question has its line."""
    for name, value in metrics.items():
        is_bound = name.removesuffix("_low").removesuffix("_high") in metrics and name.endswith(
            ("_low", "_high")
        )
        if isinstance(value, Mapping) and any(isinstance(one, Mapping) for one in value.values()):
            yield from ((f"{name}: {key}", one) for key, one in value.items())
        elif not is_bound:
            yield name, value


def _interval(metrics: Mapping[str, Any], name: str) -> str:
    low, high = metrics.get(f"{name}_low"), metrics.get(f"{name}_high")
    return "" if low is None or high is None else f" [{_figure(low)}, {_figure(high)}]"


def _figure(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124
        return "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_figure(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_figure, value))
    return f"{value:.4f}" if isinstance(value, float) else f"{value}"


def _strict_too(file: RowFile, task: Task, field: str | None) -> tuple[FileScore | None, str]:
    from alignsurvey.benchmark.scoring import Mode, score_rows
    from alignsurvey.errors import InputError

    try:
        return score_rows(file, task, Mode.STRICT, field), ""
    except InputError as error:
        return None, f"strict mode cannot score this file: {error}"
