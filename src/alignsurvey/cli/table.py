"""`alignsurvey table`: the paper's Tables 3 and 4 of benchmark runs, and the radar of Figure 2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import polars as pl

    from alignsurvey.report.published import BenchmarkTable, Run

ENDINGS = {"markdown": (".md", ".markdown"), "latex": (".tex",), "excel": (".xlsx",)}


def table(
    runs: Annotated[
        list[Path], typer.Argument(help="Run folders of alignsurvey bench.", metavar="RUN…")
    ],
    format: Annotated[
        str | None,
        typer.Option(help="markdown, latex or excel; by default what --out ends in, or markdown."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write: .md, .tex or .xlsx; printed without.")
    ] = None,
    radar: Annotated[
        Path | None, typer.Option(help="Draw Figure 2 too, into this .svg file.")
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            help="ASE, CHIP, GSS or your own: one for all runs, or repeated, one a run in order. "
            "ASE/CHIP: interviews of one, responses of another. By default the run's name."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the tables as JSON.")] = False,
) -> None:
    """Write Tables 3 and 4 of benchmark runs, with the paper's published rows beside them.

    Strict scores and those of the released scripts stand side by side, with interval, n, parse
    rate, majority and floor. Published rows are marked as published.

    Example: alignsurvey table runs/ase --dataset ASE --out tables.xlsx --radar radar.svg
    """
    from alignsurvey.errors import InputError
    from alignsurvey.report.benchmark_tables import benchmark_tables

    chosen = _format(format, out)
    if radar is not None and radar.suffix != ".svg":
        raise InputError(f"--radar {radar}: a radar is an SVG; let the name end in .svg")
    if chosen == "excel" and out is None and not json:
        raise InputError("--format excel: a workbook cannot be printed; add --out FILE.xlsx")
    read = _read_runs(runs, dataset or [])
    tables = benchmark_tables(read)
    files = {out: _content(tables, chosen)} if out else {}
    if radar is not None:
        from alignsurvey.report.radar import radar_svg

        files[radar] = radar_svg(read).encode()
    for path, content in files.items():
        _write(path, content)
    if json:
        typer.echo(_json(tables))
    elif out is None:
        typer.echo(_content(tables, chosen).decode(), nl=False)
    for path in files:
        typer.echo(f"Written: {path}", err=json or out is None)


def _format(given: str | None, out: Path | None) -> str:
    from alignsurvey.errors import InputError, nearest

    if given is not None and given not in ENDINGS:
        raise InputError(f"--format: no format '{given}'; {nearest(given, ENDINGS)}")
    if out is None:
        return given or "markdown"
    found = next((name for name, ends in ENDINGS.items() if out.suffix.lower() in ends), None)
    if found is None and given is None:
        raise InputError(f"--out {out}: ends in none of .md, .tex, .xlsx; rename it")
    if given is not None and found != given:
        raise InputError(f"--out {out}: {given} files end in {ENDINGS[given][0]}; rename it")
    return given or found or "markdown"


def _read_runs(paths: Sequence[Path], datasets: Sequence[str]) -> list[Run]:
    """Read the runs; one dataset is that of all of them."""
    from alignsurvey.errors import InputError
    from alignsurvey.report.published import Run

    if len(datasets) not in (0, 1, len(paths)):
        raise InputError(
            f"--dataset: {len(datasets)} names for {len(paths)} runs; give one, or one a run"
        )
    full = [path.resolve() for path in paths]
    twice = next((path for path in full if full.count(path) > 1), None)
    if twice is not None:
        raise InputError(f"{twice.name}: the run is named twice; name it once")
    names = [path.name for path in full]
    labels = [str(paths[i]) if names.count(name) > 1 else name for i, name in enumerate(names)]
    for name in datasets:
        if not all(part.strip() for part in name.split("/")) or name.count("/") > 1:
            raise InputError(f"--dataset '{name}': write NAME, or NAME/NAME of the responses")
    pairs = [name.partition("/") for name in datasets]
    given = [(one.strip(), other.strip() or None) for one, _, other in pairs]
    given = given * len(paths) if len(given) == 1 else given or [(one, None) for one in labels]
    return [
        Run(label, one, _scores(path), other, _comparisons(path))
        for label, (one, other), path in zip(labels, given, paths, strict=True)
    ]


def _scores(path: Path) -> pl.DataFrame:
    """Read the scores of a benchmark's run folder."""
    from json import JSONDecodeError, loads

    import polars as pl

    from alignsurvey.benchmark.bench import SCHEMA
    from alignsurvey.errors import InputError

    if not (path / "manifest.json").is_file():
        what = "no run folder (no manifest.json)" if path.exists() else "no such folder"
        raise InputError(f"{path}: {what}; name a folder that bench wrote with --out")
    try:
        manifest = loads((path / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, JSONDecodeError) as error:
        raise InputError(f"{path / 'manifest.json'}: cannot be read; run bench again") from error
    kind = manifest.get("kind") if isinstance(manifest, dict) else None
    if kind != "bench":
        raise InputError(f"{path}: a run of another kind, not of bench; name one of bench")
    try:
        scores = pl.read_parquet(path / "scores.parquet")
        return scores.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{path / 'scores.parquet'}: missing, or not bench's scores; run bench again"
        ) from error


def _comparisons(path: Path) -> pl.DataFrame | None:
    """Read the paired tests of a run; a run of one model has none."""
    import polars as pl

    from alignsurvey.benchmark.comparison import COMPARISONS
    from alignsurvey.errors import InputError

    file = path / "comparisons.parquet"
    if not file.is_file():
        return None
    try:
        return pl.read_parquet(file).select(pl.col(n).cast(k) for n, k in COMPARISONS.items())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{file}: not bench's comparisons; run bench again") from error


def _content(tables: Sequence[BenchmarkTable], chosen: str) -> bytes:
    from alignsurvey.report import benchmark_tables as writers

    if chosen == "excel":
        return writers.benchmark_excel(tables)
    text = writers.benchmark_latex if chosen == "latex" else writers.benchmark_markdown
    return text(tables).encode()


def _json(tables: Sequence[BenchmarkTable]) -> str:
    """A record a score, from the tables in full, which hold all there is."""
    from json import dumps

    from alignsurvey.report.published import NOTES

    content = {
        one.name.removesuffix(" in full"): [
            dict(_fields(line.cells, [column.label for column in one.columns]))
            for line in one.lines
        ]
        for one in tables
        if one.name.endswith(" in full")
    }
    return dumps({**content, "notes": NOTES}, ensure_ascii=False, indent=1)


def _fields(cells: Sequence[Any], labels: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for label, cell in zip(labels, cells, strict=True):
        if label == "Interval":
            yield from zip(("low", "high"), cell, strict=True)
        else:
            name = label.lower().replace(", ", "_").replace("parsed", "parse_rate")
            yield name, cell[0] if isinstance(cell, tuple) else cell
            if isinstance(cell, tuple) and any(cell[3:]):
                yield f"{name}_stars", cell[3]


def _write(path: Path, content: bytes) -> None:
    """Write a file that appears only when it is complete."""
    from alignsurvey.files import writing

    with writing(path) as draft:
        draft.write_bytes(content)
