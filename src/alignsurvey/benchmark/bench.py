"""The benchmark run: records, replies, rows, scores in both modes, beside baseline and floor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl

from alignsurvey.benchmark.baselines import BASELINES, baseline_replies
from alignsurvey.benchmark.grouping import group_scores
from alignsurvey.benchmark.paper import score_paper
from alignsurvey.benchmark.reference import score_references
from alignsurvey.benchmark.replies import recorded_replies
from alignsurvey.benchmark.rows import FileScore, PredictionRow, Problem, Task
from alignsurvey.benchmark.strict import score_strict
from alignsurvey.errors import InputError, nearest
from alignsurvey.survey import load_interviews
from alignsurvey.tasks.corpora.from_interviews import interview_records
from alignsurvey.tasks.records import Record, RecordTask, RoleRecord, read_records
from alignsurvey.tasks.records.people import person_key
from alignsurvey.tasks.records.rebuild import FIELD_GROUPS, rebuild_role

MAJORITY = BASELINES[0]
SHOWN = {
    Task.ROLE: ("accuracy", "set_f1"),
    Task.INTERVIEW: ("rouge_l", "chrf", "distinct_2"),
    Task.STANCE: ("accuracy", "macro_f1"),
    Task.RESPONSE: ("accuracy", "macro_f1"),
}
"""Metrics of the summary, where a mode has them."""

SCHEMA = {
    "task": pl.String,
    "part": pl.String,
    "model": pl.String,
    "mode": pl.String,
    "metric": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n": pl.Int64,
    "parse_rate": pl.Float64,
    "baseline": pl.Float64,
    "floor": pl.Float64,
}

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Part:
    """Records that are scored together: a task, or one field of the role task."""

    task: Task
    name: str
    records: tuple[Record, ...]

    def rows(self, replies: Sequence[str]) -> list[PredictionRow]:
        """Make rows of a prediction file of a model's replies."""
        rows = []
        for place, (record, reply) in enumerate(zip(self.records, replies, strict=True), 1):
            content: dict[str, Any] = {
                "prompt": record.prompt,
                "predict": reply,
                "label": record.output,
                "person_id": str(person_key(record)),
            }
            rows.append(PredictionRow(place, str(place), content))
        return rows


@dataclass(frozen=True)
class BenchResult:
    """What a benchmark run found.

    Parameters
    ----------
    scores : polars.DataFrame
        Columns task, part (a role field, "basic", a group estimator; "" for the whole task),
        model, mode ("strict" or "paper"), metric, value, low, high, n, parse_rate, baseline (the
        majority of other people's answers, same mode), floor (of distances: two human samples).
    replies : mapping of (model, task, part) to list of str
    problems : tuple of (where, Problem)
    records : mapping of task to number of records
    """

    scores: pl.DataFrame
    replies: dict[tuple[str, str, str], list[str]] = field(default_factory=dict, repr=False)
    problems: tuple[tuple[str, Problem], ...] = ()
    records: dict[str, int] = field(default_factory=dict)


def read_parts(
    files: Sequence[Path], tasks: Sequence[str], limit: int | None = None
) -> tuple[list[Part], list[tuple[str, Problem]]]:
    """Read the records of a benchmark and sort them into parts.

    Where there are interviews, the role task is rebuilt from them, with all its fields; released
    role rows are taken where there are none.

    Raises
    ------
    InputError
        A task is unknown, or has no records in the files.
    """
    found: dict[str, list[Record]] = {}
    problems: list[tuple[str, Problem]] = []
    for path in files:
        read = read_records(path)
        found.setdefault(read.task.value, []).extend(read.records)
        problems += [(path.name, Problem(one.line, one.what)) for one in read.problems]
    if "interview" in found and "role" in tasks:
        found["role"] = list(rebuild_role(found["interview"]))  # type: ignore[arg-type]
    return list(_parts(found, tasks, limit, ", ".join(path.name for path in files))), problems


def example_parts(
    language: Literal["en", "zh"], tasks: Sequence[str], limit: int | None = None
) -> tuple[list[Part], list[tuple[str, Problem]]]:
    """Make the parts of the embedded interview corpus, whose people are invented."""
    found = interview_records(load_interviews(language))
    records = {task.value: own for task, own in found.items()}
    return list(_parts(records, tasks, limit, f"the example in '{language}'")), []


def _parts(
    found: Mapping[str, list[Record]], tasks: Sequence[str], limit: int | None, where: str
) -> Iterator[Part]:
    known = [task.value for task in RecordTask]
    for task in tasks:
        if task not in known:
            raise InputError(f"no task '{task}'; {nearest(task, known)}")
        records = found.get(task)
        if not records:
            raise InputError(f"no records of task '{task}' in {where}")
        for name in dict.fromkeys(_field(record) for record in records):
            own = [record for record in records if _field(record) == name]
            yield Part(Task(task), name, tuple(own[:limit] if limit else own))


def _field(record: Record) -> str:
    return record.field if isinstance(record, RoleRecord) else ""


