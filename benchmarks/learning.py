"""Is learning real? Adapters, losses and a head on a population whose effects are planted.

A model with random weights, which knows nothing of anybody, gets a LoRA adapter (or a head) that
is trained on some hundred people and judged by others. Five populations; intervals over them.

    python benchmarks/learning.py [--seeds 5] [--people 360] [--epochs 10] [--json FILE]

Needs the extra ``local``; minutes on one core.
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
from numpy.typing import NDArray

from alignsurvey.predictions import Predictions
from alignsurvey.simulators.local.tiny import tiny_model
from alignsurvey.survey.survey import Survey
from alignsurvey.training.learner import SHAPE, FineTuned
from alignsurvey.training.lora import Lora
from alignsurvey.training.planted import PlantedPopulation, planted_population
from alignsurvey.training.settings import Settings
from alignsurvey.training.survey_examples import plan

JUDGES = 240


def make_base(folder: Path, seed: int) -> str:
    """Make a model of random weights whose tokenizer knows the words."""
    people = planted_population(80, seed)
    book = people.survey.codebook.select(people.items)
    asked = plan(people.survey, book, tuple(people.profile))
    texts = [one.content for query in asked for one in query.messages]
    return str(tiny_model(texts, folder, tokens=800, seed=seed, **SHAPE))


def learner(base: str, loss: str, epochs: int, seed: int) -> FineTuned:
    """Fine-tune an adapter of rank 16 with one of the losses."""
    rate = 1.5e-3 if loss == "head" else 5e-3  # a head at 5e-3 found nothing
    settings = Settings(epochs=epochs, learning_rate=rate, effective_batch=16, pack=4, seed=seed)
    groups = ("area", "school") if loss == "distribution" else ()
    return FineTuned(
        base=base, loss=loss, settings=settings, lora=Lora(rank=16, alpha=32, seed=seed),
        groups=groups, name=f"tiny/{loss}", seed=seed,
    )  # fmt: skip


def measures(
    people: PlantedPopulation, pilot: Survey, judges: Survey, found: Predictions, seed: int
) -> dict[str, float]:
    """Accuracy over the trait-blind majority, signs of effects, group W1 and spread of draws."""
    gains, w1, ratios = [], [], []
    signs: list[bool] = []
    cell = 2 * judges.codes("area") + judges.codes("school")
    for item in people.items:
        codes, shares = judges.codes(item), found.shares[item]
        majority = np.bincount(pilot.codes(item)).argmax()
        gains.append((found.mode(item, seed) == codes).mean() - (majority == codes).mean())
        drawn = found.draw(item, seed)
        ratios.append(drawn.std() / codes.std())
        truth = people.true_shares(item)[np.isin(people.survey.id_hashes, judges.id_hashes)]
        for one in range(4):
            away = shares[cell == one].mean(axis=0) - truth[cell == one].mean(axis=0)
            w1.append(np.abs(np.cumsum(away)).sum())
        signs += _signs(shares @ np.arange(3), judges, people.effects[item])
    return {
        "accuracy gain": float(np.mean(gains)), "least gain": float(np.min(gains)),
        "signs right": float(np.mean(signs)), "group W1": float(np.mean(w1)),
        "SD ratio": float(np.mean(ratios)), "least SD ratio": float(np.min(ratios)),
        "largest SD ratio": float(np.max(ratios)),
    }  # fmt: skip


def _signs(mean: NDArray[np.float64], judges: Survey, effects: NDArray[np.float64]) -> list[bool]:
    """Whether each planted effect, regressed from the simulated means, has the right sign."""
    area, school = 2.0 * judges.codes("area") - 1, 2.0 * judges.codes("school") - 1
    design = np.column_stack([np.ones(len(mean)), area, school, area * school])
    slopes = np.linalg.lstsq(design, mean, rcond=None)[0][1:]
    planted = effects[[0, 1, 4]]
    return [
        bool(slope * effect > 0) for slope, effect in zip(slopes, planted, strict=True) if effect
    ]


def one_seed(seed: int, n: int, epochs: int, losses: tuple[str, ...]) -> dict[str, Any]:
    """Train and judge each loss on one population; `base` is the model before training."""
    people = planted_population(n + JUDGES, seed)
    rows = np.arange(people.survey.n) < n
    pilot, judges = people.survey.where(rows), people.survey.where(~rows)
    found: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        base = make_base(Path(folder, "base"), seed)
        for loss in losses:
            started = time.monotonic()
            fitted = learner(base, loss, epochs, seed).fit(pilot, people.items, people.profile)
            got = fitted.predict(judges.select(people.profile))
            found[loss] = measures(people, pilot, judges, got, seed)
            found[loss]["seconds"] = time.monotonic() - started
    return found


def interval(values: list[float]) -> tuple[float, float, float]:
    """Mean and 95% t interval over seeds."""
    from scipy.stats import t

    n, mean = len(values), float(np.mean(values))
    half = float(t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else np.nan
    return mean, mean - half, mean + half


def show(runs: list[Mapping[str, Any]]) -> None:
    """Print each measure of each loss with its interval."""
    for loss in runs[0]:
        for measure in runs[0][loss]:
            mean, low, high = interval([run[loss][measure] for run in runs])
            print(f"{loss:13} {measure:17} {mean:7.3f} [{low:.3f} {high:.3f}]")


def main() -> None:
    """Run all seeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--people", type=int, default=360)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--losses", default="sft,distribution,head")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    runs = []
    for seed in range(1, options.seeds + 1):
        runs.append(
            one_seed(seed, options.people, options.epochs, tuple(options.losses.split(",")))
        )
        print(f"seed {seed} done", flush=True)
        if options.json:
            options.json.write_text(json.dumps(runs, indent=1), encoding="utf-8")
    show(runs)


if __name__ == "__main__":
    main()
