"""Files of a benchmark run: which are read, and what is left behind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from alignsurvey.benchmark.answer_table import answer_table, asked_queries
from alignsurvey.benchmark.bench import BenchResult
from alignsurvey.benchmark.parts import question_of
from alignsurvey.benchmark.replies import record_mark
from alignsurvey.benchmark.rows import Problem
from alignsurvey.benchmark.scored import Scored
from alignsurvey.errors import InputError
from alignsurvey.running.folder import RunFolder


def record_files(data: Path) -> list[Path]:
    """List the record files of a folder, or the one file named.

    Raises
    ------
    InputError
        There is no such folder or file, or it holds no records.
    """
    if data.is_file():
        return [data]
    if not data.is_dir():
        raise InputError(f"{data}: no such file or folder; check the path")
    found = sorted(
        path
        for path in data.iterdir()
        if path.suffix in (".json", ".jsonl")
        and not path.name.startswith(("dataset_info", "foundation_", "."))
    )
    if not found:
        raise InputError(f"{data}: holds no .json or .jsonl files of records")
    return found


def scores_json(result: BenchResult, problems: Sequence[tuple[str, Problem]]) -> str:
    """Write scores and problems as JSON."""
    odd = [*problems, *result.problems]
    content = {
        "scores": result.scores.to_dicts(),
        "comparisons": result.comparisons.to_dicts(),
        "subgroups": result.subgroups.to_dicts(),
        "records": result.records,
        "problems": [{"where": w, "line": one.line, "what": one.what} for w, one in odd],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def write_bench(
    out: Path,
    result: BenchResult,
    settings: Mapping[str, Any],
    report: Callable[[Path], object] | None = None,
) -> None:
    """Write scores, queries, answers, replies, the report and the manifest into a run folder."""
    folder = RunFolder.open(out)
    folder.write_table("scores.parquet", result.scores)
    for name, table in (("comparisons", result.comparisons), ("subgroups", result.subgroups)):
        if table.height:
            folder.write_table(f"{name}.parquet", table)
    folder.write_table("answers.parquet", answer_table(result.scored, result.shares))
    queries = asked_queries(result.scored, result.shares)
    if queries.height:
        folder.write_table("queries.parquet", queries)
    for one in result.scored:
        if one.mode == "strict":
            folder.write_text(_file_name(one), "\n".join(_lines(one)) + "\n")
    for name, lines in _said_of_groups(result).items():
        folder.write_text(name, "\n".join(lines) + "\n")
    if result.judged:
        said = (line for one in result.judged for line in one.lines())
        folder.write_text("judges.jsonl", "\n".join(said) + "\n")
    if report is not None:
        with folder.writing("report.html") as path:
            report(path)
    judges = list(dict.fromkeys(judge for one in result.judged for judge in one.replies))
    content = {
        "kind": "bench",
        **settings,
        "judges": judges,
        "records": result.records,
        "example_people": result.held_out.settings(),
    }
    folder.write_manifest(content, None)


def _said_of_groups(result: BenchResult) -> dict[str, list[str]]:
    """Write what was said of groups as prediction files, which can be given again as recorded."""
    files: dict[str, list[str]] = {}
    for model, (query, reply) in result.shares:
        name = f"{_safe(model)}-{query.task}-verbalized.jsonl"
        row = {"prompt": question_of(query), "predict": reply.text or ""}
        files.setdefault(name, []).append(json.dumps(row, ensure_ascii=False))
    return files


def _safe(model: str) -> str:
    return re.sub(r"[^\w.-]+", "_", model)


def _file_name(one: Scored) -> str:
    parts = (_safe(one.model), one.part.task.value, one.part.name)
    return "-".join(filter(None, parts)) + ".jsonl"


def _lines(one: Scored) -> Iterator[str]:
    """Write replies as a prediction file, which can be scored, or given again as recorded."""
    rows = one.part.rows(one.replies, [query for query, _ in one.asked])
    for record, row in zip(one.part.records, rows, strict=True):
        # The prompt as it was put; `record` finds the record again, whatever words it was put in.
        kept = {key: row.content[key] for key in ("prompt", "predict", "label", "person_id")}
        yield json.dumps({**kept, "record": record_mark(record)}, ensure_ascii=False)