def run_bench(
    parts: Sequence[Part],
    models: Sequence[str],
    groups: Sequence[str] = (),
    seed: int = 42,
    base: Path = Path(),
    progress: Progress | None = None,
) -> BenchResult:
    """Let models answer the parts and score them strictly and as the released scripts do.

    Parameters
    ----------
    parts : sequence of Part
    models : sequence of str
        ``baseline/majority``, ``baseline/marginal``, ``baseline/uniform``, or ``recorded/FILE``
        (or a folder of prediction files).
    groups : sequence of str
        Attributes of the profile by which stance and response are scored for groups too.
    seed : int
    base : Path
        Where recorded files are looked for.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Returns
    -------
    BenchResult
    """
    asked = list(dict.fromkeys([MAJORITY, *models]))
    scores: list[dict[str, Any]] = []
    replies: dict[tuple[str, str, str], list[str]] = {}
    problems: list[tuple[str, Problem]] = []
    for place, (model, part) in enumerate((m, p) for m in asked for p in parts):
        if progress:
            progress(place, len(asked) * len(parts), f"{model}: {part.task} {part.name}")
        texts, odd = _answered(model, part, seed, base)
        problems += [(f"{model}: {part.task}", one) for one in odd]
        replies[model, part.task.value, part.name] = texts
        for mode, scored in _scored(part, texts, seed):
            scores += _rows(part, model, mode, scored)
            if mode == "strict" and part.task in (Task.STANCE, Task.RESPONSE) and groups:
                grouped = group_scores(part.task, part.records, scored, model, groups, seed)
                scores += grouped
                if not grouped:
                    small = Problem(0, "no group has 10 people who were asked one question")
                    problems.append((f"{part.task}-group", small))
    table = pl.DataFrame(scores, schema=SCHEMA)
    table = pl.concat([table, _field_groups(table)])
    counted = {task: sum(len(p.records) for p in parts if p.task == task) for task in Task}
    return BenchResult(
        _beside_baseline(table).filter(pl.col("model").is_in(list(models))),
        {key: texts for key, texts in replies.items() if key[0] in models},
        tuple(problems),
        {task.value: n for task, n in counted.items() if n},
    )


def _scored(part: Part, replies: Sequence[str], seed: int) -> Iterator[tuple[str, FileScore]]:
    if part.task is Task.INTERVIEW:
        # The released scorer reads judges' replies; without a judge there are references only.
        people = [person_key(record) or record.row for record in part.records]
        golds = [record.answer for record in part.records]
        yield "strict", score_references(replies, golds, people, seed)
        return
    rows = part.rows(replies)
    yield "strict", score_strict(part.task, rows, part.name or None)
    yield "paper", score_paper(part.task, rows, part.name or None)


def _answered(model: str, part: Part, seed: int, base: Path) -> tuple[list[str], list[Problem]]:
    if model.startswith("recorded/"):
        return recorded_replies(base / model.removeprefix("recorded/"), part.task, part.records)
    return baseline_replies(model, part.records, seed), []


def _rows(part: Part, model: str, mode: str, scored: FileScore) -> list[dict[str, Any]]:
    found = []
    for metric in SHOWN[part.task]:
        value = scored.metrics.get(metric, scored.metrics.get(f"overall_{metric}"))
        if mode == "paper" and metric == "macro_f1":
            value = scored.metrics.get("f1_macro", scored.metrics.get("overall_f1_macro"))
        if value is None:
            continue
        found.append(
            {
                "task": part.task.value,
                "part": part.name,
                "model": model,
                "mode": mode,
                "metric": metric,
                "value": value,
                "low": scored.metrics.get(f"{metric}_low"),
                "high": scored.metrics.get(f"{metric}_high"),
                "n": scored.metrics.get("n", len(part.records)),
                "parse_rate": scored.metrics.get("parse_rate"),
                "baseline": None,
                "floor": None,
            }
        )
    return found


def _field_groups(table: pl.DataFrame) -> pl.DataFrame:
    """Mean accuracy over the fields of Basic, Social and Family, as in the paper's Table 3."""
    parts = []
    for name, fields in FIELD_GROUPS.items():
        own = table.filter(
            pl.col("task") == "role", pl.col("part").is_in(fields), pl.col("metric") == "accuracy"
        )
        if own.is_empty():
            continue
        mean = own.group_by("task", "model", "mode", "metric", maintain_order=True).agg(
            pl.col("value").mean(), pl.col("n").sum(), pl.col("parse_rate").mean()
        )
        parts.append(
            mean.with_columns(
                part=pl.lit(name),
                low=pl.lit(None, pl.Float64),
                high=pl.lit(None, pl.Float64),
                baseline=pl.lit(None, pl.Float64),
                floor=pl.lit(None, pl.Float64),
            ).select(list(SCHEMA))
        )
    return pl.concat(parts) if parts else table.clear()


def _beside_baseline(table: pl.DataFrame) -> pl.DataFrame:
    keys = ["task", "part", "mode", "metric"]
    majority = table.filter(model=MAJORITY).select(*keys, pl.col("value").alias("majority"))
    joined = table.join(majority, on=keys, how="left", maintain_order="left")
    return joined.with_columns(baseline=pl.col("majority")).drop("majority")
