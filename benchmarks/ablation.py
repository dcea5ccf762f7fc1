"""Does stage I matter? Training with and without each stage, on people whose effects are planted.

Stage I learns from other people who were asked other questions, each with effects of its own; stage
II from a small pilot on the four planted items; others judge. The base has random weights, so this
shows what the stages do to a model that knows nothing, not what they do to a real one. The loss is
that of a head: options are shuffled each epoch, and an adapter on a base that cannot read letters
learned nothing from answer tokens here (`--loss sft --rate 5e-3`: accuracy .37, as untrained). It
is `alignsurvey ablate` over several populations: means with 95% t intervals over them, gains
paired.

    python benchmarks/ablation.py [--seeds 5] [--pilot 120] [--foundation 240] [--json FILE]

With --json what is done is kept, and the same command goes on from there. Needs the extra
``local``; about two CPU minutes a population.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

try:
    import torch
except ImportError:
    print("skipped: training needs torch (extra local)")
    raise SystemExit(0) from None

from learning import FIRST_SEED, interval, run_seeds

from alignsurvey.simulators.local.tiny import tiny_model
from alignsurvey.survey.survey import Survey
from alignsurvey.tasks.corpora import survey_rows, write_corpus
from alignsurvey.training.ablation import ablate
from alignsurvey.training.config import HoldOut, Stage, TrainingFile, TrainingSettings
from alignsurvey.training.learner import SHAPE
from alignsurvey.training.planted import (
    PlantedPopulation,
    foundation_population,
    planted_population,
)

JUDGES = 240


def corpora(folder: Path, pilot: int, foundation: int, seed: int) -> PlantedPopulation:
    """Write the files of stage I, stage II and the judges."""
    people = planted_population(pilot + JUDGES, seed)
    rows = np.arange(people.survey.n) < pilot
    others = foundation_population(foundation, seed)

    def made(survey: Survey, asked: PlantedPopulation) -> Any:
        return survey_rows(survey, asked.items, asked.profile, seed).rows

    parts = {
        "foundation": made(others.survey, others),
        "pilot": made(people.survey.where(rows), people),
        "judges": made(people.survey.where(~rows), people),
    }
    write_corpus(folder, parts)
    texts = [f"{one.prompt}\n{one.output}" for rows in parts.values() for one in rows[:400]]
    tiny_model(texts, folder / "base", tokens=800, seed=seed, **SHAPE)
    return people


def majority(folder: Path) -> float:
    """Accuracy of the pilot's most frequent answer to each item."""
    pilot, judges = (
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("pilot", "judges")
    )

    def text(row: Mapping[str, Any]) -> str:
        return str(row["output"]).split(". ", 1)[1]

    items = sorted({one["item"] for one in pilot})
    best = {}
    for item in items:
        said = [text(one) for one in pilot if one["item"] == item]
        best[item] = max(sorted(set(said)), key=said.count)
    return float(np.mean([text(one) == best[one["item"]] for one in judges]))


def one_seed(seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Train three times and judge, on one population."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        corpora(folder, options.pilot, options.foundation, seed)
        file = TrainingFile(
            preset="tiny",
            model=str(folder / "base"),
            stage1=Stage(data=(folder / "foundation.json",), epochs=options.stage1_epochs),
            stage2=Stage(data=(folder / "pilot.json",), epochs=options.epochs),
            hold_out=HoldOut(data=(folder / "judges.json",)),
            loss=options.loss,
            settings=TrainingSettings(
                rank=16, alpha=32, learning_rate=options.rate, effective_batch=16, seed=seed
            ),
        )
        started = time.process_time()
        lines = ablate(file, folder / "judges.json", folder / "out")
        found: dict[str, Any] = {
            one.name: {"accuracy": one.accuracy[0], "log loss": one.log_loss[0]} for one in lines
        }
        found["majority"] = {"accuracy": majority(folder)}
        found["CPU seconds"] = time.process_time() - started
    return found


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Means and intervals over populations, and gains on the full training, paired."""
    found: dict[str, Any] = {"seeds": len(runs), "levels": {}, "less full": {}}
    for name, measures in runs[0].items():
        if name == "CPU seconds":
            continue
        for measure in measures:
            mine = [run[name][measure] for run in runs]
            full = [run["full"][measure] for run in runs]
            found["levels"][f"{name}: {measure}"] = interval(mine)
            if name != "full":
                away = [one - other for one, other in zip(mine, full, strict=True)]
                found["less full"][f"{name}: {measure}"] = interval(away)
    return found


def show(found: Mapping[str, Any]) -> None:
    """Print a line for each training and measure."""
    print(f"{'':26} {'mean over populations':24} less the full training's, paired")
    for name, one in found["levels"].items():
        away = found["less full"].get(name)
        paired = "" if away is None else "{:+.3f} [{:+.3f} {:+.3f}]".format(*away)
        print(f"{name:26} {'{:.3f} [{:.3f} {:.3f}]'.format(*one):24} {paired}".rstrip())
    print(f"{found['seeds']} populations, {JUDGES} judges each; 95% t intervals over populations")


def main() -> None:
    """Run all populations."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--pilot", type=int, default=120)
    parser.add_argument("--foundation", type=int, default=240)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--stage1-epochs", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--loss", default="head")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    asked = {name: one for name, one in vars(options).items() if name not in ("json", "seeds")}
    runs = run_seeds(
        range(options.first_seed, options.first_seed + options.seeds),
        lambda seed: one_seed(seed, options), asked, options.json, summary, parser.error,
    )  # fmt: skip
    show(summary(runs))


if __name__ == "__main__":
    main()
