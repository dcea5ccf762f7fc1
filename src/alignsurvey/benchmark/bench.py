"""The benchmark run: parts, replies, scores in both modes, and what is made of the scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from alignsurvey.benchmark.answering import (
    Model,
    Problems,
    Progress,
    Questions,
    Row,
    answer,
    find_models,
    groups_of,
    name_of,
)
from alignsurvey.benchmark.asking import Elicitation, Pair, showing_asker
from alignsurvey.benchmark.baselines import MAJORITY, MARGINAL, beside_baselines
from alignsurvey.benchmark.comparison import COMPARISONS, compare, reference_model
from alignsurvey.benchmark.field_groups import field_group_rows
from alignsurvey.benchmark.grouping import group_scores
from alignsurvey.benchmark.held_out import HeldOut, hold_out
from alignsurvey.benchmark.judge_scores import Judged
from alignsurvey.benchmark.judging import Judge, judge_interviews
from alignsurvey.benchmark.parts import Part, example_parts, read_parts
from alignsurvey.benchmark.respondents import unnamed_problem
from alignsurvey.benchmark.row_scores import row_scores
from alignsurvey.benchmark.rows import Problem, Task
from alignsurvey.benchmark.scored import SCHEMA, SHOWN, Scored, score_rows
from alignsurvey.benchmark.subgroups import SUBGROUPS, check_attributes, subgroup_scores
from alignsurvey.running import Asker

__all__ = [
    "MAJORITY",
    "SCHEMA",
    "SHOWN",
    "BenchResult",
    "Elicitation",
    "Part",
    "Scored",
    "example_parts",
    "read_parts",
    "run_bench",
]


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
    scored : tuple of Scored
        Each model's replies to each part, in each mode.
    shares : tuple of (model, (Query, Reply))
        What was asked about groups.
    held_out : HeldOut
        The parts as they were scored, and who served as an example instead.
    """

    scores: pl.DataFrame
    replies: dict[tuple[str, str, str], list[str]] = field(default_factory=dict, repr=False)
    problems: tuple[tuple[str, Problem], ...] = ()
    records: dict[str, int] = field(default_factory=dict)
    comparisons: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=COMPARISONS))
    subgroups: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SUBGROUPS))
    judged: tuple[Judged, ...] = field(default=(), repr=False)
    scored: tuple[Scored, ...] = field(default=(), repr=False)
    shares: tuple[tuple[str, Pair], ...] = field(default=(), repr=False)
    held_out: HeldOut = field(default_factory=lambda: HeldOut(()), repr=False)


def run_bench(
    parts: Sequence[Part],
    models: Sequence[Model],
    groups: Sequence[str] = (),
    seed: int = 42,
    base: Path = Path(),
    progress: Progress | None = None,
    judges: Sequence[Judge] = (),
    *,
    subgroups: Sequence[str] = (),
    against: str | None = None,
    elicitation: Elicitation | None = None,
    limit: int | None = None,
    asker: Asker | None = None,
) -> BenchResult:
    """Let models answer the parts and score them strictly and as the released scripts do.

    Parameters
    ----------
    parts : sequence of Part
    models : sequence of str or Simulator
        ``baseline/majority``, ``baseline/marginal``, ``baseline/uniform``, ``recorded/FILE`` (or
        a folder of prediction files), ``provider/model``, or an object that answers queries.
    groups : sequence of str
        Attributes of the profile by which stance and response are scored for groups too: by the
        answers read of the members, and, for all but recordings, by the shares that a model says.
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
    elicitation : Elicitation, optional
        How models are asked: by template or verbatim, with examples or without.
    limit : int, optional
        Records of each part at most, after examples' people are held out.
    asker : Asker, optional
        On what terms simulators and judges are asked; without, nothing is kept.

    Returns
    -------
    BenchResult

    Raises
    ------
    InputError
        A model is unknown, an attribute is in no profile, or examples would need too many people.
    """
    found = find_models(models, seed)
    names = [name_of(one) for one in found]
    asked: list[Model] = [*(one for one in (MAJORITY, MARGINAL) if one not in names), *found]
    reference_model(names, [name_of(one) for one in asked], against)
    check_attributes(parts, subgroups)
    elicitation = elicitation or Elicitation(seed=seed)
    held_out = hold_out(parts, elicitation.few_shot, seed).limited(limit)
    made, problems = groups_of(held_out.parts, groups)
    problems += _unnamed(held_out.parts)
    asker = asker or showing_asker(progress)
    questions = Questions(held_out, elicitation, tuple(made), seed, base, asker)
    questions.announce(asked)
    answers = {name_of(one): answer(one, questions, progress) for one in asked}
    scored = [one for each in answers.values() for one in each.scored]
    own = [one for one in scored if one.model in names]
    judging = judge_interviews(own, judges, seed=seed, asker=asker)
    by_subgroup, absent = subgroup_scores(scored, names, subgroups, seed)
    problems += [one for each in answers.values() for one in each.problems]
    rows = [*_rows(scored, groups, seed, problems), *judging.rows]
    rows += [row for each in answers.values() for row in each.rows]
    table = beside_baselines(pl.DataFrame(rows, schema=SCHEMA))
    return BenchResult(
        table.filter(pl.col("model").is_in(names)),
        {(one.model, one.part.task.value, one.part.name): list(one.replies) for one in own},
        (*problems, *judging.problems, *absent),
        _counts(held_out.parts),
        compare(
            scored,
            names,
            against,
            groups,
            seed,
            judging.judged,
            [said for each in answers.values() for said in each.verbalized],
        ),
        by_subgroup,
        judging.judged,
        tuple(own),
        tuple((name, pair) for name in names for pair in answers[name].shares),
        held_out,
    )


def _rows(
    scored: Sequence[Scored], groups: Sequence[str], seed: int, problems: Problems
) -> list[Row]:
    """Make the score table's rows of everything that people's records were answered with."""
    rows = [row for one in scored for row in score_rows(one)]
    rows += _group_rows(scored, groups, seed, problems)
    roles = [row_scores(one) for one in scored if one.part.task is Task.ROLE]
    return rows + field_group_rows(roles, seed)


def _unnamed(parts: Sequence[Part]) -> Problems:
    told = ((part, unnamed_problem(part.records)) for part in parts)
    return [(f"{part.task} {part.name}".strip(), one) for part, one in told if one]


def _counts(parts: Sequence[Part]) -> dict[str, int]:
    counted = {task: sum(len(p.records) for p in parts if p.task == task) for task in Task}
    return {task.value: n for task, n in counted.items() if n}


def _group_rows(
    scored: Sequence[Scored], groups: Sequence[str], seed: int, problems: Problems
) -> list[Row]:
    """Score groups by the individual answers that were read."""
    rows: list[Row] = []
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
