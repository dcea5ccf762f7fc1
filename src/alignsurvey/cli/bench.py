"""`alignsurvey bench`: the AlignSurvey tasks, scored strictly and as released."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from alignsurvey.cli.asking_options import ASKING, SENT, AskingOptions, SentOptions, with_options

if TYPE_CHECKING:
    from alignsurvey.simulators.protocols import Simulator

EXAMPLES: dict[str, Literal["en", "zh"]] = {"example": "en", "example-zh": "zh"}

_NOT_ASKED = ("baseline/", "recorded/")


@with_options
def bench(
    data: Annotated[
        Path, typer.Option(help="Folder or file of records (Alpaca JSON), or example, example-zh.")
    ],
    model: Annotated[
        list[str],
        typer.Option(help="baseline/majority, …, recorded/FILE, provider/model; repeatable."),
    ],
    tasks: Annotated[
        str, typer.Option(help="Tasks, with commas: role,interview,stance,response.")
    ] = "role,interview,stance,response",
    judge: Annotated[
        list[str] | None,
        typer.Option(help="Who scores interviews: provider/model, recorded/FILE; repeatable."),
    ] = None,
    judge_base_url: Annotated[
        str | None,
        typer.Option(help="Address of the judges; else --base-url for a model's own provider."),
    ] = None,
    groups: Annotated[
        str, typer.Option(help="Profile attributes for group scores, with commas.")
    ] = "",
    subgroups: Annotated[
        str,
        typer.Option(
            help="Profile attributes for accuracy by subgroup, with commas, or paper: rural "
            "registration, 76 and older, self-employed, low income."
        ),
    ] = "",
    against: Annotated[
        str | None, typer.Option(help="Compare the models with this one; else with the first.")
    ] = None,
    few_shot: Annotated[
        int, typer.Option(min=0, help="Examples of other people's answers before each question.")
    ] = 0,
    examples_by: Annotated[
        Literal["seed", "nearest"], typer.Option(help="Choose examples by lot or by profile.")
    ] = "seed",
    prompts: Annotated[
        Literal["verbatim", "template"] | None,
        typer.Option(help="Records' own prompts or ours; else verbatim where released."),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Of our prompts: en, zh; else each record's own.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Records of each part at most.")] = None,
    seed: Annotated[int, typer.Option(help="Of folds and lots.")] = 42,
    sent: SentOptions = SENT,
    asking: AskingOptions = ASKING,
    out: Annotated[Path | None, typer.Option(help="Run folder; nothing is kept without.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")] = False,
) -> None:
    """Score models on the four tasks of a survey, for persons and for groups.

    Every score is given strictly and as the released scripts give it, beside the majority of
    other people's answers. What models that are asked would cost is said first; --dry-run says
    only that.

    Example: alignsurvey bench --data example --model baseline/majority --tasks stance,response
    """
    from dataclasses import replace
    from functools import partial
    from shlex import join
    from sys import argv

    from rich.console import Console

    from alignsurvey.benchmark.bench import Elicitation, example_parts, read_parts, run_bench
    from alignsurvey.benchmark.bench_folder import record_files, scores_json, write_bench
    from alignsurvey.benchmark.judging import find_judges
    from alignsurvey.cli.progress import progress_on
    from alignsurvey.report.bench import bench_table
    from alignsurvey.report.benchmark_comparisons import comparison_table, subgroup_table
    from alignsurvey.report.benchmark_page import TaskRun, write_benchmark
    from alignsurvey.running.folder import RunFolder

    wanted = [task.strip() for task in tasks.split(",") if task.strip()]
    by = [name.strip() for name in groups.split(",") if name.strip()]
    within = [name.strip() for name in subgroups.split(",") if name.strip()]
    if str(data) in EXAMPLES:
        parts, problems = example_parts(EXAMPLES[str(data)], wanted)
    else:
        parts, problems = read_parts(record_files(data), wanted)
    put = Elicitation(prompts, language, None, few_shot, examples_by, seed)
    if out is not None and not asking.dry_run:
        RunFolder.open(out)
    models = [
        one if one.startswith(_NOT_ASKED) else asking.find(one, sent, seed)
        for one in dict.fromkeys(model)
    ]
    providers = {one.partition("/")[0] for one in model}

    def judging(name: str) -> Simulator:
        same = asking.base_url if name.partition("/")[0] in providers else None
        return replace(asking, base_url=judge_base_url or same).find(name, SENT, seed)

    judges = find_judges(judge or [], seed, find=judging)
    with (
        progress_on(Console(stderr=True)) as progress,
        asking.asker(out, progress, json=json) as asker,
    ):
        result = run_bench(
            parts, models, by, seed, Path(), progress, judges, subgroups=within, against=against,
            elicitation=put, limit=limit, asker=asker,
        )  # fmt: skip
    if out is not None:
        settings = {"data": str(data), "tasks": wanted, "groups": by, "seed": seed,
                    "subgroups": within, "against": against or model[0], "models": model,
                    "limit": limit, "judge_base_url": judge_base_url, **put.settings(),
                    "asking": asking.settings(asker)}  # fmt: skip
        run = TaskRun(data.name, result, str(data) in EXAMPLES, problems)
        title = f"The four AlignSurvey tasks: {data.name}"
        command = join(["alignsurvey", *argv[1:]])
        report = partial(write_benchmark, [run], title=title, command=command)
        write_bench(out, result, settings, report)
    if json:
        typer.echo(scores_json(result, problems))
        return
    Console().print(bench_table(result, problems))
    for shown in (comparison_table(result.comparisons), subgroup_table(result.subgroups)):
        if shown is not None:
            Console().print(shown)
    if out is not None:
        typer.echo(f"\nRun: {out}; report: {out / 'report.html'}")
