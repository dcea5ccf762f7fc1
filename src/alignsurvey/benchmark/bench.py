"""The benchmark run: parts, replies, scores in both modes, and what is made of the scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from alignsurvey.benchmark.baselines import (
    MAJORITY,
    MARGINAL,
    baseline_replies,
    beside_baselines,
)
from alignsurvey.benchmark.comparison import COMPARISONS, compare, reference_model
from alignsurvey.benchmark.field_groups import field_group_rows
from alignsurvey.benchmark.grouping import group_scores
from alignsurvey.benchmark.judge_scores import Judged
from alignsurvey.benchmark.judging import Judge, Judging, judge_interviews
from alignsurvey.benchmark.parts import Part, example_parts, read_parts
from alignsurvey.benchmark.replies import recorded_replies
from alignsurvey.benchmark.row_scores import row_scores
from alignsurvey.benchmark.rows import Problem, Task
from alignsurvey.benchmark.scored import SCHEMA, SHOWN, Scored, score_replies, score_rows
from alignsurvey.benchmark.subgroups import SUBGROUPS, check_attributes, subgroup_scores

__all__ = [
    "MAJORITY",
    "SCHEMA",
    "SHOWN",
    "BenchResult",
    "Part",
    "Scored",
    "example_parts",
    "read_parts",
    "run_bench",
]

Progress = Callable[[int, int, str], None]
Problems = list[tuple[str, Problem]]


@dataclass(frozen=True)
class BenchResult:
    """What a benchmark run found.

    Parameters
    ----------
    scores : polars.DataFrame
        Columns task, part (a role field, "basic", a group estimator; "" for the whole task),
        model, mode ("strict" or "paper"), metric, value, low, high, n, parse_rate, baseline (the
        majority of other people's answers, same mode), marginal (one of their answers by lot),
        floor (of distances: two human samples).
    replies : mapping of (model, task, part) to list of str
    problems : tuple of (where, Problem)
    records : mapping of task to number of records
    judged : tuple of Judged
        What judges said of the interview answers.
    """

    scores: pl.DataFrame
    replies: dict[tuple[str, str, str], list[str]] = field(default_factory=dict, repr=False)
    problems: tuple[tuple[str, Problem], ...] = ()
    records: dict[str, int] = field(default_factory=dict)
    comparisons: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=COMPARISONS))
    subgroups: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SUBGROUPS))
    judged: tuple[Judged, ...] = field(default=(), repr=False)


def run_bench(
    parts: Sequence[Part],
    models: Sequence[str],
    groups: Sequence[str] = (),
    seed: int = 42,
    base: Path = Path(),
    progress: Progress | None = None,
    judges: Sequence[Judge] = (),
    *,
    subgroups: Sequence[str] = (),
    against: str | None = None,
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
    judges : sequence of Simulator or RecordedJudge
        Who scores the interview answers of the models; see `alignsurvey.benchmark.judging`.
    subgroups : sequence of str
        Attributes of the profile by which accuracy is shown, or "paper" for the paper's own four.
    against : str, optional
        The model that the others are compared with; the first one by default.

    Returns
    -------
    BenchResult
    """
    asked = list(dict.fromkeys([MAJORITY, MARGINAL, *models]))
    reference_model(models, asked, against)
    check_attributes(parts, subgroups)
    scored: list[Scored] = []
    problems: Problems = []
    for place, (model, part) in enumerate((m, p) for m in asked for p in parts):
        if progress:
            progress(place, len(asked) * len(parts), f"{model}: {part.task} {part.name}")
        texts, odd = _answered(model, part, seed, base)
        problems += [(f"{model}: {part.task}", one) for one in odd]
        scored += score_replies(part, model, texts, seed)
    own = [one for one in scored if one.model in models]
    judging = judge_interviews(own, judges, seed=seed, progress=progress)
    result = _result(parts, scored, models, groups, seed, problems, judging)
    by_subgroup, absent = subgroup_scores(scored, models, subgroups, seed)
    return replace(
        result,
        comparisons=compare(scored, models, against, groups, seed),
        subgroups=by_subgroup,
        problems=(*result.problems, *absent),
    )


def _result(
    parts: Sequence[Part],
    scored: Sequence[Scored],
    models: Sequence[str],
    groups: Sequence[str],
    seed: int,
    problems: Problems,
    judging: Judging,
) -> BenchResult:
    """Make the tables of everything that was scored; the baseline's own scores lie beside."""
    rows = [row for one in scored for row in score_rows(one)]
    rows += _group_rows(scored, groups, seed, problems)
    rows += judging.rows
    roles = [row_scores(one) for one in scored if one.part.task is Task.ROLE]
    rows += field_group_rows(roles, seed)
    table = beside_baselines(pl.DataFrame(rows, schema=SCHEMA))
    counted = {task: sum(len(p.records) for p in parts if p.task == task) for task in Task}
    return BenchResult(
        table.filter(pl.col("model").is_in(list(models))),
        {
            (one.model, one.part.task.value, one.part.name): list(one.replies)
            for one in scored
            if one.model in models
        },
        (*problems, *judging.problems),
        {task.value: n for task, n in counted.items() if n},
        judged=judging.judged,
    )


def _group_rows(
    scored: Sequence[Scored], groups: Sequence[str], seed: int, problems: Problems
) -> list[dict[str, Any]]:
    """Score groups by the individual answers that were read."""
    rows: list[dict[str, Any]] = []
    for one in scored:
        task = one.part.task
        if not groups or one.mode != "strict" or task not in (Task.STANCE, Task.RESPONSE):
            continue
        found = group_scores(task, one.part.records, one.score, one.model, groups, seed)
        rows += found
        if not found:
            small = Problem(0, "no group has 10 people who were asked one question")
            if (f"{task}-group", small) not in problems:
                problems.append((f"{task}-group", small))
    return rows


def _answered(model: str, part: Part, seed: int, base: Path) -> tuple[list[str], list[Problem]]:
    if model.startswith("recorded/"):
        return recorded_replies(base / model.removeprefix("recorded/"), part.task, part.records)
    return baseline_replies(model, part.records, seed), []
