"""Is learning real? Adapters, losses and a head on a population whose effects are planted.

A model with random weights, which knows nothing of anybody, gets a LoRA adapter (or a head) that
is trained on some hundred people and judged by others. Ten populations; means with 95% t intervals
over them, and differences between losses paired by population. With --json what is done is kept,
and the same command goes on from there.

"distribution" learns the shares of the groups by the two traits that are planted; "distribution
blind" those by all four traits, so that nobody told it which ones count.

    python benchmarks/learning.py [--seeds 10] [--people 360] [--epochs 16] [--json FILE]

Needs the extra ``local``; about two CPU minutes a population.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

try:
    import torch  # noqa: F401 - whether it is there
except ImportError:
    print("skipped: training needs torch (extra local)")
    raise SystemExit(0) from None

from alignsurvey.predictions import Predictions
from alignsurvey.simulators.local.tiny import tiny_model
from alignsurvey.survey.survey import Survey
from alignsurvey.training.learner import SHAPE, FineTuned
from alignsurvey.training.lora import Lora
from alignsurvey.training.planted import PlantedPopulation, planted_population
from alignsurvey.training.settings import Settings
from alignsurvey.training.survey_examples import plan

JUDGES = 240
FIRST_SEED = 2  # rates and epochs were chosen on populations 1 and 101 to 103, for all losses alike
GROUPS = {"distribution": ("area", "school"),
          "distribution blind": ("area", "school", "sex", "faith")}  # fmt: skip


def make_base(folder: Path, seed: int) -> str:
    """Make a model of random weights whose tokenizer knows the words."""
    people = planted_population(80, seed)
    book = people.survey.codebook.select(people.items)
    asked = plan(people.survey, book, tuple(people.profile))
    texts = [one.content for query in asked for one in query.messages]
    return str(tiny_model(texts, folder, tokens=800, seed=seed, **SHAPE))


def learner(base: str, loss: str, epochs: int, seed: int) -> FineTuned:
    """Fine-tune an adapter of rank 16 with one of the losses."""
    rate = 1.5e-3 if loss == "head" else 3e-3
    settings = Settings(epochs=epochs, learning_rate=rate, effective_batch=16, pack=4, seed=seed)
    return FineTuned(
        base=base, loss=loss.split(maxsplit=1)[0], settings=settings, groups=GROUPS.get(loss, ()),
        lora=Lora(rank=16, alpha=32, seed=seed), name=f"tiny/{loss}", seed=seed,
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
            started = time.process_time()
            fitted = learner(base, loss, epochs, seed).fit(pilot, people.items, people.profile)
            got = fitted.predict(judges.select(people.profile))
            found[loss] = measures(people, pilot, judges, got, seed)
            found[loss]["CPU seconds"] = time.process_time() - started
    return found


def interval(values: list[float]) -> tuple[float, float, float]:
    """Mean and 95% t interval over seeds."""
    from scipy.stats import t

    n, mean = len(values), float(np.mean(values))
    # One population gives no interval.
    half = float(t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else math.inf
    return mean, mean - half, mean + half


def summary(runs: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean and interval of each measure, of differences from sft, and what had to be shown."""
    table = {
        loss: {name: interval([run[loss][name] for run in runs]) for name in runs[0][loss]}
        for loss in runs[0]
    }
    less = {
        loss: interval([run[loss]["group W1"] - run["sft"]["group W1"] for run in runs])
        for loss in table
        if loss != "sft" and "sft" in table
    }
    return {"seeds": len(runs), "measures": table, "group W1 less sft's": less,
            "shown": shown(table, less)}  # fmt: skip


def shown(table: Mapping[str, Any], less: Mapping[str, Any]) -> dict[str, bool]:
    """Whether each thing that had to be shown was, by its whole interval."""
    found: dict[str, bool] = {}
    for loss, one in table.items():
        found[f"{loss}: 15 points over the majority"] = one["accuracy gain"][1] >= 0.15
        found[f"{loss}: every planted sign in every population"] = one["signs right"][0] == 1.0
    for loss in (one for one in less if one.startswith("distribution")):
        found[f"{loss}: smaller group W1 than sft"] = less[loss][2] < 0
    if "head" in table:
        low, high = table["head"]["least SD ratio"][0], table["head"]["largest SD ratio"][0]
        every = [table["head"]["SD ratio"][1] >= 0.85, table["head"]["SD ratio"][2] <= 1.15]
        found["head: SD ratio of draws within .85 to 1.15"] = all(every)
        found["head: also of the item farthest off, on average"] = low >= 0.85 and high <= 1.15
    return found


def show(found: Mapping[str, Any]) -> None:
    """Print each measure of each loss with its interval, then the verdicts."""
    for loss, measures_of in found["measures"].items():
        for measure, one in measures_of.items():
            print(f"{loss:18} {measure:17} {'{:7.3f} [{:.3f} {:.3f}]'.format(*one)}")
    for loss, one in found["group W1 less sft's"].items():
        print(f"{loss:18} W1 less sft's     {'{:7.3f} [{:.3f} {:.3f}]'.format(*one)}  paired")
    for what, right in found["shown"].items():
        print(f"{'yes' if right else 'NO':3} {what}")
    print(f"{found['seeds']} populations; 95% t intervals over them")


def run_seeds(
    seeds: range, one: Callable[[int], Any], asked: Mapping[str, Any], file: Path | None,
    summed: Callable[[list[Any]], Any], refuse: Callable[[str], NoReturn],
) -> list[Any]:  # fmt: skip
    """Run each seed that a file has not yet, and keep what is done in it."""
    runs: list[Any] = []
    if file and file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["asked"] != asked:
            refuse(f"{file} holds a run with {kept['asked']}; name another file")
        runs = kept["runs"][: len(seeds)]
    for seed in seeds[len(runs) :]:
        runs.append(one(seed))
        print(f"seed {seed} done", file=sys.stderr, flush=True)
        if file:
            made = {"asked": asked, "runs": runs, "summary": summed(runs)}
            file.write_text(json.dumps(made, indent=1), encoding="utf-8")
    return runs


def main() -> None:
    """Run all seeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--people", type=int, default=360)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--losses", default="sft,distribution,distribution blind,head")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    asked = {"people": options.people, "epochs": options.epochs, "losses": options.losses}
    losses = tuple(options.losses.split(","))
    runs = run_seeds(
        range(FIRST_SEED, FIRST_SEED + options.seeds),
        lambda seed: one_seed(seed, options.people, options.epochs, losses),
        asked, options.json, summary, parser.error,
    )  # fmt: skip
    show(summary(runs))


if __name__ == "__main__":
    main()
