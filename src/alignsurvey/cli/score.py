"""`alignsurvey score`: prediction files made elsewhere, scored strictly or as released."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from alignsurvey.benchmark.rows import FileScore, RowFile, Task
    from alignsurvey.benchmark.scoring import Mode

_SHOWN_PROBLEMS = 10
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
        str | None, typer.Option(help="Field of the role task, if the file's name lacks it.")
    ] = None,
    rows: Annotated[bool, typer.Option("--rows", help="With --json: every row too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Score prediction files on a task of the AlignSurvey benchmark.

    Example: alignsurvey score --task response --mode paper predictions.jsonl
    """
    from alignsurvey.benchmark.rows import Task
    from alignsurvey.benchmark.scoring import Mode, read_rows, score_rows

    the_task, the_mode = Task(_one_of(task, Task, "task")), Mode(_one_of(mode, Mode, "mode"))
    if field and the_task is not Task.ROLE:
        from alignsurvey.errors import InputError

        raise InputError(f"--field is for --task role; the task is {the_task}")
    read = [read_rows(path, the_task) for path in files]
    scores = [score_rows(file, the_task, the_mode, field) for file in read]
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
    console.print(Text(f"{file.name}: {task}, {mode} mode, {len(file.rows):,} rows", style="bold"))
    console.print(_metric_table(score.metrics))
    if mode == "paper":
        for line in _fault_lines(file, task, score, field):
            console.print(Text(f"- {line}"))
    if score.problems:
        console.print(Text(f"Problems: {len(score.problems):,}", style="bold"))
    for problem in score.problems[:_SHOWN_PROBLEMS]:
        console.print(Text(f"- {Path(file.name).name}: line {problem.line}: {problem.what}"))
    if len(score.problems) > _SHOWN_PROBLEMS:
        rest = len(score.problems) - _SHOWN_PROBLEMS
        console.print(Text(f"- and {rest:,} more; --json prints all"))


def _metric_table(metrics: Mapping[str, Any]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Metric", no_wrap=True)
    table.add_column("Value")
    for name, value in metrics.items():
        table.add_row(Text(name), Text(_figure(value)))
    return table


def _figure(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124
        return "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_figure(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_figure, value))
    return f"{value:.4f}" if isinstance(value, float) else f"{value}"


def _fault_lines(file: RowFile, task: Task, paper: FileScore, field: str | None) -> Iterator[str]:
    from alignsurvey.benchmark.paper.faults import known_faults
    from alignsurvey.benchmark.scoring import Mode, score_rows
    from alignsurvey.errors import InputError

    try:
        strict = score_rows(file, task, Mode.STRICT, field)
    except (InputError, ModuleNotFoundError) as error:
        yield f"strict mode cannot score this file: {error}"
        return
    for fault, count in known_faults(task, file.rows, paper, strict).items():
        yield f"{count:,} row{'s' * (count != 1)}: {fault}"
