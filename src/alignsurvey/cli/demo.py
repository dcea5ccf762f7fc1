"""`alignsurvey demo`: the whole job on a real survey and interviews that come along."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from alignsurvey.report.benchmark_page import TaskRun

CORPORA: tuple[tuple[Literal["en", "zh"], str, str], ...] = (
    ("en", "English interviews", "Gender"),
    ("zh", "Chinese interviews", "性别"),
)
"""Language, title, and the attribute by which groups are scored."""
MODELS = ("baseline/majority", "baseline/marginal")
TINY_MODEL = """\
  - use: hf/scratch            # made on the spot: shows the mechanics, not what a model knows
    label: tiny from scratch (mechanics)
    train: {preset: pilot, loss: head, epochs: 6, effective_batch: 8}"""


def demo(
    out: Annotated[Path, typer.Option(help="Folder for run and report.")] = Path("demo-run"),
    json: Annotated[bool, typer.Option("--json", help="Print the study's scores as JSON.")] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Fine-tune a tiny model too; some minutes more.")
    ] = False,
) -> None:
    """Run a fidelity study on the American National Election Study 1996, and the four tasks.

    Baselines and two planted simulators, built to fail as language models do, answer for 844
    people after a pilot of 100. Two baselines do the four AlignSurvey tasks on 24 invented
    interviews, in English and Chinese. Needs no key, no GPU and no download. With --local (and the
    extra of that name) a tiny model is trained from scratch on each pilot: it shows the mechanics
    of fine-tuning, not what a language model knows.

    Example: alignsurvey demo --out demo-run
    """
    from importlib.resources import as_file, files
    from tempfile import TemporaryDirectory

    from alignsurvey.cli.fidelity import run_and_show

    runs = [_task_run(*corpus) for corpus in CORPORA]
    title = "ANES 1996: the three axes of fidelity, and the four tasks"
    with (
        as_file(files("alignsurvey.fidelity") / "studies" / "anes96.yaml") as study_file,
        TemporaryDirectory() as folder,
    ):
        study = _with_tiny_model(study_file, Path(folder)) if local else study_file
        run_and_show(study, out, json, title=title, benchmarks=runs)
    if not json:
        typer.echo(
            "In it too: the four AlignSurvey tasks on invented interviews, in English and Chinese."
        )


def _with_tiny_model(study_file: Path, folder: Path) -> Path:
    """Add a model that is fine-tuned from scratch to a study whose simulators come last."""
    text = study_file.read_text(encoding="utf-8").rstrip("\n")
    path = folder / study_file.name
    path.write_text(f"{text}\n{TINY_MODEL}\n", encoding="utf-8")
    return path


def _task_run(language: Literal["en", "zh"], title: str, group: str) -> TaskRun:
    """Let baselines do the four tasks on the embedded interviews of a language."""
    from alignsurvey.benchmark.bench import example_parts, run_bench
    from alignsurvey.report.benchmark_page import TaskRun
    from alignsurvey.tasks.records import INDIVIDUAL_TASKS

    parts, problems = example_parts(language, [task.value for task in INDIVIDUAL_TASKS])
    result = run_bench(parts, MODELS, [group])
    return TaskRun(title, result, is_invented=True, problems=problems)
