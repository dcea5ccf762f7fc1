"""Files of a benchmark run: which are read, and what is left behind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from alignsurvey.benchmark.bench import BenchResult
from alignsurvey.benchmark.rows import Problem
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
    """Write scores, replies, the report and the manifest into a run folder."""
    folder = RunFolder.open(out)
    folder.write_table("scores.parquet", result.scores)
    for name, table in (("comparisons", result.comparisons), ("subgroups", result.subgroups)):
        if table.height:
            folder.write_table(f"{name}.parquet", table)
    for (model, task, part), replies in result.replies.items():
        name = "-".join(filter(None, (re.sub(r"[^\w.-]+", "_", model), task, part)))
        lines = (json.dumps({"predict": reply}, ensure_ascii=False) for reply in replies)
        folder.write_text(f"{name}.jsonl", "\n".join(lines) + "\n")
    if result.judged:
        said = (line for one in result.judged for line in one.lines())
        folder.write_text("judges.jsonl", "\n".join(said) + "\n")
    if report is not None:
        with folder.writing("report.html") as path:
            report(path)
    judges = list(dict.fromkeys(judge for one in result.judged for judge in one.replies))
    content = {"kind": "bench", **settings, "judges": judges, "records": result.records}
    folder.write_manifest(content, None)
